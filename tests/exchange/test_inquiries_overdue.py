"""An inquiry that was said to be overdue and is found not to be: whoever counted it is told."""

from datetime import date, timedelta
from typing import Any

import pytest

from services.exchange.figures.handlers import tell_seen
from services.exchange.figures.rules import months_told
from services.exchange.inquiries.deadlines import mark_overdue, recount_provisional
from shared.clock import today
from tests.exchange.federation import (
    CITY,
    COUNTY,
    OTHER,
    Federation,
    Node,
    eventually,
    settled,
)
from tests.exchange.test_inquiries_calendar import NEXT, enter, opened_without_next_year
from tests.exchange.test_inquiries_federation import ANSWER, act, opened

LATE = timedelta(days=5)


async def said(node: Node, name: str) -> list[Any]:
    """The data of the events of one type, once all that was emitted has left."""

    async def sent() -> bool:
        return not await node.fetch("SELECT 1 FROM outbox WHERE published_at IS NULL")

    await eventually(sent)
    return node.bus.said(name)


async def make_overdue(friends: Federation, *nodes: str) -> None:
    """The deadline passed five days ago, and each of these nodes has said so."""
    for node_id in nodes:
        node = friends[node_id]
        await node.fetch("UPDATE inquiries SET due_on = $1 RETURNING 1", today() - LATE)
        async with node.parts.database.transaction(node.parts.actor) as tx:
            assert await mark_overdue(tx) == 1


async def move_deadline(friends: Federation, due_days: int) -> None:
    """The calendar is entered, by which the deadline is so many days from today."""
    here = friends[COUNTY]
    spare = {"working": False, "name": "防汛"}
    await here.fetch("UPDATE inquiries SET opened_on = $1 RETURNING 1", today() - timedelta(60))
    for days in range(-59, due_days):
        await here.call("PUT", f"/calendar-days/{today() + timedelta(days)}", spare)
    for days in range(30):
        day = today() + timedelta(due_days - 29 + days)
        await here.call("PUT", f"/calendar-days/{day}", spare | {"working": True})
    await enter(here, today().year, NEXT)
    async with here.parts.database.transaction(here.parts.actor) as tx:
        assert await recount_provisional(tx) == 1
    await settled(friends)


async def test_a_deadline_that_was_counted_anew_takes_back_what_was_said(
    friends: Federation,
) -> None:
    made = await opened_without_next_year(friends[COUNTY])
    await settled(friends)
    await make_overdue(friends, COUNTY, OTHER)
    await move_deadline(friends, 3)
    for node_id, direction in ((COUNTY, "out"), (OTHER, "in")):
        node = friends[node_id]
        (event,) = await said(node, "inquiry-overdue-annulled")
        assert (event["inquiry_id"], event["direction"]) == (made["id"], direction)
        assert (event["asked_region"], event["part_answered_at"]) == ("420381", None)
        assert date.fromisoformat(event["due_on"]) >= today()
        view = await node.call("GET", f"/inquiries/{made['id']}")
        assert view["overdue_at"] is None
        assert (await node.call("GET", "/inquiries?overdue=true"))["items"] == []


async def test_one_that_is_still_late_is_said_to_be_so_by_its_new_day(
    friends: Federation,
) -> None:
    await opened_without_next_year(friends[COUNTY])
    await settled(friends)
    await make_overdue(friends, COUNTY, OTHER)
    await move_deadline(friends, -2)
    for node_id in (COUNTY, OTHER):
        overdue = await said(friends[node_id], "inquiry-overdue")
        assert len(overdue) == 2
        assert overdue[0]["due_on"] == str(today() - LATE) < overdue[1]["due_on"]
        assert await said(friends[node_id], "inquiry-overdue-annulled") == []


@pytest.mark.parametrize("closed", [False, True])
async def test_an_answer_that_came_late_by_the_old_deadline_is_in_time_by_the_new(
    friends: Federation, closed: bool
) -> None:
    asking, asked = friends[COUNTY], friends[OTHER]
    made = await opened_without_next_year(asking)
    await settled(friends)
    await make_overdue(friends, COUNTY, OTHER)
    await act(friends, asked, made["id"], "answer", ANSWER)
    if closed:
        await act(friends, asking, made["id"], "close", {"correct": True})
    await move_deadline(friends, 3)
    for node in (asking, asked):
        answers = await said(node, "inquiry-answered")
        assert [(each["in_time"], each["complete"]) for each in answers] == [
            (False, True),
            (True, True),
        ]
        assert answers[0]["answered_at"] == answers[1]["answered_at"]
        # the answer's fact has taken the place of the overdue one: there is nothing to take back
        assert await said(node, "inquiry-overdue-annulled") == []
        view = await node.call("GET", f"/inquiries/{made['id']}")
        assert (view["in_time"], view["overdue_at"]) == (True, None)


async def test_a_part_answer_stays_a_part_answer(friends: Federation) -> None:
    asking, asked = friends[COUNTY], friends[OTHER]
    made = await opened_without_next_year(asking)
    await settled(friends)
    await make_overdue(friends, COUNTY)
    part = {"answer": {"since": "2026-01-05"}, "complete": False}
    await act(friends, asked, made["id"], "answer", part)
    await act(friends, asking, made["id"], "close", {"correct": True})
    await move_deadline(friends, 3)
    answers = await said(asking, "inquiry-answered")
    assert [(each["in_time"], each["complete"]) for each in answers] == [
        (False, False),
        (True, False),
    ]
    (event,) = await said(asking, "inquiry-overdue-annulled")
    assert event["part_answered_at"] == answers[0]["answered_at"]


async def test_a_wrong_place_and_a_withdrawal_take_it_back_at_both(friends: Federation) -> None:
    asking, asked = friends[COUNTY], friends[OTHER]
    inquiry = await opened(friends)
    await make_overdue(friends, COUNTY, OTHER)
    back = {"note": "不属我县", "region": "420302"}
    await act(friends, asked, inquiry, "return", back)
    for node in (asking, asked):
        (event,) = await said(node, "inquiry-overdue-annulled")
        assert (event["to_node"], event["asked_region"]) == (OTHER, "420381")
    await act(friends, asking, inquiry, "forward", {"region": "420302"})
    await make_overdue(friends, COUNTY)
    await act(friends, asking, inquiry, "withdraw")
    first, second = await said(asking, "inquiry-overdue-annulled")
    assert (first["to_node"], second["to_node"]) == (OTHER, CITY)
    assert len(await said(asked, "inquiry-overdue-annulled")) == 1


async def test_what_was_returned_wrongly_was_overdue_all_the_while(friends: Federation) -> None:
    asking, asked, city = friends[COUNTY], friends[OTHER], friends[CITY]
    inquiry = await opened(friends)
    await make_overdue(friends, COUNTY, OTHER)
    await act(friends, asked, inquiry, "return", {"note": "不属我县"})
    await act(friends, asking, inquiry, "dispute", {"note": "就在贵县"})
    await act(friends, city, inquiry, "decide", {"upholds": "asking", "note": "属该县"})
    for node in (asking, asked):
        assert len(await said(node, "inquiry-overdue")) == 2
        view = await node.call("GET", f"/inquiries/{inquiry}")
        assert view["overdue_at"] is not None
    assert await said(city, "inquiry-overdue") == []


async def test_one_that_was_never_overdue_is_not_taken_back(friends: Federation) -> None:
    inquiry = await opened(friends)
    await act(friends, friends[COUNTY], inquiry, "withdraw")
    for node_id in (COUNTY, OTHER):
        assert await said(friends[node_id], "inquiry-overdue-annulled") == []


def test_the_months_that_may_still_be_put_right() -> None:
    assert months_told(date(2026, 11, 22)) == ["2026-10", "2026-09", "2026-08"]
    assert months_told(date(2026, 2, 1)) == ["2026-01", "2025-12", "2025-11"]


async def test_the_peer_hears_of_an_earlier_month_that_was_put_right(
    friends: Federation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.exchange.figures.handlers.DAYS_AFTER", 0)
    here, there = friends[COUNTY], friends[OTHER]
    inquiry = await opened(friends)
    await make_overdue(friends, COUNTY)
    month = months_told(today())[1]
    then = date.fromisoformat(f"{month}-15")
    await here.fetch("UPDATE inquiries SET overdue_at = $1::date RETURNING 1", then)
    for told in (1, 0):
        async with here.parts.database.transaction(here.parts.actor) as tx:
            assert await tell_seen(tx) == told
    await act(friends, here, inquiry, "withdraw")
    async with here.parts.database.transaction(here.parts.actor) as tx:
        assert await tell_seen(tx) == 1
    await settled(friends)
    events = await there.bus.hears("seen-by-peer", 2)
    assert {each["month"] for each in events} == {month}
    counts = [
        next(cell["count"] for cell in each["counts"] if cell["outcome"] == "overdue")
        for each in events
    ]
    assert counts == [1, 0]
