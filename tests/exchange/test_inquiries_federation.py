"""Inquiries between two counties and their city, over the wire."""

from datetime import timedelta
from typing import Any

from services.exchange.inquiries.deadlines import (
    escalate_in_time,
    mark_overdue,
    remind_in_time,
)
from shared.clock import today
from tests.exchange.federation import CITY, COUNTY, OTHER, Federation, Node, settled
from tests.exchange.samples import id_number, make_inquiry

ANSWER = {"answer": {"lives_there": True, "since": "2026-01-05"}}


async def opened(friends: Federation, **overrides: Any) -> str:
    view = await friends[COUNTY].call("POST", "/inquiries", make_inquiry(**overrides), expect=201)
    await settled(friends)
    return str(view["id"])


async def act(
    friends: Federation, node: Node, inquiry: str, verb: str, body: Any = None, expect: int = 200
) -> Any:
    view = await node.call("POST", f"/inquiries/{inquiry}/{verb}", body or {}, expect=expect)
    await settled(friends)
    return view


async def states(friends: Federation, inquiry: str, *nodes: str) -> list[str]:
    return [(await friends[node].call("GET", f"/inquiries/{inquiry}"))["state"] for node in nodes]


async def test_asked_answered_in_parts_and_closed(friends: Federation) -> None:
    asking, asked = friends[COUNTY], friends[OTHER]
    inquiry = await opened(friends, urgent=True)
    inbox = await asked.call("GET", "/inquiries?side=asked")
    assert [each["id"] for each in inbox["items"]] == [inquiry]
    assert "王芳" not in str(inbox)
    view = await asked.call("GET", f"/inquiries/{inquiry}")
    assert view["subject"] == {"name": "王芳", "id_number": id_number()}
    assert set(view["may"]) == {"accept", "return", "forward", "answer", "clarify"}
    ours = await asking.call("GET", f"/inquiries/{inquiry}")
    assert (ours["due_on"], ours["delivery"]) == (view["due_on"], "delivered")

    await act(friends, asked, inquiry, "accept")
    await act(friends, asked, inquiry, "clarify", {"note": "请注明门牌号"})
    await act(friends, asking, inquiry, "clarify", {"note": "人民路 1 号"})
    part = {"answer": {"since": "2026-01-05"}, "complete": False}
    await act(friends, asked, inquiry, "answer", part)
    assert await states(friends, inquiry, COUNTY, OTHER) == ["part-answered"] * 2
    await act(friends, asked, inquiry, "answer", {"answer": {"lives_there": True}})
    view = await asking.call("GET", f"/inquiries/{inquiry}")
    assert view["answer"] == {"since": "2026-01-05", "lives_there": True}
    assert (view["state"], view["in_time"]) == ("answered", True)
    await act(friends, asking, inquiry, "close", {"correct": True})
    assert await states(friends, inquiry, COUNTY, OTHER) == ["closed", "closed"]

    assert [each["direction"] for each in await asked.bus.hears("inquiry-opened")] == ["in"]
    await asking.bus.hears("inquiry-closed")
    answers = asking.bus.said("inquiry-answered")
    assert [(each["complete"], each["in_time"]) for each in answers] == [
        (False, True),
        (True, True),
    ]
    assert "王芳" not in str(asking.bus.events) + str(asked.bus.events)


async def test_what_the_catalogue_does_not_name_is_refused(friends: Federation) -> None:
    asking, asked = friends[COUNTY], friends[OTHER]
    question = {"address_region": "420381001", "children": 2}
    await asking.call("POST", "/inquiries", make_inquiry(question=question), expect=422)
    await asking.call("POST", "/inquiries", make_inquiry(kind="birth-check"), expect=422)
    inquiry = await opened(friends)
    await act(friends, asked, inquiry, "answer", {"answer": {"remarks": "x"}}, expect=422)
    await act(friends, asked, inquiry, "answer", {"answer": {"since": "2026-01-01"}}, expect=422)
    await act(friends, asked, inquiry, "close", {"correct": True}, expect=409)
    await act(friends, asking, inquiry, "accept", expect=409)
    await act(friends, asked, inquiry, "accept", {"correct": True}, expect=422)
    assert await states(friends, inquiry, COUNTY, OTHER) == ["opened", "opened"]


async def test_a_wrong_place_suggests_another_and_the_inquiry_goes_there(
    friends: Federation,
) -> None:
    asking, asked = friends[COUNTY], friends[OTHER]
    inquiry = await opened(friends)
    await act(friends, asked, inquiry, "return", {"note": "不属我县", "region": "420302"})
    assert await states(friends, inquiry, COUNTY, OTHER) == ["returned", "returned"]
    await act(friends, asking, inquiry, "forward", {"region": "420302"})  # the city covers it
    view = await asking.call("GET", f"/inquiries/{inquiry}")
    assert (view["state"], view["to_node"]) == ("opened", CITY)
    await act(friends, friends[CITY], inquiry, "answer", ANSWER)
    assert await states(friends, inquiry, COUNTY, CITY) == ["answered", "answered"]


async def test_inside_the_asked_county_it_goes_to_the_township_in_charge(
    friends: Federation,
) -> None:
    asked = friends[OTHER]
    inquiry = await opened(friends)
    await asked.call("GET", f"/inquiries/{inquiry}", expect=404, region="420381001")
    await act(friends, asked, inquiry, "forward", {"region": "420381001"})
    await asked.call("GET", f"/inquiries/{inquiry}", region="420381001")
    await asked.call("GET", f"/inquiries/{inquiry}", expect=404, region="420381002")


async def test_a_dispute_is_decided_by_the_city(friends: Federation) -> None:
    asking, asked, city = friends[COUNTY], friends[OTHER], friends[CITY]
    inquiry = await opened(friends)
    await act(friends, asked, inquiry, "answer", ANSWER)
    await act(friends, asking, inquiry, "decide", {"upholds": "asking", "note": "x"}, expect=409)
    await act(friends, asking, inquiry, "dispute", {"note": "本人称未曾居住"})
    assert await states(friends, inquiry, COUNTY, OTHER, CITY) == ["disputed"] * 3
    case = await city.call("GET", f"/inquiries/{inquiry}")
    assert case["answer"]["lives_there"] is True
    assert case["subject"]["name"] == "王芳"
    await act(friends, city, inquiry, "decide", {"upholds": "asking", "note": "以证据为准"})
    assert await states(friends, inquiry, COUNTY, OTHER, CITY) == ["decided"] * 3
    view = await act(friends, asking, inquiry, "close", {"correct": False})
    assert (view["upheld"], view["state"]) == ("asking", "closed")
    closed = await asking.bus.hears("inquiry-closed")
    assert [each["correct"] for each in closed] == [False]
    for node, direction in ((asking, "out"), (asked, "in")):
        (decided,) = await node.bus.hears("dispute-decided")
        assert (decided["upholds"], decided["direction"]) == ("asking", direction)
    assert city.bus.said("dispute-decided") == []


async def test_a_decision_binds_both(friends: Federation) -> None:
    asking, asked, city = friends[COUNTY], friends[OTHER], friends[CITY]
    inquiry = await opened(friends)
    await act(friends, asked, inquiry, "answer", ANSWER)
    await act(friends, asking, inquiry, "dispute", {"note": "本人称未曾居住"})
    await act(friends, city, inquiry, "decide", {"upholds": "asked", "note": "以证据为准"})
    refused = await act(friends, asking, inquiry, "close", {"correct": False}, expect=409)
    assert refused["type"].endswith("decision-binds") and refused["upheld"] == "asked"
    await act(friends, asking, inquiry, "close", {"correct": True})
    await act(friends, asked, inquiry, "dispute", {"note": "仍有异议"}, expect=409)
    # what is asked anew is another matter
    await act(friends, asking, inquiry, "reopen", {"note": "又有新情况"})
    await act(friends, asked, inquiry, "answer", ANSWER)
    await act(friends, asking, inquiry, "close", {"correct": False})
    await act(friends, asked, inquiry, "dispute", {"note": "答复无误"})
    assert await states(friends, inquiry, COUNTY, OTHER, CITY) == ["disputed"] * 3


async def test_the_city_is_told_of_what_stays_unanswered(friends: Federation) -> None:
    asking, city = friends[COUNTY], friends[CITY]
    inquiry = await opened(friends)
    for days, expected in ((6, 0), (7, 1), (7, 0)):
        await asking.fetch("UPDATE inquiries SET due_on = $1", today() - timedelta(days=days))
        async with asking.parts.database.transaction(asking.parts.actor) as tx:
            assert await escalate_in_time(tx) == expected
    await settled(friends)
    case = await city.call("GET", f"/inquiries/{inquiry}")
    assert (case["side"], case["subject"], case["question"]) == ("city", {}, {})
    view = await friends[OTHER].call("GET", f"/inquiries/{inquiry}")
    assert [each["verb"] for each in view["steps"]] == ["escalate"]


async def test_a_closed_inquiry_can_be_reopened_with_a_new_deadline(friends: Federation) -> None:
    asking, asked = friends[COUNTY], friends[OTHER]
    inquiry = await opened(friends)
    await act(friends, asked, inquiry, "answer", ANSWER)
    await act(friends, asking, inquiry, "close", {"correct": False})
    await act(friends, asking, inquiry, "reopen", {"note": "地址有误"})
    views = [await node.call("GET", f"/inquiries/{inquiry}") for node in (asking, asked)]
    assert {view["state"] for view in views} == {"reopened"}
    assert views[0]["due_on"] == views[1]["due_on"]
    assert views[0]["answer"] == {} and views[0]["correct"] is None


async def test_desks_that_act_at_once_agree_in_the_end(friends: Federation) -> None:
    asking, asked = friends[COUNTY], friends[OTHER]
    inquiry = await opened(friends)
    friends.network.cut |= {COUNTY, OTHER}
    await asking.call("POST", f"/inquiries/{inquiry}/withdraw", {})
    await asked.call("POST", f"/inquiries/{inquiry}/answer", ANSWER)
    friends.network.cut.clear()
    await settled(friends)
    assert await states(friends, inquiry, COUNTY, OTHER) == ["withdrawn", "withdrawn"]
    assert not asking.bus.said("inquiry-answered")


async def test_late_ones_are_said_once_reminded_and_escalated(friends: Federation) -> None:
    asking, asked, city = friends[COUNTY], friends[OTHER], friends[CITY]
    inquiry = await opened(friends)
    await act(friends, asking, inquiry, "escalate", expect=409)
    for node in (asking, asked):
        await node.fetch("UPDATE inquiries SET due_on = current_date - 5")
        for expected in (1, 0):
            async with node.parts.database.transaction(node.parts.actor) as tx:
                assert await mark_overdue(tx) == expected
    for expected in (1, 0):
        async with asking.parts.database.transaction(asking.parts.actor) as tx:
            assert await remind_in_time(tx) == expected
    await settled(friends)
    overdue = await asked.call("GET", "/inquiries?overdue=true")
    assert overdue["items"][0]["reminders"] == 1
    await act(friends, asking, inquiry, "escalate", {"note": "多次催办未复"})
    case = await city.call("GET", f"/inquiries/{inquiry}")
    assert (case["side"], case["state"], case["subject"]) == ("city", "opened", {})
    await act(friends, asked, inquiry, "answer", ANSWER)
    view = await asking.call("GET", f"/inquiries/{inquiry}")
    assert (view["state"], view["in_time"]) == ("answered", False)
    await asking.bus.hears("inquiry-answered")
    said = asking.bus.said("inquiry-overdue")
    assert [each["direction"] for each in said] == ["out"]
