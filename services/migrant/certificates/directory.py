"""Issuers' keys from the exchange's directory (名录): a county that is listed there is looked up at
its own door, over TLS that trusts the certificate the directory names and no other.

The city signs the directory, the directory names the door, the door publishes the keys: nobody
enters keys by hand, and a county's new key is known here within a day, or at the first
certificate that names it.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Final

import httpx
import structlog

from services.migrant.certificates.fetching import tls_for
from services.migrant.certificates.models import DirectoryIssuer
from services.migrant.certificates.rules import ISSUER
from services.migrant.certificates.schemas import IssuerKeysView, KeySetInput, TrustIssuer
from services.migrant.certificates.trust import trust_issuer
from services.migrant.settings import Settings
from shared.actors import Actor
from shared.app import Parts
from shared.calling import Client
from shared.db import Database, Tx
from shared.events.exchange import ParticipantListed
from shared.tasks import end

log = structlog.get_logger()

_LOOK_EVERY: Final = timedelta(days=1)
_AFTER_FAILURE: Final = timedelta(minutes=10)
_IDLE_SECONDS: Final = 5.0
_LARGEST: Final = 100_000

OpenClient = Callable[[DirectoryIssuer], httpx.AsyncClient]

# A record that came late says nothing new: the directory counts its versions.
_LIST = """
INSERT INTO directory_issuers
  (issuer, address, certificate_pem, version, revoked, next_look_at)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (issuer) DO UPDATE SET address = excluded.address,
  certificate_pem = excluded.certificate_pem, version = excluded.version,
  revoked = excluded.revoked, next_look_at = excluded.next_look_at, problem = NULL
WHERE directory_issuers.version < excluded.version
"""
# Whoever takes one puts off its next look at once: replicas look at different counties.
_DUE = """
UPDATE directory_issuers SET next_look_at = $2
WHERE issuer = (SELECT issuer FROM directory_issuers
                WHERE next_look_at <= $1 AND NOT revoked ORDER BY next_look_at LIMIT 1
                FOR UPDATE SKIP LOCKED)
RETURNING *
"""
_LOOKED = """
UPDATE directory_issuers SET looked_at = $2, next_look_at = $3, problem = $4
WHERE issuer = $1 AND version = $5
"""


async def note_participant(event: ParticipantListed, tx: Tx) -> None:
    """Keep where a county is reached. Others issue no certificates."""
    if event.level != "county" or not ISSUER.fullmatch(event.node_id):
        return
    await tx.execute(
        _LIST,
        event.node_id,
        event.address,
        event.certificate_pem,
        event.version,
        event.revoked,
        tx.now,
    )


class Directory:
    """Looks up counties that are due, one at a time."""

    def __init__(self, database: Database, actor: Actor, open_client: OpenClient) -> None:
        self._database = database
        self._actor = actor
        self.open_client = open_client

    async def look_once(self) -> bool:
        """Look up one county; no transaction is open meanwhile. Returns whether one was due."""
        async with self._database.transaction(self._actor) as tx:
            found = await tx.find(DirectoryIssuer, _DUE, tx.now, tx.now + _AFTER_FAILURE)
        if not found:
            return False
        county = found[0]
        try:
            command = await self._ask(county)
        except (httpx.HTTPError, OSError, ValueError) as error:
            log.warning("issuer-not-reached", issuer=county.issuer, error=type(error).__name__)
            await self._note(county, None, type(error).__name__)
        else:
            await self._note(county, command, None)
        return True

    async def _ask(self, county: DirectoryIssuer) -> TrustIssuer:
        """Its keys as it publishes them. Raises httpx.HTTPError, OSError, ValueError."""
        async with self.open_client(county) as client:
            answer = await client.get("/migrant/v1/issuer-keys")
        answer.raise_for_status()
        if len(answer.content) > _LARGEST:
            raise ValueError("too large for a few keys")
        told = IssuerKeysView.model_validate_json(answer.content)
        if told.issuer != county.issuer:
            raise ValueError("another county than the directory says")
        return TrustIssuer(
            jwks=KeySetInput.model_validate({"keys": told.keys}),
            status_base=told.status_base,
            status_lists=[],
        )

    async def _note(
        self, county: DirectoryIssuer, command: TrustIssuer | None, problem: str | None
    ) -> None:
        async with self._database.transaction(self._actor) as tx:
            if command is not None:
                await trust_issuer(county.issuer, command, tx)
            again: datetime = tx.now + (_AFTER_FAILURE if problem else _LOOK_EVERY)
            await tx.execute(_LOOKED, county.issuer, tx.now, again, problem, county.version)

    async def run(self) -> None:
        """Until cancelled; an outage of the database is waited out."""
        while True:
            try:
                looked = await self.look_once()
            except Exception as error:
                log.warning("directory-paused", error=type(error).__name__)
                looked = False
            if not looked:
                await asyncio.sleep(_IDLE_SECONDS)


def over_tls(allow_plain_http: bool) -> OpenClient:
    """How a county is reached: over TLS that trusts the certificate of its record alone."""

    def open_(county: DirectoryIssuer) -> httpx.AsyncClient:
        timeout = httpx.Timeout(20.0, connect=5.0)
        if county.address.startswith("http://"):
            if not allow_plain_http:
                raise ValueError("plain http")
            return Client(base_url=county.address, timeout=timeout)
        context = tls_for(county.certificate_pem)
        return Client(base_url=county.address, timeout=timeout, verify=context)

    return open_


@asynccontextmanager
async def issuer_directory(parts: Parts) -> AsyncIterator[None]:
    """Follows the directory while the service runs."""
    settings: Settings = parts.app.state.settings
    directory = Directory(parts.database, parts.actor, over_tls(settings.allow_plain_http))
    parts.app.state.issuer_directory = directory
    task = asyncio.create_task(directory.run())
    try:
        yield
    finally:
        await end(task)
