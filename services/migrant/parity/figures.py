"""Equal-service figures as a table (CSV) and as a picture (SVG), in the reader's language. Pure."""

from collections.abc import Sequence
from typing import Final

from services.migrant.parity.schemas import (
    BudgetParityView,
    EqualServiceView,
    HeadingFigures,
    ServedView,
)
from shared.drawing import FAINT, GRID, PALETTE, Drawing
from shared.problems import Text
from shared.sheets import BOM, csv_lines
from shared.suppression import SMALLEST

WIDTH: Final = 760
_TOP, _ROW, _BAR, _LEFT, _FOOT = 96, 44, 15, 190, 70

_USUAL: Final = Text("本地居民", "locals")
_MIGRANT: Final = Text("流动人口", "migrants")
_KINDS: Final = (("usual", _USUAL, PALETTE[0]), ("migrant", _MIGRANT, PALETTE[1]))
_SMALL: Final = Text(
    f"·:少于 {SMALLEST} 人,不公布;人数取整到 5",
    f"·: under {SMALLEST} people, not shown; rounded to 5",
)
_NO_BASE: Final = Text(
    "未录入人口数,显示服务人数", "no population entered: people served are shown"
)
_NOTHING: Final = Text("无可公布数据", "nothing to show")


def equal_service_csv(view: EqualServiceView, language: str) -> bytes:
    """A line a service, then one for referrals; a figure that is not shown is an empty cell."""
    service = Text("服务", "service").say(language)
    heads = [
        f"{kind.say(language)} {figure.say(language)}"
        for _, kind, _ in _KINDS
        for figure in (
            Text("人数", "people"),
            Text("人次", "deliveries"),
            Text("每千人", "per 1,000"),
        )
    ]
    rows = [
        [each.name, *_cells(each.usual), *_cells(each.migrant), _cell(each.ratio)]
        for each in view.services
    ]
    answers = [
        [
            Text("转介答复", "referrals answered").say(language),
            *(
                _cell(value)
                for kind in (view.referrals.usual, view.referrals.migrant)
                for value in (kind.answered, kind.median_days, kind.in_time_percent)
            ),
        ]
    ]
    medians = [
        "",
        *(
            f"{kind.say(language)} {figure.say(language)}"
            for _, kind, _ in _KINDS
            for figure in (
                Text("件数", "referrals"),
                Text("中位天数", "median days"),
                Text("按时%", "in time %"),
            )
        ),
    ]
    first = [service, *heads, Text("比值", "ratio").say(language)]
    return BOM + csv_lines([first, *rows, medians, *answers])


def budget_csv(view: BudgetParityView, language: str) -> bytes:
    """A line a heading; amounts in fen."""
    first = [
        Text("科目", "heading").say(language),
        *(
            f"{kind.say(language)} {figure.say(language)}"
            for _, kind, _ in _KINDS
            for figure in (
                Text("金额(分)", "amount (fen)"),
                Text("人均(分)", "a head (fen)"),
                Text("依据", "source"),
            )
        ),
        Text("比值", "ratio").say(language),
    ]
    return BOM + csv_lines([first, *(_budget_row(each) for each in (*view.headings, view.total))])


def equal_service_chart(view: EqualServiceView, language: str) -> str:
    """Two bars a service: locals above migrants, per 1,000 people where the numbers are known."""
    known = view.bases.usual is not None and view.bases.migrant is not None
    measure = (Text("每千人服务人数", "people served per 1,000") if known else _NO_BASE).say(
        language
    )
    title = Text("均等服务", "Equal service").say(language)
    rows = [
        (each.name, [each.usual.per_1000, each.migrant.per_1000])
        if known
        else (each.name, [each.usual.people, each.migrant.people])
        for each in view.services
    ]
    return _bars(f"{title} {view.region} {view.period}", measure, rows, language)


def budget_chart(view: BudgetParityView, language: str) -> str:
    """Two bars a heading: yuan a head for locals and for migrants."""
    title = Text("人均经费", "Spent a head").say(language)
    rows = [
        (each.heading, [_yuan(each.usual.per_head_fen), _yuan(each.migrant.per_head_fen)])
        for each in (*view.headings, view.total)
    ]
    yuan = Text("元/人", "yuan a head").say(language)
    return _bars(f"{title} {view.area} {view.year}", yuan, rows, language)


def _bars(
    title: str,
    measure: str,
    rows: Sequence[tuple[str, Sequence[float | None]]],
    language: str,
) -> str:
    height = _TOP + max(len(rows), 1) * _ROW + _FOOT
    drawing = Drawing(WIDTH, height, title, measure)
    drawing.text(24, 30, title, size=18, bold=True)
    drawing.text(24, 50, measure, fill=FAINT)
    drawing.line([(24, 58), (WIDTH - 24, 58)], stroke=GRID)
    for number, (_, kind, colour) in enumerate(_KINDS):
        drawing.rect(_LEFT + number * 130, 68, 12, 12, fill=colour)
        drawing.text(_LEFT + 18 + number * 130, 78, kind.say(language), size=11)
    largest = max((value for _, pair in rows for value in pair if value), default=1.0)
    for number, (name, pair) in enumerate(rows):
        _pair(drawing, _TOP + number * _ROW, name, pair, largest)
    if not rows:
        drawing.text(WIDTH / 2, _TOP + 20, _NOTHING.say(language), anchor="middle")
    drawing.text(24, height - 20, _SMALL.say(language), size=10, fill=FAINT)
    return drawing.svg()


def _pair(
    drawing: Drawing, y: float, name: str, pair: Sequence[float | None], largest: float
) -> None:
    drawing.text(_LEFT - 10, y + 20, name, anchor="end")
    for place, (value, (_, _, colour)) in enumerate(zip(pair, _KINDS, strict=True)):
        top = y + place * (_BAR + 2)
        if value is None:
            drawing.text(_LEFT + 6, top + 12, "·", fill=FAINT)
            continue
        length = (WIDTH - _LEFT - 90) * value / largest
        drawing.rect(_LEFT, top, length, _BAR, fill=colour, hint=f"{name}: {value:g}")
        drawing.text(_LEFT + length + 6, top + 12, f"{value:g}", size=11)


def _cells(served: ServedView) -> list[str]:
    return [_cell(each) for each in (served.people, served.deliveries, served.per_1000)]


def _cell(value: float | None) -> str:
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _budget_row(each: HeadingFigures) -> list[str]:
    cells = [
        cell
        for spent in (each.usual, each.migrant)
        for cell in (_cell(spent.amount_fen), _cell(spent.per_head_fen), spent.source or "")
    ]
    return [each.heading, *cells, _cell(each.ratio)]


def _yuan(fen: int | None) -> float | None:
    return None if fen is None else fen / 100
