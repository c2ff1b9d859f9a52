"""HTTP door of claims."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Query, Response, UploadFile

from services.migrant.auth import CanActForSelf, CanAdminister, CanReadOwn, CanWrite
from services.migrant.claims import handlers, queries, recalling
from services.migrant.claims.rules import MOST_BYTES, ClaimStatus, PaperKind
from services.migrant.claims.schemas import (
    ClaimRuleView,
    ClaimView,
    CorrectClaim,
    DecideClaim,
    DisputeClaim,
    FileClaim,
    ObjectToClaim,
    PaperView,
    PayClaims,
    PaymentsView,
    SetClaimRule,
)
from shared.codes import RegionCode
from shared.http import Cursor, Limit, PersonalTransaction, Route, Transaction
from shared.pages import Page

router = APIRouter(tags=["claims"], route_class=Route)


@router.get("/claim-rules", summary="Who pays for what, by which rule")
async def list_rules(actor: CanReadOwn, tx: Transaction) -> Sequence[ClaimRuleView]:
    return await queries.list_rules(tx)


@router.post("/claim-rules", status_code=201, summary="Set a rule from a day on")
async def set_rule(command: SetClaimRule, actor: CanAdminister, tx: Transaction) -> ClaimRuleView:
    return await handlers.set_rule(command, tx)


@router.post("/claims", status_code=201, summary="File a claim")
async def file_claim(
    command: FileClaim, actor: CanActForSelf, tx: PersonalTransaction
) -> ClaimView:
    return await handlers.file_claim(command, tx)


@router.get("/claims", summary="Claims, newest first; her own when she names herself")
async def list_claims(
    actor: CanReadOwn,
    tx: PersonalTransaction,
    region: Annotated[RegionCode | None, Query(max_length=12)] = None,
    status: ClaimStatus | None = None,
    overdue: Annotated[bool, Query(description="only where the next step is late")] = False,
    paper_refused: Annotated[
        bool, Query(description="only under way with a paper that did not go, to attach anew")
    ] = False,
    person_id: UUID | None = None,
    limit: Limit = 25,
    cursor: Cursor = None,
) -> Page[ClaimView]:
    return await queries.list_claims(
        region, status, overdue, paper_refused, person_id, limit, cursor, tx
    )


@router.get("/claims/{claim_id}", summary="Read a claim")
async def get_claim(claim_id: UUID, actor: CanReadOwn, tx: PersonalTransaction) -> ClaimView:
    return await queries.get_claim(claim_id, tx)


@router.post("/claim-papers", status_code=201, summary="Attach a receipt or record")
async def attach_paper(
    file: UploadFile,
    claim_id: Annotated[UUID, Form()],
    kind: Annotated[PaperKind, Form()],
    actor: CanActForSelf,
    tx: PersonalTransaction,
) -> PaperView:
    return await handlers.attach_paper(claim_id, kind, await file.read(MOST_BYTES + 1), tx)


@router.get("/claim-papers/{paper_id}", summary="The file of a paper", response_class=Response)
async def get_paper(paper_id: UUID, actor: CanReadOwn, tx: PersonalTransaction) -> Response:
    content, media_type = await queries.get_paper(paper_id, tx)
    headers = {
        "Content-Disposition": f'attachment; filename="{paper_id}"',
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(content, media_type=media_type, headers=headers)


@router.post("/claims/{claim_id}/check", summary="The papers are complete")
async def check_claim(claim_id: UUID, actor: CanWrite, tx: PersonalTransaction) -> ClaimView:
    return await handlers.check_claim(claim_id, tx)


@router.post("/claims/{claim_id}/submission", summary="Send a claim to the payer")
async def send_claim(claim_id: UUID, actor: CanWrite, tx: PersonalTransaction) -> ClaimView:
    return await handlers.send_claim(claim_id, tx)


@router.post("/claims/{claim_id}/correction", summary="Put right what was filed wrong")
async def correct_claim(
    claim_id: UUID, command: CorrectClaim, actor: CanWrite, tx: PersonalTransaction
) -> ClaimView:
    return await handlers.correct_claim(claim_id, command, tx)


@router.post("/claims/{claim_id}/dispute", summary="Name the inquiry or dispute about it")
async def dispute_claim(
    claim_id: UUID, command: DisputeClaim, actor: CanWrite, tx: PersonalTransaction
) -> ClaimView:
    return await handlers.dispute_claim(claim_id, command, tx)


@router.post("/claims/{claim_id}/decision", summary="Enter what a payer answered on paper")
async def decide_claim(
    claim_id: UUID, command: DecideClaim, actor: CanWrite, tx: PersonalTransaction
) -> ClaimView:
    return await handlers.decide_claim(claim_id, command, tx)


@router.post("/claims/{claim_id}/recall", summary="Ask it back from the county, to use paper")
async def recall_claim(claim_id: UUID, actor: CanWrite, tx: PersonalTransaction) -> ClaimView:
    return await recalling.recall_claim(claim_id, tx)


@router.post("/claim-payments", summary="Enter a list of payments; each line is told")
async def pay_claims(command: PayClaims, actor: CanWrite, tx: PersonalTransaction) -> PaymentsView:
    return await handlers.pay_claims(command, tx)


@router.post("/claims/{claim_id}/confirmation", summary="She has the money")
async def confirm_claim(claim_id: UUID, actor: CanActForSelf, tx: PersonalTransaction) -> ClaimView:
    return await handlers.confirm_claim(claim_id, tx)


@router.post("/claims/{claim_id}/objection", summary="She says it is wrong; answered again")
async def object_to_claim(
    claim_id: UUID, command: ObjectToClaim, actor: CanActForSelf, tx: PersonalTransaction
) -> ClaimView:
    return await handlers.object_to_claim(claim_id, command, tx)


@router.post("/claims/{claim_id}/withdrawal", summary="She takes a claim back")
async def withdraw_claim(
    claim_id: UUID, actor: CanActForSelf, tx: PersonalTransaction
) -> ClaimView:
    return await handlers.withdraw_claim(claim_id, tx)
