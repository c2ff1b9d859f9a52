"""How a value becomes points, as a small picture beside the figure. Pure."""

from decimal import Decimal
from typing import Final

from services.assessment.output.schemas import CardLine, CurvePoint
from services.assessment.schemes.rules import steps_of
from services.assessment.schemes.schemas import Curve, PinnedItem, PinnedQuality
from services.assessment.scorecards.rules import points_of, taken_by
from shared.drawing import FAINT, GRID, PALETTE, Drawing

WIDTH: Final = 120.0
HEIGHT: Final = 36.0
_EDGE = 3.0
_BEYOND = Decimal("0.2")  # of the way from floor to target, shown on either side


def curve_of(rule: PinnedItem | PinnedQuality) -> list[CurvePoint]:
    """The corners of the curve from below the floor to beyond the target, by value: points, or
    for a discount the percent taken."""
    way = rule.target - rule.floor
    ends = [max(rule.floor - way * _BEYOND, Decimal(0)), rule.target + way * _BEYOND]
    values = {*ends, rule.floor, rule.target}
    if isinstance(rule, PinnedQuality):
        return [CurvePoint(value=each, points=taken_by(rule, each)) for each in sorted(values)]
    if rule.cap is not None:
        full = (rule.cap - rule.weight) / rule.bonus  # so far beyond the target the cap is reached
        values.add(rule.target + full * (1 if way > 0 else -1))
    if rule.curve == Curve.LINEAR:
        return [CurvePoint(value=each, points=points_of(rule, each)) for each in sorted(values)]
    return _stairs(rule, sorted(values | {each.at for each in rule.steps}))


def curve_chart(line: CardLine) -> str:
    """The curve, and a dot where the value of the card lies. Nothing but a picture: the words
    stand beside it."""
    drawing = Drawing(WIDTH, HEIGHT, line.name.en, line.meaning.en if line.meaning else "")
    low, high = line.curve[0].value, line.curve[-1].value
    most = max(each.points for each in line.curve) or Decimal(1)

    def x(value: Decimal) -> float:
        share = (value - low) / (high - low)
        return _EDGE + (WIDTH - 2 * _EDGE) * float(min(max(share, Decimal(0)), Decimal(1)))

    def y(points: Decimal) -> float:
        return HEIGHT - _EDGE - (HEIGHT - 2 * _EDGE) * float(points / most)

    drawing.line([(_EDGE, y(Decimal(0))), (WIDTH - _EDGE, y(Decimal(0)))], stroke=GRID)
    for value in (line.floor, line.target):
        drawing.line([(x(value), _EDGE), (x(value), HEIGHT - _EDGE)], stroke=GRID)
    drawing.line([(x(each.value), y(each.points)) for each in line.curve], stroke=FAINT, width=1.5)
    reached = line.taken if line.points is None else line.points
    if line.value is not None and reached is not None:
        height = y(min(reached, most))
        drawing.circle(x(line.value), height, 3, fill=PALETTE[0])
    return drawing.svg()


def _stairs(rule: PinnedItem, values: list[Decimal]) -> list[CurvePoint]:
    """A step is two corners, one above the other: what the worse side of it earns, and it."""
    steps = steps_of(rule)
    corners: list[CurvePoint] = []
    for value in values:
        here = points_of(rule, value)
        corner = [CurvePoint(value=value, points=here)]
        if any(each.at == value for each in steps):
            fewer = max((s.points for s in steps if s.points < here), default=Decimal(0))
            corner.append(CurvePoint(value=value, points=fewer))
        corners += reversed(corner) if rule.target > rule.floor else corner
    return corners
