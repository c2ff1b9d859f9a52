"""Writing births: reports from several reporters, one registered birth."""

from collections.abc import Sequence
from uuid import UUID

from services.registry.limits.queries import limits_of
from services.registry.limits.rules import Limit
from services.registry.persons.handlers import register_person
from services.registry.persons.models import Person, ResidenceKind
from services.registry.persons.queries import id_number_of, require_person
from services.registry.persons.rules import kind_of_residence
from services.registry.persons.schemas import RegisterPerson, ResidenceInput
from services.registry.vital import reports
from services.registry.vital.errors import Implausible, NotMatched, NotYours
from services.registry.vital.models import Birth, BirthReport, ReportStatus
from services.registry.vital.queries import birth_report_view, birth_view, number_in
from services.registry.vital.rules import (
    BirthFacts,
    Doubt,
    doubt_about_births,
    doubts_about_mother,
    home_elsewhere,
    name_of_unnamed,
    relation_of_child,
    same_birth,
)
from services.registry.vital.schemas import (
    BirthReportView,
    BirthView,
    Named,
    RegisterBirth,
    ReportBirth,
    ReturnReport,
)
from shared.clock import CHINA
from shared.codes import FamilyRelation, Sex
from shared.db import Tx
from shared.events.registry_vital import BirthRegistered, BirthReported
from shared.ids import new_id


async def report_birth(command: ReportBirth, tx: Tx) -> BirthReportView:
    """Take a report. One that is of a birth already reported is folded into that report. Raises
    AlreadyReported, OutsideJurisdiction, PersonNotFound; NotYours when a person reports a child
    that is not said to be hers."""
    reporter = await reports.reporter_of(command, tx)
    earlier = await reports.earlier_report(BirthReport, command, reporter, tx)
    mother = await reports.find_person_named(command.mother, tx)
    father = await reports.find_person_named(command.father, tx) if command.father else None
    parents = {each.id for each in (mother, father) if each}
    if reporter.person_id is not None and reporter.person_id not in parents:
        raise NotYours()
    report = _new_report(command, reporter, mother, father, tx)
    await reports.serialise(_mother_key(report), tx)
    first = await reported_before(report, tx)
    if first is not None:
        report.status = ReportStatus.FOLDED
        report.folded_into, report.event_id = first.id, first.event_id
    await reports.put(report, earlier, tx)
    tx.emit(
        BirthReported(
            report_id=report.id,
            region=report.region,
            reporter_org="person" if reporter.person_id else report.reporter_org,
            born_on=report.born_on,
        )
    )
    return await birth_report_view(report, tx)


async def return_birth_report(command: ReturnReport, report_id: UUID, tx: Tx) -> BirthReportView:
    """Raises NotFound, ReportClosed."""
    report = await reports.require_open(BirthReport, report_id, tx)
    await reports.send_back(report, command, tx)
    return await birth_report_view(report, tx)


async def register_birth(command: RegisterBirth, report_id: UUID, tx: Tx) -> BirthView:
    """Register the child as a person, linked to her mother. Raises NotFound, ReportClosed,
    NotMatched when mother or household is not registered here, Implausible."""
    report = await reports.require_open(BirthReport, report_id, tx)
    mother = await _mother_of(report, command, tx)
    others = await _births_of(mother, report, tx)
    known = next((each for each in others if same_birth(facts_of(each), facts_of(report))), None)
    if known is not None:
        return await _fold_into(known, report, tx)
    await _require_household(command.household_id, tx)
    father = await _father_of(report, tx)
    await refuse_doubtful(report, mother, father, others, command.confirmed, tx)
    child = await register_person(_child(command, report, mother), tx)
    birth = Birth(
        id=new_id(),
        report_id=report.id,
        child_id=child.id,
        mother_id=mother.id,
        father_id=father.id if father else None,
        region=report.region,
        born_on=report.born_on,
        sex=report.sex,
        multiple_index=report.multiple_index,
        named=_given_name(command, report) is not None,
        confirmed=[each.value for each in command.confirmed],
        registered_at=tx.now,
        registered_by=tx.actor.sub,
        registered_org=tx.actor.org,
    )
    reports.seal_late_reason(birth, command.late_reason or reports.late_reason_of(report, tx), tx)
    await tx.add(birth)
    report.mother_id = mother.id
    report.father_id = birth.father_id
    await reports.finish(report, birth.id, tx)
    _say_registered(birth, mother, tx)
    return await birth_view(birth, tx)


async def refuse_doubtful(
    report: BirthReport | Birth,
    mother: Person,
    father: Person | None,
    others: Sequence[Birth],
    confirmed: Sequence[Doubt],
    tx: Tx,
) -> None:
    """What a report, or a registered birth as it would be corrected, cannot say of this mother and
    father beside her `others`. Raises Implausible."""
    limits = await limits_of(tx.actor.region, tx)
    doubts = doubts_about_mother(
        await reports.recorded(mother, tx),
        reported_name=report.mother_name if isinstance(report, BirthReport) else mother.name,
        born_on=report.born_on,
        youngest=limits[Limit.MOTHER_YOUNGEST],
        oldest=limits[Limit.MOTHER_OLDEST],
    )
    if father is not None and father.birth_date >= report.born_on:
        doubts.append(Doubt.FATHER_YOUNGER)
    close = doubt_about_births(
        facts_of(report), map(facts_of, others), limits[Limit.BIRTHS_APART_MONTHS]
    )
    reports.refuse_unresolved([*doubts, *([close] if close else [])], confirmed)


async def births_of(mother_id: UUID, tx: Tx) -> list[Birth]:
    """Her registered births that stand."""
    return await tx.find(
        Birth,
        "SELECT * FROM births WHERE mother_id = $1 AND annulled_at IS NULL ORDER BY id",
        mother_id,
    )


async def reported_before(report: BirthReport, tx: Tx) -> BirthReport | None:
    """The first report of the same birth that was not returned, nor found to be of another."""
    of_mother = await tx.find(
        BirthReport,
        "SELECT * FROM birth_reports WHERE status IN ('reported', 'registered')"
        " AND (mother_id = $1 OR mother_id_number_index = $2)"
        " AND NOT (reporter_org = $3 AND reference = $4) AND id <> ALL($5::uuid[])"
        " ORDER BY id FOR UPDATE",
        report.mother_id,
        report.mother_id_number_index,
        report.reporter_org,
        report.reference,
        report.apart_from,
    )
    return next((each for each in of_mother if same_birth(facts_of(each), facts_of(report))), None)


def _new_report(
    command: ReportBirth,
    reporter: reports.Reporter,
    mother: Person | None,
    father: Person | None,
    tx: Tx,
) -> BirthReport:
    report = BirthReport(
        id=new_id(),
        **reports.common(command, reporter, tx),
        born_on=command.born_on,
        born_at=command.born_at,
        sex=command.sex,
        multiple_index=command.multiple_index,
        child_name=command.child_name,
        mother_name=command.mother.name,
        mother_id=mother.id if mother else None,
        father_name=command.father.name if command.father else None,
        father_id=father.id if father else None,
    )
    _seal(report, "mother", command.mother, mother, tx)
    named: dict[str, Named] = {"mother": command.mother}
    if command.father:
        _seal(report, "father", command.father, father, tx)
        named["father"] = command.father
    reports.seal_said(report, command, named, tx)
    return report


def _seal(report: BirthReport, who: str, named: Named, person: Person | None, tx: Tx) -> None:
    """The number as it was reported; the index also from the register, so that reports by number
    and by id of the register meet."""
    index = person.id_number_index if person else None
    if named.id_number is not None:
        place = reports.place_of(f"{who}_id_number", report)
        setattr(report, f"{who}_id_number_sealed", tx.vault.seal(named.id_number, place))
        index = tx.vault.index(named.id_number, "id_number")
    setattr(report, f"{who}_id_number_index", index)


def _mother_key(report: BirthReport) -> bytes:
    return report.mother_id_number_index or (report.mother_id.bytes if report.mother_id else b"")


def facts_of(row: BirthReport | Birth) -> BirthFacts:
    return BirthFacts(row.born_on, row.sex, row.multiple_index)


async def _mother_of(report: BirthReport, command: RegisterBirth, tx: Tx) -> Person:
    """Whoever was matched when it was reported; otherwise she may be registered by now, or is
    entered with the birth. Raises NotMatched, Implausible."""
    named = Named(name=report.mother_name, person_id=report.mother_id)
    if report.mother_id is None:
        named.id_number = number_in(report, "mother", tx)
    mother = await reports.find_person_named(named, tx, lock=True)
    if mother is not None:
        return mother
    if command.new_mother is None:
        raise NotMatched(who="mother")
    if command.new_mother.name != report.mother_name:
        raise Implausible(reason=Doubt.NAME_DIFFERS.value, confirmable=False)
    if named.id_number not in (None, command.new_mother.id_number):
        raise Implausible(reason=Doubt.NUMBER_DIFFERS.value, confirmable=False)
    entered = await register_person(command.new_mother, tx)
    return await require_person(entered.id, tx, lock=True)


async def _father_of(report: BirthReport, tx: Tx) -> Person | None:
    """The father, where he is registered here; a birth is registered without him as well."""
    if report.father_id is not None:
        return await require_person(report.father_id, tx)
    number = number_in(report, "father", tx)
    if number is None:
        return None
    return await reports.find_person_named(
        Named(name=str(report.father_name), id_number=number), tx
    )


async def _births_of(mother: Person, report: BirthReport, tx: Tx) -> list[Birth]:
    """Hers, but for those that a clerk found this report not to be of."""
    apart = set(report.apart_from)
    return [each for each in await births_of(mother.id, tx) if each.report_id not in apart]


async def _require_household(household_id: UUID | None, tx: Tx) -> None:
    if household_id is not None and not await tx.fetch_value(
        "SELECT 1 FROM households WHERE id = $1 AND closed_at IS NULL", household_id
    ):
        raise NotMatched(who="household")


async def _fold_into(birth: Birth, report: BirthReport, tx: Tx) -> BirthView:
    report.status = ReportStatus.FOLDED
    report.folded_into = birth.report_id
    report.event_id = birth.id
    await tx.save(report)
    return await birth_view(birth, tx, folded=True)


def _given_name(command: RegisterBirth, report: BirthReport) -> str | None:
    return command.child_name or report.child_name


def _child(command: RegisterBirth, report: BirthReport, mother: Person) -> RegisterPerson:
    """The child lives where its mother lives, as far as the register knows."""
    residence = None
    if mother.residence_region and mother.residence_since:
        residence = ResidenceInput(
            region=mother.residence_region,
            kind=ResidenceKind(kind_of_residence(command.hukou_region, mother.residence_region)),
            since=max(report.born_on, mother.residence_since),
            room_id=mother.room_id,
        )
    return RegisterPerson(
        name=_given_name(command, report) or name_of_unnamed(mother.name, report.sex),
        sex=Sex(report.sex),
        birth_date=report.born_on,
        nationality=command.nationality or mother.nationality,
        hukou_region=command.hukou_region,
        residence=residence,
        household_id=command.household_id,
        household_relation=_relation(command, report, mother),
    )


def _relation(command: RegisterBirth, report: BirthReport, mother: Person) -> FamilyRelation | None:
    if command.household_id is None:
        return None
    in_it = mother.household_id == command.household_id
    return command.household_relation or relation_of_child(
        mother.household_relation if in_it else None, report.sex
    )


def _say_registered(birth: Birth, mother: Person, tx: Tx) -> None:
    home = home_elsewhere(mother.hukou_region, birth.region)
    tx.emit(
        BirthRegistered(
            birth_id=birth.id,
            child_id=birth.child_id,
            mother_id=birth.mother_id,
            region=birth.region,
            born_on=birth.born_on,
            registered_at=birth.registered_at,
            days=(birth.registered_at.astimezone(CHINA).date() - birth.born_on).days,
            mother_home_region=home,
            mother_id_number=id_number_of(mother, tx) if home else None,
        )
    )
