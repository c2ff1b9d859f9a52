"""What reports of births, deaths and marriages have in common."""

from typing import TypeVar
from uuid import UUID

from services.registry.errors import AlreadyReported, Implausible, ReportClosed
from services.registry.persons.models import Person
from services.registry.persons.queries import find_by_id_number, require_person
from services.registry.persons.rules import shown_id_number
from services.registry.regions.queries import require_region
from services.registry.vital.models import Report, ReportStatus
from services.registry.vital.rules import Doubt
from services.registry.vital.schemas import Named, NamedView, ReturnReport
from shared.db import Tx
from shared.problems import NotFound, OutsideJurisdiction
from shared.usage import Purpose

Kind = TypeVar("Kind", bound=Report)


def is_office(tx: Tx) -> bool:
    """Whether the caller keeps the register; reporters see only what they reported themselves."""
    scopes = tx.actor.scopes
    return "registry:write" in scopes or "registry:report" not in scopes


async def find_person_named(named: Named, tx: Tx, *, lock: bool = False) -> Person | None:
    """The registered person a report speaks of, or None. Raises PersonNotFound for an id of the
    register that is none here, Implausible when the id number is another one's."""
    if named.person_id is not None:
        person = await require_person(named.person_id, tx, lock=lock)
        index = tx.vault.index(named.id_number, "id_number") if named.id_number else None
        if index is not None and person.id_number_index not in (None, index):
            raise Implausible(reason=Doubt.NUMBER_DIFFERS.value)
        return person
    return await find_by_id_number(named.id_number, tx, lock=lock) if named.id_number else None


async def earlier_report(model: type[Kind], region: str, reference: str, tx: Tx) -> Kind | None:
    """The reporter's own earlier report of this reference, if it was returned and may be sent
    again. Raises AlreadyReported when it was not, OutsideJurisdiction, UnknownRegion."""
    if not tx.actor.covers(region):
        raise OutsideJurisdiction()
    await require_region(region, tx)
    found = await tx.find(
        model,
        f"SELECT * FROM {model.__tablename__}"  # noqa: S608 a table of our own
        " WHERE reporter_org = $1 AND reference = $2 FOR UPDATE",
        tx.actor.org,
        reference,
    )
    if not found:
        return None
    if found[0].status != ReportStatus.RETURNED:
        raise AlreadyReported(report_id=str(found[0].id))
    return found[0]


async def put(report: Report, earlier: Report | None, tx: Tx) -> None:
    """Enter a report, or put it in the place of the returned one it corrects."""
    if earlier is None:
        await tx.add(report)
        return
    report.id, report.version = earlier.id, earlier.version
    await tx.save(report)


async def require_report(model: type[Kind], report_id: UUID, tx: Tx, *, lock: bool = False) -> Kind:
    """Raises NotFound, also for what another organisation reported when the caller reports only."""
    report = await tx.require(model, report_id, lock=lock)
    if not is_office(tx) and report.reporter_org != tx.actor.org:
        raise NotFound()
    return report


async def require_open(model: type[Kind], report_id: UUID, tx: Tx) -> Kind:
    """A report that waits to be dealt with, locked. Raises NotFound, ReportClosed."""
    report = await require_report(model, report_id, tx, lock=True)
    if report.status != ReportStatus.REPORTED:
        folded_into = str(report.folded_into) if report.folded_into else None
        raise ReportClosed(status_of_report=report.status, folded_into=folded_into)
    return report


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


def named_view(
    name: str,
    id_number: str | None,
    person_id: UUID | None,
    tx: Tx,
    home_region: str | None = None,
) -> NamedView:
    """As the caller may see it: the register's id is for the office, not for a reporter."""
    purpose = tx.purpose or Purpose.REGISTRATION
    return NamedView(
        name=name,
        id_number=shown_id_number(id_number, purpose) if id_number else None,
        person_id=person_id if is_office(tx) else None,
        home_region=home_region,
    )
