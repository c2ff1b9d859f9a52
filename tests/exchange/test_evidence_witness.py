"""Heads of our own log in time, and those of peers looked at, whatever a peer answers."""

import asyncio
from typing import Any

import httpx
import pytest

from services.exchange.evidence import witness
from services.exchange.evidence.handlers import Entry, append_leaf
from services.exchange.evidence.models import Direction
from services.exchange.evidence.witness import Witness, sign_if_grown
from services.exchange.peers import Peers
from tests.exchange.federation import CITY, COUNTY, OTHER, Federation, Node, eventually, settled
from tests.exchange.samples import make_notice
from tests.exchange.test_evidence_log import add_leaves


async def heads_of(node: Node) -> list[int]:
    rows = await node.fetch("SELECT tree_size FROM evidence_heads ORDER BY tree_size")
    return [row["tree_size"] for row in rows]


def answering(answer: Any) -> Peers:
    """Peers that all answer in one way."""
    transport = httpx.MockTransport(answer)
    return Peers(lambda peer: httpx.AsyncClient(transport=transport, base_url=peer.address))


async def test_the_city_countersigns_the_log_of_a_county_it_has_no_mail_with(
    friends: Federation,
) -> None:
    here, city = friends[COUNTY], friends[CITY]
    await add_leaves(here, 3)
    watch = Witness(city.parts, Peers(friends.network.open_client))
    for _ in range(2):  # nothing new: nothing is asked or signed again
        await watch.once()
    rows = await here.fetch("SELECT peer, tree_size FROM evidence_cosignatures")
    assert [tuple(row) for row in rows] == [(CITY, 3)]
    async with here.parts.database.transaction(here.parts.actor) as tx:
        await append_leaf(Entry(Direction.SENT, "m", OTHER, bytes(32)), tx)
    await watch.once()
    rows = await here.fetch("SELECT tree_size FROM evidence_cosignatures ORDER BY 1")
    assert [row["tree_size"] for row in rows] == [3, 4]
    judged = await city.fetch("SELECT DISTINCT consistent FROM evidence_peer_heads")
    assert [row["consistent"] for row in judged] == [True]


async def test_a_county_looks_at_nobody_it_has_no_mail_with(friends: Federation) -> None:
    here, there = friends[COUNTY], friends[OTHER]
    await add_leaves(there, 3)
    await Witness(here.parts, Peers(friends.network.open_client)).once()
    assert not await there.fetch("SELECT 1 FROM evidence_cosignatures")


async def test_heads_are_signed_while_there_is_traffic_and_only_then(
    strangers: Federation,
) -> None:
    node = strangers[COUNTY]
    for _ in range(2):
        async with node.parts.database.transaction(node.parts.actor) as tx:
            await sign_if_grown(tx)
    assert await heads_of(node) == []
    await add_leaves(node, 3)
    for _ in range(2):
        async with node.parts.database.transaction(node.parts.actor) as tx:
            await sign_if_grown(tx)
    assert await heads_of(node) == [3]
    assert witness._HEADS_SECONDS < 60


async def test_a_peer_that_hangs_keeps_neither_heads_nor_other_peers_waiting(
    friends: Federation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(witness, "_HEADS_SECONDS", 0.1)
    monkeypatch.setattr(witness, "_EVERY_SECONDS", 0.1)
    city, here, there = friends[CITY], friends[COUNTY], friends[OTHER]
    for node in (city, here, there):
        await add_leaves(node, 3)

    def open_(peer: Any) -> httpx.AsyncClient:
        if peer.id != OTHER:
            return friends.network.open_client(peer)
        return httpx.AsyncClient(transport=httpx.MockTransport(_hang), base_url=peer.address)

    async with witness.witness(open_)(city.parts):

        async def both() -> bool:
            cosigned = await here.fetch("SELECT 1 FROM evidence_cosignatures")
            return bool(cosigned) and await heads_of(city) == [3]

        await eventually(both)
    assert not await there.fetch("SELECT 1 FROM evidence_cosignatures")


async def _hang(request: httpx.Request) -> httpx.Response:
    await asyncio.sleep(3600)
    raise AssertionError


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, text="<html>gateway</html>"),
        httpx.Response(200, json=[]),
        httpx.Response(200, json={"token": "e30.e30.e30"}),
        httpx.Response(502),
    ],
)
async def test_garbage_is_no_proof_that_a_log_was_rewritten(
    friends: Federation, answer: httpx.Response
) -> None:
    here = friends[COUNTY]
    await here.call("POST", "/notices", make_notice(), expect=201)
    await settled(friends)
    assert not await Witness(here.parts, answering(lambda request: answer)).check(OTHER)
    judged = await here.fetch("SELECT DISTINCT consistent FROM evidence_peer_heads")
    assert [row["consistent"] for row in judged] == [None]
