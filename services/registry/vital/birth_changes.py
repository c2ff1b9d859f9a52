"""Registered births: corrected, annulled, reinstated. The child's record follows."""

from typing import Any
from uuid import UUID

from services.registry.persons.handlers import correct_person
from services.registry.persons.merging import merge_persons
from services.registry.persons.models import Person, PersonStatus
from services.registry.persons.queries import require_person
from services.registry.persons.schemas import CorrectPerson
from services.registry.persons.stays import kept_apart
from services.registry.vital import versions
from services.registry.vital.births import births_of, facts_of, refuse_doubtful
from services.registry.vital.change_schemas import AnnulBirth, CorrectBirth, Reinstate
from services.registry.vital.closing import close_record, open_record
from services.registry.vital.errors import CannotAnnul
from services.registry.vital.models import Birth, BirthReport
from services.registry.vital.queries import birth_view
from services.registry.vital.reports import seal_late_reason
from services.registry.vital.rules import Doubt, same_birth
from services.registry.vital.schemas import BirthView
from services.registry.vital.unions import registrations_of
from shared.db import Tx
from shared.events.registry_vital import BirthAnnulled, BirthCorrected, BirthReinstated

_OWN = ("born_on", "sex", "multiple_index", "mother_id", "father_id", "region")


async def correct_birth(command: CorrectBirth, report_id: UUID, version: int, tx: Tx) -> BirthView:
    """Raises NotFound, NotRegistered, ReportClosed, StaleVersion, PersonNotFound, RecordClosed,
    ContradictsIdNumber, Implausible, OutsideJurisdiction, UnknownRegion, OverlappingStays."""
    birth = await versions.require_standing(Birth, BirthReport, report_id, version, tx)
    await versions.require_place(command.region, tx)
    before = birth.model_dump()
    fields = await _change(birth, command, tx)
    if not fields:
        return await birth_view(birth, tx)
    await _refuse_impossible(birth, command, tx)
    await versions.keep_version(birth, before, "corrected", fields, command.reason, tx)
    await _child_follows(birth, before, command, tx)
    await tx.save(birth)
    tx.emit(
        BirthCorrected(
            birth_id=birth.id,
            child_id=birth.child_id,
            mother_id=birth.mother_id,
            region=birth.region,
            born_on=birth.born_on,
            fields=fields,
        )
    )
    return await birth_view(birth, tx)


async def annul_birth(command: AnnulBirth, report_id: UUID, tx: Tx) -> BirthView:
    """There was no such birth: the child's record is closed; or it was registered twice: its
    records become one. Raises NotFound, ReportClosed, CannotAnnul."""
    report, birth = await versions.require_annullable(Birth, BirthReport, report_id, tx)
    child = await require_person(birth.child_id, tx, lock=True)
    if child.status != PersonStatus.ACTIVE:
        raise CannotAnnul(reason="record-closed")
    if command.same_as is None:
        await _refuse_while_it_lives(child, tx)
        birth.closed = await close_record(
            child, PersonStatus.ANNULLED, birth.born_on, "撤销出生登记 / birth annulled", tx
        )
    else:
        await _require_other_birth(command.same_as, birth, tx)
        await merge_persons(command.same_as, child.id, tx)
    await versions.annul(report, birth, command.reason, tx)
    tx.emit(
        BirthAnnulled(
            birth_id=birth.id,
            child_id=birth.child_id,
            mother_id=birth.mother_id,
            region=birth.region,
            annulled_at=tx.now,
        )
    )
    return await birth_view(birth, tx)


async def reinstate_birth(command: Reinstate, report_id: UUID, tx: Tx) -> BirthView:
    """The annulment was an error: the child's record is open again, as it was. Raises NotFound,
    ReportClosed, CannotAnnul when the records were merged or the birth was registered anew."""
    report, birth = await versions.require_annulled(Birth, BirthReport, report_id, tx)
    child = await tx.require(Person, birth.child_id, lock=True)
    if child.status != PersonStatus.ANNULLED:
        raise CannotAnnul(reason="undo-the-merge-first")
    others = await births_of(birth.mother_id, tx)
    if any(same_birth(facts_of(birth), facts_of(each)) for each in others):
        raise CannotAnnul(reason="registered-anew")
    await open_record(child, birth.closed or {}, "恢复出生登记 / birth reinstated", tx)
    birth.closed = None
    await versions.reinstate(report, birth, command.reason, tx)
    tx.emit(
        BirthReinstated(
            birth_id=birth.id,
            child_id=birth.child_id,
            mother_id=birth.mother_id,
            region=birth.region,
            born_on=birth.born_on,
        )
    )
    return await birth_view(birth, tx)


async def _change(birth: Birth, command: CorrectBirth, tx: Tx) -> list[str]:
    """Set what the command changes; returns the names of it."""
    given = command.model_dump(exclude_none=True, include=set(_OWN))
    for role in ("mother_id", "father_id"):
        if role in given:
            given[role] = (await require_person(given[role], tx)).id
    if command.without_father:
        given["father_id"] = None
    changed = [name for name, value in given.items() if getattr(birth, name) != value]
    for name in changed:
        setattr(birth, name, given[name])
    if command.late_reason:
        seal_late_reason(birth, command.late_reason, tx)
        changed.append("late_reason")
    if command.child_name:
        birth.named = True
        changed.append("child_name")
    if command.child_id_number:
        changed.append("child_id_number")
    return sorted(changed)


async def _refuse_impossible(birth: Birth, command: CorrectBirth, tx: Tx) -> None:
    mother = await require_person(birth.mother_id, tx, lock=True)
    father = await require_person(birth.father_id, tx) if birth.father_id else None
    others = [each for each in await births_of(mother.id, tx) if each.id != birth.id]
    confirmed = {*command.confirmed, *map(Doubt, birth.confirmed)}
    await refuse_doubtful(birth, mother, father, others, sorted(confirmed), tx)
    birth.confirmed = sorted(confirmed)


async def _child_follows(
    birth: Birth, before: dict[str, Any], command: CorrectBirth, tx: Tx
) -> None:
    """Name, sex, birth date and number of the child's record are as the birth says; it lives
    nowhere before it was born."""
    child = await require_person(birth.child_id, tx, lock=True)
    correction = CorrectPerson(
        reason=command.reason,
        name=command.child_name,
        sex=command.sex,
        birth_date=command.born_on,
        id_number=command.child_id_number,
    )
    await correct_person(correction, child.id, child.version, tx)
    if birth.born_on == before["born_on"]:
        return
    async with kept_apart(child.id, birth.born_on, before["born_on"], tx):
        await tx.execute(
            "UPDATE residences SET since = $2, recorded_at = $4, recorded_by = $5 WHERE person_id"
            " = $1 AND (since = $3 OR since < $2)"
            " AND (until IS NULL OR (until >= $2 AND until > since))",
            child.id,
            birth.born_on,
            before["born_on"],
            tx.now,
            tx.actor.sub,
        )
    await tx.execute(
        "UPDATE persons SET residence_since = stay.since FROM residences AS stay"
        " WHERE persons.id = $1 AND stay.person_id = $1 AND stay.until IS NULL",
        child.id,
    )


async def _refuse_while_it_lives(child: Person, tx: Tx) -> None:
    """A record with events of its own is of somebody: correct it, or merge it with hers."""
    parent = await tx.fetch_value(
        "SELECT EXISTS (SELECT FROM births"
        " WHERE annulled_at IS NULL AND (mother_id = $1 OR father_id = $1))",
        child.id,
    )
    if parent or await registrations_of(child.id, tx):
        raise CannotAnnul(reason="has-events-of-its-own")


async def _require_other_birth(child_id: UUID, birth: Birth, tx: Tx) -> None:
    """The child it is the same as has a registered birth of its own: otherwise annulling this one
    would lose the only one, and merging the records is all there is to do."""
    other = await require_person(child_id, tx)
    if not await tx.fetch_value(
        "SELECT 1 FROM births WHERE child_id = $1 AND id <> $2 AND annulled_at IS NULL",
        other.id,
        birth.id,
    ):
        raise CannotAnnul(reason="merge-instead")
