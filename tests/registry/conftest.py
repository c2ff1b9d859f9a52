"""The registry's tests know a few regions: persons are only entered where there is one."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from services.registry.regions.handlers import load_regions
from services.registry.regions.queries import forget_known_regions
from shared.db import Database
from shared.testing import EVENT_VAULT, VAULT, Issuer, client_of
from tests.conftest import Cluster, ServiceFactory, TxFactory
from tests.registry.samples import REGIONS
from tests.registry.vital_samples import Desk, open_desk


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
                await load_regions(await tx.begin(), REGIONS)
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


@pytest.fixture
async def database(cluster: Cluster) -> AsyncIterator[Database]:
    """An emptied registry database with the sample regions, without the service around it."""
    dsn = await cluster.database("registry")
    await cluster.empty("registry")
    database = await Database.connect(
        dsn, size=6, vault=VAULT, event_vault=EVENT_VAULT, source="/test"
    )
    async with database.acquire() as connection:
        await load_regions(connection, REGIONS)
    yield database
    await database.close()


@pytest.fixture
async def client(start_service: ServiceFactory, issuer: Issuer) -> AsyncIterator[httpx.AsyncClient]:
    """A clerk of the county who reads and writes, for registration, in English."""
    token = issuer.token(scope="registry:read registry:write")
    async with (
        start_service("registry") as app,
        client_of(app, token, {"Purpose": "registration", "Accept-Language": "en"}) as client,
    ):
        yield client


@pytest.fixture
async def desk(start_service: ServiceFactory, issuer: Issuer) -> AsyncIterator[Desk]:
    """An office of the county and whoever else is asked for."""
    async with open_desk(start_service, issuer) as desk:
        yield desk
