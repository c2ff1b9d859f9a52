"""HTTP door of households."""

from uuid import UUID

from fastapi import APIRouter, Response

from services.registry.auth import CanRead, CanWrite
from services.registry.households import handlers, queries
from services.registry.households.schemas import FormHousehold, HouseholdView
from shared.http import PersonalTransaction, Route, etag

router = APIRouter(tags=["households"], route_class=Route)


@router.post("/households", status_code=201, summary="Form a household")
async def form_household(
    command: FormHousehold, actor: CanWrite, tx: PersonalTransaction, response: Response
) -> HouseholdView:
    view = await handlers.form_household(command, tx)
    response.headers["Location"] = f"/registry/v1/households/{view.id}"
    response.headers["ETag"] = etag(view.version)
    return view


@router.get("/households/{household_id}", summary="Read a household with its members")
async def get_household(
    household_id: UUID, actor: CanRead, tx: PersonalTransaction, response: Response
) -> HouseholdView:
    view = await queries.get_household(household_id, tx)
    response.headers["ETag"] = etag(view.version)
    return view
