"""Scorecards as pictures, read on a phone as well as on a wall. Pure.

Nothing is said by colour alone: losses are hatched and carry a minus, one's own bar is solid and
marked, a target is a line with its name.
"""

from collections.abc import Callable
from decimal import Decimal
from math import ceil, floor
from typing import Final

from services.assessment.fields import Words
from services.assessment.indicators.schemas import Level
from services.assessment.output.schemas import (
    CardLine,
    CardView,
    ComparedArea,
    ComparisonView,
    Tongue,
    TrendView,
)
from services.assessment.schemes.explaining import plain
from shared.drawing import FAINT, GRID, INK, PALETTE, Drawing

WIDTH: Final = 480  # of a phone held upright, in units that keep 13 units of type readable
_EDGE, _TOP, _FOOT = 16.0, 76.0, 34.0
_ROW, _BAR = 44.0, 14.0
_LONGEST = WIDTH - 2 * _EDGE - 62  # a bar; its figure stands behind it
_MOST: Final = 9  # bars of their own; what took less goes together into one
_BLUE, _RED = PALETTE[0], PALETTE[5]
_LEVELS: Final = {
    Level.COUNTY: Words(zh="县", en="counties"),
    Level.TOWNSHIP: Words(zh="乡镇街道", en="townships"),
    Level.COMMUNITY: Words(zh="社区", en="communities"),
    Level.OFFICE: Words(zh="科室", en="offices"),
}

_Step = tuple[str, str, Decimal]  # name, value beside its target, points lost


def say(words: Words, tongue: Tongue) -> str:
    return words.zh if tongue == Tongue.ZH else words.en


def losses_chart(card: CardView, tongue: Tongue) -> str:
    """From a full score of 100 down to the card's: what each indicator took away, most first, and
    what a bonus gave back (瀑布图)."""
    steps = _steps(card, tongue)
    drawing = _sheet(
        _either(tongue, "失分与加分", "What pulled the score down, and up"),
        _either(
            tongue,
            f"{subject(card)} {card.period},满分100分,单位:分",
            f"{subject(card)} {card.period}, in points; a full score is 100",
        ),
        _TOP + (len(steps) + 2) * _ROW + _FOOT,
    )
    reach = _reach(steps)
    y = _whole(drawing, _TOP, Decimal(100), reach, _either(tongue, "满分", "Full score"))
    at = Decimal(100)
    taken, given = drawing.hatch("taken", _RED), drawing.hatch("given", PALETTE[2], 135)
    for name, right_text, step in steps:
        _label(drawing, y, name, right_text)
        left, right = min(at, at - step), max(at, at - step)
        x = _EDGE + _scaled(left, reach)
        width = max(_scaled(right, reach) - _scaled(left, reach), 1.5)
        drawing.rect(_EDGE, y + 20, _LONGEST, _BAR, fill="#f5f7fa")
        edge = _RED if step >= 0 else PALETTE[2]
        drawing.rect(x, y + 20, width, _BAR, fill=taken if step >= 0 else given, stroke=edge)
        _beside(drawing, x, width, y, _signed(-step))
        at -= step
        y += _ROW
    if card.score is not None:
        _whole(drawing, y, card.score, reach, _either(tongue, "得分", "Score"))
    _small_print(
        drawing,
        _either(
            tongue,
            f"按可评权重 {plain(card.judged_weight)}/100 折算",
            f"scaled to the {plain(card.judged_weight)} of 100 weight that could be judged",
        ),
    )
    return drawing.svg()


def trend_chart(view: TrendView, tongue: Tongue) -> str:
    """A line from period to period; it breaks where nothing was published."""
    area = called(view.area, view.area_name)
    place = f"{area} {view.office}" if view.office else area
    first, last = view.points[0].period, view.points[-1].period
    unit = say(view.unit, tongue)
    drawing = _sheet(
        say(view.name, tongue),
        _either(
            tongue, f"{place} {first} 至 {last},单位:{unit}", f"{place} {first} to {last}, {unit}"
        ),
        340,
    )
    values = [point.value for point in view.points if point.value is not None]
    if not values:
        return _empty(drawing, tongue)
    low, high, step = _axis([*values, *([view.target] if view.target is not None else [])])
    left, right, top, bottom = 56.0, WIDTH - 16.0, _TOP + 8, 270.0

    def height(value: Decimal | float) -> float:
        return bottom - (bottom - top) * (float(value) - low) / (high - low)

    for number in range(round((high - low) / step) + 1):
        value = low + number * step
        drawing.line([(left, height(value)), (right, height(value))], stroke=GRID)
        drawing.text(left - 8, height(value) + 4, f"{value:g}", anchor="end", fill=FAINT)
    drawing.text(left - 8, top - 14, unit, anchor="end", fill=FAINT)
    if view.target is not None:
        y = height(view.target)
        drawing.line([(left, y), (right, y)], stroke=INK, width=1.2)
        said = _either(tongue, "目标", "target")
        drawing.text(left + 2, y - 5, f"{said} {plain(view.target)}", size=12)
    _curve(drawing, view, left, right, height)
    _small_print(
        drawing,
        _either(
            tongue,
            "断开处:该期未公布或例数不足",
            "a gap: nothing published, or too few cases",
        ),
    )
    return drawing.svg()


def comparison_chart(view: ComparisonView, tongue: Tongue) -> str:
    """A bar an area, best first; one's own is solid and marked."""
    level = say(_LEVELS[view.level], tongue)
    drawing = _sheet(
        _either(tongue, f"同类{level}考核得分", f"Scores of comparable {level}"),
        f"{say(view.scheme_name, tongue)},{view.period}"
        if tongue == Tongue.ZH
        else f"{view.scheme_name.en}, {view.period}, in points",
        _TOP + max(len(view.areas), 1) * _ROW + _FOOT,
    )
    if not view.areas:
        return _empty(drawing, tongue)
    others = drawing.hatch("others", "#9aa5b1")
    reach = max([Decimal(100), *(each.score for each in view.areas)])
    y = _TOP
    for each in view.areas:
        _compared(drawing, each, y, others, reach, tongue)
        y += _ROW
    _small_print(
        drawing,
        _either(
            tongue,
            f"▶ 本单位;可评权重不足 {view.least_judged_weight} 的不排序",
            f"▶ your own; no place where under {view.least_judged_weight} of 100 was judged",
        ),
    )
    return drawing.svg()


def subject(card: CardView) -> str:
    """Whom a card judges: an area, by name where it is known, or an office in one."""
    area = called(card.area, card.area_name)
    return f"{area} {card.office}" if card.office else area


def called(area: str, name: str | None) -> str:
    """An area by its name and code."""
    return f"{name} {area}" if name else area


def _compared(
    drawing: Drawing, each: ComparedArea, y: float, others: str, reach: Decimal, tongue: Tongue
) -> None:
    area = called(each.area, each.area_name)
    name = f"{area} {each.office}" if each.office else area
    place = f"{each.place}. " if each.place is not None else "— "
    judged = (
        each.area_type or ""
        if each.place is not None
        else _either(
            tongue,
            f"可评 {plain(each.judged_weight)}/100",
            f"judged on {plain(each.judged_weight)}/100",
        )
    )
    _label(drawing, y, f"{'▶ ' if each.own else ''}{place}{name}", judged, bold=each.own)
    width = max(_scaled(each.score, reach), 1.5)
    fill, edge = (_BLUE, _BLUE) if each.own else (others, "#9aa5b1")
    drawing.rect(_EDGE, y + 20, width, _BAR, fill=fill, stroke=edge)
    _beside(drawing, _EDGE, width, y, plain(each.score))


def _curve(
    drawing: Drawing, view: TrendView, left: float, right: float, height: Callable[[Decimal], float]
) -> None:
    count = len(view.points)
    gap = (right - left - 40) / max(count - 1, 1)
    run: list[tuple[float, float]] = []
    told = _told(view)
    every = ceil(count / 6)
    for number, point in enumerate(view.points):
        x = left + 20 + number * gap
        if (count - 1 - number) % every == 0:
            drawing.text(x, 290, point.period, size=11, anchor="middle", fill=FAINT)
        if point.value is None:
            drawing.line(run, stroke=_BLUE, width=2.5)
            run = []
            continue
        y = height(point.value)
        run.append((x, y))
        drawing.circle(x, y, 4, fill=_BLUE, hint=f"{point.period}: {plain(point.value)}")
        if number in told:
            drawing.text(x, y - 10, plain(point.value), size=13, anchor="middle", bold=True)
    drawing.line(run, stroke=_BLUE, width=2.5)


def _told(view: TrendView) -> set[int]:
    """The points that carry a figure: all of a few, otherwise the first, last, lowest, highest."""
    there = [(each.value, n) for n, each in enumerate(view.points) if each.value is not None]
    if len(there) <= 6:
        return {number for _, number in there}
    return {there[0][1], there[-1][1], min(there)[1], max(there)[1]}


def _axis(values: list[Decimal]) -> tuple[float, float, float]:
    """The ends of an axis around some values, and the step between its lines."""
    least, most = float(min(values)), float(max(values))
    width = max(most - least, 1.0)
    step = next(
        each for each in (0.5, 1, 2, 5, 10, 20, 50, 100, 1e3, 1e4, 1e6, 1e9) if width / each <= 5
    )
    low, high = floor(least / step) * step, ceil(most / step) * step
    return low, high + step if high == low else high, step


def _steps(card: CardView, tongue: Tongue) -> list[_Step]:
    """Most lost first. A card of many indicators shows those that matter and sums up the rest."""
    lines = sorted(
        ((line.lost, line) for line in card.lines if line.lost is not None),
        key=lambda pair: (-abs(pair[0]), pair[1].indicator),
    )
    alone = lines if len(lines) <= _MOST + 1 else lines[:_MOST]
    rest = lines[len(alone) :]
    steps = [
        (say(line.name, tongue), _against_target(line, tongue), lost)
        for lost, line in sorted(alone, key=lambda pair: -pair[0])
    ]
    if rest:
        name = _either(tongue, f"其余{len(rest)}项合计", f"{len(rest)} others together")
        steps.append((name, "", sum((lost for lost, _ in rest), Decimal(0))))
    return steps


def _reach(steps: list[_Step]) -> Decimal:
    """The longest a bar may get: a full score, and the bonuses on it."""
    return Decimal(100) + sum((-lost for _, _, lost in steps if lost < 0), Decimal(0))


def _scaled(value: Decimal, reach: Decimal) -> float:
    return _LONGEST * float(value / reach)


def _whole(drawing: Drawing, y: float, value: Decimal, reach: Decimal, name: str) -> float:
    _label(drawing, y, name, "", bold=True)
    drawing.rect(_EDGE, y + 20, max(_scaled(value, reach), 1.5), _BAR, fill=_BLUE)
    _beside(drawing, _EDGE, _scaled(value, reach), y, plain(value))
    return y + _ROW


def _beside(drawing: Drawing, x: float, width: float, y: float, text: str) -> None:
    drawing.text(x + width + 5, y + 32, text, size=13, bold=True)


def _label(drawing: Drawing, y: float, name: str, right: str, *, bold: bool = False) -> None:
    room = WIDTH - 2 * _EDGE - _long(right, 12) - 8
    drawing.text(_EDGE, y + 14, _fitted(name, 13, room), size=13, bold=bold)
    if right:
        drawing.text(WIDTH - _EDGE, y + 14, right, size=12, anchor="end", fill=FAINT)


def _against_target(line: CardLine, tongue: Tongue) -> str:
    if line.value is None:
        return ""
    unit = say(line.unit, tongue)
    space = "" if unit == "%" or tongue == Tongue.ZH else " "
    said = _either(tongue, "目标", "target")
    return f"{plain(line.value)}{space}{unit} / {said} {plain(line.target)}"


def _long(text: str, size: float) -> float:
    """About how wide a text is: a Chinese character is a square, a Latin letter over half."""
    return sum(size if ord(each) > 0x2E7F else size * 0.58 for each in text)


def _fitted(text: str, size: float, room: float) -> str:
    if _long(text, size) <= room:
        return text
    while text and _long(text + "…", size) > room:
        text = text[:-1]
    return text.rstrip() + "…"


def _signed(value: Decimal) -> str:
    return f"+{plain(value)}" if value > 0 else plain(value).replace("-", "−")


def _either(tongue: Tongue, zh: str, en: str) -> str:
    return zh if tongue == Tongue.ZH else en


def _sheet(title: str, subtitle: str, height: float) -> Drawing:
    drawing = Drawing(WIDTH, height, title, subtitle)
    drawing.text(_EDGE, 30, _fitted(title, 18, WIDTH - 2 * _EDGE), size=18, bold=True)
    drawing.text(_EDGE, 50, _fitted(subtitle, 12.5, WIDTH - 2 * _EDGE), size=12.5, fill=FAINT)
    drawing.line([(_EDGE, 60), (WIDTH - _EDGE, 60)], stroke=GRID)
    return drawing


def _empty(drawing: Drawing, tongue: Tongue) -> str:
    said = _either(tongue, "没有已公布的成绩", "nothing published")
    drawing.text(WIDTH / 2, _TOP + 24, said, size=14, anchor="middle")
    return drawing.svg()


def _small_print(drawing: Drawing, text: str) -> None:
    drawing.text(_EDGE, drawing.height - 14, text, size=12, fill=FAINT)
