"""What a scheme in full may say, who puts it in force, and which version judges which days."""

from datetime import date
from itertools import pairwise
from typing import Any

import pytest
from pydantic import ValidationError

from services.assessment.errors import (
    AlreadyInForce,
    OlderDraft,
    SchemeNotInForce,
    SecondPersonPublishes,
    TakesEffectNextPeriod,
    VersionsOverlap,
    WrongBounds,
)
from services.assessment.indicators.schemas import Direction
from services.assessment.periods import parse_period
from services.assessment.schemes.explaining import meaning_of_discount, meaning_of_item
from services.assessment.schemes.rules import (
    Stretch,
    Version,
    area_type_of,
    bounds_for,
    check_item,
    check_publication,
    steps_of,
    stretches,
)
from services.assessment.schemes.schemas import DeclareScheme, QualityItem, SchemeItem
from tests.assessment.samples import make_item, make_scheme

STEPS = [{"at": "50", "points": "10"}, {"at": "80", "points": "30"}, {"at": "95", "points": "40"}]
URBAN = {"code": "urban", "name": {"zh": "城区", "en": "Urban"}, "areas": ["420325100"]}
RURAL = {"code": "rural", "name": {"zh": "乡村", "en": "Rural"}, "areas": ["420325"]}


def quality(**overrides: Any) -> dict[str, Any]:
    return {"indicator": "q", "target": "95", "floor": "75", "most": "10"} | overrides


def declare(*items: dict[str, Any], **overrides: Any) -> DeclareScheme:
    return DeclareScheme.model_validate(make_scheme(*items, **overrides))


@pytest.mark.parametrize(
    "steps",
    [
        [STEPS[0], STEPS[2], STEPS[1]],
        [STEPS[1], STEPS[2]],
        [STEPS[0], STEPS[1]],
        [STEPS[0], {"at": "80", "points": "10"}, STEPS[2]],
        [STEPS[0], {"at": "95", "points": "39"}],
        [{"at": "50", "points": -1}, STEPS[2]],
        [{"at": "50", "points": 10.5}, STEPS[2]],
        [*STEPS, *([STEPS[1]] * 8)],
    ],
)
def test_steps_lead_from_the_floor_to_the_whole_weight(steps: list[dict[str, Any]]) -> None:
    with pytest.raises(ValidationError):
        SchemeItem.model_validate(make_item("a", 40, curve="step", steps=steps))


def test_steps_run_downwards_where_lower_is_better() -> None:
    steps = [{"at": "30", "points": "5"}, {"at": "10", "points": "40"}]
    item = SchemeItem.model_validate(
        make_item("a", 40, target="10", floor="30", curve="step", steps=steps)
    )
    assert steps_of(item) == item.steps
    with pytest.raises(ValidationError):
        SchemeItem.model_validate(make_item("a", 40, target="10", floor="30", steps=steps))


@pytest.mark.parametrize(
    ("overrides", "why"),
    [
        ({"area_types": [URBAN | {"areas": []}]}, "no areas"),
        ({"area_types": [URBAN, URBAN | {"code": "other"}]}, "of two types"),
        ({"area_types": [URBAN, URBAN | {"areas": ["420325101"]}]}, "declared twice"),
        ({"area_types": [URBAN | {"areas": ["42"]}]}, "areas"),
        ({"area_types": [URBAN | {"areas": ["420325100", "420325100"]}]}, "of two types"),
        ({"quality": [quality(), quality()]}, "named twice"),
        ({"quality": [quality(indicator="a")]}, "named twice"),
        ({"quality": [quality(most="31")]}, "most"),
        ({"quality": [quality(indicator=f"q{n}", most="20") for n in range(3)]}, "50 %"),
        (
            {"quality": [quality(steps=[{"at": "75", "points": 0}, {"at": "95", "points": 1}])]},
            "no steps",
        ),
        ({"quality": [quality(target="75")]}, "the same"),
    ],
)
def test_a_scheme_that_does_not_hold_together(overrides: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        declare(make_item("a", 100), **overrides)


def test_bounds_of_a_type_that_is_not_declared() -> None:
    own = [{"area_type": "rural", "target": "80", "floor": "40"}]
    item = make_item("a", 100, by_area_type=own)
    with pytest.raises(ValidationError, match="not declared"):
        declare(item, area_types=[URBAN])
    assert declare(item, area_types=[URBAN, RURAL])
    with pytest.raises(ValidationError, match="named twice"):
        declare(make_item("a", 100, by_area_type=own * 2), area_types=[RURAL])


def test_bounds_of_a_type_follow_the_direction_too() -> None:
    own = {"area_type": "rural", "target": "40", "floor": "80"}
    item = SchemeItem.model_validate(make_item("a", by_area_type=[own]))
    with pytest.raises(WrongBounds):
        check_item(item, True, Direction.HIGHER)
    with pytest.raises(WrongBounds):
        check_item(QualityItem.model_validate(quality()), True, Direction.LOWER)


def test_an_area_is_of_the_closest_type_around_it() -> None:
    types = declare(make_item("a", 100), area_types=[URBAN, RURAL]).area_types
    assert area_type_of("420325100003", types) == "urban"
    assert area_type_of("420325101", types) == area_type_of("420325", types) == "rural"
    assert area_type_of("420381", types) is None
    own = [{"area_type": "rural", "target": "80", "floor": "40"}]
    item = SchemeItem.model_validate(make_item("a", by_area_type=own))
    rural, urban = bounds_for(item, "rural"), bounds_for(item, "urban")
    assert [rural.target, rural.floor, rural.weight] == [80, 40, 100]
    assert [urban.target, urban.floor] == [95, 50]
    assert rural.by_area_type == urban.by_area_type == []


def version(number: int, valid_from: date, **overrides: Any) -> Version:
    values: dict[str, Any] = {"splits_periods": False, "drafted_by": "clerk-1", "published": True}
    return Version(number, valid_from, **values | overrides)


JANUARY, NOVEMBER, DECEMBER = date(2026, 1, 1), date(2026, 11, 1), date(2026, 12, 1)
TODAY = date(2026, 11, 21)


@pytest.mark.parametrize(
    ("versions", "by", "problem"),
    [
        ([version(1, JANUARY, published=False)], "clerk-1", SecondPersonPublishes),
        ([version(1, JANUARY)], "head-1", AlreadyInForce),
        ([version(1, JANUARY, published=False), version(2, JANUARY)], "head-1", OlderDraft),
        (
            [version(1, NOVEMBER, published=False), version(0, JANUARY)],
            "head-1",
            TakesEffectNextPeriod,
        ),
        ([version(1, DECEMBER, published=False), version(0, DECEMBER)], "head-1", VersionsOverlap),
    ],
)
def test_a_draft_that_cannot_be_put_in_force(
    versions: list[Version], by: str, problem: type[Exception]
) -> None:
    with pytest.raises(problem):
        check_publication(1, versions, by, TODAY)


def test_a_draft_is_put_in_force_by_a_second_person() -> None:
    check_publication(1, [version(1, JANUARY, published=False)], "head-1", TODAY)
    check_publication(
        2, [version(1, JANUARY), version(2, DECEMBER, published=False)], "head-1", TODAY
    )


def test_which_version_judges_which_days() -> None:
    first = version(1, JANUARY)
    quarter = parse_period("2026-Q4")
    whole = Stretch(1, quarter.start, quarter.end)
    assert stretches(quarter, [first]) == [whole]
    assert whole.days == 92
    later = version(2, DECEMBER)
    assert stretches(quarter, [first, later]) == [whole]  # it keeps the one it began with
    draft = version(3, DECEMBER, splits_periods=True, published=False)
    assert stretches(quarter, [first, draft]) == [whole]
    splitting = version(2, DECEMBER, splits_periods=True)
    assert stretches(quarter, [first, splitting]) == [
        Stretch(1, quarter.start, date(2026, 11, 30)),
        Stretch(2, DECEMBER, quarter.end),
    ]
    december = parse_period("2026-12")
    assert stretches(december, [first, splitting]) == [Stretch(2, DECEMBER, december.end)]
    with pytest.raises(SchemeNotInForce):
        stretches(parse_period("2025-12"), [first, splitting])


def test_the_parts_of_a_period_are_its_days_once() -> None:
    year = parse_period("2026")
    versions = [version(1, date(2025, 1, 1))] + [
        version(n, date(2026, n, 1), splits_periods=n % 3 != 0) for n in range(2, 13)
    ]
    parts = stretches(year, versions)
    assert sum(part.days for part in parts) == 365
    assert all((b.start - a.end).days == 1 for a, b in pairwise(parts))


def test_curves_in_words() -> None:
    linear = meaning_of_item(SchemeItem.model_validate(make_item("a", 40, bonus="0.50", cap="42")))
    assert linear.en == (
        "95 or better earns 40 points, 50 or worse none, in proportion between;"
        " 0.5 more for each 1 beyond the target, 42 at most"
    )
    assert linear.zh.startswith("达到95得40分,50及更差不得分")
    steps = meaning_of_item(
        SchemeItem.model_validate(make_item("a", 40, curve="step", steps=STEPS))
    )
    assert (
        steps.en == "in steps: 10 points from 50, 30 points from 80, 40 points from 95,"
        " none where worse"
    )
    assert meaning_of_discount(QualityItem.model_validate(quality())).en == (
        "discount for the quality of the data: nothing at 95 or better, 10 % of the score at 75"
        " or worse, in proportion between"
    )
