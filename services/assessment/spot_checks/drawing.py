"""A spot check as a picture: how many of all cases are as reported, and how sure that is."""

from typing import Final

from services.assessment.output.schemas import Tongue
from services.assessment.spot_checks.schemas import SpotCheckView
from shared.drawing import FAINT, GRID, PALETTE, Drawing
from shared.problems import Text

_WIDTH, _LEFT, _RIGHT, _AXIS = 480.0, 24.0, 24.0, 96.0
_TITLE: Final = Text("抽查结果:与上报相符的比例", "Spot check: cases that are as reported")
_NONE: Final = Text("尚无结果", "Nothing is settled yet")
_SURE: Final = Text(
    "{share:.1f}%,以{confidence:.0f}%的把握在{low:.1f}%至{high:.1f}%之间(样本{sample}件)",
    "{share:.1f} %; with {confidence:.0f} % confidence {low:.1f} to {high:.1f} % ({sample} cases)",
)


def interval_chart(view: SpotCheckView, tongue: Tongue) -> str:
    """SVG: a scale from nothing to all, the share as a point, its interval as a bar."""
    title = _TITLE.say(tongue)
    drawing = Drawing(_WIDTH, 150, title, f"{view.area} {view.office} {view.period}")
    drawing.text(_LEFT, 28, title, size=15, bold=True)
    drawing.text(_LEFT, 48, f"{view.area} {view.office} {view.period}", fill=FAINT)
    drawing.line([(_LEFT, _AXIS), (_WIDTH - _RIGHT, _AXIS)], stroke=GRID, width=10)
    for percent in range(0, 101, 20):
        anchor = {0: "start", 100: "end"}.get(percent, "middle")
        drawing.text(_x(percent / 100), _AXIS + 22, f"{percent}%", size=10, anchor=anchor)
    result = view.result
    if result is None or result.share is None or result.low is None or result.high is None:
        drawing.text(_LEFT, 138, _NONE.say(tongue), fill=FAINT)
        return drawing.svg()
    low, high = _x(result.low), _x(result.high)
    drawing.rect(low, _AXIS - 6, max(high - low, 1), 12, fill=PALETTE[4], radius=3)
    drawing.circle(_x(result.share), _AXIS, 6, fill=PALETTE[0])
    said = _SURE.say(tongue).format(
        share=100 * result.share,
        confidence=100 * view.confidence,
        low=100 * result.low,
        high=100 * result.high,
        sample=view.sample,
    )
    drawing.text(_LEFT, 138, said, size=11)
    return drawing.svg()


def _x(share: float) -> float:
    return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)
