"""An office's week as a picture: five bars for each kind of work, the week told of last."""

from decimal import Decimal
from typing import Final

from services.assessment.feedback.schemas import FeedbackView, LineView
from services.assessment.output.charts import say
from services.assessment.output.schemas import Tongue
from shared.drawing import FAINT, GRID, PALETTE, Drawing
from shared.problems import Text

_WIDTH, _LEFT, _TOP, _ROW, _BAR, _HIGH = 480.0, 20.0, 70.0, 58.0, 16.0, 30.0
_TITLE: Final = Text("周反馈:{week}起一周", "The week from {week}")
_IN_TIME: Final = Text("按时 {share}%(前四周 {before}%)", "in time {share} % (before {before} %)")
_DAYS: Final = Text(
    "平均 {days} 天(前四周 {before} 天)", "{days} days on average (before {before})"
)
_NONE: Final = Text("五周内没有业务", "Nothing in five weeks")


def week_chart(view: FeedbackView, tongue: Tongue) -> str:
    """SVG. A count of 1 to 9 is a hatched stub: it says that there was something, not how much."""
    title = _TITLE.say(tongue).format(week=view.week)
    place = f"{view.area} {view.office}".rstrip()
    drawing = Drawing(_WIDTH, _TOP + _ROW * max(len(view.lines), 1) + 10, title, place)
    drawing.text(_LEFT, 26, title, size=16, bold=True)
    drawing.text(_LEFT, 46, place, fill=FAINT)
    few = drawing.hatch("few", PALETTE[4])
    for number, line in enumerate(view.lines):
        _line(drawing, _TOP + number * _ROW, line, few, tongue)
    if not view.lines:
        drawing.text(_LEFT, _TOP + 20, _NONE.say(tongue), fill=FAINT)
    return drawing.svg()


def _line(drawing: Drawing, y: float, line: LineView, few: str, tongue: Tongue) -> None:
    base = y + 36
    tallest = max([each or 0 for each in line.weeks] + [10])
    for at, count in enumerate(line.weeks):
        x, last = _LEFT + at * (_BAR + 3), at == len(line.weeks) - 1
        height = 4.0 if count is None else _HIGH * count / tallest
        fill = few if count is None else PALETTE[0 if last else 4]
        hint = "<10" if count is None else str(count)
        drawing.rect(x, base - height, _BAR, height, fill=fill, hint=hint)
    drawing.line([(_LEFT, base), (_LEFT + 5 * (_BAR + 3), base)], stroke=GRID)
    right = _LEFT + 5 * (_BAR + 3) + 16
    now = line.weeks[-1]
    drawing.text(
        right, y + 14, f"{say(line.name, tongue)} {'<10' if now is None else now}", size=13
    )
    drawing.text(right, y + 32, " · ".join(_told(line, tongue)), size=11, fill=FAINT)


def _told(line: LineView, tongue: Tongue) -> list[str]:
    told = []
    if line.in_time is not None:
        words = _IN_TIME.say(tongue)
        told.append(words.format(share=line.in_time, before=_or_dash(line.in_time_before)))
    if line.days is not None:
        told.append(_DAYS.say(tongue).format(days=line.days, before=_or_dash(line.days_before)))
    return told


def _or_dash(value: Decimal | None) -> str:
    return "–" if value is None else str(value)
