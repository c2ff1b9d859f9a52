"""TLS with peers: how they are called, the one place where this service calls out, and whom our own
door believes. There is no certificate authority: each record pins its node's own certificate."""

import ssl
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager

import httpx
import structlog

from services.exchange.participants.models import Participant
from services.exchange.settings import Settings
from shared.app import Parts
from shared.calling import Client
from shared.db import Tx
from shared.jobs import repeating

log = structlog.get_logger()

OpenClient = Callable[[Participant], httpx.AsyncClient]
Files = tuple[str, str | None]
"""Paths (PEM) of a certificate, and of its secret key where that is a file of its own."""

_TIMEOUT = httpx.Timeout(20.0, connect=5.0)
_BELIEVED_SECONDS = 2.0


class PlainHttpRefused(httpx.TransportError):
    """The peer's address is http:// and the settings do not allow that."""


def open_client(allow_plain_http: bool, own: Files | None = None) -> OpenClient:
    """How a peer is called: over TLS that trusts its pinned certificate and no other, or the
    system's authorities where its record pins none. It is shown our `own` certificate."""

    def open_(peer: Participant) -> httpx.AsyncClient:
        return client_at(peer.address, peer.certificate_pem, allow_plain_http, own)

    return open_


def client_at(
    address: str, pinned: str | None, allow_plain_http: bool, own: Files | None = None
) -> httpx.AsyncClient:
    """A client of one address that trusts the `pinned` certificate (PEM) alone, or the system's
    authorities where there is none. Raises PlainHttpRefused."""
    if address.startswith("http://"):
        if not allow_plain_http:
            raise PlainHttpRefused("plain http")
        return Client(base_url=address, timeout=_TIMEOUT)
    context = ssl.create_default_context(cadata=pinned)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if pinned is not None:
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # the pin may be a leaf
    if own is not None:
        context.load_cert_chain(*own)
    return Client(base_url=address, timeout=_TIMEOUT, verify=context)


class DoorContext:
    """The TLS side of our own door. It asks callers for a certificate and believes exactly those
    that the records pin; who shows none is let in to what is public. `take` changes whom it
    believes for every handshake from then on."""

    def __init__(self, own: Files) -> None:
        self._files = own
        self._known: frozenset[str] = frozenset()
        self._newest = self._made()
        self.context = self._made()
        self.context.sni_callback = self._swap

    def take(self, certificates: Collection[str]) -> None:
        """PEM texts, each of one certificate or more."""
        known = frozenset(certificates)
        if known != self._known:
            newest = self._made()
            for pem in sorted(known):
                try:
                    newest.load_verify_locations(cadata=pem)
                except ssl.SSLError:  # one that cannot be used shuts out no other
                    log.warning("certificate-unusable")
            self._newest, self._known = newest, known

    def _swap(self, connection: ssl.SSLObject | ssl.SSLSocket, *_: object) -> None:
        """Called at each handshake, whether or not the caller names a server."""
        connection.context = self._newest

    def _made(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(*self._files)
        context.verify_mode = ssl.CERT_OPTIONAL
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        # A resumed session would bring back a certificate that is not believed any more.
        context.options |= ssl.OP_NO_TICKET
        context.num_tickets = 0
        return context


def own_files(settings: Settings) -> Files | None:
    """Our certificate and its key; None where the settings name none."""
    if settings.certificate_file is None:
        return None
    return settings.certificate_file, settings.certificate_key_file


@asynccontextmanager
async def believing(parts: Parts) -> AsyncIterator[None]:
    """Keeps our door's trust with the records, as background work of the service."""
    door: DoorContext | None = parts.app.state.door_context
    if door is None:
        yield
        return
    take = door.take

    async def step(tx: Tx) -> None:
        rows = await tx.fetch(
            "SELECT certificate_pem FROM participants"
            " WHERE certificate_pem IS NOT NULL AND revoked_at IS NULL"
        )
        take([row["certificate_pem"] for row in rows])

    async with repeating(parts, "peer-certificates", step, every=_BELIEVED_SECONDS):
        yield


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
