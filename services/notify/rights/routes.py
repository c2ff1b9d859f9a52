"""HTTP door of what is hers."""

from uuid import UUID

from fastapi import APIRouter, Response

from services.notify.auth import CanActForSelf
from services.notify.rights import handlers, queries
from services.notify.rights.schemas import ContactBookExport
from shared.erasure import ErasureView
from shared.http import PersonalTransaction, Route

router = APIRouter(tags=["own record"], route_class=Route)


@router.get("/contacts/{person_id}/export", summary="Everything held about a person, for herself")
async def export_contacts(
    person_id: UUID, actor: CanActForSelf, tx: PersonalTransaction, response: Response
) -> ContactBookExport:
    response.headers["Cache-Control"] = "no-store"
    return await queries.export_contacts(person_id, tx)


@router.post("/contacts/{person_id}/erasure", summary="Erase numbers and texts at once")
async def erase_contacts(
    person_id: UUID, actor: CanActForSelf, tx: PersonalTransaction
) -> ErasureView:
    return await handlers.erase_contacts(person_id, tx)
