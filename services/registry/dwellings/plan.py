"""The housing plan of a building (房屋平面图): its floors and units as a drawing to look at.

It shows rooms and how many people live in each, and no names. A use is told apart by colour,
by the slant of its lines and by a character, so that no reader depends on seeing colours.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from services.registry.dwellings.layout import Band, PlanRoom, bands_of
from services.registry.dwellings.models import DwellingUse
from shared.drawing import FAINT, GRID, INK, PALETTE, Drawing
from shared.problems import Text

CELL_WIDTH, CELL_HEIGHT = 92.0, 58.0
MARGIN, FLOOR_WIDTH, GAP = 28.0, 62.0, 16.0
HEAD, BAND_HEAD, BAND_GAP = 84.0, 24.0, 26.0
LEAST_WIDTH = 720.0
STRIP = 14.0


@dataclass(frozen=True, slots=True)
class Style:
    """How a use looks: a colour of the palette, the angle of its lines (None: filled), a sign."""

    colour: str
    angle: int | None
    sign: str
    words: Text


STYLES: Final[dict[str, Style]] = {
    DwellingUse.OWNER: Style(PALETTE[0], None, "自", Text("自住", "owner-occupied")),
    DwellingUse.RENTAL: Style(PALETTE[1], 45, "租", Text("出租", "rental")),
    DwellingUse.DORMITORY: Style(PALETTE[2], 90, "宿", Text("宿舍", "dormitory")),
    DwellingUse.SITE: Style(PALETTE[5], 135, "工", Text("工地", "site")),
    DwellingUse.SHOP: Style(PALETTE[3], 0, "商", Text("商铺", "shop")),
}


@dataclass(frozen=True, slots=True)
class PlanHead:
    """What stands above the plan. `place` is the estate or the plate, `building` its number."""

    place: str | None
    building: str
    plate_number: str | None
    region: str
    on: date
    closed_on: date | None


def plan_of(head: PlanHead, rooms: Sequence[PlanRoom]) -> Drawing:
    """The drawing of a building with its rooms on a day."""
    bands = bands_of(rooms)
    width = max(LEAST_WIDTH, *(_width(band) for band in bands)) if bands else LEAST_WIDTH
    height = HEAD + sum(_height(band) for band in bands) + (0 if bands else 60) + 112
    drawing = Drawing(width, height, _title(head), _description(head, rooms))
    fills = {
        use: style.colour if style.angle is None else drawing.hatch(use, style.colour, style.angle)
        for use, style in STYLES.items()
    }
    _draw_head(drawing, head, rooms)
    y = HEAD
    for band in bands:
        _draw_band(drawing, band, y, fills)
        y += _height(band)
    if not bands:
        drawing.text(width / 2, y + 34, "没有登记房间 No rooms recorded", size=14, anchor="middle")
    _draw_legend(drawing, height - 92, fills)
    return drawing


def _title(head: PlanHead) -> str:
    building = f"{head.building} 号楼" if head.building.isdigit() else head.building
    return f"{head.place or ''} {building} 住房平面图 Housing plan".strip()


def _description(head: PlanHead, rooms: Sequence[PlanRoom]) -> str:
    floors = len({floor for band in bands_of(rooms) for floor in band.floors})
    return (
        f"{head.on.isoformat()}: {_tally(rooms).zh}; {floors} 层。"
        f" On {head.on.isoformat()}: {floors} floors, {_tally(rooms).en}."
    )


def _tally(rooms: Sequence[PlanRoom]) -> Text:
    open_rooms = [room for room in rooms if not room.closed]
    people, let = sum(room.people for room in rooms), sum(room.let for room in open_rooms)
    lived_in = sum(room.people > 0 for room in open_rooms)
    return Text(
        f"房间 {len(open_rooms)}, 有人居住 {lived_in}, 居住 {people} 人, 已备案出租 {let}",
        f"{len(open_rooms)} rooms, {lived_in} lived in by {people} people, {let} let by a filed"
        " lease",
    )


def _width(band: Band) -> float:
    gaps = GAP * (len(band.parts) - 1)
    return 2 * MARGIN + FLOOR_WIDTH + band.columns * CELL_WIDTH + gaps


def _height(band: Band) -> float:
    return BAND_HEAD + len(band.floors) * CELL_HEIGHT + BAND_GAP


def _draw_head(drawing: Drawing, head: PlanHead, rooms: Sequence[PlanRoom]) -> None:
    drawing.text(MARGIN, 34, _title(head), size=20, bold=True)
    plate = f"门牌 Plate {head.plate_number}  ·  " if head.plate_number else ""
    closed = f"  ·  {head.closed_on} 起停用 closed" if head.closed_on else ""
    drawing.text(
        MARGIN, 55, f"{plate}区划 Area {head.region}  ·  截至 As of {head.on}{closed}", size=12
    )
    drawing.text(MARGIN, 73, f"{_tally(rooms).zh}  ·  {_tally(rooms).en}", size=11)


def _draw_band(drawing: Drawing, band: Band, top: float, fills: dict[str, str]) -> None:
    left = MARGIN + FLOOR_WIDTH
    first_row = top + BAND_HEAD
    for row, floor in enumerate(band.floors):
        y = first_row + row * CELL_HEIGHT
        drawing.text(left - 12, y + 27, _floor_words(floor).zh, size=12, anchor="end")
        drawing.text(left - 12, y + 41, _floor_words(floor).en, size=9.5, anchor="end")
    for part in band.parts:
        wide = part.width * CELL_WIDTH
        name = f"{part.unit} 单元 Unit {part.unit}" if part.unit.isdigit() else part.unit
        drawing.text(left + wide / 2, top + 15, name, size=12, anchor="middle", bold=True)
        for row, floor in enumerate(band.floors):
            y = first_row + row * CELL_HEIGHT
            for column in range(part.width):
                drawing.rect(left + column * CELL_WIDTH, y, CELL_WIDTH, CELL_HEIGHT, stroke=GRID)
            for column, room in enumerate(part.floors.get(floor, [])):
                _draw_room(drawing, room, left + column * CELL_WIDTH, y, fills)
        left += wide + GAP


def _floor_words(floor: int | None) -> Text:
    if floor is None:
        return Text("楼层未记", "floor ?")
    if floor < 0:
        return Text(f"地下 {-floor} 层", f"B{-floor}")
    return Text(f"{floor} 层", f"floor {floor}")


def _draw_room(drawing: Drawing, room: PlanRoom, x: float, y: float, fills: dict[str, str]) -> None:
    x, y, width, height = x + 3, y + 3, CELL_WIDTH - 6, CELL_HEIGHT - 6
    style, ink = STYLES[room.use], FAINT if room.closed else INK
    drawing.rect(x, y, width, height, stroke=ink, radius=2, hint=_room_words(room))
    drawing.rect(x + 1, y + 1, STRIP, height - 2, fill=GRID if room.closed else fills[room.use])
    text = x + STRIP + 7
    drawing.text(text, y + 17, _short(room.number), size=13, bold=True, fill=ink)
    drawing.text(x + width - 5, y + 16, style.sign, size=11, anchor="end", fill=ink)
    if room.closed:
        drawing.text(text, y + 34, "已停用", size=10.5, fill=ink)
        drawing.text(text, y + 46, "closed", size=9.5, fill=ink)
        return
    drawing.text(text, y + 33, f"{_occupancy(room)} 人", size=11.5)
    if room.let:
        drawing.circle(text + 3.5, y + 43, 3.5)
        drawing.text(text + 11, y + 47, "已租 let", size=10)
    elif room.use == DwellingUse.RENTAL:
        drawing.circle(text + 3.5, y + 43, 3, fill="none", stroke=INK)
        drawing.text(text + 11, y + 47, "未备案", size=10)


def _occupancy(room: PlanRoom) -> str:
    return f"{room.people}/{room.capacity}" if room.capacity else str(room.people)


def _short(number: str) -> str:
    return number if len(number) <= 6 else number[:5] + "…"


def _room_words(room: PlanRoom) -> str:
    words = STYLES[room.use].words
    place = f"{room.unit} {room.number}".strip()
    return f"{place}: {words.zh} {words.en}, {_occupancy(room)} 人 people"


def _legend(fills: dict[str, str]) -> Iterator[tuple[str, str, str, str]]:
    for use, style in STYLES.items():
        yield fills[use], style.sign, style.words.zh, style.words.en


def _draw_legend(drawing: Drawing, y: float, fills: dict[str, str]) -> None:
    drawing.line([(MARGIN, y), (drawing.width - MARGIN, y)], stroke=FAINT)
    step = (drawing.width - 2 * MARGIN) / len(STYLES)
    for number, (fill, sign, zh, en) in enumerate(_legend(fills)):
        x = MARGIN + number * step
        drawing.rect(x, y + 14, 26, 20, fill=fill, stroke=INK)
        drawing.text(x + 34, y + 23, f"{sign}  {zh}", size=11.5)
        drawing.text(x + 34, y + 36, en, size=9.5)
    drawing.text(
        MARGIN,
        y + 58,
        "2/4 人: 居住 2 人, 可住 4 人  ·  2/4: two people live there, it is meant for four",
        size=10.5,
    )
    marks = (
        (INK, "有已备案的租赁 let by a filed lease"),
        ("none", "出租房, 未备案 to let, no lease filed"),
        (GRID, "灰色: 已停用 grey: closed"),
    )
    for number, (fill, words) in enumerate(marks):
        x = MARGIN + number * (drawing.width - 2 * MARGIN) / len(marks)
        drawing.circle(x + 4, y + 74, 3.5, fill=fill, stroke=FAINT if fill == GRID else INK)
        drawing.text(x + 13, y + 78, words, size=10.5)
