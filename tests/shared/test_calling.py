"""Calls leave nothing behind."""

import gc
import weakref
from collections.abc import Iterator

import httpx
import pytest

from shared.calling import Client


@pytest.fixture
def no_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def _answering(request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, stream=httpx.ByteStream(b"heard " + request.content))


@pytest.mark.usefixtures("no_collector")
async def test_an_answer_goes_with_its_last_user() -> None:
    async with Client(transport=httpx.MockTransport(_answering)) as client:
        answer = await client.post("http://peer.test/", content=b"said")
        assert answer.content == b"heard said"
        assert [piece async for piece in answer.aiter_bytes()] == [b"heard said"]
        gone = weakref.ref(answer), weakref.ref(answer.request)
        del answer
        assert [each() for each in gone] == [None, None]


async def test_a_stream_is_still_read_by_who_asked_for_it() -> None:
    async with (
        Client(transport=httpx.MockTransport(_answering)) as client,
        client.stream("POST", "http://peer.test/", content=b"said") as answer,
    ):
        assert [piece async for piece in answer.aiter_bytes()] == [b"heard said"]
