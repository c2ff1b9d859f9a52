"""What a registered event said before it changed, sealed whole with the reason."""

import json
from collections.abc import Sequence
from typing import TypeVar
from uuid import UUID

from services.registry.regions.queries import require_region
from services.registry.vital import reports
from services.registry.vital.change_schemas import Change, VitalVersionView
from services.registry.vital.errors import ReportClosed
from services.registry.vital.models import (
    Birth,
    BirthReport,
    Death,
    DeathReport,
    EventKind,
    Marriage,
    MarriageReport,
    Registered,
    Report,
    ReportStatus,
    VitalVersion,
)
from services.registry.vital.queries import saw
from services.registry.vital.unions import spouses_in
from shared.db import Tx
from shared.problems import OutsideJurisdiction, StaleVersion

Event = TypeVar("Event", Birth, Death, Marriage)

_KINDS: dict[type[Registered], EventKind] = {
    Birth: EventKind.BIRTH,
    Death: EventKind.DEATH,
    Marriage: EventKind.MARRIAGE,
}


async def require_standing(
    event_type: type[Event], report_type: type[Report], report_id: UUID, version: int, tx: Tx
) -> Event:
    """A registered event that was not annulled, locked, to be corrected from `version`. Raises
    NotFound, NotRegistered, ReportClosed, StaleVersion."""
    _, event_id = await reports.require_registered(report_type, report_id, tx)
    event = await tx.require(event_type, event_id, lock=True)
    if event.annulled_at is not None:
        raise ReportClosed(status_of_report=ReportStatus.ANNULLED, folded_into=None)
    if event.version != version:
        raise StaleVersion()
    return event


async def require_annullable(
    event_type: type[Event], report_type: type[Report], report_id: UUID, tx: Tx
) -> tuple[Report, Event]:
    """A report with the event registered from it, both locked. Raises NotFound, and ReportClosed
    when nothing is registered or it was annulled already."""
    report = await reports.require_report(report_type, report_id, tx, lock=True)
    if report.status != ReportStatus.REGISTERED or report.event_id is None:
        raise ReportClosed(status_of_report=report.status, folded_into=None)
    return report, await tx.require(event_type, report.event_id, lock=True)


async def require_annulled(
    event_type: type[Event], report_type: type[Report], report_id: UUID, tx: Tx
) -> tuple[Report, Event]:
    """Likewise what was annulled. Raises NotFound, ReportClosed."""
    report = await reports.require_report(report_type, report_id, tx, lock=True)
    if report.status != ReportStatus.ANNULLED or report.event_id is None:
        raise ReportClosed(status_of_report=report.status, folded_into=None)
    return report, await tx.require(event_type, report.event_id, lock=True)


async def require_place(region: str | None, tx: Tx) -> None:
    """Where an event is corrected to have been. Raises OutsideJurisdiction, UnknownRegion."""
    if region is None:
        return
    if not tx.actor.covers(region):
        raise OutsideJurisdiction()
    await require_region(region, tx)


async def keep_version(
    event: Event,
    before: dict[str, object],
    change: Change,
    fields: Sequence[str],
    reason: str,
    tx: Tx,
) -> None:
    """Keep what the event said (`before`, its dump) with why it changes; the caller saves it."""
    text = json.dumps(
        {
            name: value.hex() if isinstance(value, bytes) else value
            for name, value in before.items()
        },
        default=str,
        ensure_ascii=False,
    )
    place = f"{event.id}:{event.version}"
    await tx.add(
        VitalVersion(
            event_id=event.id,
            version=event.version,
            kind=_KINDS[type(event)],
            region=event.region,
            change=change,
            fields=list(fields),
            reason_sealed=tx.vault.seal(reason, f"vital_versions.reason:{place}"),
            before_sealed=tx.vault.seal(text, f"vital_versions.before:{place}"),
            recorded_at=tx.now,
            recorded_by=tx.actor.sub,
        )
    )


async def annul(report: Report, event: Event, reason: str, tx: Tx) -> None:
    """Mark both as annulled and keep why."""
    await keep_version(event, event.model_dump(), "annulled", ["annulled_at"], reason, tx)
    event.annulled_at, event.annulled_by = tx.now, tx.actor.sub
    await tx.save(event)
    report.status = ReportStatus.ANNULLED
    await tx.save(report)


async def reinstate(report: Report, event: Event, reason: str, tx: Tx) -> None:
    """What was annulled in error stands again, and keep why."""
    await keep_version(event, event.model_dump(), "reinstated", ["annulled_at"], reason, tx)
    event.annulled_at = event.annulled_by = None
    await tx.save(event)
    report.status = ReportStatus.REGISTERED
    await tx.save(report)


async def list_versions(
    report_type: type[BirthReport] | type[DeathReport] | type[MarriageReport],
    report_id: UUID,
    tx: Tx,
) -> list[VitalVersionView]:
    """How what was registered from a report changed, the first change first. Raises NotFound,
    NotRegistered."""
    report, event_id = await reports.require_registered(report_type, report_id, tx, lock=False)
    await _saw(report, event_id, tx)
    found = await tx.find(
        VitalVersion, "SELECT * FROM vital_versions WHERE event_id = $1 ORDER BY version", event_id
    )
    return [
        VitalVersionView(
            **each.model_dump(include=set(VitalVersionView.model_fields)),
            reason=tx.vault.open(
                each.reason_sealed, f"vital_versions.reason:{each.event_id}:{each.version}"
            ),
        )
        for each in found
    ]


async def _saw(report: Report, event_id: UUID, tx: Tx) -> None:
    if isinstance(report, BirthReport):
        birth = await tx.require(Birth, event_id)
        saw([birth.child_id, birth.mother_id, birth.father_id], "birth", tx)
    elif isinstance(report, DeathReport):
        saw([(await tx.require(Death, event_id)).person_id], "death", tx)
    else:
        marriage = await tx.require(Marriage, event_id)
        saw([each.person_id for each in spouses_in(marriage, tx)], "marriage", tx)
