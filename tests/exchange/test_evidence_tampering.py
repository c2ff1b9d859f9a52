"""Whoever may do everything in the database changes the log itself: the export gives it away, and
tells which leaf it was."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest
from pymerkle import InmemoryTree

from services.exchange.evidence.handlers import Entry, append_leaf
from services.exchange.evidence.models import Direction
from services.exchange.evidence.rules import hash_of
from services.exchange.evidence.verify import Report, verify_export
from shared.signing import Jwks, canonical
from tests.conftest import Cluster
from tests.exchange.federation import COUNTY, OTHER, Federation, Node, settled
from tests.exchange.samples import make_notice
from tests.exchange.test_evidence_log import add_leaves

_SWAP = """
UPDATE evidence_leaves AS one SET direction = other.direction, message_id = other.message_id,
  peer = other.peer, payload_hash = other.payload_hash, at = other.at,
  leaf_hash = other.leaf_hash, signature = other.signature
FROM evidence_leaves AS other
WHERE one.leaf_index IN (7, 8) AND other.leaf_index = 15 - one.leaf_index
"""
_CLOSE_GAP = """
DELETE FROM evidence_leaves WHERE leaf_index = 7;
UPDATE evidence_leaves SET leaf_index = -leaf_index WHERE leaf_index > 7;
UPDATE evidence_leaves SET leaf_index = -leaf_index - 1 WHERE leaf_index < 0
"""


@asynccontextmanager
async def superuser(cluster: Cluster, node: Node) -> AsyncIterator[asyncpg.Connection]:
    """The owner of a node's tables, to whom no right is denied."""
    owner = "yipan_exchange_owner"
    name = f"exchange_{node.id.replace('-', '_')}"
    dsn = cluster.postgres.dsn(name, owner, cluster.passwords[owner])
    connection = await asyncpg.connect(dsn)
    try:
        yield connection
    finally:
        await connection.close()


async def tampered(
    cluster: Cluster, node: Node, sql: str, known: tuple[str, ...] = ()
) -> tuple[Report, list[str]]:
    """What verifying the export says after `sql`."""
    jwks: Jwks = await node.public("/exchange/.well-known/jwks.json")
    async with superuser(cluster, node) as connection:
        await connection.execute(sql)
    lines = await node.export()
    return verify_export(lines, jwks, known), lines


@pytest.mark.parametrize(
    ("sql", "what", "first", "end"),
    [
        ("UPDATE evidence_leaves SET peer = 'x' WHERE leaf_index = 7", "leaf-altered", 7, 8),
        (
            "UPDATE evidence_leaves SET at = at - interval '1 day' WHERE leaf_index IN (7, 9)",
            "leaf-altered",
            7,
            8,
        ),
        (
            "UPDATE evidence_leaves SET payload_hash = sha256('x'), leaf_hash = sha256('y'),"
            " signature = NULL WHERE leaf_index = 11",
            "leaf-altered",
            11,
            12,
        ),
        ("DELETE FROM evidence_leaves WHERE leaf_index = 7", "leaf-missing", 7, 8),
        (_CLOSE_GAP, "leaf-altered", 7, 10),
        (_SWAP, "leaf-altered", 7, 9),
        ("DELETE FROM evidence_leaves WHERE leaf_index >= 10", "truncated", 10, 13),
    ],
    ids=["edit", "edit-two", "edit-and-strip", "delete", "delete-and-close", "reorder", "truncate"],
)
async def test_a_superusers_changes_are_located(
    strangers: Federation, cluster: Cluster, sql: str, what: str, first: int, end: int
) -> None:
    node = strangers[COUNTY]
    await add_leaves(node, 13)
    before, _ = await tampered(cluster, node, "SELECT 1")
    assert before.ok and before.verified_size == 13
    report, _ = await tampered(cluster, node, sql)
    found = report.findings[0]
    assert (found.what, found.first, found.end) == (what, first, end)


async def test_a_log_cut_short_with_its_heads_is_found_by_a_head_that_was_kept(
    strangers: Federation, cluster: Cluster
) -> None:
    node = strangers[COUNTY]
    await add_leaves(node, 13)
    kept = (await node.public("/exchange/v1/evidence/head"))["token"]
    report, _ = await tampered(
        cluster,
        node,
        "DELETE FROM evidence_leaves WHERE leaf_index >= 10;"
        " DELETE FROM evidence_heads WHERE tree_size > 10",
        (kept,),
    )
    assert [(each.what, each.first, each.end) for each in report.findings] == [
        ("truncated", 10, 13)
    ]


async def test_leaves_from_before_they_were_signed_still_verify(
    strangers: Federation, cluster: Cluster
) -> None:
    """And a change among them is located between two heads."""
    node = strangers[COUNTY]
    await add_leaves(node, 13)
    report, _ = await tampered(cluster, node, "UPDATE evidence_leaves SET signature = NULL")
    assert report.ok
    report, _ = await tampered(
        cluster, node, "UPDATE evidence_leaves SET peer = 'x' WHERE leaf_index = 7"
    )
    assert [(each.what, each.first, each.end) for each in report.findings] == [
        ("root-differs", 5, 10)
    ]


async def test_an_independent_implementation_agrees_on_the_root(friends: Federation) -> None:
    """pymerkle, over the bytes that each exported leaf stands for."""
    here, there = friends[COUNTY], friends[OTHER]
    for _ in range(3):
        await here.call("POST", "/notices", make_notice(), expect=201)
    await settled(friends)
    for node in (here, there):
        await add_more(node)
        head = await node.public("/exchange/v1/evidence/head")
        other = InmemoryTree(algorithm="sha256")
        for line in await node.export():
            entry = json.loads(line)
            if "leaf" in entry:
                other.append_entry(canonical(entry["leaf"]))
        assert other.get_size() == head["tree_size"] > 3
        assert other.get_root() == hash_of(head["root"])


async def add_more(node: Node) -> None:
    """Two leaves more, so that sizes are no powers of two."""
    for number in range(2):
        async with node.parts.database.transaction(node.parts.actor) as tx:
            await append_leaf(Entry(Direction.SENT, f"more-{number}", OTHER, bytes(32)), tx)
