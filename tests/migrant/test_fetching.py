"""Getting a status list over the network."""

import gzip

import httpx

from services.migrant.certificates.fetching import StatusFetcher
from services.migrant.certificates.statuslist import LARGEST

URI = "https://b.test/migrant/v1/status-lists/1"


async def fetch(answer: httpx.Response | Exception) -> tuple[list[str | None], int]:
    """What two calls in a row get, and how many requests went out."""
    sent = 0

    def handle(request: httpx.Request) -> httpx.Response:
        nonlocal sent
        sent += 1
        if isinstance(answer, Exception):
            raise answer
        return answer

    async with httpx.AsyncClient(transport=httpx.MockTransport(handle)) as client:
        fetcher = StatusFetcher(client)
        return [await fetcher(URI), await fetcher(URI)], sent


async def test_what_is_there_is_read() -> None:
    assert await fetch(httpx.Response(200, text="a.b.c")) == (["a.b.c", "a.b.c"], 2)


async def test_what_fails_is_left_alone_for_a_while() -> None:
    for answer in (
        httpx.ConnectError("away"),
        httpx.Response(404),
        httpx.Response(302, headers={"Location": "http://127.0.0.1/"}),
        httpx.Response(200, content=b"x" * (LARGEST + 1)),
        httpx.Response(200, content="é".encode()),
        httpx.Response(200, content=gzip.compress(b"a.b.c"), headers={"Content-Encoding": "gzip"}),
    ):
        assert await fetch(answer) == ([None, None], 1)
