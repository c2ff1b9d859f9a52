"""HTTP door of the contact book."""

from fastapi import APIRouter

from services.notify.auth import CanOptOut
from services.notify.contacts import handlers
from services.notify.contacts.schemas import OptOutView, RecordOptOut
from shared.http import PersonalTransaction, Route

router = APIRouter(tags=["contacts"], route_class=Route)


@router.post("/opt-outs", status_code=201, summary="Stop texts to a person or a number")
async def record_opt_out(
    command: RecordOptOut, actor: CanOptOut, tx: PersonalTransaction
) -> OptOutView:
    return await handlers.record_opt_out(command, tx)
