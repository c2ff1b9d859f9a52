"""A reconciliation as a picture: bars of what each side holds, and what they differ in. Pure."""

from typing import Final

from services.exchange.reconciliations.schemas import KindCounts, ReconciliationView
from services.exchange.reconciliations.words import DIRECTIONS, kind_words
from shared.drawing import FAINT, GRID, PALETTE, Drawing

WIDTH: Final = 760
_TOP, _BAR, _GAP, _LEFT = 92, 22, 10, 210
_SIDES: Final = (("ours", "本方所记", "ours"), ("theirs", "对方所记", "theirs"))


def counts_chart(view: ReconciliationView) -> str:
    """Two bars for each kind and direction, the reasons of the differences below."""
    bottom = _TOP + max(len(view.counts), 1) * (_BAR + _GAP)
    title = f"与 {view.peer} 对账"
    subtitle = f"reconciliation with {view.peer}, {view.since} – {view.until}"
    height = bottom + 30 + 18 * max(len(view.reasons), 1) + 20
    drawing = Drawing(WIDTH, height, title, subtitle)
    drawing.text(24, 30, title, size=18, bold=True)
    drawing.text(24, 50, subtitle, size=12, fill=FAINT)
    drawing.line([(24, 58), (WIDTH - 24, 58)], stroke=GRID)
    for number, (_, zh, en) in enumerate(_SIDES):
        drawing.rect(_LEFT + number * 150, _TOP - 26, 12, 12, fill=PALETTE[number])
        drawing.text(_LEFT + 18 + number * 150, _TOP - 16, f"{zh} {en}", size=11)
    largest = max((n for each in view.counts for n in (each.ours, each.theirs)), default=0) or 1
    for number, each in enumerate(view.counts):
        _bars(drawing, each, _TOP + number * (_BAR + _GAP), largest)
    if not view.counts:
        drawing.text(_LEFT, _TOP + 14, "无往来 / nothing was exchanged", fill=FAINT)
    _reasons(drawing, view, bottom + 20)
    return drawing.svg()


def _bars(drawing: Drawing, each: KindCounts, y: float, largest: int) -> None:
    words, way = kind_words(each.kind), DIRECTIONS[each.direction]
    drawing.text(_LEFT - 10, y + 14, f"{way.zh} {words.zh}", size=11, anchor="end")
    half, scale = _BAR / 2, (WIDTH - _LEFT - 110) / largest
    for number, (side, zh, en) in enumerate(_SIDES):
        n = getattr(each, side)
        hint = f"{way.zh} {words.zh} {zh} / {way.en} {words.en}, {en}: {n:,}"
        drawing.rect(_LEFT, y + number * half, n * scale, half - 1, fill=PALETTE[number], hint=hint)
        end = _LEFT + n * scale + 6
        drawing.text(end, y + number * half + half - 2, f"{n:,}", size=9)


def _reasons(drawing: Drawing, view: ReconciliationView, y: float) -> None:
    if not view.reasons:
        drawing.text(24, y, "逐件相符 / every message agrees", size=12, fill=PALETTE[2])
    for number, each in enumerate(view.reasons):
        colour = FAINT if each.passing else PALETTE[5]
        text = f"{each.lines:,} 件: {each.zh} / {each.en}"
        drawing.text(24, y + number * 18, text, size=12, fill=colour)
