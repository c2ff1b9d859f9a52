"""The HTTPS door for other nodes: it asks for a client certificate, tells the service which one
came, and lets through to nothing but what is meant for peers."""

import asyncio
import ssl
from typing import Any

from fastapi.responses import JSONResponse
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from services.exchange.peers import DoorContext
from shared.telemetry import App, Receive, Scope, Send

OPEN = (
    "/exchange/dci/",
    "/exchange/.well-known/",
    "/exchange/v1/evidence/",
    "/exchange/v1/renewals",
    "/migrant/v1/status-lists/",
    "/migrant/v1/issuer-keys",
)


class PeerDoor:
    """ASGI: signed messages, records, proofs and public keys, nothing else."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        if scope["path"].startswith(OPEN):
            await self._app(scope, receive, send)
        else:
            await JSONResponse({"status": 404}, status_code=404)(scope, receive, send)


class PeerProtocol(HttpToolsProtocol):
    """HTTP/1.1 whose requests say which certificate the caller showed at the handshake, as the ASGI
    `tls` extension (asgiref, TLS Extension 0.2) has it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        app, chain = self.app, _shown(transport)

        async def told(scope: Any, receive: Any, send: Any) -> None:
            extensions = {**scope.get("extensions", {}), "tls": {"client_cert_chain": chain}}
            await app({**scope, "extensions": extensions}, receive, send)

        self.app = told


def _shown(transport: asyncio.BaseTransport) -> list[str]:
    """The caller's certificate (PEM), already verified against what we believe; none if it has
    none."""
    connection: ssl.SSLObject | None = transport.get_extra_info("ssl_object")
    der = connection.getpeercert(binary_form=True) if connection is not None else None
    return [ssl.DER_cert_to_PEM_cert(der)] if der else []


def tls_options(door: DoorContext) -> dict[str, Any]:
    """What a uvicorn server needs to be this door."""
    return {"ssl_context_factory": lambda *_: door.context, "http": PeerProtocol}
