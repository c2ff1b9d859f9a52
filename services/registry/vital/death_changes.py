"""Registered deaths: corrected, and taken back when the person is alive."""

from typing import Any
from uuid import UUID

from services.registry.persons.queries import require_person
from services.registry.vital import reports, versions
from services.registry.vital.change_schemas import Annul, CorrectDeath
from services.registry.vital.closing import close_on, open_record
from services.registry.vital.models import Death, DeathReport
from services.registry.vital.queries import death_view
from services.registry.vital.rules import doubt_about_dead
from services.registry.vital.schemas import DeathView
from shared.db import Tx
from shared.events.registry_vital import DeathAnnulled, DeathCorrected


async def correct_death(command: CorrectDeath, report_id: UUID, version: int, tx: Tx) -> DeathView:
    """What the death ended ends on the corrected day. Raises NotFound, NotRegistered,
    ReportClosed, StaleVersion, Implausible, OutsideJurisdiction, UnknownRegion,
    OverlappingStays."""
    death = await versions.require_standing(Death, DeathReport, report_id, version, tx)
    await versions.require_place(command.region, tx)
    person = await require_person(death.person_id, tx, lock=True)
    before = death.model_dump()
    fields = _change(death, command, tx)
    if not fields:
        return await death_view(death, tx)
    doubt = doubt_about_dead(
        await reports.recorded(person, tx), reported_name=person.name, died_on=death.died_on
    )
    reports.refuse_unresolved([doubt] if doubt else [], [])
    await versions.keep_version(death, before, "corrected", fields, command.reason, tx)
    if "died_on" in fields:
        death.closed = await close_on(person.id, death.closed or {}, death.died_on, tx)
    await tx.save(death)
    tx.emit(
        DeathCorrected(
            death_id=death.id,
            person_id=person.id,
            region=death.region,
            died_on=death.died_on,
            fields=fields,
        )
    )
    return await death_view(death, tx)


async def annul_death(command: Annul, report_id: UUID, tx: Tx) -> DeathView:
    """The person is alive: her record is open again, with the stay and the workplaces that the
    death ended; her household follows (households/events.py). Raises NotFound, ReportClosed when
    nothing is registered, OverlappingStays."""
    report, death = await versions.require_annullable(Death, DeathReport, report_id, tx)
    person = await require_person(death.person_id, tx, lock=True)
    await open_record(person, death.closed or {}, command.reason, tx)
    await versions.annul(report, death, command.reason, tx)
    tx.emit(
        DeathAnnulled(
            death_id=death.id, person_id=person.id, region=death.region, annulled_at=tx.now
        )
    )
    return await death_view(death, tx)


def _change(death: Death, command: CorrectDeath, tx: Tx) -> list[str]:
    """Set what the command changes; returns the names of it."""
    given: dict[str, Any] = command.model_dump(exclude_none=True, include={"died_on", "region"})
    changed = [name for name, value in given.items() if getattr(death, name) != value]
    for name in changed:
        setattr(death, name, given[name])
    if command.late_reason:
        reports.seal_late_reason(death, command.late_reason, tx)
        changed.append("late_reason")
    return sorted(changed)
