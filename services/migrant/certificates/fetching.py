"""Getting another county's status list over the network, when the one at hand has grown old."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import structlog

from services.migrant.certificates.statuslist import LARGEST, MEDIA_TYPE
from shared.app import Parts

log = structlog.get_logger()

_SECONDS = 3.0  # a check waits no longer: somebody stands at the desk
_PAUSE_AFTER_FAILURE = 30.0


class StatusFetcher:
    """Answers with the text at an address, or None. An address that failed is left alone for a
    while, so that an outage elsewhere does not slow each check here. Follows no redirects."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client
        self._failed: dict[str, float] = {}

    async def __call__(self, uri: str) -> str | None:
        if time.monotonic() - self._failed.get(uri, -_PAUSE_AFTER_FAILURE) < _PAUSE_AFTER_FAILURE:
            return None
        try:
            async with asyncio.timeout(_SECONDS):  # for the whole: httpx counts each read anew
                text = await self._read(uri)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, ValueError) as error:
            log.warning("status-list-not-fetched", error=type(error).__name__)
            self._failed[uri] = time.monotonic()
            return None
        self._failed.pop(uri, None)
        return text

    async def _read(self, uri: str) -> str:
        headers = {"Accept": MEDIA_TYPE, "Accept-Encoding": "identity"}
        async with self._client.stream("GET", uri, headers=headers) as response:
            if response.status_code != 200:
                raise ValueError("no status list there")
            if response.headers.get("Content-Encoding", "identity") != "identity":
                raise ValueError("deflated, though we asked for it plain")
            body = b""
            async for part in response.aiter_bytes():
                body += part
                if len(body) > LARGEST:
                    raise ValueError("too large")
        return body.decode("ascii")


@asynccontextmanager
async def status_fetcher(parts: Parts) -> AsyncIterator[None]:
    """Keeps the client while the service runs."""
    async with httpx.AsyncClient(timeout=_SECONDS, follow_redirects=False) as client:
        parts.app.state.status_fetcher = StatusFetcher(client)
        yield
