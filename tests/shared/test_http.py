"""The HTTP door: a failed commit never answers success; languages; pages; stale versions."""

from collections.abc import AsyncIterator

import asyncpg
import httpx
import pytest
from fastapi import APIRouter, FastAPI
from hypothesis import given
from hypothesis import strategies as st

from shared.http import Route, Transaction
from shared.ids import new_id
from shared.pages import decode_cursor, encode_cursor
from shared.problems import MalformedRequest
from shared.responses import language_of
from shared.testing import Issuer, client_of
from tests.conftest import ServiceFactory

router = APIRouter(prefix="/trial", route_class=Route)


@router.post("/deferred")
async def fail_at_commit(tx: Transaction) -> dict[str, str]:
    """Succeeds in the route and fails when the transaction commits."""
    await tx.execute("CREATE TEMP TABLE once (n int UNIQUE DEFERRABLE INITIALLY DEFERRED)")
    await tx.execute("INSERT INTO once VALUES (1), (1)")
    return {"status": "done"}


@router.post("/lost")
async def lose_the_connection(tx: Transaction) -> dict[str, str]:
    pid = await tx.fetch_value("SELECT pg_backend_pid()")
    killer = await asyncpg.connect(router.dsn)  # type: ignore[attr-defined]
    await killer.execute("SELECT pg_terminate_backend($1)", pid)
    await killer.close()
    return {"status": "done"}


@router.post("/broken")
async def break_down(tx: Transaction) -> dict[str, str]:
    raise RuntimeError("王芳 420325199001011226")


@pytest.fixture
async def app(start_service: ServiceFactory) -> AsyncIterator[FastAPI]:
    async with start_service("registry") as app:
        app.include_router(router)
        yield app


@pytest.fixture
async def client(app: FastAPI, issuer: Issuer) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(app, issuer.token(), {"Accept-Language": "en"}) as client:
        yield client


async def test_a_commit_that_fails_is_not_answered_with_success(client: httpx.AsyncClient) -> None:
    answer = await client.post("/trial/deferred")
    assert answer.status_code == 409


async def test_a_lost_connection_is_503_with_retry_after(
    client: httpx.AsyncClient, app: FastAPI
) -> None:
    router.dsn = app.state.settings.database_url.get_secret_value()  # type: ignore[attr-defined]
    answer = await client.post("/trial/lost")
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert (await client.get("/registry/readyz")).status_code == 200


async def test_an_unexpected_error_tells_nothing_of_itself(client: httpx.AsyncClient) -> None:
    answer = await client.post("/trial/broken")
    assert answer.status_code == 500
    assert answer.json()["type"].endswith("/internal")
    assert "王芳" not in answer.text
    assert "RuntimeError" not in answer.text


async def test_unknown_paths_and_methods_are_problems(client: httpx.AsyncClient) -> None:
    missing = await client.get("/registry/v1/none")
    assert (missing.status_code, missing.json()["type"].rsplit("/")[-1]) == (404, "not-found")
    wrong = await client.put("/registry/v1/person-searches")
    assert (wrong.status_code, wrong.json()["type"].rsplit("/")[-1]) == (405, "method-not-allowed")
    assert wrong.headers["allow"] == "POST"
    several = await client.put(f"/registry/v1/persons/{new_id()}")
    assert several.headers["allow"] == "GET, PATCH"


async def test_an_address_of_its_own_is_not_taken_for_one_that_varies(
    client: httpx.AsyncClient,
) -> None:
    """There is no work unit called "batch": who asks for it hears what may be done there."""
    for method in ("GET", "PATCH", "OPTIONS"):
        refused = await client.request(method, "/registry/v1/work-units/batch")
        assert refused.status_code == 405
        assert refused.headers["allow"] == "POST"
        assert refused.json()["title"] == "This address does not take that method"


async def test_what_a_route_needs_in_its_headers_is_in_its_description(app: FastAPI) -> None:
    """A look at somebody needs the purpose and an update the version; a list of regions neither."""

    def required(method: str, path: str) -> set[str]:
        given = app.openapi()["paths"][f"/registry/v1/{path}"][method]["parameters"]
        return {each["name"] for each in given if each["in"] == "header" and each["required"]}

    assert required("get", "persons/{person_id}") == {"Purpose"}
    assert required("patch", "persons/{person_id}") == {"Purpose", "If-Match"}
    assert required("get", "regions") == set()


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "zh"),
        ("en", "en"),
        ("en-GB,en;q=0.9", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en;q=0.3, zh;q=0.7", "zh"),
        ("fr, en;q=0.5", "en"),
        ("de", "zh"),
        ("en;q=x", "en"),
    ],
)
def test_language(header: str, language: str) -> None:
    assert language_of(header) == language


@given(st.lists(st.text(max_size=20) | st.integers(), max_size=4))
def test_a_cursor_comes_back(key: list[str | int]) -> None:
    assert decode_cursor(encode_cursor(*key)) == key


@pytest.mark.parametrize("cursor", ["", "x", "eyJhIjoxfQ", "中文", "!!!!"])
def test_a_foreign_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(MalformedRequest):
        decode_cursor(cursor)
