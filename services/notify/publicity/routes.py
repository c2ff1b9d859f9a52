"""HTTP door of publicity."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from services.notify.auth import CanRead, CanSend
from services.notify.publicity import handlers, queries
from services.notify.publicity.schemas import (
    EnterNews,
    GreetingRuleView,
    NewsView,
    PublicityDayView,
    SetGreetingRule,
    SetPublicityDay,
)
from shared.codes import RegionCode
from shared.http import Cursor, Limit, Route, Transaction
from shared.pages import Page

router = APIRouter(tags=["publicity"], route_class=Route)

Region = Annotated[RegionCode | None, Query(description="whose rule; your own by default")]


@router.post("/news-items", status_code=201, summary="Enter useful news")
async def enter_news(command: EnterNews, actor: CanSend, tx: Transaction) -> NewsView:
    return await handlers.enter_news(command, tx)


@router.get("/news-items", summary="News, newest first")
async def list_news(
    actor: CanRead, tx: Transaction, limit: Limit = 50, cursor: Cursor = None
) -> Page[NewsView]:
    return await queries.list_news(limit, cursor, tx)


@router.post("/news-items/{item_id}/approval", summary="Approve somebody else's news")
async def approve_news(item_id: UUID, actor: CanSend, tx: Transaction) -> NewsView:
    return await handlers.approve_news(item_id, tx)


@router.post("/news-items/{item_id}/withdrawal", summary="Tell it no more")
async def withdraw_news(item_id: UUID, actor: CanSend, tx: Transaction) -> NewsView:
    return await handlers.withdraw_news(item_id, tx)


@router.get("/publicity-days", summary="The days that propose campaigns")
async def list_days(actor: CanRead, tx: Transaction) -> list[PublicityDayView]:
    return await queries.list_days(tx)


@router.put("/publicity-days", summary="Enter a publicity day, or change it")
async def set_day(command: SetPublicityDay, actor: CanSend, tx: Transaction) -> PublicityDayView:
    return await handlers.set_day(command, tx)


@router.get("/greeting-rule", summary="When the monthly greeting goes")
async def get_rule(actor: CanRead, tx: Transaction, region: Region = None) -> GreetingRuleView:
    return await queries.get_rule(region, tx)


@router.put("/greeting-rule", summary="Say when it goes and how it begins")
async def set_rule(command: SetGreetingRule, actor: CanSend, tx: Transaction) -> GreetingRuleView:
    return await handlers.set_rule(command, tx)
