"""Reading appeals. Row-level security shows those of scorecards that the caller may see."""

from uuid import UUID

from services.assessment.appeals.models import Appeal, AppealStatus
from services.assessment.appeals.schemas import AppealView
from services.assessment.errors import AppealNotFound
from shared.db import Tx
from shared.pages import Page, encode_cursor, id_in

_PAGE = """
SELECT a.* FROM appeals AS a JOIN scorecards AS s ON s.id = a.scorecard_id
WHERE (starts_with(s.observer, $1) OR starts_with(s.area, $1))
    AND ($2::uuid IS NULL OR a.scorecard_id = $2) AND ($3::text IS NULL OR a.status = $3)
    AND ($4::uuid IS NULL OR a.id < $4)
ORDER BY a.id DESC LIMIT $5
"""


async def require_appeal(appeal_id: UUID, tx: Tx, *, lock: bool = False) -> Appeal:
    """Raises AppealNotFound, also for one outside the caller's jurisdiction."""
    appeal = await tx.get(Appeal, appeal_id, lock=lock)
    if appeal is None:
        raise AppealNotFound()
    return appeal


async def get_appeal(appeal_id: UUID, tx: Tx) -> AppealView:
    return view_of(await require_appeal(appeal_id, tx))


async def list_appeals(
    scorecard_id: UUID | None,
    status: AppealStatus | None,
    limit: int,
    cursor: str | None,
    tx: Tx,
) -> Page[AppealView]:
    """Newest first."""
    found = await tx.find(
        Appeal, _PAGE, tx.actor.region, scorecard_id, status, id_in(cursor), limit + 1
    )
    more, found = len(found) > limit, found[:limit]
    return Page(
        items=[view_of(each) for each in found],
        next=encode_cursor(str(found[-1].id)) if more else None,
    )


def view_of(appeal: Appeal) -> AppealView:
    return AppealView(**appeal.model_dump(exclude={"status"}), status=AppealStatus(appeal.status))
