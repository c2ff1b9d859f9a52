"""What the two pictures of the grid have in common: how a state looks, and its words.

Colours are never alone: each state also has a shape or a hatching of its own, and gaps are the
largest and darkest marks there are.
"""

from collections.abc import Mapping
from typing import Final

from services.registry.grid.rules import Coverage
from shared.drawing import PALETTE, PAPER, Drawing
from shared.problems import Text

SERVED, OVER, GAP = PALETTE[2], PALETTE[1], PALETTE[5]
HALO: Final = "#f6d5c3"

STATES: Final[dict[Coverage, Text]] = {
    Coverage.SERVED: Text("有人联系", "served"),
    Coverage.OVERLOADED: Text("有人联系,户数超标", "served, by a post over the standard"),
    Coverage.VACANT: Text("空岗", "post vacant"),
    Coverage.NONE: Text("无岗", "no post"),
}


def fills_of(drawing: Drawing) -> Mapping[Coverage, str]:
    """How an area of each state is filled in this drawing."""
    return {
        Coverage.SERVED: SERVED,
        Coverage.OVERLOADED: drawing.hatch("over", OVER),
        Coverage.VACANT: drawing.hatch("vacant", GAP),
        Coverage.NONE: GAP,
    }


def mark(
    drawing: Drawing,
    fills: Mapping[Coverage, str],
    state: Coverage,
    at: tuple[float, float],
    size: float,
    hint: str | None = None,
) -> None:
    """The sign of a building: a disc where somebody serves, a ring where the post is vacant, a
    square in a halo where there is no post."""
    x, y = at
    if state is Coverage.NONE:
        side = size * 1.7
        drawing.circle(x, y, size * 1.7, fill=HALO, hint=hint)
        drawing.rect(x - side / 2, y - side / 2, side, side, fill=GAP, hint=hint)
    elif state is Coverage.VACANT:
        drawing.circle(x, y, size * 1.25, fill=GAP, hint=hint)
        drawing.circle(x, y, size * 0.75, fill=PAPER, hint=hint)
    else:
        stroke = OVER if state is Coverage.OVERLOADED else PAPER
        drawing.circle(x, y, size, fill=fills[state], stroke=stroke, hint=hint)


def width_of(words: str, size: float = 13) -> float:
    """About how wide a text is: Chinese characters are square, others half of that."""
    return sum(size if ord(each) > 0x2E80 else size * 0.53 for each in words)
