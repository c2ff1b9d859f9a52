"""What a card says beside its score, and the pictures of it."""

import xml.etree.ElementTree as ElementTree
from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from services.assessment.errors import WrongSpan
from services.assessment.fields import Words
from services.assessment.indicators.schemas import Level, Status
from services.assessment.output import charts
from services.assessment.output.paper import paper_of
from services.assessment.output.rules import (
    Score,
    asked_span,
    judged_weight,
    lost,
    newest_version,
    ranked,
    span,
)
from services.assessment.output.schemas import (
    CardLine,
    CardVeto,
    CardView,
    ComparedArea,
    ComparisonView,
    Tongue,
    TrendPoint,
    TrendView,
    TwoSides,
)
from services.assessment.output.sheets import card_workbook
from services.assessment.scorecards.models import ScorecardStatus
from services.assessment.scorecards.schemas import Ground
from shared.ids import new_id
from shared.printing import pdf_of

PERCENT = Words(zh="%", en="%")
TEMPLATE = Path(charts.__file__).with_name("card.typ")


def make_line(number: int, weight: str, points: str | None, **overrides: Any) -> CardLine:
    line = CardLine(
        indicator=f"indicator-{number}",
        name=Words(zh=f"第{number}项按时办结率", en=f"Item {number} settled in time"),
        explanation=Words(zh="越高越好", en="higher is better"),
        formula=Words(zh="按时 ÷ 全部 × 100%", en="in time ÷ all × 100 %"),
        unit=PERCENT,
        status=Status.OK if points else Status.TOO_FEW_CASES,
        value=Decimal("92.30") if points else None,
        numerator=923 if points else None,
        denominator=1000 if points else None,
        target=Decimal(95),
        floor=Decimal(50),
        weight=Decimal(weight),
        points=Decimal(points) if points else None,
        lost=None,
    )
    return line.model_copy(update=overrides)


def make_card(*lines: CardLine, **overrides: Any) -> CardView:
    judged = judged_weight((line.weight, line.points) for line in lines)
    earned = sum((line.points for line in lines if line.points is not None), Decimal(0))
    card = CardView(
        id=new_id(),
        scheme="county-2026",
        scheme_name=Words(zh="县级考核方案", en="County scheme"),
        scheme_version=2,
        edition=1,
        period="2026-10",
        starts_on=date(2026, 10, 1),
        ends_on=date(2026, 10, 31),
        area="420325100",
        office=None,
        observer="420325",
        status=ScorecardStatus.PUBLISHED,
        score=(earned * 100 / judged).quantize(Decimal("0.01")) if judged else None,
        judged_weight=judged,
        lines=[
            line.model_copy(update={"lost": lost(line.weight, line.points, judged)})
            for line in lines
        ],
        vetoes=[],
        two_sides=[],
        computed_at=datetime(2026, 11, 1, tzinfo=UTC),
        published_at=datetime(2026, 11, 2, tzinfo=UTC),
        appeal_until=date(2026, 11, 17),
    )
    return card.model_copy(update=overrides)


def texts(svg: str) -> list[str]:
    root = ElementTree.fromstring(svg)
    return [each.text or "" for each in root.iter("{http://www.w3.org/2000/svg}text")]


def test_what_was_lost_adds_up_to_the_score() -> None:
    """60 and 20 of weight judged, 20 not: (15 + 0) lost of 80 is 18.75 of 100; score 81.25."""
    card = make_card(make_line(1, "60", "45"), make_line(2, "20", None), make_line(3, "20", "20"))
    assert [line.lost for line in card.lines] == [Decimal("18.75"), None, Decimal("0.00")]
    assert card.judged_weight == 80
    assert card.score == Decimal("81.25") == 100 - Decimal("18.75")


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        ("2026-11", "2027-02", ["2026-11", "2026-12", "2027-01", "2027-02"]),
        ("2026-Q3", "2027-Q1", ["2026-Q3", "2026-Q4", "2027-Q1"]),
        ("2026-H2", "2027-H1", ["2026-H2", "2027-H1"]),
        ("2025", "2026", ["2025", "2026"]),
        ("2026-05", "2026-05", ["2026-05"]),
    ],
)
def test_a_span_walks_the_calendar(first: str, last: str, expected: list[str]) -> None:
    assert [each.text for each in span(first, last)] == expected


@pytest.mark.parametrize(
    ("first", "last"), [("2026-11", "2026-10"), ("2026-01", "2026-Q4"), ("2020-01", "2026-01")]
)
def test_no_other_span(first: str, last: str) -> None:
    with pytest.raises(WrongSpan):
        span(first, last)


@pytest.mark.parametrize(
    ("first", "last", "ends"),
    [
        (None, None, ("2025-11", "2026-10")),
        ("2026-05", None, ("2026-05", "2026-10")),
        (None, "2026-Q2", ("2023-Q3", "2026-Q2")),
        ("2020", None, ("2020", "2025")),
    ],
)
def test_a_trend_ends_with_what_has_ended(
    first: str | None, last: str | None, ends: tuple[str, str]
) -> None:
    periods = asked_span(first, last, date(2026, 11, 22))
    assert (periods[0].text, periods[-1].text) == ends


def score(area: str, points: str, judged: str = "100", version: int = 1) -> Score:
    return Score(area, "", version, Decimal(points), Decimal(judged))


def test_places_are_only_for_those_asked_the_same() -> None:
    scores = [score("b", "90"), score("a", "90"), score("c", "95"), score("d", "99", "79.99")]
    placed = [(each.area, place) for each, place in ranked(scores, 80)]
    assert placed == [("c", 1), ("a", 2), ("b", 2), ("d", None)]
    assert [place for _, place in ranked(scores[:1], 80)] == [None]
    assert ranked([score("e", "80"), *scores], 80)[3][1] == 4


def test_cards_of_an_older_scheme_are_not_compared() -> None:
    assert newest_version([score("a", "90"), score("b", "80", version=2)])[0].area == "b"


@pytest.mark.parametrize("tongue", list(Tongue))
def test_the_losses_are_drawn_most_first_in_one_language(tongue: Tongue) -> None:
    bonus = make_line(3, "20", "24")
    card = make_card(make_line(1, "40", "36"), make_line(2, "40", "30"), bonus)
    said = texts(charts.losses_chart(card, tongue))
    figures = [each for each in said if each[0] in "−+"]
    assert figures == ["−10", "−4", "+4"]
    assert "90" in said and "100" in said
    chinese = any("\u4e00" <= each <= "\u9fff" for text in said for each in text)
    assert chinese == (tongue == Tongue.ZH)


def test_many_indicators_are_summed_up_and_nothing_is_lost_on_the_way() -> None:
    card = make_card(*(make_line(n, "2.5", "2" if n % 3 else "1") for n in range(40)))
    said = texts(charts.losses_chart(card, Tongue.EN))
    assert "31 others together" in said
    drawn = sum(Decimal(each.replace("−", "-")) for each in said if each.startswith("−"))
    assert card.score is not None and drawn == card.score - 100


def test_pictures_tell_things_apart_without_colour() -> None:
    card = make_card(make_line(1, "60", "50"), make_line(2, "40", "41"))
    svg = charts.losses_chart(card, Tongue.ZH)
    assert "url(#taken)" in svg and "url(#given)" in svg
    svg = charts.comparison_chart(comparison(), Tongue.ZH)
    assert svg.count("url(#others)") == 2
    assert "▶ 2. 420325101" in texts(svg)


def comparison(**overrides: Any) -> ComparisonView:
    areas = [
        ComparedArea(
            area=f"42032510{n}",
            office=None,
            score=Decimal(90 - n),
            judged_weight=Decimal(100 if n < 2 else 40),
            place=n + 1 if n < 2 else None,
            own=n == 1,
        )
        for n in range(3)
    ]
    view = ComparisonView(
        scheme_name=Words(zh="县级考核方案", en="County scheme"),
        scheme_version=1,
        period="2026-10",
        level=Level.TOWNSHIP,
        least_judged_weight=80,
        areas=areas,
    )
    return view.model_copy(update=overrides)


@pytest.mark.parametrize("tongue", list(Tongue))
def test_a_picture_fits_a_phone(tongue: Tongue) -> None:
    """480 units wide, no type under 11: on a screen of 360 points still more than 8."""
    long = make_line(1, "100", "80", name=Words(zh="很长的名称" * 24, en="long words " * 10))
    for svg in (
        charts.losses_chart(make_card(long), tongue),
        charts.trend_chart(trend(), tongue),
        charts.comparison_chart(comparison(), tongue),
    ):
        root = ElementTree.fromstring(svg)
        assert root.get("width") == "480" and "Noto Sans SC" in (root.get("font-family") or "")
        for text in root.iter("{http://www.w3.org/2000/svg}text"):
            size, length = float(text.get("font-size", "0")), len(text.text or "")
            assert size >= 11
            wide = sum(1 if c > "\u2e7f" else 0.58 for c in text.text or "") * size
            assert wide <= 480, (length, text.text)


def trend(*values: str | None) -> TrendView:
    return TrendView(
        area="420325",
        office=None,
        indicator="help-settled-in-time",
        scheme=None,
        name=Words(zh="求助按时办结率", en="Help settled in time"),
        unit=PERCENT,
        target=Decimal(95),
        points=[
            TrendPoint(
                period=f"2026-{n:02}", value=Decimal(each) if each else None, scorecard_id=None
            )
            for n, each in enumerate(values or ("88", "90.5", None, "97"), start=1)
        ],
    )


def test_a_trend_breaks_where_nothing_was_published() -> None:
    root = ElementTree.fromstring(charts.trend_chart(trend(), Tongue.ZH))
    lines = [
        each.get("points", "").split()
        for each in root.iter("{http://www.w3.org/2000/svg}polyline")
        if each.get("stroke-width") == "2.5"
    ]
    assert [len(each) for each in lines] == [2, 1]
    said = texts(charts.trend_chart(trend(), Tongue.ZH))
    assert {"88", "90.5", "97", "目标 95", "2026-01", "2026-04"} <= set(said)


@pytest.mark.parametrize("value", ["0", "100", "0.01", "1234567"])
def test_one_point_alone_can_be_drawn(value: str) -> None:
    view = trend(value).model_copy(update={"target": None})
    said = texts(charts.trend_chart(view, Tongue.EN))
    assert value in said


def test_nothing_published_is_said_in_the_picture() -> None:
    assert "nothing published" in texts(charts.trend_chart(trend(None, None), Tongue.EN))
    empty = charts.comparison_chart(comparison(areas=[]), Tongue.ZH)
    assert "没有已公布的成绩" in texts(empty)


@pytest.mark.parametrize("tongue", list(Tongue))
@pytest.mark.parametrize("count", [1, 8, 20, 40])
async def test_the_printed_card_is_one_page(count: int, tongue: Tongue) -> None:
    weight = str(Decimal(100) / count)
    card = make_card(*(make_line(n, weight, weight if n % 2 else "0.5") for n in range(count)))
    pdf = await pdf_of(TEMPLATE, paper_of(card, tongue))
    assert pdf.count(b"/Type/Page") - pdf.count(b"/Type/Pages") == 1


def test_the_paper_says_veto_quality_and_both_sides() -> None:
    line = make_line(1, "60", "50")
    sides = TwoSides(
        indicator=line.indicator,
        name=line.name,
        own=Decimal("98"),
        own_cases=120,
        other=Decimal("81.5"),
        other_cases=200,
        difference=Decimal("16.5"),
    )
    veto = CardVeto(id=new_id(), ground=Ground.PRIVACY_BREACH, period="2026-Q4")
    card = make_card(line, make_line(2, "40", None), vetoes=[veto], two_sides=[sides])
    paper = paper_of(card, Tongue.EN)
    assert paper["notes"] == [
        ("Held back by", "a breach of privacy (2026-Q4)"),
        ("How much could be judged", "60 / 100"),
        (
            "The two sides differ",
            "Item 1 settled in time: own count 98 (120), other side 81.5 (200)",
        ),
    ]
    rows = paper["rows"]
    assert isinstance(rows, list)
    assert rows[0][:6] == ("Item 1 settled in time", "92.3 %", "95", "923 / 1,000", "50 / 60",
                           "16.67")  # fmt: skip
    assert rows[1][1:4] == ("too few cases", "95", "under 10 / under 10")


def test_the_workbook_holds_numbers_and_no_hidden_figure() -> None:
    evil = make_line(1, "60", "50", name=Words(zh="=1+1", en="=1+1"))
    card = make_card(evil, make_line(2, "40", None))
    book = CalamineWorkbook.from_filelike(BytesIO(card_workbook(card, Tongue.EN)))
    assert book.sheet_names == ["Card", "Indicators", "Meanings"]
    heads, first, second = book.get_sheet_by_name("Indicators").to_python()[:3]
    assert first[:5] == ["=1+1", 92.3, "%", 923.0, 1000.0]
    assert second[heads.index("Numerator")] == "" and second[heads.index("Value")] == ""
    facts = {row[0]: row[1] for row in book.get_sheet_by_name("Card").to_python()}
    assert facts["Score"] == 83.33 and facts["Weight judged, of 100"] == 60
    meanings = book.get_sheet_by_name("Meanings").to_python()
    assert meanings[1][1] == "in time ÷ all × 100 %"
