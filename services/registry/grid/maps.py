"""The coverage map (服务覆盖图): which buildings of a community are served, or how well each
community of a wider area is. It shows buildings, posts and counts; nobody's name."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from services.registry.grid.coverage import Building, Grid, read_buildings, read_grid, summary_of
from services.registry.grid.drawings import GAP, STATES, fills_of, mark, width_of
from services.registry.grid.rules import Coverage
from services.registry.grid.schemas import CommunityCoverage
from shared.db import Tx
from shared.drawing import FAINT, GRID, INK, PAPER, Drawing
from shared.problems import Text

WIDTH: Final = 1000.0
_TOP: Final = 92.0
_MARGIN: Final = 76.0
_VILLAGE_DIGITS: Final = 12
_BUILDINGS: Final = Text("栋", "buildings")
_HOUSEHOLDS: Final = Text("户", "households")
_LEAST_SPAN: Final = 1e-4  # degrees: about ten metres, for a village of one building
_BAR: Final = 150.0
_METRES_A_DEGREE: Final = 111_320
_ROUND_METRES: Final = (50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000)


@dataclass(frozen=True, slots=True)
class _Frame:
    """Degrees to drawing units, north up, true to scale at the middle latitude."""

    west: float
    north: float
    scale: float
    squeeze: float
    height: float

    def place(self, longitude: float, latitude: float) -> tuple[float, float]:
        x = _MARGIN + (longitude - self.west) * self.squeeze * self.scale
        return x, _TOP + _MARGIN + (self.north - latitude) * self.scale


def _frame(points: Sequence[tuple[float, float]]) -> _Frame:
    west, east = min(p[0] for p in points), max(p[0] for p in points)
    south, north = min(p[1] for p in points), max(p[1] for p in points)
    squeeze = math.cos(math.radians((south + north) / 2))
    wide = max((east - west) * squeeze, _LEAST_SPAN)
    high = max(north - south, _LEAST_SPAN)
    scale = min((WIDTH - 2 * _MARGIN) / wide, 900 / high)
    spare = (WIDTH - 2 * _MARGIN) / scale - wide
    return _Frame(
        west=west - spare / squeeze / 2,
        north=north,
        scale=scale,
        squeeze=squeeze,
        height=_TOP + 2 * _MARGIN + high * scale + 60,
    )


async def draw_map(region: str | None, language: str, tx: Tx) -> str:
    """SVG. Raises OutsideJurisdiction."""
    grid = await read_grid(region, tx)
    if len(grid.region) == _VILLAGE_DIGITS:
        return village_map(grid, await read_buildings(grid.region, tx), language)
    return area_map(grid, language)


def village_map(grid: Grid, buildings: Sequence[Building], language: str) -> str:
    """Each building of one community, the number of the post that serves it, and the numbers of
    the buildings that nobody serves."""
    placed = [
        (building, (building.longitude, building.latitude))
        for building in buildings
        if building.longitude is not None and building.latitude is not None
    ]
    frame = _frame([point for _, point in placed] or [(0.0, 0.0)])
    drawing = _sheet(grid, frame.height, len(buildings) - len(placed), language)
    fills = fills_of(drawing)
    size = max(3.0, min(8.0, 0.16 * math.sqrt(WIDTH * frame.height / max(len(placed), 1))))
    spots = [
        (building, grid.coverage_under(building.post_id), frame.place(*point))
        for building, point in placed
    ]
    _post_numbers(drawing, grid, [(building, at) for building, _, at in spots])
    order = list(Coverage)
    for building, state, at in sorted(spots, key=lambda each: order.index(each[1])):
        hint = f"{building.number} · {building.households} {_HOUSEHOLDS.say(language)}"
        mark(drawing, fills, state, at, size, hint)
        if state is Coverage.NONE:
            below = at[1] + size * 1.7 + 12
            drawing.text(at[0], below, building.number, size=11, anchor="middle", fill=GAP)
    _scale(drawing, frame, language)
    counts = Counter(grid.coverage_under(each.post_id) for each in buildings)
    _legend(drawing, fills, counts, frame.height - 24, language, signs=True)
    return drawing.svg()


def _post_numbers(
    drawing: Drawing, grid: Grid, spots: Sequence[tuple[Building, tuple[float, float]]]
) -> None:
    """The number of each post above the middle of its buildings, where it covers no other number;
    the buildings are drawn over it."""
    by_post: dict[UUID, list[tuple[float, float]]] = {}
    for building, at in spots:
        if building.post_id is not None and building.post_id in grid.posts:
            by_post.setdefault(building.post_id, []).append(at)
    used: list[tuple[float, float]] = []
    for post_id, points in by_post.items():
        number = grid.posts[post_id].number
        wide = width_of(number, 11) + 10
        x = sum(point[0] for point in points) / len(points)
        x = min(max(x, 30 + wide / 2), WIDTH - 30 - wide / 2)
        y = min(point[1] for point in points) - 14
        if any(abs(x - a) < wide and abs(y - b) < 13 for a, b in used):
            continue
        used.append((x, y))
        drawing.rect(x - wide / 2, y - 10, wide, 14, fill=PAPER, stroke=GRID, radius=3)
        drawing.text(x, y + 1, number, size=11, anchor="middle")


def _scale(drawing: Drawing, frame: _Frame, language: str) -> None:
    """How long a round number of metres is, and where north is."""
    per_metre = frame.scale / _METRES_A_DEGREE
    metres = max((each for each in _ROUND_METRES if each * per_metre <= 200), default=50)
    right, y = WIDTH - 48, frame.height - 72
    drawing.line([(right - metres * per_metre, y), (right, y)], stroke=INK, width=2)
    words = f"{metres:,} {Text('米', 'm').say(language)} · {Text('上北', 'north up').say(language)}"
    drawing.text(right, y - 6, words, size=11, anchor="end")


def _legend(
    drawing: Drawing,
    fills: Mapping[Coverage, str],
    counts: Mapping[Coverage, int],
    y: float,
    language: str,
    *,
    signs: bool,
) -> None:
    """One line of signs (or of fills) with their words and how many there are of each."""
    x = 40.0
    unit = _BUILDINGS if signs else _HOUSEHOLDS
    for state in Coverage:
        if signs:
            mark(drawing, fills, state, (x, y - 4), 6)
        else:
            drawing.rect(x - 8, y - 11, 16, 13, fill=fills[state], stroke=INK)
        words = f"{STATES[state].say(language)} {counts.get(state, 0):,} {unit.say(language)}"
        drawing.text(x + 16, y, words, size=13)
        x += 46 + width_of(words)


def area_map(grid: Grid, language: str) -> str:
    """Each community of a wider area as a bar of its households, where its buildings are."""
    communities = summary_of(grid).communities
    middles = {each.region: _middle(grid, each.region) for each in communities}
    shown = [(each, point) for each in communities if (point := middles[each.region])]
    frame = _frame([point for _, point in shown] or [(0.0, 0.0)])
    spots = _apart([frame.place(*point) for _, point in shown])
    lowest = max((y for _, y in spots), default=0.0)
    frame = replace(frame, height=max(frame.height, lowest + 140))
    missing = sum(each.dwellings for each in communities if middles[each.region] is None)
    drawing = _sheet(grid, frame.height, missing, language)
    fills = fills_of(drawing)
    most = max((each.households for each in communities), default=0)
    for (community, _), at in zip(shown, spots, strict=True):
        counts = _by_state(grid, community.region)
        _bar(drawing, fills, community, counts, at, most, language)
    _scale(drawing, frame, language)
    totals = _by_state(grid, "")
    _legend(drawing, fills, totals, frame.height - 24, language, signs=False)
    return drawing.svg()


def _by_state(grid: Grid, region: str) -> Counter[Coverage]:
    """Households in `region` by how they are served."""
    counts = Counter[Coverage]()
    for code, post_id, households in grid.households:
        if code.startswith(region):
            counts[grid.coverage_under(post_id)] += households
    return counts


def _middle(grid: Grid, region: str) -> tuple[float, float] | None:
    places = [p for p in grid.places if p.region == region and p.placed]
    total = sum(place.placed for place in places)
    if not total:
        return None
    return (
        sum((place.longitude or 0.0) * place.placed for place in places) / total,
        sum((place.latitude or 0.0) * place.placed for place in places) / total,
    )


def _apart(spots: Sequence[tuple[float, float]]) -> Sequence[tuple[float, float]]:
    """The same places, moved down where a bar would lie on another."""
    settled: list[tuple[float, float]] = []
    where: dict[int, tuple[float, float]] = {}
    for number, (x, y) in sorted(enumerate(spots), key=lambda each: each[1][1]):
        x = min(max(x, _MARGIN + _BAR / 2), WIDTH - _MARGIN - _BAR / 2)
        while any(abs(x - a) < _BAR + 16 and abs(y - b) < 64 for a, b in settled):
            y += 4
        settled.append((x, y))
        where[number] = (x, y)
    return [where[number] for number in range(len(spots))]


def _bar(
    drawing: Drawing,
    fills: Mapping[Coverage, str],
    community: CommunityCoverage,
    counts: Mapping[Coverage, int],
    at: tuple[float, float],
    most: int,
    language: str,
) -> None:
    """Name, households by state of coverage (the longest bar is the largest community's), and how
    many have nobody."""
    left, y = at[0] - _BAR / 2, at[1]
    drawing.text(left, y - 12, community.name, size=14)
    x = left
    for state in Coverage:
        wide = _BAR * counts.get(state, 0) / max(most, 1)
        if wide:
            hint = f"{counts[state]:,} {_HOUSEHOLDS.say(language)}"
            drawing.rect(x, y - 6, wide, 18, fill=fills[state], hint=hint)
        x += wide
    drawing.rect(left, y - 6, max(x - left, 1), 18, stroke=INK)
    total = f"{community.households:,} {_HOUSEHOLDS.say(language)}"
    drawing.text(left, y + 28, total, size=12)
    without = counts.get(Coverage.NONE, 0) + counts.get(Coverage.VACANT, 0)
    if without:
        words = Text(f"{without:,} 户无人联系", f"{without:,} without").say(language)
        drawing.text(left + width_of(total, 12) + 10, y + 28, words, size=12, fill=GAP)


def _sheet(grid: Grid, height: float, missing: int, language: str) -> Drawing:
    name = grid.names.get(grid.region, grid.region)
    title = Text(f"{name} 服务覆盖图", f"Service coverage, {name}").say(language)
    total = summary_of(grid).total
    counts = Text(
        f"{total.households:,} 户,其中 {total.households_served:,} 户有人联系,"
        f"{total.households_vacant:,} 户所在岗位空缺,{total.households_without:,} 户无岗",
        f"{total.households:,} households: {total.households_served:,} served,"
        f" {total.households_vacant:,} with a vacant post, {total.households_without:,} with none",
    ).say(language)
    drawing = Drawing(WIDTH, height, title, counts)
    drawing.text(40, 40, title, size=20, bold=True)
    drawing.text(40, 62, counts, size=13)
    if missing:
        note = Text(f"{missing:,} 栋无坐标,未画出", f"{missing:,} buildings have no coordinates")
        drawing.text(40, 82, note.say(language), size=12, fill=INK)
    drawing.rect(24, _TOP, WIDTH - 48, height - _TOP - 56, stroke=FAINT, radius=6)
    return drawing
