"""HTTP door of what is hers."""

from uuid import UUID

from fastapi import APIRouter, Response

from services.migrant.auth import CanActForSelf
from services.migrant.rights import handlers, queries
from services.migrant.rights.schemas import PersonExport
from shared.erasure import ErasureView
from shared.http import Language, PersonalTransaction, Route

router = APIRouter(tags=["own record"], route_class=Route)


@router.get("/people/{person_id}/export", summary="Everything held about a person, for herself")
async def export_person(
    person_id: UUID,
    actor: CanActForSelf,
    language: Language,
    tx: PersonalTransaction,
    response: Response,
) -> PersonExport:
    response.headers["Cache-Control"] = "no-store"
    return await queries.export_person(person_id, language, tx)


@router.post("/people/{person_id}/erasure", summary="Erase what no duty holds")
async def erase_held(person_id: UUID, actor: CanActForSelf, tx: PersonalTransaction) -> ErasureView:
    return await handlers.erase_held(person_id, tx)
