"""HTTP door of templates."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from services.exchange.auth import CanReadHere, CanWriteHere
from services.exchange.inquiries import templates
from services.exchange.inquiries.template_rules import Part
from services.exchange.inquiries.template_schemas import (
    FilledTemplate,
    FillTemplate,
    TemplateInput,
    TemplateView,
)
from shared.http import IfMatch, PersonalTransaction, Route, Transaction, etag

router = APIRouter(tags=["inquiries"], route_class=Route)


@router.get("/inquiry-templates", summary="Templates of questions and answers")
async def list_templates(
    actor: CanReadHere,
    tx: Transaction,
    kind: Annotated[str | None, Query(max_length=60)] = None,
    part: Part | None = None,
) -> Sequence[TemplateView]:
    return await templates.list_templates(kind, part, tx)


@router.post("/inquiry-templates", status_code=201, summary="Add a template")
async def add_template(
    command: TemplateInput, actor: CanWriteHere, tx: Transaction, response: Response
) -> TemplateView:
    view = await templates.add_template(command, tx)
    response.headers["ETag"] = etag(view.version)
    return view


@router.put("/inquiry-templates/{template_id}", summary="Change a template")
async def change_template(
    template_id: UUID,
    command: TemplateInput,
    actor: CanWriteHere,
    tx: Transaction,
    version: IfMatch,
    response: Response,
) -> TemplateView:
    view = await templates.change_template(command, template_id, version, tx)
    response.headers["ETag"] = etag(view.version)
    return view


@router.delete("/inquiry-templates/{template_id}", status_code=204, summary="Remove a template")
async def remove_template(template_id: UUID, actor: CanWriteHere, tx: Transaction) -> None:
    await templates.remove_template(template_id, tx)


@router.post("/inquiry-templates/{template_id}/filling", summary="Fill a template in")
async def fill_template(
    template_id: UUID, command: FillTemplate, actor: CanWriteHere, tx: PersonalTransaction
) -> FilledTemplate:
    return await templates.fill_template(command, template_id, tx)
