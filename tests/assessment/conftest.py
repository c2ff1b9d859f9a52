"""Fixtures of the assessment's tests."""

import pytest

from tests.conftest import Cluster


@pytest.fixture
async def emptied(cluster: Cluster) -> None:
    """Nothing that other tests committed is in the assessment database."""
    await cluster.database("assessment")
    await cluster.empty("assessment")
