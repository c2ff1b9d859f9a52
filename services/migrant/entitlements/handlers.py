"""Keeping the catalogue: one person proposes a version, another decides."""

from uuid import UUID

from services.migrant.entitlements.errors import (
    AlreadyDecided,
    EffectiveInPast,
    EntryMismatch,
    ProposalOpen,
    SecondPersonNeeded,
)
from services.migrant.entitlements.models import CatalogueVersion
from services.migrant.entitlements.queries import latest_number, version_view
from services.migrant.entitlements.schemas import (
    CatalogueVersionView,
    DecideVersion,
    ProposeEntry,
)
from services.migrant.entitlements.versions import VersionState
from shared.db import Tx
from shared.ids import new_id
from shared.problems import OutsideJurisdiction, StaleVersion

_OPEN = "SELECT 1 FROM catalogue_versions WHERE area = $1 AND code = $2 AND state = 'proposed'"


async def propose_entry(
    command: ProposeEntry, code: str, number: int, tx: Tx
) -> CatalogueVersionView:
    """Propose the version after `number`, the latest that the proposer has read. Raises
    OutsideJurisdiction, EntryMismatch, EffectiveInPast, StaleVersion, ProposalOpen."""
    if not tx.actor.covers(command.area):
        raise OutsideJurisdiction()
    if command.entry is not None and command.entry.id != code:
        raise EntryMismatch()
    if command.effective_from < tx.today:
        raise EffectiveInPast()
    if await latest_number(command.area, code, tx) != number:
        raise StaleVersion()
    if await tx.fetch_value(_OPEN, command.area, code):
        raise ProposalOpen()
    version = CatalogueVersion(
        id=new_id(),
        area=command.area,
        code=code,
        number=number + 1,
        content=command.entry.model_dump(mode="json") if command.entry else None,
        effective_from=command.effective_from,
        reason=command.reason,
        state=VersionState.PROPOSED,
        proposed_at=tx.now,
        proposed_by=tx.actor.sub,
    )
    await tx.add(version)
    return version_view(version)


async def approve_version(command: DecideVersion, version_id: UUID, tx: Tx) -> CatalogueVersionView:
    """It holds from its day, but never from a day before this. Raises NotFound,
    OutsideJurisdiction, AlreadyDecided, SecondPersonNeeded."""
    version = await _decided(command, version_id, VersionState.APPROVED, tx)
    version.effective_from = max(version.effective_from, tx.today)
    await tx.save(version)
    return version_view(version)


async def return_version(command: DecideVersion, version_id: UUID, tx: Tx) -> CatalogueVersionView:
    """It does not come to hold. Raises as `approve_version`."""
    version = await _decided(command, version_id, VersionState.RETURNED, tx)
    await tx.save(version)
    return version_view(version)


async def _decided(
    command: DecideVersion, version_id: UUID, state: VersionState, tx: Tx
) -> CatalogueVersion:
    version = await tx.require(CatalogueVersion, version_id, lock=True)
    if not tx.actor.covers(version.area):
        raise OutsideJurisdiction()
    if version.state != VersionState.PROPOSED:
        raise AlreadyDecided()
    if version.proposed_by == tx.actor.sub:
        raise SecondPersonNeeded()
    version.state, version.note = state, command.note
    version.decided_at, version.decided_by = tx.now, tx.actor.sub
    return version
