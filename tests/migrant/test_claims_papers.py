"""Papers of a claim: told to the exchange piece by piece, known by their hash where it is paid."""

from base64 import b64decode
from datetime import timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from services.migrant.claims.errors import PaperUnreadable
from services.migrant.claims.handlers import (
    attach_paper,
    check_claim,
    file_claim,
    send_claim,
    withdraw_claim,
)
from services.migrant.claims.hearing import hear_answer
from services.migrant.claims.models import ClaimPaper
from services.migrant.claims.papers import release_orphans
from services.migrant.claims.queries import get_claim, get_paper, list_claims
from services.migrant.claims.receiving import receive_claim, receive_paper
from services.migrant.claims.rules import MOST_BYTES, PaperKind
from services.migrant.claims.schemas import FileClaim
from services.migrant.claims.telling import tell_paper
from shared.db import Tx
from shared.events.exchange_claims import ClaimPaperNotSent, ClaimPaperReceived
from shared.events.migrant_claims import ClaimPapersReleased, ClaimPaperTold
from shared.ids import new_id
from shared.testing import Issuer, emitted
from shared.usage import Purpose
from tests.conftest import TxFactory, parts_of
from tests.migrant.claim_road import HERE, THERE, make_answer, make_received, make_step, met
from tests.migrant.conftest import bearer
from tests.migrant.samples import clerk
from tests.migrant.test_claims_between import object_, sent
from tests.migrant.test_claims_received_routes import come_in, do, read
from tests.migrant.test_claims_routes import CLAIMS, attach, events, file, taken
from tests.migrant.test_claims_rules import JPEG, PDF
from tests.migrant.test_consumer import deliver_twice
from tests.migrant.test_employments_routes import arrive


def make_paper(claim_id: UUID, **overrides: Any) -> ClaimPaperReceived:
    """What the exchange says when another county names a paper."""
    return ClaimPaperReceived(
        **{
            "claim_id": claim_id,
            "from_region": THERE,
            "payer_region": HERE,
            "paper_id": new_id(),
            "kind": "receipt",
            "media_type": "application/pdf",
            "size": 400,
            "sha256": "0" * 64,
        }
        | overrides
    )


async def tell_all(tx: Tx) -> list[ClaimPaperTold]:
    """Every paper that is to be told, as its pieces."""
    while await tell_paper(tx):
        pass
    return [each for each in emitted(tx, ClaimPaperTold) if isinstance(each, ClaimPaperTold)]


async def test_a_paper_of_20_mib_goes_in_pieces_that_the_bus_carries(open_tx: TxFactory) -> None:
    async with open_tx("migrant", actor=clerk(), purpose=Purpose.SERVICE) as tx:
        whole = JPEG + bytes(MOST_BYTES - 60_000)
        whole = whole[:-2] + b"\xff\xd9"
        body = FileClaim.model_validate(
            {
                "person_id": await met(tx),
                "region": "420325100001",
                "service": "basic-service",
                "served_on": "2026-03-05",
                "provider": "县医院",
                "amount_fen": 1,
            }
        )
        claim = await file_claim(body, tx)
        paper = await attach_paper(claim.id, PaperKind.RECEIPT, whole, tx)
        await check_claim(claim.id, tx)
        assert await tell_all(tx) == []  # not before the claim is sent
        await send_claim(claim.id, tx)
        said = await tell_all(tx)
        assert [each.number for each in said] == list(range(1, len(said) + 1))
        assert {(each.pieces, each.size, each.paper_id) for each in said} == {
            (len(said), len(whole), paper.id)
        }
        assert {each.sha256 for each in said} == {sha256(whole).hexdigest()}
        assert b"".join(b64decode(each.content) for each in said) == whole
        await tx.flush()  # an event too large for the bus would be refused here
        assert len(await tell_all(tx)) == len(said)  # once


async def test_a_damaged_paper_is_refused_and_keeps_no_other_waiting(open_tx: TxFactory) -> None:
    async with open_tx("migrant", actor=clerk(), purpose=Purpose.SERVICE) as tx:
        damaged = await sent(tx, THERE, amount_fen=1)
        await tx.add(
            ClaimPaper(
                id=new_id(),
                claim_id=damaged,
                kind=PaperKind.RECEIPT,
                media_type="application/pdf",
                size=len(PDF),
                content_sealed=tx.vault.seal_bytes(PDF, "another row"),
                added_at=tx.now,
                added_by="clerk",
                to_tell=True,
            )
        )
        whole = await sent(tx, THERE, amount_fen=2)
        assert [each.claim_id for each in await tell_all(tx)] == [damaged, whole]
        _, paper = (await get_claim(damaged, tx)).papers
        assert (paper.refused, paper.told_at) == (True, None)
        with pytest.raises(PaperUnreadable):
            await get_paper(paper.id, tx)

        async def to_attach_anew() -> list[UUID]:
            page = await list_claims(None, None, False, True, None, 25, None, tx)
            return [each.id for each in page.items]

        assert await to_attach_anew() == [damaged]
        await attach_paper(damaged, PaperKind.RECEIPT, PDF, tx)  # though it was sent
        assert await to_attach_anew() == []
        assert [each.claim_id for each in await tell_all(tx)] == [damaged, whole, damaged]


async def test_which_papers_are_told(open_tx: TxFactory) -> None:
    async with open_tx("migrant", actor=clerk(), purpose=Purpose.SERVICE) as tx:
        employer = {"service": "occupational-check", "employer_code": "91350100M000100Y43"}
        await sent(tx, THERE, **employer)
        back = await sent(tx, THERE, amount_fen=1)
        await withdraw_claim(back, tx)
        assert await tell_all(tx) == []
        claim = await sent(tx, THERE, amount_fen=2)
        (first,) = await tell_all(tx)
        assert (first.claim_id, first.kind, first.payer_region) == (claim, "receipt", THERE)
        await hear_answer(make_answer(claim, 1, "refused"), tx)
        await object_(claim, tx)
        await attach_paper(claim, PaperKind.OTHER, JPEG, tx)
        _, second = await tell_all(tx)
        assert (second.kind, second.media_type) == ("other", "image/jpeg")


async def test_the_desk_sees_what_left_and_what_the_exchange_refused(
    client: httpx.AsyncClient, app: FastAPI
) -> None:
    claim = (await file(client, await arrive(client)))["id"]
    paper = (await attach(client, claim, PDF)).json()
    assert (paper["told_at"], paper["refused"]) == (None, False)
    await taken(client, claim, "check", "submission")
    parts = parts_of(app)
    async with parts.database.transaction(parts.actor, purpose=Purpose.SERVICE) as tx:
        await tell_paper(tx)
    await deliver_twice(app, ClaimPaperNotSent(claim_id=UUID(claim), paper_id=UUID(paper["id"])))
    (view,) = (await client.get(f"{CLAIMS}/{claim}")).json()["papers"]
    assert view["told_at"] is not None
    assert view["refused"] is True
    (told,) = await events(app, "claim-paper-told")
    assert PDF.decode("latin-1")[:20] not in str(told)


async def test_papers_are_known_before_and_after_their_claim(
    client: httpx.AsyncClient, app: FastAPI
) -> None:
    claim = new_id()
    early, late = make_paper(claim), make_paper(claim, kind="record", sha256="1" * 64)
    await deliver_twice(app, early)
    await deliver_twice(app, make_paper(claim, from_region="420381"))  # another county's word
    await come_in(app, claim_id=claim)
    await deliver_twice(app, late)
    await deliver_twice(app, make_paper(claim, from_region="420381"))
    papers = (await read(client, str(claim)))["papers"]
    assert [(each["id"], each["kind"], each["sha256"]) for each in papers] == [
        (str(early.paper_id), "receipt", "0" * 64),
        (str(late.paper_id), "record", "1" * 64),
    ]


async def test_papers_of_a_claim_taken_back_are_released_late_ones_too(
    client: httpx.AsyncClient, app: FastAPI
) -> None:
    claim = new_id()
    await come_in(app, claim_id=claim)
    await deliver_twice(app, make_paper(claim))
    await deliver_twice(app, make_step(claim, 2, "withdrawn"))
    assert len(await events(app, "claim-papers-released")) == 1
    await deliver_twice(app, make_paper(claim))
    assert len(await events(app, "claim-papers-released")) == 2
    papers = (await read(client, str(claim)))["papers"]
    assert all(each["released_at"] for each in papers)
    assert {each["sha256"] for each in papers} == {"0" * 64}


async def test_papers_go_with_an_erased_claim_on_both_sides(
    client: httpx.AsyncClient, app: FastAPI, issuer: Issuer
) -> None:
    person = await arrive(client)
    claim = (await file(client, person))["id"]
    await attach(client, claim)
    await taken(client, claim, "check", "submission", "withdrawal")
    own = bearer(issuer, scope="self", sub=person) | {"Purpose": "subject-access"}
    await do(client, f"/migrant/v1/people/{person}/erasure", None, **own)
    released = await events(app, "claim-papers-released")
    assert [each["claim_id"] for each in released] == [claim, claim]


async def test_a_paper_whose_claim_never_comes_is_released(open_tx: TxFactory) -> None:
    async with open_tx("migrant", actor=clerk(), purpose=Purpose.SERVICE) as tx:
        here, never = new_id(), new_id()
        await receive_claim(make_received(claim_id=here), tx)
        for claim_id in (here, never):
            await receive_paper(make_paper(claim_id), tx)
        assert await release_orphans(tx) == 0
        tx.now += timedelta(days=401)
        assert await release_orphans(tx) == 1
        assert await release_orphans(tx) == 0
        (released,) = emitted(tx, ClaimPapersReleased)
        assert released.key == str(never)
