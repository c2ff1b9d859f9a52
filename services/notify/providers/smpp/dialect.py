"""How a link speaks SMPP 3.4: as one transceiver."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from services.notify.providers.link import Kind, Refused, Verdict
from services.notify.providers.smpp import pdu
from services.notify.providers.smpp.pdu import Command, Pdu, Status

_KINDS: Final[dict[int, Kind]] = {
    Command.ENQUIRE_LINK: Kind.ENQUIRY,
    Command.DELIVER_SM: Kind.DELIVERY,
    Command.UNBIND: Kind.LEAVE,
}
_STATUS: Final = {
    Verdict.KEPT: Status.OK,
    Verdict.LATER: Status.TRY_AGAIN,
    Verdict.NEVER: Status.CANNOT,
}


@dataclass(frozen=True, slots=True)
class Smpp:
    """The dialect, and as whom we bind."""

    system_id: str
    password: str
    system_type: str = ""
    header: int = pdu.HEADER.size
    enquiry: int = Command.ENQUIRE_LINK
    leave: int = Command.UNBIND

    def body_length(self, head: bytes) -> int:
        return pdu.body_length(head)

    def decode(self, head: bytes, body: bytes) -> Pdu:
        return pdu.decode(head, body)

    def request(self, command: int, sequence: int, body: bytes) -> Pdu:
        return Pdu(command, 0, sequence, body)

    def kind(self, unit: Pdu) -> Kind:
        if unit.command & pdu.RESPONSE:
            return Kind.ANSWER
        return _KINDS.get(unit.command, Kind.OTHER)

    def reply(self, unit: Pdu, verdict: Verdict) -> Pdu:
        if self.kind(unit) is Kind.OTHER:
            return Pdu(Command.GENERIC_NACK, Status.INVALID_COMMAND, unit.sequence)
        body = b"\x00" if unit.command == Command.DELIVER_SM else b""
        return Pdu(unit.command | pdu.RESPONSE, _STATUS[verdict], unit.sequence, body)

    async def enter(self, ask: Callable[[int, bytes], Awaitable[Pdu]]) -> None:
        body = pdu.bind(self.system_id, self.password, self.system_type)
        answer = await ask(Command.BIND_TRANSCEIVER, body)
        if answer.status != Status.OK:
            raise Refused(answer.status)
