"""Asking conveners to serve, their agreement and its end; branches and their members."""

from uuid import UUID

from sqlmodel import col, select

from services.migrant.conveners.errors import (
    AlreadyConvener,
    BranchClosed,
    BranchNotFound,
    NoLongerConvener,
)
from services.migrant.conveners.models import Branch, Convener
from services.migrant.conveners.queries import branch_view, view_of
from services.migrant.conveners.rules import shown_members
from services.migrant.conveners.schemas import (
    AgreeConvener,
    BranchView,
    ConvenerView,
    CountMembers,
    FoundBranch,
    ProposeConvener,
)
from services.migrant.people.queries import current_id
from services.migrant.people.rules import OFFICES
from shared.db import Tx
from shared.ids import new_id
from shared.problems import OutsideJurisdiction
from shared.subjects import is_own, require_own

HERSELF, HER_WORD = "herself", "desk"
_COUNTED = """
INSERT INTO association_counts (branch_id, counted_on, members, recorded_by)
VALUES ($1, $2, $3, $4)
ON CONFLICT (branch_id, counted_on) DO UPDATE
SET members = excluded.members, recorded_by = excluded.recorded_by
"""


async def propose_convener(command: ProposeConvener, tx: Tx) -> ConvenerView:
    """She serves once she has agreed. Raises OutsideJurisdiction, AlreadyConvener,
    BranchNotFound."""
    if not tx.actor.covers(command.region):
        raise OutsideJurisdiction()
    if command.branch_id is not None and await tx.get(Branch, command.branch_id) is None:
        raise BranchNotFound()
    person_id = await current_id(command.person_id, tx)
    query = select(Convener).where(
        col(Convener.person_id) == person_id,
        col(Convener.region) == command.region,
        col(Convener.ended_at).is_(None),
    )
    if await tx.find(Convener, query):
        raise AlreadyConvener()
    convener = Convener(
        id=new_id(),
        office=tx.actor.org,
        proposed_at=tx.now,
        proposed_by=tx.actor.sub,
        **command.model_dump() | {"person_id": person_id},
    )
    await tx.add(convener)
    return view_of(convener, tx)


async def agree_convener(convener_id: UUID, command: AgreeConvener, tx: Tx) -> ConvenerView:
    """By herself, or at the desk on her word, marked so. Raises NotFound, NoLongerConvener."""
    convener = await _open(convener_id, tx)
    if convener.agreed_at is None:
        convener.agreed_at, convener.agreed_by = tx.now, await _whose_word(convener, tx)
    seal = tx.vault.seal
    convener.known_as_sealed = seal(command.known_as, f"conveners.known_as:{convener.id}")
    convener.phone_sealed = (
        seal(command.phone, f"conveners.phone:{convener.id}") if command.phone else None
    )
    convener.contact_shown = command.contact_shown
    await tx.save(convener)
    return view_of(convener, tx)


async def end_convener(convener_id: UUID, tx: Tx) -> ConvenerView:
    """By herself or by the office, at any time; no reason is asked, and her contact goes at once.
    Raises NotFound, NoLongerConvener."""
    convener = await _open(convener_id, tx)
    convener.ended_at, convener.ended_by = tx.now, await _whose_word(convener, tx)
    convener.known_as_sealed = convener.phone_sealed = None
    convener.contact_shown = False
    await tx.save(convener)
    return view_of(convener, tx)


async def found_branch(command: FoundBranch, tx: Tx) -> BranchView:
    """Raises OutsideJurisdiction."""
    if not tx.actor.covers(command.region):
        raise OutsideJurisdiction()
    branch = Branch(
        id=new_id(), recorded_at=tx.now, recorded_by=tx.actor.sub, **command.model_dump()
    )
    await tx.add(branch)
    return branch_view(branch)


async def count_members(branch_id: UUID, command: CountMembers, tx: Tx) -> BranchView:
    """A second count of a day replaces the first. Raises BranchNotFound, BranchClosed."""
    branch = await tx.get(Branch, branch_id)
    if branch is None:
        raise BranchNotFound()
    if branch.closed_on is not None and branch.closed_on < command.counted_on:
        raise BranchClosed()
    told = {"members": shown_members(command.members), "counted_on": command.counted_on}
    await tx.execute(_COUNTED, branch.id, command.counted_on, command.members, tx.actor.sub)
    return branch_view(branch).model_copy(update=told)


async def _open(convener_id: UUID, tx: Tx) -> Convener:
    convener = await tx.require(Convener, convener_id, lock=True)
    await require_own(convener.person_id, tx, *OFFICES)
    if convener.ended_at is not None:
        raise NoLongerConvener()
    return convener


async def _whose_word(convener: Convener, tx: Tx) -> str:
    return HERSELF if await is_own(convener.person_id, tx) else HER_WORD
