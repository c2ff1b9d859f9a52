"""HTTP clients to peers: the one place where this service calls out."""

import ssl
from collections.abc import Callable

import httpx

from services.exchange.participants.models import Participant

OpenClient = Callable[[Participant], httpx.AsyncClient]

_TIMEOUT = httpx.Timeout(20.0, connect=5.0)


class PlainHttpRefused(httpx.TransportError):
    """The peer's address is http:// and the settings do not allow that."""


def open_client(allow_plain_http: bool) -> OpenClient:
    """How a peer is called: over TLS that trusts its pinned certificate and no other, or the
    system's authorities where its record pins none."""

    def open_(peer: Participant) -> httpx.AsyncClient:
        if peer.address.startswith("http://"):
            if not allow_plain_http:
                raise PlainHttpRefused("plain http")
            return httpx.AsyncClient(base_url=peer.address, timeout=_TIMEOUT)
        context = ssl.create_default_context(cadata=peer.certificate_pem)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if peer.certificate_pem is not None:
            context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # the pin may be a leaf
        return httpx.AsyncClient(base_url=peer.address, timeout=_TIMEOUT, verify=context)

    return open_


class Peers:
    """Clients by peer, made anew when its record changes."""

    def __init__(self, open_: OpenClient) -> None:
        self._open = open_
        self._clients: dict[str, tuple[int, httpx.AsyncClient]] = {}

    async def client(self, peer: Participant) -> httpx.AsyncClient:
        known = self._clients.get(peer.id)
        if known is not None and known[0] == peer.record_version:
            return known[1]
        if known is not None:
            del self._clients[peer.id]
            await known[1].aclose()
        client = self._open(peer)
        self._clients[peer.id] = (peer.record_version, client)
        return client

    async def close(self) -> None:
        for _, client in self._clients.values():
            await client.aclose()
        self._clients.clear()
