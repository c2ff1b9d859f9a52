"""What the tests of every service stand on: a token issuer, fixed keys, a client, event doubles."""

import base64
import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
from fastapi import FastAPI
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from shared.actors import Actor
from shared.bus import Received
from shared.crypto import Vault
from shared.db import Tx
from shared.envelope import envelope
from shared.events.base import Event
from shared.ids import new_id

ISSUER = "https://issuer.test"
AUDIENCE = "yipan"
REGION = "420325"


def key_text(name: str) -> str:
    """A fixed base64 key of 32 bytes for tests."""
    return base64.b64encode(sha256(name.encode()).digest()).decode()


VAULT = Vault.from_text(key_text("field"), key_text("index"))
EVENT_VAULT = Vault.from_text(key_text("event"), key_text("index"))


def make_actor(**overrides: Any) -> Actor:
    values: dict[str, Any] = {
        "sub": "clerk-1",
        "name": "测试员",
        "org": "org-test",
        "region": REGION,
        "scopes": frozenset({"registry:read", "registry:write"}),
    }
    return Actor(**(values | overrides))


class Issuer:
    """An OpenID provider reduced to its key: makes tokens, good and bad."""

    def __init__(self, folder: Path) -> None:
        self.key = ECKey.generate_key("P-256", {"kid": "test-1", "use": "sig", "alg": "ES256"})
        self.jwks = folder / "jwks.json"
        self.jwks.write_text(json.dumps(KeySet([self.key]).as_dict(private=False)))

    def token(self, *, key: ECKey | None = None, **claims: Any) -> str:
        now = int(time.time())
        values = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": "clerk-1",
            "name": "测试员",
            "org": "org-test",
            "region": REGION,
            "scope": "",
            "iat": now,
            "exp": now + 3600,
        } | claims
        return jwt.encode({"alg": "ES256", "kid": "test-1"}, values, key or self.key)


def service_settings(service: str, dsn: str, issuer: Issuer, **overrides: Any) -> dict[str, Any]:
    """Keyword arguments for a service's Settings, on the embedded bus."""
    return {
        "database_url": dsn,
        "database_pool": 4,
        "bus": "embedded",
        "node_id": f"county-{REGION}",
        "region": REGION,
        "oidc_issuer": ISSUER,
        "oidc_audience": AUDIENCE,
        "oidc_jwks": str(issuer.jwks),
        "field_key": key_text("field"),
        "index_key": key_text("index"),
        "event_key": key_text("event"),
    } | overrides


@asynccontextmanager
async def running(app: FastAPI) -> AsyncIterator[None]:
    """Runs an app's lifespan around a block."""
    async with app.router.lifespan_context(app):
        yield


@asynccontextmanager
async def client_of(
    app: FastAPI, token: str | None = None, headers: Mapping[str, str] | None = None
) -> AsyncIterator[httpx.AsyncClient]:
    """An HTTP client that talks to the app in this process."""
    sent = dict(headers or {})
    if token is not None:
        sent["Authorization"] = f"Bearer {token}"
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://yipan.test", headers=sent
    ) as client:
        yield client


def event_message(event: Event, *, event_id: UUID | None = None, offset: int = 0) -> Received:
    """The event as it arrives from the bus. Deliver it twice: nothing may happen twice."""
    value = envelope(
        event,
        event_id or new_id(),
        "/test",
        datetime.now(UTC),
        EVENT_VAULT,
        actor="test",
        correlation_id="test",
        causation_id=None,
    )
    return Received(event.topic, 0, offset, event.key, value.encode())


def emitted(tx: Tx, kind: type[Event]) -> list[Event]:
    return [event for event in tx.emitted if isinstance(event, kind)]
