"""Reading what came: receipts that fit nothing, and texts from people that wait for the staff.
Every look at a text of a known person leaves a usage entry."""

from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from services.notify.receipts.errors import ReplyNotFound
from services.notify.receipts.meaning import Action
from services.notify.receipts.models import Inbound
from services.notify.receipts.schemas import ReplyLine, ReplyView, SaidView, UnmatchedView
from shared.actors import narrow
from shared.crypto import mask
from shared.db import Tx
from shared.pages import BEFORE_ALL, Page, encode_cursor, id_in

_EARLY: Final = timedelta(minutes=10)  # a receipt may overtake the answer that names its text

_UNMATCHED = """
SELECT provider, count(*)::int AS receipts, min(received_at) AS first_at,
       max(received_at) AS last_at
FROM message_parts WHERE message_id IS NULL AND received_at < $1
GROUP BY provider ORDER BY provider
"""
_PAGE = """
SELECT * FROM inbound_texts WHERE action = 'inbox' AND joined_to IS NULL AND id > $1
  AND phone_sealed IS NOT NULL AND starts_with(region, $2)
  AND CASE $3 WHEN 'open' THEN done_at IS NULL WHEN 'done' THEN done_at IS NOT NULL ELSE true END
ORDER BY id LIMIT $4
"""
_SAID = """
SELECT * FROM inbound_texts WHERE id = $1 OR joined_to = $1 ORDER BY id
"""


class Show(StrEnum):
    """Which texts of people a list has."""

    OPEN = "open"
    DONE = "done"
    ALL = "all"


async def unmatched_receipts(tx: Tx) -> Sequence[UnmatchedView]:
    """Receipts that have fitted no text of ours for ten minutes, by provider."""
    return [
        UnmatchedView.model_validate(dict(row))
        for row in await tx.fetch(_UNMATCHED, tx.now - _EARLY)
    ]


async def list_replies(
    show: Show, region: str | None, limit: int, cursor: str | None, tx: Tx
) -> Page[ReplyLine]:
    """Texts that wait for the staff (来信箱), oldest first, until they are erased. Raises
    OutsideJurisdiction, MalformedRequest."""
    after = id_in(cursor) or BEFORE_ALL
    found = await tx.find(Inbound, _PAGE, after, narrow(tx.actor, region), show, limit + 1)
    shown = found[:limit]
    for each in shown:
        _saw(each, tx)
    return Page(
        items=[_line(each, tx) for each in shown],
        next=encode_cursor(str(shown[-1].id)) if len(found) > limit else None,
    )


async def require_reply(reply_id: UUID, tx: Tx) -> Inbound:
    """One of the staff's texts, locked. Raises ReplyNotFound, also outside the jurisdiction."""
    reply = await tx.get(Inbound, reply_id, lock=True)
    if reply is None or reply.action != Action.INBOX or reply.joined_to is not None:
        raise ReplyNotFound()
    _saw(reply, tx)
    return reply


async def view_of(reply: Inbound, tx: Tx) -> ReplyView:
    """With the words of all that is joined to it."""
    said = await tx.find(Inbound, _SAID, reply.id)
    template = await tx.fetch_value("SELECT template FROM messages WHERE id = $1", reply.message_id)
    return ReplyView(
        **_line(reply, tx).model_dump(),
        template=template,
        said=[
            SaidView(text=text_of(each, tx), received_at=each.received_at)
            for each in said
            if each.text_sealed is not None or each.id == reply.id
        ],
    )


def phone_of(reply: Inbound, tx: Tx) -> str | None:
    """The number it came from; None once erased."""
    if reply.phone_sealed is None:
        return None
    return tx.vault.open(reply.phone_sealed, f"inbound_texts.phone:{reply.id}")


def text_of(reply: Inbound, tx: Tx) -> str | None:
    if reply.text_sealed is None:
        return None
    return tx.vault.open(reply.text_sealed, f"inbound_texts.text:{reply.id}")


def _line(reply: Inbound, tx: Tx) -> ReplyLine:
    phone = phone_of(reply, tx)
    return ReplyLine(
        **reply.model_dump(include=set(ReplyLine.model_fields) - {"phone"}),
        phone=mask(phone, 3, 2) if phone else None,
    )


def _saw(reply: Inbound, tx: Tx) -> None:
    if reply.person_id is not None:
        tx.saw(reply.person_id, "reply")
