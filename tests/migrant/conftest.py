"""What the migrant service's tests share."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from shared.testing import Issuer, client_of
from tests.conftest import ServiceFactory


@pytest.fixture
async def app(start_service: ServiceFactory) -> AsyncIterator[FastAPI]:
    async with start_service("migrant") as app:
        yield app


@pytest.fixture
async def client(app: FastAPI, issuer: Issuer) -> AsyncIterator[httpx.AsyncClient]:
    """A clerk of the county."""
    token = issuer.token(scope="migrant:read migrant:write")
    headers = {"Purpose": "registration", "Accept-Language": "en"}
    async with client_of(app, token, headers) as client:
        yield client


def bearer(issuer: Issuer, **claims: Any) -> dict[str, str]:
    """An Authorization header for somebody else."""
    return {"Authorization": f"Bearer {issuer.token(**claims)}"}
