"""Taking in a batch; applying, cancelling, taking it back; deciding its conflicts."""

from collections.abc import AsyncIterator
from datetime import date
from hashlib import sha256
from uuid import UUID

from services.registry.errors import AlreadyReceived, FeedClosed
from services.registry.feeds.models import WORKER, Feed, FeedFile, FeedStatus
from services.registry.feeds.profiles import profile_in_use
from services.registry.feeds.schemas import AcceptedFeed
from shared.db import Tx
from shared.ids import new_id
from shared.problems import MalformedBody, OutsideJurisdiction, Text
from shared.sheets_in import format_of
from shared.usage import Purpose

_COUNTY = 6


def file_place(feed_id: UUID, part: int) -> str:
    """What a part of an uploaded file is sealed for."""
    return f"feed_files.content:{feed_id}:{part}"


async def accept_feed(
    code: str, month: str, dry_run: bool, parts: AsyncIterator[bytes], tx: Tx
) -> AcceptedFeed:
    """Store a batch part by part, sealed, to be compared under the caller's jurisdiction. `month`
    is written 2026-01. Raises UnknownProfile, UnsupportedFile, AlreadyReceived for a file that is
    a batch already, OutsideJurisdiction for an office above a county."""
    if len(tx.actor.region) < _COUNTY:
        raise OutsideJurisdiction(
            Text("请由区县接收部门数据", "A county or an office in it takes batches in")
        )
    first_day = _month(month, tx)
    profile = await profile_in_use(code, tx)
    first = await anext(parts, b"")
    feed = Feed(
        id=new_id(),
        profile_id=profile.id,
        code=profile.code,
        department=profile.department,
        meaning=profile.meaning,
        region=tx.actor.region,
        month=first_day,
        format=_format_of(first),
        dry_run=dry_run,
        content_index=b"",
        actor_sub=tx.actor.sub,
        actor_name=tx.actor.name,
        actor_org=tx.actor.org,
        purpose=tx.purpose or Purpose.REGISTRATION,
        case_reference=tx.case_reference,
        created_at=tx.now,
    )
    feed.content_index = feed.id.bytes  # until the whole of it is known
    await tx.add(feed)
    await _store(feed, first, parts, tx)
    tx.call(WORKER)
    return AcceptedFeed(id=feed.id, status=FeedStatus.WAITING)


def _month(text: str, tx: Tx) -> date:
    try:
        first_day = date.fromisoformat(f"{text}-01")
    except ValueError:
        raise MalformedBody(Text("月份应写作 2026-01", "A month is written 2026-01")) from None
    if first_day > tx.today or first_day.year < 1880:
        raise MalformedBody(Text("月份晚于今天或过早", "The month lies ahead, or too far back"))
    return first_day


def _format_of(first: bytes) -> str:
    start = first.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    return "json" if start in (b"[", b"{") else format_of(first)


async def _store(feed: Feed, first: bytes, parts: AsyncIterator[bytes], tx: Tx) -> None:
    digest, number, part = sha256(), 0, first
    while part:
        digest.update(part)
        feed.size += len(part)
        sealed = tx.vault.seal_bytes(part, file_place(feed.id, number))
        await tx.add(FeedFile(feed_id=feed.id, part=number, content_sealed=sealed))
        number, part = number + 1, await anext(parts, b"")
    index = tx.vault.index(digest.hexdigest(), "feed-file")
    earlier = await tx.fetch_value(
        "SELECT id FROM feeds WHERE code = $1 AND region = $2 AND content_index = $3"
        " AND status NOT IN ('withdrawn', 'refused', 'cancelled')",
        feed.code,
        feed.region,
        index,
    )
    if earlier is not None:
        raise AlreadyReceived(feed_id=str(earlier))
    await tx.execute(
        "UPDATE feeds SET size = $2, content_index = $3 WHERE id = $1", feed.id, feed.size, index
    )


async def apply_feed(feed_id: UUID, tx: Tx) -> AcceptedFeed:
    """Apply a batch after its dry run. Raises FeedClosed."""
    feed = await _in(feed_id, (FeedStatus.COMPARED,), tx)
    feed.status, feed.line, feed.position = FeedStatus.APPLYING, 0, 0
    await tx.save(feed)
    tx.call(WORKER)
    return AcceptedFeed(id=feed.id, status=FeedStatus.APPLYING)


async def cancel_feed(feed_id: UUID, tx: Tx) -> AcceptedFeed:
    """Stop a batch. What was applied by then stays, and can be withdrawn. Raises FeedClosed."""
    stoppable = (
        *(FeedStatus.WAITING, FeedStatus.COMPARING),
        *(FeedStatus.COMPARED, FeedStatus.APPLYING),
    )
    feed = await _in(feed_id, stoppable, tx)
    feed.status, feed.finished_at = FeedStatus.CANCELLED, tx.now
    await tx.save(feed)
    await tx.execute("DELETE FROM feed_files WHERE feed_id = $1", feed.id)
    return AcceptedFeed(id=feed.id, status=FeedStatus.CANCELLED)


async def withdraw_feed(feed_id: UUID, tx: Tx) -> AcceptedFeed:
    """Take a wrong batch back (撤回): what it changed and nobody changed since is restored.
    Raises FeedClosed."""
    feed = await _in(feed_id, (FeedStatus.APPLIED, FeedStatus.CANCELLED), tx)
    feed.status, feed.position = FeedStatus.WITHDRAWING, 0
    feed.finished_at = None
    await tx.save(feed)
    tx.call(WORKER)
    return AcceptedFeed(id=feed.id, status=FeedStatus.WITHDRAWING)


async def _in(feed_id: UUID, statuses: tuple[FeedStatus, ...], tx: Tx) -> Feed:
    feed = await tx.require(Feed, feed_id, lock=True)
    if feed.status not in statuses:
        raise FeedClosed(status_of_feed=feed.status)
    return feed
