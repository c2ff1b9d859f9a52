"""What reports of births, deaths and marriages have in common."""

import json
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from services.registry.persons.models import Person, PersonStatus
from services.registry.persons.queries import find_by_id_number, require_person
from services.registry.persons.rules import shown_id_number, shown_phone
from services.registry.regions.queries import require_region
from services.registry.vital.errors import (
    AlreadyReported,
    Implausible,
    NotRegistered,
    NotYours,
    ReportClosed,
)
from services.registry.vital.models import Registered, Report, ReporterKind, ReportStatus
from services.registry.vital.rules import CONFIRMABLE, Doubt, Recorded, unresolved
from services.registry.vital.schemas import Named, NamedView, ReportEvent, ReturnReport
from shared.db import Tx
from shared.problems import Forbidden, NotFound, OutsideJurisdiction
from shared.subjects import herself
from shared.usage import Purpose

Kind = TypeVar("Kind", bound=Report)

REGISTRY = frozenset({"registry:read", "registry:write", "registry:report"})


class Reporter(NamedTuple):
    """Who reports: a person's own reports are under her id, an organisation's under its code."""

    kind: ReporterKind
    org: str
    person_id: UUID | None


def is_person(tx: Tx) -> bool:
    """Whether the caller is a person acting for herself, and no office."""
    return "self" in tx.actor.scopes and tx.actor.scopes.isdisjoint(REGISTRY)


def is_office(tx: Tx) -> bool:
    """Whether the caller keeps the register; reporters see only what they reported themselves."""
    scopes = tx.actor.scopes
    return not is_person(tx) and ("registry:write" in scopes or "registry:report" not in scopes)


async def own_id(tx: Tx) -> UUID:
    """The record of the person who calls. Raises PersonNotFound."""
    return (await require_person(await herself(tx) or UUID(int=0), tx)).id


async def reporter_of(command: ReportEvent, tx: Tx) -> Reporter:
    """Raises Forbidden when a person claims to report for somebody else."""
    if is_person(tx):
        if command.reporter not in (None, ReporterKind.PERSON):
            raise Forbidden()
        person_id = await own_id(tx)
        return Reporter(ReporterKind.PERSON, f"person:{person_id}", person_id)
    usual = ReporterKind.OFFICE if is_office(tx) else ReporterKind.HOSPITAL
    return Reporter(command.reporter or usual, tx.actor.org, None)


async def find_person_named(named: Named, tx: Tx, *, lock: bool = False) -> Person | None:
    """The registered person a report speaks of, or None. Raises PersonNotFound for an id of the
    register that is none here, Implausible when the id number is another one's, NotYours when a
    person names somebody else's record."""
    if named.person_id is not None:
        person = await require_person(named.person_id, tx, lock=lock)
        if is_person(tx) and person.id != await own_id(tx):
            raise NotYours()
        index = tx.vault.index(named.id_number, "id_number") if named.id_number else None
        if index is not None and person.id_number_index not in (None, index):
            raise Implausible(reason=Doubt.NUMBER_DIFFERS.value)
        return person
    return await find_by_id_number(named.id_number, tx, lock=lock) if named.id_number else None


async def earlier_report(
    model: type[Kind], command: ReportEvent, reporter: Reporter, tx: Tx
) -> Kind | None:
    """The reporter's own earlier report of this reference, if it was returned and may be sent
    again. Raises AlreadyReported when it was not, OutsideJurisdiction, UnknownRegion."""
    if not tx.actor.covers(command.region):
        raise OutsideJurisdiction()
    await require_region(command.region, tx)
    found = await tx.find(
        model,
        f"SELECT * FROM {model.__tablename__}"  # noqa: S608 a table of our own
        " WHERE reporter_org = $1 AND reference = $2 FOR UPDATE",
        reporter.org,
        command.reference,
    )
    if not found:
        return None
    if found[0].status != ReportStatus.RETURNED:
        raise AlreadyReported(report_id=str(found[0].id))
    return found[0]


def common(command: ReportEvent, reporter: Reporter, tx: Tx) -> dict[str, Any]:
    """The columns that all reports fill in the same way."""
    return {
        "reporter_org": reporter.org,
        "reporter_kind": reporter.kind,
        "reporter_id": reporter.person_id,
        "reference": command.reference,
        "region": command.region,
        "captured_at": command.captured_at,
        "reported_at": tx.now,
        "reported_by": tx.actor.sub,
    }


def seal_said(report: Report, command: ReportEvent, named: Mapping[str, Named], tx: Tx) -> None:
    """Seal what is free text or helps to find somebody: the reason of a late report, and birth
    dates and phones by the part people have in it."""
    if command.late_reason:
        place = place_of("late_reason", report)
        report.late_reason_sealed = tx.vault.seal(command.late_reason, place)
    hints = {
        role: each.model_dump(mode="json", include={"birth_date", "phone"})
        for role, each in named.items()
        if each.birth_date or each.phone
    }
    if hints:
        report.hints_sealed = tx.vault.seal(json.dumps(hints), place_of("hints", report))


def late_reason_of(report: Report, tx: Tx) -> str | None:
    return opened(report.late_reason_sealed, "late_reason", report, tx)


def hints_of(report: Report, tx: Tx) -> dict[str, dict[str, str | None]]:
    """Birth date and phone by part ("mother", "father", "person"), as far as they were said."""
    text = opened(report.hints_sealed, "hints", report, tx)
    return json.loads(text) if text else {}


def place_of(column: str, report: Report) -> str:
    """What a sealed column of a report is bound to. Not the id: a corrected report takes the row
    of the returned one."""
    table = report.__tablename__
    return f"{table}.{column}:{report.reporter_org}:{report.reference}"


def opened(sealed: bytes | None, column: str, report: Report, tx: Tx) -> str | None:
    return None if sealed is None else tx.vault.open(sealed, place_of(column, report))


async def put(report: Report, earlier: Report | None, tx: Tx) -> None:
    """Enter a report, or put it in the place of the returned one it corrects."""
    if earlier is None:
        await tx.add(report)
        return
    report.id, report.version = earlier.id, earlier.version
    await tx.save(report)


async def require_report(model: type[Kind], report_id: UUID, tx: Tx, *, lock: bool = False) -> Kind:
    """Raises NotFound, also for what somebody else reported when the caller reports only."""
    report = await tx.require(model, report_id, lock=lock)
    if is_person(tx):
        if report.reporter_id != await own_id(tx):
            raise NotFound()
    elif not is_office(tx) and report.reporter_org != tx.actor.org:
        raise NotFound()
    return report


async def require_open(model: type[Kind], report_id: UUID, tx: Tx) -> Kind:
    """A report that waits to be dealt with, locked. Raises NotFound, ReportClosed."""
    report = await require_report(model, report_id, tx, lock=True)
    if report.status != ReportStatus.REPORTED:
        raise ReportClosed(status_of_report=report.status, folded_into=_text(report.folded_into))
    return report


async def require_registered(
    model: type[Kind], report_id: UUID, tx: Tx, *, lock: bool = True
) -> tuple[Kind, UUID]:
    """A report that leads to a registered event, and that event's id. Raises NotFound,
    NotRegistered."""
    report = await require_report(model, report_id, tx, lock=lock)
    if report.event_id is None:
        raise NotRegistered(status_of_report=report.status)
    return report, report.event_id


async def send_back(report: Report, command: ReturnReport, tx: Tx) -> None:
    """Return a report. The first of those folded into it takes its place: what another office
    said of the same event does not go back with it."""
    report.status = ReportStatus.RETURNED
    report.return_reason = command.reason
    await tx.save(report)
    table = type(report).__tablename__
    heir = await tx.fetch_value(
        f"SELECT id FROM {table} WHERE folded_into = $1 ORDER BY id LIMIT 1",  # noqa: S608
        report.id,
    )
    if heir is None:
        return
    await tx.execute(
        f"UPDATE {table} SET status = 'reported', folded_into = NULL,"  # noqa: S608
        " version = version + 1 WHERE id = $1",
        heir,
    )
    await tx.execute(
        f"UPDATE {table} SET folded_into = $2, version = version + 1"  # noqa: S608
        " WHERE folded_into = $1",
        report.id,
        heir,
    )


async def finish(report: Report, event_id: UUID, tx: Tx) -> None:
    """A report and what is folded into it lead to the event registered from it."""
    report.status = ReportStatus.REGISTERED
    report.event_id = event_id
    await tx.save(report)
    await tx.execute(
        f"UPDATE {type(report).__tablename__} SET event_id = $2"  # noqa: S608
        " WHERE folded_into = $1",
        report.id,
        event_id,
    )


async def serialise(key: bytes, tx: Tx) -> None:
    """Two offices that report one event at once must see each other."""
    await tx.execute(
        "SELECT pg_advisory_xact_lock($1)", int.from_bytes(key[:8].ljust(8), "big", signed=True)
    )


def refuse_unresolved(doubts: Iterable[Doubt], confirmed: Iterable[Doubt]) -> None:
    """Raises Implausible with the first doubt that nobody has resolved."""
    doubt = unresolved(doubts, set(confirmed))
    if doubt is not None:
        raise Implausible(reason=doubt.value, confirmable=doubt in CONFIRMABLE)


async def recorded(person: Person, tx: Tx) -> Recorded:
    """What the register says of a person that a report may contradict."""
    died_on = None
    if person.status == PersonStatus.DECEASED:
        died_on = await tx.fetch_value(
            "SELECT died_on FROM deaths WHERE person_id = $1 AND annulled_at IS NULL", person.id
        )
    return Recorded(person.name, person.sex, person.birth_date, died_on)


def seal_late_reason(event: Registered, reason: str | None, tx: Tx) -> None:
    if reason:
        event.late_reason_sealed = tx.vault.seal(reason, _late_place(event))


def late_reason_of_event(event: Registered, tx: Tx) -> str | None:
    sealed = event.late_reason_sealed
    return None if sealed is None else tx.vault.open(sealed, _late_place(event))


def _late_place(event: Registered) -> str:
    return f"{event.__tablename__}.late_reason:{event.id}"


def named_view(named: Named, tx: Tx) -> NamedView:
    """As the caller may see it: the register's id is for the office, not for a reporter."""
    purpose = tx.purpose or Purpose.REGISTRATION
    return NamedView(
        name=named.name,
        id_number=shown_id_number(named.id_number, purpose) if named.id_number else None,
        person_id=named.person_id if is_office(tx) else None,
        birth_date=named.birth_date,
        phone=shown_phone(named.phone, purpose) if named.phone else None,
    )


def _text(id_: UUID | None) -> str | None:
    return None if id_ is None else str(id_)
