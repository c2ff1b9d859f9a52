"""What may be declared, what a value is, how it reads."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from services.assessment.errors import NeverHeld, NeverScored, UnknownKind
from services.assessment.facts.schemas import Cell
from services.assessment.indicators.handlers import standard_indicators
from services.assessment.indicators.rules import (
    check_declaration,
    evaluate,
    is_applicable,
)
from services.assessment.indicators.schemas import DeclareIndicator, Status
from services.assessment.indicators.wording import explanation_of, formula_of, source_events
from services.assessment.periods import PeriodKind, parse_period
from tests.assessment.samples import make_share


def declare(**overrides: Any) -> DeclareIndicator:
    return DeclareIndicator.model_validate(make_share(**overrides))


def described(**overrides: Any) -> DeclareIndicator:
    return declare(
        **{"form": "count", "scored": False, "numerator": None, "denominator": None} | overrides
    )


def cell(outcome: str, n: int, kind: str = "inquiry_answer", sum_measure: int = 0) -> Cell:
    return Cell(kind, outcome, None, n, n if sum_measure else 0, sum_measure)


def test_the_standard_set_may_all_be_declared() -> None:
    standard = standard_indicators()
    assert len({each.code for each in standard}) == len(standard) >= 10
    for each in standard:
        check_declaration(each)
        assert formula_of(each).zh and explanation_of(each).en and source_events(each)


NEVER = [
    ("contraceptive-rate", "避孕率"),
    ("long-acting", "长效措施落实率"),
    ("pregnancy-checks", "孕检率"),
    ("pregnancy-rounds", "三查到位率"),
    ("fee-collection", "社会抚养费征收率"),
    ("birth-rate", "出生率"),
    ("births", "出生人数"),
    ("population-growth", "自然增长率"),
    ("policy-compliant-births", "政策内生育率"),
    ("sex-ratio", "出生人口性别比"),
    ("certificates-issued", "婚育证明办证率"),
    ("certificate-inspection", "查验率"),
    ("sterilisation", "结扎落实率"),
    ("birth-quota", "生育指标完成率"),
    ("petition-count", "信访量"),
]


@pytest.mark.parametrize(("code", "zh"), NEVER)
def test_the_describe_never_score_list_is_refused(code: str, zh: str) -> None:
    """Inventory §9, by its English code and by its Chinese name alike; the problem says why."""
    for overrides in (
        {"code": code},
        {"name": {"zh": zh, "en": "An indicator"}},
        {"numerator": {"kinds": ["inquiry_answer"], "outcomes": [code]}},
    ):
        with pytest.raises(NeverScored) as refused:
            check_declaration(declare(**overrides))
        assert refused.value.detail is not None
        assert refused.value.detail.zh != refused.value.detail.en


@pytest.mark.parametrize("code", ["contraceptive-rate", "pregnancy-checks", "fee-collection"])
def test_what_is_not_held_cannot_even_be_described(code: str) -> None:
    with pytest.raises(NeverHeld):
        check_declaration(described(code=code, of={"kinds": ["message"]}))


@pytest.mark.parametrize("kind", ["certificate_checked", "migrant_arrived", "record_corrected"])
def test_such_counts_may_be_described_and_not_scored(kind: str) -> None:
    check_declaration(described(of={"kinds": [kind]}))
    with pytest.raises(NeverScored):
        check_declaration(described(of={"kinds": [kind]}, scored=True))
    with pytest.raises(NeverScored):
        check_declaration(declare(numerator={"kinds": [kind]}))


def test_requests_for_help_are_a_base_and_never_a_target() -> None:
    settled = {"kinds": ["help_settled"], "outcomes": ["in_time"]}
    asked = {"kinds": ["help_requested"]}
    check_declaration(declare(numerator=settled, denominator=asked))
    with pytest.raises(NeverScored):
        check_declaration(declare(numerator=asked, denominator=asked))


@pytest.mark.parametrize(
    ("numerator", "denominator"),
    [
        (["birth_registered"], ["migrant_arrived"]),
        (["birth_registered"], ["birth_registered"]),
        (["birth_registered", "death_registered"], ["birth_registered"]),
        (["service_delivered"], ["birth_registered"]),
    ],
)
def test_births_are_only_compared_with_themselves(
    numerator: list[str], denominator: list[str]
) -> None:
    """Their timeliness is the office's work; their number against anything is a birth rate."""
    with pytest.raises(NeverScored):
        check_declaration(
            declare(numerator={"kinds": numerator}, denominator={"kinds": denominator})
        )


def test_a_count_is_never_scored() -> None:
    with pytest.raises(NeverScored):
        check_declaration(described(of={"kinds": ["message"]}, scored=True))


@pytest.mark.parametrize(
    "numerator", [{"kinds": ["souls_saved"]}, {"kinds": ["message"], "outcomes": ["in_time"]}]
)
def test_unknown_kinds_and_outcomes(numerator: dict[str, Any]) -> None:
    with pytest.raises(UnknownKind):
        check_declaration(declare(numerator=numerator))


@pytest.mark.parametrize(
    "overrides",
    [
        {"form": "mean"},
        {"denominator": None},
        {"of": {"kinds": ["message"]}},
        {"minimum_cases": 9},
        {"person_id": "x"},
        {"level": "person"},
        {"periods": []},
        {"numerator": {"kinds": []}},
    ],
)
def test_a_declaration_is_whole(overrides: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        declare(**overrides)


def test_a_share_is_exact_and_rounded_half_up() -> None:
    value = evaluate(declare(), [cell("in_time", 1), cell("late", 15)])
    assert (value.status, value.value) == (Status.OK, Decimal("6.25"))
    value = evaluate(declare(), [cell("in_time", 1), cell("late", 799)])
    assert value.value == Decimal("0.13")  # 0.125


def test_nothing_to_divide_by_is_no_cases() -> None:
    value = evaluate(declare(), [])
    assert (value.status, value.value) == (Status.NO_CASES, None)


@pytest.mark.parametrize(("n", "status"), [(9, Status.TOO_FEW_CASES), (10, Status.OK)])
def test_under_ten_cases_there_is_no_value(n: int, status: Status) -> None:
    assert evaluate(declare(), [cell("in_time", n)]).status == status


def test_a_mean_divides_by_what_was_measured() -> None:
    mean = declare(
        form="mean", numerator=None, denominator=None, of={"kinds": ["birth_registered"]}
    )
    cells = [
        cell("later", 4, "birth_registered", 160),
        cell("within_30_days", 11, "birth_registered", 40),
        cell("within_30_days", 500, "birth_registered"),  # without a measure
    ]
    assert evaluate(mean, cells).value == Decimal("13.33")  # 200 ÷ 15


@pytest.mark.parametrize(
    ("level", "area", "office", "applicable"),
    [
        ("county", "420325", None, True),
        ("county", "420325100", None, False),
        ("township", "420325100", None, True),
        ("township", "420325100001", None, False),
        ("community", "420325100001", None, True),
        ("community", "420325", "wages", False),
        ("office", "420325", "wages", True),
    ],
)
def test_levels(level: str, area: str, office: str | None, applicable: bool) -> None:
    definition = declare(level=level, periods=["month", "year"])
    assert is_applicable(definition, area, office, PeriodKind.MONTH) is applicable
    assert not is_applicable(definition, area, office, PeriodKind.QUARTER)


def test_words_and_formula() -> None:
    formula = formula_of(declare())
    assert formula.zh == "协查答复(按时) ÷ 协查答复 × 100%"
    assert formula.en == (
        "inquiries answered or overdue [in_time] ÷ inquiries answered or overdue × 100 %"
    )
    said = explanation_of(declare(seen_by="other", direction="lower", minimum_cases=20))
    assert "对方所见" in said.zh and "越低越好" in said.zh and "少于20例" in said.zh
    assert "lower is better" in said.en and "the other side" in said.en


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2026-11", date(2026, 11, 1), date(2026, 11, 30)),
        ("2026-12", date(2026, 12, 1), date(2026, 12, 31)),
        ("2028-02", date(2028, 2, 1), date(2028, 2, 29)),
        ("2026-Q1", date(2026, 1, 1), date(2026, 3, 31)),
        ("2026-Q4", date(2026, 10, 1), date(2026, 12, 31)),
        ("2026-H2", date(2026, 7, 1), date(2026, 12, 31)),
        ("2026", date(2026, 1, 1), date(2026, 12, 31)),
    ],
)
def test_periods(text: str, start: date, end: date) -> None:
    period = parse_period(text)
    assert (period.start, period.end) == (start, end)


@pytest.mark.parametrize("text", ["2026-13", "2026-Q5", "2026-H3", "26-11", "2026-1", "", "1999"])
def test_no_period(text: str) -> None:
    with pytest.raises(ValueError, match=" / "):
        parse_period(text)
