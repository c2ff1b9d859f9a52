"""Writing deaths: reports from several reporters, and the registration that closes a record."""

from uuid import UUID

from services.registry.errors import RecordClosed
from services.registry.persons.models import Person, PersonStatus
from services.registry.vital import reports
from services.registry.vital.closing import close_record
from services.registry.vital.errors import NotMatched, NotYours
from services.registry.vital.kin import is_kin
from services.registry.vital.models import Death, DeathReport, ReportStatus
from services.registry.vital.queries import death_report_view, death_view, number_in
from services.registry.vital.rules import doubt_about_dead
from services.registry.vital.schemas import (
    Confirmation,
    DeathReportView,
    DeathView,
    Named,
    ReportDeath,
    ReturnReport,
)
from shared.clock import CHINA
from shared.db import Tx
from shared.events.registry_vital import DeathRegistered
from shared.ids import new_id


async def report_death(command: ReportDeath, tx: Tx) -> DeathReportView:
    """Take a report. A second one of the same person is folded into the first. Raises
    AlreadyReported, OutsideJurisdiction, PersonNotFound; NotYours when a person reports somebody
    who is not of her family."""
    reporter = await reports.reporter_of(command, tx)
    earlier = await reports.earlier_report(DeathReport, command, reporter, tx)
    if reporter.person_id is None:
        person = await reports.find_person_named(command.person, tx)
    else:
        person = await _of_her_family(command, reporter.person_id, tx)
    report = _new_report(command, reporter, person, tx)
    await reports.serialise(report.id_number_index or (person.id.bytes if person else b""), tx)
    first = await reported_before(report, tx)
    if first is not None:
        report.status = ReportStatus.FOLDED
        report.folded_into, report.event_id = first.id, first.event_id
    await reports.put(report, earlier, tx)
    return await death_report_view(report, tx)


async def return_death_report(command: ReturnReport, report_id: UUID, tx: Tx) -> DeathReportView:
    """Raises NotFound, ReportClosed."""
    report = await reports.require_open(DeathReport, report_id, tx)
    await reports.send_back(report, command, tx)
    return await death_report_view(report, tx)


async def register_death(report_id: UUID, tx: Tx, command: Confirmation | None = None) -> DeathView:
    """The person is recorded as deceased; her stay and workplaces end. What becomes of her
    household follows from the event (households/events.py). Raises NotFound, ReportClosed,
    NotMatched, RecordClosed when her death is registered already, Implausible."""
    command = command or Confirmation()
    report = await reports.require_open(DeathReport, report_id, tx)
    person = await reports.find_person_named(_named_in(report, tx), tx, lock=True)
    if person is None:
        raise NotMatched(who="person")
    if person.status != PersonStatus.ACTIVE:
        raise RecordClosed()
    await refuse_doubtful(report, person, tx)
    death = Death(
        id=new_id(),
        report_id=report.id,
        person_id=person.id,
        region=report.region,
        died_on=report.died_on,
        registered_at=tx.now,
        registered_by=tx.actor.sub,
        registered_org=tx.actor.org,
    )
    death.closed = await close_record(
        person, PersonStatus.DECEASED, report.died_on, "死亡登记 / death registered", tx
    )
    reports.seal_late_reason(death, command.late_reason or reports.late_reason_of(report, tx), tx)
    await tx.add(death)
    report.person_id = person.id
    await reports.finish(report, death.id, tx)
    tx.emit(
        DeathRegistered(
            death_id=death.id,
            person_id=person.id,
            region=death.region,
            died_on=death.died_on,
            registered_at=tx.now,
            days=(death.registered_at.astimezone(CHINA).date() - death.died_on).days,
        )
    )
    return await death_view(death, tx)


async def refuse_doubtful(report: DeathReport, person: Person, tx: Tx) -> None:
    """Raises Implausible."""
    doubt = doubt_about_dead(
        await reports.recorded(person, tx), reported_name=report.name, died_on=report.died_on
    )
    reports.refuse_unresolved([doubt] if doubt else [], [])


async def reported_before(report: DeathReport, tx: Tx) -> DeathReport | None:
    """The first report of this person's death that was not returned, nor found to be another's."""
    found = await tx.find(
        DeathReport,
        "SELECT * FROM death_reports WHERE status IN ('reported', 'registered')"
        " AND (person_id = $1 OR id_number_index = $2)"
        " AND NOT (reporter_org = $3 AND reference = $4) AND id <> ALL($5::uuid[])"
        " ORDER BY id LIMIT 1 FOR UPDATE",
        report.person_id,
        report.id_number_index,
        report.reporter_org,
        report.reference,
        report.apart_from,
    )
    return found[0] if found else None


async def _of_her_family(command: ReportDeath, own_id: UUID, tx: Tx) -> Person:
    """The dead as a relative names her, by id number. Whoever is not of the family, or not
    registered, is answered alike. Raises NotYours."""
    named = command.person.model_copy(update={"person_id": None})
    person = await reports.find_person_named(named, tx)
    if person is None or not await is_kin(own_id, person.id, tx):
        raise NotYours()
    return person


def _new_report(
    command: ReportDeath, reporter: reports.Reporter, person: Person | None, tx: Tx
) -> DeathReport:
    number = command.person.id_number
    report = DeathReport(
        id=new_id(),
        **reports.common(command, reporter, tx),
        died_on=command.died_on,
        name=command.person.name,
        person_id=person.id if person else None,
        id_number_index=person.id_number_index if person else None,
    )
    if number is not None:
        place = reports.place_of("id_number", report)
        report.id_number_sealed = tx.vault.seal(number, place)
        report.id_number_index = tx.vault.index(number, "id_number")
    reports.seal_said(report, command, {"person": command.person}, tx)
    return report


def _named_in(report: DeathReport, tx: Tx) -> Named:
    if report.person_id is not None:
        return Named(name=report.name, person_id=report.person_id)
    return Named(name=report.name, id_number=number_in(report, "person", tx))
