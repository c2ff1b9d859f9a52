"""Regional agreements: proposed by one, confirmed by the other, seen in the reconciliation."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from services.exchange.messages.handlers import queue_message
from shared.clock import today
from shared.ids import new_id
from tests.exchange.federation import CITY, COUNTY, OTHER, Federation, Node, settled
from tests.exchange.test_reconciliations import reconcile

DAY = today()


def make_agreement(**overrides: Any) -> dict[str, Any]:
    return {
        "peer": OTHER,
        "name": "毗邻县流动人口协作协议",
        "since": (DAY - timedelta(days=30)).isoformat(),
        "kinds": ["arrival", "departure", "inquiries"],
    } | overrides


async def agreed(friends: Federation, **overrides: Any) -> str:
    here, there = friends[COUNTY], friends[OTHER]
    made = await here.call("POST", "/agreements", make_agreement(**overrides), expect=201)
    await settled(friends)
    await there.call("POST", f"/agreements/{made['id']}/answer", {"agreed": True})
    await settled(friends)
    return str(made["id"])


async def state(node: Node, agreement_id: str) -> tuple[str, str | None]:
    view = await node.call("GET", f"/agreements/{agreement_id}")
    return view["state"], view["until"]


async def test_one_proposes_the_other_confirms_and_either_ends_it(friends: Federation) -> None:
    here, there = friends[COUNTY], friends[OTHER]
    made = await here.call("POST", "/agreements", make_agreement(), expect=201)
    assert made["state"] == "proposed" and made["proposed_here"]
    await settled(friends)
    path = f"/agreements/{made['id']}"
    seen = await there.call("GET", path)
    assert (seen["name"], seen["kinds"]) == (made["name"], made["kinds"])
    assert not seen["proposed_here"] and seen["peer"] == COUNTY
    await here.call("POST", f"{path}/answer", {"agreed": True}, expect=409)  # not one's own
    await here.call("POST", f"{path}/end", {"last_day": DAY.isoformat()}, expect=409)
    await there.call("POST", f"{path}/answer", {"agreed": True})
    await there.call("POST", f"{path}/answer", {"agreed": False}, expect=409)
    await settled(friends)
    assert await state(here, made["id"]) == ("in-force", None)
    await there.call("POST", f"{path}/end", {"last_day": "2020-01-01"}, expect=409)
    await there.call("POST", f"{path}/end", {"last_day": DAY.isoformat()})
    await settled(friends)
    ended = ("ended", DAY.isoformat())
    assert await state(here, made["id"]) == await state(there, made["id"]) == ended


async def test_one_may_decline(friends: Federation) -> None:
    here, there = friends[COUNTY], friends[OTHER]
    made = await here.call("POST", "/agreements", make_agreement(), expect=201)
    await settled(friends)
    await there.call("POST", f"/agreements/{made['id']}/answer", {"agreed": False})
    await settled(friends)
    assert await state(here, made["id"]) == ("declined", None)
    ours, _ = await reconcile(friends)
    assert ours["agreements"] == []


async def test_both_end_it_at_once_and_the_earlier_day_holds(friends: Federation) -> None:
    here, there = friends[COUNTY], friends[OTHER]
    agreement_id = await agreed(friends)
    friends.network.cut |= {COUNTY, OTHER}
    first, second = DAY + timedelta(days=9), DAY + timedelta(days=4)
    path = f"/agreements/{agreement_id}/end"
    await here.call("POST", path, {"last_day": first.isoformat()})
    await there.call("POST", path, {"last_day": second.isoformat()})
    friends.network.cut.clear()
    await settled(friends)
    expected = ("ended", second.isoformat())
    assert await state(here, agreement_id) == await state(there, agreement_id) == expected


async def test_what_was_agreed_stands_in_the_reconciliation(friends: Federation) -> None:
    agreement_id = await agreed(friends)
    later = (DAY + timedelta(days=1)).isoformat()
    await agreed(friends, name="明日生效的协议", since=later)
    ours, theirs = await reconcile(friends)
    assert [each["id"] for each in ours["agreements"]] == [agreement_id]
    assert [each["id"] for each in theirs["agreements"]] == [agreement_id]


async def test_a_third_party_and_odd_words_are_refused(friends: Federation) -> None:
    here, city = friends[COUNTY], friends[CITY]
    agreement_id = await agreed(friends)
    call = here.call
    tries: tuple[dict[str, Any], ...] = (
        {"kinds": []},
        {"kinds": ["arrival", "arrival"]},
        {"kinds": ["quota"]},
        {"until": "2019-01-01"},
        {"note": "王芳"},
    )
    for wrong in tries:
        await call("POST", "/agreements", make_agreement(**wrong), expect=422)
    await call("POST", "/agreements", make_agreement(peer=COUNTY), expect=409)
    await call("POST", "/agreements", make_agreement(peer="county-1"), expect=409)
    await call("POST", "/agreements", make_agreement(), expect=403, scope="exchange:write")
    await call("GET", f"/agreements/{agreement_id}", expect=403, region="110101")
    await call("GET", f"/agreements/{new_id()}", expect=404)
    assert len((await call("GET", f"/agreements?peer={OTHER}"))["items"]) == 1
    end: dict[str, Any] = {"last_day": DAY.isoformat()}
    async with city.parts.database.transaction(city.parts.actor) as tx:
        await queue_message(COUNTY, "yipan.agreement.end.v1", UUID(agreement_id), end, tx)
        await queue_message(COUNTY, "yipan.agreement.answer.v1", new_id(), {"agreed": True}, tx)
    await settled(friends)
    rows = await city.fetch("SELECT last_error FROM messages_out ORDER BY sequence")
    assert [row["last_error"] for row in rows] == [
        "403 err.request.forbidden",
        "404 err.request.not_found",
    ]
    assert (await state(here, agreement_id))[0] == "in-force"
