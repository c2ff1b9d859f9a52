"""Writing births: reports from several offices, one registered birth."""

from uuid import UUID

from services.registry.errors import Implausible, NotMatched
from services.registry.persons.handlers import register_person
from services.registry.persons.models import Person, ResidenceKind
from services.registry.persons.queries import id_number_of
from services.registry.persons.rules import kind_of_residence
from services.registry.persons.schemas import RegisterPerson, ResidenceInput
from services.registry.vital import reports
from services.registry.vital.models import Birth, BirthReport, ReportStatus
from services.registry.vital.queries import birth_report_view, mother_number_of, place_of
from services.registry.vital.rules import (
    BirthFacts,
    Doubt,
    doubt_about_mother,
    home_elsewhere,
    relation_of_child,
    same_birth,
    unclear_birth,
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
from shared.events.registry import BirthRegistered, BirthReported
from shared.ids import new_id


async def report_birth(command: ReportBirth, tx: Tx) -> BirthReportView:
    """Take a report. One that is of a birth already reported is folded into that report. Raises
    AlreadyReported, OutsideJurisdiction, PersonNotFound."""
    earlier = await reports.earlier_report(BirthReport, command.region, command.reference, tx)
    mother = await reports.find_person_named(command.mother, tx)
    father = await reports.find_person_named(command.father, tx) if command.father else None
    report = _new_report(command, mother, father, tx)
    await _lock_mother(report, tx)
    first = await _reported_before(report, tx)
    if first is not None:
        report.status = ReportStatus.FOLDED
        report.folded_into, report.event_id = first.id, first.event_id
    await reports.put(report, earlier, tx)
    tx.emit(
        BirthReported(
            report_id=report.id,
            region=report.region,
            reporter_org=report.reporter_org,
            born_on=report.born_on,
        )
    )
    return birth_report_view(report, tx)


async def return_birth_report(command: ReturnReport, report_id: UUID, tx: Tx) -> BirthReportView:
    """Raises NotFound, ReportClosed."""
    report = await reports.require_open(BirthReport, report_id, tx)
    await reports.send_back(report, command, tx)
    return birth_report_view(report, tx)


async def register_birth(command: RegisterBirth, report_id: UUID, tx: Tx) -> BirthView:
    """Register the child as a person, linked to her mother. Raises NotFound, ReportClosed,
    NotMatched when mother or household is not registered here, Implausible."""
    report = await reports.require_open(BirthReport, report_id, tx)
    mother = await reports.find_person_named(_mother_of(report, tx), tx, lock=True)
    if mother is None:
        raise NotMatched(who="mother")
    _refuse_doubtful(report, mother)
    known = await _registered_before(report, mother, tx)
    if known is not None:
        return await _fold_into(known, report, tx)
    await _require_household(command.household_id, tx)
    father = await _father_of(report, tx)
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
        registered_at=tx.now,
        registered_by=tx.actor.sub,
    )
    await tx.add(birth)
    report.mother_id = mother.id
    report.father_id = birth.father_id
    await reports.finish(report, birth.id, tx)
    _say_registered(birth, mother, tx)
    for person_id in (child.id, mother.id, birth.father_id):
        if person_id is not None:
            tx.saw(person_id, "birth")
    return _birth_view(birth)


def _new_report(
    command: ReportBirth, mother: Person | None, father: Person | None, tx: Tx
) -> BirthReport:
    report_id = new_id()
    report = BirthReport(
        id=report_id,
        reporter_org=tx.actor.org,
        reference=command.reference,
        region=command.region,
        reported_at=tx.now,
        reported_by=tx.actor.sub,
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
    if command.father:
        _seal(report, "father", command.father, father, tx)
    return report


def _seal(report: BirthReport, who: str, named: Named, person: Person | None, tx: Tx) -> None:
    """The number as it was reported; the index also from the register, so that reports by number
    and by id of the register meet."""
    index = person.id_number_index if person else None
    if named.id_number is not None:
        place = place_of(f"birth_reports.{who}_id_number", report)
        setattr(report, f"{who}_id_number_sealed", tx.vault.seal(named.id_number, place))
        index = tx.vault.index(named.id_number, "id_number")
    setattr(report, f"{who}_id_number_index", index)


async def _lock_mother(report: BirthReport, tx: Tx) -> None:
    """Two offices that report one birth at once must see each other."""
    key = report.mother_id_number_index or (report.mother_id.bytes if report.mother_id else b"")
    await tx.execute(
        "SELECT pg_advisory_xact_lock($1)", int.from_bytes(key[:8], "big", signed=True)
    )


def _facts(row: BirthReport | Birth) -> BirthFacts:
    return BirthFacts(row.born_on, row.sex, row.multiple_index)


async def _reported_before(report: BirthReport, tx: Tx) -> BirthReport | None:
    """The first report of the same birth that was not returned."""
    of_mother = await tx.find(
        BirthReport,
        "SELECT * FROM birth_reports WHERE status IN ('reported', 'registered')"
        " AND (mother_id = $1 OR mother_id_number_index = $2)"
        " AND NOT (reporter_org = $3 AND reference = $4) ORDER BY id FOR UPDATE",
        report.mother_id,
        report.mother_id_number_index,
        report.reporter_org,
        report.reference,
    )
    return next((each for each in of_mother if same_birth(_facts(each), _facts(report))), None)


def _mother_of(report: BirthReport, tx: Tx) -> Named:
    """Whoever was matched when it was reported; otherwise she may be registered by now."""
    if report.mother_id is not None:
        return Named(name=report.mother_name, person_id=report.mother_id)
    return Named(name=report.mother_name, id_number=mother_number_of(report, tx))


async def _father_of(report: BirthReport, tx: Tx) -> Person | None:
    """The father, where he is registered here; a birth is registered without him as well."""
    if report.father_id is not None:
        return await reports.find_person_named(
            Named(name=str(report.father_name), person_id=report.father_id), tx
        )
    if report.father_id_number_index is None:
        return None
    found = await tx.find(
        Person,
        "SELECT * FROM persons WHERE id_number_index = $1 AND status <> 'merged'",
        report.father_id_number_index,
    )
    return found[0] if found else None


async def _require_household(household_id: UUID | None, tx: Tx) -> None:
    if household_id is not None and not await tx.fetch_value(
        "SELECT 1 FROM households WHERE id = $1 AND closed_at IS NULL", household_id
    ):
        raise NotMatched(who="household")


def _refuse_doubtful(report: BirthReport, mother: Person) -> None:
    doubt = doubt_about_mother(
        born_on=report.born_on,
        reported_name=report.mother_name,
        name=mother.name,
        sex=mother.sex,
        birth_date=mother.birth_date,
    )
    if doubt is not None:
        raise Implausible(reason=doubt.value)


async def _registered_before(report: BirthReport, mother: Person, tx: Tx) -> Birth | None:
    """The birth, when it is registered already. Raises Implausible when that cannot be told."""
    known = await tx.find(Birth, "SELECT * FROM births WHERE mother_id = $1", mother.id)
    for birth in known:
        if same_birth(_facts(birth), _facts(report)):
            return birth
    if any(unclear_birth(_facts(birth), _facts(report)) for birth in known):
        raise Implausible(reason=Doubt.OTHER_BIRTH.value)
    return None


async def _fold_into(birth: Birth, report: BirthReport, tx: Tx) -> BirthView:
    report.status = ReportStatus.FOLDED
    report.folded_into = birth.report_id
    report.event_id = birth.id
    await tx.save(report)
    tx.saw(birth.child_id, "birth")
    tx.saw(birth.mother_id, "birth")
    return _birth_view(birth, folded=True)


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
        name=command.child_name,
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
            days=_days(birth),
            mother_home_region=home,
            mother_id_number=id_number_of(mother, tx) if home else None,
        )
    )


def _days(birth: Birth) -> int:
    return (birth.registered_at.astimezone(CHINA).date() - birth.born_on).days


def _birth_view(birth: Birth, *, folded: bool = False) -> BirthView:
    return BirthView(
        **birth.model_dump(include=set(BirthView.model_fields)), days=_days(birth), folded=folded
    )
