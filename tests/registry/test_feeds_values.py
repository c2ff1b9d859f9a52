"""Cells and lines as the register reads them; what a profile may say."""

import json
from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from services.registry.errors import ForbiddenField
from services.registry.feeds.meanings import FIELDS, Meaning
from services.registry.feeds.profile_rules import Profile, refuse_forbidden
from services.registry.feeds.profiles import FOLDER, shipped
from services.registry.feeds.reasons import FAILURE_TEXT, REASON_TEXT, Failure, Fault, Reason
from services.registry.feeds.values import Places, read_line
from shared.sheets_in import written_day
from tests.registry.feed_samples import CHEN, CHILD, CITY, EAST, NORTH, WANG
from tests.registry.places import number

TODAY = date(2026, 1, 15)
PLACES = Places(
    ended={EAST: None, NORTH: None, CITY: None, "420325102": date(2020, 1, 1)},
    named={
        "东街社区居委会": {EAST, "130102001001"},
        "城关镇": {"420325100", "420325101"},
        "西湖区": {CITY},
        "老乡": {"420325102"},
    },
    unlisted={"130102001001"},
)
GOOD: dict[str, dict[str, str]] = {
    "police.deaths": {**WANG, "died_on": "2025-06-01"},
    "civil-affairs.marriages": {
        "kind": "结婚登记",
        "happened_on": "2025-05-20",
        "first_name": CHEN["name"],
        "first_id_number": CHEN["id_number"],
        "second_name": WANG["name"],
        "second_id_number": WANG["id_number"],
    },
    "education.enrolments": {**CHILD, "since": "2022-09-01", "region": EAST},
    "police.hukou-moves": {**WANG, "moved_on": "2025-03-01", "to_region": NORTH},
    "police.identity-changes": {**WANG, "new_name": "王芬", "changed_on": "2025-03-01"},
    "health.births": {
        "born_on": "2025-03-01",
        "sex": "男",
        "mother_name": WANG["name"],
        "mother_id_number": WANG["id_number"],
    },
    "health.vaccinations": {
        "name": "王小小",
        "birth_date": "2025-03-01",
        "since": "2025-03-02",
        "region": EAST,
        "mother_id_number": WANG["id_number"],
    },
}


def profile(code: str) -> Profile:
    return next(each for each in shipped() if each.code == code)


def read(code: str, **changes: str) -> dict[str, str]:
    return read_line(GOOD[code] | changes, profile(code), PLACES, TODAY, "420325").values


def fault(code: str, **changes: str) -> tuple[Reason, str | None]:
    with pytest.raises(Fault) as found:
        read(code, **changes)
    return found.value.reason, found.value.column


def test_every_reason_and_failure_is_said_in_both_languages() -> None:
    assert REASON_TEXT.keys() == set(Reason)
    assert FAILURE_TEXT.keys() == set(Failure)
    assert all(each.zh and each.en for each in (*REASON_TEXT.values(), *FAILURE_TEXT.values()))


@pytest.mark.parametrize("code", GOOD)
def test_good_lines_are_read(code: str) -> None:
    assert read(code).keys() >= GOOD[code].keys()


@pytest.mark.parametrize(
    "text",
    ["20240131", "2024-1-31", "2024-01-31", "2024/1/31", "2024.1.31", "2024年1月31日", "45322",
     "２０２４年１月３１日", "2024-01-31 08:30:00", "45322.5"],
)  # fmt: skip
def test_the_spellings_of_a_day(text: str) -> None:
    assert written_day(text) == date(2024, 1, 31)


@pytest.mark.parametrize(
    "text", ["2024-02-30", "20240230", "2024-1/31", "2024", "31.1.2024", "去年", "0", "-1", "1e4"]
)
def test_what_is_no_day(text: str) -> None:
    assert fault("police.deaths", died_on=text) == (Reason.DATE, "died_on")


@pytest.mark.parametrize("code", GOOD)
def test_every_date_of_every_profile_refuses_the_impossible(code: str) -> None:
    for name, rule in FIELDS[profile(code).meaning].items():
        if rule.type == "date":
            assert fault(code, **{name: "1879-12-31"}) == (Reason.TOO_EARLY, name)
            assert fault(code, **{name: "2026-01-16"}) == (Reason.FUTURE, name)
            assert fault(code, **{name: "2025-02-29"}) == (Reason.DATE, name)


@pytest.mark.parametrize("code", GOOD)
def test_every_id_number_of_every_profile_is_checked(code: str) -> None:
    mapped = {column.field for column in profile(code).columns}
    for name, rule in FIELDS[profile(code).meaning].items():
        if rule.type == "id-number" and name in mapped:
            good = WANG["id_number"]
            last = "0" if good[-1] != "0" else "1"
            for bad, reason in (
                (good[:-1] + last, Reason.CHECK_DIGIT),
                (good[:-1], Reason.ID_LENGTH),
                ("42032519900101A12" + good[-1], Reason.ID_CHARACTERS),
                (number("18791231", 112), Reason.ID_BIRTH_DATE),
                (number("20270101", 112), Reason.ID_FUTURE),
            ):
                assert fault(code, **{name: bad}) == (reason, name)


@pytest.mark.parametrize("code", GOOD)
def test_every_name_of_every_profile_is_checked(code: str) -> None:
    mapped = {column.field for column in profile(code).columns}
    for name, rule in FIELDS[profile(code).meaning].items():
        if rule.type == "name" and name in mapped:
            assert fault(code, **{name: "=cmd|' /C calc'!A0"}) == (Reason.NAME, name)
            assert fault(code, **{name: "王\u202e芳"}) == (Reason.CONTROL_CHARACTERS, name)
            assert fault(code, **{name: "王" * 61}) == (Reason.CELL_TOO_LONG, name)


@pytest.mark.parametrize("code", GOOD)
def test_what_is_required_must_be_filled(code: str) -> None:
    for column in profile(code).columns:
        if profile(code).is_required(column):
            assert fault(code, **{column.field: " "}) == (Reason.MISSING, column.field)


def test_sex_by_code_and_by_word() -> None:
    for text, sex in (("1", "1"), ("男", "1"), ("女性", "2"), ("9", "9"), ("0", "0")):
        assert read("health.births", sex=text)["sex"] == sex
    assert fault("health.births", sex="3") == (Reason.SEX, "sex")


def test_regions_by_code_by_name_and_in_their_time() -> None:
    def of(**changes: str) -> str:
        return read("education.enrolments", **changes)["region"]

    assert of(region="东街社区居委会") == EAST  # ours before another county's
    assert read("police.hukou-moves", to_region="西湖区", from_region=EAST)["to_region"] == CITY
    assert read("police.hukou-moves", from_region="130102001001")["from_region"] == "130102001001"
    for text, reason in (
        ("城关镇", Reason.AMBIGUOUS_REGION),
        ("没有镇", Reason.UNKNOWN_REGION),
        ("999999", Reason.UNKNOWN_REGION),
        ("12345", Reason.REGION),
        ("420325102", Reason.ABOLISHED_REGION),
        ("老乡", Reason.ABOLISHED_REGION),
        (CITY, Reason.OUTSIDE_JURISDICTION),
    ):
        assert fault("education.enrolments", region=text) == (reason, "region")
    assert of(region="老乡", since="2019-09-01") == "420325102"


@pytest.mark.parametrize(
    ("code", "changes", "reason"),
    [
        ("health.births", {"born_on": "1989-06-01"}, Reason.CHILD_OLDER),
        ("health.births", {"born_on": "1990-01-01"}, Reason.CHILD_OLDER),
        ("health.births", {"father_id_number": CHEN["id_number"]}, Reason.MISSING),
        ("health.births", {"multiple_index": "0"}, Reason.NUMBER),
        ("health.vaccinations", {"mother_id_number": ""}, Reason.NOBODY_NAMED),
        ("health.vaccinations", {"birth_date": "1989-01-01"}, Reason.CHILD_OLDER),
        ("health.vaccinations", {"since": "2025-02-28"}, Reason.BEFORE_BIRTH),
        ("health.vaccinations", {"id_number": CHILD["id_number"]}, Reason.ANOTHER_BIRTH_DATE),
        ("police.deaths", {"died_on": "1989-12-31"}, Reason.BEFORE_BIRTH),
        ("civil-affairs.marriages", {"happened_on": "1985-01-01"}, Reason.BEFORE_BIRTH),
        ("civil-affairs.marriages", {"second_id_number": CHEN["id_number"]},
         Reason.ONE_PERSON_TWICE),
        ("civil-affairs.marriages", {"kind": "订婚"}, Reason.CODE),
        ("police.hukou-moves", {"to_region": CITY, "from_region": CITY},
         Reason.OUTSIDE_JURISDICTION),
        ("police.identity-changes", {"new_name": WANG["name"]}, Reason.NOTHING_CHANGES),
        ("police.identity-changes", {"new_name": ""}, Reason.NOTHING_CHANGES),
        ("police.identity-changes", {"id_number": ""}, Reason.NOBODY_NAMED),
        ("police.identity-changes", {"new_id_number": CHEN["id_number"]},
         Reason.ANOTHER_BIRTH_DATE),
    ],
)  # fmt: skip
def test_what_cannot_be_true(code: str, changes: dict[str, str], reason: Reason) -> None:
    assert fault(code, **changes)[0] is reason


def test_a_couple_is_the_same_in_both_orders() -> None:
    one = GOOD["civil-affairs.marriages"]
    turned = one | {
        "first_name": WANG["name"],
        "first_id_number": WANG["id_number"],
        "second_name": CHEN["name"],
        "second_id_number": CHEN["id_number"],
    }
    marriages = profile("civil-affairs.marriages")
    first, second = (read_line(each, marriages, PLACES, TODAY, "420325") for each in (one, turned))
    assert first.identity == second.identity
    assert first.content == second.content


# ---- profiles ------------------------------------------------------------------------------------


def document(**changes: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / "police.deaths.json").read_text())
    return found | changes


def test_the_shipped_profiles_cover_every_meaning_and_department() -> None:
    assert {each.meaning for each in shipped()} == set(Meaning)
    assert len({each.department for each in shipped()}) == 4


@pytest.mark.parametrize(
    "word", ["孕周", "避孕方式", "手术", "死因", "成绩", "胎次", "罚款", "contraception", "grade"]
)
def test_a_profile_that_names_what_is_never_held_is_refused(word: str) -> None:
    for spoilt in (
        document(title={"zh": word, "en": "x"}),
        document(columns=[document()["columns"][0] | {"names": ["姓名", word]},
                          *document()["columns"][1:]]),
    ):  # fmt: skip
        with pytest.raises(ForbiddenField):
            refuse_forbidden(Profile.model_validate(spoilt))


@pytest.mark.parametrize(
    "changes",
    [
        {"columns": document()["columns"][:2]},
        {"columns": [*document()["columns"], {"field": "cause", "type": "name", "names": ["x"]}]},
        {"columns": [*document()["columns"][:-1], document()["columns"][0]]},
        {"constants": {"kind": "marriage"}},
        {"meaning": "prison"},
        {"code": "Police Deaths"},
        {"more": 1},
    ],
)
def test_a_profile_fits_its_meaning(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Profile.model_validate(document(**changes))
