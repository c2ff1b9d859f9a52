"""Malformed, oversized, deep, wrong-charset and wrong-type bodies: 4xx, nothing stored."""

import json
from collections.abc import AsyncIterator

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.bodyguard import DEPTH_LIMIT, JSON_LIMIT, depth
from shared.testing import Issuer, client_of
from tests.conftest import ServiceFactory

JSON = {"Content-Type": "application/json"}
PATH = "/registry/v1/persons"
DEEP = b"[" * 40 + b"]" * 40

CASES = [
    (b"{", JSON, 422, "malformed-body"),
    (b"[]", JSON, 422, "malformed-body"),
    (b"null", JSON, 422, "malformed-body"),
    (b'{"name": 5}', JSON, 422, "malformed-body"),
    (b'{"name": "\\ud800"}', JSON, 422, "malformed-body"),
    (b'{"name": "\\u0000"}', JSON, 422, "malformed-body"),
    ('{"name": "张三"}'.encode("gb18030"), JSON, 400, "wrong-charset"),
    (b"{}", {"Content-Type": "application/json; charset=gbk"}, 400, "wrong-charset"),
    (DEEP, JSON, 400, "body-too-deep"),
    (b'"' + b"a" * (JSON_LIMIT + 1) + b'"', JSON, 413, "body-too-large"),
    (b"<person/>", {"Content-Type": "application/xml"}, 415, "wrong-media-type"),
    (b"hello", {}, 415, "wrong-media-type"),
]


@pytest.fixture
async def client(start_service: ServiceFactory, issuer: Issuer) -> AsyncIterator[httpx.AsyncClient]:
    token = issuer.token(scope="registry:write")
    async with (
        start_service("registry") as app,
        client_of(app, token, {"Purpose": "registration", "Accept-Language": "en"}) as client,
    ):
        yield client


@pytest.mark.parametrize(("body", "headers", "status", "kind"), CASES)
async def test_bad_bodies(
    client: httpx.AsyncClient, body: bytes, headers: dict[str, str], status: int, kind: str
) -> None:
    answer = await client.post(PATH, content=body, headers=headers)
    assert (answer.status_code, answer.json()["type"].rsplit("/", 1)[1]) == (status, kind)
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_long_body_without_a_length_is_stopped(client: httpx.AsyncClient) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b" " * 65536

    answer = await client.post(PATH, content=endless(), headers=JSON)
    assert answer.status_code == 413


async def test_nul_in_a_query_is_not_a_server_error(client: httpx.AsyncClient) -> None:
    answer = await client.get("/registry/v1/persons/%00", headers={"Purpose": "service"})
    assert answer.status_code in (400, 403, 404)


nested = st.recursive(
    st.none() | st.text('[]{}"\\ab', max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=12,
)


def true_depth(value: object) -> int:
    if isinstance(value, dict):
        return 1 + max(map(true_depth, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(true_depth, value), default=0)
    return 0


@given(nested)
def test_depth_is_the_depth_json_has(value: object) -> None:
    assert depth(json.dumps(value).encode()) == true_depth(value)


def test_limit_is_above_what_our_own_bodies_need() -> None:
    assert DEPTH_LIMIT >= 8
