"""HTTP door of agreements."""

from collections.abc import Sequence
from uuid import UUID

from fastapi import APIRouter, Response

from services.registry.agreements import handlers, queries
from services.registry.agreements.catalogue import AgreementKind, Template, templates
from services.registry.agreements.schemas import (
    AgreementText,
    AgreementView,
    DraftAgreement,
    EndAgreement,
    RenewAgreement,
    SignAgreement,
)
from services.registry.auth import CanRead, CanWrite
from shared.codes import RegionCode
from shared.http import Cursor, Limit, Route, Transaction
from shared.pages import Page
from shared.text import CalendarDay

router = APIRouter(tags=["agreements"], route_class=Route)


@router.get("/agreement-templates", summary="Kinds of agreements and their editions")
async def list_templates(actor: CanRead) -> Sequence[Template]:
    return list(templates().values())


@router.post("/agreements", status_code=201, summary="Draft an agreement")
async def draft_agreement(
    command: DraftAgreement, actor: CanWrite, tx: Transaction, response: Response
) -> AgreementText:
    view = await handlers.draft_agreement(command, tx)
    response.headers["Location"] = f"/registry/v1/agreements/{view.id}"
    return view


@router.get("/agreements", summary="List agreements, or those about to run out")
async def list_agreements(
    actor: CanRead,
    tx: Transaction,
    region: RegionCode | None = None,
    kind: AgreementKind | None = None,
    party_id: UUID | None = None,
    expiring_before: CalendarDay | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[AgreementView]:
    return await queries.list_agreements(region, kind, party_id, expiring_before, limit, cursor, tx)


@router.get("/agreements/{agreement_id}", summary="Read an agreement")
async def get_agreement(agreement_id: UUID, actor: CanRead, tx: Transaction) -> AgreementText:
    return await queries.get_agreement(agreement_id, tx)


@router.get(
    "/agreements/{agreement_id}/print", summary="Print an agreement", response_class=Response
)
async def print_agreement(agreement_id: UUID, actor: CanRead, tx: Transaction) -> Response:
    pdf = await queries.print_agreement(agreement_id, tx)
    return Response(pdf, media_type="application/pdf")


@router.post("/agreements/{agreement_id}/signing", summary="Note that both have signed")
async def sign_agreement(
    agreement_id: UUID, command: SignAgreement, actor: CanWrite, tx: Transaction
) -> AgreementText:
    return await handlers.sign_agreement(command, agreement_id, tx)


@router.post("/agreements/{agreement_id}/renewal", status_code=201, summary="Renew an agreement")
async def renew_agreement(
    agreement_id: UUID, command: RenewAgreement, actor: CanWrite, tx: Transaction
) -> AgreementText:
    return await handlers.renew_agreement(command, agreement_id, tx)


@router.post("/agreements/{agreement_id}/end", summary="End an agreement")
async def end_agreement(
    agreement_id: UUID, command: EndAgreement, actor: CanWrite, tx: Transaction
) -> AgreementText:
    return await handlers.end_agreement(command, agreement_id, tx)
