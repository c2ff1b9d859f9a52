"""HTTP door of consents."""

from collections.abc import Sequence
from uuid import UUID

from fastapi import APIRouter, Response

from services.migrant.auth import CanReadHere, CanReadOwn, CanReadOwnHere, CanTakeConsent
from services.migrant.consents import handlers, queries, sheet
from services.migrant.consents.rules import ConsentPurpose
from services.migrant.consents.schemas import (
    ConsentPurposeView,
    ConsentView,
    DeclineConsent,
    GiveConsent,
    QuestionView,
    RefusalView,
    StandingView,
    WithdrawConsent,
    WithdrawConsents,
    WithdrawnView,
)
from shared.http import Language, PersonalTransaction, Route

router = APIRouter(tags=["consents"], route_class=Route)


@router.get("/consent-purposes", summary="What can be agreed to, in plain words")
async def list_purposes(actor: CanReadOwn) -> Sequence[ConsentPurposeView]:
    return queries.list_purposes()


@router.get("/consent-questions", summary="What a desk may ask a person today")
async def list_questions(
    person_id: UUID, actor: CanReadHere, language: Language, tx: PersonalTransaction
) -> Sequence[QuestionView]:
    return await queries.list_questions(person_id, language, tx)


@router.post("/consents", status_code=201, summary="Record a consent")
async def give_consent(
    command: GiveConsent, actor: CanTakeConsent, language: Language, tx: PersonalTransaction
) -> ConsentView:
    return await handlers.give_consent(command, language, tx)


@router.get("/consents", summary="A person's consents")
async def list_consents(
    person_id: UUID, actor: CanReadOwn, language: Language, tx: PersonalTransaction
) -> Sequence[ConsentView]:
    return await queries.list_consents(person_id, language, tx)


@router.get("/consents/standing", summary="Whether one consent stands")
async def get_standing(
    person_id: UUID, purpose: ConsentPurpose, actor: CanReadHere, tx: PersonalTransaction
) -> StandingView:
    return await queries.get_standing(person_id, purpose, tx)


@router.post("/consents/{consent_id}/withdrawal", summary="Take a consent back")
async def withdraw_consent(
    consent_id: UUID, actor: CanTakeConsent, language: Language, tx: PersonalTransaction
) -> ConsentView:
    return await handlers.withdraw_consent(WithdrawConsent(consent_id=consent_id), language, tx)


@router.post("/consent-withdrawals", summary="Take consents back, at any desk or by phone")
async def withdraw_consents(
    command: WithdrawConsents, actor: CanTakeConsent, tx: PersonalTransaction
) -> WithdrawnView:
    return await handlers.withdraw_consents(command, tx)


@router.post("/consent-refusals", status_code=201, summary="Record that she said no")
async def decline_consent(
    command: DeclineConsent, actor: CanTakeConsent, tx: PersonalTransaction
) -> RefusalView:
    return await handlers.decline_consent(command, tx)


@router.get(
    "/people/{person_id}/consents.pdf",
    summary="What she agreed to, on one page",
    response_class=Response,
    responses={200: {"content": {"application/pdf": {}}}},
)
async def print_sheet(
    person_id: UUID, actor: CanReadOwnHere, language: Language, tx: PersonalTransaction
) -> Response:
    content = await sheet.print_sheet(person_id, language, tx)
    headers = {"Cache-Control": "no-store"}
    return Response(content, media_type="application/pdf", headers=headers)
