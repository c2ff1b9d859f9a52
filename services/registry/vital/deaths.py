"""Writing deaths: a report, its registration, and taking it back when it was an error."""

from datetime import date
from uuid import UUID

from services.registry.errors import Implausible, NotMatched, RecordClosed, ReportClosed
from services.registry.persons.handlers import keep_version, leave
from services.registry.persons.models import Person, PersonStatus, Residence
from services.registry.persons.queries import require_person
from services.registry.vital import reports
from services.registry.vital.models import Death, DeathReport, ReportStatus
from services.registry.vital.queries import death_report_view, number_of, place_of
from services.registry.vital.rules import Doubt
from services.registry.vital.schemas import (
    AnnulDeath,
    DeathReportView,
    DeathView,
    Named,
    ReportDeath,
    ReturnReport,
)
from shared.clock import CHINA
from shared.db import Tx
from shared.events.registry import DeathAnnulled, DeathRegistered
from shared.ids import new_id


async def report_death(command: ReportDeath, tx: Tx) -> DeathReportView:
    """Take a report. A second one of the same person is folded into the first. Raises
    AlreadyReported, OutsideJurisdiction, PersonNotFound."""
    earlier = await reports.earlier_report(DeathReport, command.region, command.reference, tx)
    person = await reports.find_person_named(command.person, tx)
    report = _new_report(command, person, tx)
    first = await _reported_before(report, tx)
    if first is not None:
        report.status = ReportStatus.FOLDED
        report.folded_into, report.event_id = first.id, first.event_id
    await reports.put(report, earlier, tx)
    return death_report_view(report, tx)


async def return_death_report(command: ReturnReport, report_id: UUID, tx: Tx) -> DeathReportView:
    """Raises NotFound, ReportClosed."""
    report = await reports.require_open(DeathReport, report_id, tx)
    await reports.send_back(report, command, tx)
    return death_report_view(report, tx)


async def register_death(report_id: UUID, tx: Tx) -> DeathView:
    """The person is recorded as deceased and her stay ends. Raises NotFound, ReportClosed,
    NotMatched, RecordClosed when her death is registered already, Implausible."""
    report = await reports.require_open(DeathReport, report_id, tx)
    person = await reports.find_person_named(_named_in(report, tx), tx, lock=True)
    if person is None:
        raise NotMatched(who="person")
    if person.status != PersonStatus.ACTIVE:
        raise RecordClosed()
    _refuse_doubtful(report, person)
    death = Death(
        id=new_id(),
        report_id=report.id,
        person_id=person.id,
        region=report.region,
        died_on=report.died_on,
        residence_id=await _open_stay(person.id, tx),
        registered_at=tx.now,
        registered_by=tx.actor.sub,
    )
    await tx.add(death)
    await keep_version(person, ["status"], "死亡登记 / death registered", tx)
    await leave(person, report.died_on, tx)
    person.status = PersonStatus.DECEASED
    person.updated_at = tx.now
    await tx.save(person)
    report.person_id = person.id
    await reports.finish(report, death.id, tx)
    tx.emit(
        DeathRegistered(
            death_id=death.id,
            person_id=person.id,
            region=death.region,
            died_on=death.died_on,
            registered_at=tx.now,
            days=_days(death),
        )
    )
    tx.saw(person.id, "death")
    return _death_view(death)


async def annul_death(command: AnnulDeath, report_id: UUID, tx: Tx) -> DeathView:
    """Take a registered death back: the person is alive in the register and lives where she did.
    Raises NotFound, ReportClosed when nothing is registered."""
    report = await reports.require_report(DeathReport, report_id, tx, lock=True)
    if report.status != ReportStatus.REGISTERED or report.event_id is None:
        raise ReportClosed(status_of_report=report.status, folded_into=None)
    death = await tx.require(Death, report.event_id, lock=True)
    person = await require_person(death.person_id, tx, lock=True)
    await keep_version(person, ["status"], command.reason, tx)
    person.status = PersonStatus.ACTIVE
    if death.residence_id is not None:
        await _open_again(person, death.residence_id, tx)
    person.updated_at = tx.now
    await tx.save(person)
    death.annulled_at = tx.now
    death.annulled_by = tx.actor.sub
    death.annulled_for = command.reason
    await tx.save(death)
    report.status = ReportStatus.ANNULLED
    await tx.save(report)
    tx.emit(
        DeathAnnulled(
            death_id=death.id, person_id=person.id, region=death.region, annulled_at=tx.now
        )
    )
    tx.saw(person.id, "death")
    return _death_view(death)


def _new_report(command: ReportDeath, person: Person | None, tx: Tx) -> DeathReport:
    number = command.person.id_number
    report = DeathReport(
        id=new_id(),
        reporter_org=tx.actor.org,
        reference=command.reference,
        region=command.region,
        reported_at=tx.now,
        reported_by=tx.actor.sub,
        died_on=command.died_on,
        name=command.person.name,
        person_id=person.id if person else None,
        id_number_index=person.id_number_index if person else None,
    )
    if number is not None:
        place = place_of("death_reports.id_number", report)
        report.id_number_sealed = tx.vault.seal(number, place)
        report.id_number_index = tx.vault.index(number, "id_number")
    return report


async def _reported_before(report: DeathReport, tx: Tx) -> DeathReport | None:
    key = report.id_number_index or (report.person_id.bytes if report.person_id else b"")
    await tx.execute(
        "SELECT pg_advisory_xact_lock($1)", int.from_bytes(key[:8], "big", signed=True)
    )
    found = await tx.find(
        DeathReport,
        "SELECT * FROM death_reports WHERE status IN ('reported', 'registered')"
        " AND (person_id = $1 OR id_number_index = $2)"
        " AND NOT (reporter_org = $3 AND reference = $4) ORDER BY id LIMIT 1 FOR UPDATE",
        report.person_id,
        report.id_number_index,
        report.reporter_org,
        report.reference,
    )
    return found[0] if found else None


def _named_in(report: DeathReport, tx: Tx) -> Named:
    if report.person_id is not None:
        return Named(name=report.name, person_id=report.person_id)
    return Named(name=report.name, id_number=number_of(report, tx))


def _refuse_doubtful(report: DeathReport, person: Person) -> None:
    if report.name != person.name:
        raise Implausible(reason=Doubt.NAME_DIFFERS.value)
    if report.died_on < person.birth_date:
        raise Implausible(reason=Doubt.BEFORE_BIRTH.value)


async def _open_stay(person_id: UUID, tx: Tx) -> UUID | None:
    found: UUID | None = await tx.fetch_value(
        "SELECT id FROM residences WHERE person_id = $1 AND until IS NULL", person_id
    )
    return found


async def _open_again(person: Person, residence_id: UUID, tx: Tx) -> None:
    stay = await tx.require(Residence, residence_id, lock=True)
    stay.until = None
    await tx.save(stay)
    person.residence_region = stay.region
    person.residence_kind = stay.kind
    person.residence_since = stay.since
    person.room_id = stay.room_id
    person.left_region = None


def _days(death: Death) -> int:
    registered_on: date = death.registered_at.astimezone(CHINA).date()
    return (registered_on - death.died_on).days


def _death_view(death: Death) -> DeathView:
    return DeathView(**death.model_dump(include=set(DeathView.model_fields)), days=_days(death))
