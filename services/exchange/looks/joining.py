"""Asks each service's data tracker with the caller's own token, and puts the answers in one order.

It is her request: each service decides by itself whether she may ask. One that does not answer is
named in the result, and the others are told of all the same.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, TypeVar

import httpx
import structlog
from pydantic import ValidationError

from services.exchange.dci.sources import OpenSources, open_sources
from services.exchange.looks.errors import TooFarIn
from services.exchange.looks.schemas import (
    JoinedHeartbeatResponse,
    JoinedPeriodResponse,
    JoinedUsageResponse,
)
from services.exchange.settings import Settings
from shared.app import Extra, Parts
from shared.datatracker import (
    MOST_ENTRIES,
    FindUsageResponse,
    HeartbeatResponse,
    UsagePeriodResponse,
    UsageView,
)

log = structlog.get_logger()

SERVICES: Final = ("registry", "migrant", "exchange", "assessment", "notify")
_FURTHEST: Final = 10_000  # entries that are put in order for one answer

Answer = TypeVar("Answer")


def trackers(open_: OpenSources | None = None) -> Extra:
    """The trackers, at `app.state.trackers`; by default at the address in the settings."""

    @asynccontextmanager
    async def extra(parts: Parts) -> AsyncIterator[None]:
        settings = parts.settings_as(Settings)
        address = settings.services_url or settings.public_url
        async with (open_ or open_sources(address))() as client:
            parts.app.state.trackers = Trackers(client)
            yield

    return extra


@dataclass(frozen=True)
class Asked:
    """What of whose looks is asked for. `headers` are the caller's own: who she is, in which
    language. `offset` and `limit` count entries of all services together; `period` bounds them, so
    that pages asked for one after the other are of one moment."""

    user_code: str
    headers: Mapping[str, str]
    offset: int = 0
    limit: int = MOST_ENTRIES
    period: dict[str, str] = field(default_factory=dict)


@dataclass
class _Looks:
    """The newest looks that one service tells of, and how many it has."""

    usages: list[UsageView] = field(default_factory=list)
    total: int = 0


class Trackers:
    """The data trackers of the five services."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def find_usage(self, asked: Asked) -> JoinedUsageResponse:
        """Newest first. Raises TooFarIn where more would have to be sorted than is sensible."""
        if asked.offset >= _FURTHEST:
            raise TooFarIn()
        wanted = min(asked.offset + asked.limit, _FURTHEST)
        told, away = await self._of_each(lambda service: self._looks(service, asked, wanted))
        together = sorted(
            (usage for each in told for usage in each.usages),
            key=lambda usage: usage.logtime.timestamp(),
            reverse=True,
        )
        return JoinedUsageResponse(
            total_usages=sum(each.total for each in told),
            usages=together[asked.offset : wanted],
            unavailable_systems=away,
        )

    async def usage_period(self, headers: Mapping[str, str]) -> JoinedPeriodResponse:
        """Since when the service that has kept entries longest keeps them; now, if none answers."""

        async def since(service: str) -> datetime:
            answer = await self._get(service, "usagePeriod", headers, {})
            return UsagePeriodResponse.model_validate_json(answer).period_start

        told, away = await self._of_each(since)
        start = min(told, key=datetime.timestamp, default=datetime.now(UTC))
        return JoinedPeriodResponse(period_start=start, unavailable_systems=away)

    async def heartbeat(self, headers: Mapping[str, str]) -> JoinedHeartbeatResponse:
        async def alive(service: str) -> HeartbeatResponse:
            answer = await self._get(service, "heartbeat", headers, {})
            return HeartbeatResponse.model_validate_json(answer)

        _, away = await self._of_each(alive)
        status, message = ("FAIL", "a service is away") if away else ("OK", "API is ready")
        return JoinedHeartbeatResponse(status=status, message=message, unavailable_systems=away)

    async def _looks(self, service: str, asked: Asked, wanted: int) -> _Looks:
        """The newest `wanted` looks of one service, page by page."""
        found = _Looks()
        while True:
            params = {
                "userCode": asked.user_code,
                "offset": str(len(found.usages)),
                "limit": str(min(MOST_ENTRIES, wanted - len(found.usages))),
            }
            answer = await self._get(service, "findUsage", asked.headers, params | asked.period)
            page = FindUsageResponse.model_validate_json(answer)
            found.usages += page.usages
            found.total = page.total_usages
            if not page.usages or len(found.usages) >= min(wanted, found.total):
                return found

    async def _get(
        self, service: str, path: str, headers: Mapping[str, str], params: Mapping[str, str]
    ) -> bytes:
        answer = await self._client.get(
            f"/{service}/datatracker/v2/{path}", params=params, headers=headers
        )
        return answer.raise_for_status().content

    async def _of_each(
        self, ask: Callable[[str], Awaitable[Answer]]
    ) -> tuple[list[Answer], list[str]]:
        """What the services said that answered, and the names of the others."""

        async def one(service: str) -> Answer | None:
            try:
                return await ask(service)
            except (httpx.HTTPError, OSError, ValidationError) as error:
                log.warning("tracker-away", tracker=service, error=type(error).__name__)
                return None

        answers = await asyncio.gather(*(one(each) for each in SERVICES))
        told = [answer for answer in answers if answer is not None]
        missing = zip(SERVICES, answers, strict=True)
        return told, [f"yipan-{service}" for service, answer in missing if answer is None]
