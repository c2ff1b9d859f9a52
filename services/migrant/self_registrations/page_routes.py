"""HTTP door of the open page. Anybody may call it; it answers with HTML whatever is sent."""

from collections.abc import Mapping
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response
from pydantic import ValidationError

from services.migrant.regions.queries import code_today, name_of
from services.migrant.self_registrations.open_page import (
    command_of,
    count_form,
    filled_in,
    key_of,
    send_form,
    take_back,
    tidy,
)
from services.migrant.self_registrations.page import (
    PAGE_HEADERS,
    Filled,
    erased_page,
    form_page,
    receipt_page,
)
from shared.db import Tx
from shared.http import Language, PublicTransaction, Route
from shared.problems import Problem
from shared.usage import Purpose
from shared.validation import field_errors

router = APIRouter(tags=["registration by phone"], route_class=Route)

Typed = Annotated[str, Query(max_length=200)]
_HTML: Final = {"content": {"text/html": {"schema": {"type": "string"}}}}
_FIELDS: Final = {
    "requestBody": {
        "required": True,
        "content": {
            "application/x-www-form-urlencoded": {
                "schema": {"type": "object", "additionalProperties": {"type": "string"}}
            }
        },
    }
}


@router.get(
    "/self-registration",
    summary="A page to register one's arrival on, without a login",
    response_class=Response,
    responses={200: _HTML},
)
async def show_page(
    language: Language,
    tx: PublicTransaction,
    lang: Typed = "",
    region: Typed = "",
    room_id: Typed = "",
) -> Response:
    values = {"region": await code_today(region, tx), "room_id": room_id}
    return await _form(key_of(""), values, 0, _chosen(lang, language), tx)


@router.post(
    "/self-registration",
    summary="What that page sends: a form, a correction, or that it is taken back",
    response_class=Response,
    responses={200: _HTML, 422: _HTML},
    openapi_extra=_FIELDS,
)
async def take_page(request: Request, language: Language, tx: PublicTransaction) -> Response:
    sent = await request.form()
    fields = {name: text for name, text in sent.items() if isinstance(text, str)}
    key, action = key_of(fields.pop("key", "")), fields.pop("action", "send")
    said = _chosen(fields.pop("lang", ""), language)
    tx.purpose = Purpose.REGISTRATION
    if action == "withdraw":
        await take_back(key, tx)
        return _page(erased_page(said))
    if action == "edit":
        fields = await filled_in(key, tx)
    values, companions = tidy(fields)
    if action in ("edit", "add"):
        return await _form(key, values, companions + (action == "add"), said, tx)
    return await _take(request, key, values, companions, said, tx)


async def _take(
    request: Request,
    key: str,
    values: Mapping[str, str],
    companions: int,
    language: str,
    tx: Tx,
) -> Response:
    try:
        command = command_of(values)
    except ValidationError as error:
        faults = field_errors(error.errors(include_url=False, include_input=False), language)
        wrong = {each["field"]: each["reason"] for each in faults}
        if "id_number" in wrong and "origin_region" not in values:
            wrong.pop("origin_region", None)  # it would come from the number
        return await _form(key, values, companions, language, tx, wrong)
    try:
        await count_form(request.client.host if request.client else "", tx)
        async with tx.attempt():
            row = await send_form(key, command, tx)
    except Problem as problem:
        field = str(problem.extra.get("field", ""))  # of the whole form where it names none
        wrong = {field: (problem.detail or problem.title).say(language)}
        return await _form(key, values, companions, language, tx, wrong, problem.status)
    return _page(receipt_page(row, key, language))


async def _form(
    key: str,
    values: Mapping[str, str],
    companions: int,
    language: str,
    tx: Tx,
    wrong: Mapping[str, str] | None = None,
    status: int = 422,
) -> Response:
    """The form, with what is `wrong` beside its fields where anything is."""
    place = await name_of(values.get("region", ""), tx)
    filled = Filled(key, values, wrong or {}, companions, place)
    return _page(form_page(filled, language), status if wrong else 200)


def _chosen(lang: str, language: str) -> str:
    """The language she switched to, otherwise that of her phone."""
    return lang if lang in ("zh", "en") else language


def _page(page: str, status: int = 200) -> Response:
    return Response(page, status, PAGE_HEADERS, "text/html")
