"""HTTP door of what is hers."""

from uuid import UUID

from fastapi import APIRouter, Response

from services.exchange.auth import CanActForSelf
from services.exchange.rights import handlers, queries
from services.exchange.rights.schemas import ExchangeExport
from shared.erasure import ErasureView
from shared.http import PersonalTransaction, Route

router = APIRouter(tags=["own record"], route_class=Route)


@router.get("/people/{person_id}/export", summary="Everything held about a person, for herself")
async def export_person(
    person_id: UUID, actor: CanActForSelf, tx: PersonalTransaction, response: Response
) -> ExchangeExport:
    response.headers["Cache-Control"] = "no-store"
    return await queries.export_person(person_id, tx)


@router.post("/people/{person_id}/erasure", summary="Erase what no duty holds")
async def erase_person(
    person_id: UUID, actor: CanActForSelf, tx: PersonalTransaction
) -> ErasureView:
    return await handlers.erase_person(person_id, tx)
