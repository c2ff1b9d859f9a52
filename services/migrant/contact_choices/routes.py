"""HTTP door of contact choices."""

from uuid import UUID

from fastapi import APIRouter

from services.migrant.auth import CanReadOwn, CanTakeConsent
from services.migrant.contact_choices import handlers, queries
from services.migrant.contact_choices.schemas import ChooseContact, ContactChoiceView
from shared.http import PersonalTransaction, Route

router = APIRouter(tags=["contact choices"], route_class=Route)


@router.put("/people/{person_id}/contact-choice", summary="Choose how to be reached")
async def choose_contact(
    person_id: UUID, command: ChooseContact, actor: CanTakeConsent, tx: PersonalTransaction
) -> ContactChoiceView:
    return await handlers.choose_contact(person_id, command, tx)


@router.get("/people/{person_id}/contact-choice", summary="How a person wants to be reached")
async def get_choice(
    person_id: UUID, actor: CanReadOwn, tx: PersonalTransaction
) -> ContactChoiceView:
    return await queries.get_choice(person_id, tx)
