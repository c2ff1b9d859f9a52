"""The queue of reports as a clerk works it, and how soon events are registered."""

from datetime import date
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.registry.vital.rules import SMALLEST, STEPS, coarsened
from shared.ids import new_id
from tests.registry.places import COUNTY_AWAY, HOME, NEXT, number
from tests.registry.vital_samples import (
    HOSPITAL,
    MOTHER,
    WORKER,
    Desk,
    make_birth,
    make_death,
    make_registration,
)


async def make_queue(desk: Desk) -> list[str]:
    """Five reports: three of a hospital, of which the first two wait for long, one of a worker in
    another township, one returned."""
    hospital, worker = desk.as_actor(**HOSPITAL), desk.as_actor(**WORKER)
    made = []
    for n, (actor, change) in enumerate(
        (
            (hospital, {}),
            (hospital, {}),
            (hospital, {}),
            (worker, {"region": NEXT, "reporter": "community"}),
            (worker, {"reporter": "community"}),
        )
    ):
        mother = {"name": "王芳", "id_number": number("19900101", 200 + 2 * n)}
        body = make_birth(reference=f"B-{n}", mother=mother, **change)
        made.append((await desk.done("birth-reports", body, **actor))["id"])
    await desk.done(f"birth-reports/{made[4]}/return", {"reason": "请补材料"})
    await desk.rows(
        "UPDATE birth_reports SET reported_at = reported_at - interval '8 days'"
        " WHERE id = ANY($1::uuid[]) RETURNING id",
        made[:2],
    )
    return made


async def test_a_queue_is_worked_from_its_oldest(desk: Desk) -> None:
    made = await make_queue(desk)

    async def ids(query: str) -> list[str]:
        return [each["id"] for each in await desk.listed(f"birth-reports?{query}")]

    assert await ids("") == made
    assert await ids("status=reported") == made[:4]
    assert await ids("overdue=true") == made[:2]
    assert await ids("reporter=community") == made[3:]
    assert await ids(f"region={NEXT[:9]}") == [made[3]]
    assert await ids("status=reported&reporter=hospital&overdue=true&limit=1") == made[:1]
    assert (await desk.get("birth-reports?reporter=police")).status_code == 400


async def test_counts_tell_what_waits(desk: Desk) -> None:
    made = await make_queue(desk)
    counts = (await desk.get("vital-report-counts")).json()
    figures = {
        (each["kind"], each["status"], each["reporter_kind"]): (each["reports"], each["overdue"])
        for each in counts
    }
    assert figures == {
        ("birth", "reported", "hospital"): (3, 2),
        ("birth", "reported", "community"): (1, 0),
        ("birth", "returned", "community"): (1, 0),
    }
    oldest = min(each["oldest_at"] for each in counts)
    assert oldest == (await desk.get(f"birth-reports/{made[0]}")).json()["reported_at"]
    assert len((await desk.get(f"vital-report-counts?region={NEXT[:9]}")).json()) == 1
    assert (await desk.get(f"vital-report-counts?region={COUNTY_AWAY}")).status_code == 403
    hospital = desk.as_actor(**HOSPITAL)
    assert (await desk.get("vital-report-counts", **hospital)).status_code == 403


async def enter_deaths(desk: Desk, org: str, days: list[int], month: str = "2025-03") -> None:
    """Registered deaths, so many days after they happened, on the 28th of a month."""
    report_id = await _report(desk)
    for n in days:
        await desk.rows(
            "INSERT INTO deaths (id, version, report_id, person_id, region, died_on, registered_at,"
            " registered_by, registered_org, confirmed, annulled_at)"
            " SELECT $1, 1, $2, $3, $4, at::date - $5::int, at, 'x', $6, '{}', NULL"
            " FROM (SELECT ($7 || '-28 12:00+08')::timestamptz AS at) AS t RETURNING id",
            new_id(),
            report_id,
            await _somebody(desk),
            HOME,
            n,
            org,
            month,
        )


async def _report(desk: Desk) -> Any:
    """All of them are registered from one report: the table asks for one."""
    found = await desk.rows("SELECT id FROM death_reports")
    return found[0]["id"] if found else (await desk.done("death-reports", make_death()))["id"]


async def _somebody(desk: Desk) -> Any:
    (row,) = await desk.rows(
        "INSERT INTO persons (id, version, status, name, sex, birth_date, nationality,"
        " hukou_region, created_at, updated_at) VALUES ($1, 1, 'deceased', '某人', '1',"
        " '1950-01-01', '01', $2, now(), now()) RETURNING id",
        new_id(),
        HOME,
    )
    return row["id"]


async def test_timeliness_by_office_and_month(desk: Desk) -> None:
    await enter_deaths(desk, "office-1", [0] * 6 + [5] * 6 + [20] * 11 + [60] * 10)
    await enter_deaths(desk, "office-2", [1] * 9)
    await enter_deaths(desk, "office-3", [1] * 12 + [40] * 3)
    path = "vital-timeliness?kind=death&from_day=2025-01-01&to_day=2025-12-31"
    rows = {row["office"]: row for row in (await desk.get(path)).json()}
    assert rows["office-1"] == {
        "office": "office-1",
        "month": "2025-03",
        "events": 33,
        "median_days": 20,
        "in_time": 23,
        "spread": [
            {"first": "week", "last": "week", "events": 12},
            {"first": "in-time", "last": "in-time", "events": 11},
            {"first": "late", "last": "late", "events": 10},
            {"first": "very-late", "last": "very-late", "events": 0},
        ],
    }
    hidden = rows["office-2"]  # nine: nothing is told
    assert [hidden[each] for each in ("events", "median_days", "in_time", "spread")] == [
        None,
        None,
        None,
        [],
    ]
    joined = rows["office-3"]  # three late ones hide among the twelve
    assert joined["events"] == 15
    assert joined["in_time"] is None
    assert joined["spread"] == [{"first": "week", "last": "very-late", "events": 15}]
    empty = await desk.get("vital-timeliness?kind=death&from_day=2025-04-01&to_day=2025-12-31")
    assert empty.json() == []


async def test_an_annulled_registration_and_one_elsewhere_do_not_count(desk: Desk) -> None:
    await enter_deaths(desk, "office-1", [1] * 10)
    await desk.rows(
        "UPDATE deaths SET annulled_at = now()"
        " WHERE id = (SELECT id FROM deaths LIMIT 1) RETURNING id"
    )
    path = "vital-timeliness?kind=death&from_day=2025-03-01&to_day=2025-03-31"
    (row,) = (await desk.get(path)).json()
    assert row["events"] is None  # nine are left
    away = desk.as_actor(scope="registry:read", region=COUNTY_AWAY)
    assert (await desk.get(path, **away)).json() == []
    for wrong in (
        "kind=marriage&from_day=2025-03-01&to_day=2025-03-01",
        "kind=death&from_day=2025-03&to_day=x",
    ):
        assert (await desk.get(f"vital-timeliness?{wrong}")).status_code == 400
    reporter = desk.as_actor(**HOSPITAL)
    assert (await desk.get(path, **reporter)).status_code == 403


async def test_births_are_timed_by_the_office_that_registered_them(desk: Desk) -> None:
    await desk.person(MOTHER)
    report = await desk.done("birth-reports", make_birth())
    await desk.done(f"birth-reports/{report['id']}/registration", make_registration())
    (row,) = await desk.rows("SELECT registered_org FROM births")
    assert row["registered_org"] == "office-1"
    path = f"vital-timeliness?kind=birth&from_day=2025-01-01&to_day={date.today():%Y}-12-31"
    (counted,) = (await desk.get(path)).json()
    assert (counted["office"], counted["events"]) == ("office-1", None)


@given(st.lists(st.integers(0, 40), min_size=4, max_size=4))
def test_no_step_of_one_to_nine_is_ever_told(steps: list[int]) -> None:
    spread = coarsened(steps)
    if sum(steps) < SMALLEST:
        assert spread == []
        return
    assert sum(each.events for each in spread) == sum(steps)
    assert all(each.events == 0 or each.events >= SMALLEST for each in spread)
    edges = [(STEPS.index(each.first), STEPS.index(each.last)) for each in spread]
    assert edges[0][0] == 0
    assert edges[-1][1] == 3
    assert all(after[0] == before[1] + 1 for before, after in pairwise(edges))
