"""How far a campaign is, as a picture: one bar of what became of its texts."""

from collections.abc import Mapping
from typing import Final

from services.notify.campaigns.rules import FEW
from services.notify.campaigns.schemas import ProgressView
from services.notify.messages.rules import Status
from shared.drawing import FAINT, GRID, PALETTE, Drawing
from shared.problems import Text

_WIDTH, _LEFT, _BAR, _ROW = 480, 20, 26, 22
_LABELS: Final[Mapping[Status, Text]] = {
    Status.DELIVERED: Text("已送达", "delivered"),
    Status.SUBMITTED: Text("已提交", "submitted"),
    Status.SUBMITTING: Text("提交中", "being submitted"),
    Status.QUEUED: Text("待发", "queued"),
    Status.HELD: Text("暂停", "held"),
    Status.FAILED: Text("失败", "failed"),
    Status.UNCONFIRMED: Text("未确认", "unconfirmed"),
    Status.CANCELLED: Text("已取消", "cancelled"),
}
_TITLE: Final = Text("群发进度", "Progress of a campaign")
_NONE: Final = Text("还没有短信", "No texts yet")


def draw_progress(view: ProgressView, language: str) -> str:
    """SVG. Groups under ten have a line and no width: nothing can be measured from the bar."""
    rows = [(each, view.texts[each]) for each in _LABELS if each in view.texts]
    shown = {each: count for each, count in rows if isinstance(count, int)}
    drawing = Drawing(_WIDTH, 70 + _ROW * max(len(rows), 1), _TITLE.say(language), view.template)
    drawing.text(_LEFT, 24, _TITLE.say(language), size=14, bold=True)
    drawing.rect(_LEFT, 36, _WIDTH - 2 * _LEFT, _BAR, fill=GRID)
    x, scale = float(_LEFT), (_WIDTH - 2 * _LEFT) / max(sum(shown.values()), 1)
    colours = dict(zip(_LABELS, (*PALETTE, FAINT), strict=True))
    for status, count in shown.items():
        drawing.rect(x, 36, count * scale, _BAR, fill=colours[status], hint=str(count))
        x += count * scale
    for place, (status, said) in enumerate(rows):
        y = 70 + _ROW * place
        drawing.rect(_LEFT, y, 12, 12, fill=colours[status])
        drawing.text(_LEFT + 20, y + 11, f"{_LABELS[status].say(language)}  {_few(said)}")
    if not rows:
        drawing.text(_LEFT, 81, _NONE.say(language), fill=FAINT)
    return drawing.svg()


def _few(count: int | str) -> str:
    return "<10" if count == FEW else str(count)
