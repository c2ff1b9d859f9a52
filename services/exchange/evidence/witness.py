"""Heads of our own log every minute, and a look at the logs of peers (互证).

A receipt tells how long the peer's log was and what its root: we keep that, ask later for the
proof that its log only grew since, and countersign the head that passed. A log that was rewritten
cannot give that proof. A city looks at the logs of all its counties, whether it has mail with them
or not.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import structlog

from services.exchange.evidence import tree
from services.exchange.evidence.handlers import cosign, remember_peer_heads, sign_head
from services.exchange.evidence.models import PeerHead
from services.exchange.evidence.queries import tree_size
from services.exchange.evidence.rules import HEAD_TYPE, hash_of
from services.exchange.participants.models import Participant
from services.exchange.participants.node import our_node
from services.exchange.participants.queries import find_active
from services.exchange.participants.validity import verify_dated
from services.exchange.peers import OpenClient, Peers
from shared.app import Extra, Parts
from shared.db import Tx
from shared.jobs import repeating
from shared.tasks import end

log = structlog.get_logger()

_EVERY_SECONDS = 60.0  # between looks at peers
_HEADS_SECONDS = 45.0  # between heads of our own: under a minute, whatever a commit takes
_BASE = "/exchange/v1/evidence"
_ONE_CHECK = 40.0  # seconds; a peer that is slow is looked at again in the next round

_PEERS_TO_CHECK = """
SELECT DISTINCT peer FROM evidence_peer_heads WHERE consistent IS NULL
UNION
SELECT county.id FROM participants AS county, own_node AS city
WHERE city.level = 'city' AND county.level = 'county' AND county.revoked_at IS NULL
  AND starts_with(county.region_prefixes[1], city.region)
"""
_KNOWN = """
SELECT * FROM evidence_peer_heads
WHERE peer = $1 AND (consistent IS NULL OR tree_size = (
  SELECT max(tree_size) FROM evidence_peer_heads WHERE peer = $1 AND consistent))
ORDER BY tree_size, root LIMIT 500
"""


# Kept beside the head, so that an export shows what we vouched for.
_COSIGNED = """
UPDATE evidence_peer_heads SET cosignature = $4
WHERE peer = $1 AND tree_size = $2 AND root = $3 AND cosignature IS NULL
"""


class Rewritten(Exception):
    """A peer's log is not the continuation of what it signed before."""


def witness(open_: OpenClient) -> Extra:
    """The minute's work as background work of the service."""

    @asynccontextmanager
    async def extra(parts: Parts) -> AsyncIterator[None]:
        peers = Peers(open_)
        task = asyncio.create_task(_run(Witness(parts, peers)))
        async with repeating(parts, "tree-heads", sign_if_grown, every=_HEADS_SECONDS):
            try:
                yield
            finally:
                await end(task)
                await peers.close()

    return extra


async def _run(watch: "Witness") -> None:
    while True:
        await asyncio.sleep(_EVERY_SECONDS)
        try:
            await watch.once()
        except Exception as error:
            log.warning("witness-paused", error=type(error).__name__)


async def sign_if_grown(tx: Tx) -> None:
    """Sign a head of our log, unless it is empty or has one. Nothing that peers do delays it."""
    if await tree_size(tx):
        await sign_head(tx)


class Witness:
    """Checks the logs of peers."""

    def __init__(self, parts: Parts, peers: Peers) -> None:
        self._database = parts.database
        self._actor = parts.actor
        self._peers = peers

    async def once(self) -> None:
        async with self._database.transaction(self._actor) as tx:
            rows = await tx.fetch(_PEERS_TO_CHECK)
        await asyncio.gather(*(self._check_in_time(row["peer"]) for row in rows))

    async def _check_in_time(self, node_id: str) -> None:
        """One that hangs holds nobody up."""
        try:
            async with asyncio.timeout(_ONE_CHECK):
                await self.check(node_id)
        except TimeoutError:
            log.warning("peer-log-unread", peer=node_id, error="TimeoutError")

    async def check(self, node_id: str) -> bool:
        """Whether a peer's log only grew; None of its heads is judged while it does not answer."""
        async with self._database.transaction(self._actor) as tx:
            peer = await find_active(node_id, tx)
            heads = await tx.find(PeerHead, _KNOWN, node_id)
        if peer is None:
            return False
        try:
            newest = await self._fetch_head(peer)
            if any(head.consistent and _same(head, newest) for head in heads):
                heads = [head for head in heads if head.consistent is None]
                if not heads:
                    return True  # seen, and countersigned, before
            for head in heads:
                await self._prove(peer, head, newest)
        except Rewritten:
            log.error("peer-log-rewritten", peer=node_id)
            await self._settle(peer, heads, consistent=False)
            return False
        except (httpx.HTTPError, OSError, KeyError, TypeError, ValueError) as error:
            log.warning("peer-log-unread", peer=node_id, error=type(error).__name__)
            return False
        await self._settle(peer, [*heads, newest], consistent=True)
        if newest.tree_size:
            await self._countersign(peer, newest)
        return True

    async def _fetch_head(self, peer: Participant) -> PeerHead:
        client = await self._peers.client(peer)
        said = (await client.get(f"{_BASE}/head")).raise_for_status().json()
        claims = verify_dated(str(said["token"]), peer.key_history, HEAD_TYPE)
        size, root = claims["tree_size"], hash_of(claims["root"])
        if claims["node"] != peer.id or not isinstance(size, int) or not 0 <= size <= 2**53:
            raise Rewritten
        async with self._database.transaction(self._actor) as tx:
            head = PeerHead(peer=peer.id, tree_size=size, root=root, token=said["token"], at=tx.now)
            await remember_peer_heads([head], tx)
        return head

    async def _prove(self, peer: Participant, head: PeerHead, newest: PeerHead) -> None:
        """Raises Rewritten unless the peer proves that `newest` extends `head`."""
        if head.tree_size > newest.tree_size:
            raise Rewritten
        if head.tree_size == 0:
            return  # everything extends the empty log
        client = await self._peers.client(peer)
        sizes = {"first": head.tree_size, "second": newest.tree_size}
        answer = (await client.get(f"{_BASE}/consistency", params=sizes)).raise_for_status()
        path = [hash_of(each) for each in answer.json()["path"]]
        if not tree.extends(head.tree_size, newest.tree_size, path, head.root, newest.root):
            raise Rewritten

    async def _settle(self, peer: Participant, heads: list[PeerHead], *, consistent: bool) -> None:
        async with self._database.transaction(self._actor) as tx:
            for head in heads:
                await tx.execute(
                    "UPDATE evidence_peer_heads SET consistent = $4"
                    " WHERE peer = $1 AND tree_size = $2 AND root = $3",
                    peer.id,
                    head.tree_size,
                    head.root,
                    consistent,
                )

    async def _countersign(self, peer: Participant, head: PeerHead) -> None:
        async with self._database.transaction(self._actor) as tx:
            ours = cosign(await our_node(tx), head, tx)
            await tx.execute(_COSIGNED, head.peer, head.tree_size, head.root, ours.token)
        client = await self._peers.client(peer)
        try:
            await client.post(
                f"{_BASE}/cosignatures", json={"peer": ours.peer, "token": ours.token}
            )
        except (httpx.HTTPError, OSError) as error:
            log.warning("cosignature-not-delivered", peer=peer.id, error=type(error).__name__)


def _same(one: PeerHead, other: PeerHead) -> bool:
    return (one.tree_size, one.root) == (other.tree_size, other.root)
