"""Reading notices."""

from uuid import UUID

from services.exchange.messages.models import Delivery
from services.exchange.messages.queries import delivery_of
from services.exchange.notices.models import Notice, NoticeAmendment, NoticeDirection
from services.exchange.notices.rules import NoticeKind, shown_id_number
from services.exchange.notices.schemas import (
    CONTENT,
    AmendmentView,
    NoticeSummary,
    NoticeView,
)
from shared.crypto import mask
from shared.db import Tx
from shared.pages import Page, encode_cursor, id_in

_LIST = """
SELECT * FROM notices
WHERE starts_with(local_region, $1) AND ($2::text IS NULL OR direction = $2)
  AND ($3::text IS NULL OR kind = $3) AND ($4::uuid IS NULL OR id < $4)
ORDER BY id DESC LIMIT $5
"""


async def get_notice(notice_id: UUID, tx: Tx) -> NoticeView:
    notice = await tx.require(Notice, notice_id)
    tx.saw(notice.person_id or notice.id, "notice")
    return await view_of(notice, tx)


async def list_notices(
    direction: NoticeDirection | None,
    kind: NoticeKind | None,
    limit: int,
    cursor: str | None,
    tx: Tx,
) -> Page[NoticeSummary]:
    """Newest first; names nobody."""
    rows = await tx.find(Notice, _LIST, tx.actor.region, direction, kind, id_in(cursor), limit + 1)
    delivery = await delivery_of([row.id for row in rows], tx)
    more = encode_cursor(str(rows[limit - 1].id)) if len(rows) > limit else None
    items = [summary_of(row, delivery.get(row.id)) for row in rows[:limit]]
    return Page(items=items, next=more)


def summary_of(notice: Notice, delivery: Delivery | None) -> NoticeSummary:
    return NoticeSummary(
        **notice.model_dump(include=set(NoticeSummary.model_fields)),
        deliverable=notice.peer is not None,
        delivery=delivery,
    )


async def view_of(notice: Notice, tx: Tx) -> NoticeView:
    """As the transaction's purpose may see it; one that was erased says nothing any more."""
    delivery = (await delivery_of([notice.id], tx)).get(notice.id)
    content = {}
    if notice.erased_at is None:
        opened = tx.vault.open(notice.content_sealed, content_place(notice.id))
        content = CONTENT.validate_json(opened).model_dump(mode="json")
    if content.get("id_number"):
        content["id_number"] = shown_id_number(content["id_number"], tx.purpose)
    if content.get("account"):
        content["account"] = mask(content["account"], 4, 4)
    return NoticeView(
        **summary_of(notice, delivery).model_dump(),
        content=content,
        amendments=[AmendmentView(**each.model_dump()) for each in await amendments_of(notice, tx)],
    )


async def amendments_of(notice: Notice, tx: Tx) -> list[NoticeAmendment]:
    """The oldest first."""
    return await tx.find(
        NoticeAmendment,
        "SELECT * FROM notice_amendments WHERE notice_id = $1 ORDER BY at, id",
        notice.id,
    )


def content_place(notice_id: UUID) -> str:
    return f"notices.content:{notice_id}"
