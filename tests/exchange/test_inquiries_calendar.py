"""The calendar's years: entered from the notice, and a word to the operator before they end."""

from datetime import date, timedelta
from typing import Any

import pytest

from services.exchange.inquiries.calendar import due_date, get_coverage, load_calendar
from services.exchange.inquiries.deadlines import recount_provisional
from shared.clock import today
from shared.testing import client_of
from tests.exchange.federation import COUNTY, OTHER, Federation, Node, settled
from tests.exchange.samples import make_inquiry, make_year

NEXT = today().year + 1


async def due_from(node: Node, start: date) -> tuple[date, bool]:
    async with node.parts.database.transaction(node.parts.actor) as tx:
        return await due_date(start, False, tx)


async def test_a_deadline_past_the_calendar_is_called_provisional(friends: Federation) -> None:
    here = friends[COUNTY]
    coverage = await here.call("GET", "/calendar-years")
    last = date.fromisoformat(coverage["known_until"])
    assert coverage["years"][-1]["source"].startswith("国务院办公厅")
    within = await due_from(here, last - timedelta(days=90))
    beyond = await due_from(here, last - timedelta(days=14))
    assert (within[1], beyond[1]) == (False, True)
    await here.fetch("UPDATE calendar_years SET year = year - 100")
    made = await here.call("POST", "/inquiries", make_inquiry(), expect=201)
    assert made["due_provisional"] is True
    (listed,) = (await here.call("GET", "/inquiries"))["items"]
    assert listed["due_provisional"] is True


async def test_a_notice_is_entered_and_deadlines_follow(friends: Federation) -> None:
    here = friends[COUNTY]
    start = date(NEXT, 1, 11)
    before, _ = await due_from(here, start)
    spoilt = {"working": True, "name": "本县值班"}
    await here.call("PUT", f"/calendar-days/{date(NEXT, 2, 9)}", spoilt)
    coverage = await here.call("PUT", f"/calendar-years/{NEXT}", make_year(NEXT))
    assert coverage["years"][-1]["year"] == NEXT and coverage["years"][-1]["days"] == 8
    assert coverage["known_until"] == f"{NEXT}-12-31" and not coverage["ends_soon"]
    after, provisional = await due_from(here, start)
    assert after > before and not provisional
    days = await here.call("GET", f"/calendar-days?year={NEXT}")
    assert [each["source"] for each in days if each["day"] == f"{NEXT}-02-09"] == ["county"]
    # a corrected notice takes the place of the first; a start does not bring back what was there
    again = make_year(NEXT, source="更正")
    again["days"] = again["days"][:7]
    await here.call("PUT", f"/calendar-years/{NEXT}", again)
    async with here.parts.database.transaction(here.parts.actor) as tx:
        await load_calendar(tx)
    days = await here.call("GET", f"/calendar-days?year={NEXT}")
    assert len(days) == 7 and {each["source"] for each in days} == {"county", "更正"}


async def test_what_is_no_notice_is_refused(friends: Federation) -> None:
    here = friends[COUNTY]
    path, year = f"/calendar-years/{NEXT}", make_year(NEXT)
    before = await here.call("GET", "/calendar-years")
    other = make_year(NEXT + 1)
    twice = year | {"days": year["days"] + year["days"][:1]}
    for body in (other, twice, year | {"days": []}, year | {"source": ""}, year | {"secret": 1}):
        await here.call("PUT", path, body, expect=422)
    await here.call("PUT", "/calendar-years/1999", year, expect=400)
    await here.call("PUT", path, year, expect=403, scope="exchange:write")
    await here.call("PUT", path, year, expect=403, region="310101")
    assert await here.call("GET", "/calendar-years") == before


@pytest.mark.parametrize(("left", "soon"), [(59, True), (60, False)])
async def test_the_operator_is_told_before_it_ends(
    friends: Federation, left: int, soon: bool
) -> None:
    here = friends[COUNTY]
    year = today().year
    async with here.parts.database.transaction(here.parts.actor) as tx:
        for each in range(year, year + 2):
            await tx.execute(
                "INSERT INTO calendar_years VALUES ($1, 's', 't', now()) ON CONFLICT DO NOTHING",
                each,
            )
        noon = tx.now.replace(year=year + 1, month=12, day=31, hour=4)  # in China
        tx.now = noon - timedelta(days=left)
        coverage = await get_coverage(tx)
    assert (coverage.days_left, coverage.ends_soon) == (left, soon)
    async with client_of(here.app) as client:
        shown = (await client.get("/exchange/metrics")).text
    assert "yipan_calendar_days_left " in shown


async def opened_without_next_year(here: Node) -> dict[str, Any]:
    """An inquiry of ours whose deadline lies in a year that is not known."""
    await here.fetch("UPDATE calendar_years SET year = year - 100 RETURNING 1")
    made = await here.call("POST", "/inquiries", make_inquiry(), expect=201)
    assert made["due_provisional"] is True
    return dict(made)


async def count_again(node: Node) -> int:
    async with node.parts.database.transaction(node.parts.actor) as tx:
        return await recount_provisional(tx)


async def enter(here: Node, *years: int) -> None:
    for year in years:
        await here.call("PUT", f"/calendar-years/{year}", make_year(year))


async def test_a_provisional_deadline_is_counted_again_and_told(friends: Federation) -> None:
    here, there = friends[COUNTY], friends[OTHER]
    made = await opened_without_next_year(here)
    await settled(friends)
    before = date.fromisoformat(made["due_on"])
    await there.fetch("UPDATE inquiries SET reminded_at = now(), overdue_at = now() RETURNING 1")
    for days in range(1, 15):
        day = today() + timedelta(days=days)
        await here.call("PUT", f"/calendar-days/{day}", {"working": False, "name": "防汛"})
    await enter(here, today().year, NEXT)
    assert [await count_again(here) for _ in range(2)] == [1, 0]
    await settled(friends)
    for node in (here, there):
        view = await node.call("GET", f"/inquiries/{made['id']}")
        assert date.fromisoformat(view["due_on"]) > before
        assert view["overdue_at"] is None
        (step,) = [each for each in view["steps"] if each["verb"] == "recount"]
        assert step["act"]["due_on"] == view["due_on"]
        assert "recount" not in view["may"]
    assert (await here.call("GET", f"/inquiries/{made['id']}"))["due_provisional"] is False
    (row,) = await there.fetch("SELECT reminded_at FROM inquiries")
    assert row["reminded_at"] is None


async def test_what_is_over_or_was_known_is_not_counted_again(friends: Federation) -> None:
    here = friends[COUNTY]
    await enter(here, today().year, NEXT)
    known = await here.call("POST", "/inquiries", make_inquiry(), expect=201)
    provisional = await opened_without_next_year(here)
    await here.call("POST", f"/inquiries/{provisional['id']}/withdraw", {})
    await enter(here, today().year, NEXT)
    assert await count_again(here) == 0
    view = await here.call("GET", f"/inquiries/{known['id']}")
    assert (view["due_on"], view["steps"]) == (known["due_on"], [])


async def test_a_day_put_right_moves_a_deadline_back_but_not_into_the_past(
    friends: Federation,
) -> None:
    here = friends[COUNTY]
    made = await opened_without_next_year(here)
    await here.fetch("UPDATE inquiries SET opened_on = opened_on - 300 RETURNING 1")
    saturday = today() + timedelta(days=(5 - today().weekday()) % 7 + 7)
    await here.call("PUT", f"/calendar-days/{saturday}", {"working": True, "name": "补班"})
    assert await count_again(here) == 1
    view = await here.call("GET", f"/inquiries/{made['id']}")
    assert (view["due_on"], view["due_provisional"]) == (str(today()), True)


async def test_no_desk_sets_a_deadline(friends: Federation) -> None:
    made = await friends[COUNTY].call("POST", "/inquiries", make_inquiry(), expect=201)
    await friends[COUNTY].call("POST", f"/inquiries/{made['id']}/recount", {}, expect=422)
    later = {"due_on": "2030-01-01"}
    await friends[COUNTY].call("POST", f"/inquiries/{made['id']}/recount", later, expect=422)
