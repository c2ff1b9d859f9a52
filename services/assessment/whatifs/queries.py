"""Reading what-ifs."""

from collections.abc import Sequence
from uuid import UUID

from services.assessment.facts.naming import names_of
from services.assessment.periods import parse_period
from services.assessment.whatifs.errors import WhatIfNotFound
from services.assessment.whatifs.models import WhatIf, WhatIfLine, WhatIfStatus
from services.assessment.whatifs.schemas import WhatIfLineView, WhatIfView
from shared.db import Tx
from shared.pages import Page, encode_cursor, id_in, text_in
from shared.problems import MalformedRequest, Text

_DRAFTS = """
SELECT code, version FROM schemes WHERE published_at IS NULL AND code = ANY ($1::text[])
"""


async def require_what_if(what_if_id: UUID, tx: Tx, *, lock: bool = False) -> WhatIf:
    """Raises WhatIfNotFound, also for another county's."""
    what_if = await tx.get(WhatIf, what_if_id, lock=lock)
    if what_if is None:
        raise WhatIfNotFound()
    return what_if


async def get_what_if(what_if_id: UUID, tx: Tx) -> WhatIfView:
    return (await _views([await require_what_if(what_if_id, tx)], tx))[0]


async def list_what_ifs(
    scheme: str | None, limit: int, cursor: str | None, tx: Tx
) -> Page[WhatIfView]:
    """Newest first."""
    found = await tx.find(
        WhatIf,
        "SELECT * FROM what_ifs WHERE starts_with(observer, $1)"
        " AND ($2::text IS NULL OR scheme = $2) AND ($3::uuid IS NULL OR id < $3)"
        " ORDER BY id DESC LIMIT $4",
        tx.actor.region,
        scheme,
        id_in(cursor),
        limit + 1,
    )
    more, found = len(found) > limit, found[:limit]
    return Page(
        items=await _views(found, tx),
        next=encode_cursor(str(found[-1].id)) if more else None,
    )


async def list_lines(
    what_if_id: UUID, limit: int, cursor: str | None, tx: Tx
) -> Page[WhatIfLineView]:
    """In the order of period, area and office. Raises WhatIfNotFound."""
    what_if = await require_what_if(what_if_id, tx)
    found = await tx.find(
        WhatIfLine,
        "SELECT * FROM what_if_lines WHERE what_if_id = $1 AND place > $2 ORDER BY place LIMIT $3",
        what_if_id,
        place_in(cursor),
        limit + 1,
    )
    more, found = len(found) > limit, found[:limit]
    until = parse_period(what_if.last_period).end
    names = await names_of([each.area for each in found], until, tx)
    return Page(
        items=[_line_view(each, names.get(each.area)) for each in found],
        next=encode_cursor(str(found[-1].place)) if more else None,
    )


def place_in(cursor: str | None) -> int:
    """The place a page goes on from. Raises MalformedRequest."""
    if cursor is None:
        return -1
    text = text_in(cursor)
    if not text.isdecimal() or len(text) > 9:
        raise MalformedRequest(Text("cursor 无效", "The cursor is not valid"))
    return int(text)


def view_of(what_if: WhatIf, *, draft: bool) -> WhatIfView:
    return WhatIfView(
        **what_if.model_dump(exclude={"observer", "due", "status"}),
        status=WhatIfStatus(what_if.status),
        draft=draft,
        total=len(what_if.due),
    )


async def _views(what_ifs: Sequence[WhatIf], tx: Tx) -> list[WhatIfView]:
    rows = await tx.fetch(_DRAFTS, [each.scheme for each in what_ifs])
    drafts = {(row["code"], row["version"]) for row in rows}
    return [view_of(each, draft=(each.scheme, each.scheme_version) in drafts) for each in what_ifs]


def _line_view(line: WhatIfLine, name: str | None) -> WhatIfLineView:
    now, then = line.now_score, line.then_score
    return WhatIfLineView(
        **line.model_dump(exclude={"what_if_id", "place", "office"}),
        area_name=name,
        office=line.office or None,
        difference=None if now is None or then is None else then - now,
    )
