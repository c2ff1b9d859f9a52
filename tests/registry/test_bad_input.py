"""The registry's bad input (issue 3), as a table: every way in, and what is put to it.

What is true of every field is tried on every field: the forms are read from the routes themselves,
so that a new one is tried from its first day. What belongs to one way in has its test beside it;
the table names it, and a cell without a test says why there is none.
"""

from collections.abc import Mapping
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from pydantic import ValidationError
from pydantic.fields import FieldInfo

from shared.clock import today
from shared.ids import new_id
from tests.registry.grid_samples import make_unit
from tests.registry.places import number
from tests.registry.samples import make_person
from tests.registry.vital_samples import (
    FATHER,
    MOTHER,
    Desk,
    make_birth,
    make_death,
    make_marriage,
    make_registration,
)
from tests.shared.test_days import places_of, taken, takes_days

# ---- the table -----------------------------------------------------------------------------------

BAD: Final = (
    *("check digit", "before 1880", "future", "child older", "two residences", "no head"),
    *("abolished region", "formula", "macro", "zeros", "encoding"),
)
FORM = "a form is JSON: it has no cells, and its text is UTF-8 or refused (test_bodyguard)"
NO_CHILD = "no line names a mother and her child"
NO_HOME = "it says nobody's home"
NO_HOUSE = "it says nobody's household"
HERE = "test_bad_input"
READING = {
    "formula": "test_imports_reading.test_a_formula_is_pointed_out_and_not_run",
    "macro": "test_imports_reading.test_a_workbook_with_macros_is_refused_whole",
    "zeros": "test_imports_reading.test_a_gibibyte_of_zeros_is_refused_unread",
    "encoding": "test_imports_reading.test_a_line_in_a_wrong_encoding_is_named_and_the_rest_read",
}
FIELDS = {
    "check digit": f"{HERE}.test_every_id_number_of_every_form_is_checked",
    "before 1880": f"{HERE}.test_every_day_of_every_form_is_a_possible_one",
    "future": f"{HERE}.test_every_day_of_every_form_is_a_possible_one",
    "abolished region": f"{HERE}.test_no_form_takes_an_abolished_region",
    **dict.fromkeys(("formula", "macro", "zeros", "encoding"), FORM),
}
TABLE: Final[Mapping[str, Mapping[str, str]]] = {
    "a roster": READING
    | {
        "check digit": "test_imports_rules.test_bad_lines_say_what_and_where",
        "before 1880": "test_imports_rules.test_bad_lines_say_what_and_where",
        "future": "test_imports_rules.test_bad_lines_say_what_and_where",
        "child older": "test_imports_rules."
        "test_a_child_older_than_its_mother_is_entered_and_pointed_out",
        "two residences": "test_imports_rules."
        "test_a_person_in_two_places_is_refused_the_second_time",
        "no head": "test_imports_rules.test_a_household_without_its_head_is_refused_whole",
        "abolished region": "test_imports_routes."
        "test_a_region_that_was_abolished_is_refused_as_such",
    },
    "a department's feed": {
        "check digit": "test_feeds_values.test_every_id_number_of_every_profile_is_checked",
        "before 1880": "test_feeds_values.test_every_date_of_every_profile_refuses_the_impossible",
        "future": "test_feeds_values.test_every_date_of_every_profile_refuses_the_impossible",
        "child older": "test_feeds_values.test_what_cannot_be_true",
        "two residences": "test_feeds_rules.test_evidence_of_residence",
        "no head": NO_HOUSE,
        "abolished region": "test_feeds_values.test_regions_by_code_by_name_and_in_their_time",
        "formula": "test_feeds_reading.test_numbers_formulas_and_errors_are_told_by_the_cell",
        "macro": "test_feeds_reading.test_macros_refuse_the_file",
        "zeros": "test_feeds_reading."
        "test_a_gigabyte_of_zeros_is_refused_at_once_and_never_unpacked",
        "encoding": "test_feeds_reading.test_bytes_of_another_encoding_are_refused_with_their_line",
    },
    "a landlord's sheet": READING
    | {
        **dict.fromkeys(
            ("check digit", "before 1880", "future", "abolished region"),
            "test_leases_filings.test_each_field_refuses_its_line_by_name",
        ),
        "child older": NO_CHILD,
        "two residences": NO_HOME,
        "no head": NO_HOUSE,
    },
    "the form of a person": FIELDS
    | {
        "child older": NO_CHILD,
        "two residences": "test_persons_stays.test_a_clerk_is_told_which_stay_is_in_the_way",
        "no head": f"{HERE}.test_nobody_is_registered_as_the_head_of_others",
    },
    "the form of a household": FIELDS
    | {
        "child older": NO_CHILD,
        "two residences": NO_HOME,
        "no head": f"{HERE}.test_a_household_is_not_formed_without_a_head",
    },
    "the report of a birth": FIELDS
    | {
        "child older": f"{HERE}.test_a_child_is_not_older_than_its_mother",
        "two residences": "a newborn has the one home that its registration names",
        "no head": "a newborn joins its mother's household, which has one",
    },
    "the report of a death": FIELDS
    | {
        "child older": NO_CHILD,
        "two residences": "test_persons_stays."
        "test_the_day_of_a_death_is_not_moved_over_another_stay",
        "no head": "test_households_deaths",
    },
    "the report of a marriage": FIELDS
    | {"child older": NO_CHILD, "two residences": NO_HOME, "no head": NO_HOUSE},
    "a device that was offline": FIELDS
    | {
        "check digit": f"{HERE}.test_a_device_hears_of_each_item_what_a_form_would",
        "before 1880": f"{HERE}.test_a_device_hears_of_each_item_what_a_form_would",
        "future": f"{HERE}.test_a_device_hears_of_each_item_what_a_form_would",
        "abolished region": f"{HERE}.test_a_device_hears_of_each_item_what_a_form_would",
        "child older": NO_CHILD,
        "two residences": f"{HERE}.test_a_device_hears_of_each_item_what_a_form_would",
        "no head": NO_HOUSE,
    },
}


@pytest.mark.parametrize("way", TABLE)
def test_every_cell_has_its_test_or_its_reason(way: str) -> None:
    cells = TABLE[way]
    assert set(cells) == set(BAD)
    for cell in cells.values():
        module, _, name = cell.partition(".")
        if module.startswith("test_"):
            tests = import_module(f"tests.registry.{module}")
            assert not name or callable(getattr(tests, name)), cell


# ---- every field of every form -------------------------------------------------------------------

# A day that may lie ahead, because it is a plan or an agreement; every other is past.
AHEAD: Final = {
    "ChangeRegions.effective_on", "ReverseChange.effective_on", "PhaseInput.due_on",
    "FileLease.since", "FileLease.until", "CorrectLease.since", "CorrectLease.until",
    "RenewLease.until", "EndLease.on", "DraftAgreement.since", "DraftAgreement.until",
    "RenewAgreement.until",
}  # fmt: skip
# Phases are in the order of their days, and begin after the zone was handed over, which is past.
ORDERED: Final = {"PhaseInput.due_on"}


def fields_of_forms(folder: Path) -> dict[str, FieldInfo]:
    """What is declared of each field that a caller may write, by "Model.field", and of the fields
    beside an upload. Days that a list is asked about are entered nowhere, and any will do."""
    found = {}
    for place, field in places_of("registry", folder):
        operation, _, name = place.partition(" ")
        if "." in name or operation.startswith("accept_"):
            found[name.rpartition(" ")[2]] = field
    return found


def takes(field: FieldInfo, value: object) -> bool:
    try:
        taken(field, value)
    except ValidationError:
        return False
    return True


def test_every_day_of_every_form_is_a_possible_one(tmp_path: Path) -> None:
    days = {
        name: field
        for name, field in fields_of_forms(tmp_path).items()
        if takes_days(field.annotation)
    }
    assert {"RegisterPerson.birth_date", "ResidenceInput.since", "as_of"} <= set(days)
    early = {name for name, field in days.items() if takes(field, "1879-12-31")}
    ahead = {name for name, field in days.items() if takes(field, str(today() + timedelta(days=2)))}
    assert early == ORDERED
    assert ahead == AHEAD


def test_every_id_number_of_every_form_is_checked(tmp_path: Path) -> None:
    numbers = {
        name: field
        for name, field in fields_of_forms(tmp_path).items()
        if name.endswith(("id_number", "credit_code"))
    }
    assert {"RegisterPerson.id_number", "RegisterWorkUnit.credit_code"} <= set(numbers)
    assert not [name for name, field in numbers.items() if takes(field, wrong_digit())]


def wrong_digit() -> str:
    good = number("19900101", 112)
    return good[:17] + ("1" if good[17] != "1" else "2")


# ---- what the register knows ---------------------------------------------------------------------

GONE: Final = "420325100099"


@pytest.fixture
async def desk(desk: Desk) -> Desk:
    """The desk of a county in which a community was abolished in 2020."""
    await desk.rows(
        "INSERT INTO regions (code, name, level, parent, source, valid_to)"
        f" VALUES ('{GONE}', '旧街社区', 'village', '420325100', 'test', '2020-01-01')"
        " RETURNING code"
    )
    return desk


HOME_GONE: Final = {"region": GONE, "kind": "usual", "since": "2024-01-01"}
FORMS: Final[Mapping[str, tuple[str, dict[str, Any]]]] = {
    "hukou": ("persons", make_person(hukou_region=GONE)),
    "home": ("persons", make_person(hukou_region="420325100001", residence=HOME_GONE)),
    "dwelling": ("dwellings", {"region": GONE, "building": "7", "use": "rental"}),
    "estate": ("estates", {"region": GONE, "name": "东苑", "kind": "gated"}),
    "birth": ("birth-reports", make_birth(region=GONE)),
    "death": ("death-reports", make_death(region=GONE)),
    "marriage": ("marriage-reports", make_marriage(region=GONE)),
    "unit": ("work-units", make_unit(region=GONE)),
    "post": (
        "grid-posts",
        {"level": "community", "region": GONE, "number": "01", "since": "2024-01-01"},
    ),
    "blind zone": ("blind-zones", {"kind": "no-committee", "region": GONE}),
}


@pytest.mark.parametrize("form", FORMS)
async def test_no_form_takes_an_abolished_region(desk: Desk, form: str) -> None:
    path, body = FORMS[form]
    answer = await desk.post(path, body)
    problem = answer.json()
    assert (answer.status_code, problem["type"].rpartition("/")[2]) == (422, "unknown-region"), form
    assert problem["reason"] == "abolished"
    assert "2020-01-01" in problem["detail"]


async def test_a_child_is_not_older_than_its_mother(desk: Desk) -> None:
    await desk.person(MOTHER)
    await desk.person(FATHER)
    report = await desk.done("birth-reports", make_birth(born_on="1989-12-31"))
    path = f"birth-reports/{report['id']}/registration"
    status, kind, _ = await desk.refused(path, make_registration(late_reason="补报"))
    assert (status, kind) == (409, "implausible")
    assert not await desk.rows("SELECT id FROM births")


async def test_a_household_is_not_formed_without_a_head(desk: Desk) -> None:
    member = (await desk.person(MOTHER))["id"]
    others = [{"person_id": member, "relation": "3"}]
    body = {"region": "420325100001", "members": others}
    assert (await desk.post("households", body)).status_code == 422
    assert (await desk.post("households", body | {"head": None})).status_code == 422
    unknown = await desk.post("households", body | {"head": str(new_id())})
    assert unknown.status_code == 404
    assert not await desk.rows("SELECT id FROM households")


async def test_nobody_is_registered_as_the_head_of_others(desk: Desk) -> None:
    head = (await desk.person(MOTHER))["id"]
    household = await desk.done("households", {"region": "420325100001", "head": head})
    second = make_person(
        name="陈刚",
        sex="1",
        birth_date="1989-01-01",
        id_number=FATHER["id_number"],
        household_id=household["id"],
        household_relation="0",
    )
    assert (await desk.refused("persons", second))[:2] == (409, "second-head")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"id_number": wrong_digit()}, "malformed-body"),
        ({"birth_date": "1879-12-31"}, "malformed-body"),
        ({"birth_date": "2999-01-01"}, "malformed-body"),
        ({"birth_date": 0}, "malformed-body"),
        ({"hukou_region": GONE}, "unknown-region"),
        ({"residence": [HOME_GONE, HOME_GONE]}, "malformed-body"),
    ],
)
async def test_a_device_hears_of_each_item_what_a_form_would(
    desk: Desk, change: dict[str, Any], said: str
) -> None:
    items = [
        {
            "item_id": str(new_id()),
            "kind": "register-person",
            "captured_at": "2026-03-01T09:00:00+08:00",
            "body": make_person(**changes),
        }
        for changes in (change, {})
    ]
    answer: httpx.Response = await desk.post("field-batches", {"items": items})
    refused, entered = answer.json()["items"]
    assert (refused["outcome"], entered["outcome"]) == ("refused", "applied")
    assert refused["problem"]["type"].rpartition("/")[2] == said
