"""Monthly figures: aggregates with departments, and what each county saw of the other's offices."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from pydantic import ValidationError

from services.exchange.figures.handlers import tell_seen
from services.exchange.figures.rules import (
    DEPARTMENT_KIND,
    SEEN_CELLS,
    SEEN_KIND,
    figures_id,
    hidden_if_small,
    moments_of,
    nested,
)
from services.exchange.figures.schemas import SendFigures
from services.exchange.messages.handlers import queue_message
from services.exchange.participants.models import OwnNode
from services.exchange.reconciliations.rules import month_before
from shared.clock import today
from shared.db import Tx
from tests.exchange.federation import CITY, COUNTY, OTHER, Federation, Node, settled
from tests.exchange.samples import make_inquiry, make_notice

MONTH = f"{month_before(today())[0]:%Y-%m}"


def make_figures(**overrides: Any) -> dict[str, Any]:
    return {
        "to_node": OTHER,
        "month": MONTH,
        "figures": [
            {"area": "420325100", "item": "arrivals", "people": 120},
            {"area": "420325101", "item": "arrivals", "people": 9},
            {"area": "420325100", "item": "jobs-filed", "people": 10},
        ],
    } | overrides


async def becomes_a_department(friends: Federation, node_id: str) -> None:
    """The node is a department's from now on, for itself and for everybody else."""
    for node in friends.nodes.values():
        await node.fetch("UPDATE participants SET level = 'department' WHERE id = $1", node_id)
    parts = friends[node_id].parts
    async with parts.database.transaction(parts.actor) as tx:
        (own,) = await tx.find(OwnNode, "SELECT * FROM own_node")
        own.level = "department"
        await tx.execute("DELETE FROM own_node")
        await tx.add(own)


def test_what_is_small_is_hidden_and_what_overlaps_is_refused() -> None:
    assert [hidden_if_small(each) for each in (None, 0, 9, 10, 11)] == [None, None, None, 10, 11]
    assert nested(["420325", "420325100"]) and nested(["420325", "420325"])
    assert not nested(["420325100", "420325101", "42038"])
    tries: tuple[dict[str, Any], ...] = (
        {"figures": []},
        {"month": "2999-01"},
        {"month": "2026-13"},
        {"figures": make_figures()["figures"] * 2},
        {"figures": [{"area": "420325", "item": "a", "people": -1}]},
        {"figures": [{"area": "420325", "item": "a", "people": 5, "name": "王芳"}]},
    )
    for wrong in tries:
        with pytest.raises(ValidationError):
            SendFigures.model_validate(make_figures(**wrong))


def test_a_month_is_a_month_in_china() -> None:
    first, after = moments_of("2025-12")
    assert first.isoformat() == "2025-12-01T00:00:00+08:00"
    assert after.isoformat() == "2026-01-01T00:00:00+08:00"


async def test_a_department_hears_aggregates_without_small_groups(friends: Federation) -> None:
    here, there = friends[COUNTY], friends[OTHER]
    await here.call("POST", "/monthly-figures", make_figures(), expect=409)  # another county
    await becomes_a_department(friends, OTHER)
    sent = await here.call("POST", "/monthly-figures", make_figures(), expect=201)
    assert [each["people"] for each in sent["figures"]] == [120, None, 10]
    kept = await here.fetch("SELECT figures::text FROM monthly_figures")
    assert '"people": 9' not in kept[0]["figures"]
    await settled(friends)
    (row,) = await here.fetch("SELECT state, kind FROM messages_out")
    assert (row["kind"], row["state"]) == (DEPARTMENT_KIND, "delivered")
    (came,) = (await there.call("GET", f"/monthly-figures?month={MONTH}"))["items"]
    assert came["figures"] == sent["figures"] and came["direction"] == "in"
    assert (came["kind"], came["peer"]) == ("department", COUNTY)
    other_cut = make_figures(figures=[{"area": "420325", "item": "arrivals", "people": 129}])
    await here.call("POST", "/monthly-figures", other_cut, expect=409)  # tells of the nine
    corrected = make_figures()
    corrected["figures"][0]["people"] = 121
    await here.call("POST", "/monthly-figures", corrected, expect=201)
    await settled(friends)
    items = (await there.call("GET", "/monthly-figures?limit=1"))["items"]
    assert items[0]["figures"][0]["people"] == 121


async def test_a_small_group_on_the_wire_is_refused(friends: Federation) -> None:
    here = friends[COUNTY]
    await becomes_a_department(friends, OTHER)
    record: dict[str, Any] = {
        "month": MONTH,
        "figures": [{"area": "420325", "item": "a", "people": 9}],
    }
    async with here.parts.database.transaction(here.parts.actor) as tx:
        await queue_message(OTHER, DEPARTMENT_KIND, uuid4(), record, tx)
    await settled(friends)
    (row,) = await here.fetch("SELECT last_error FROM messages_out")
    assert row["last_error"] == "400 err.request.bad"


async def test_who_may_tell_figures(friends: Federation) -> None:
    call = friends[COUNTY].call
    await call("POST", "/monthly-figures", make_figures(), expect=403, scope="exchange:write")
    await call("POST", "/monthly-figures", make_figures(to_node=COUNTY), expect=409)
    await call("POST", "/monthly-figures", make_figures(to_node="county-1"), expect=409)
    await call("GET", "/monthly-figures", expect=403, region="110101")
    assert (await call("GET", "/monthly-figures"))["items"] == []


async def last_month(node: Node, tx: Tx) -> None:
    """What was exchanged today was exchanged in the month past."""
    back = timedelta(days=today().day + 1)
    for table, columns in (
        ("notices", ("created_at", "answered_at")),
        ("inquiries", ("answered_at", "closed_at")),
    ):
        for column in columns:
            await tx.execute(f"UPDATE {table} SET {column} = {column} - $1::interval", back)


async def test_a_county_learns_what_the_other_saw_and_hears_again_when_it_changes(
    friends: Federation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.exchange.figures.handlers.DAYS_AFTER", 0)
    here, there = friends[COUNTY], friends[OTHER]
    ids = [(await here.call("POST", "/notices", make_notice(), expect=201))["id"] for _ in range(3)]
    asked = await here.call("POST", "/inquiries", make_inquiry(), expect=201)
    await settled(friends)
    await there.call("POST", f"/notices/{ids[0]}/feedback", {"agrees": True})
    await there.call("POST", f"/notices/{ids[1]}/feedback", {"agrees": False})
    await there.call("POST", f"/inquiries/{asked['id']}/accept", {})
    answer = {"answer": {"lives_there": True}}
    await there.call("POST", f"/inquiries/{asked['id']}/answer", answer)
    await settled(friends)
    async with here.parts.database.transaction(here.parts.actor) as tx:
        await last_month(here, tx)
    for told in (1, 0):  # once, however often it is looked
        async with here.parts.database.transaction(here.parts.actor) as tx:
            assert await tell_seen(tx) == told
    await settled(friends)
    (event,) = await there.bus.hears("seen-by-peer")
    seen = {(each["kind"], each["outcome"]): each["count"] for each in event["counts"]}
    assert seen == dict.fromkeys(SEEN_CELLS, 0) | {
        ("notice_owed", "asked"): 3,
        ("notice_feedback", "agrees"): 1,
        ("notice_feedback", "differs"): 1,
        ("inquiry_answer", "in_time"): 1,
    }
    assert (event["from_node"], event["region"], event["month"]) == (COUNTY, "420381", MONTH)
    await there.call("POST", f"/notices/{ids[2]}/feedback", {"agrees": True})
    await settled(friends)
    async with here.parts.database.transaction(here.parts.actor) as tx:
        await tx.execute("UPDATE notices SET answered_at = created_at WHERE id = $1", ids[2])
        assert await tell_seen(tx) == 1
    await settled(friends)
    again = (await there.bus.hears("seen-by-peer", 2))[1]
    assert again["statement_id"] == event["statement_id"]
    assert again["counts"][1] == {"kind": "notice_feedback", "outcome": "agrees", "count": 2}
    items = (await there.call("GET", "/monthly-figures?kind=seen"))["items"]
    assert len(items) == 2


async def test_nothing_seen_is_nothing_told_and_not_before_the_month_has_settled(
    friends: Federation, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = friends[COUNTY]
    monkeypatch.setattr("services.exchange.figures.handlers.DAYS_AFTER", 31)
    await here.call("POST", "/notices", make_notice(), expect=201)
    async with here.parts.database.transaction(here.parts.actor) as tx:
        await last_month(here, tx)
        assert await tell_seen(tx) == 0
    monkeypatch.setattr("services.exchange.figures.handlers.DAYS_AFTER", 0)
    async with friends[CITY].parts.database.transaction(friends[CITY].parts.actor) as tx:
        assert await tell_seen(tx) == 0


async def test_a_statement_is_whole_and_about_its_own_month(friends: Federation) -> None:
    here, there = friends[COUNTY], friends[OTHER]
    figures = [{"kind": kind, "outcome": outcome, "count": 1} for kind, outcome in SEEN_CELLS]
    subject = figures_id(COUNTY, OTHER, MONTH, "seen")
    tries: list[tuple[UUID, dict[str, Any], str | None]] = [
        (subject, {"month": MONTH, "figures": figures}, None),
        (uuid4(), {"month": MONTH, "figures": figures}, "400 err.request.bad"),
        (subject, {"month": MONTH, "figures": figures[1:]}, "400 err.request.bad"),
        (subject, {"month": "2999-01", "figures": figures}, "400 err.request.bad"),
        (subject, {"month": MONTH, "figures": figures, "names": []}, "400 err.request.bad"),
    ]
    for about, record, error in tries:
        async with here.parts.database.transaction(here.parts.actor) as tx:
            message = await queue_message(OTHER, SEEN_KIND, about, record, tx)
        await settled(friends)
        (row,) = await here.fetch(
            "SELECT last_error FROM messages_out WHERE message_id = $1", message.message_id
        )
        assert row["last_error"] == error
    assert len(there.bus.said("seen-by-peer")) == 1
