"""The work-network chart (工作网络图): the four levels of the chain as a tree, with counts of posts
and households. It shows post numbers; nobody's name."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from services.registry.grid.coverage import Grid, Post, read_grid, summary_of
from services.registry.grid.drawings import GAP, OVER, SERVED, fills_of, width_of
from services.registry.grid.rules import Coverage, Level, Load
from services.registry.grid.schemas import CommunityCoverage
from shared.db import Tx
from shared.drawing import FAINT, GRID, INK, PAPER, Drawing
from shared.problems import Text

LEVELS: Final[dict[Level, Text]] = {
    Level.COMMUNITY: Text("社区", "community"),
    Level.COORDINATOR: Text("协管员", "coordinators"),
    Level.LIAISON: Text("联络员", "liaison officers"),
    Level.BUILDING_HEAD: Text("楼栋长、中心户", "building heads"),
}
_CALM: Final = "#e3f4ee"
_IDLE: Final = "#f1f3f5"
_TOP: Final = 120.0
_ROW: Final = 26.0
_BOX: Final = 20.0
_WIDE: Final = 124.0
_STEP: Final = 30.0
_HEAD: Final = 92.0
_HEADS_A_ROW: Final = 4
_ROWS_A_PANEL: Final = 48
_LEAST_WIDTH: Final = 760.0
_VILLAGE_DIGITS: Final = 12

# What a box can look like, in the order of the legend.
_LOOKS: Final = (
    ("within", Text("在岗", "held")),
    ("under", Text("在岗,户数不足", "held, below the standard")),
    ("over", Text("在岗,户数超标", "held, over the standard")),
    ("vacant", Text("空岗", "vacant")),
)

Beneath = dict[UUID | None, list[Post]]


async def draw_chart(region: str | None, language: str, tx: Tx) -> str:
    """SVG. Raises OutsideJurisdiction."""
    grid = await read_grid(region, tx)
    village = len(grid.region) == _VILLAGE_DIGITS
    return village_chart(grid, language) if village else area_chart(grid, language)


# one community: every post


@dataclass(frozen=True, slots=True)
class _Panel:
    """A column of the tree: some of the coordinators with all beneath them."""

    coordinators: Sequence[Post]
    left: float
    rows: int


def village_chart(grid: Grid, language: str) -> str:
    """Every coordinator, liaison officer and building head of a community, in as many columns as
    it takes to look at them together."""
    beneath: Beneath = {}
    for post in grid.posts.values():
        beneath.setdefault(post.parent_id, []).append(post)
    roots = beneath.get(None, [])
    coordinators = [each for root in roots for each in beneath.get(root.id, [])]
    across = max(
        (
            min(len(beneath.get(p.id, [])), _HEADS_A_ROW)
            for p in grid.posts.values()
            if p.level is Level.LIAISON
        ),
        default=1,
    )
    width = 2 * (_WIDE + _STEP) + max(across, 1) * (_HEAD + 10) + 40
    panels = _panels(coordinators, beneath, width)
    total = max(_LEAST_WIDTH, 40 + width * max(len(panels), 1))
    rows = max((panel.rows for panel in panels), default=0)
    height = _TOP + 84 + rows * _ROW + 60
    drawing = _sheet(grid, total, height, language)
    fills_of(drawing)
    for root in roots:
        words = f"{grid.names.get(root.region, root.region)} · {_sum(root, beneath):,}"
        _box(drawing, root, 40, _TOP, width_of(words, 11) + 60, words + _unit(language))
        if panels:
            bus = _TOP + _BOX + 14
            drawing.line([(46, _TOP + _BOX), (46, bus), (panels[-1].left - 14, bus)], stroke=FAINT)
    for panel in panels:
        _draw_panel(drawing, panel, beneath, language)
    _legend(drawing, Counter(map(_look, grid.posts.values())), height - 24, language)
    return drawing.svg()


def _panels(coordinators: Sequence[Post], beneath: Beneath, width: float) -> list[_Panel]:
    panels: list[_Panel] = []
    current: list[Post] = []
    rows = 0
    for post in coordinators:
        needed = _rows(post, beneath)
        if current and rows + needed > _ROWS_A_PANEL:
            panels.append(_Panel(current, 60 + len(panels) * width, rows))
            current, rows = [], 0
        current.append(post)
        rows += needed
    if current:
        panels.append(_Panel(current, 60 + len(panels) * width, rows))
    return panels


def _rows(post: Post, beneath: Beneath) -> int:
    """How many lines a branch needs: building heads stand side by side."""
    under = beneath.get(post.id, [])
    if post.level is Level.LIAISON:
        return max(1, -(-len(under) // _HEADS_A_ROW))
    return max(1, sum(_rows(each, beneath) for each in under))


def _sum(post: Post, beneath: Beneath) -> int:
    return post.households + sum(_sum(each, beneath) for each in beneath.get(post.id, []))


def _draw_panel(drawing: Drawing, panel: _Panel, beneath: Beneath, language: str) -> None:
    x = panel.left
    for number, level in enumerate((Level.COORDINATOR, Level.LIAISON, Level.BUILDING_HEAD)):
        drawing.text(x + number * (_WIDE + _STEP), _TOP + 60, LEVELS[level].say(language), size=12)
    y = _TOP + 72
    for coordinator in panel.coordinators:
        bus = _TOP + _BOX + 14
        points = [(x - 14, bus), (x - 14, y + _BOX / 2), (x, y + _BOX / 2)]
        drawing.line(points, stroke=FAINT)
        words = f"{coordinator.number} · {_sum(coordinator, beneath):,}{_unit(language)}"
        _box(drawing, coordinator, x, y, _WIDE, words)
        start = y
        for liaison in beneath.get(coordinator.id, []):
            _link(drawing, x + _WIDE, start, x + _WIDE + _STEP, y)
            _draw_liaison(drawing, liaison, beneath, x + _WIDE + _STEP, y, language)
            y += _rows(liaison, beneath) * _ROW
        y = max(y, start + _ROW)


def _draw_liaison(
    drawing: Drawing, liaison: Post, beneath: Beneath, x: float, y: float, language: str
) -> None:
    words = f"{liaison.number} · {_sum(liaison, beneath):,}{_unit(language)}"
    heads = beneath.get(liaison.id, [])
    right = x + _WIDE
    for number, head in enumerate(heads):
        row, column = divmod(number, _HEADS_A_ROW)
        line, left = y + row * _ROW, right + _STEP + column * (_HEAD + 10)
        if column == 0:
            _link(drawing, right, y, left, line)
        else:
            drawing.line([(left - 10, line + _BOX / 2), (left, line + _BOX / 2)], stroke=FAINT)
        _box(drawing, head, left, line, _HEAD, f"{head.number} · {head.households}")
    _box(drawing, liaison, x, y, _WIDE, words)


def _look(post: Post) -> str:
    if post.coverage is Coverage.VACANT:
        return "vacant"
    return "within" if post.load in (None, Load.WITHIN) else post.load.value


def _box(drawing: Drawing, post: Post, x: float, y: float, width: float, words: str) -> None:
    _frame(drawing, _look(post), x, y, width)
    drawing.text(x + width / 2, y + 14, words, size=11, anchor="middle")


def _frame(drawing: Drawing, look: str, x: float, y: float, width: float) -> None:
    """A box in the look of its post's state."""
    if look == "vacant":
        drawing.rect(x - 2, y - 2, width + 4, _BOX + 4, fill=GAP, radius=5)
        drawing.rect(x + 1, y + 1, width - 2, _BOX - 2, fill=PAPER, radius=3)
    elif look == "over":
        drawing.rect(x, y, width, _BOX, fill="url(#over)", stroke=OVER, radius=4)
        drawing.rect(x + 5, y + 3, width - 10, _BOX - 6, fill=PAPER, radius=2)
    elif look == "under":
        drawing.rect(x, y, width, _BOX, fill=_IDLE, stroke=FAINT)
    else:
        drawing.rect(x, y, width, _BOX, fill=_CALM, stroke=SERVED, radius=4)


def _link(drawing: Drawing, x: float, y: float, to_x: float, to_y: float) -> None:
    middle = x + _STEP / 2
    points = [(x, y + _BOX / 2), (middle, y + _BOX / 2), (middle, to_y + _BOX / 2)]
    drawing.line([*points, (to_x, to_y + _BOX / 2)], stroke=FAINT)


def _legend(drawing: Drawing, counts: Counter[str], y: float, language: str) -> None:
    x = 40.0
    for look, text in _LOOKS:
        _frame(drawing, look, x, y - 15, 34)
        words = f"{text.say(language)} {counts[look]:,}"
        drawing.text(x + 44, y, words, size=13)
        x += 74 + width_of(words)


# a wider area: counts by community

_COLUMNS: Final = (
    (Level.COORDINATOR, 250.0),
    (Level.LIAISON, 390.0),
    (Level.BUILDING_HEAD, 530.0),
)
_COUNT: Final = 96.0
_LINE: Final = 34.0


def area_chart(grid: Grid, language: str) -> str:
    """One line a community, with how many posts it has on each level and what it lacks."""
    summary = summary_of(grid)
    height = _TOP + (len(summary.communities) + 1) * _LINE + 40
    drawing = _sheet(grid, 1180, height, language)
    drawing.text(40, _TOP - 14, LEVELS[Level.COMMUNITY].say(language), size=13)
    for level, x in _COLUMNS:
        drawing.text(x, _TOP - 14, LEVELS[level].say(language), size=13)
    drawing.text(660, _TOP - 14, Text("户数", "households").say(language), size=13)
    drawing.text(770, _TOP - 14, Text("待补", "to mend").say(language), size=13)
    drawing.line([(40, _TOP - 4), (1140, _TOP - 4)], stroke=GRID, width=2)
    y = _TOP + 14
    last = y + len(summary.communities) * _LINE
    drawing.line([(52, y + 22), (52, last + 11)], stroke=FAINT)
    _counts(drawing, summary.total, 40, y, language)
    for number, community in enumerate(summary.communities, start=1):
        line = y + number * _LINE
        drawing.line([(52, line + 11), (66, line + 11)], stroke=FAINT)
        _counts(drawing, community, 66, line, language)
    return drawing.svg()


def _counts(
    drawing: Drawing, each: CommunityCoverage, left: float, y: float, language: str
) -> None:
    drawing.rect(left, y, 210 - left, 22, fill=_CALM, stroke=SERVED, radius=4)
    drawing.text((left + 210) / 2, y + 15, each.name, size=12, anchor="middle")
    figures = (each.coordinators, each.liaisons, each.building_heads)
    right = 210.0
    for (_, x), figure in zip(_COLUMNS, figures, strict=True):
        drawing.line([(right, y + 11), (x, y + 11)], stroke=FAINT)
        drawing.rect(x, y, _COUNT, 22, fill=_CALM, stroke=SERVED, radius=4)
        drawing.text(x + _COUNT / 2, y + 15, f"{figure:,}", size=12, anchor="middle")
        right = x + _COUNT
    drawing.text(660, y + 15, f"{each.households:,}", size=12)
    unserved = each.households_vacant + each.households_without
    lacks = [
        (max(each.coordinators_due - each.coordinators, 0), Text("名协管员", "coordinators")),
        (each.vacant, Text("岗空缺", "vacant")),
        (each.overloaded, Text("岗超标", "over")),
        (each.underloaded, Text("岗不足", "under")),
    ]
    x = 770.0
    if unserved:
        words = Text(f"{unserved:,} 户无人联系", f"{unserved:,} households without").say(language)
        drawing.text(x, y + 15, words, size=12, fill=GAP)
        x += width_of(words, 12) + 14
    words = ", ".join(f"{count:,} {text.say(language)}" for count, text in lacks if count)
    drawing.text(x, y + 15, words, size=12, fill=INK)


def _unit(language: str) -> str:
    return Text(" 户", " hh").say(language)


def _sheet(grid: Grid, width: float, height: float, language: str) -> Drawing:
    name = grid.names.get(grid.region, grid.region)
    title = Text(f"{name} 工作网络图", f"Work network, {name}").say(language)
    total = summary_of(grid).total
    counts = Text(
        f"协管员 {total.coordinators:,} 名,联络员 {total.liaisons:,} 名,"
        f"楼栋长和中心户 {total.building_heads:,} 名,联系 {total.households_served:,} 户",
        f"{total.coordinators:,} coordinators, {total.liaisons:,} liaison officers,"
        f" {total.building_heads:,} building heads, serving {total.households_served:,} households",
    ).say(language)
    drawing = Drawing(width, height, title, counts)
    drawing.text(40, 40, title, size=20)
    drawing.text(40, 64, counts, size=13)
    return drawing
