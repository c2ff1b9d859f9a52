"""How a link speaks CMPP 3.0."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.notify.providers.cmpp import pdu
from services.notify.providers.cmpp.pdu import Command, Pdu, Result
from services.notify.providers.link import Kind, Refused, Verdict
from shared.clock import CHINA

NOT_ITSELF: Final = 0xFFFFFFFF  # our word for a centre that does not know the secret
_KINDS: Final[dict[int, Kind]] = {
    Command.ACTIVE_TEST: Kind.ENQUIRY,
    Command.DELIVER: Kind.DELIVERY,
    Command.TERMINATE: Kind.LEAVE,
}
_RESULTS: Final = {
    Verdict.KEPT: Result.OK,
    Verdict.LATER: Result.OTHER,
    Verdict.NEVER: 1,  # 消息结构错
}


@dataclass(frozen=True, slots=True)
class Cmpp:
    """The dialect, and as whom we connect: `source_addr` (企业代码) and the shared secret."""

    source_addr: str
    secret: str
    header: int = pdu.HEADER.size
    enquiry: int = Command.ACTIVE_TEST
    leave: int = Command.TERMINATE

    def body_length(self, head: bytes) -> int:
        return pdu.body_length(head)

    def decode(self, head: bytes, body: bytes) -> Pdu:
        return pdu.decode(head, body)

    def request(self, command: int, sequence: int, body: bytes) -> Pdu:
        return Pdu(command, sequence, body)

    def kind(self, unit: Pdu) -> Kind:
        if unit.command & pdu.RESPONSE:
            return Kind.ANSWER
        return _KINDS.get(unit.command, Kind.OTHER)

    def reply(self, unit: Pdu, verdict: Verdict) -> Pdu:
        """What we do not know is answered without a body: the protocol has no word for it."""
        body = b""
        if unit.command == Command.DELIVER:
            message_id = int.from_bytes(unit.body[:8])
            body = pdu.deliver_answer(message_id, _RESULTS[verdict])
        elif unit.command == Command.ACTIVE_TEST:
            body = b"\x00"
        return Pdu(unit.command | pdu.RESPONSE, unit.sequence, body)

    async def enter(self, ask: Callable[[int, bytes], Awaitable[Pdu]]) -> None:
        """Also the centre has to prove that it knows the secret."""
        timestamp = pdu.timestamp_of(datetime.now(CHINA))
        ours = pdu.authenticator(self.source_addr, self.secret, timestamp)
        answer = await ask(Command.CONNECT, pdu.connect(self.source_addr, self.secret, timestamp))
        connected = pdu.connected(answer.body)
        if connected.status:
            raise Refused(connected.status)
        if not connected.proves(ours, self.secret):
            raise Refused(NOT_ITSELF)
