"""The registry's tests know a few regions: persons are only entered where there is one."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from services.registry.regions.handlers import load_regions
from services.registry.regions.queries import forget_known_regions
from tests.conftest import ServiceFactory, TxFactory
from tests.registry.samples import REGIONS


@pytest.fixture(autouse=True)
def fresh_regions() -> None:
    forget_known_regions()


@pytest.fixture
async def open_tx(open_tx: TxFactory) -> TxFactory:
    """The transaction of all tests, in a registry that has the sample regions."""

    @asynccontextmanager
    async def factory(service: str, **context: Any) -> AsyncIterator[Any]:
        async with open_tx(service, **context) as tx:
            if service == "registry":
                await load_regions(tx.connection, REGIONS)
            yield tx

    return factory


@pytest.fixture
async def start_service(start_service: ServiceFactory) -> ServiceFactory:
    """The service of all tests, with the sample regions."""

    @asynccontextmanager
    async def factory(service: str, **overrides: Any) -> AsyncIterator[Any]:
        async with start_service(service, **overrides) as app:
            if service == "registry":
                async with app.state.database.acquire() as connection:
                    await load_regions(connection, REGIONS)
            yield app

    return factory
