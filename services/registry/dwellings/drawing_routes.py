"""HTTP door of what is looked at and printed of a building: its plan and its door plates."""

from pathlib import Path
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response

from services.registry.auth import CanRead
from services.registry.dwellings import drawings
from shared.drawing import Drawing
from shared.http import PersonalTransaction, Route, Transaction
from shared.printing import pdf_of, pdf_of_svg
from shared.text import CalendarDay

router = APIRouter(tags=["dwellings"], route_class=Route)

SVG = "image/svg+xml"
PDF = "application/pdf"
_PLATE = Path(__file__).with_name("plate.typ")
_PICTURE: dict[int | str, dict[str, Any]] = {200: {"content": {SVG: {}}}}
_PRINT: dict[int | str, dict[str, Any]] = {200: {"content": {PDF: {}}}}


@router.get(
    "/dwellings/{dwelling_id}/plan.svg",
    summary="The housing plan of a building, to look at",
    response_class=Response,
    responses=_PICTURE,
)
async def get_plan(
    dwelling_id: UUID, actor: CanRead, tx: PersonalTransaction, on: CalendarDay | None = None
) -> Response:
    return _picture(await drawings.get_plan(dwelling_id, on, tx))


@router.get(
    "/dwellings/{dwelling_id}/plan.pdf",
    summary="The housing plan of a building, on one A4 sheet",
    response_class=Response,
    responses=_PRINT,
)
async def print_plan(
    dwelling_id: UUID, actor: CanRead, tx: PersonalTransaction, on: CalendarDay | None = None
) -> Response:
    drawing = await drawings.get_plan(dwelling_id, on, tx)
    wide = drawing.width > drawing.height
    return Response(await pdf_of_svg(drawing.svg(), landscape=wide), media_type=PDF)


@router.get(
    "/dwellings/{dwelling_id}/plate.svg",
    summary="The door plate of a building",
    response_class=Response,
    responses=_PICTURE,
)
async def get_dwelling_plate(dwelling_id: UUID, actor: CanRead, tx: Transaction) -> Response:
    return _picture(await drawings.get_dwelling_plate(dwelling_id, tx))


@router.get(
    "/dwellings/{dwelling_id}/plate.pdf",
    summary="The door plate of a building, to print",
    response_class=Response,
    responses=_PRINT,
)
async def print_dwelling_plate(dwelling_id: UUID, actor: CanRead, tx: Transaction) -> Response:
    return await _label(await drawings.get_dwelling_plate(dwelling_id, tx))


@router.get(
    "/rooms/{room_id}/plate.svg",
    summary="The door plate of a room",
    response_class=Response,
    responses=_PICTURE,
)
async def get_room_plate(room_id: UUID, actor: CanRead, tx: Transaction) -> Response:
    return _picture(await drawings.get_room_plate(room_id, tx))


@router.get(
    "/rooms/{room_id}/plate.pdf",
    summary="The door plate of a room, to print",
    response_class=Response,
    responses=_PRINT,
)
async def print_room_plate(room_id: UUID, actor: CanRead, tx: Transaction) -> Response:
    return await _label(await drawings.get_room_plate(room_id, tx))


def _picture(drawing: Drawing) -> Response:
    return Response(drawing.svg(), media_type=SVG)


async def _label(drawing: Drawing) -> Response:
    return Response(await pdf_of(_PLATE, {"svg": drawing.svg()}), media_type=PDF)
