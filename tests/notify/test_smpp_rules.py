"""The units and octets of SMPP, without any network."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from services.notify.messages.segments import GSM_BASIC, GSM_EXTENSION, Encoding, split
from services.notify.providers.coding import (
    GSM_DEFAULT,
    UCS2,
    joining_header,
    octets_of,
    parted,
    text_of,
)
from services.notify.providers.ids import IdForm, answered_id, receipted_id
from services.notify.providers.octets import Malformed
from services.notify.providers.smpp import pdu
from services.notify.providers.smpp.pdu import Pdu, ShortMessage
from services.notify.providers.smpp.reading import (
    is_receipt,
    piece_of,
    receipt_of,
)
from services.notify.receipts.rules import PartState
from services.notify.settings import AnyProvider, ProviderSettings, SmppSettings

ASCII = st.text(st.characters(min_codepoint=1, max_codepoint=126), max_size=20)
SMPP = {"kind": "smpp", "name": "centre", "host": "sms.example", "port": 2775}
SMPP |= {"system_id": "yipan", "password": "secret08", "number": "10690000"}


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1), st.binary(max_size=300))
def test_a_unit_is_read_as_it_was_written(status: int, sequence: int, body: bytes) -> None:
    unit = Pdu(pdu.Command.SUBMIT_SM, status, sequence, body)
    octets = unit.encode()
    head = octets[: pdu.HEADER.size]
    assert pdu.body_length(head) == len(body)
    assert pdu.decode(head, octets[pdu.HEADER.size :]) == unit


@given(ASCII, ASCII, st.binary(max_size=140), st.dictionaries(st.integers(1, 9), st.binary()))
def test_a_short_message_too(
    source: str, destination: str, text: bytes, tlvs: dict[int, bytes]
) -> None:
    message = ShortMessage(source, destination, text, UCS2, receipt_wanted=True, tlvs=tlvs)
    assert pdu.short_message(message.encode()) == message


@given(st.binary(max_size=400))
def test_no_octets_trip_the_reader(body: bytes) -> None:
    with suppress(Malformed):
        message = pdu.short_message(body)
        receipt_of(message)
        piece_of(message)
    with suppress(Malformed):
        pdu.queried(body)
    with suppress(Malformed):
        pdu.message_id(body)


@pytest.mark.parametrize("length", [0, 15, 2**31])
def test_an_impossible_length_ends_the_link(length: int) -> None:
    with pytest.raises(Malformed):
        pdu.body_length(pdu.HEADER.pack(length, 5, 0, 1))


def test_the_bind_of_the_specification() -> None:
    body = pdu.bind("SMPP3TEST", "secret08", "SUBMIT1")
    unit = Pdu(pdu.Command.BIND_TRANSCEIVER, 0, 1, body).encode()
    # The example of SMPP v3.4, 4.1.1 and 3.2.3, as a transceiver: number and plan are not set.
    assert unit.hex().upper() == (
        "0000002F" "00000009" "00000000" "00000001"
        "534D50503354455354" "00" "7365637265743038" "00" "5355424D495431" "00" "34" "00" "00" "00"
    )  # fmt: skip
    with pytest.raises(ValueError, match="password"):
        pdu.bind("yipan", "longer than eight", "")


@given(st.text(st.sampled_from(sorted(GSM_BASIC | GSM_EXTENSION)), max_size=160))
def test_gsm_characters_come_back(text: str) -> None:
    octets, coding = octets_of(text, Encoding.GSM7)
    assert (text_of(octets, coding), coding) == (text, GSM_DEFAULT)


@given(st.text(st.characters(codec="utf-16-le", exclude_categories=["Cs"]), max_size=400))
def test_every_part_of_any_text_fits_its_unit(text: str) -> None:
    parts = split(text)
    header = 6 if len(parts.parts) > 1 else 0
    for part in parts.parts:
        octets, coding = octets_of(part, parts.encoding)
        limit = 140 if coding == UCS2 else 160 - (1 if header else 0)
        assert len(octets) + header <= limit
        assert text_of(octets, coding) == part


def test_the_header_that_joins_parts() -> None:
    octets = joining_header(0x1FF, 3, 2) + b"rest"
    assert parted(octets) == (b"rest", (0xFF, 3, 2))
    wide = bytes((6, 8, 4, 1, 255, 3, 2)) + b"rest"
    assert parted(wide) == (b"rest", (0x1FF, 3, 2))
    assert parted(b"\xffhello") == (b"\xffhello", None)
    assert parted(b"") == (b"", None)


@pytest.mark.parametrize(
    ("answered", "receipted", "form"),
    [
        ("1f2a", "7978", IdForm.HEX_THEN_DECIMAL),
        ("1F2A", "0000007978", IdForm.HEX_THEN_DECIMAL),
        ("0042", "42", IdForm.SAME),
        ("a-b-c", "a-b-c", IdForm.SAME),
        ("not hex", "not hex", IdForm.HEX_THEN_DECIMAL),
    ],
)
def test_an_id_is_one_however_it_is_written(answered: str, receipted: str, form: IdForm) -> None:
    assert answered_id(answered, form) == receipted_id(receipted)


@pytest.mark.parametrize(
    ("stat", "state"),
    [
        ("DELIVRD", PartState.DELIVERED),
        ("delivrd", PartState.DELIVERED),
        ("EXPIRED", PartState.FAILED),
        ("REJECTD", PartState.FAILED),
        ("ENROUTE", PartState.PENDING),
    ],
)
def test_the_words_of_receipts(stat: str, state: PartState) -> None:
    text = f"id:0123 sub:001 dlvrd:001 submit date:2611220430 stat:{stat} err:000 text:id:9"
    message = ShortMessage("1", "2", text.encode(), 0, esm_class=4)
    assert is_receipt(message)
    receipt = receipt_of(message)
    assert receipt is not None and (receipt.message_id, receipt.state) == ("123", state)


def test_settings_tell_providers_apart() -> None:
    adapter: TypeAdapter[AnyProvider] = TypeAdapter(AnyProvider)
    assert isinstance(adapter.validate_python(SMPP), SmppSettings)
    http = {"name": "cloud", "url": "https://sms.example", "secret": "x" * 16}
    assert isinstance(adapter.validate_python(http), ProviderSettings)
    with pytest.raises(ValidationError):
        adapter.validate_python(SMPP | {"password": "longer than eight"})
