"""Countersignatures in an exported log, checked offline by the records beside them."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from deploy.box.cli import main
from services.exchange.evidence.handlers import Entry, append_leaf
from services.exchange.evidence.models import Direction
from services.exchange.evidence.rules import COSIGNATURE_TYPE, HEAD_TYPE, head_claims
from services.exchange.evidence.verify import Report, verify_export
from services.exchange.evidence.witness import Witness
from services.exchange.participants.node import our_node
from services.exchange.participants.validity import keys_of
from services.exchange.peers import Peers
from shared.signing import JsonObject, SigningKey, key_set, sign_compact
from tests.exchange.federation import CITY, COUNTY, OTHER, Federation, Node
from tests.exchange.test_evidence_log import add_leaves


@pytest.fixture
async def exported(friends: Federation) -> tuple[list[str], JsonObject, JsonObject]:
    """A log of seven leaves that its city countersigned at three and at seven; the node's keys, and
    the city's."""
    here, city = friends[COUNTY], friends[CITY]
    watch = Witness(city.parts, Peers(friends.network.open_client))
    for size in (3, 7):
        await fill(here, size)
        await watch.once()
    jwks = [await each.public("/exchange/.well-known/jwks.json") for each in (here, city)]
    return list(await here.export()), jwks[0], jwks[1]


async def fill(node: Node, size: int) -> None:
    (row,) = await node.fetch("SELECT count(*) AS leaves FROM evidence_leaves")
    if row["leaves"] == 0:
        await add_leaves(node, size)
        return
    for number in range(row["leaves"], size):
        async with node.parts.database.transaction(node.parts.actor) as tx:
            await append_leaf(Entry(Direction.SENT, f"m-{number}", OTHER, bytes(32)), tx)


def changed(lines: list[str], change: Callable[[dict[str, Any]], None]) -> list[str]:
    entries = [json.loads(line) for line in lines]
    for entry in entries:
        change(entry)
    return [json.dumps(entry) for entry in entries]


def found(report: Report) -> set[str]:
    return {each.what for each in report.findings}


Exported = tuple[list[str], JsonObject, JsonObject]


async def test_who_countersigned_how_much_is_told(exported: Exported) -> None:
    lines, jwks, city = exported
    report = verify_export(lines, jwks)
    assert report.ok
    assert report.vouched.sizes == {CITY: 7}
    assert report.vouched.anchors == {CITY: [key["kid"] for key in keys_of(city)]}
    borne_out = verify_export(lines, jwks, city=city)
    assert (borne_out.ok, borne_out.vouched.sizes) == (True, {CITY: 7})
    assert borne_out.vouched.anchors == {}


async def test_a_city_of_ones_own_making_bears_nothing_out(exported: Exported) -> None:
    lines, jwks, _ = exported
    another = key_set(SigningKey.generate().public_jwk())
    report = verify_export(lines, jwks, city=another)
    assert report.vouched.sizes == {}
    assert report.vouched.unknown == {CITY}


async def test_a_record_that_was_changed_is_found(exported: Exported) -> None:
    lines, jwks, city = exported
    forged = key_set(SigningKey.generate().public_jwk())

    def swap(entry: dict[str, Any]) -> None:
        if entry.get("record", {}).get("id") == CITY:
            entry["record"]["jwks"] = forged

    report = verify_export(changed(lines, swap), jwks, city=city)
    assert "participant-record" in found(report)
    assert report.vouched.sizes == {}


async def test_a_countersignature_by_another_key_is_found(exported: Exported) -> None:
    lines, jwks, _ = exported
    key = SigningKey.generate()

    def swap(entry: dict[str, Any]) -> None:
        if "cosignature" in entry:
            claims: JsonObject = {
                "node": COUNTY,
                "tree_size": 3,
                "root": "x",
                "timestamp": "2026-01-01",
            }
            entry["cosignature"] = sign_compact(claims, key, COSIGNATURE_TYPE)

    assert found(verify_export(changed(lines, swap), jwks)) == {"cosignature"}


@pytest.mark.parametrize(("node", "size"), [(COUNTY, 3), (OTHER, 3), (COUNTY, 90)])
async def test_a_countersignature_of_another_log_is_found(
    exported: Exported, friends: Federation, node: str, size: int
) -> None:
    lines, jwks, _ = exported
    async with friends[CITY].parts.database.transaction(friends[CITY].parts.actor) as tx:
        key = (await our_node(tx)).key
        token = sign_compact(head_claims(node, size, bytes(32), tx.now), key, COSIGNATURE_TYPE)
    line = json.dumps({"cosignature": token, "peer": CITY})
    place = next(n for n, each in enumerate(lines) if "cosignature" in each)
    report = verify_export([*lines[:place], line, *lines[place:]], jwks)
    assert found(report) == {"truncated" if size == 90 else "cosignature-differs"}


async def test_the_command_says_who_signed_and_which_keys_to_compare(
    exported: Exported, tmp_path: Path
) -> None:
    lines, jwks, city = exported
    for name, content in (("log", "\n".join(lines)), ("jwks", jwks), ("city", city)):
        text = content if isinstance(content, str) else json.dumps(content)
        (tmp_path / name).write_text(text)
    command = ["evidence", "verify", str(tmp_path / "log"), "--jwks", str(tmp_path / "jwks")]
    said = CliRunner().invoke(main, command)
    assert said.exit_code == 0, said.output
    assert f"7 countersigned by 会签 {CITY}" in said.output
    assert "compare with the city" in said.output
    said = CliRunner().invoke(main, [*command, "--city", str(tmp_path / "city")])
    assert "compare with the city" not in said.output


# the heads of peers, and ours on them


@pytest.fixture
async def witnessed(friends: Federation) -> Exported:
    """The city's own log, in which it countersigned the heads of a county at three and at seven;
    the city's keys, and the county's."""
    here, city = friends[COUNTY], friends[CITY]
    watch = Witness(city.parts, Peers(friends.network.open_client))
    for size in (3, 7):
        await fill(here, size)
        await watch.once()
    await add_leaves(city, 2)
    jwks = [await each.public("/exchange/.well-known/jwks.json") for each in (city, here)]
    return list(await city.export()), jwks[0], jwks[1]


async def signed_head(node: Node, of: str, size: int, root: bytes, typ: str = HEAD_TYPE) -> str:
    async with node.parts.database.transaction(node.parts.actor) as tx:
        key = (await our_node(tx)).key
        return sign_compact(head_claims(of, size, root, tx.now), key, typ)


async def test_heads_of_peers_are_checked_and_told(witnessed: Exported) -> None:
    lines, jwks, _ = witnessed
    heads = [each for each in map(json.loads, lines) if each.get("peer") == COUNTY]
    assert [bool(each["cosigned"]) for each in heads] == [True, True]
    report = verify_export(lines, jwks)
    assert report.ok
    assert (report.vouched.peers, report.vouched.forked) == ({COUNTY: 7, OTHER: 0}, set())
    stranger = verify_export(lines, jwks, city=key_set(SigningKey.generate().public_jwk()))
    assert (stranger.vouched.peers, stranger.vouched.unknown) == ({}, {COUNTY, OTHER})


@pytest.mark.parametrize(
    ("by", "of", "size"), [(CITY, COUNTY, 3), (COUNTY, OTHER, 3), (COUNTY, COUNTY, -1)]
)
async def test_a_peers_head_that_was_altered_is_found(
    witnessed: Exported, friends: Federation, by: str, of: str, size: int
) -> None:
    """Signed by another's key, about another's log, or of no size."""
    lines, jwks, _ = witnessed
    token = await signed_head(friends[by], of, size, bytes(32))

    def swap(entry: dict[str, Any]) -> None:
        if "peer_head" in entry and entry["peer"] == COUNTY:
            entry["peer_head"] = token

    assert found(verify_export(changed(lines, swap), jwks)) == {"peer-head-signature"}


async def test_a_city_that_admitted_itself_last_vouches_for_all_the_same(
    exported: Exported,
) -> None:
    lines, jwks, city = exported
    first = [each for each in lines if json.loads(each).get("record", {}).get("id") != CITY]
    of_city = [each for each in lines if each not in first]
    place = 1 + max(n for n, each in enumerate(first) if "record" in json.loads(each))
    late = [*first[:place], *of_city, *first[place:]]
    assert verify_export(late, jwks, city=city).vouched.sizes == {CITY: 7}

    def swap(entry: dict[str, Any]) -> None:
        if entry.get("record", {}).get("id") == OTHER:
            entry["record"]["name"] = "冒名"

    assert found(verify_export(changed(late, swap), jwks)) == {"participant-record"}


async def test_a_head_that_we_did_not_countersign_so_is_found(
    witnessed: Exported, friends: Federation
) -> None:
    """The peer would have us vouch for another log than the one we saw; or we would."""
    lines, jwks, _ = witnessed
    another = await signed_head(friends[COUNTY], COUNTY, 3, bytes(32))
    ours = await signed_head(friends[CITY], COUNTY, 3, bytes(32), COSIGNATURE_TYPE)
    forged = sign_compact(
        head_claims(COUNTY, 3, bytes(32), datetime.now(UTC)),
        SigningKey.generate(),
        COSIGNATURE_TYPE,
    )
    for name, token in (("peer_head", another), ("cosigned", ours), ("cosigned", forged)):

        def swap(entry: dict[str, Any], name: str = name, token: str = token) -> None:
            if "peer_head" in entry and entry["peer"] == COUNTY:
                entry[name] = token

        assert found(verify_export(changed(lines, swap), jwks)) == {"peer-head-cosignature"}


async def test_a_peer_that_signed_two_logs_is_named_and_ours_still_verifies(
    witnessed: Exported, friends: Federation
) -> None:
    lines, jwks, _ = witnessed
    token = await signed_head(friends[COUNTY], COUNTY, 7, bytes(32))
    place = 1 + max(n for n, each in enumerate(lines) if "peer_head" in each)
    line = json.dumps({"peer_head": token, "peer": COUNTY, "cosigned": None})
    report = verify_export([*lines[:place], line, *lines[place:]], jwks)
    assert report.ok
    assert report.vouched.forked == {COUNTY}


async def test_the_command_tells_of_peers_logs(witnessed: Exported, tmp_path: Path) -> None:
    lines, jwks, _ = witnessed
    (tmp_path / "log").write_text("\n".join(lines))
    (tmp_path / "jwks").write_text(json.dumps(jwks))
    command = ["evidence", "verify", str(tmp_path / "log"), "--jwks", str(tmp_path / "jwks")]
    said = CliRunner().invoke(main, command)
    assert said.exit_code == 0, said.output
    assert f"{COUNTY} signed for 7 leaves of its own log" in said.output
