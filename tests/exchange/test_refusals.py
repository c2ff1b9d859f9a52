"""Refusals on record: each provable, a flood bounded."""

import asyncio
import json
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.exchange.errors import SignatureRefused
from services.exchange.evidence import tree
from services.exchange.evidence.rules import hash_of, leaf_hash
from services.exchange.evidence.verify import verify_export
from services.exchange.refusals.handlers import forget_old, log_refusals
from services.exchange.refusals.ledger import Ledger
from services.exchange.refusals.rules import KEPT, batch_root, path_in_batch, refusal_hash
from shared.db import Tx
from shared.signing import SigningKey, sign_detached, verify_compact
from shared.testing import client_of
from tests.exchange.federation import COUNTY, OTHER, Federation, Node, settled
from tests.exchange.samples import make_notice
from tests.exchange.test_messages_door import Peer
from tests.exchange.test_messages_door import peer as peer

NOTIFY = "/exchange/dci/registry/notify"


def forged(peer: Peer) -> bytes:
    """A message of the peer, signed with a key that is not its own."""
    body = peer.content()
    return json.dumps({"signature": sign_detached(body, SigningKey.generate())} | body).encode()


async def send(node: Node, body: bytes) -> int:
    async with client_of(node.app) as client:
        headers = {"Content-Type": "application/json"}
        return (await client.post(NOTIFY, content=body, headers=headers)).status_code


async def put_on_record(node: Node) -> int:
    async with node.parts.database.transaction(node.parts.actor) as tx:
        return await log_refusals(tx)


def check(proof: Any, jwks: Any) -> None:
    """Everything that a stranger needs, without asking the node again."""
    hashed = refusal_hash(proof["refusal"])
    assert hashed == hash_of(proof["refusal_hash"])
    leaf, head = proof["proof"]["leaf"], proof["proof"]["head"]
    in_batch = [hash_of(each) for each in proof["path"]]
    root = bytes.fromhex(leaf["payload_sha256"])
    assert tree.includes(hashed, proof["place"], proof["batch_size"], in_batch, root)
    assert leaf["direction"] == "refused"
    claims = verify_compact(head["token"], jwks, "yipan-tree-head")
    path = [hash_of(each) for each in proof["proof"]["path"]]
    assert tree.includes(
        leaf_hash(leaf),
        proof["proof"]["leaf_index"],
        int(str(claims["tree_size"])),
        path,
        hash_of(claims["root"]),
    )


@given(st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=40))
def test_each_of_a_batch_is_proved_by_its_root(hashes: list[bytes]) -> None:
    root = batch_root(hashes)
    for place, hashed in enumerate(hashes):
        path = path_in_batch(hashes, place)
        assert tree.includes(hashed, place, len(hashes), path, root)
        assert not tree.includes(tree.hash_leaf(b"another"), place, len(hashes), path, root)


async def test_every_refusal_is_provable(peer: Peer) -> None:
    node = peer.node
    bodies = [forged(peer) for _ in range(5)]
    assert [await send(node, each) for each in bodies] == [401] * 5
    items = (await node.call("GET", "/refusals"))["items"]
    await node.call("GET", f"/refusals/{items[0]['id']}/proof", expect=404)  # not yet on record
    assert await put_on_record(node) == 5
    assert await put_on_record(node) == 0
    jwks = await node.public("/exchange/.well-known/jwks.json")
    for item, body in zip(reversed(items), bodies, strict=True):
        proof = await node.call("GET", f"/refusals/{item['id']}/proof")
        assert proof["refusal"]["body_sha256"] == sha256(body).hexdigest()
        assert proof["refusal"]["reason"] == item["reason"]
        check(proof, jwks)
    (leaf,) = await node.fetch("SELECT * FROM evidence_leaves WHERE direction = 'refused'")
    assert (leaf["peer"], leaf["message_id"][:9]) == (OTHER, "refusals-")
    assert verify_export(await node.export(), jwks).ok
    await node.call("GET", "/refusals/999/proof", expect=404)
    await node.call("GET", f"/refusals/{items[0]['id']}/proof", expect=403, scope="exchange:read")


async def test_a_refusal_that_was_changed_proves_nothing(peer: Peer) -> None:
    node = peer.node
    await send(node, forged(peer))
    await put_on_record(node)
    (item,) = (await node.call("GET", "/refusals"))["items"]
    proof = await node.call("GET", f"/refusals/{item['id']}/proof")
    jwks = await node.public("/exchange/.well-known/jwks.json")
    check(proof, jwks)
    for name, value in (("code", "other"), ("sender_id", None), ("at", "2026-01-01")):
        changed = proof | {"refusal": proof["refusal"] | {name: value}}
        try:
            check(changed, jwks)
        except AssertionError:
            continue
        raise AssertionError(name)


async def test_forgeries_that_come_at_once_share_leaves_and_honest_messages_get_through(
    peer: Peer, friends: Federation
) -> None:
    node, here = peer.node, friends[COUNTY]
    bodies = [forged(peer) for _ in range(60)]
    sending = asyncio.gather(*(send(node, each) for each in bodies))
    for _ in range(3):
        await here.call("POST", "/notices", make_notice(), expect=201)
    assert set(await sending) == {401}
    await settled(friends)
    batches = await asyncio.gather(put_on_record(node), put_on_record(node))
    assert sum(batches) == 60
    refused = await node.fetch("SELECT 1 FROM evidence_leaves WHERE direction = 'refused'")
    assert len(refused) <= 2
    received = await node.fetch("SELECT 1 FROM evidence_leaves WHERE direction = 'received'")
    assert len(received) == 3
    assert not await node.fetch("SELECT 1 FROM refusals WHERE leaf_index IS NULL")


async def test_beyond_what_an_hour_keeps_refusals_are_counted(strangers: Federation) -> None:
    node = strangers[COUNTY]
    ledger = Ledger(node.parts, an_hour=3)
    for _ in range(8):
        await ledger.keep(SignatureRefused(), b"{}")
    kept = len(await node.fetch("SELECT 1 FROM refusals"))
    assert 3 <= kept <= 6  # the hour may turn meanwhile
    for _ in range(2):  # what was counted once is not counted again
        async with node.parts.database.transaction(node.parts.actor) as tx:
            await ledger.count_beyond(tx)
    assert (await node.call("GET", "/traffic"))["refused"] == 8


async def cut_off(tx: Tx) -> None:
    """The database is lost before the commit."""
    raise ConnectionError


async def test_a_killed_process_loses_none_that_it_answered(strangers: Federation) -> None:
    """At any limit: nothing is asked of the process after its last answer."""
    node = strangers[COUNTY]
    killed = Ledger(node.parts, an_hour=2)
    for answered in range(1, 6):
        await killed.keep(SignatureRefused(), b"{}")
        assert (await node.call("GET", "/traffic"))["refused"] == answered


async def test_a_flood_beyond_the_limit_is_counted_in_few_writes(
    strangers: Federation, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = strangers[COUNTY]
    ledger, writes = Ledger(node.parts, an_hour=0), 0
    count = ledger.count_beyond

    async def counted(tx: Tx) -> None:
        nonlocal writes
        writes += 1
        await count(tx)

    monkeypatch.setattr(ledger, "count_beyond", counted)
    await asyncio.gather(*(ledger.keep(SignatureRefused(), b"{}") for _ in range(500)))
    assert (await node.call("GET", "/traffic"))["refused"] == 500
    assert writes == 1


async def test_a_count_outlives_an_outage_and_an_orderly_end(
    strangers: Federation, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = strangers[COUNTY]
    ledger = Ledger(node.parts, an_hour=0)
    with monkeypatch.context() as outage:
        outage.setattr(ledger, "count_beyond", cut_off)
        for _ in range(3):
            await ledger.keep(SignatureRefused(), b"{}")
    assert (await node.call("GET", "/traffic"))["refused"] == 0
    await ledger.keep(SignatureRefused(), b"{}")
    await ledger.close()
    another = Ledger(node.parts, an_hour=0)  # a replica, or the process after it
    await another.keep(SignatureRefused(), b"{}")
    await another.close()
    assert (await node.call("GET", "/traffic"))["refused"] == 5


async def test_batches_of_long_ago_go_and_their_leaves_stay(peer: Peer) -> None:
    node = peer.node
    for _ in range(2):
        for _ in range(2):
            await send(node, forged(peer))
        await put_on_record(node)
    async with node.parts.database.transaction(node.parts.actor) as tx:
        await forget_old(tx)
        assert await tx.fetch_value("SELECT count(*) FROM refusals") == 4
        tx.now += KEPT + timedelta(days=1)
        await forget_old(tx)  # whole batches: the newest of the old ones waits for the next
        left = await tx.fetch("SELECT DISTINCT leaf_index FROM refusals")
        assert [row["leaf_index"] for row in left] == [1]
    leaves = await node.fetch("SELECT 1 FROM evidence_leaves WHERE direction = 'refused'")
    assert len(leaves) == 2
    jwks = await node.public("/exchange/.well-known/jwks.json")
    assert verify_export(await node.export(), jwks).ok
