"""What the routes of supplies need beside the usual doors."""

import hmac
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from hashlib import sha256
from typing import Annotated, Final

from fastapi import Depends, Request

from services.migrant.people.rules import is_office
from services.migrant.supplies.errors import CodesDrawn
from shared.actors import Actor
from shared.app import Parts
from shared.clock import today
from shared.db import Tx
from shared.http import opened

A_DAY: Final = 4  # codes that one login draws; shipped default


class Turnstile:
    """Keeps one login from drawing all codes without knowing who drew any: counts under a key of
    this process, in its memory, until midnight. Nothing of it is ever written."""

    def __init__(self, a_day: int = A_DAY) -> None:
        self._a_day = a_day
        self._day: date | None = None
        self._key = b""
        self._counts: dict[bytes, int] = {}

    def pass_one(self, login: str) -> None:
        """Raises CodesDrawn."""
        if self._day != today():
            self._day, self._key, self._counts = today(), os.urandom(32), {}
        mark = hmac.digest(self._key, login.encode(), sha256)[:16]
        if self._counts.get(mark, 0) >= self._a_day:
            raise CodesDrawn()
        self._counts[mark] = self._counts.get(mark, 0) + 1


@asynccontextmanager
async def supply_turnstile(parts: Parts) -> AsyncIterator[None]:
    parts.app.state.supply_turnstile = Turnstile()
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
