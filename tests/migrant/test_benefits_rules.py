"""What a benefit is, who may approve, and what the hash covers, without a database."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.migrant.benefits.errors import ApprovedByYou, DrawnUpByYou, OfficeApproved
from services.migrant.benefits.rules import (
    PayLine,
    Programme,
    Rhythm,
    check_approver,
    content_hash,
    first_day,
    period_fits,
    programme_for,
    published,
    yuan,
)
from shared.ids import new_id

LIST = new_id()


def make_programme(**overrides: Any) -> dict[str, Any]:
    return {
        "code": "hardship-aid",
        "since": "2026-01-01",
        "zh": "临时困难救助",
        "en": "Hardship aid",
        "source": "社会救助暂行办法;县文件〔2026〕3号",
        "region": "420325",
        "rhythm": "monthly",
        "amount_kind": "up-to",
        "amount_fen": 100_000,
    } | overrides


def line(**overrides: Any) -> PayLine:
    values: dict[str, Any] = {
        "line_id": new_id(),
        "name": "刘小梅",
        "account": None,
        "amount_fen": 5000,
    }
    return PayLine(**(values | overrides))


@pytest.mark.parametrize(
    ("rhythm", "period", "fits"),
    [
        (Rhythm.YEARLY, "2026", True),
        (Rhythm.YEARLY, "2026-06", False),
        (Rhythm.QUARTERLY, "2026-Q4", True),
        (Rhythm.QUARTERLY, "2026-Q5", False),
        (Rhythm.MONTHLY, "2026-12", True),
        (Rhythm.MONTHLY, "2026-13", False),
        (Rhythm.MONTHLY, "2026", False),
    ],
)
def test_periods(rhythm: Rhythm, period: str, fits: bool) -> None:
    assert period_fits(rhythm, period) is fits


def test_the_first_day_of_a_period() -> None:
    assert [first_day(each) for each in ("2026", "2026-Q1", "2026-Q4", "2026-06")] == [
        date(2026, 1, 1),
        date(2026, 1, 1),
        date(2026, 10, 1),
        date(2026, 6, 1),
    ]


def test_the_programme_as_it_stood_when_the_period_began() -> None:
    first = Programme.model_validate(make_programme(until="2026-12-31"))
    second = Programme.model_validate(make_programme(since="2026-07-01", amount_fen=120_000))
    programmes = [second, first]
    assert programme_for(programmes, "hardship-aid", "2026-06") == first
    assert programme_for(programmes, "hardship-aid", "2026-07") == second
    assert programme_for(programmes, "hardship-aid", "2025-12") is None
    assert programme_for(programmes, "hardship-aid", "2026") is None
    assert programme_for([first], "hardship-aid", "2027-01") is None


def test_fixed_and_up_to() -> None:
    up_to = Programme.model_validate(make_programme())
    fixed = Programme.model_validate(make_programme(amount_kind="fixed"))
    assert [up_to.fits(fen) for fen in (1, 100_000, 100_001)] == [True, True, False]
    assert [fixed.fits(fen) for fen in (1, 100_000, 100_001)] == [False, True, False]


@pytest.mark.parametrize(
    "change", [{"until": "2025-12-31"}, {"amount_fen": 0}, {"amount_fen": 1.5}, {"source": ""}]
)
def test_what_is_no_programme(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Programme.model_validate(make_programme(**change))


def test_two_people_of_two_offices_neither_of_whom_drew_it_up() -> None:
    check_approver("b", "finance", {"a"}, [])
    check_approver("c", "audit", {"a"}, [("b", "finance")])
    with pytest.raises(DrawnUpByYou):
        check_approver("a", "audit", {"a"}, [])
    with pytest.raises(ApprovedByYou):
        check_approver("b", "audit", {"a"}, [("b", "finance")])
    with pytest.raises(OfficeApproved):
        check_approver("c", "finance", {"a"}, [("b", "finance")])


def test_every_part_of_what_is_paid_is_in_the_hash() -> None:
    one, two = line(), line()
    whole = content_hash(LIST, "hardship-aid", "2026-06", [one, two])
    assert content_hash(LIST, "hardship-aid", "2026-06", [two, one]) == whole
    others = [
        content_hash(new_id(), "hardship-aid", "2026-06", [one, two]),
        content_hash(LIST, "other", "2026-06", [one, two]),
        content_hash(LIST, "hardship-aid", "2026-07", [one, two]),
        content_hash(LIST, "hardship-aid", "2026-06", [one]),
        content_hash(LIST, "hardship-aid", "2026-06", [one, replace(two, name="刘小妹")]),
        content_hash(LIST, "hardship-aid", "2026-06", [one, replace(two, account="62")]),
        content_hash(LIST, "hardship-aid", "2026-06", [one, replace(two, amount_fen=5001)]),
        content_hash(LIST, "hardship-aid", "2026-06", [one, replace(two, line_id=new_id())]),
    ]
    assert len({whole, *others}) == len(others) + 1


@given(st.integers(1, 10**12))
def test_yuan_reads_back_as_fen(fen: int) -> None:
    whole, _, part = yuan(fen).partition(".")
    assert int(whole) * 100 + int(part) == fen
    assert len(part) == 2


def test_what_is_published_is_in_tens_and_nothing_of_a_small_group() -> None:
    assert [published(each) for each in (0, 9, 10, 19, 128)] == [None, None, 10, 10, 120]
