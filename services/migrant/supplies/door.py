"""What the routes of supplies need beside the usual doors."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Final

from fastapi import Depends, Request

from services.migrant.people.rules import is_office
from services.migrant.supplies.errors import CodesDrawn
from shared.actors import Actor
from shared.app import Parts
from shared.db import Tx
from shared.http import opened
from shared.turnstile import Turnstile

A_DAY: Final = 4  # codes that one login draws; shipped default


@asynccontextmanager
async def supply_turnstile(parts: Parts) -> AsyncIterator[None]:
    """Keeps one login from drawing all codes without knowing who drew any."""
    parts.app.state.supply_turnstile = Turnstile(A_DAY, CodesDrawn)
    yield


async def anonymous_transaction(request: Request) -> AsyncIterator[Tx]:
    """The transaction that draws codes: its answer is never stored for replay, since a stored
    answer stands under its caller."""
    async with opened(request, replayed=False) as tx:
        turnstile: Turnstile = request.app.state.supply_turnstile
        pass_through(turnstile, tx.actor)
        yield tx


def pass_through(turnstile: Turnstile, actor: Actor) -> None:
    """Offices draw as many as people ask for."""
    if not is_office(actor):
        turnstile.pass_one(actor.sub)


AnonymousTransaction = Annotated[Tx, Depends(anonymous_transaction, scope="function")]
