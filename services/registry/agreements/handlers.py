"""Drafting, signing, renewing and ending agreements."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from services.registry.agreements.catalogue import AgreementKind, PartyKind, templates
from services.registry.agreements.models import Agreement
from services.registry.agreements.queries import get_agreement, state_on
from services.registry.agreements.rules import AgreementState, text_of
from services.registry.agreements.schemas import (
    AgreementText,
    DraftAgreement,
    EndAgreement,
    RenewAgreement,
    SignAgreement,
)
from services.registry.errors import (
    AgreementClosed,
    AgreementOverlaps,
    RecordClosed,
    WrongParty,
)
from services.registry.grid.models import GridPost
from services.registry.work_units.models import WorkUnit
from shared.db import Tx
from shared.events.registry import AgreementEnded, AgreementRenewed, AgreementSigned
from shared.ids import new_id
from shared.problems import Conflict, NotFound, Text

_COLUMNS = {
    PartyKind.WORK_UNIT: "work_unit_id",
    PartyKind.GRID_POST: "post_id",
    PartyKind.LEASE: "lease_id",
}
_LEASED_REGION = """
SELECT d.region FROM leases AS l JOIN rooms AS r ON r.id = l.room_id
JOIN dwellings AS d ON d.id = r.dwelling_id WHERE l.id = $1 FOR UPDATE OF l
"""


async def draft_agreement(command: DraftAgreement, tx: Tx) -> AgreementText:
    """Raises NotFound and RecordClosed for the party, WrongParty, Conflict for a clause that is not
    of this kind, AgreementOverlaps."""
    party = templates()[command.kind].party
    column = _COLUMNS[party]
    party_id: UUID | None = getattr(command, column)
    if party_id is None:
        raise WrongParty(needed=party)
    region = await _lock_party(party, party_id, tx)
    await _require_free(command.kind, column, party_id, (command.since, command.until), tx)
    agreement = _agreement(
        command, command.kind, region, (command.since, command.until), command.added_clauses, tx
    )
    await tx.add(agreement)
    return await get_agreement(agreement.id, tx)


def _agreement(
    parties: DraftAgreement | Agreement,
    kind: AgreementKind,
    region: str,
    term: tuple[date, date],
    added: Sequence[str],
    tx: Tx,
) -> Agreement:
    """A new one in the latest edition of its kind, with what was added to it. Raises Conflict."""
    template = templates()[kind]
    latest = template.versions[-1]
    try:
        chosen = text_of(latest.clauses, template.optional, added)
    except ValueError as error:
        raise Conflict(
            Text("此类协议不能加入该条款", "This kind of agreement has no such clause")
        ) from error
    return Agreement(
        id=new_id(),
        kind=kind,
        region=region,
        work_unit_id=parties.work_unit_id,
        post_id=parties.post_id,
        lease_id=parties.lease_id,
        template_version=latest.version,
        clauses=chosen,
        since=term[0],
        until=term[1],
        recorded_at=tx.now,
        recorded_by=tx.actor.sub,
    )


async def _lock_party(party: PartyKind, party_id: UUID, tx: Tx) -> str:
    """The region of the other party, locked so that two desks cannot both make an agreement."""
    if party is PartyKind.WORK_UNIT:
        unit = await tx.require(WorkUnit, party_id, lock=True)
        if unit.closed_on is not None:
            raise RecordClosed()
        return unit.region
    if party is PartyKind.GRID_POST:
        post = await tx.require(GridPost, party_id, lock=True)
        if post.until is not None:
            raise RecordClosed()
        return post.region
    region: str | None = await tx.fetch_value(_LEASED_REGION, party_id)
    if region is None:
        raise NotFound()
    return region


async def _require_free(
    kind: AgreementKind, column: str, party_id: UUID, term: tuple[date, date], tx: Tx
) -> None:
    """Raises AgreementOverlaps when one of this kind with this party runs in that time."""
    other = await tx.fetch_value(
        f"SELECT id FROM agreements WHERE {column} = $1"  # noqa: S608 names of our own
        " AND kind = $2 AND since < $4 AND least(until, ended_on) > $3"
        " AND (ended_on IS NULL OR signed_on IS NOT NULL) LIMIT 1",
        party_id,
        kind,
        *term,
    )
    if other is not None:
        raise AgreementOverlaps(agreement_id=str(other))


async def sign_agreement(command: SignAgreement, agreement_id: UUID, tx: Tx) -> AgreementText:
    """Raises NotFound, AgreementClosed."""
    agreement = await _in_state(agreement_id, {AgreementState.DRAFTED}, tx)
    _sign(agreement, command.signed_on, tx)
    await tx.save(agreement)
    tx.emit(
        AgreementSigned(
            agreement_id=agreement.id,
            kind=agreement.kind,
            region=agreement.region,
            since=agreement.since,
            until=agreement.until,
        )
    )
    return await get_agreement(agreement.id, tx)


def _sign(agreement: Agreement, on: date, tx: Tx) -> None:
    agreement.signed_on, agreement.signed_by = on, tx.actor.sub
    agreement.recorded_at, agreement.recorded_by = tx.now, tx.actor.sub


async def renew_agreement(command: RenewAgreement, agreement_id: UUID, tx: Tx) -> AgreementText:
    """Make the agreement that follows, from the day the present one runs out. Raises NotFound,
    RecordClosed, AgreementClosed, AgreementOverlaps, Conflict."""
    signed = {AgreementState.AGREED, AgreementState.RUNNING, AgreementState.EXPIRED}
    old = await _in_state(agreement_id, signed, tx)
    if command.until <= old.until:
        raise Conflict(Text("续签应晚于原协议到期", "A renewal runs longer than what it renews"))
    if await tx.fetch_value("SELECT 1 FROM agreements WHERE previous_id = $1", old.id):
        raise AgreementClosed(Text("已续签", "It is renewed already"))
    kind = AgreementKind(old.kind)
    party = templates()[kind].party
    party_id: UUID = getattr(old, _COLUMNS[party])
    region = await _lock_party(party, party_id, tx)
    await _require_free(kind, _COLUMNS[party], party_id, (old.until, command.until), tx)
    new = _agreement(old, kind, region, (old.until, command.until), command.added_clauses, tx)
    new.previous_id = old.id
    _sign(new, command.signed_on, tx)
    await tx.add(new)
    tx.emit(
        AgreementRenewed(
            agreement_id=new.id,
            previous_id=old.id,
            kind=new.kind,
            region=new.region,
            since=new.since,
            until=new.until,
        )
    )
    return await get_agreement(new.id, tx)


async def end_agreement(command: EndAgreement, agreement_id: UUID, tx: Tx) -> AgreementText:
    """Raises NotFound, AgreementClosed; Conflict for a day before it began."""
    open_states = {AgreementState.DRAFTED, AgreementState.AGREED, AgreementState.RUNNING}
    agreement = await _in_state(agreement_id, open_states, tx)
    state = state_on(agreement, tx.today)
    if state is AgreementState.RUNNING and command.ended_on < agreement.since:
        raise Conflict(Text("早于协议开始日期", "Before it began"))
    agreement.ended_on, agreement.ended_for = command.ended_on, command.reason
    agreement.recorded_at, agreement.recorded_by = tx.now, tx.actor.sub
    await tx.save(agreement)
    tx.emit(
        AgreementEnded(
            agreement_id=agreement.id,
            kind=agreement.kind,
            region=agreement.region,
            ended_on=command.ended_on,
            reason=command.reason,
        )
    )
    return await get_agreement(agreement.id, tx)


async def _in_state(agreement_id: UUID, states: set[AgreementState], tx: Tx) -> Agreement:
    """The agreement, locked. Raises NotFound, AgreementClosed."""
    agreement = await tx.require(Agreement, agreement_id, lock=True)
    state = state_on(agreement, tx.today)
    if state not in states or agreement.ended_on is not None:
        raise AgreementClosed(state=state)
    return agreement
