"""HTTP door of the cards."""

from enum import StrEnum
from pathlib import Path
from uuid import UUID

from fastapi import APIRouter, Response

from services.registry.auth import CanReadOwn
from services.registry.cards import queries
from services.registry.cards.rules import CardKind
from shared.http import PersonalTransaction, Route
from shared.printing import pdf_of, png_of

router = APIRouter(tags=["cards"], route_class=Route)

_TEMPLATE = Path(__file__).with_name("card.typ")
PDF, PNG = "application/pdf", "image/png"


class CardForm(StrEnum):
    """As a document to print, or as a picture to look at first."""

    PDF = "pdf"
    PNG = "png"


@router.get(
    "/persons/{person_id}/cards/{kind}",
    summary="A card to print: resident, migrant service or separated person",
    response_class=Response,
    responses={200: {"content": {PDF: {}, PNG: {}}}},
)
async def print_card(
    person_id: UUID,
    kind: CardKind,
    actor: CanReadOwn,
    tx: PersonalTransaction,
    format: CardForm = CardForm.PDF,
) -> Response:
    card = await queries.get_card(person_id, kind, tx)
    if format is CardForm.PNG:
        return Response(await png_of(_TEMPLATE, card, dpi=144), media_type=PNG)
    return Response(await pdf_of(_TEMPLATE, card), media_type=PDF)
