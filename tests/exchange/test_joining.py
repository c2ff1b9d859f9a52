"""`yipan exchange join` and `admit`: two operators, two commands, and a key's id read out twice."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from shared.testing import Issuer
from tests.conftest import Cluster
from tests.exchange.federation import CITY, COUNTY, eventually
from tests.exchange.tls_nodes import TlsNode, tls_nodes
from tests.shells import Shell, shell_of

Desk = tuple[TlsNode, Shell]


@pytest.fixture
async def desks(cluster: Cluster, issuer: Issuer, tmp_path: Path) -> AsyncIterator[dict[str, Desk]]:
    """A county and a city that have never heard of each other, an operator at each."""
    async with AsyncExitStack() as stack:
        levels = {CITY: "city", COUNTY: "county"}
        nodes = await stack.enter_async_context(tls_nodes(cluster, issuer, tmp_path, levels))
        desks = {}
        for name, node in nodes.items():
            token = issuer.token(scope="exchange:admin", region=node.region)
            made = shell_of(node.node.app, lambda given, where: ["exchange", *where, *given], token)
            desks[name] = (node, await stack.enter_async_context(made))
        yield desks


async def key_of(shell: Shell) -> str:
    """What the operator reads out."""
    listed = await shell("keys", "list")
    (line,) = [each for each in listed.output.splitlines() if "signs 签名" in each]
    return line.split("\t")[0]


async def test_two_commands_and_both_know_each_other(desks: dict[str, Desk]) -> None:
    (city, at_city), (county, at_county) = desks[CITY], desks[COUNTY]
    citys = await key_of(at_city)
    itself = await at_city("admit", city.address, "--key", citys, "--yes")
    assert itself.exit_code == 0, itself.output
    joined = await at_county("join", city.address, "--key", citys)
    assert joined.exit_code == 0, joined.output
    told = joined.output.split("yipan exchange ")[1].split()
    assert told == ["admit", county.address, "--key", await key_of(at_county)]
    admitted = await at_city(*told, "--role", "交通", "--yes")
    assert admitted.exit_code == 0, admitted.output
    assert f"{COUNTY}\t" in admitted.output

    async def known() -> bool:
        rows = await county.node.fetch("SELECT id FROM participants ORDER BY id")
        return [row["id"] for row in rows] == sorted([CITY, COUNTY])

    await eventually(known, 60)
    (row,) = await county.node.fetch("SELECT roles FROM participants WHERE id = $1", COUNTY)
    assert row["roles"] == ["交通"]


async def test_a_key_that_is_not_the_one_read_out_ends_it(desks: dict[str, Desk]) -> None:
    (city, at_city), (county, at_county) = desks[CITY], desks[COUNTY]
    citys, countys = await key_of(at_city), await key_of(at_county)
    await at_city("admit", city.address, "--key", citys, "--yes")
    for shell, command in (
        (at_county, ["join", city.address, "--key", countys]),
        (at_county, ["join", county.address, "--key", citys]),
        (at_city, ["admit", county.address, "--key", citys, "--yes"]),
        (at_city, ["admit", "https://127.0.0.1:1", "--key", countys, "--yes"]),
        (at_county, ["admit", county.address, "--key", countys, "--yes"]),  # no city
    ):
        refused = await shell(*command)
        assert refused.exit_code == 1, refused.output
        assert "一盘: " in refused.output
    assert not await county.node.fetch("SELECT 1 FROM participants")
    rows = await city.node.fetch("SELECT id FROM participants")
    assert [row["id"] for row in rows] == [CITY]


async def test_nobody_is_admitted_who_was_not_confirmed(desks: dict[str, Desk]) -> None:
    (city, at_city), (county, at_county) = desks[CITY], desks[COUNTY]
    await at_city("admit", city.address, "--key", await key_of(at_city), "--yes")
    asked = await at_city("admit", county.address, "--key", await key_of(at_county))
    assert asked.exit_code == 1
    assert county.address in asked.output
    assert len(await city.node.fetch("SELECT 1 FROM participants")) == 1
