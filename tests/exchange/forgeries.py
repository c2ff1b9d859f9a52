"""Messages that must not be believed: altered on the way, cut, doubled with another content, out of
time, of no kind, with fields their kind does not have, of somebody else."""

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from services.exchange.messages.rules import notify_content, stamped
from shared.ids import new_id
from shared.signing import JsonObject, SigningKey, sign_detached

Forge = Callable[["Forger"], bytes]


@dataclass
class Forger:
    """Makes forgeries of what `sender` could have told `receiver`. `key` is the sender's own: most
    forgeries are of a sender that went wrong, not of a stranger. `said` is a message that was
    accepted."""

    sender: str
    receiver: str
    key: SigningKey
    kind: str
    record: JsonObject
    said: JsonObject
    chance: random.Random

    def bodies(self, count: int) -> Iterator[tuple[str, bytes]]:
        """So many, in turn of each sort, with the name of the sort."""
        for number in range(count):
            name, forge = SORTS[number % len(SORTS)]
            yield name, forge(self)

    def signed(
        self, *, at: datetime | None = None, key: SigningKey | None = None, **overrides: Any
    ) -> JsonObject:
        """A message as the sender would sign it, but for what is overridden."""
        moment = at or datetime.now(UTC)
        given: dict[str, Any] = {
            "message_id": str(new_id()),
            "sender": self.sender,
            "receiver": self.receiver,
            "kind": self.kind,
            "subject": new_id(),
            "record": self.record,
            "at": moment,
        }
        body = stamped(notify_content(**(given | overrides)), moment)
        return body | {"signature": sign_detached(body, key or self.key)}


def encoded(message: JsonObject) -> bytes:
    """Without escapes: a flipped bit then always says something else."""
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()


def _bit_flip(forger: Forger) -> bytes:
    body = bytearray(encoded(forger.signed()))
    body[forger.chance.randrange(len(body))] ^= 1 << forger.chance.randrange(8)
    return bytes(body)


def _cut(forger: Forger) -> bytes:
    body = encoded(forger.signed())
    return body[: forger.chance.randrange(1, len(body))]


def _other_content(forger: Forger) -> bytes:
    header = forger.said["header"]
    assert isinstance(header, dict)
    return encoded(forger.signed(message_id=header["message_id"]))


def _out_of_time(forger: Forger) -> bytes:
    hours = forger.chance.choice((-1, 1))
    return encoded(forger.signed(at=datetime.now(UTC) + timedelta(hours=hours)))


def _unknown_kind(forger: Forger) -> bytes:
    return encoded(forger.signed(kind=f"yipan.notice.{forger.chance.randrange(10**6)}.v1"))


def _extra_field(forger: Forger) -> bytes:
    name = forger.chance.choice(("pregnancy", "fee", "quota", "note", "phone"))
    return encoded(forger.signed(record=forger.record | {name: "1"}))


def _strange_key(forger: Forger) -> bytes:
    return encoded(forger.signed(key=SigningKey.generate()))


def _somebody_else(forger: Forger) -> bytes:
    return encoded(forger.signed(sender="county-999999"))


def _for_another(forger: Forger) -> bytes:
    return encoded(forger.signed(receiver="county-999999"))


SORTS: list[tuple[str, Forge]] = [
    ("bit-flip", _bit_flip),
    ("cut", _cut),
    ("other-content", _other_content),
    ("out-of-time", _out_of_time),
    ("unknown-kind", _unknown_kind),
    ("extra-field", _extra_field),
    ("strange-key", _strange_key),
    ("somebody-else", _somebody_else),
    ("for-another", _for_another),
]
