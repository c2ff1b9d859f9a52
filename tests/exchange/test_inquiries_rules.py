"""Deadlines and the catalogue."""

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.exchange.errors import FieldsRefused
from services.exchange.inquiries import rules
from services.exchange.inquiries.catalogue import (
    check_answer,
    check_question,
    check_subject,
    kind_of,
    kinds,
)
from services.exchange.inquiries.rules import (
    check_act,
    days_for,
    due_after,
    is_working,
    known_until,
)
from services.exchange.inquiries.states import Verb
from tests.exchange.samples import id_number

# What this platform never holds (the rights line).
FORBIDDEN = (
    "避孕",
    "怀孕",
    "孕检",
    "手术",
    "节育",
    "罚",
    "社会抚养费",
    "contracept",
    "pregnan",
    "fine",
)


def test_a_deadline_counts_working_days() -> None:
    friday = date(2026, 9, 25)
    national_week = {friday + timedelta(days=n): False for n in range(6, 13)}  # 1 to 7 October
    national_week[date(2026, 10, 10)] = True  # the Saturday worked instead
    assert due_after(friday, 1, {}) == date(2026, 9, 28)
    assert due_after(friday, 5, {}) == date(2026, 10, 6)  # 1 and 2 October are off every year
    assert due_after(friday, 5, national_week) == date(2026, 10, 9)
    assert due_after(friday, 6, national_week) == date(2026, 10, 10)
    assert (days_for(True), days_for(False)) == (15, 30)


@pytest.mark.parametrize(
    ("years", "until"),
    [
        ({2025, 2026}, date(2026, 12, 31)),
        ({2026, 2027, 2029}, date(2027, 12, 31)),
        ({2027}, None),
        (set(), None),
    ],
)
def test_the_calendar_is_known_until_the_first_gap(years: set[int], until: date | None) -> None:
    assert known_until(date(2026, 11, 1), years) == until


@given(
    start=st.dates(date(2020, 1, 1), date(2030, 1, 1)),
    days=st.integers(1, 40),
    off=st.sets(st.integers(0, 60), max_size=15),
)
def test_the_day_it_is_due_is_a_working_day_and_holidays_only_delay(
    start: date, days: int, off: set[int]
) -> None:
    calendar = {start + timedelta(days=n): False for n in off}
    due = due_after(start, days, calendar)
    assert is_working(due, calendar)
    assert due >= due_after(start, days, {})
    between = [start + timedelta(days=n) for n in range(1, (due - start).days + 1)]
    assert sum(is_working(day, calendar) for day in between) == days


def test_the_catalogue_names_purpose_and_basis_and_nothing_forbidden() -> None:
    assert len(kinds()) >= 5
    for kind in kinds().values():
        assert kind.purpose.zh and kind.purpose.en and kind.basis.zh and kind.basis.en
        assert any(each.required for each in kind.answer)
        text = json.dumps(kind.model_dump(), ensure_ascii=False).lower()
        assert not [word for word in FORBIDDEN if word in text]


KIND = kind_of("address-confirmation")


def test_only_what_the_catalogue_names_may_be_asked_and_answered() -> None:
    subject = check_subject(KIND, {"name": "王芳", "id_number": id_number().lower()})
    assert subject["id_number"] == id_number()
    question = check_question(KIND, {"address_region": "420381001", "on": "2026-05-01"})
    assert question == {"address_region": "420381001", "on": "2026-05-01"}
    part = check_answer(KIND, {"since": "2026-01-01"}, complete=False)
    assert part == {"since": "2026-01-01"}


@pytest.mark.parametrize(
    ("check", "values", "field"),
    [
        (check_subject, {"name": "王芳"}, "id_number"),
        (check_subject, {"name": "王芳", "id_number": "420381199001011225"}, "id_number"),
        (check_subject, {"name": "王芳", "id_number": id_number(), "phone": "1"}, "phone"),
        (check_question, {"on": "2026-05-01"}, "address_region"),
        (check_question, {"address_region": "420381001", "children": 2}, "children"),
        (check_question, {"address_region": "420381001", "on": "last week"}, "on"),
        (check_question, {"address_region": True}, "address_region"),
    ],
)
def test_anything_else_is_refused_and_named(check: Any, values: Any, field: str) -> None:
    with pytest.raises(FieldsRefused) as refused:
        check(KIND, values)
    assert [each["field"] for each in refused.value.extra["errors"]] == [field]
    assert "420381199001011225" not in str(refused.value.extra)


def test_a_whole_answer_has_what_is_required() -> None:
    with pytest.raises(FieldsRefused):
        check_answer(KIND, {"since": "2026-01-01"}, complete=True)
    with pytest.raises(FieldsRefused):
        check_answer(KIND, {"lives_there": "yes"}, complete=True)
    assert check_answer(KIND, {"lives_there": True}, complete=True) == {"lives_there": True}


def test_a_choice_is_one_of_the_choices_and_an_unknown_kind_is_refused() -> None:
    wages = kind_of("unpaid-wage")
    assert check_answer(wages, {"outcome": "paid", "paid_fen": 120000}, complete=True)
    refused: list[dict[str, str | int | bool]] = [
        {"outcome": "refused"},
        {"outcome": "paid", "paid_fen": -1},
    ]
    for bad in refused:
        with pytest.raises(FieldsRefused):
            check_answer(wages, bad, complete=True)
    with pytest.raises(FieldsRefused):
        kind_of("pregnancy-check")


@pytest.mark.parametrize(
    ("verb", "given", "fits"),
    [
        (Verb.ACCEPT, {"note"}, True),
        (Verb.ACCEPT, {"answer"}, False),
        (Verb.RETURN, {"note", "region"}, True),
        (Verb.RETURN, {"region"}, False),
        (Verb.ANSWER, {"answer", "complete"}, True),
        (Verb.ANSWER, set(), False),
        (Verb.CLOSE, {"correct"}, True),
        (Verb.CLOSE, {"correct", "upholds"}, False),
        (Verb.DECIDE, {"upholds", "note"}, True),
        (Verb.DECIDE, {"note"}, False),
        (Verb.FORWARD, set(), False),
    ],
)
def test_an_act_says_what_its_verb_needs(verb: Verb, given: set[str], fits: bool) -> None:
    if fits:
        check_act(verb, frozenset(given))
        return
    with pytest.raises(FieldsRefused):
        check_act(verb, frozenset(given))


def test_the_days_are_data_with_their_source() -> None:
    limits = json.loads(Path(rules.__file__).with_name("limits.json").read_text("utf-8"))
    assert (limits["urgent_days"]["value"], limits["normal_days"]["value"]) == (15, 30)
    assert all(each["source"] and each["zh"] and each["en"] for each in limits.values())
