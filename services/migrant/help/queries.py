"""Reading requests for help."""

from uuid import UUID

from services.migrant.help.models import HelpRequest
from services.migrant.help.schemas import HelpView
from services.migrant.people.rules import OFFICES
from shared.db import Tx
from shared.subjects import require_own

_SEALED = ("text", "phone", "answer")


async def get_request(request_id: UUID, tx: Tx) -> HelpView:
    request = await tx.require(HelpRequest, request_id)
    await require_own(request.person_id, tx, *OFFICES)
    return seen(request, tx)


def seen(request: HelpRequest, tx: Tx) -> HelpView:
    """The view, with the usage entry it leaves when a person is known."""
    if request.person_id is not None:
        tx.saw(request.person_id, "help")
    columns = request.model_dump()
    opened = {name: _open(request.id, name, columns[f"{name}_sealed"], tx) for name in _SEALED}
    return HelpView.model_validate(columns | opened)


def _open(request_id: UUID, name: str, sealed: bytes | None, tx: Tx) -> str | None:
    return None if sealed is None else tx.vault.open(sealed, f"help_requests.{name}:{request_id}")
