"""HTTP door of people."""

from uuid import UUID

from fastapi import APIRouter

from services.migrant.auth import CanReadOwn
from services.migrant.people import queries
from services.migrant.people.schemas import PersonHereView
from shared.http import Language, PersonalTransaction, Route

router = APIRouter(tags=["people"], route_class=Route)


@router.get("/people/{person_id}", summary="What is held here about a person")
async def get_person(
    person_id: UUID, actor: CanReadOwn, language: Language, tx: PersonalTransaction
) -> PersonHereView:
    return await queries.get_person(person_id, language, tx)
