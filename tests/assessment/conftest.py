"""Fixtures of the assessment's tests."""

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from shared.testing import Issuer, client_of
from tests.assessment.calls import colleague_of
from tests.assessment.samples import ALL_SCOPES
from tests.conftest import Cluster, ServiceFactory


@pytest.fixture
async def emptied(cluster: Cluster) -> None:
    """Nothing that other tests committed is in the assessment database."""
    await cluster.database("assessment")
    await cluster.empty("assessment")


@pytest.fixture
async def app(start_service: ServiceFactory) -> AsyncIterator[FastAPI]:
    async with start_service("assessment") as app:
        yield app


@pytest.fixture
async def client(app: FastAPI, issuer: Issuer) -> AsyncIterator[httpx.AsyncClient]:
    """A county clerk who may do everything; answers come in English. The token of a colleague is
    at hand for what takes two (calls.in_force)."""
    token = issuer.token(scope=ALL_SCOPES)
    headers = {"Accept-Language": "en"} | colleague_of(issuer)
    async with client_of(app, token, headers) as client:
        yield client
