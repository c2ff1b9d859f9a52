"""The units of CMPP 3.0, without any network.

The octets are those that published implementations agree on: bigwhite/gocmpp (its tests of connect,
submit, deliver and receipt), which its authors checked against the gateways of China Mobile.
"""

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from services.notify.providers.cmpp import pdu
from services.notify.providers.cmpp.dialect import Cmpp
from services.notify.providers.cmpp.pdu import Command, Deliver, Format, MessageId, Pdu, Submit
from services.notify.providers.cmpp.reading import octets_of, parts_of, piece_of, receipt_of
from services.notify.providers.link import Kind, Verdict
from services.notify.providers.octets import Malformed
from services.notify.receipts.rules import PartState
from services.notify.settings import AnyProvider, CmppSettings

CONNECT = "00000027000000010000001739303030303190d00c1d517abd0b4f65f6bcf8535d16213cdc73be"  # as 2.1
OURS = "90d00c1d517abd0b4f65f6bcf8535d16"
PROOF_3 = "7942977274098cf210ab0c16c367bc8d"
PROOF_2 = "6c0b846e25bab6daa4ed1c466e0f4bd8"
SUBMIT_ANSWER = "b2b9da800001000000000000"
MO = (
    "b4c5530000010000" "393030303031000000000000000000000000000000" "00000000000000000000"
    "000000" "3133343132333430303030000000000000000000000000000000000000000000"
    "0000" "12" "546869732069732061207465737420" "4d4f2e"
    "0000000000000000000000000000000000000000"
)  # fmt: skip
REPORT_2 = (
    "b4c553000001000044454c4956524431353131313230393535313531313132303935373133343132333430"
    "3030300000000000000000000012345678"
)
TEXTS = st.text(st.characters(codec="utf-16-le", exclude_categories=["Cs"]), max_size=400)


def test_connect_as_published() -> None:
    assert pdu.authenticator("900001", "888888", 1021080510).hex() == OURS
    body = pdu.connect("900001", "888888", 1021080510)
    unit = Pdu(Command.CONNECT, 0x17, body).encode()
    as_30 = bytes.fromhex(CONNECT)[:34] + b"\x30" + bytes.fromhex(CONNECT)[35:]
    assert unit == as_30
    with pytest.raises(ValueError, match="6 octets"):
        pdu.connect("9000012", "888888", 1)
    assert pdu.timestamp_of(datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)) == 102030405


@pytest.mark.parametrize("proof", [PROOF_3, PROOF_2])
def test_the_gateway_proves_itself_in_either_form(proof: str) -> None:
    answer = pdu.connected(bytes(4) + bytes.fromhex(proof) + b"\x30")
    assert (answer.status, answer.version) == (0, 0x30)
    assert answer.proves(bytes.fromhex(OURS), "888888")
    assert not answer.proves(bytes.fromhex(OURS), "888889")


def test_a_refusal_may_be_short() -> None:
    assert pdu.connected(bytes((0, 0, 0, 3))).status == 3
    with pytest.raises(Malformed):
        pdu.connected(b"\x00\x00")


def test_submit_has_every_field_at_its_place() -> None:
    text = "测试gocmpp submit".encode("utf-16-be")
    body = Submit(
        "900001", "900001", "13500002696", text, Format.UCS2, "test", urgent=True
    ).encode()
    # The published unit has 0xe1 octets and asks the fee of the handset; the SP pays ours, with
    # fee type 01, code 0 and no validity. All else is the same.
    assert len(body) == 0xE1 - 12
    assert body[:12].hex() == "000000000000000001010101"
    assert body[12:23] == b"test".ljust(10, b"\x00") + b"\x02"
    assert body[56:59].hex() == "000008"
    assert body[59:73] == b"90000101" + b"0".ljust(6, b"\x00")
    assert body[107:129] == b"900001".ljust(21, b"\x00") + b"\x01"
    assert body[129:162] == b"13500002696".ljust(33, b"\x00")
    assert body[162:] == bytes((0x1E,)) + text + bytes(20)
    with pytest.raises(ValueError, match="octets"):
        Submit("900001", "1", "13500002696", bytes(141), Format.UCS2, "").encode()


def test_submit_answer_as_published() -> None:
    assert pdu.submitted(bytes.fromhex(SUBMIT_ANSWER)) == (12878564852733378560, 0)
    assert pdu.submitted(bytes.fromhex(SUBMIT_ANSWER)[:9]) == (12878564852733378560, 0)  # as 2.1


def test_deliver_as_published() -> None:
    message = pdu.delivered(bytes.fromhex(MO))
    assert message == Deliver(
        13025908756704198656, "900001", "13412340000", b"This is a test MO.", 0, False, False
    )
    assert piece_of(message).text == "This is a test MO."
    answer = pdu.deliver_answer(message.message_id, 0)
    assert answer.hex() == "b4c553000001000000000000"


@pytest.mark.parametrize("wide", [False, True])
def test_a_report_as_published_and_as_3_0_writes_it(wide: bool) -> None:
    octets = bytes.fromhex(REPORT_2)
    if wide:
        octets = octets[:-4] + bytes(11) + octets[-4:]
    read = pdu.report(octets)
    assert (read.message_id, read.stat, read.phone) == (
        13025908756704198656, "DELIVRD", "13412340000",
    )  # fmt: skip
    receipt = receipt_of(read)
    assert (receipt.message_id, receipt.state) == ("13025908756704198656", PartState.DELIVERED)


@pytest.mark.parametrize(
    ("stat", "state", "code"),
    [
        ("DELIVRD", PartState.DELIVERED, None),
        ("ACCEPTD", PartState.PENDING, None),
        ("UNDELIV", PartState.FAILED, "cmpp-UNDELIV"),
        ("EXPIRED", PartState.FAILED, "cmpp-EXPIRED"),
        ("MA:0001", PartState.FAILED, "cmpp-MA:0001"),
    ],
)
def test_the_words_of_reports(stat: str, state: PartState, code: str | None) -> None:
    receipt = receipt_of(pdu.Report(7, stat, "13412340000"))
    assert (receipt.state, receipt.code) == (state, code)


def test_the_bits_of_a_message_id() -> None:
    assert MessageId.of(12878564852733378560) == MessageId(11, 5, 14, 29, 42, 1, 0)
    assert MessageId.of(13025908756704198656) == MessageId(11, 9, 17, 21, 12, 1, 0)


@given(st.integers(0, 2**64 - 1))
def test_a_message_id_comes_back(value: int) -> None:
    assert int(MessageId.of(value)) == value


@given(TEXTS)
def test_every_part_of_any_text_fits_its_unit(text: str) -> None:
    for chinese in ("ucs2", "gbk"):
        parts = parts_of(text)
        assert "".join(parts) == text
        for part in parts:
            octets, form = octets_of(part, text, chinese)
            header = 6 if len(parts) > 1 else 0
            assert len(octets) + header <= (159 if form is Format.ASCII else 140)
            message = Deliver(1, "1", "1", octets, form, False, False)
            assert piece_of(message).text == part


def test_108_chinese_characters_are_two_units_and_160_letters_too() -> None:
    assert [len(each) for each in parts_of("流动人口服务" * 18)] == [67, 41]
    assert [len(each) for each in parts_of("a" * 160)] == [153, 7]
    assert len(parts_of("a" * 159)) == 1
    assert len(parts_of("£" * 80)) == 2  # no GSM 03.38 here: 16 bits a character
    assert octets_of("好", "好", "gbk") == ("好".encode("gbk"), Format.GBK)
    assert octets_of("😀", "好😀", "gbk")[1] is Format.UCS2


@given(st.binary(max_size=300))
def test_no_octets_trip_the_reader(body: bytes) -> None:
    for read in (pdu.connected, pdu.submitted, pdu.report):
        with suppress(Malformed):
            read(body)
    with suppress(Malformed):
        piece_of(pdu.delivered(body))
    dialect = Cmpp("900001", "888888")
    for command in (Command.DELIVER, Command.ACTIVE_TEST, 0x99):
        reply = dialect.reply(Pdu(command, 7, body), Verdict.NEVER)
        assert dialect.kind(reply) is Kind.ANSWER and reply.sequence == 7


@pytest.mark.parametrize("length", [0, 11, 2**31])
def test_an_impossible_length_ends_the_link(length: int) -> None:
    with pytest.raises(Malformed):
        pdu.body_length(pdu.HEADER.pack(length, 5, 1))


def test_texts_from_people_in_every_coding_and_in_parts() -> None:
    def text(octets: bytes, form: int, joined: bool = False) -> Deliver:
        return Deliver(1, "1", "13412340000", octets, form, joined, False)

    assert piece_of(text("退订".encode("gb18030"), 15)).text == "退订"
    assert piece_of(text("退订".encode("utf-16-be"), 8)).text == "退订"
    assert piece_of(text(b"TD", 0)).text == "TD"
    part = piece_of(text(bytes((5, 0, 3, 9, 2, 1)) + "你".encode("utf-16-be"), 8, joined=True))
    assert (part.text, part.joined) == ("你", (9, 2, 1))
    odd = piece_of(text(bytes((5, 0, 3, 9, 2, 7)) + "你".encode("utf-16-be"), 8, joined=True))
    assert odd.joined is None


def test_settings_of_a_gateway() -> None:
    settings = {"kind": "cmpp", "name": "mobile", "host": "ismg.example", "source_addr": "900001"}
    settings |= {"secret": "888888", "number": "10690000"}
    adapter: TypeAdapter[AnyProvider] = TypeAdapter(AnyProvider)
    made = adapter.validate_python(settings)
    assert isinstance(made, CmppSettings) and (made.port, made.tls) == (7890, True)
    with pytest.raises(ValidationError):
        adapter.validate_python(settings | {"source_addr": "9000012"})
