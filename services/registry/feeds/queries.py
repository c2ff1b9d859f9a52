"""Reading batches, their lines and conflicts. Whoever sees a person's line leaves a usage entry."""

import asyncio
from datetime import date
from typing import Any
from uuid import UUID

from services.registry.feeds.meanings import Department, Meaning
from services.registry.feeds.models import Feed, FeedLine, FeedProfile, FeedStatus
from services.registry.feeds.profile_rules import Profile
from services.registry.feeds.profiles import profile_of
from services.registry.feeds.reasons import Outcome
from services.registry.feeds.report import REPORT_LINES, ReportFile, workbook
from services.registry.feeds.schemas import (
    ConflictPage,
    FeedPage,
    FeedView,
    LinePage,
    MonthView,
    SidesView,
)
from services.registry.feeds.views import (
    as_purpose_allows,
    cells_of,
    conflict_view,
    feed_view,
    line_view,
    month_text,
    persons_of,
)
from services.registry.persons.models import Person
from services.registry.persons.queries import view_of
from services.registry.tasks.models import FEED_TASKS, Task
from shared.actors import narrow
from shared.db import Tx
from shared.pages import BEFORE_ALL, decode_cursor, encode_cursor, id_in
from shared.problems import Forbidden, MalformedRequest, NotFound, Text
from shared.usage import Purpose

# What of a record is set beside a department's line.
_BESIDE = ("id", "version", "status", "name", "sex", "birth_date", "id_number", "hukou_region",
           "residence")  # fmt: skip


async def get_feed(feed_id: UUID, language: str, tx: Tx) -> FeedView:
    """Raises NotFound."""
    return feed_view(await tx.require(Feed, feed_id), language)


async def list_feeds(
    department: Department | None,
    month: str | None,
    status: FeedStatus | None,
    limit: int,
    cursor: str | None,
    language: str,
    tx: Tx,
) -> FeedPage:
    """Batches in the order they came."""
    found = await tx.find(
        Feed,
        "SELECT * FROM feeds WHERE starts_with(region, $1)"
        " AND ($2::text IS NULL OR department = $2)"
        " AND ($3::date IS NULL OR month = $3) AND ($4::text IS NULL OR status = $4) AND id > $5"
        " ORDER BY id LIMIT $6",
        narrow(tx.actor, None),
        department,
        month_in(month) if month else None,
        status,
        id_in(cursor) or BEFORE_ALL,
        limit + 1,
    )
    items = [feed_view(feed, language) for feed in found[:limit]]
    return FeedPage(items=items, next=encode_cursor(str(items[-1].id)) if found[limit:] else None)


def month_in(text: str) -> date:
    """The first day of a month written 2026-01. Raises MalformedRequest."""
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        raise MalformedRequest(Text("月份应写作 2026-01", "A month is written 2026-01")) from None


async def list_lines(
    feed_id: UUID,
    outcome: Outcome | None,
    limit: int,
    cursor: str | None,
    language: str,
    tx: Tx,
) -> LinePage:
    """A page of lines, names and numbers masked. Raises NotFound."""
    feed = await tx.require(Feed, feed_id)
    profile = await _profile(feed, tx)
    found, following = await _lines(feed, outcome, limit, cursor, tx)
    _saw(found, tx)
    meaning = Meaning(feed.meaning)
    items = [line_view(line, meaning, profile, language, tx.vault) for line in found]
    return LinePage(items=items, next=following)


async def get_report(
    feed_id: UUID, outcome: Outcome | None, cursor: str | None, tx: Tx
) -> ReportFile:
    """The report as a workbook, for whoever may write. Raises Forbidden, NotFound."""
    if "registry:write" not in tx.actor.scopes:
        raise Forbidden(Text("需要权限 registry:write", "Needs scope registry:write"))
    feed = await tx.require(Feed, feed_id)
    profile = await _profile(feed, tx)
    found, following = await _lines(feed, outcome, REPORT_LINES, cursor, tx)
    _saw(found, tx)
    purpose = tx.purpose or Purpose.DATA_QUALITY
    content = await asyncio.to_thread(workbook, feed, found, profile, purpose, tx.vault)
    return ReportFile(content, f"{feed.code}-{month_text(feed)}.xlsx", following)


async def list_months(month: str | None, tx: Tx) -> list[MonthView]:
    """How batches compare with the register, of a month or the latest 500; counts alone."""
    found = await tx.find(
        Feed,
        "SELECT * FROM feeds WHERE starts_with(region, $1) AND ($2::date IS NULL OR month = $2)"
        " AND in_both IS NOT NULL AND status NOT IN ('withdrawn', 'refused', 'cancelled')"
        " ORDER BY month DESC, department, code, id LIMIT 500",
        narrow(tx.actor, None),
        month_in(month) if month else None,
    )
    return [
        MonthView(
            month=month_text(feed),
            department=Department(feed.department),
            code=feed.code,
            feed_id=feed.id,
            lines_read=feed.lines_read,
            rejected=feed.lines_rejected,
            conflicting=feed.lines_conflicting,
            in_both=feed.in_both or 0,
            only_there=feed.only_there or 0,
            only_here=feed.only_here,
        )
        for feed in found
    ]


async def list_conflicts(
    settled: bool, feed_id: UUID | None, limit: int, cursor: str | None, language: str, tx: Tx
) -> ConflictPage:
    """Conflicts and what withdrawals left, in the order they came."""
    tasks = await tx.find(
        Task,
        "SELECT t.* FROM tasks AS t JOIN feed_lines AS l ON l.id = t.source_id"
        " WHERE t.kind = ANY($1) AND t.source = 'feed-line' AND (t.settled_at IS NOT NULL) = $2"
        " AND ($3::uuid IS NULL OR l.feed_id = $3) AND starts_with(t.region, $4) AND t.id > $5"
        " ORDER BY t.id LIMIT $6",
        [kind.value for kind in FEED_TASKS],
        settled,
        feed_id,
        narrow(tx.actor, None),
        id_in(cursor) or BEFORE_ALL,
        limit + 1,
    )
    lines = await tx.find(
        FeedLine,
        "SELECT * FROM feed_lines WHERE id = ANY($1::uuid[])",
        [task.source_id for task in tasks],
    )
    by_id = {line.id: line for line in lines}
    shown = tasks[:limit]
    for task in shown:
        if task.person_id is not None:
            tx.saw(task.person_id, "feed")
    items = [conflict_view(task, by_id[task.source_id], language) for task in shown]
    following = encode_cursor(str(items[-1].task_id)) if tasks[limit:] else None
    return ConflictPage(items=items, next=following)


async def get_conflict(task_id: UUID, language: str, tx: Tx) -> SidesView:
    """Both sides: what the department said, and the records it was matched to. Raises NotFound."""
    task = await tx.require(Task, task_id)
    if task.kind not in FEED_TASKS or task.source != "feed-line":
        raise NotFound()
    line = await tx.require(FeedLine, task.source_id)
    feed = await tx.require(Feed, line.feed_id)
    _saw([line], tx)
    purpose = tx.purpose or Purpose.DATA_QUALITY
    return SidesView(
        **conflict_view(task, line, language).model_dump(),
        theirs=as_purpose_allows(cells_of(line, tx.vault), Meaning(feed.meaning), purpose),
        ours=[await _record(person_id, tx) for person_id in persons_of(line)],
    )


async def _record(person_id: UUID, tx: Tx) -> dict[str, Any]:
    found = await tx.get(Person, person_id)
    if found is None:
        return {}
    return view_of(found, tx).model_dump(mode="json", include=set(_BESIDE))


async def _profile(feed: Feed, tx: Tx) -> Profile:
    return profile_of(await tx.require(FeedProfile, feed.profile_id))


async def _lines(
    feed: Feed, outcome: Outcome | None, limit: int, cursor: str | None, tx: Tx
) -> tuple[list[FeedLine], str | None]:
    found = await tx.find(
        FeedLine,
        "SELECT * FROM feed_lines WHERE feed_id = $1 AND ($2::text IS NULL OR outcome = $2)"
        " AND line > $3 ORDER BY line LIMIT $4",
        feed.id,
        outcome,
        _line_in(cursor) if cursor else 0,
        limit + 1,
    )
    return found[:limit], encode_cursor(found[limit - 1].line) if len(found) > limit else None


def _line_in(cursor: str) -> int:
    key = decode_cursor(cursor)
    if len(key) != 1 or not isinstance(key[0], int) or not 0 <= key[0] < 2**31:
        raise MalformedRequest(Text("cursor 无效", "The cursor is not valid"))
    return key[0]


def _saw(lines: list[FeedLine], tx: Tx) -> None:
    for person_id in {each for line in lines for each in persons_of(line)}:
        tx.saw(person_id, "feed")
