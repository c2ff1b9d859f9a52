"""HTTP door of referrals."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from services.migrant.auth import CanActForSelf, CanReadOwn, CanReadOwnHere, CanWrite
from services.migrant.referrals import handlers, queries
from services.migrant.referrals.rules import Direction, ReferralState
from services.migrant.referrals.schemas import (
    EndReferral,
    EntryCode,
    MakeReferral,
    ReferralView,
    RouteView,
    ServeReferral,
)
from shared.commands import CountyCode
from shared.http import Cursor, Language, Limit, PersonalTransaction, Route, Transaction
from shared.pages import Page

router = APIRouter(tags=["referrals"], route_class=Route)


@router.get(
    "/referral-routes/{entitlement}", summary="Where a referral would go, and what she agrees to"
)
async def get_route(
    entitlement: EntryCode,
    region: CountyCode,
    actor: CanReadOwnHere,
    language: Language,
    tx: Transaction,
    place_id: UUID | None = None,
) -> RouteView:
    return await queries.get_route(entitlement, region, place_id, language, tx)


@router.post("/referrals", status_code=201, summary="Refer somebody to the office that serves")
async def make_referral(
    command: MakeReferral, actor: CanActForSelf, language: Language, tx: PersonalTransaction
) -> ReferralView:
    return await handlers.make_referral(command, language, tx)


@router.get("/referrals", summary="Referrals an office got or made, or one's own")
async def list_referrals(
    actor: CanReadOwn,
    language: Language,
    tx: PersonalTransaction,
    direction: Direction = Direction.IN,
    person_id: UUID | None = None,
    state: ReferralState | None = None,
    number: Annotated[str | None, Query(max_length=20)] = None,
    overdue: bool = False,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[ReferralView]:
    return await queries.list_referrals(
        direction, person_id, state, number, overdue, limit, cursor, language, tx
    )


@router.get("/referrals/{referral_id}", summary="Read a referral and its steps")
async def get_referral(
    referral_id: UUID, actor: CanReadOwn, language: Language, tx: PersonalTransaction
) -> ReferralView:
    return await queries.get_referral(referral_id, language, tx)


@router.post("/referrals/{referral_id}/acceptance", summary="The office takes it up")
async def accept_referral(
    referral_id: UUID, actor: CanWrite, language: Language, tx: PersonalTransaction
) -> ReferralView:
    return await handlers.accept_referral(referral_id, language, tx)


@router.post("/referrals/{referral_id}/service", summary="She was served")
async def serve_referral(
    referral_id: UUID,
    command: ServeReferral,
    actor: CanWrite,
    language: Language,
    tx: PersonalTransaction,
) -> ReferralView:
    return await handlers.serve_referral(command, referral_id, language, tx)


@router.post("/referrals/{referral_id}/impossibility", summary="It was not possible, and why")
async def end_referral(
    referral_id: UUID,
    command: EndReferral,
    actor: CanWrite,
    language: Language,
    tx: PersonalTransaction,
) -> ReferralView:
    return await handlers.end_referral(command, referral_id, language, tx)


@router.post("/referrals/{referral_id}/withdrawal", summary="She no longer wants it")
async def withdraw_referral(
    referral_id: UUID, actor: CanActForSelf, language: Language, tx: PersonalTransaction
) -> ReferralView:
    return await handlers.withdraw_referral(referral_id, language, tx)


@router.post("/referrals/{referral_id}/consent-withdrawal", summary="Her name goes there no more")
async def unshare(
    referral_id: UUID, actor: CanActForSelf, language: Language, tx: PersonalTransaction
) -> ReferralView:
    return await handlers.unshare(referral_id, language, tx)
