"""The joined data tracker: every service's looks in one order, with the caller's own token."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from services.exchange.app import create
from services.exchange.looks.joining import SERVICES
from services.exchange.settings import Settings
from shared.ids import new_id
from shared.testing import Issuer, client_of, running, service_settings
from tests.conftest import Cluster
from tests.contracts.test_outside_contracts import tracker_schema
from tests.exchange.federation import FakeBus

HER = new_id()
PATH = "/exchange/datatracker/joined/v2"
START = datetime(2026, 5, 1, tzinfo=UTC)


class Services:
    """The five services' trackers: each saw her so many times, one minute apart, in turns."""

    def __init__(self, **counts: int) -> None:
        self.counts = dict.fromkeys(SERVICES, 0) | counts
        self.broken: dict[str, Callable[[], httpx.Response]] = {}
        self.asked: list[httpx.Request] = []

    def looks(self, service: str) -> list[dict[str, str]]:
        first = SERVICES.index(service)
        return [
            {
                "logtime": (START - timedelta(minutes=first + number * 5)).isoformat(),
                "action": f"{service} {number}",
                "receiverCode": "org",
                "receiverSystem": f"yipan-{service}",
            }
            for number in range(self.counts[service])
        ]

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        service, operation = request.url.path.split("/")[1], request.url.path.rpartition("/")[2]
        if service in self.broken:
            return self.broken[service]()
        if operation == "heartbeat":
            return httpx.Response(200, json={"status": "OK", "message": "ready"})
        if operation == "usagePeriod":
            since = START - timedelta(days=SERVICES.index(service))
            return httpx.Response(200, json={"periodStart": since.isoformat()})
        asked = request.url.params
        offset, limit = int(asked["offset"]), int(asked["limit"])
        assert limit <= 1000
        found = self.looks(service)
        page = {"totalUsages": len(found), "usages": found[offset : offset + limit]}
        return httpx.Response(200, json=page)


@pytest.fixture
async def ask(cluster: Cluster, issuer: Issuer) -> Any:
    """Ask a running exchange: (services, path, params, claims) -> response."""
    dsn = await cluster.database("exchange")
    settings = Settings(**service_settings("exchange", dsn, issuer))

    async def call(services: Services, path: str, expect: int = 200, **how: Any) -> Any:
        transport = httpx.MockTransport(services.answer)
        app = create(
            settings,
            FakeBus(),
            open_sources=lambda: httpx.AsyncClient(transport=transport, base_url="http://own.test"),
        )
        claims = {"scope": "self", "sub": str(HER)} | how.pop("claims", {})
        headers = {"X-Road-UserId": "x", "Accept-Language": "zh"} | how.pop("headers", {})
        token = issuer.token(**claims)
        async with running(app), client_of(app, token, headers) as client:
            answer = await client.get(f"{PATH}/{path}", params={"userCode": str(HER)} | how)
        assert answer.status_code == expect, answer.text
        return answer.json()

    return call


async def test_looks_of_all_services_come_newest_first_page_by_page(ask: Any) -> None:
    services = Services(registry=7, migrant=3, notify=4)
    whole = await ask(services, "findUsage")
    times = [each["logtime"] for each in whole["usages"]]
    assert (whole["totalUsages"], len(times), whole["unavailableSystems"]) == (14, 14, [])
    assert times == sorted(times, reverse=True)
    assert {each["receiverSystem"] for each in whole["usages"]} == {
        "yipan-registry",
        "yipan-migrant",
        "yipan-notify",
    }
    tracker_schema("FindUsageResponse").validate(whole)
    pages = [await ask(services, "findUsage", offset=n, limit=4) for n in range(0, 14, 4)]
    assert [each for page in pages for each in page["usages"]] == whole["usages"]
    assert {page["totalUsages"] for page in pages} == {14}
    assert (await ask(services, "findUsage", offset=14))["usages"] == []


async def test_more_than_a_page_of_one_service_is_read_on(ask: Any) -> None:
    services = Services(registry=2300, exchange=2)
    page = await ask(services, "findUsage", offset=2000, limit=302)
    assert page["totalUsages"] == 2302
    assert len(page["usages"]) == 302
    assert page["usages"][-1]["action"] == "registry 2299"
    await ask(services, "findUsage", expect=400, offset=10_000, limit=1)


async def test_more_may_be_asked_for_than_one_answer_holds(ask: Any) -> None:
    services = Services(registry=12_000)
    page = await ask(services, "findUsage", limit=2**31 - 1)
    assert (page["totalUsages"], len(page["usages"])) == (12_000, 1000)
    last = await ask(services, "findUsage", offset=9_500)
    assert last["usages"][-1]["action"] == "registry 9999"
    none = await ask(services, "findUsage", limit=0)
    assert (none["totalUsages"], none["usages"]) == (12_000, [])


async def test_it_is_her_request_and_nobody_elses(ask: Any) -> None:
    services = Services(registry=1)
    await ask(services, "findUsage", periodStart="2026-01-01T00:00:00Z")
    assert len(services.asked) == 5
    for request in services.asked:
        assert request.headers["authorization"].startswith("Bearer ")
        assert request.headers["accept-language"] == "zh"
        assert request.headers["x-road-userid"] == "x"
        assert request.url.params["userCode"] == str(HER)
        assert request.url.params["periodStart"].startswith("2026-01-01T00:00:00")
        assert request.url.params["periodEnd"]
    asked = len(services.asked)
    await ask(services, "findUsage", expect=403, claims={"sub": str(new_id())})
    await ask(services, "findUsage", expect=403, claims={"scope": "exchange:read"})
    await ask(services, "findUsage", expect=403, claims={"scope": "usage:read", "region": "110101"})
    await ask(services, "findUsage", expect=400, userCode="x")
    assert len(services.asked) == asked  # nobody was asked for a stranger
    await ask(services, "findUsage", claims={"scope": "usage:read", "sub": "auditor"})


def _cut() -> httpx.Response:
    raise httpx.ConnectError("cut")


@pytest.mark.parametrize(
    "broken",
    [
        _cut,
        lambda: httpx.Response(503),
        lambda: httpx.Response(200, text="<html>"),
        lambda: httpx.Response(200, json={"usages": "x"}),
        lambda: httpx.Response(403, json={}),
    ],
)
async def test_a_service_that_is_away_is_named_and_the_others_told(
    ask: Any, broken: Callable[[], httpx.Response]
) -> None:
    services = Services(registry=2, migrant=2)
    services.broken["migrant"] = broken
    told = await ask(services, "findUsage")
    assert told["unavailableSystems"] == ["yipan-migrant"]
    assert told["totalUsages"] == len(told["usages"]) == 2
    tracker_schema("FindUsageResponse").validate(told)
    alive = await ask(services, "heartbeat")
    assert (alive["status"], alive["unavailableSystems"]) == ("FAIL", ["yipan-migrant"])
    tracker_schema("HeartbeatResponse").validate(alive)


async def test_period_and_heartbeat_have_the_published_shape(ask: Any) -> None:
    services = Services()
    period = await ask(services, "usagePeriod")
    assert datetime.fromisoformat(period["periodStart"]) == START - timedelta(days=4)
    tracker_schema("UsagePeriodResponse").validate(period)
    alive = await ask(services, "heartbeat")
    assert (alive["status"], alive["unavailableSystems"]) == ("OK", [])
    services.broken = dict.fromkeys(SERVICES, _cut)
    away = await ask(services, "usagePeriod")
    assert len(away["unavailableSystems"]) == 5
    assert datetime.fromisoformat(away["periodStart"]) > START
    odd = {"X-Road-UserId": b"\xff\xe9", "Accept-Language": b"en;q=nan,\xff"}
    assert len((await ask(services, "heartbeat", headers=odd))["unavailableSystems"]) == 5
