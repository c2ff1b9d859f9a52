"""Lists of requests: an office's inbox (收件箱), a person's own, a convener's own. Lines only; what
was said is read by opening a request."""

from datetime import date
from enum import StrEnum
from uuid import UUID

from services.migrant.conveners.queries import require_own_convener
from services.migrant.help.catalogue import catalogue
from services.migrant.help.models import HelpRequest
from services.migrant.help.queries import line_of
from services.migrant.help.routing import office_for
from services.migrant.help.rules import after, deadline
from services.migrant.help.schemas import HelpLine
from services.migrant.people.queries import current_id, region_of
from services.migrant.people.rules import OFFICES
from shared.actors import narrow
from shared.db import Tx
from shared.pages import BEFORE_ALL, Page, decode_cursor, encode_cursor, id_in
from shared.problems import MalformedRequest, NotFound, Text
from shared.subjects import is_own, require_own


class Box(StrEnum):
    """Which requests of the caller's office: those it HOLDS, it TOOK at its desk, it REVIEWS, or
    it was told are late as the OVERSIGHT office (督办)."""

    HELD = "held"
    TAKEN = "taken"
    REVIEW = "review"
    OVERSIGHT = "oversight"


class Show(StrEnum):
    """Which of them: by state, or those due within days (DUE) or late (LATE)."""

    ALL = "all"
    UNSETTLED = "unsettled"
    WAITING = "waiting"
    OPEN = "open"
    ASKED = "asked"
    DUE = "due"
    LATE = "late"
    SETTLED = "settled"


_COUNTS = "CASE WHEN accepted_on IS NULL AND today <= due_on THEN accept_by ELSE due_on END"
_BOXES = {
    Box.HELD: "office = org",
    Box.TAKEN: "taken_office = org",
    Box.REVIEW: "id IN (SELECT request_id FROM help_reviews AS r"
    " WHERE r.office = org AND r.decided_at IS NULL)",
    Box.OVERSIGHT: "told_for IS NOT NULL",
}
_SHOWN = {
    Show.ALL: "true",
    Show.UNSETTLED: "settled_at IS NULL",
    Show.WAITING: "settled_at IS NULL AND accepted_on IS NULL AND asked_back_on IS NULL",
    Show.OPEN: "settled_at IS NULL AND accepted_on IS NOT NULL AND asked_back_on IS NULL",
    Show.ASKED: "settled_at IS NULL AND asked_back_on IS NOT NULL",
    Show.DUE: f"settled_at IS NULL AND {_COUNTS} BETWEEN today AND soon",
    Show.LATE: f"settled_at IS NULL AND {_COUNTS} < today",
    Show.SETTLED: "settled_at IS NOT NULL",
}
# Danger and crowds first, then what is due first.
_INBOX = """
SELECT h.* FROM (SELECT $1::date AS today, $2::text AS org, $3::date AS soon) AS asked,
  LATERAL (SELECT *, CASE WHEN urgent THEN 0 ELSE 1 END AS rank, {counts} AS counts
           FROM help_requests WHERE {box} AND {shown} AND starts_with(region, $4)) AS h
WHERE (h.rank, h.counts, h.id) > ($5::int, $6::date, $7::uuid)
ORDER BY h.rank, h.counts, h.id LIMIT $8
"""
_OF_PERSON = """
SELECT * FROM help_requests
WHERE (person_id = $1 OR id IN (SELECT request_id FROM help_companions
                                WHERE person_id = $1 AND left_at IS NULL)) AND id > $2
  AND ($3::text IS NULL OR office = $3 OR taken_office = $3
       OR came_from @> jsonb_build_array(jsonb_build_object('office', $3::text)))
ORDER BY id LIMIT $4
"""
_OF_CONVENER = "SELECT * FROM help_requests WHERE convener_id = $1 AND id > $2 ORDER BY id LIMIT $3"


async def list_inbox(
    box: Box, show: Show, region: str | None, cursor: str | None, limit: int, tx: Tx
) -> Page[HelpLine]:
    """Requests of the caller's own office. Raises OutsideJurisdiction, MalformedRequest."""
    oversight = await office_for(catalogue().oversight, tx.actor.region, tx)
    if box is Box.OVERSIGHT and tx.actor.org != oversight:
        return Page(items=[], next=None)
    statement = _INBOX.format(counts=_COUNTS, box=_BOXES[box], shown=_SHOWN[show])
    soon = after(tx.today, catalogue().limits.remind_days.value)
    found = await tx.find(
        HelpRequest,
        statement,
        tx.today,
        tx.actor.org,
        soon,
        narrow(tx.actor, region),
        *_place(cursor),
        limit + 1,
    )
    page = found[:limit]
    more = len(found) > limit
    return Page(
        items=[line_of(each, tx) for each in page], next=_cursor(page[-1], tx) if more else None
    )


async def list_of_person(person_id: UUID, cursor: str | None, limit: int, tx: Tx) -> Page[HelpLine]:
    """Hers and those she is named with, oldest first: all of them to herself, to an office those
    it has a part in. Raises NotFound, MalformedRequest."""
    await require_own(person_id, tx, *OFFICES)
    own = await is_own(person_id, tx)
    office = None if own else tx.actor.org
    current = await current_id(person_id, tx)
    found = await tx.find(
        HelpRequest, _OF_PERSON, current, id_in(cursor) or BEFORE_ALL, office, limit + 1
    )
    if not own and not found and await region_of(current, tx) is None:
        raise NotFound()
    tx.saw(current, "help")
    return _page(found, limit, tx)


async def list_of_convener(
    convener_id: UUID, cursor: str | None, limit: int, tx: Tx
) -> Page[HelpLine]:
    """What she filed for people who asked her to. Raises NotFound, MalformedRequest."""
    convener = await require_own_convener(convener_id, tx)
    tx.saw(convener.person_id, "convener")
    found = await tx.find(
        HelpRequest, _OF_CONVENER, convener.id, id_in(cursor) or BEFORE_ALL, limit + 1
    )
    return _page(found, limit, tx)


def _page(found: list[HelpRequest], limit: int, tx: Tx) -> Page[HelpLine]:
    page = found[:limit]
    return Page(
        items=[line_of(each, tx) for each in page],
        next=encode_cursor(str(page[-1].id)) if len(found) > limit else None,
    )


def _cursor(last: HelpRequest, tx: Tx) -> str:
    counts = deadline(last.accept_by, last.due_on, last.accepted_on, tx.today)
    return encode_cursor(0 if last.urgent else 1, counts.isoformat(), str(last.id))


def _place(cursor: str | None) -> tuple[int, date, UUID]:
    """Where a page goes on. Raises MalformedRequest."""
    if cursor is None:
        return -1, date.min, BEFORE_ALL
    key = decode_cursor(cursor)
    try:
        rank, day, id_ = key
        if rank not in (0, 1):
            raise ValueError("no rank of ours")
        return int(rank), date.fromisoformat(day), UUID(id_)
    except (TypeError, ValueError, AttributeError) as error:
        raise MalformedRequest(Text("cursor 无效", "The cursor is not valid")) from error
