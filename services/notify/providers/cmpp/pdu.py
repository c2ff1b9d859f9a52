"""The units of CMPP as bytes (中国移动通信互联网短信网关接口协议 V3.0, chapters 7 and 8). Pure;
only the operations a service provider (SP) needs.

A unit is a header of three 32-bit numbers (length, command, sequence) and a body of fixed fields,
texts filled up with zeros.
"""

import struct
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from hashlib import md5
from typing import Final

from services.notify.providers.octets import Malformed, Reader

HEADER: Final = struct.Struct("!III")
LONGEST: Final = 16 * 1024  # no unit we know of comes near it
VERSION: Final = 0x30
RESPONSE: Final = 0x80000000
WHOLE: Final = 140  # octets of a text; of ASCII fewer than 160
WHOLE_ASCII: Final = 159
_STAT: Final = 7
_NUMBER: Final = 32
_OLD_NUMBER: Final = 21  # CMPP 2: some centres that speak 3.0 still write receipts so


class Command(IntEnum):
    CONNECT = 0x00000001
    TERMINATE = 0x00000002
    SUBMIT = 0x00000004
    DELIVER = 0x00000005
    ACTIVE_TEST = 0x00000008


class Result(IntEnum):
    """Results of SUBMIT_RESP and DELIVER_RESP that mean something to us; any other is a refusal."""

    OK = 0
    REPEATED = 3  # a sequence we have used before
    TOO_MUCH = 8  # 流量控制错
    OTHER = 9  # from us, of a delivery: bring it again


class Format(IntEnum):
    """Msg_Fmt."""

    ASCII = 0
    BINARY = 4
    UCS2 = 8
    GBK = 15


@dataclass(frozen=True, slots=True)
class Pdu:
    """A unit, its body still as bytes."""

    command: int
    sequence: int
    body: bytes = b""

    def encode(self) -> bytes:
        return HEADER.pack(HEADER.size + len(self.body), self.command, self.sequence) + self.body


def body_length(head: bytes) -> int:
    """How many octets follow a header. Raises Malformed for what no unit can have."""
    length = int(HEADER.unpack(head)[0])
    if not HEADER.size <= length <= LONGEST:
        raise Malformed("no unit is that long")
    return length - HEADER.size


def decode(head: bytes, body: bytes) -> Pdu:
    """A unit from its header and the rest. Raises Malformed."""
    length, command, sequence = HEADER.unpack(head)
    if length != HEADER.size + len(body):
        raise Malformed("the length is not that of the unit")
    return Pdu(command, sequence, body)


def authenticator(source_addr: str, secret: str, timestamp: int) -> bytes:
    """AuthenticatorSource: MD5, as the protocol has it, of our number, nine zeros, the shared
    secret and the time (MMDDHHMMSS)."""
    said = source_addr.encode("ascii") + bytes(9) + secret.encode() + f"{timestamp:010d}".encode()
    return md5(said, usedforsecurity=False).digest()


def connect(source_addr: str, secret: str, timestamp: int) -> bytes:
    """The body of CONNECT. Raises ValueError for a number that does not fit."""
    proof = authenticator(source_addr, secret, timestamp)
    return _fixed(source_addr, 6) + proof + bytes((VERSION,)) + timestamp.to_bytes(4)


def timestamp_of(at: datetime) -> int:
    """The time as CONNECT tells it: MMDDHHMMSS as a number."""
    return int(at.strftime("%m%d%H%M%S"))


@dataclass(frozen=True, slots=True)
class Connected:
    """The body of CONNECT_RESP: `proof` (AuthenticatorISMG) shows that the other knows the secret
    too."""

    status: int
    proof: bytes
    version: int

    def proves(self, ours: bytes, secret: str) -> bool:
        """Whether its proof answers our authenticator. Its status counts as four octets; some
        centres count one, as CMPP 2 did."""
        forms = (self.status.to_bytes(4), bytes((self.status & 0xFF,)))
        return self.proof in [
            md5(form + ours + secret.encode(), usedforsecurity=False).digest() for form in forms
        ]


def connected(body: bytes) -> Connected:
    """Raises Malformed. A refusal may end after its status."""
    reader = Reader(body)
    status = reader.number(4)
    if reader.left < 17:
        return Connected(status, b"", 0)
    return Connected(status, reader.octets(16), reader.octet())


@dataclass(frozen=True, slots=True)
class Submit:
    """The body of SUBMIT. `text` are the octets, with the user data header where `joined`;
    `number` of `total` parts, from 1. The sender pays, by the agreement outside the protocol."""

    source_addr: str  # Msg_src: who we are
    number: str  # Src_Id: what the text comes from
    phone: str
    text: bytes
    format: Format
    service_id: str
    total: int = 1
    part: int = 1
    joined: bool = False
    urgent: bool = False
    receipt_wanted: bool = True

    def encode(self) -> bytes:
        """Raises ValueError for what does not fit."""
        if len(self.text) > (WHOLE_ASCII if self.format is Format.ASCII else WHOLE):
            raise ValueError("no text has so many octets")
        return b"".join(
            (
                bytes(8),  # Msg_Id: the centre's to fill in
                bytes((self.total, self.part, int(self.receipt_wanted), int(self.urgent))),
                _fixed(self.service_id, 10),
                bytes((2,)),  # Fee_UserType: the SP pays
                _fixed("", _NUMBER) + bytes(1),
                bytes((0, int(self.joined), self.format)),
                _fixed(self.source_addr, 6) + _fixed("01", 2) + _fixed("0", 6),  # free to her
                _fixed("", 17) + _fixed("", 17),  # no validity, to be sent at once
                _fixed(self.number, 21) + bytes((1,)),
                _fixed(self.phone, _NUMBER) + bytes(1),
                bytes((len(self.text),)) + self.text + bytes(20),
            )
        )


def submitted(body: bytes) -> tuple[int, int]:
    """Msg_Id and Result of a SUBMIT_RESP. Raises Malformed."""
    reader = Reader(body)
    message_id = reader.number(8)
    return message_id, reader.number(4 if reader.left >= 4 else 1)


@dataclass(frozen=True, slots=True)
class Deliver:
    """The body of DELIVER: a text from `phone`, or a report where `report` says so."""

    message_id: int
    number: str
    phone: str
    text: bytes
    format: int
    joined: bool
    report: bool


def delivered(body: bytes) -> Deliver:
    """Raises Malformed."""
    reader = Reader(body)
    message_id, number = reader.number(8), reader.fixed(21)
    reader.fixed(10)
    _protocol, joined, form = reader.octet(), reader.octet(), reader.octet()
    phone, _type, report = reader.fixed(_NUMBER), reader.octet(), reader.octet()
    text = reader.octets(reader.octet())
    return Deliver(message_id, number, phone, text, form, bool(joined), bool(report))


def deliver_answer(message_id: int, result: int) -> bytes:
    """The body of DELIVER_RESP."""
    return message_id.to_bytes(8) + result.to_bytes(4)


@dataclass(frozen=True, slots=True)
class Report:
    """A status report (状态报告): the fate, in seven letters, of the part that SUBMIT_RESP called
    `message_id`."""

    message_id: int
    stat: str
    phone: str


def report(text: bytes) -> Report:
    """What a DELIVER with a report holds. Raises Malformed."""
    reader = Reader(text)
    message_id, stat = reader.number(8), reader.fixed(_STAT)
    reader.octets(20)  # when it was submitted and when it ended, to the minute
    width = _NUMBER if reader.left >= _NUMBER + 4 else _OLD_NUMBER
    return Report(message_id, stat, reader.fixed(width))


@dataclass(frozen=True, slots=True)
class MessageId:
    """What the 64 bits of a Msg_Id say: when (4, 5, 5, 6, 6 bits), which gateway (22), which of
    its messages (16)."""

    month: int
    day: int
    hour: int
    minute: int
    second: int
    gateway: int
    number: int

    @classmethod
    def of(cls, value: int) -> "MessageId":
        return cls(
            value >> 60 & 0xF,
            value >> 55 & 0x1F,
            value >> 50 & 0x1F,
            value >> 44 & 0x3F,
            value >> 38 & 0x3F,
            value >> 16 & 0x3FFFFF,
            value & 0xFFFF,
        )

    def __int__(self) -> int:
        when = ((self.month << 5 | self.day) << 5 | self.hour) << 12
        when |= self.minute << 6 | self.second
        return (when << 22 | self.gateway) << 16 | self.number


def _fixed(text: str, width: int) -> bytes:
    octets = text.encode("ascii")
    if len(octets) > width:
        raise ValueError(f"the field takes {width} octets")
    return octets.ljust(width, b"\x00")
