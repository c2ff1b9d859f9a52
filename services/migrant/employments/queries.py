"""Reading filings: receipts, for whoever filed."""

from uuid import UUID

from services.migrant.employments.models import Employment
from services.migrant.employments.schemas import Receipt
from services.migrant.people.rules import is_office
from shared.db import Tx
from shared.problems import NotFound


def receipt_of(employment: Employment) -> Receipt:
    return Receipt(
        **employment.model_dump(include={"id", "employer_code", "started_on", "filed_at"})
    )


async def get_receipt(employment_id: UUID, tx: Tx) -> Receipt:
    """Raises NotFound, also for another employer's filing."""
    employment = await tx.require(Employment, employment_id)
    if not is_office(tx.actor) and employment.employer_code != tx.actor.org:
        raise NotFound()
    return receipt_of(employment)
