"""What a person's past says about areas that change, read for a batch of people at once."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.registry.persons.models import Residence, Workplace
from services.registry.region_changes.timelines import Move, Span
from shared.db import Tx
from shared.tables import table_of

Before = dict[tuple[str, UUID], str]
Stays = dict[UUID, list[tuple[Span, UUID | None]]]

# Spans of time in a region, with the room where one is known.
_SPANS = {"residences": "room_id", "workplaces": "NULL::uuid AS room_id"}


@dataclass(frozen=True, slots=True)
class Past:
    """What is known of some people: spans by table and person with their room, moves in order, the
    dwelling of each room, and which code rows had before the change that is undone."""

    spans: dict[str, Stays]
    moves: dict[UUID, list[Move]]
    dwellings: dict[UUID | None, UUID]
    before: Before


async def past_of(
    ids: Sequence[UUID],
    areas: Sequence[str],
    day: date,
    undone: UUID | None,
    tx: Tx,
    *,
    by_dwelling: bool,
) -> Past:
    """The past of people as far as it reaches into `areas` after `day`. `undone` is the change
    that is being undone; with `by_dwelling` the dwellings of their rooms are read as well."""
    spans = {table: await _spans_of(table, ids, areas, day, tx) for table in _SPANS}
    stays = [stay for each in spans.values() for listed in each.values() for stay in listed]
    dwellings: dict[UUID | None, UUID] = {}
    if by_dwelling:
        rows = await tx.fetch(
            "SELECT id, dwelling_id FROM rooms WHERE id = ANY($2)"
            " OR id IN (SELECT room_id FROM persons WHERE id = ANY($1))",
            list(ids),
            [room for _, room in stays if room],
        )
        dwellings = {row["id"]: row["dwelling_id"] for row in rows}
    return Past(
        spans,
        await _moves_of(ids, tx),
        dwellings,
        await codes_before([*ids, *(span.id for span, _ in stays)], undone, tx),
    )


async def _spans_of(
    table: str, ids: Sequence[UUID], areas: Sequence[str], day: date, tx: Tx
) -> Stays:
    found: Stays = {}
    for row in await tx.fetch(
        f"SELECT id, person_id, region, since, until, {_SPANS[table]} FROM {table}"  # noqa: S608 our own names
        " WHERE person_id = ANY($1) AND region = ANY($2) AND (until IS NULL OR until > $3)",
        list(ids),
        list(areas),
        day,
    ):
        span = Span(row["id"], row["region"], row["since"], row["until"])
        found.setdefault(row["person_id"], []).append((span, row["room_id"]))
    return found


async def _moves_of(ids: Sequence[UUID], tx: Tx) -> dict[UUID, list[Move]]:
    found: dict[UUID, list[Move]] = {}
    for row in await tx.fetch(
        "SELECT id, person_id, from_region, to_region, moved_on FROM hukou_moves"
        " WHERE person_id = ANY($1) ORDER BY moved_on, id",
        list(ids),
    ):
        move = Move(row["id"], row["from_region"], row["to_region"], row["moved_on"])
        found.setdefault(row["person_id"], []).append(move)
    return found


async def codes_before(ids: Sequence[UUID], undone: UUID | None, tx: Tx) -> Before:
    """Which code rows had before the change `undone`, by place and id."""
    if undone is None:
        return {}
    rows = await tx.fetch(
        "SELECT place, row_id, from_region FROM recoded_rows"
        " WHERE change_id = $1 AND row_id = ANY($2)",
        undone,
        list(ids),
    )
    return {(row["place"], row["row_id"]): row["from_region"] for row in rows}


def _copy(model: type[Residence] | type[Workplace], without: Collection[str] = ()) -> str:
    """How to keep the part of a row before a day as a row of its own: $1 the row, $4 and $5 when
    and by whom it was recorded, $6 the new id, $7 the day."""
    table = table_of(model)
    given = {"id": "$6", "until": "$7", "recorded_at": "$4", "recorded_by": "$5"}
    names = [column.name for column in table.columns if column.name not in without]
    values = ", ".join(given.get(name, f'"{name}"') for name in names)
    columns = ", ".join(f'"{name}"' for name in names)
    return f"INSERT INTO {table.name} ({columns}) SELECT {values} FROM {table.name} WHERE id = $1"  # noqa: S608 our own names


KEEP_EARLIER_PART = {
    "residences": _copy(Residence),
    # the filing of a job stays with the part that lasts: its end is told by that id
    "workplaces": _copy(Workplace, ("source_id",)),
}
