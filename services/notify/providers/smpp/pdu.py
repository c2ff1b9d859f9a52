"""The units of SMPP 3.4 as bytes (Short Message Peer to Peer Protocol Specification v3.4, issue
1.2, chapters 4 and 5). Pure; only the operations a sender of texts needs.

A unit is a header of four 32-bit numbers (length, command, status, sequence), a body whose form
depends on the command, and optional parameters as tag, length, value.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

from services.notify.providers.octets import Malformed, Reader

HEADER: Final = struct.Struct("!IIII")
_TLV: Final = struct.Struct("!HH")
LONGEST: Final = 64 * 1024  # no unit we know of comes near it
VERSION: Final = 0x34
RESPONSE: Final = 0x80000000
UDH_INDICATOR: Final = 0x40  # esm_class: the text begins with a user data header


class Command(IntEnum):
    GENERIC_NACK = 0x80000000
    BIND_TRANSCEIVER = 0x00000009
    SUBMIT_SM = 0x00000004
    DELIVER_SM = 0x00000005
    UNBIND = 0x00000006
    ENQUIRE_LINK = 0x00000015
    QUERY_SM = 0x00000003
    BIND_TRANSCEIVER_RESP = 0x80000009
    SUBMIT_SM_RESP = 0x80000004
    DELIVER_SM_RESP = 0x80000005
    UNBIND_RESP = 0x80000006
    ENQUIRE_LINK_RESP = 0x80000015
    QUERY_SM_RESP = 0x80000003


class Status(IntEnum):
    """The statuses that mean something to us (5.1.3); any other is a refusal."""

    OK = 0x00000000
    INVALID_COMMAND = 0x00000003
    SYSTEM_ERROR = 0x00000008
    QUEUE_FULL = 0x00000014
    INVALID_DESTINATION = 0x0000000B
    THROTTLED = 0x00000058
    TRY_AGAIN = 0x00000064  # ESME_RX_T_APPN: from us, that we could not take it now
    CANNOT = 0x00000065  # ESME_RX_P_APPN: from us, that we never will


class Tag(IntEnum):
    """Optional parameters (5.3.2)."""

    USER_MESSAGE_REFERENCE = 0x0204
    SAR_REFERENCE = 0x020C
    SAR_TOTAL = 0x020E
    SAR_NUMBER = 0x020F
    MESSAGE_PAYLOAD = 0x0424
    RECEIPTED_MESSAGE_ID = 0x001E
    MESSAGE_STATE = 0x0427
    NETWORK_ERROR_CODE = 0x0423


@dataclass(frozen=True, slots=True)
class Pdu:
    """A unit, its body still as bytes."""

    command: int
    status: int
    sequence: int
    body: bytes = b""

    def encode(self) -> bytes:
        length = HEADER.size + len(self.body)
        return HEADER.pack(length, self.command, self.status, self.sequence) + self.body


def decode(head: bytes, body: bytes) -> Pdu:
    """A unit from its header and the rest. Raises Malformed."""
    length, command, status, sequence = HEADER.unpack(head)
    if length != HEADER.size + len(body):
        raise Malformed("the length is not that of the unit")
    return Pdu(command, status, sequence, body)


def body_length(head: bytes) -> int:
    """How many octets follow a header. Raises Malformed for what no unit can have."""
    length = int(HEADER.unpack(head)[0])
    if not HEADER.size <= length <= LONGEST:
        raise Malformed("no unit is that long")
    return length - HEADER.size


@dataclass(frozen=True, slots=True)
class ShortMessage:
    """The body of submit_sm and deliver_sm (4.4.1, 4.6.1): `text` are the octets after the user
    data header, which esm_class announces and `text` then begins with."""

    source: str
    destination: str
    text: bytes
    data_coding: int
    esm_class: int = 0
    source_type: tuple[int, int] = (0, 0)  # type of number, numbering plan
    destination_type: tuple[int, int] = (1, 1)  # international, E.164
    service_type: str = ""
    priority: int = 0
    validity: str = ""
    receipt_wanted: bool = False
    tlvs: Mapping[int, bytes] = field(default_factory=dict)

    def encode(self) -> bytes:
        if len(self.text) > 254:
            raise ValueError("a short message has at most 254 octets")
        fixed = (
            _cstring(self.service_type)
            + bytes(self.source_type)
            + _cstring(self.source)
            + bytes(self.destination_type)
            + _cstring(self.destination)
            + bytes((self.esm_class, 0, self.priority))
            + _cstring("")  # to be sent at once
            + _cstring(self.validity)
            + bytes((int(self.receipt_wanted), 0, self.data_coding, 0, len(self.text)))
            + self.text
        )
        return fixed + b"".join(
            _TLV.pack(tag, len(value)) + value for tag, value in self.tlvs.items()
        )


def short_message(body: bytes) -> ShortMessage:
    """Raises Malformed."""
    reader = Reader(body)
    service_type = reader.cstring()
    source_type = (reader.octet(), reader.octet())
    source = reader.cstring()
    destination_type = (reader.octet(), reader.octet())
    destination = reader.cstring()
    esm_class, _protocol, priority = reader.octet(), reader.octet(), reader.octet()
    reader.cstring()
    validity = reader.cstring()
    registered, _replace = reader.octet(), reader.octet()
    data_coding, _default, length = reader.octet(), reader.octet(), reader.octet()
    text = reader.octets(length)
    tlvs = _tlvs(reader)
    return ShortMessage(
        source=source,
        destination=destination,
        text=tlvs.get(Tag.MESSAGE_PAYLOAD, b"") if length == 0 else text,
        data_coding=data_coding,
        esm_class=esm_class,
        source_type=source_type,
        destination_type=destination_type,
        service_type=service_type,
        priority=priority,
        validity=validity,
        receipt_wanted=bool(registered & 1),
        tlvs=tlvs,
    )


def bind(system_id: str, password: str, system_type: str) -> bytes:
    """The body of bind_transceiver (4.1.5). Raises ValueError for what does not fit."""
    if len(system_id) > 15 or len(password) > 8 or len(system_type) > 12:
        raise ValueError("SMPP takes 15 characters of system id, 8 of password, 12 of type")
    texts = _cstring(system_id) + _cstring(password) + _cstring(system_type)
    return texts + bytes((VERSION, 0, 0)) + _cstring("")


def query(message_id: str, source: str, source_type: tuple[int, int]) -> bytes:
    """The body of query_sm (4.8.1)."""
    return _cstring(message_id) + bytes(source_type) + _cstring(source)


def queried(body: bytes) -> tuple[str, int, int]:
    """Message id, state and error of a query_sm_resp. Raises Malformed."""
    reader = Reader(body)
    message_id = reader.cstring()
    reader.cstring()  # when it ended
    return message_id, reader.octet(), reader.octet()


def message_id(body: bytes) -> str:
    """The id in a submit_sm_resp, empty where there is none. Raises Malformed."""
    return Reader(body).cstring() if body else ""


def _cstring(text: str) -> bytes:
    return text.encode("ascii") + b"\x00"


def _tlvs(reader: Reader) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    while reader.left:
        tag, length = _TLV.unpack(reader.octets(_TLV.size))
        found[tag] = reader.octets(length)
    return found
