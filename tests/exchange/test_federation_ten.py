"""Ten nodes on this machine over mutual TLS: a city, seven counties, a department and an employer.
They talk while one changes its key, one gives its key up, and one moves."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.exchange.evidence.verify import verify_export
from services.exchange.participants.node import our_node
from shared.signing import kid_of
from shared.testing import Issuer
from tests.conftest import Cluster
from tests.exchange.federation import Node, eventually
from tests.exchange.samples import make_inquiry, make_notice
from tests.exchange.test_mutual_tls import envelope
from tests.exchange.tls_nodes import TlsNode, free_port, join, tls_nodes

CITY, SCHOOLS, EMPLOYER = "city-4203", "education-420381", "factory-420325"
COUNTIES = [
    f"county-{region}"
    for region in ("420302", "420303", "420304", "420322", "420323", "420325", "420381")
]
ROTATES, REVOKES, MOVES, ASKS = "county-420302", "county-420303", "county-420304", "county-420322"
NOTIFY = "/exchange/dci/registry/notify"
Nodes = dict[str, TlsNode]


@pytest.fixture
async def ten(cluster: Cluster, issuer: Issuer, tmp_path: Path) -> AsyncIterator[Nodes]:
    levels = {CITY: "city"} | dict.fromkeys(COUNTIES, "county")
    levels |= {SCHOOLS: "department", EMPLOYER: "employer"}
    async with tls_nodes(cluster, issuer, tmp_path, levels) as nodes:
        others = [nodes[each] for each in nodes if each != CITY]
        await join(nodes[CITY], *others, roles={SCHOOLS: ["education"]})
        yield nodes


async def tell(sender: TlsNode, receiver: TlsNode) -> None:
    notice = make_notice(to_region=receiver.region, region=sender.region)
    await sender.node.call("POST", "/notices", notice, expect=201)


async def quiet(nodes: Nodes) -> None:
    """Until everything is delivered."""

    async def nothing_left() -> bool:
        for node in nodes.values():
            await node.node.fetch(
                "UPDATE messages_out SET next_attempt_at = now() WHERE state = 'queued'"
            )
        left = [
            await node.node.fetch("SELECT 1 FROM messages_out WHERE state <> 'delivered'")
            for node in nodes.values()
        ]
        return not any(left)

    await eventually(nothing_left, 120)


async def versions(nodes: Nodes, node_id: str) -> set[int]:
    """The versions of a node's record that the others have."""
    found = [
        await node.node.fetch("SELECT record_version FROM participants WHERE id = $1", node_id)
        for node in nodes.values()
    ]
    return {row["record_version"] for (row,) in found}


async def everybody_has(nodes: Nodes, node_id: str, version: int) -> None:
    async def spread() -> bool:
        return await versions(nodes, node_id) == {version}

    await eventually(spread, 60)


async def refusals(nodes: Nodes) -> list[str]:
    rows = [await node.node.fetch("SELECT reason FROM refusals") for node in nodes.values()]
    return [row["reason"] for each in rows for row in each]


async def signer(node: Node) -> Any:
    async with node.parts.database.transaction(node.parts.actor) as tx:
        return (await our_node(tx)).key


@pytest.mark.slow
@pytest.mark.timeout(900)
async def test_ten_nodes_talk_while_keys_and_addresses_change(ten: Nodes) -> None:
    await _everybody_tells_everybody(ten)
    await _narrower_ones_answer(ten)
    await _one_rotates_under_traffic(ten)
    await _one_gives_up_its_key(ten)
    await _one_moves(ten)
    for node_id in (CITY, ROTATES, REVOKES, MOVES):
        node = ten[node_id].node
        report = verify_export(
            await node.export(), await node.public("/exchange/.well-known/jwks.json")
        )
        assert report.ok and report.verified_size == report.leaves >= len(COUNTIES), (
            node_id,
            report,
        )


async def _everybody_tells_everybody(ten: Nodes) -> None:
    places = [ten[CITY], *(ten[each] for each in COUNTIES)]
    for sender in places:
        for receiver in places:
            if sender is not receiver and not receiver.region.startswith(sender.region):
                await tell(sender, receiver)
    await quiet(ten)
    for receiver in places[1:]:
        rows = await receiver.node.fetch("SELECT peer FROM notices WHERE direction = 'in'")
        assert {row["peer"] for row in rows} == {*COUNTIES} - {receiver.id}
    assert not await refusals(ten)


async def _narrower_ones_answer(ten: Nodes) -> None:
    """The department and the employer answer what is theirs, and are told nothing else."""
    asks = ten[ASKS]
    school = make_inquiry(kind="school-place", to_node=SCHOOLS)
    school["question"] = {"school": "实验小学", "term_from": "2026-09-01"}
    job = make_inquiry(kind="employment-confirmation", to_node=EMPLOYER)
    job |= {"subject": {"name": "王芳", "id_tail": "1234"}, "question": {"on": "2026-11-01"}}
    for body, answering, answer in (
        (school, SCHOOLS, {"enrolled": True}),
        (job, EMPLOYER, {"works_here": True}),
    ):
        del body["to_region"]
        opened = await asks.node.call("POST", "/inquiries", body, expect=201)
        await quiet(ten)
        path = f"/inquiries/{opened['id']}"
        await ten[answering].node.call("POST", f"{path}/answer", {"answer": answer})
        await quiet(ten)
        assert (await asks.node.call("GET", path))["state"] == "answered"
    for node_id in (SCHOOLS, EMPLOYER):
        notice = make_notice(to_node=node_id, region=asks.region)
        del notice["to_region"]
        await asks.node.call("POST", "/notices", notice, expect=403)
        back = make_notice(to_region=asks.region, region=ten[node_id].region)
        await ten[node_id].node.call("POST", "/notices", back, expect=403)
    assert not await refusals(ten)


_DOUBTS = """
SELECT message_id FROM messages_out
WHERE last_error LIKE '%receipt%' OR last_error LIKE '%signature%'
"""


async def _one_rotates_under_traffic(ten: Nodes) -> None:
    """Nothing is refused, nothing waits, and both keys have signed."""
    rotates, peer = ten[ROTATES], ten["county-420381"]
    old = (await signer(rotates.node)).kid
    begins = datetime.now(UTC) + timedelta(seconds=20)
    await rotates.node.call("POST", "/keys", {"not_before": begins.isoformat()}, expect=201)
    doubted, known_at = set(), None
    while datetime.now(UTC) < begins + timedelta(seconds=4):
        await asyncio.gather(tell(rotates, peer), tell(peer, rotates))
        if known_at is None and await versions(ten, ROTATES) == {2}:
            known_at = datetime.now(UTC)
        doubted |= set(await peer.node.fetch(_DOUBTS)) | set(await rotates.node.fetch(_DOUBTS))
        await asyncio.sleep(0.5)
    await quiet(ten)
    assert known_at is not None and known_at < begins
    assert not doubted and not await refusals(ten)
    sent = await peer.node.fetch(
        "SELECT receipt FROM messages_out WHERE to_node = $1 ORDER BY sequence", ROTATES
    )
    signers = [kid_of(row["receipt"]) for row in sent]
    new = (await signer(rotates.node)).kid
    assert new != old and signers[0] == old and signers[-1] == new
    assert set(signers) == {old, new}
    await rotates.node.call("POST", f"/keys/{old}/retirement")
    await everybody_has(ten, ROTATES, 3)


async def _one_gives_up_its_key(ten: Nodes) -> None:
    revokes, peer = ten[REVOKES], ten["county-420381"]
    stolen = await signer(revokes.node)
    forged = await envelope(revokes, peer)
    path = f"/keys/{stolen.kid}/revocation"
    await revokes.node.call("POST", path, {"reason": "compromised"})
    await everybody_has(ten, REVOKES, 2)
    async with peer.stranger(revokes.files()) as thief:
        answer = await thief.post(NOTIFY, json=forged)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (
        401,
        "err.signature.invalid",
    )
    assert await refusals(ten) == ["KeyRevoked"]
    await asyncio.gather(tell(revokes, peer), tell(peer, revokes))
    await quiet(ten)


async def _one_moves(ten: Nodes) -> None:
    """Its mail waits meanwhile, and follows."""
    moves, peer = ten[MOVES], ten["county-420381"]
    await moves.stop()
    await tell(peer, moves)
    moves.port = free_port()
    await moves.start()
    await everybody_has(ten, MOVES, 2)
    await tell(moves, peer)
    await quiet(ten)
    view = await peer.node.call("GET", f"/participants/{MOVES}")
    assert view["address"] == moves.address
