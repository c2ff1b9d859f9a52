"""Fetches what peers named in their messages (取回附件).

Two-state: an attempt is committed with a lease before anything is asked, each piece that came
after. Whatever breaks goes on at the first piece that is missing. A file is shown only when all of
it has the hash and the type that the message said. Each peer has a task of its own.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from uuid import UUID

import httpx
import structlog

from services.exchange.attachments.errors import FileRefused, FileTooLarge
from services.exchange.attachments.handlers import add_chunk, discard_loose
from services.exchange.attachments.models import Attachment, AttachmentState
from services.exchange.attachments.queries import pieces_of
from services.exchange.attachments.rules import CHUNK, MOST_ATTEMPTS, Inspector, chunks_of
from services.exchange.attachments.serving import fetch_request
from services.exchange.messages.rules import pause_after
from services.exchange.participants.models import Participant
from services.exchange.participants.node import our_node
from services.exchange.participants.queries import find_active
from services.exchange.peers import OpenClient, Peers
from shared.app import Extra, Parts
from shared.db import Tx
from shared.jobs import repeating
from shared.tasks import end

log = structlog.get_logger()

_POLL_SECONDS = 1.0
_LEASE = timedelta(seconds=60)  # longer than a client waits
_PATH = "/exchange/dci/registry/attachments"
HEADER = "Yipan-Request"
_NEVER = ("err.request.not_found",)  # the peer knows us and says no: later it says the same

_PEERS_WITH_FILES = """
SELECT DISTINCT from_node FROM attachments
WHERE state = 'awaited' AND next_attempt_at <= $1
  AND NOT EXISTS (SELECT FROM peer_pauses WHERE peer = from_node)
"""
_CLAIM = """
SELECT * FROM attachments WHERE state = 'awaited' AND from_node = $1 AND next_attempt_at <= $2
ORDER BY next_attempt_at, id LIMIT 1 FOR UPDATE SKIP LOCKED
"""


@dataclass(frozen=True)
class Attempt:
    """A piece that is being asked for."""

    attachment: Attachment
    peer: Participant
    token: str

    @property
    def start(self) -> int:
        return self.attachment.chunks * CHUNK

    @property
    def end(self) -> int:
        return min(self.start + CHUNK, self.attachment.size)


def fetching(open_: OpenClient) -> Extra:
    """The worker as background work of the service, and the tidying of loose uploads."""

    @asynccontextmanager
    async def extra(parts: Parts) -> AsyncIterator[None]:
        fetcher = Fetcher(parts, Peers(open_))
        task = asyncio.create_task(fetcher.run())
        async with repeating(parts, "loose-attachments", discard_loose, every=600.0):
            try:
                yield
            finally:
                await end(task)
                await fetcher.close()

    return extra


class Fetcher:
    """Finds peers with files for us and runs one task for each."""

    def __init__(self, parts: Parts, peers: Peers) -> None:
        self._database = parts.database
        self._actor = parts.actor
        self._peers = peers
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Until cancelled; survives outages of the database."""
        while True:
            try:
                await self._look()
            except Exception as error:
                log.warning("fetching-paused", error=type(error).__name__)
            await asyncio.sleep(_POLL_SECONDS)

    async def close(self) -> None:
        await end(*self._tasks.values())
        await self._peers.close()

    async def fetch_due(self, node_id: str) -> None:
        """Fetch what is due from one peer, a piece at a time, until there is nothing more or it
        does not answer as it should."""
        while attempt := await self._claim(node_id):
            if not await self._fetch_piece(attempt):
                return

    async def _look(self) -> None:
        self._tasks = {peer: task for peer, task in self._tasks.items() if not task.done()}
        async with self._database.transaction(self._actor) as tx:
            rows = await tx.fetch(_PEERS_WITH_FILES, tx.now)
        for row in rows:
            if row["from_node"] not in self._tasks:
                self._tasks[row["from_node"]] = asyncio.create_task(self._drain(row["from_node"]))

    async def _drain(self, node_id: str) -> None:
        try:
            await self.fetch_due(node_id)
        except Exception as error:
            log.warning("fetching-failed", peer=node_id, error=type(error).__name__)

    async def _claim(self, node_id: str) -> Attempt | None:
        """Mark the next piece as being asked for, and sign the request for now."""
        async with self._database.transaction(self._actor) as tx:
            found = await tx.find(Attachment, _CLAIM, node_id, tx.now)
            if not found:
                return None
            attachment, peer = found[0], await find_active(node_id, tx)
            attachment.attempts += 1
            attachment.next_attempt_at = tx.now + _LEASE
            if peer is None:
                _put_off(attachment, "peer-not-active", tx)
            await tx.save(attachment)
            if peer is None:
                return None
            request = fetch_request(await our_node(tx), peer.id, attachment, tx.now)
            return Attempt(attachment, peer, request)

    async def _fetch_piece(self, attempt: Attempt) -> bool:
        """Whether the piece came."""
        attachment = attempt.attachment
        headers = {
            HEADER: attempt.token,
            "Range": f"bytes={attempt.start}-{attempt.end - 1}",
        }
        try:
            client = await self._peers.client(attempt.peer)
            answer = await client.get(f"{_PATH}/{attachment.id}", headers=headers)
        except (httpx.HTTPError, OSError) as error:
            return await self._missed(attempt, type(error).__name__)
        if _code_of(answer) in _NEVER:
            return await self._missed(attempt, str(answer.status_code), final=True)
        if answer.status_code != 206 or len(answer.content) != attempt.end - attempt.start:
            return await self._missed(attempt, f"{answer.status_code} not the piece asked for")
        await self._keep(attempt, answer.content)
        return True

    async def _missed(self, attempt: Attempt, error: str, *, final: bool = False) -> bool:
        async with self._database.transaction(self._actor) as tx:
            attachment = await _still_awaited(attempt.attachment.id, tx)
            if attachment is not None:
                _put_off(attachment, error, tx)
                if final:
                    attachment.state = AttachmentState.FAILED
                await tx.save(attachment)
        return False

    async def _keep(self, attempt: Attempt, piece: bytes) -> None:
        async with self._database.transaction(self._actor) as tx:
            attachment = await _still_awaited(attempt.attachment.id, tx)
            if attachment is None or attachment.chunks != attempt.attachment.chunks:
                return  # erased meanwhile, or another replica was faster
            await add_chunk(attachment, piece, tx)
            attachment.attempts, attachment.next_attempt_at = 0, tx.now
            if attachment.chunks == chunks_of(attachment.size):
                await _conclude(attachment, tx)
            await tx.save(attachment)


def _code_of(answer: httpx.Response) -> str | None:
    """The standard's error code, where the peer itself answers and not something before it."""
    try:
        code = answer.json()["message"]["error"]["code"]
    except (ValueError, KeyError, TypeError):
        return None
    return code if isinstance(code, str) else None


async def _still_awaited(attachment_id: UUID, tx: Tx) -> Attachment | None:
    attachment = await tx.get(Attachment, attachment_id, lock=True)
    waits = attachment is not None and attachment.state == AttachmentState.AWAITED
    return attachment if waits else None


def _put_off(attachment: Attachment, error: str, tx: Tx) -> None:
    attachment.last_error = error
    attachment.next_attempt_at = tx.now + pause_after(attachment.attempts)
    if attachment.attempts >= MOST_ATTEMPTS:
        attachment.state = AttachmentState.FAILED


async def _conclude(attachment: Attachment, tx: Tx) -> None:
    """All of it is here: is it what the message said? What is not, is not kept."""
    inspector, hashed = Inspector(), sha256()
    async for piece in pieces_of(attachment, tx):
        hashed.update(piece)
        inspector.feed(piece)
    try:
        fits = inspector.media_type() == attachment.media_type
    except (FileRefused, FileTooLarge):
        fits = False
    if hashed.digest() != attachment.sha256:
        error: str | None = "hash-differs"
    else:
        error = None if fits else "type-refused"
    attachment.last_error = error
    attachment.state = AttachmentState.STORED if error is None else AttachmentState.FAILED
    if error is None:
        attachment.stored_at = tx.now
    else:
        attachment.chunks = 0
        await tx.execute("DELETE FROM attachment_chunks WHERE attachment_id = $1", attachment.id)
        log.warning("attachment-refused", attachment=str(attachment.id), error=error)
