"""The delivery worker: puts promised messages on record, and sends them until a signed receipt
comes back.

Two-state: an attempt is committed as `sending` with a lease before anything leaves, its result
after. A process that dies in between leaves a message whose lease runs out; the peer answers the
second sending with the receipt it gave before. Messages about one notice or inquiry go in order;
each peer has a task of its own, so a dead one holds nobody up.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

import httpx
import structlog

from services.exchange.evidence.handlers import remember_peer_heads
from services.exchange.messages.handlers import content_place
from services.exchange.messages.judging import (
    Attempt,
    Outcome,
    batch_of,
    judge,
    judge_all,
    portions,
)
from services.exchange.messages.models import Delivery, MessageOut
from services.exchange.messages.recording import AT_ONCE, log_promised
from services.exchange.messages.rules import GIVE_UP_AFTER, MOST_AT_ONCE, pause_after, stamped
from services.exchange.participants.models import Participant
from services.exchange.participants.node import Node, our_node
from services.exchange.participants.queries import find_active
from services.exchange.peers import OpenClient, Peers
from shared.app import Extra, Parts
from shared.db import Database, Tx
from shared.signing import sign_detached
from shared.tasks import end

log = structlog.get_logger()

PATH = "/exchange/dci/registry/notify"
BATCH_PATH = f"{PATH}/batch"

_POLL_SECONDS = 0.25
_LOOKS_SECONDS = 0.05  # between looks for peers with work, however much is committed meanwhile
_CLAIMED = 4 * MOST_AT_ONCE  # messages marked, and later settled, in one transaction
_LEASE = timedelta(seconds=90)  # longer than a client waits for four requests in turn
_SIDE_BY_SIDE = 16  # requests to one peer
_ALONE_SECONDS = 3600.0  # a peer that did not take several messages at once may have learned it
_LONGEST_PAUSE = 5.0
_JSON = {"Content-Type": "application/json"}

_PEERS_WITH_WORK = """
SELECT id FROM participants
WHERE NOT EXISTS (SELECT FROM peer_pauses WHERE peer = id)
  AND EXISTS (SELECT FROM messages_out
    WHERE to_node = id AND state IN ('queued', 'sending') AND next_attempt_at <= $1
      AND leaf_index IS NOT NULL)
"""
# A backlog grows faster than the planner's statistics, and what was delivered stays for years. A
# claim costs the same at any length of both where it goes along what waits, in its order
# (messages_out_next), and asks of each what else was said about its subject (messages_out_subject;
# OFFSET keeps the planner from making a join of it).
_IN_ORDER = "SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off"
_CLAIM = """
SELECT message.* FROM messages_out AS message
WHERE to_node = $1 AND state IN ('queued', 'sending') AND next_attempt_at <= $2
  AND leaf_index IS NOT NULL
  AND NOT EXISTS (SELECT FROM peer_pauses WHERE peer = $1)
  AND NOT EXISTS (
    SELECT FROM (SELECT * FROM messages_out WHERE subject_id = message.subject_id OFFSET 0) AS said
    WHERE sequence < message.sequence AND to_node = $1 AND state IN ('queued', 'sending'))
ORDER BY sequence LIMIT $3 FOR UPDATE OF message SKIP LOCKED
"""
_DELIVERED = """
UPDATE messages_out AS message
SET state = 'delivered', receipt = told.receipt, delivered_at = $3, next_attempt_at = $3,
  last_error = NULL
FROM unnest($1::text[], $2::text[]) AS told (message_id, receipt)
WHERE message.message_id = told.message_id AND message.state || '' = 'sending'
"""
_MARK = """
UPDATE messages_out SET state = 'sending', attempts = attempts + 1, next_attempt_at = $2
WHERE message_id = ANY($1::text[])
"""


def delivery(open_: OpenClient) -> Extra:
    """The worker as background work of the service."""

    @asynccontextmanager
    async def extra(parts: Parts) -> AsyncIterator[None]:
        courier = Courier(parts, Peers(open_))
        task = asyncio.create_task(courier.run())
        try:
            yield
        finally:
            await end(task)
            await courier.close()

    return extra


class Courier:
    """Finds peers with work and runs one task for each."""

    def __init__(self, parts: Parts, peers: Peers) -> None:
        self._database: Database = parts.database
        self._filled = parts.database.listen()
        self._actor = parts.actor
        self._peers = peers
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._alone_until: dict[str, float] = {}  # peers that take one message a request

    async def run(self) -> None:
        """Until cancelled; survives outages of the database."""
        pause = _POLL_SECONDS
        while True:
            self._filled.clear()
            try:
                await self._look()
                pause = _POLL_SECONDS
            except Exception as error:
                log.warning("delivery-paused", error=type(error).__name__)
                pause = min(pause * 2, _LONGEST_PAUSE)
            await asyncio.sleep(_LOOKS_SECONDS)
            await self._wait(pause)

    async def close(self) -> None:
        await end(*self._tasks.values())
        await self._peers.close()

    async def deliver_due(self, node_id: str) -> bool:
        """Send what is due to one peer, once each. False when it was not reached."""
        while attempts := await self._claim(node_id):
            outcomes = await self._send_all(attempts)
            await self._record(list(zip(attempts, outcomes, strict=True)))
            if any(outcome.away for outcome in outcomes):
                return False
        return True

    async def _look(self) -> None:
        self._tasks = {peer: task for peer, task in self._tasks.items() if not task.done()}
        async with self._database.transaction(self._actor) as tx:
            logged = await log_promised(tx)
            rows = await tx.fetch(_PEERS_WITH_WORK, tx.now)
        if logged == AT_ONCE:
            self._filled.set()
        for row in rows:
            if row["id"] not in self._tasks:
                self._tasks[row["id"]] = asyncio.create_task(self._drain(row["id"]))

    async def _wait(self, seconds: float) -> None:
        """Until something was committed with an event, or for `seconds`."""
        try:
            async with asyncio.timeout(seconds):
                await self._filled.wait()
        except TimeoutError:
            pass

    async def _drain(self, node_id: str) -> None:
        """One peer's task; while it is not reached, its other messages wait too."""
        try:
            if not await self.deliver_due(node_id):
                await asyncio.sleep(1.0)
        except Exception as error:
            log.warning("delivery-failed", peer=node_id, error=type(error).__name__)
            await asyncio.sleep(1.0)

    async def _claim(self, node_id: str) -> list[Attempt]:
        """Mark the next messages as being sent, and sign them for now."""
        async with self._database.transaction(self._actor) as tx:
            await tx.execute(_IN_ORDER)
            messages = await tx.find(MessageOut, _CLAIM, node_id, tx.now, _CLAIMED)
            if not messages:
                return []
            peer = await find_active(node_id, tx)
            if peer is None:
                await self._hold(messages, tx)
                return []
            await tx.execute(_MARK, [each.message_id for each in messages], tx.now + _LEASE)
            node = await our_node(tx)
            return [_signed(each, peer, node, tx) for each in messages]

    async def _hold(self, messages: Sequence[MessageOut], tx: Tx) -> None:
        """Their peer is revoked, or not known any more: look again later, or give up."""
        for message in messages:
            message.attempts += 1
            await _conclude(message, Outcome(Delivery.QUEUED, "peer-not-active"), tx)

    async def _send_all(self, attempts: Sequence[Attempt]) -> list[Outcome]:
        """In as few requests as the peer takes; an outcome each. Not reached once, the rest of them
        waits."""
        outcomes: list[Outcome] = []
        for portion in portions(attempts):
            if outcomes and outcomes[-1].away:
                outcomes += [Outcome(Delivery.QUEUED, "peer-away", away=True)] * len(portion)
            else:
                outcomes += await self._send_portion(portion)
        return outcomes

    async def _send_portion(self, portion: Sequence[Attempt]) -> list[Outcome]:
        peer = portion[0].peer
        if len(portion) > 1 and self._alone_until.get(peer.id, 0.0) < time.monotonic():
            outcomes = await self._send_together(portion)
            if outcomes is not None:
                return outcomes
            self._alone_until[peer.id] = time.monotonic() + _ALONE_SECONDS
        turns = asyncio.Semaphore(_SIDE_BY_SIDE)
        return await asyncio.gather(*(self._send(each, turns) for each in portion))

    async def _send_together(self, portion: Sequence[Attempt]) -> list[Outcome] | None:
        """In one request; None where the peer does not take several at once."""
        try:
            status, said = await self._post(BATCH_PATH, portion[0].peer, batch_of(portion))
        except (httpx.HTTPError, OSError) as error:
            return [_away(error)] * len(portion)
        if status >= 500:
            return [judge(status, said, each) for each in portion]
        return judge_all(said, portion) if status == 200 else None

    async def _send(self, attempt: Attempt, turns: asyncio.Semaphore) -> Outcome:
        async with turns:
            try:
                status, said = await self._post(PATH, attempt.peer, attempt.text)
            except (httpx.HTTPError, OSError) as error:
                return _away(error)
        return judge(status, said, attempt)

    async def _post(self, path: str, peer: Participant, content: bytes) -> tuple[int, object]:
        """The status and the JSON of the answer; None where it is none."""
        client = await self._peers.client(peer)
        answer = await client.post(path, content=content, headers=_JSON)
        try:
            said: object = answer.json()
        except ValueError:
            said = None
        return answer.status_code, said

    async def _record(self, results: Sequence[tuple[Attempt, Outcome]]) -> None:
        """What became of a portion; what was delivered, which is nearly all, in one statement."""
        delivered = [each for each in results if each[1].head is not None]
        async with self._database.transaction(self._actor) as tx:
            await _note_delivered(delivered, tx)
            for attempt, outcome in results:
                if outcome.head is None:
                    message = await tx.get(MessageOut, attempt.message.message_id, lock=True)
                    if message is not None and message.state == Delivery.SENDING:
                        await _conclude(message, outcome, tx)


def _signed(message: MessageOut, peer: Participant, node: Node, tx: Tx) -> Attempt:
    sealed = message.content_sealed or b""  # what waits is never erased
    content = json.loads(tx.vault.open(sealed, content_place(message.message_id)))
    body = stamped(content, tx.now)
    envelope = body | {"signature": sign_detached(body, node.key)}
    text = json.dumps(envelope, ensure_ascii=False, separators=(",", ":"))
    return Attempt(message, peer, text.encode())


def _away(error: Exception) -> Outcome:
    return Outcome(Delivery.QUEUED, type(error).__name__, away=True)


async def _note_delivered(results: Sequence[tuple[Attempt, Outcome]], tx: Tx) -> None:
    """Keep the receipts, and what they say of the peer's log."""
    if not results:
        return
    await tx.execute(
        _DELIVERED,
        [attempt.message.message_id for attempt, _ in results],
        [outcome.receipt for _, outcome in results],
        tx.now,
    )
    heads = {
        (outcome.head.tree_size, outcome.head.root): outcome.head
        for _, outcome in results
        if outcome.head is not None
    }
    await remember_peer_heads(list(heads.values()), tx)


async def _conclude(message: MessageOut, outcome: Outcome, tx: Tx) -> None:
    """What became of a message that was not delivered: it is tried again, or not."""
    state, due = outcome.state, tx.now
    if state == Delivery.QUEUED:
        due = tx.now + pause_after(message.attempts)
        if due - (message.tried_since or message.created_at) > GIVE_UP_AFTER:
            state = Delivery.GIVEN_UP
    await tx.execute(
        "UPDATE messages_out SET state = $2, last_error = $3, next_attempt_at = $4, attempts = $5"
        " WHERE message_id = $1",
        message.message_id,
        state.value,
        outcome.error,
        due,
        message.attempts,
    )
