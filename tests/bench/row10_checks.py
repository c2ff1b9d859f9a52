"""Row 10: certificate checks in a county of 200,000 migrants in the busiest week of the year,
against a bare ASGI application that verifies the same tokens and does nothing else.

An hour has 20,000 checks, a day the arrivals of 5 % of the migrants, in eight hours. The bench
asks for it ten times as fast, so that a round of seconds has enough checks for a percentile; with
--as-asked also at the county's own pace, for as many checks, which takes ten times as long. The
arrivals go on beside our checks; the limit, at the same pace, has nothing beside it.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from typing import Any

import httpx

from deploy.box.databases import migrate, owner_dsn
from deploy.box.fleet import free_ports
from services.migrant.arrivals.models import Arrival
from services.migrant.people.models import PersonHere
from shared.clock import today
from shared.ids import new_id
from shared.testing import VAULT
from tests.bench import people
from tests.bench.entering import enter
from tests.bench.frame import Contest, Figures, Goal
from tests.bench.pace import at_rate, percentile
from tests.bench.stand import Stand, served

CHECKS_AN_HOUR = 20_000
ARRIVALS_A_DAY = 0.05  # of the migrants
DAY = 8 * 3600  # seconds in which they arrive
CERTIFICATES = 1_000
HOME = "500101100001"


@dataclass(frozen=True, slots=True)
class Pace:
    """How many times as fast as the county asks it is measured; rates are a second."""

    figure: str
    faster: int

    @property
    def checks(self) -> float:
        return CHECKS_AN_HOUR / 3600 * self.faster

    def arrivals(self, migrants: int) -> float:
        return ARRIVALS_A_DAY * migrants / DAY * self.faster


TENFOLD = Pace("p95", 10)
AS_ASKED = Pace("p95 as asked", 1)


@asynccontextmanager
async def contest(stand: Stand, migrants: int, *, as_asked: bool) -> AsyncIterator[Contest]:
    paces = (TENFOLD, AS_ASKED) if as_asked else (TENFOLD,)
    owner = owner_dsn(stand.postgres, "migrant", stand.passwords)
    await migrate("migrant", owner)
    await _fill(owner, migrants)
    token = stand.issuer.token(scope="migrant:read migrant:write migrant:admin")
    headers = {"Authorization": f"Bearer {token}", "Purpose": "verification"}
    async with (
        stand.service("migrant") as ours,
        httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{ours.port}/migrant/v1", headers=headers, timeout=60
        ) as client,
    ):
        shown = [await _issued(client, number) for number in range(CERTIFICATES)]
        async with (
            _verifying(stand, await _keys(client)) as port,
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60) as bare,
        ):
            shown = shown[: round(TENFOLD.checks * stand.seconds)]
            newcomers = count(migrants)
            yield Contest(
                row=10,
                what=f"certificate check, {migrants:,} migrants, "
                + ", ".join(_told(each, migrants) for each in paces),
                against="bare ASGI, verifying the token alone",
                goals=[Goal(each.figure, "ms", 2.0, at_least=False) for each in paces],
                ours=lambda: _at(
                    paces, lambda pace: _ours(client, shown, pace, migrants, newcomers)
                ),
                limit=lambda: _at(
                    paces, lambda pace: _paced(partial(_post, bare, "/"), shown, pace)
                ),
            )


def _told(pace: Pace, migrants: int) -> str:
    arrivals = pace.arrivals(migrants)
    return f"{pace.figure} at {pace.checks:.1f}/s beside {arrivals:.2f} arrivals/s"


async def _at(paces: Sequence[Pace], take: Callable[[Pace], Awaitable[Figures]]) -> Figures:
    figures: dict[str, float] = {}
    for pace in paces:
        figures |= await take(pace)
    return figures


async def _fill(dsn: str, migrants: int) -> None:
    """Enter made-up people with a stay each, by COPY, as the welcome desk enters them."""
    for start in range(0, migrants, 20_000):
        known = [_person(number) for number in range(start, min(start + 20_000, migrants))]
        await enter(dsn, known, [_stay(each) for each in known])


def _person(number: int) -> PersonHere:
    person_id, moment = new_id(), datetime.now(UTC)
    id_number = people.id_number(number)
    return PersonHere(
        person_id=person_id,
        name=people.name(number),
        id_number_sealed=VAULT.seal(id_number, f"people.id_number:{person_id}"),
        id_number_index=VAULT.index(id_number, "id_number"),
        region=people.VILLAGE,
        origin_region=HOME,
        created_at=moment,
        updated_at=moment,
    )


def _stay(person: PersonHere) -> Arrival:
    since = today() - timedelta(days=200)
    return Arrival(
        id=new_id(),
        person_id=person.person_id,
        region=person.region,
        origin_region=person.origin_region,
        arrived_on=since,
        in_county_since=since,
        stay_purpose="work",
        recorded_at=person.created_at,
        recorded_by="bench",
    )


async def _issued(client: httpx.AsyncClient, number: int) -> str:
    """A certificate with name, birth date and home region, as its holder shows it."""
    answer = await client.post(
        "/certificates",
        json={
            "person_id": str(new_id()),
            "requested_by_holder": True,
            "claims": ["name", "birth_date", "home_region"],
            "facts": {
                "name": people.name(number),
                "birth_date": people.birth_date(number).isoformat(),
                "home_region": people.VILLAGE,
            },
            "valid_days": 180,
        },
        headers={"Purpose": "certificate"},
    )
    return str(answer.raise_for_status().json()["credential"])


async def _keys(client: httpx.AsyncClient) -> str:
    answer = await client.get("/issuer-keys")
    return answer.raise_for_status().text


@asynccontextmanager
async def _verifying(stand: Stand, keys: str) -> AsyncIterator[int]:
    """The bare limit, in a process of its own."""
    (port,) = free_ports(1)
    settings = {"BENCH_KEYS": keys, "BENCH_PORT": str(port)}
    async with served(["-m", "tests.bench.bare_check"], settings, port, stand.folder):
        yield port


async def _ours(
    client: httpx.AsyncClient,
    shown: list[str],
    pace: Pace,
    migrants: int,
    newcomers: Iterator[int],
) -> Figures:
    seconds, arriving = len(shown) / pace.checks, pace.arrivals(migrants)
    bodies = [_arrival(next(newcomers)) for _ in range(max(1, round(arriving * seconds)))]
    arrive = [partial(_arrive, client, body) for body in bodies]
    figures, _ = await asyncio.gather(
        _paced(partial(_post, client, "/certificate-checks"), shown, pace),
        at_rate(arrive, arriving),
    )
    return figures


def _arrival(number: int) -> dict[str, Any]:
    return {
        "name": people.name(number),
        "id_number": people.id_number(number),
        "origin_region": HOME,
        "region": people.VILLAGE,
        "arrived_on": today().isoformat(),
        "stay_purpose": "work",
    }


async def _arrive(client: httpx.AsyncClient, body: dict[str, Any]) -> None:
    (await client.post("/arrivals", json=body)).raise_for_status()


async def _post(client: httpx.AsyncClient, path: str, presentation: str) -> None:
    answer = await client.post(path, json={"presentation": presentation})
    if answer.raise_for_status().json().get("outcome", "genuine") != "genuine":
        raise RuntimeError("a genuine certificate was found to be otherwise")


async def _paced(check: Any, shown: list[str], pace: Pace) -> Figures:
    took: list[float] = []

    async def timed(presentation: str) -> None:
        began = time.perf_counter()
        await check(presentation)
        took.append(time.perf_counter() - began)

    await at_rate([partial(timed, each) for each in shown], pace.checks)
    return {pace.figure: percentile(took, 95)}
