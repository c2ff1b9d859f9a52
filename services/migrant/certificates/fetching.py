"""Getting another county's status list over the network, when the one at hand has grown old."""

import asyncio
import ssl
import time
from collections.abc import Awaitable, Callable

import httpx
import structlog

from services.migrant.certificates.statuslist import LARGEST, MEDIA_TYPE

log = structlog.get_logger()

Fetch = Callable[[str], Awaitable[str | None]]  # the text at an address, or None
FetchPinned = Callable[[str, str], Awaitable[str | None]]  # the same behind a known certificate

SECONDS = 3.0  # a check waits no longer: somebody stands at the desk
_PAUSE_AFTER_FAILURE = 30.0


class StatusFetcher:
    """Answers with the text at an address, or None. An address that failed is left alone for a
    while, so that an outage elsewhere does not slow each check here. Follows no redirects."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client
        self._failed: dict[str, float] = {}

    async def __call__(self, uri: str) -> str | None:
        return await self._fetch(uri, self._client)

    async def pinned(self, uri: str, certificate_pem: str) -> str | None:
        """From a door that shows the certificate its record names, which no authority signed."""
        try:
            context = tls_for(certificate_pem)
        except (ssl.SSLError, ValueError) as error:
            log.warning("status-list-not-fetched", error=type(error).__name__)
            return None
        async with httpx.AsyncClient(
            timeout=SECONDS, follow_redirects=False, verify=context
        ) as client:
            return await self._fetch(uri, client)

    async def _fetch(self, uri: str, client: httpx.AsyncClient) -> str | None:
        if time.monotonic() - self._failed.get(uri, -_PAUSE_AFTER_FAILURE) < _PAUSE_AFTER_FAILURE:
            return None
        try:
            async with asyncio.timeout(SECONDS):  # for the whole: httpx counts each read anew
                text = await _read(uri, client)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, ValueError) as error:
            log.warning("status-list-not-fetched", error=type(error).__name__)
            self._failed[uri] = time.monotonic()
            return None
        self._failed.pop(uri, None)
        return text


def tls_for(certificate_pem: str | None) -> ssl.SSLContext:
    """TLS that trusts this certificate and no other; the system's authorities where there is
    none. Raises ssl.SSLError or ValueError for what is no certificate."""
    context = ssl.create_default_context(cadata=certificate_pem)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if certificate_pem is not None:
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # the pin may be a leaf
    return context


async def _read(uri: str, client: httpx.AsyncClient) -> str:
    headers = {"Accept": MEDIA_TYPE, "Accept-Encoding": "identity"}
    async with client.stream("GET", uri, headers=headers) as response:
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
