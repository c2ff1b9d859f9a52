"""Reading exports: the progress, the rows of a page, the file."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from uuid import UUID

import asyncpg

from services.registry.errors import ExportClosed
from services.registry.exports.models import Export, ExportStatus
from services.registry.exports.rules import COLUMNS, What
from services.registry.exports.schemas import ExportFormat, ExportView
from services.registry.persons.rules import shown_id_number, shown_phone
from shared.actors import Actor
from shared.crypto import Vault
from shared.db import Database, Tx
from shared.problems import NotFound
from shared.sheets import BOM, Workbook, csv_lines
from shared.usage import Purpose

_USES = {
    "owner": "自住",
    "rental": "出租",
    "dormitory": "宿舍",
    "site": "工地",
    "shop": "商铺",
}
_TITLES = {
    What.PERSONS: "人员",
    What.HOUSEHOLDS: "家庭户",
    What.DWELLINGS: "房屋",
    What.RESIDENCES: "居住",
}
_KINDS = {"usual": "常住", "migrant": "流动"}
_SEXES = {"1": "男", "2": "女"}

_PERSONS = """
SELECT p.id, h.number AS household, p.household_relation AS relation, p.name, p.sex,
       p.nationality, p.id_number_sealed, p.phone_sealed, p.birth_date, p.hukou_region AS hukou,
       p.residence_region AS residence, p.residence_kind AS kind, d.number AS dwelling,
       rooms.number AS room, d.use, r.origin_region AS origin, r.employer,
       p.residence_since AS since
FROM persons AS p
LEFT JOIN households AS h ON h.id = p.household_id
LEFT JOIN residences AS r ON r.person_id = p.id AND r.until IS NULL
LEFT JOIN rooms ON rooms.id = p.room_id
LEFT JOIN dwellings AS d ON d.id = rooms.dwelling_id
WHERE p.id > $2 AND p.status = 'active'
AND (starts_with(p.residence_region, $1) OR starts_with(p.hukou_region, $1))
ORDER BY p.id LIMIT $3
"""
_HOUSEHOLDS = """
SELECT h.id, h.number, h.region, h.created_at,
       (SELECT count(*) FROM persons AS p
        WHERE p.household_id = h.id AND p.status = 'active') AS members
FROM households AS h
WHERE h.id > $2 AND starts_with(h.region, $1) AND h.closed_at IS NULL ORDER BY h.id LIMIT $3
"""
_DWELLINGS = """
SELECT d.id, d.region, d.number, d.estate, d.plate_number, d.use,
       (SELECT count(*) FROM rooms WHERE dwelling_id = d.id) AS rooms,
       (SELECT count(*) FROM persons AS p JOIN rooms ON rooms.id = p.room_id
        WHERE rooms.dwelling_id = d.id AND p.status = 'active') AS residents
FROM dwellings AS d
WHERE d.id > $2 AND starts_with(d.region, $1) ORDER BY d.id LIMIT $3
"""
_RESIDENCES = """
SELECT r.id, r.person_id, p.name, r.region, r.kind, r.origin_region AS origin, r.employer,
       r.since, r.until
FROM residences AS r JOIN persons AS p ON p.id = r.person_id
WHERE r.id > $2 AND starts_with(r.region, $1) AND p.status IN ('active', 'deceased')
ORDER BY r.id LIMIT $3
"""
ROWS = {
    What.PERSONS: _PERSONS,
    What.HOUSEHOLDS: _HOUSEHOLDS,
    What.DWELLINGS: _DWELLINGS,
    What.RESIDENCES: _RESIDENCES,
}
COUNTS = {
    What.PERSONS: "SELECT count(*) FROM persons WHERE status = 'active'"
    " AND (starts_with(residence_region, $1) OR starts_with(hukou_region, $1))",
    What.HOUSEHOLDS: "SELECT count(*) FROM households"
    " WHERE starts_with(region, $1) AND closed_at IS NULL",
    What.DWELLINGS: "SELECT count(*) FROM dwellings WHERE starts_with(region, $1)",
    What.RESIDENCES: "SELECT count(*) FROM residences WHERE starts_with(region, $1)",
}


def part_place(export_id: UUID, part: int) -> str:
    """What a part of an export is sealed for."""
    return f"export_parts.content:{export_id}:{part}"


async def own_export(export_id: UUID, tx: Tx, *, lock: bool = False) -> Export:
    """The caller's own export; anybody else's does not exist for her. Raises NotFound."""
    export = await tx.require(Export, export_id, lock=lock)
    if export.actor_sub != tx.actor.sub:
        raise NotFound()
    return export


async def get_export(export_id: UUID, tx: Tx) -> ExportView:
    """Raises NotFound."""
    return view_of(await own_export(export_id, tx))


def view_of(export: Export) -> ExportView:
    over = export.status in (ExportStatus.FINISHED, ExportStatus.DELETED)
    percent = 100 if over else min(export.rows * 100 // export.total, 99) if export.total else 0
    return ExportView(**export.model_dump(), percent=percent)


async def finished_export(export_id: UUID, tx: Tx) -> Export:
    """An export whose file the caller fetches now. Raises NotFound, ExportClosed."""
    export = await own_export(export_id, tx)
    if export.status != ExportStatus.FINISHED:
        raise ExportClosed()
    tx.saw(export.id, "export")
    return export


# ---- rows as cells -------------------------------------------------------------------------------


def cells_of(row: asyncpg.Record, export: Export, vault: Vault) -> list[str]:
    """A row as the columns of an export. Numbers are opened only where their column is in it, and
    shown as far as the purpose needs them."""
    return [_CELLS.get(column, _plain)(row, column, export, vault) for column in export.columns]


Cell = Callable[[asyncpg.Record, str, Export, Vault], str]


def _plain(row: asyncpg.Record, column: str, export: Export, vault: Vault) -> str:
    value = row[column]
    return "" if value is None else str(value)


def _word(words: dict[str, str]) -> Cell:
    return lambda row, column, *_: words.get(row[column] or "", "")


def _number(row: asyncpg.Record, column: str, export: Export, vault: Vault) -> str:
    sealed = row[f"{column}_sealed"]
    if sealed is None:
        return ""
    text = vault.open(sealed, f"persons.{column}:{row['id']}")
    show = shown_id_number if column == "id_number" else shown_phone
    return show(text, Purpose(export.purpose))


def _person_id(row: asyncpg.Record, column: str, export: Export, vault: Vault) -> str:
    return str(row["person_id"] if export.what == What.RESIDENCES else row["id"])


_CELLS: dict[str, Cell] = {
    "sex": _word(_SEXES),
    "kind": _word(_KINDS),
    "use": _word(_USES),
    "id_number": _number,
    "phone": _number,
    "person_id": _person_id,
    "created_on": lambda row, *_: row["created_at"].date().isoformat(),
}


# ---- the file ------------------------------------------------------------------------------------


async def file_of(export: Export, actor: Actor, database: Database) -> AsyncIterator[bytes]:
    """The file of a finished export in pieces, part by part; never whole in memory. Ends early
    when it is deleted meanwhile."""
    what = What(export.what)
    headers = [COLUMNS[what][column] for column in export.columns]
    book = Workbook(_TITLES[what], headers) if export.format == ExportFormat.XLSX else None
    if book is None:
        yield BOM + csv_lines([headers])
    for part in range(export.parts):
        async with database.transaction(actor) as tx:
            sealed = await tx.fetch_value(
                "SELECT content_sealed FROM export_parts WHERE export_id = $1 AND part = $2",
                export.id,
                part,
            )
        if sealed is None:
            return
        place = part_place(export.id, part)
        yield await asyncio.to_thread(_piece, sealed, place, book, database.vault)
    if book is not None:
        yield await asyncio.to_thread(book.end)


def _piece(sealed: bytes, place: str, book: Workbook | None, vault: Vault) -> bytes:
    rows: list[list[str]] = json.loads(vault.open_bytes(sealed, place))
    return csv_lines(rows) if book is None else book.add(rows)
