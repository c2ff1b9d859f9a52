"""A load of writes that keeps a ledger of what was acknowledged, while the box comes and goes."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from uuid import uuid4

import httpx

from deploy.box.keys import make_token
from tests.bench import people
from tests.chaos.box import Box

PERSON = "person"
ARRIVAL = "arrival"
PATHS = {PERSON: "/registry/v1/persons", ARRIVAL: "/migrant/v1/arrivals"}
SCOPE = "registry:read registry:write migrant:read migrant:write"
ORIGIN = "500101"  # a county of another province
_GIVE_UP_EVERY = 4  # one caller in so many does not ask again when the line breaks


@dataclass
class Ledger:
    """What the callers know: `acknowledged` maps (kind, number of the made-up person) to the id
    that the answer carried; `unknown` were sent and never answered."""

    acknowledged: dict[tuple[str, int], str] = field(default_factory=dict)
    unknown: set[tuple[str, int]] = field(default_factory=set)
    refused: Counter[str] = field(default_factory=Counter)
    repeated: int = 0

    def numbers(self, kind: str) -> list[int]:
        """Of the people acknowledged under a kind."""
        return [number for each, number in self.acknowledged if each == kind]


def body(kind: str, number: int) -> dict[str, Any]:
    """The request that enters made-up person `number`."""
    if kind == PERSON:
        return people.person(number)
    return {
        "name": people.name(number),
        "id_number": people.id_number(number),
        "origin_region": ORIGIN,
        "region": people.VILLAGE,
        "arrived_on": "2026-03-02",
        "stay_purpose": "work",
        "phone": people.phone(number),
    }


@asynccontextmanager
async def writing(box: Box, ledger: Ledger, callers: int, pause: float) -> AsyncIterator[None]:
    """Callers that write around a block. At its end the box must be running: whoever still has no
    answer asks until it comes."""
    token = make_token(
        box.keys, sub="clerk-1", region=people.COUNTY, scope=SCOPE, org="desk", name=""
    )
    headers = {"Authorization": f"Bearer {token}", "Purpose": "registration"}
    stop = asyncio.Event()
    numbers = count(1)
    async with httpx.AsyncClient(base_url=box.url, headers=headers, timeout=15) as client:

        async def caller() -> None:
            while not stop.is_set():
                number = next(numbers)
                await _write(client, PERSON if number % 2 else ARRIVAL, number, ledger)
                await asyncio.sleep(pause)

        tasks = [asyncio.create_task(caller()) for _ in range(callers)]
        try:
            yield
        except BaseException:
            for task in tasks:
                task.cancel()
            raise
        finally:
            stop.set()
            await asyncio.gather(*tasks, return_exceptions=True)
        for task in tasks:
            task.result()


async def _write(client: httpx.AsyncClient, kind: str, number: int, ledger: Ledger) -> None:
    patient = number // 2 % _GIVE_UP_EVERY != 0
    headers = {"Idempotency-Key": str(uuid4())}
    while True:
        try:
            answer = await client.post(PATHS[kind], json=body(kind, number), headers=headers)
        except httpx.TransportError:
            answer = None
        if answer is not None and answer.status_code == 201:
            ledger.acknowledged[kind, number] = answer.json()["id"]
            return
        if answer is not None and answer.status_code != 503:
            ledger.refused[f"{answer.status_code} {answer.json().get('type', '')}"] += 1
            return
        if not patient:
            ledger.unknown.add((kind, number))
            return
        ledger.repeated += 1
        await asyncio.sleep(0.1)
