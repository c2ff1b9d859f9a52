"""Claims and supplies below the doors: looks, events and what the database itself refuses."""

from datetime import timedelta
from uuid import UUID

import asyncpg
import pytest

from services.migrant.claims.errors import ClaimedBefore
from services.migrant.claims.handlers import (
    attach_paper,
    check_claim,
    decide_claim,
    file_claim,
    send_claim,
)
from services.migrant.claims.models import Claim
from services.migrant.claims.recalling import note_never_left, recall_claim
from services.migrant.claims.rules import PaperKind
from services.migrant.claims.schemas import DecideClaim, FileClaim
from services.migrant.places.handlers import open_place
from services.migrant.places.schemas import KeepPlace
from services.migrant.supplies.handlers import issue_codes, move_stock
from services.migrant.supplies.rules import MovementKind
from services.migrant.supplies.schemas import IssueCodes, MoveStock
from shared.db import Tx
from shared.events.exchange_claims import ClaimNeverLeft
from shared.events.migrant_claims import ClaimSettled, ClaimSubmitted
from shared.testing import emitted
from shared.usage import Purpose
from tests.conftest import TxFactory
from tests.migrant.claim_road import met
from tests.migrant.samples import clerk
from tests.migrant.test_claims_routes import make_claim
from tests.migrant.test_claims_rules import PDF
from tests.migrant.test_supplies_routes import make_point


async def on_paper(claim_id: UUID, tx: Tx) -> None:
    """Our exchange had nobody to send it to."""
    await recall_claim(claim_id, tx)
    await note_never_left(ClaimNeverLeft(claim_id=claim_id, revision=2), tx)


async def test_every_step_is_a_look_and_a_refusal_is_told(open_tx: TxFactory) -> None:
    async with open_tx("migrant", actor=clerk(), purpose=Purpose.SERVICE) as tx:
        person = await met(tx)
        claim = await file_claim(FileClaim.model_validate(make_claim(str(person))), tx)
        await attach_paper(claim.id, PaperKind.RECEIPT, PDF, tx)
        await check_claim(claim.id, tx)
        await send_claim(claim.id, tx)
        assert len(emitted(tx, ClaimSubmitted)) == 1
        await on_paper(claim.id, tx)
        await decide_claim(claim.id, DecideClaim(granted=False, reason="票据不清"), tx)
        (settled,) = emitted(tx, ClaimSettled)
        assert isinstance(settled, ClaimSettled)
        assert (settled.paid, settled.in_time) == (False, True)
        looks = [each for each in tx.usages if each.kind == "claim"]
        assert [each.subject_id for each in looks] == [person] * 6


async def test_a_late_office_is_not_the_payers_fault(open_tx: TxFactory) -> None:
    async with open_tx("migrant", actor=clerk(), purpose=Purpose.SERVICE) as tx:
        person = await met(tx)
        claim = await file_claim(FileClaim.model_validate(make_claim(str(person))), tx)
        await attach_paper(claim.id, PaperKind.RECEIPT, PDF, tx)
        late = tx.today - timedelta(days=1)
        await tx.execute("UPDATE claims SET due_on = $1 WHERE id = $2", late, claim.id)
        await check_claim(claim.id, tx)
        await send_claim(claim.id, tx)
        await on_paper(claim.id, tx)
        await decide_claim(claim.id, DecideClaim(granted=True, granted_fen=1), tx)
        kept = await tx.require(Claim, claim.id)
        assert (kept.office_in_time, kept.payer_in_time) == (False, True)


async def test_the_same_claim_is_seen_from_a_township_that_cannot_see_it(
    open_tx: TxFactory,
) -> None:
    async with open_tx("migrant", actor=clerk(), purpose=Purpose.SERVICE) as tx:
        person = await met(tx)
        command = FileClaim.model_validate(make_claim(str(person)))
        claim = await file_claim(command, tx)
        await tx.execute("SET LOCAL yipan.region = '420325101'")
        assert await tx.get(Claim, claim.id) is None
        (alike,) = await tx.fetch(
            "SELECT * FROM claims_alike($1, 'basic-service', $2)", person, command.served_on
        )
        assert (alike["amount_fen"], alike["status"], alike["taken_back"]) == (4550, "filed", False)
        await tx.execute("SET LOCAL yipan.region = '420325'")
        with pytest.raises(ClaimedBefore):
            await file_claim(command, tx)


async def test_the_database_itself_keeps_stock_from_going_below_nothing(
    open_tx: TxFactory,
) -> None:
    async with open_tx("migrant", actor=clerk()) as tx:
        place = await open_place(KeepPlace.model_validate(make_point(machine=None)), tx)
        received = MoveStock(
            place_id=place.id,
            item="leaflets",
            kind=MovementKind.RECEIVED,
            quantity=3,
            day=tx.today,
        )
        await move_stock(received, tx)
        with pytest.raises(asyncpg.CheckViolationError):
            async with tx.attempt():
                await tx.execute("UPDATE supply_stock SET on_hand = on_hand - 4")


async def test_drawing_codes_looks_at_nobody_and_tells_nobody(open_tx: TxFactory) -> None:
    async with open_tx("migrant", actor=clerk()) as tx:
        drawn = await issue_codes(IssueCodes(count=500), tx)
        assert len(set(drawn.codes)) == 500
        assert (list(tx.usages), list(tx.emitted)) == ([], [])
