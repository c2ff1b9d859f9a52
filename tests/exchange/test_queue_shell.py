"""`yipan exchange …` against a running node."""

from collections.abc import AsyncIterator

import pytest
from click.testing import Result

from shared.testing import Issuer
from tests.exchange.federation import CITY, COUNTY, OTHER, Federation, settled
from tests.exchange.samples import make_notice
from tests.shells import Shell, shell_of


@pytest.fixture
async def shell(friends: Federation, issuer: Issuer) -> AsyncIterator[Shell]:
    token = issuer.token(scope="exchange:admin", region="420325")
    app = friends[COUNTY].app
    async with shell_of(app, lambda given, where: ["exchange", *where, *given], token) as shell:
        yield shell


def rows(result: Result) -> list[list[str]]:
    """The lines of a table; what the service logs meanwhile is none."""
    return [line.split("\t") for line in result.output.splitlines() if "\t" in line]


async def test_the_queue_is_looked_at_and_moved(friends: Federation, shell: Shell) -> None:
    assert (await shell("pause", OTHER, "--reason", "对方升级")).exit_code == 0
    here = friends[COUNTY]
    for _ in range(3):
        await here.call("POST", "/notices", make_notice(), expect=201)
    waiting = await shell("queue")
    assert OTHER in waiting.output and "待发 3" in waiting.output and "对方升级" in waiting.output
    listed = await shell("messages", "--peer", OTHER, "--state", "queued")
    first, second, third = (row[0] for row in rows(listed))
    over = await shell("give-up", first, "--reason", "重复")
    assert "given-up" in over.output
    assert "queued" in (await shell("retry", first)).output
    diverted = await shell("divert", second, "--to", CITY, "--reason", "由市里转达")
    assert "diverted" in diverted.output
    assert (await shell("resume", OTHER)).exit_code == 0
    await settled(friends)
    states = {row[0]: row[3] for row in rows(await shell("messages"))}
    assert (states[first], states[second], states[third]) == ("delivered", "diverted", "delivered")
    assert rows(await shell("refusals")) == []


async def test_what_cannot_be_done_is_said(shell: Shell) -> None:
    refused = await shell("resume", OTHER)
    assert refused.exit_code == 1
    assert "一盘: 服务拒绝" in refused.output
