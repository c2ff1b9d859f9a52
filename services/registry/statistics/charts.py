"""Figures as pictures: what a leader would rather look at than read. Pure."""

from typing import Final

from services.registry.statistics.schemas import (
    AreaBridge,
    Base,
    BirthCountsView,
    LiaisonLoadsView,
    MigrantOriginsView,
    PopulationBridgesView,
    PyramidView,
)
from shared.drawing import FAINT, GRID, INK, PALETTE, PAPER, Drawing
from shared.suppression import SMALLEST

WIDTH: Final = 760
_TOP, _BAR, _GAP, _FOOT = 92, 18, 6, 60
_STACK: Final = (  # figure, Chinese, English; together they are the total
    ("usual", "常住", "usual"),
    ("migrants", "流动", "migrants"),
    ("absent", "在外", "absent"),
)
_BASE_WORDS: Final = {
    Base.RESIDENTS: ("居住人口", "residents"),
    Base.REGISTERED: ("户籍人口", "registered people"),
    Base.MIGRANTS: ("流动人口", "migrants"),
}
_SMALL_PRINT: Final = f"少于 {SMALLEST} 人不公布 / nothing under {SMALLEST} people is shown"
_ROUNDED: Final = f"{_SMALL_PRINT};数字取整到 5 / rounded to 5"


def pyramid_chart(view: PyramidView, place: str) -> str:
    """Men to the left, women to the right, the oldest on top."""
    zh, en = _BASE_WORDS[view.base]
    drawing = _sheet(
        f"{place}{zh}年龄性别金字塔", f"{en} by age and sex, {view.on}", len(view.bands)
    )
    middle, reach = WIDTH / 2, WIDTH / 2 - 110
    largest = max((n for band in view.bands for n in (band.men, band.women) if n), default=1)
    for place_in_order, band in enumerate(reversed(view.bands)):
        y = _TOP + place_in_order * (_BAR + _GAP)
        drawing.text(middle, y + 13, band.ages, size=11, anchor="middle")
        for people, colour, side in ((band.men, PALETTE[0], -1), (band.women, PALETTE[1], 1)):
            start = middle + side * 26
            if people is None:
                drawing.text(start + side * 8, y + 13, "·", fill=FAINT, anchor="middle")
                continue
            length = reach * people / largest
            left = start if side > 0 else start - length
            drawing.rect(left, y, length, _BAR, fill=colour, hint=f"{band.ages}: {people:,}")
            end = start + side * (length + 6)
            anchor = "start" if side > 0 else "end"
            drawing.text(end, y + 13, f"{people:,}", size=10, anchor=anchor)
    drawing.text(middle - 30, _TOP - 10, "男 men", size=12, anchor="end", bold=True)
    drawing.text(middle + 30, _TOP - 10, "女 women", size=12, bold=True)
    _small_print(drawing, f"· {_ROUNDED}")
    return drawing.svg()


def bridges_chart(view: PopulationBridgesView) -> str:
    """A bar an area: usual residents, migrants and those away, which make its total."""
    rows = view.parts or [view.whole]
    place = view.whole.name or view.region
    drawing = _sheet(f"{place}人口构成", f"people by area, {view.on}", len(rows))
    x = _legend(drawing)
    largest = max((row.total for row in rows if row.total), default=1)
    for number, row in enumerate(rows):
        _stack(drawing, row, _TOP + number * (_BAR + _GAP), x, largest)
    _small_print(drawing, f"斜线:不公布 / hatched: not shown. {_SMALL_PRINT}")
    return drawing.svg()


def origins_chart(view: MigrantOriginsView, place: str) -> str:
    """A bar a province of origin, most first."""
    rows = [(each.name or each.province, each.people) for each in view.origins]
    if view.others is not None:
        rows.append(("其他 others", view.others))
    drawing = _sheet(
        f"{place}流动人口来源地", f"migrants by province of origin, {view.on}", len(rows)
    )
    largest = max((people for _, people in rows), default=1)
    for number, (name, people) in enumerate(rows):
        y, length = _TOP + number * (_BAR + _GAP), (WIDTH - 260) * people / largest
        drawing.text(150, y + 13, name, anchor="end")
        drawing.rect(160, y, length, _BAR, fill=PALETTE[0], hint=f"{name}: {people:,}")
        drawing.text(166 + length, y + 13, f"{people:,}", size=11)
    _small_print(drawing, _ROUNDED)
    return drawing.svg()


def liaisons_chart(view: LiaisonLoadsView) -> str:
    """A bar an area, and the band between the least and the most each is to serve."""
    rows = view.parts or [view.whole]
    place = view.whole.name or view.region
    drawing = _sheet(f"{place}每名联络员联系户数", f"households per liaison, {view.on}", len(rows))
    largest = max([view.most * 1.2, *(row.each for row in rows if row.each is not None)])
    scale, bottom = (WIDTH - 260) / largest, _TOP + len(rows) * (_BAR + _GAP)
    band = (view.most - view.least) * scale
    drawing.rect(160 + view.least * scale, _TOP - 8, band, bottom - _TOP + 8, fill=GRID)
    for number, row in enumerate(rows):
        y = _TOP + number * (_BAR + _GAP)
        drawing.text(150, y + 13, row.name or row.region, anchor="end")
        if row.each is None:
            drawing.text(166, y + 13, "—", fill=FAINT)
            continue
        inside = view.least <= row.each <= view.most
        drawing.rect(160, y, row.each * scale, _BAR, fill=PALETTE[0] if inside else PALETTE[5])
        drawing.text(166 + row.each * scale, y + 13, f"{row.each:g}", size=11)
    _small_print(drawing, f"灰色:标准 {view.least}–{view.most} 户 / grey: the standard")
    return drawing.svg()


def births_chart(view: BirthCountsView, place: str) -> str:
    """Two bars a month, boys above girls."""
    drawing = _sheet(f"{place}出生人数", f"registered births by month and sex, {view.year}", 12)
    largest = max((n for each in view.months for n in (each.boys, each.girls) if n), default=1)
    half = _BAR / 2
    for number, each in enumerate(view.months):
        y = _TOP + number * (_BAR + _GAP)
        drawing.text(90, y + 13, each.month, size=11, anchor="end")
        for row, people, colour in ((0, each.boys, PALETTE[0]), (1, each.girls, PALETTE[1])):
            length = (WIDTH - 200) * (people or 0) / largest
            drawing.rect(100, y + row * half, length, half - 1, fill=colour)
            shown = f"{people:,}" if people is not None else "·"
            drawing.text(106 + length, y + row * half + half - 1, shown, size=8, fill=INK)
    for number, (label, colour) in enumerate((("男 boys", PALETTE[0]), ("女 girls", PALETTE[1]))):
        drawing.rect(100 + number * 90, _TOP - 24, 12, 12, fill=colour)
        drawing.text(118 + number * 90, _TOP - 14, label, size=11)
    _small_print(drawing, f"· {_ROUNDED}")
    return drawing.svg()


def _stack(drawing: Drawing, row: AreaBridge, y: float, x: float, largest: int) -> None:
    drawing.text(x - 10, y + 13, row.name or row.region, anchor="end")
    scale = (WIDTH - x - 80) / largest
    if row.total is None:
        drawing.rect(x, y, 60, _BAR, fill=drawing.hatch(f"hidden-{row.region}", GRID), stroke=GRID)
        return
    start = x
    for (name, zh, en), colour in zip(_STACK, PALETTE, strict=False):
        people = getattr(row, name)
        if people is not None:
            hint = f"{zh} {en}: {people:,}"
            drawing.rect(start, y, people * scale, _BAR, fill=colour, hint=hint)
            start += people * scale
    end = x + row.total * scale
    if end - start > 0.5:
        pattern = drawing.hatch(f"hidden-{row.region}", FAINT)
        drawing.rect(start, y, end - start, _BAR, fill=pattern, stroke=GRID)
    drawing.text(end + 6, y + 13, f"{row.total:,}", size=11)


def _legend(drawing: Drawing) -> float:
    """Draws the legend; returns where the bars begin."""
    x = 170.0
    for number, (_, zh, en) in enumerate(_STACK):
        left = x + number * 130
        drawing.rect(left, _TOP - 26, 12, 12, fill=PALETTE[number])
        drawing.text(left + 18, _TOP - 16, f"{zh} {en}", size=11)
    return x


def _sheet(title: str, subtitle: str, rows: int) -> Drawing:
    height = _TOP + max(rows, 1) * (_BAR + _GAP) + _FOOT
    drawing = Drawing(WIDTH, height, title, subtitle)
    drawing.text(24, 30, title, size=18, bold=True)
    drawing.text(24, 50, subtitle, size=12, fill=FAINT)
    drawing.line([(24, 58), (WIDTH - 24, 58)], stroke=GRID)
    if not rows:
        drawing.rect(24, _TOP, WIDTH - 48, _BAR, fill=PAPER, stroke=GRID)
        drawing.text(
            WIDTH / 2, _TOP + 13, "无可公布数据 / nothing to show", anchor="middle", fill=INK
        )
    return drawing


def _small_print(drawing: Drawing, text: str) -> None:
    drawing.text(24, drawing.height - 20, text, size=10, fill=FAINT)
