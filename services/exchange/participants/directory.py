"""Follows who takes part (名录): our own changed record goes to our city, and what the cities
signed about others comes back.

Whether our record changed is read from the database, so a city that is away only delays: we ask
until it has signed. The answer to the same record is the same, so asking twice does no harm.
Records are public facts and signed; neither needs a client certificate, and a certificate that our
peers do not know yet can be announced.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import structlog
from pydantic import BaseModel, TypeAdapter, ValidationError

from services.exchange.errors import RecordNotTrusted
from services.exchange.participants.handlers import follow_record, renew_ourselves
from services.exchange.participants.levels import Level
from services.exchange.participants.models import Participant
from services.exchange.participants.node import own_row, proving_key
from services.exchange.participants.queries import (
    find_active,
    get_own_record,
    list_cities,
    own_participant,
)
from services.exchange.participants.schemas import Renewal, SignedRecord
from services.exchange.peers import OpenClient, Peers
from services.exchange.settings import Settings
from shared.app import Extra, Parts
from shared.db import Tx
from shared.signing import JsonObject, sign_detached
from shared.tasks import end

log = structlog.get_logger()

RENEWALS = "/exchange/v1/renewals"
RECORDS = "/exchange/.well-known/participants"

_SOONEST_SECONDS = 5.0  # our own record; and others', where strangers' keys make us look
_PAGE = 200


def directory(open_: OpenClient) -> Extra:
    """The follower as background work of the service; the app's state holds it, for the doors."""

    @asynccontextmanager
    async def extra(parts: Parts) -> AsyncIterator[None]:
        every = parts.settings_as(Settings).directory_seconds
        parts.app.state.directory = follower = Directory(parts, Peers(open_), every)
        task = asyncio.create_task(follower.run())
        try:
            yield
        finally:
            await end(task)
            await follower.close()

    return extra


class _Page(BaseModel):
    """A page of a directory, its records not looked at yet."""

    items: list[JsonObject]
    next: str
    more: bool


_OBJECT = TypeAdapter(JsonObject)


class Directory:
    """Looks every so many seconds, and soon after somebody signed with a key we do not know."""

    def __init__(self, parts: Parts, peers: Peers, every: float) -> None:
        self._database = parts.database
        self._actor = parts.actor
        self._peers = peers
        self._every = every
        self._soonest = min(_SOONEST_SECONDS, every)
        self._read: dict[str, str] = {}  # how far, by city
        self._looked = self._asked = 0.0
        self._wanted = False

    def want(self) -> None:
        """Look soon: a message may be of a key that a city has signed meanwhile."""
        self._wanted = True

    async def close(self) -> None:
        await self._peers.close()

    async def run(self) -> None:
        """Until cancelled; survives outages of the database, and of every city."""
        while True:
            try:
                await self._turn()
            except Exception as error:
                log.warning("directory-paused", error=type(error).__name__)
            await asyncio.sleep(self._soonest)

    async def _turn(self) -> None:
        now = time.monotonic()
        if now >= self._asked:
            renewed = await self.renew()
            self._asked = now + (0 if renewed else self._every)
        rest = self._soonest if self._wanted else self._every
        if now - self._looked >= rest:
            self._looked, self._wanted = now, False
            await self.look()

    async def renew(self) -> bool:
        """Have our record signed if it changed. False when the city did not sign it."""
        async with self._database.transaction(self._actor) as tx:
            if (await own_row(tx)).level == Level.CITY:
                await renew_ourselves(tx)
                return True
            asked, city = await _renewal(tx)
        if asked is None or city is None:
            return True
        try:
            client = await self._peers.client(city)
            answer = await client.post(RENEWALS, json=asked.model_dump())
            signed = _OBJECT.validate_json(answer.raise_for_status().content)
        except (httpx.HTTPError, OSError, ValidationError) as error:
            log.warning("renewal-not-signed", city=city.id, error=_told(error))
            return False
        return await self._take(signed, city)

    async def look(self) -> None:
        """Read on in the directory of each city we know."""
        async with self._database.transaction(self._actor) as tx:
            cities = await list_cities(tx)
        for city in cities:
            try:
                await self._follow(city)
            except (httpx.HTTPError, OSError, ValidationError) as error:
                log.warning("directory-unread", city=city.id, error=_told(error))

    async def _follow(self, city: Participant) -> None:
        client, more = await self._peers.client(city), True
        while more:
            query = {"limit": str(_PAGE)} | {
                name: value for name, value in [("since", self._read.get(city.id))] if value
            }
            answer = (await client.get(RECORDS, params=query)).raise_for_status()
            page = _Page.model_validate_json(answer.content)
            for raw in page.items:
                await self._take(raw, city)
            more = page.more and page.next != self._read.get(city.id)
            self._read[city.id] = page.next

    async def _take(self, raw: JsonObject, city: Participant) -> bool:
        """Whether it is a record that we believe; one that we do not stops no other."""
        try:
            signed = SignedRecord.model_validate(raw)
            async with self._database.transaction(self._actor) as tx:
                await follow_record(signed, tx)
        except (ValidationError, RecordNotTrusted) as error:
            log.warning("record-not-taken", city=city.id, error=type(error).__name__)
            return False
        return True


async def _renewal(tx: Tx) -> tuple[Renewal | None, Participant | None]:
    """What our city has to sign, and the city; nothing while the record it signed still holds."""
    known = await own_participant(tx)
    if known is None or known.revoked_at is not None:
        return None, None
    record, key = await get_own_record(tx), await proving_key(tx)
    if key is None or record.version == known.record_version:
        return None, None
    raw = record.model_dump(mode="json")
    renewal = Renewal(record=raw, signature=sign_detached(raw, key))
    return renewal, await find_active(known.admitted_by, tx)


def _told(error: Exception) -> str:
    """What to say of a failure: the status of an answer, else the kind of error."""
    if isinstance(error, httpx.HTTPStatusError):
        return str(error.response.status_code)
    return type(error).__name__
