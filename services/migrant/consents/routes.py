"""HTTP door of consents."""

from collections.abc import Sequence
from uuid import UUID

from fastapi import APIRouter

from services.migrant.auth import CanActForSelf, CanReadOwn, CanTakeConsent
from services.migrant.consents import handlers, queries
from services.migrant.consents.schemas import (
    ConsentPurposeView,
    ConsentView,
    GiveConsent,
    WithdrawConsent,
)
from shared.http import Language, PersonalTransaction, Route

router = APIRouter(tags=["consents"], route_class=Route)


@router.get("/consent-purposes", summary="What can be agreed to, in plain words")
async def list_purposes(actor: CanReadOwn) -> Sequence[ConsentPurposeView]:
    return queries.list_purposes()


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


@router.post("/consents/{consent_id}/withdrawal", summary="Take a consent back")
async def withdraw_consent(
    consent_id: UUID, actor: CanActForSelf, language: Language, tx: PersonalTransaction
) -> ConsentView:
    return await handlers.withdraw_consent(WithdrawConsent(consent_id=consent_id), language, tx)
