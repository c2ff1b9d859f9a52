"""The delivery dashboard: its counts, its page, its gauges, and how it is read."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree

import pytest

from services.notify.messages.rules import Lane
from services.notify.providers.health import Health
from services.notify.providers.schemas import Outcome
from services.notify.watching import queries
from services.notify.watching.handlers import note_health
from shared.ids import new_id
from shared.testing import client_of
from tests.conftest import parts_of
from tests.notify.conftest import Notify, NotifyFactory
from tests.notify.samples import ALWAYS, FakeProvider

PHONE = "13900000001"


@pytest.fixture
async def busy(start_notify: NotifyFactory) -> AsyncIterator[Notify]:
    """One text delivered, one refused, one accepted, one whose call broke off, one waiting."""
    terms = {"simulator": {"fen_per_part": "4.5"}}
    watching = {"every_seconds": 0.05}
    async with start_notify(sending=ALWAYS | {"terms": terms}, watching=watching) as notify:
        people = [await notify.person(phone=f"1390000000{n}") for n in range(1, 6)]
        sent = [await notify.send(each) for each in people[:4]]
        answers = [Outcome.ACCEPTED, Outcome.PERMANENT, Outcome.ACCEPTED, Outcome.UNKNOWN]
        await notify.worker(FakeProvider(answers=answers)).send_due(Lane.BULK)
        await notify.rows(
            "UPDATE messages SET status = 'delivered', done_at = now() WHERE id = $1",
            sent[0]["id"],
        )
        await notify.send(people[4])
        await notify.rows(
            "UPDATE messages SET due_at = due_at - interval '90 seconds' WHERE status = 'queued'"
        )
        yield notify


def flow_of(view: dict[str, Any]) -> dict[str, Any]:
    (flow,) = (each for each in view["flows"] if each["provider"] == "simulator")
    return dict(flow)


async def test_texts_are_counted_by_provider_lane_and_state(busy: Notify) -> None:
    view = await busy.get("/delivery")
    flow = flow_of(view)
    parts = sum(
        row["parts"]
        for row in await busy.rows("SELECT parts FROM messages WHERE submitted_at IS NOT NULL")
    )
    assert parts >= 2
    assert flow == {
        "provider": "simulator",
        "lane": "bulk",
        "in_flight": 1,  # marked, and no answer recorded
        "unknown": 0,
        "awaiting_receipt": 1,
        "delivered": 1,
        "failed": {"because": 1},
        "unconfirmed": 0,
        "cancelled": 0,
        "segments": parts,
        "cost_fen": str(parts * 4.5),
        "success_last_hour": 50.0,
        "success_last_day": 50.0,
    }
    bulk = next(each for each in view["lanes"] if each["lane"] == "bulk")
    assert (bulk["queued"], bulk["due"], bulk["held"]) == (1, 1, 0)
    assert 90 <= bulk["oldest_unsent_seconds"] < 200
    assert sum(each["delivered"] for each in view["hours"]) == 1
    assert sum(each["failed"] for each in view["hours"]) == 1
    assert len(view["hours"]) == 25


async def test_a_call_that_broke_off_counts_as_unknown_once_it_is_asked_about(
    busy: Notify,
) -> None:
    await busy.worker(FakeProvider(knows=Outcome.UNKNOWN)).ask()
    flow = flow_of(await busy.get("/delivery"))
    assert (flow["in_flight"], flow["unknown"]) == (0, 1)


async def test_what_ended_before_yesterday_is_not_shown(busy: Notify) -> None:
    await busy.rows(
        "UPDATE messages SET done_at = now() - interval '2 hours' WHERE done_at IS NOT NULL"
    )
    flow = flow_of(await busy.get("/delivery"))
    assert (flow["success_last_hour"], flow["success_last_day"]) == (None, 50.0)
    await busy.rows(
        "UPDATE messages SET done_at = now() - interval '25 hours' WHERE done_at IS NOT NULL"
    )
    flow = flow_of(await busy.get("/delivery"))
    assert (flow["delivered"], flow["failed"], flow["success_last_day"]) == (0, {}, None)


async def test_a_clerk_sees_the_counts_of_her_own_township(busy: Notify) -> None:
    token = busy.issuer.token(scope="notify:read", region="420325200")
    async with client_of(busy.app, token) as client:
        answer = await client.get("/notify/v1/delivery")
    assert answer.status_code == 200
    assert answer.json()["flows"] == []


@pytest.mark.parametrize("path", ["/delivery", "/delivery/page", "/alerts"])
async def test_only_this_countys_staff_may_look(notify: Notify, path: str) -> None:
    for token in (
        notify.issuer.token(scope="registry:read"),
        notify.issuer.token(scope="notify:read", region="310101"),
    ):
        async with client_of(notify.app, token) as client:
            assert (await client.get(f"/notify/v1{path}")).status_code == 403
    async with client_of(notify.app) as client:
        assert (await client.get(f"/notify/v1{path}")).status_code == 401


@pytest.mark.parametrize(("language", "words"), [("en", "SMS delivery"), ("zh", "短信发送概况")])
async def test_the_page_needs_nothing_and_names_nobody(
    busy: Notify, language: str, words: str
) -> None:
    await note(busy, 3.0, "throttled")
    answer = await busy.client.get(
        "/notify/v1/delivery/page", headers={"Accept-Language": language}
    )
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    page = answer.text
    assert words in page and "because" in page and "throttled" in page
    assert page.count("<svg") == 3
    for chart in page.split("<svg")[1:]:
        ElementTree.fromstring("<svg" + chart.partition("</svg>")[0] + "</svg>")
    for forbidden in ("<script", "http://", "https://", "src=", PHONE, PHONE[-4:], "体检"):
        assert forbidden not in page.replace('xmlns="http://www.w3.org/2000/svg"', ""), forbidden


async def note(notify: Notify, points: float, error: str | None = None) -> None:
    async with notify.database.transaction(parts_of(notify.app).actor) as tx:
        found = Health("simulator", 100, points, error, tx.now if error else None)
        await note_health(WORKER, [found], tx)


WORKER = new_id()


async def test_a_provider_shows_the_points_of_the_least_lucky_process(notify: Notify) -> None:
    await note(notify, 80.0)
    async with notify.database.transaction(parts_of(notify.app).actor) as tx:
        await note_health(new_id(), [Health("simulator", 100, 25.0, "not-connected", tx.now)], tx)
    (provider,) = (await notify.get("/delivery"))["providers"]
    assert (provider["points"], provider["weight"], provider["last_error"]) == (
        25.0,
        100,
        "not-connected",
    )
    assert provider["low_since"] is not None
    await notify.rows("UPDATE provider_states SET seen_at = now() - interval '2 minutes'")
    assert (await notify.get("/delivery"))["providers"] == []


async def test_a_low_provider_stays_low_since_then_until_it_recovers(notify: Notify) -> None:
    async def low_since() -> Any:
        return (await notify.rows("SELECT low_since FROM provider_states"))[0]["low_since"]

    await note(notify, 30.0, "busy")
    first = await low_since()
    await note(notify, 20.0)
    assert first is not None and await low_since() == first
    await note(notify, 50.0)
    assert await low_since() is None
    (row,) = await notify.rows("SELECT last_error FROM provider_states")
    assert row["last_error"] == "busy"


async def test_the_sending_worker_tells_how_it_finds_its_providers(notify: Notify) -> None:
    await notify.send(await notify.person())
    worker = notify.worker(FakeProvider(answers=[Outcome.TEMPORARY]))
    await worker.send_due(Lane.BULK)
    (health,) = worker.health()
    assert (health.provider, health.weight, health.last_error) == ("simulator", 100, "because")
    assert 50 <= health.points < 51
    assert health.last_error_at is not None
    assert datetime.now(UTC) - health.last_error_at < timedelta(minutes=1)


async def test_the_same_figures_are_prometheus_gauges(busy: Notify) -> None:
    await note(busy, 30.0)
    wanted = (
        'yipan_sms_texts{lane="bulk",provider="simulator",state="delivered"} 1.0',
        'yipan_sms_texts{lane="bulk",provider="simulator",state="failed"} 1.0',
        'yipan_sms_waiting{lane="bulk",state="due"} 1.0',
        'yipan_sms_provider_points{provider="simulator"} 30.0',
        'yipan_sms_success_percent{lane="bulk",period="hour",provider="simulator"} 50.0',
    )
    text = await until_shown(busy, wanted[3])
    for line in wanted:
        assert line in text
    assert PHONE not in text


async def until_shown(notify: Notify, line: str) -> str:
    async with asyncio.timeout(10):
        while True:
            text = (await notify.client.get("/notify/metrics")).text
            if line in text:
                return text
            await asyncio.sleep(0.05)


@pytest.mark.parametrize(
    ("statement", "arguments"),
    [
        (queries.QUEUED, ("now()",)),
        (queries.HELD, ()),
        (queries.AWAITING, ("now()",)),
        (
            queries.ENDED,
            (
                "date_trunc('hour', now() - interval '1 day')",
                "now() - interval '1 hour'",
                "now()",
                "now() - interval '1 day'",
            ),
        ),
    ],
)
async def test_counting_reads_an_index_and_not_the_past(
    notify: Notify, statement: str, arguments: tuple[str, ...]
) -> None:
    """Under row-level security, over 20,000 texts of the past."""
    await notify.send(await notify.person())
    columns = [
        row["column_name"]
        for row in await notify.rows(
            "SELECT column_name FROM information_schema.columns WHERE table_name = 'messages'"
            " ORDER BY ordinal_position"
        )
    ]
    changed = {
        "id": "gen_random_uuid()",
        "reference": "n::text",
        "status": "'delivered'",
        "done_at": "now() - interval '30 days'",
        "submitted_at": "now() - interval '30 days'",
    }
    chosen = ", ".join(changed.get(each, f'"{each}"') for each in columns)
    names = ", ".join(f'"{each}"' for each in columns)
    await notify.rows(
        f"INSERT INTO messages ({names}) SELECT {chosen}"
        " FROM messages, generate_series(1, 20000) AS n"
    )
    for place, argument in enumerate(arguments, start=1):
        statement = statement.replace(f"${place}", argument)
    (row,) = await notify.rows(f"EXPLAIN (FORMAT JSON) {statement}")
    plan = json.dumps(row[0])
    assert "Seq Scan" not in plan
    assert "Index Name" in plan
