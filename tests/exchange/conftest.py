"""Fixtures of the exchange's tests."""

from collections.abc import AsyncIterator

import pytest

from shared.testing import Issuer
from tests.conftest import Cluster
from tests.exchange.federation import Federation, federation


@pytest.fixture
async def strangers(cluster: Cluster, issuer: Issuer) -> AsyncIterator[Federation]:
    """Three nodes that do not know each other yet."""
    async with federation(cluster, issuer) as nodes:
        yield nodes


@pytest.fixture
async def friends(strangers: Federation) -> Federation:
    """Two counties and their city, everybody admitted."""
    await strangers.admit_all()
    return strangers
