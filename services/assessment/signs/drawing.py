"""A sign as a picture: what was seen as bars, what chance would show as lines across them."""

from typing import Final

from services.assessment.output.charts import say
from services.assessment.output.schemas import Tongue
from services.assessment.signs.schemas import SignView
from shared.drawing import FAINT, GRID, INK, PALETTE, Drawing

_WIDTH, _LEFT, _TOP, _HEIGHT, _FOOT = 480.0, 20.0, 64.0, 180.0, 56.0
_SEEN, _EXPECTED = PALETTE[0], PALETTE[5]
_WORDS: Final = {
    Tongue.ZH: ("疑点,不是结论", "蓝:实际  红线:随机情况下的预期"),
    Tongue.EN: ("A question, not a verdict", "blue: seen   red line: what chance would show"),
}


def sign_chart(view: SignView, tongue: Tongue) -> str:
    """SVG."""
    title, legend = _WORDS[tongue]
    drawing = Drawing(_WIDTH, _TOP + _HEIGHT + _FOOT, title, say(view.question, tongue))
    place = f"{view.area} {view.office}".rstrip()
    drawing.text(_LEFT, 26, title, size=16, bold=True)
    drawing.text(_LEFT, 46, f"{place} {view.month}", fill=FAINT)
    base = _TOP + _HEIGHT
    tallest = max([each.seen for each in view.bars] + [each.expected or 0 for each in view.bars])
    step = (_WIDTH - 2 * _LEFT) / max(len(view.bars), 1)
    scale = (_HEIGHT - 16) / max(tallest, 1)
    for at, bar in enumerate(view.bars):
        x, height = _LEFT + at * step, bar.seen * scale
        hint = f"{bar.label}: {bar.seen}"
        drawing.rect(x + 1, base - height, max(step - 2, 1), height, fill=_SEEN, hint=hint)
        if bar.expected is not None:
            y = base - bar.expected * scale
            drawing.line([(x, y), (x + step, y)], stroke=_EXPECTED, width=2)
        drawing.text(x + step / 2, base + 14, bar.label, size=9, anchor="middle", fill=INK)
    drawing.line([(_LEFT, base), (_WIDTH - _LEFT, base)], stroke=GRID)
    if any(bar.expected is not None for bar in view.bars):
        drawing.text(_LEFT, base + 40, legend, size=11, fill=FAINT)
    return drawing.svg()
