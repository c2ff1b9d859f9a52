"""HTTP door of templates."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request

from services.notify.auth import CanRead, CanSend
from services.notify.settings import Settings
from services.notify.templates import handlers, queries
from services.notify.templates.preview import Preview, PreviewText, preview_text
from services.notify.templates.schemas import (
    TemplateDetail,
    TemplateView,
    WithdrawTemplate,
    WordFor,
    WriteTemplate,
)
from shared.http import Cursor, Limit, Route, Transaction
from shared.pages import Page

router = APIRouter(tags=["templates"], route_class=Route)

Provider = Annotated[str, Path(pattern=r"^[a-z][a-z0-9-]{1,30}$")]
Code = Annotated[
    str | None, Query(pattern=r"^[a-z][a-z0-9-]{1,49}$", description="the history of one code")
]


@router.post("/templates", status_code=201, summary="Write a template")
async def write_template(command: WriteTemplate, actor: CanSend, tx: Transaction) -> TemplateView:
    return await handlers.write_template(command, tx)


@router.get("/templates", summary="All templates and versions")
async def list_templates(
    actor: CanRead, tx: Transaction, limit: Limit = 50, cursor: Cursor = None, code: Code = None
) -> Page[TemplateView]:
    return await queries.list_templates(limit, cursor, code, tx)


@router.post("/templates/preview", summary="What a text would be and cost")
async def preview(
    command: PreviewText, request: Request, actor: CanRead, tx: Transaction
) -> Preview:
    settings: Settings = request.app.state.settings
    names = [each.name for each in settings.providers]
    return await preview_text(command, names, tx, settings.sending)


@router.get("/templates/{template_id}", summary="A version, and what providers call it")
async def get_template(template_id: UUID, actor: CanRead, tx: Transaction) -> TemplateDetail:
    return await queries.get_template(template_id, tx)


@router.post("/templates/{template_id}/approval", summary="Approve somebody else's template")
async def approve_template(template_id: UUID, actor: CanSend, tx: Transaction) -> TemplateView:
    return await handlers.approve_template(template_id, tx)


@router.post("/templates/{template_id}/withdrawal", summary="Use a version no more")
async def withdraw_template(
    template_id: UUID, command: WithdrawTemplate, actor: CanSend, tx: Transaction
) -> TemplateView:
    return await handlers.withdraw_template(template_id, command, tx)


@router.put("/templates/{template_id}/providers/{provider}", summary="What a provider calls it")
async def set_wording(
    template_id: UUID, provider: Provider, command: WordFor, actor: CanSend, tx: Transaction
) -> TemplateDetail:
    return await handlers.set_wording(template_id, provider, command, tx)
