"""Taking back what a line did: exactly, where nothing else changed it since; otherwise not at all,
for a clerk to look at."""

import json
from datetime import date, datetime
from typing import Any, Final, TypeVar
from uuid import UUID

from sqlmodel import SQLModel

from services.registry.feeds.models import Effect, FeedLine, ResidenceEvidence
from services.registry.persons.handlers import keep_version
from services.registry.persons.models import HukouMove, Person, PersonStatus, Residence
from services.registry.vital.models import (
    BirthReport,
    DeathReport,
    MarriageReport,
    Report,
    ReportStatus,
)
from services.registry.vital.reports import send_back
from services.registry.vital.schemas import ReturnReport
from shared.db import Tx
from shared.events.registry import PersonCorrected
from shared.tables import table_of

Row = TypeVar("Row", bound=SQLModel)
Values = dict[str, Any]
Snapshot = dict[str, list[Values]]

_WITHDRAWN = "部门月报撤回 / the department's batch was withdrawn"
_FACTS: Final[tuple[type[SQLModel], ...]] = (Residence, HukouMove)
# What every write sets anew, and so says nothing about whether somebody changed the record.
_BOOKKEEPING: Final = frozenset({"version", "updated_at", "recorded_at", "recorded_by"})
_REPORTS: Final[dict[str, type[Report]]] = {
    Effect.BIRTH_REPORT: BirthReport,
    Effect.DEATH_REPORT: DeathReport,
    Effect.MARRIAGE_REPORT: MarriageReport,
}


def _plain(row: SQLModel) -> Values:
    """A row as JSON can hold it."""
    return {
        name: value.hex()
        if isinstance(value, bytes)
        else value.isoformat()
        if isinstance(value, date | datetime)
        else str(value)
        if isinstance(value, UUID)
        else [str(each) for each in value]
        if isinstance(value, list)
        else value
        for name, value in row.model_dump().items()
    }


def _column(row: SQLModel, name: str, value: Any) -> Any:
    """A value of a plain row as the column holds it, by the column's type."""
    if not isinstance(value, str):
        return value
    kind = table_of(type(row)).columns[name].type.python_type
    if kind is bytes:
        return bytes.fromhex(value)
    if kind is UUID:
        return UUID(value)
    if kind in (date, datetime):
        return kind.fromisoformat(value)
    return value


async def snapshot(person_id: UUID, tx: Tx) -> Snapshot:
    """A person's record with her stays and the moves of her household register."""
    found: Snapshot = {
        "persons": [
            _plain(each)
            for each in await tx.find(Person, "SELECT * FROM persons WHERE id = $1", person_id)
        ]
    }
    for model in _FACTS:
        rows = await tx.find(
            model,
            f"SELECT * FROM {model.__tablename__}"  # noqa: S608 a table of our own
            " WHERE person_id = $1 ORDER BY id",
            person_id,
        )
        found[str(model.__tablename__)] = [_plain(row) for row in rows]
    return found


def seal_change(before: Snapshot, after: Snapshot, line_id: UUID, tx: Tx) -> bytes:
    return tx.vault.seal(json.dumps({"before": before, "after": after}), _place(line_id))


def seal_row(row: SQLModel, line_id: UUID, tx: Tx) -> bytes:
    return tx.vault.seal(json.dumps({"row": _plain(row)}), _place(line_id))


def _place(line_id: UUID) -> str:
    return f"feed_lines.undo:{line_id}"


def _opened(line: FeedLine, tx: Tx) -> dict[str, Any]:
    if line.undo_sealed is None:
        return {}
    found: dict[str, Any] = json.loads(tx.vault.open(line.undo_sealed, _place(line.id)))
    return found


async def take_back(line: FeedLine, tx: Tx) -> bool:
    """Undo what a line did. Returns False where it was changed since, and then does nothing."""
    if line.effect in _REPORTS:
        return await _report_back(line, tx)
    if line.effect == Effect.PERSON_CHANGED:
        return await _person_back(line, tx)
    if line.effect == Effect.PERSON_REGISTERED:
        return await _newcomer_back(line, tx)
    return await _evidence_back(line, tx)


async def _report_back(line: FeedLine, tx: Tx) -> bool:
    """A report that still waits goes back to the department; one that it had replaced stands
    again. One that was registered, returned or annulled since is no longer the batch's."""
    report = await tx.get(_REPORTS[str(line.effect)], line.effect_id, lock=True)
    if report is None or report.version != line.effect_version or report.event_id is not None:
        return False
    if report.status not in (ReportStatus.REPORTED, ReportStatus.FOLDED):
        return False
    report.folded_into = None
    await send_back(report, ReturnReport(reason=_WITHDRAWN), tx)
    before = _opened(line, tx).get("row")
    if before is not None:
        await _stand_again(report, before, tx)
    return True


async def _stand_again(report: Report, before: Values, tx: Tx) -> None:
    """The replaced report as it was. If what it was folded into is no longer there to fold into,
    it stands by itself."""
    for name, value in before.items():
        if name not in ("id", "version"):
            setattr(report, name, _column(report, name, value))
    if report.folded_into is not None:
        first = await tx.get(type(report), report.folded_into, lock=True)
        if first is None or first.status not in (ReportStatus.REPORTED, ReportStatus.REGISTERED):
            report.status, report.folded_into = ReportStatus.REPORTED, None
    if isinstance(before.get("apart_from"), list):
        report.apart_from = [UUID(each) for each in before["apart_from"]]
    await tx.save(report)


async def _person_back(line: FeedLine, tx: Tx) -> bool:
    """The columns that the line changed get their values back, the facts it closed are open again
    and those it brought are gone; what else was changed in the record stays."""
    undo = _opened(line, tx)
    person = await tx.get(Person, line.effect_id, lock=True)
    if person is None or not undo or person.status == PersonStatus.MERGED:
        return False
    before, after = undo["before"], undo["after"]
    now = await snapshot(person.id, tx)
    changed = _changed(before["persons"][0], after["persons"][0])
    if any(now["persons"][0][name] != after["persons"][0][name] for name in changed):
        return False
    facts = [str(model.__tablename__) for model in _FACTS]
    if any(_told(now[table]) != _told(after[table]) for table in facts):
        return False
    await keep_version(person, sorted(changed), _WITHDRAWN, tx)
    for name in changed:
        setattr(person, name, _column(person, name, before["persons"][0][name]))
    for model in _FACTS:
        table = str(model.__tablename__)
        await _facts_back(model, before[table], after[table], line.id, tx)
    person.updated_at = tx.now
    await tx.save(person)
    fields = {name.removesuffix("_sealed").removesuffix("_index") for name in changed}
    tx.emit(PersonCorrected(person_id=person.id, region=person.hukou_region, fields=sorted(fields)))
    tx.saw(person.id, "person")
    return True


def _changed(before: Values, after: Values) -> set[str]:
    return {name for name in after if name not in _BOOKKEEPING and before.get(name) != after[name]}


def _told(rows: list[Values]) -> list[Values]:
    """What facts say, without who wrote it when."""
    return [{name: row[name] for name in row if name not in _BOOKKEEPING} for row in rows]


async def _out(model: type[SQLModel], fact_id: UUID, line_id: UUID, tx: Tx) -> bool:
    """Take out a fact that a line of a batch being withdrawn brought."""
    out: bool = await tx.fetch_value(
        "SELECT take_back_fact($1, $2, $3)", line_id, str(model.__tablename__), fact_id
    )
    return out


async def _facts_back(
    model: type[SQLModel], before: list[Values], after: list[Values], line_id: UUID, tx: Tx
) -> None:
    """First out with what the line brought, for a person has one open stay."""
    were = {row["id"]: row for row in before}
    for row in after:
        if row["id"] not in were and not await _out(model, UUID(row["id"]), line_id, tx):
            raise RuntimeError("a fact that the line brought is not there")
    for now in after:
        was = were.get(now["id"])
        if was is None or not _changed(was, now):
            continue
        fact = await tx.require(model, UUID(now["id"]), lock=True)
        for name, value in was.items():
            setattr(fact, name, _column(fact, name, value))
        fact.recorded_at, fact.recorded_by = tx.now, tx.actor.sub
        await tx.save(fact)


async def _newcomer_back(line: FeedLine, tx: Tx) -> bool:
    """Somebody registered from the line alone, and not touched since, was never here."""
    person = await tx.get(Person, line.effect_id, lock=True)
    if person is None or person.version != line.effect_version:
        return False
    if person.status != PersonStatus.ACTIVE or person.household_id or person.residence_region:
        return False
    await keep_version(person, ["status"], _WITHDRAWN, tx)
    person.status = PersonStatus.ANNULLED
    person.id_number_sealed = person.id_number_index = None  # free for whoever registers next
    person.updated_at = tx.now
    await tx.save(person)
    tx.emit(PersonCorrected(person_id=person.id, region=person.hukou_region, fields=["status"]))
    tx.saw(person.id, "person")
    return True


async def _evidence_back(line: FeedLine, tx: Tx) -> bool:
    if line.effect_id is None:
        return False
    return await _out(ResidenceEvidence, line.effect_id, line.id, tx)
