"""What the routes of certificates need beside the usual doors."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import httpx
from fastapi import Depends, Request

from services.migrant.certificates.checking import Looked, look_up
from services.migrant.certificates.fetching import SECONDS, StatusFetcher
from services.migrant.certificates.known import KnownIssuers
from services.migrant.certificates.rules import IssuerHere
from services.migrant.certificates.schemas import CheckCertificate
from services.migrant.settings import Settings
from shared.app import Parts
from shared.auth import current_actor
from shared.db import Tx
from shared.http import door, reads_headers


def settings_here(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


def issuer_here(request: Request) -> IssuerHere:
    settings: Settings = request.app.state.settings
    return IssuerHere(
        name=settings.node_id,
        region=settings.region,
        status_base=f"{settings.public_url}/migrant/v1/status-lists/",
        status_ttl=settings.status_ttl_seconds,
        status_lifetime=settings.status_lifetime_seconds,
    )


@asynccontextmanager
async def known_issuers(parts: Parts) -> AsyncIterator[None]:
    """Keeps what is known of other issuers while the service runs."""
    settings: Settings = parts.app.state.settings
    async with httpx.AsyncClient(timeout=SECONDS, follow_redirects=False) as client:
        fetcher = StatusFetcher(client)
        parts.app.state.known_issuers = KnownIssuers(
            parts.database, parts.actor, fetcher, fetcher.pinned, settings.status_grace_seconds
        )
        yield


async def looked(command: CheckCertificate, request: Request) -> Looked:
    """What can be found out about a presentation before a transaction is opened; for callers with
    a token alone, since it may ask another county over the network."""
    await current_actor(request)
    known: KnownIssuers = request.app.state.known_issuers
    settings: Settings = request.app.state.settings
    return await look_up(command, settings.node_id, known)


unkept_transaction = reads_headers(key=False, personal=True)(door(personal=True, replayed=False))

UnkeptTransaction = Annotated[Tx, Depends(unkept_transaction, scope="function")]
"""The transaction of a request whose answer holds claims: unlike others it is never stored for
replay, not even sealed, since claims are kept by their holder alone."""
CheckSettings = Annotated[Settings, Depends(settings_here)]
Here = Annotated[IssuerHere, Depends(issuer_here)]
LookedUp = Annotated[Looked, Depends(looked)]
