"""HTTP door of templates."""

from uuid import UUID

from fastapi import APIRouter

from services.notify.auth import CanRead, CanSend
from services.notify.templates import handlers, queries
from services.notify.templates.schemas import TemplateView, WriteTemplate
from shared.http import Cursor, Limit, Route, Transaction
from shared.pages import Page

router = APIRouter(tags=["templates"], route_class=Route)


@router.post("/templates", status_code=201, summary="Write a template")
async def write_template(command: WriteTemplate, actor: CanSend, tx: Transaction) -> TemplateView:
    return await handlers.write_template(command, tx)


@router.get("/templates", summary="All templates and versions")
async def list_templates(
    actor: CanRead, tx: Transaction, limit: Limit = 50, cursor: Cursor = None
) -> Page[TemplateView]:
    return await queries.list_templates(limit, cursor, tx)


@router.post("/templates/{template_id}/approval", summary="Approve somebody else's template")
async def approve_template(template_id: UUID, actor: CanSend, tx: Transaction) -> TemplateView:
    return await handlers.approve_template(template_id, tx)
