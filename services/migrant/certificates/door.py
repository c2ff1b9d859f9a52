"""What the routes of certificates need beside the usual doors."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, Request

from services.migrant.certificates.rules import IssuerHere
from services.migrant.certificates.trust import Fetch
from services.migrant.settings import Settings
from shared.db import Tx
from shared.http import opened, reads_headers


def issuer_here(request: Request) -> IssuerHere:
    settings: Settings = request.app.state.settings
    return IssuerHere(
        name=settings.node_id,
        status_base=f"{settings.public_url}/migrant/v1/status-lists/",
        status_ttl=settings.status_ttl_seconds,
        status_lifetime=settings.status_lifetime_seconds,
        status_grace=settings.status_grace_seconds,
    )


def fetcher(request: Request) -> Fetch:
    fetch: Fetch = request.app.state.status_fetcher
    return fetch


@reads_headers(key=False)
async def unkept_transaction(request: Request) -> AsyncIterator[Tx]:
    """The transaction of a request whose answer holds claims: unlike others it is never stored
    for replay, not even sealed, since claims are kept by their holder alone."""
    async with opened(request, personal=True, replayed=False) as tx:
        yield tx


UnkeptTransaction = Annotated[Tx, Depends(unkept_transaction, scope="function")]
Here = Annotated[IssuerHere, Depends(issuer_here)]
Fetching = Annotated[Fetch, Depends(fetcher)]
