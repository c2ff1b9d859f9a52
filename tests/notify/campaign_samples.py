"""What the tests of campaigns share."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from services.notify.campaigns.advancing import advance_campaign
from shared.testing import client_of
from tests.conftest import parts_of
from tests.notify.conftest import HEADERS, SCOPES, Notify
from tests.notify.samples import OPEN

PLAN = {
    "template": "arrival-welcome",
    "purpose": "monthly-greeting",
    "region": "420325",
    "schedule": {"start_at": "2026-01-01T00:00:00Z"},
}


async def audience(notify: Notify, size: int, first: int = 0, **overrides: Any) -> None:
    for number in range(first, first + size):
        await notify.person(purpose="monthly-greeting", phone=f"1370000{number:04}", **overrides)


async def planned(notify: Notify, **overrides: Any) -> dict[str, Any]:
    answer = await notify.post("/campaigns", PLAN | overrides)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


@asynccontextmanager
async def somebody(
    notify: Notify, sub: str = "clerk-2", **claims: str
) -> AsyncIterator[httpx.AsyncClient]:
    """Another clerk's client."""
    values: dict[str, Any] = {"scope": SCOPES, "sub": sub} | claims
    token = notify.issuer.token(**values)
    async with client_of(notify.app, token, HEADERS) as client:
        yield client


async def approved(notify: Notify, **overrides: Any) -> dict[str, Any]:
    """Planned by one, approved by another."""
    campaign = await planned(notify, **overrides)
    async with somebody(notify) as second:
        answer = await second.post(f"/notify/v1/campaigns/{campaign['id']}/approval")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def started(notify: Notify, **overrides: Any) -> str:
    """The path of a campaign that runs."""
    path = f"/campaigns/{(await approved(notify, **overrides))['id']}"
    answer = await notify.post(f"{path}/start", {})
    assert answer.status_code == 200, answer.text
    return path


async def run(notify: Notify, size: int = 5) -> None:
    busy = True
    while busy:
        async with notify.database.transaction(parts_of(notify.app).actor) as tx:
            busy = await advance_campaign(size, tx, OPEN)
