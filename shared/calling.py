"""Calling other services over HTTP."""

from typing import Any

import httpx


class Client(httpx.AsyncClient):
    """An httpx client for a long life of many calls.

    httpx ties an answer and the stream it was read from to each other; both bodies would be kept
    until the collector of cycles looks, which with us is seldom. An answer that is read has no more
    use for its stream.
    """

    async def send(self, request: httpx.Request, **how: Any) -> httpx.Response:
        answer = await super().send(request, **how)
        if answer.is_stream_consumed:
            answer.stream = httpx.ByteStream(answer.content)
        return answer
