"""Registered marriages and divorces: corrected, annulled, reinstated."""

from typing import Any
from uuid import UUID

from services.registry.vital import versions
from services.registry.vital.change_schemas import AnnulMarriage, CorrectMarriage, Reinstate
from services.registry.vital.marriages import matched_spouses
from services.registry.vital.models import Marriage, MarriageReport
from services.registry.vital.queries import marriage_view
from services.registry.vital.reports import require_registered
from services.registry.vital.rules import Doubt
from services.registry.vital.schemas import MarriageView, Spouse
from services.registry.vital.unions import known, seal_spouses, spouse_index, spouses_in
from shared.db import Tx
from shared.events.registry_vital import MarriageAnnulled, MarriageCorrected, MarriageReinstated


async def get_marriage(report_id: UUID, tx: Tx) -> MarriageView:
    """What was registered from a report. Raises NotFound, NotRegistered."""
    _, event_id = await require_registered(MarriageReport, report_id, tx, lock=False)
    marriage = await tx.require(Marriage, event_id)
    return await marriage_view(marriage, _ids_in(marriage, tx), tx)


async def correct_marriage(
    command: CorrectMarriage, report_id: UUID, version: int, tx: Tx
) -> MarriageView:
    """Raises NotFound, NotRegistered, ReportClosed, StaleVersion, NotMatched, Implausible,
    OutsideJurisdiction, UnknownRegion."""
    marriage = await versions.require_standing(Marriage, MarriageReport, report_id, version, tx)
    await versions.require_place(command.region, tx)
    before, named = marriage.model_dump(), spouses_in(marriage, tx)
    fields = _change(marriage, command)
    if command.spouses is not None and command.spouses != named:
        fields, named = [*fields, "spouses"], command.spouses
    if not fields:
        return await marriage_view(marriage, _ids_in(marriage, tx), tx)
    confirmed = {*command.confirmed, *map(Doubt, marriage.confirmed)}
    if "spouses" not in fields:  # as they were matched: her name may have changed since
        named = [await _as_recorded(each, tx) for each in named]
    spouses, persons = await matched_spouses(marriage, named, sorted(confirmed), tx)
    await versions.keep_version(marriage, before, "corrected", fields, command.reason, tx)
    marriage.confirmed = sorted(confirmed)
    marriage.spouses_sealed = seal_spouses(spouses, f"marriages.spouses:{marriage.id}", tx)
    marriage.first_index = spouse_index(persons[0], tx)
    marriage.second_index = spouse_index(persons[1], tx) if len(persons) > 1 else None
    await tx.save(marriage)
    tx.emit(
        MarriageCorrected(
            marriage_id=marriage.id,
            spouse_ids=persons,
            kind=marriage.kind,
            region=marriage.region,
            happened_on=marriage.happened_on,
            fields=sorted(fields),
        )
    )
    return await marriage_view(marriage, persons, tx)


async def annul_marriage(command: AnnulMarriage, report_id: UUID, tx: Tx) -> MarriageView:
    """As if it had never been. Raises NotFound, ReportClosed."""
    report, marriage = await versions.require_annullable(Marriage, MarriageReport, report_id, tx)
    marriage.annulment = command.ground
    await versions.annul(report, marriage, command.reason, tx)
    spouse_ids = _ids_in(marriage, tx)
    tx.emit(
        MarriageAnnulled(
            marriage_id=marriage.id,
            spouse_ids=spouse_ids,
            kind=marriage.kind,
            region=marriage.region,
            annulled_at=tx.now,
        )
    )
    return await marriage_view(marriage, spouse_ids, tx)


async def reinstate_marriage(command: Reinstate, report_id: UUID, tx: Tx) -> MarriageView:
    """The annulment was an error. Raises NotFound, ReportClosed."""
    report, marriage = await versions.require_annulled(Marriage, MarriageReport, report_id, tx)
    marriage.annulment = None
    await versions.reinstate(report, marriage, command.reason, tx)
    spouse_ids = _ids_in(marriage, tx)
    tx.emit(
        MarriageReinstated(
            marriage_id=marriage.id,
            spouse_ids=spouse_ids,
            kind=marriage.kind,
            region=marriage.region,
            happened_on=marriage.happened_on,
        )
    )
    return await marriage_view(marriage, spouse_ids, tx)


def _change(marriage: Marriage, command: CorrectMarriage) -> list[str]:
    """Set what the command changes; returns the names of it."""
    given: dict[str, Any] = command.model_dump(
        exclude_none=True, include={"happened_on", "abroad", "region"}
    )
    changed = [name for name, value in given.items() if getattr(marriage, name) != value]
    for name in changed:
        setattr(marriage, name, given[name])
    return changed


async def _as_recorded(spouse: Spouse, tx: Tx) -> Spouse:
    person = await known(spouse, tx)
    return spouse if person is None else spouse.model_copy(update={"name": person.name})


def _ids_in(marriage: Marriage, tx: Tx) -> list[UUID]:
    return [each.person_id for each in spouses_in(marriage, tx) if each.person_id is not None]
