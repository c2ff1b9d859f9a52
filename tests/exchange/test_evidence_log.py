"""The evidence log of a running node: proofs, export, and what a forger cannot hide."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest
from anyio import CancelScope

from services.exchange.evidence import tree
from services.exchange.evidence.handlers import Entry, append_leaf, sign_head
from services.exchange.evidence.models import Direction
from services.exchange.evidence.rules import COSIGNATURE_TYPE, hash_of, head_claims, leaf_hash
from services.exchange.evidence.verify import Report, verify_export
from services.exchange.evidence.witness import Witness
from services.exchange.participants.node import our_node
from services.exchange.peers import Peers
from shared.signing import JsonObject, SigningKey, key_set, sign_compact, verify_compact
from shared.testing import client_of
from tests.exchange.federation import CITY, COUNTY, OTHER, Federation, Node, settled
from tests.exchange.samples import make_notice


async def add_leaves(node: Node, count: int) -> None:
    """Leaves of messages nobody sent, a head after every fifth."""
    for number in range(count):
        async with node.parts.database.transaction(node.parts.actor) as tx:
            entry = Entry(Direction.SENT, f"m-{number}", OTHER, bytes([number % 256]) * 32)
            assert await append_leaf(entry, tx) == number
            if number % 5 == 4:
                await sign_head(tx)


async def test_proofs_fit_the_signed_head(strangers: Federation) -> None:
    node = strangers[COUNTY]
    await add_leaves(node, 13)
    jwks = await node.public("/exchange/.well-known/jwks.json")
    head = await node.public("/exchange/v1/evidence/head")
    claims = verify_compact(head["token"], jwks, "yipan-tree-head")
    assert (claims["node"], claims["tree_size"], claims["root"]) == (COUNTY, 13, head["root"])
    for index in range(13):
        proof = await node.call("GET", f"/evidence/proofs/{index}")
        path = [hash_of(each) for each in proof["path"]]
        hashed = leaf_hash(proof["leaf"])
        assert tree.includes(hashed, index, 13, path, hash_of(head["root"]))
    await node.call("GET", "/evidence/proofs/13", expect=404)
    for first in (1, 7, 13):
        said = await node.public(f"/exchange/v1/evidence/consistency?first={first}&second=13")
        path = [hash_of(each) for each in said["path"]]
        roots = hash_of(said["first_root"]), hash_of(said["second_root"])
        assert tree.extends(first, 13, path, *roots)
    await node.call("GET", "/evidence/consistency?first=7&second=14", expect=404)


async def test_leaves_are_dense_however_many_append_at_once(strangers: Federation) -> None:
    node = strangers[COUNTY]

    async def append(number: int) -> int:
        async with node.parts.database.transaction(node.parts.actor) as tx:
            entry = Entry(Direction.RECEIVED, f"m-{number}", OTHER, bytes([number]) * 32)
            return await append_leaf(entry, tx)

    assert sorted(await asyncio.gather(*map(append, range(40)))) == list(range(40))
    jwks = await node.public("/exchange/.well-known/jwks.json")
    report = verify_export(await node.export(), jwks)
    assert report.ok and report.verified_size == 40


async def test_an_append_that_was_rolled_back_leaves_no_gap(strangers: Federation) -> None:
    node = strangers[COUNTY]
    with pytest.raises(RuntimeError):
        async with node.parts.database.transaction(node.parts.actor) as tx:
            await append_leaf(Entry(Direction.SENT, "m", OTHER, bytes(32)), tx)
            raise RuntimeError
    await add_leaves(node, 3)
    head = await node.public("/exchange/v1/evidence/head")
    assert head["tree_size"] == 3


async def test_an_empty_log_has_a_head(strangers: Federation) -> None:
    head = await strangers[COUNTY].public("/exchange/v1/evidence/head")
    assert (head["tree_size"], hash_of(head["root"])) == (0, tree.EMPTY_ROOT)
    jwks = await strangers[COUNTY].public("/exchange/.well-known/jwks.json")
    assert verify_export(await strangers[COUNTY].export(), jwks).ok


async def test_the_export_needs_the_administrators_scope(strangers: Federation) -> None:
    await strangers[COUNTY].call("GET", "/evidence/export", expect=403, scope="exchange:read")
    async with client_of(strangers[COUNTY].app) as client:
        assert (await client.get("/exchange/v1/evidence/export")).status_code == 401


async def test_the_service_itself_cannot_rewrite_its_log(strangers: Federation) -> None:
    node = strangers[COUNTY]
    await add_leaves(node, 2)
    for table in ("evidence_leaves", "evidence_nodes", "evidence_heads"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await node.fetch(f"DELETE FROM {table}")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await node.fetch("UPDATE evidence_leaves SET peer = 'x'")


Lines = list[str]


def _leaf(lines: Lines, index: int) -> int:
    """Where leaf `index` stands in an export."""
    return next(n for n, line in enumerate(lines) if f'"leaf_index":{index},' in line)


def _edit(lines: Lines) -> Lines:
    place = _leaf(lines, 7)
    entry = json.loads(lines[place])
    entry["leaf"]["peer"] = "county-000000"
    return [*lines[:place], json.dumps(entry), *lines[place + 1 :]]


def _delete(lines: Lines) -> Lines:
    place = _leaf(lines, 7)
    return lines[:place] + lines[place + 1 :]


def _delete_and_renumber(lines: Lines) -> Lines:
    kept = []
    for line in _delete(lines):
        entry = json.loads(line)
        if entry.get("leaf_index", 0) > 7:
            entry["leaf_index"] -= 1
        kept.append(json.dumps(entry))
    return kept


def _reorder(lines: Lines) -> Lines:
    first, second = _leaf(lines, 7), _leaf(lines, 8)
    lines = list(lines)
    lines[first], lines[second] = lines[second], lines[first]
    return lines


def _truncate(lines: Lines) -> Lines:
    return lines[: _leaf(lines, 10)]


def _forge_head(lines: Lines) -> Lines:
    place = next(n for n, line in enumerate(lines) if '"head"' in line)
    entry = json.loads(lines[place])
    header, payload, _ = entry["head"].split(".")
    other = SigningKey.generate().private.sign(f"{header}.{payload}".encode()).hex()
    return [*lines[:place], json.dumps({"head": f"{header}.{payload}.{other}"}), *lines[place:]]


@pytest.mark.parametrize("as_file", [True, False])
async def test_tampering_is_found_and_located(
    strangers: Federation, tmp_path: Path, as_file: bool
) -> None:
    node = strangers[COUNTY]
    await add_leaves(node, 13)
    lines = await node.export()
    jwks = await node.public("/exchange/.well-known/jwks.json")

    def check(changed: Lines) -> Report:
        if not as_file:
            return verify_export(changed, jwks)
        file = tmp_path / "export.jsonl"
        file.write_text("\n".join(changed), encoding="utf-8")
        return verify_export(file, jwks)

    clean = check(lines)
    assert clean.ok and (clean.leaves, clean.heads, clean.verified_size) == (13, 3, 13)
    cases: list[tuple[Callable[[Lines], Lines], str, int, int]] = [
        (_edit, "leaf-altered", 7, 8),
        (_delete, "leaf-missing", 7, 8),
        (_delete_and_renumber, "leaf-altered", 7, 10),
        (_reorder, "leaf-missing", 7, 8),
        (_truncate, "truncated", 10, 13),
        (_forge_head, "head-signature", 0, 0),
    ]
    for change, what, first, end in cases:
        report = check(change(lines))
        found = report.findings[0]
        assert (found.what, found.first, found.end) == (what, first, end), change
    assert not verify_export(lines, key_set(SigningKey.generate().public_jwk())).ok


async def test_a_log_cut_short_with_its_heads_is_found_by_what_others_kept(
    strangers: Federation,
) -> None:
    node = strangers[COUNTY]
    await add_leaves(node, 13)
    lines = await node.export()
    jwks = await node.public("/exchange/.well-known/jwks.json")
    heads = [json.loads(line)["head"] for line in lines if '"head"' in line]
    short = [line for line in lines if heads[-1] not in line][: -(13 - 10)]
    assert verify_export(short, jwks).ok
    report = verify_export(short, jwks, known_heads=[heads[-1]])
    assert [(each.what, each.end) for each in report.findings] == [("truncated", 13)]


async def test_a_receipt_is_a_head_that_somebody_kept(friends: Federation) -> None:
    here, home = friends[COUNTY], friends[OTHER]
    await here.call("POST", "/notices", make_notice(), expect=201)
    await settled(friends)
    (kept,) = await here.fetch("SELECT receipt FROM messages_out")
    jwks = await home.public("/exchange/.well-known/jwks.json")
    report = verify_export(await home.export(), jwks, known_heads=[kept["receipt"]])
    assert report.ok
    nothing: JsonObject = {"keys": jwks["keys"]}
    assert not verify_export([json.dumps(nothing)], jwks, known_heads=[kept["receipt"]]).ok


async def test_peers_countersign_a_log_that_only_grew(friends: Federation) -> None:
    here, home = friends[COUNTY], friends[OTHER]
    watch = Witness(here.parts, Peers(friends.network.open_client))
    for _ in range(2):
        await here.call("POST", "/notices", make_notice(), expect=201)
        await settled(friends)
        await watch.once()
    rows = await home.fetch("SELECT peer, tree_size FROM evidence_cosignatures ORDER BY 2")
    assert [tuple(row) for row in rows] == [(COUNTY, 1), (COUNTY, 2)]
    judged = await here.fetch("SELECT DISTINCT consistent FROM evidence_peer_heads")
    assert [row["consistent"] for row in judged] == [True]


async def test_a_peer_that_rewrote_its_log_is_found(friends: Federation) -> None:
    here, home = friends[COUNTY], friends[OTHER]
    watch = Witness(here.parts, Peers(friends.network.open_client))
    await here.call("POST", "/notices", make_notice(), expect=201)
    await settled(friends)
    await here.fetch("UPDATE evidence_peer_heads SET consistent = NULL")
    async with here.parts.database.transaction(here.parts.actor) as tx:
        await tx.execute(
            "INSERT INTO evidence_peer_heads (peer, tree_size, root, token, at)"
            " VALUES ($1, 1, $2, 'x', now())",
            OTHER,
            b"\x01" * 32,
        )
    assert not await watch.check(OTHER)
    judged = await here.fetch("SELECT DISTINCT consistent FROM evidence_peer_heads")
    assert [row["consistent"] for row in judged] == [False]
    assert not await home.fetch("SELECT 1 FROM evidence_cosignatures")


async def test_only_a_participant_countersigns_and_only_what_was(friends: Federation) -> None:
    home = friends[OTHER]
    await friends[COUNTY].call("POST", "/notices", make_notice(), expect=201)
    await settled(friends)
    forged = SigningKey.generate()
    async with client_of(home.app) as client:
        for peer, token in (
            ("county-999999", "e30.e30.e30"),
            (COUNTY, "e30.e30.e30"),
            (COUNTY, f"{forged.kid}.e30.e30"),
        ):
            answer = await client.post(
                "/exchange/v1/evidence/cosignatures", json={"peer": peer, "token": token}
            )
            assert answer.status_code in (401, 403)
    assert not await home.fetch("SELECT 1 FROM evidence_cosignatures")


async def test_a_participant_cannot_countersign_what_our_log_never_was(
    friends: Federation,
) -> None:
    here, home = friends[COUNTY], friends[OTHER]
    await here.call("POST", "/notices", make_notice(), expect=201)
    await settled(friends)
    async with here.parts.database.transaction(here.parts.actor) as tx:
        key = (await our_node(tx)).key
    (leaf,) = await home.fetch("SELECT leaf_hash FROM evidence_leaves")
    now = datetime.now(UTC)
    async with client_of(home.app) as client:
        for node, size, root, status in (
            (OTHER, 1, b"\x01" * 32, 403),
            (OTHER, 2, leaf["leaf_hash"], 403),
            (CITY, 1, leaf["leaf_hash"], 400),
            (OTHER, 1, leaf["leaf_hash"], 204),
        ):
            token = sign_compact(head_claims(node, size, root, now), key, COSIGNATURE_TYPE)
            answer = await client.post(
                "/exchange/v1/evidence/cosignatures", json={"peer": COUNTY, "token": token}
            )
            assert answer.status_code == status, (node, size)
    assert len(await home.fetch("SELECT 1 FROM evidence_cosignatures")) == 1


async def test_whoever_goes_while_the_log_is_exported_leaves_no_transaction_behind(
    strangers: Federation,
) -> None:
    """The framework then cancels the answer again and again, its rolling back included."""
    node, troubles = strangers[COUNTY], list[str]()
    await add_leaves(node, 3)
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: troubles.append(context["message"]))
    try:
        for _ in range(20):
            with CancelScope() as scope:
                async with node.parts.database.transaction(node.parts.actor) as tx:
                    loop.call_soon(scope.cancel)
                    await tx.fetch("SELECT pg_sleep(5)")
            assert scope.cancelled_caught
    finally:
        loop.set_exception_handler(None)
    assert not troubles
    assert await node.fetch("SELECT 1 FROM own_node")
