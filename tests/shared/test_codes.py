"""Check digits, dates, region prefixes and code tables of shared.codes."""

from datetime import date, timedelta
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from shared import codes
from shared.codes import CodeError, CodeFault, RegionLevel, Sex
from shared.problems import Text

TODAY = date(2026, 11, 22)
WOMAN = "11010519491231002X"
MAN = "440524188001010014"
CREDIT = "91350100M000100Y43"


def with_check_digit(first17: str) -> str:
    return first17 + codes.resident_id_check_digit(first17)


def resident_id_fault(value: str, today: date = TODAY) -> CodeFault:
    with pytest.raises(CodeError) as caught:
        codes.parse_resident_id(value, today=today)
    return caught.value.reason


births = st.dates(codes.EARLIEST_BIRTH, TODAY)
resident_ids = st.builds(
    lambda region, birth, sequence: with_check_digit(f"{region}{birth:%Y%m%d}{sequence:03}"),
    st.integers(100000, 999999),
    births,
    st.integers(0, 999),
)
credit_codes = st.builds(
    lambda head, region, tail: (
        f"{head}{region}{tail}" + codes.credit_code_check_digit(f"{head}{region}{tail}")
    ),
    st.text(codes.CREDIT_CODE_ALPHABET, min_size=2, max_size=2),
    st.integers(100000, 999999),
    st.text(codes.CREDIT_CODE_ALPHABET, min_size=9, max_size=9),
)


def test_published_resident_ids() -> None:
    woman = codes.parse_resident_id(WOMAN, today=TODAY)
    assert (woman.region, woman.birth_date, woman.sex) == (
        "110105",
        date(1949, 12, 31),
        Sex.FEMALE,
    )
    man = codes.parse_resident_id(MAN, today=TODAY)
    assert (man.region, man.birth_date, man.sex) == ("440524", date(1880, 1, 1), Sex.MALE)


@pytest.mark.parametrize(
    "typed",
    ["11010519491231002x", "１１０１０５１９４９１２３１００２Ｘ", " 11010519491231002ｘ\t"],
)
def test_resident_id_is_normalised(typed: str) -> None:
    assert codes.parse_resident_id(typed, today=TODAY).number == WOMAN


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ("", CodeFault.LENGTH),
        ("110105491231002", CodeFault.LENGTH),
        (WOMAN + "0", CodeFault.LENGTH),
        ("1101051949123100XX", CodeFault.CHARACTERS),
        ("11010519491231002Y", CodeFault.CHARACTERS),
        ("010105194912310020", CodeFault.CHARACTERS),
        ("1101051949123100²X", CodeFault.CHARACTERS),
        ("११०१०५१९४९१२३१००२X", CodeFault.CHARACTERS),
        (with_check_digit("11010520230230001"), CodeFault.BIRTH_DATE),
        (with_check_digit("11010519000229001"), CodeFault.BIRTH_DATE),
        (with_check_digit("11010500000101001"), CodeFault.BIRTH_DATE),
        (with_check_digit("11010518791231001"), CodeFault.BIRTH_DATE),
        (with_check_digit("11010520990101001"), CodeFault.FUTURE),
        ("110105194912310021", CodeFault.CHECK_DIGIT),
    ],
)
def test_resident_id_faults(value: str, fault: CodeFault) -> None:
    assert resident_id_fault(value) is fault


def test_born_today_is_not_the_future() -> None:
    assert codes.parse_resident_id(with_check_digit(f"420527{TODAY:%Y%m%d}001"), today=TODAY)
    tomorrow = TODAY + timedelta(days=1)
    newborn = with_check_digit(f"420527{tomorrow:%Y%m%d}001")
    assert resident_id_fault(newborn) is CodeFault.FUTURE


def test_county_code_need_not_have_existed_in_the_birth_year() -> None:
    # Zigui was numbered 420527 only after 1992; the holder was born in 1965.
    assert codes.parse_resident_id(with_check_digit("42052719650302112"), today=TODAY)


@given(resident_ids)
def test_every_well_formed_resident_id_is_read(number: str) -> None:
    parsed = codes.parse_resident_id(number, today=TODAY)
    assert parsed.number == number
    assert f"{parsed.birth_date:%Y%m%d}" == number[6:14]
    assert (parsed.sex is Sex.MALE) == (number[16] in "13579")


@given(resident_ids, st.integers(0, 17), st.integers(1, 9))
def test_one_wrong_digit_is_noticed(number: str, position: int, shift: int) -> None:
    digits = "0123456789X" if position == 17 else "0123456789"
    wrong = digits[(digits.index(number[position]) + shift) % len(digits)]
    with pytest.raises(CodeError):
        codes.parse_resident_id(number[:position] + wrong + number[position + 1 :], today=TODAY)


@given(resident_ids, st.integers(0, 15))
def test_two_neighbours_swapped_are_noticed(number: str, at: int) -> None:
    swapped = number[:at] + number[at + 1] + number[at] + number[at + 2 :]
    if swapped != number:
        with pytest.raises(CodeError):
            codes.parse_resident_id(swapped, today=TODAY)


@given(st.text(max_size=24))
def test_any_text_is_read_or_refused(value: str) -> None:
    for parse in (codes.parse_resident_id, codes.parse_credit_code, codes.trim_region):
        try:
            parse(value)
        except CodeError as error:
            assert error.text.zh and error.text.en == str(error)


def test_published_credit_codes() -> None:
    assert codes.parse_credit_code(CREDIT) == CREDIT
    assert codes.parse_credit_code(" ９１350100m000100y43 ") == CREDIT


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ("91350100M000100Y4", CodeFault.LENGTH),
        ("91350100M000100Y4Z", CodeFault.CHARACTERS),
        ("91350100I000100Y43", CodeFault.CHARACTERS),
        ("9135010AM000100Y43", CodeFault.CHARACTERS),
        ("91350100M000100Y44", CodeFault.CHECK_DIGIT),
    ],
)
def test_credit_code_faults(value: str, fault: CodeFault) -> None:
    with pytest.raises(CodeError) as caught:
        codes.parse_credit_code(value)
    assert caught.value.reason is fault


@given(credit_codes, st.integers(0, 17), st.integers(1, 30))
def test_one_wrong_credit_character_is_noticed(code: str, position: int, shift: int) -> None:
    alphabet = codes.CREDIT_CODE_ALPHABET
    wrong = alphabet[(alphabet.index(code[position]) + shift) % 31]
    assert codes.parse_credit_code(code) == code
    with pytest.raises(CodeError):
        codes.parse_credit_code(code[:position] + wrong + code[position + 1 :])


def test_region_levels_and_parents() -> None:
    chain = ["420325100200", "420325100", "420325", "4203", "42"]
    assert [codes.level_of(code) for code in reversed(chain)] == list(RegionLevel)
    assert [codes.parent_of(code) for code in chain] == [*chain[1:], None]


def test_containment_is_a_prefix() -> None:
    assert codes.contains("420325", "420325")
    assert codes.contains("42", "420325100200")
    assert not codes.contains("420325", "42")
    assert not codes.contains("420325", "420326")
    assert not codes.contains("42", "42032")
    for nothing in ("", "4", "420000", "4x"):
        with pytest.raises(CodeError):
            codes.contains(nothing, "420325")


@pytest.mark.parametrize(
    "value", ["", "4", "420", "42032", "420325x00", "020325", "420000", "4200"]
)
def test_region_refused(value: str) -> None:
    with pytest.raises(CodeError) as caught:
        codes.parse_region(value)
    assert caught.value.kind is codes.CodeKind.REGION


@pytest.mark.parametrize(
    ("padded", "trimmed"),
    [
        ("420000", "42"),
        ("420300", "4203"),
        ("420325", "420325"),
        ("420000000000", "42"),
        ("420325000000", "420325"),
        ("420325100000", "420325100"),
        ("420325100200", "420325100200"),
        ("469000", "4690"),
        ("441900", "4419"),
        ("441900003", "441900003"),
        ("42", "42"),
    ],
)
def test_padding_is_trimmed(padded: str, trimmed: str) -> None:
    assert codes.trim_region(padded) == trimmed


def test_tables_are_complete() -> None:
    assert len(codes.NATIONALITIES) == 58
    assert codes.NATIONALITIES["01"].zh == "汉族"
    assert codes.NATIONALITIES["15"] == Text("土家族", "Tujia")
    assert codes.NATIONALITIES["56"].en == "Jino"
    assert set(codes.SEX_TEXT) == set(codes.Sex)
    assert set(codes.MARITAL_STATUS_TEXT) == set(codes.MaritalStatus)
    assert set(codes.EDUCATION_TEXT) == set(codes.Education)
    assert set(codes.FAMILY_RELATION_TEXT) == set(codes.FamilyRelation)
    assert set(codes.FAULT_TEXT) == set(codes.CodeFault)


class Form(BaseModel):
    resident_id: codes.ResidentId
    credit_code: codes.CreditCode
    region: codes.RegionCode


def test_aliases_normalise_in_models() -> None:
    form = Form(resident_id=WOMAN.lower(), credit_code=CREDIT.lower(), region=" 420325 ")
    assert form == Form.model_construct(resident_id=WOMAN, credit_code=CREDIT, region="420325")
    assert get_args(codes.ResidentId)[0] is str


def test_messages_carry_no_part_of_the_number() -> None:
    with pytest.raises(ValidationError) as caught:
        Form(resident_id="110105194912310021", credit_code=CREDIT[:-1] + "4", region="420")
    messages = [error["msg"] for error in caught.value.errors()]
    assert len(messages) == 3
    assert not any(character.isdigit() for message in messages for character in message)
