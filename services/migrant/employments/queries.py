"""Reading filings: receipts, for whoever filed."""

from uuid import UUID

from services.migrant.employments.models import Employment
from services.migrant.employments.schemas import FilingStatus, Receipt
from services.migrant.people.rules import is_office
from shared.db import Tx
from shared.pages import Page, encode_cursor, id_in
from shared.problems import NotFound

_LIST = """
SELECT * FROM employments
WHERE region LIKE $1 || '%' AND ($2::text IS NULL OR employer_code = $2)
  AND ($3::uuid IS NULL OR id < $3)
ORDER BY id DESC LIMIT $4
"""


def receipt_of(employment: Employment) -> Receipt:
    status = FilingStatus.ENDED if employment.ended_on else FilingStatus.FILED
    return Receipt(
        **employment.model_dump(
            include={"id", "version", "employer_code", "started_on", "ended_on", "filed_at"}
        ),
        status=FilingStatus.WITHDRAWN if employment.withdrawn_at else status,
    )


async def require_filing(employment_id: UUID, tx: Tx, *, lock: bool = False) -> Employment:
    """Raises NotFound, also for another employer's filing."""
    employment = await tx.require(Employment, employment_id, lock=lock)
    if not is_office(tx.actor) and employment.employer_code != tx.actor.org:
        raise NotFound()
    return employment


async def get_receipt(employment_id: UUID, tx: Tx) -> Receipt:
    """Raises NotFound, also for another employer's filing."""
    return receipt_of(await require_filing(employment_id, tx))


async def list_receipts(
    employer_code: str | None, limit: int, cursor: str | None, tx: Tx
) -> Page[Receipt]:
    """Newest first. An employer sees its own, whatever it asks for; an office those of its
    region."""
    found = await tx.find(
        Employment,
        _LIST,
        tx.actor.region,
        employer_code if is_office(tx.actor) else tx.actor.org,
        id_in(cursor),
        limit + 1,
    )
    page = found[:limit]
    return Page(
        items=[receipt_of(each) for each in page],
        next=encode_cursor(str(page[-1].id)) if len(found) > limit else None,
    )
