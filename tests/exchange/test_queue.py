"""The queue: what waits is seen, paused, retried, given up or diverted, and nothing is lost."""

from typing import Any

from tests.exchange.federation import CITY, COUNTY, OTHER, Federation, Node, eventually, settled
from tests.exchange.samples import make_inquiry, make_notice

WHY = {"reason": "对方系统升级"}


async def peers(node: Node) -> dict[str, Any]:
    return {each["peer"]: each for each in await node.call("GET", "/queue")}


async def messages(node: Node, query: str = "") -> list[Any]:
    return list((await node.call("GET", f"/queue/messages{query}"))["items"])


async def test_a_paused_peer_gets_nothing_until_it_is_resumed(friends: Federation) -> None:
    here = friends[COUNTY]
    paused = await here.call("POST", f"/queue/peers/{OTHER}/pause", WHY)
    assert paused["paused_reason"] == WHY["reason"]
    await here.call("POST", f"/queue/peers/{OTHER}/pause", WHY, expect=409)
    notice = await here.call("POST", "/notices", make_notice(), expect=201)
    prompt = await here.call("POST", "/notices", make_notice(to_region="420302"), expect=201)

    async def arrived() -> bool:
        view = await here.call("GET", f"/notices/{prompt['id']}")
        return bool(view["delivery"] == "delivered")

    await eventually(arrived)
    (waiting,) = await messages(here, f"?peer={OTHER}")
    assert (waiting["subject_id"], waiting["state"], waiting["attempts"]) == (
        notice["id"],
        "queued",
        0,
    )
    assert (await peers(here))[OTHER]["queued"] == 1
    await here.call("POST", f"/queue/peers/{OTHER}/resumption", expect=204)
    await here.call("POST", f"/queue/peers/{OTHER}/resumption", expect=409)
    await settled(friends)
    assert [each["state"] for each in await messages(here, f"?peer={OTHER}")] == ["delivered"]


async def test_a_failed_message_is_retried_with_days_of_its_own(friends: Federation) -> None:
    here = friends[COUNTY]
    friends.network.cut.add(OTHER)
    await here.call("POST", "/notices", make_notice(), expect=201)
    await here.fetch(
        "UPDATE messages_out SET state = 'given-up', created_at = now() - interval '20 days'"
    )
    (lost,) = await messages(here, "?state=given-up")
    again = await here.call("POST", f"/queue/messages/{lost['message_id']}/retry")
    assert again["state"] == "queued"

    async def tried() -> bool:
        (row,) = await messages(here)
        return row["attempts"] > 0 and row["last_error"] is not None

    await eventually(tried)
    assert (await messages(here))[0]["state"] == "queued"
    friends.network.cut.clear()
    await here.fetch("UPDATE messages_out SET next_attempt_at = now()")
    await settled(friends)
    (done,) = await messages(here)
    assert done["state"] == "delivered"
    await here.call("POST", f"/queue/messages/{done['message_id']}/retry", expect=409)


async def test_giving_up_lets_the_next_step_go(friends: Federation) -> None:
    here = friends[COUNTY]
    await here.call("POST", f"/queue/peers/{OTHER}/pause", WHY)
    inquiry = (await here.call("POST", "/inquiries", make_inquiry(), expect=201))["id"]
    await here.call("POST", f"/inquiries/{inquiry}/remind", {})
    second, first = await messages(here)
    over = await here.call("POST", f"/queue/messages/{first['message_id']}/giving-up", WHY)
    assert (over["state"], over["decision_reason"]) == ("given-up", WHY["reason"])
    await here.call("POST", f"/queue/messages/{first['message_id']}/giving-up", WHY, expect=409)
    assert (await messages(here))[0]["message_id"] == second["message_id"]
    await here.call("POST", "/queue/messages/nothing/giving-up", WHY, expect=404)


async def test_a_notice_goes_to_another_participant(friends: Federation) -> None:
    here = friends[COUNTY]
    await here.call("POST", f"/queue/peers/{OTHER}/pause", WHY)
    notice = await here.call("POST", "/notices", make_notice(), expect=201)
    (message,) = await messages(here)
    path = f"/queue/messages/{message['message_id']}/diversion"
    await here.call("POST", path, WHY | {"to_node": OTHER}, expect=409)
    await here.call("POST", path, WHY | {"to_node": "nobody"}, expect=409)
    diverted = await here.call("POST", path, WHY | {"to_node": CITY})
    assert diverted["state"] == "diverted"
    sent, _ = await messages(here)
    assert diverted["diverted_to"] == sent["message_id"] and sent["to_node"] == CITY
    await settled(friends)
    listed = await friends[CITY].call("GET", "/notices?direction=in")
    assert [each["id"] for each in listed["items"]] == [notice["id"]]


async def test_an_inquiry_is_not_diverted(friends: Federation) -> None:
    here = friends[COUNTY]
    await here.call("POST", f"/queue/peers/{OTHER}/pause", WHY)
    await here.call("POST", "/inquiries", make_inquiry(), expect=201)
    (message,) = await messages(here)
    path = f"/queue/messages/{message['message_id']}/diversion"
    await here.call("POST", path, WHY | {"to_node": CITY}, expect=409)


async def test_old_mail_goes_to_a_participant_that_joins(strangers: Federation) -> None:
    here = strangers[COUNTY]
    notice = await here.call("POST", "/notices", make_notice(), expect=201)
    assert not notice["deliverable"]
    await strangers.admit_all()

    async def arrived() -> bool:
        view = await here.call("GET", f"/notices/{notice['id']}")
        return bool(view["delivery"] == "delivered")

    await eventually(arrived)
    listed = await strangers[OTHER].call("GET", "/notices?direction=in")
    assert [each["id"] for each in listed["items"]] == [notice["id"]]


async def test_pages_filters_and_rights(friends: Federation) -> None:
    here = friends[COUNTY]
    await here.call("POST", f"/queue/peers/{OTHER}/pause", WHY)
    for _ in range(3):
        await here.call("POST", "/notices", make_notice(), expect=201)
    first = await here.call("GET", "/queue/messages?limit=2")
    rest = await here.call("GET", f"/queue/messages?limit=2&cursor={first['next']}")
    seen = [each["message_id"] for each in first["items"] + rest["items"]]
    assert len(set(seen)) == 3 and rest["next"] is None
    await here.call("GET", "/queue/messages?cursor=nonsense", expect=400)
    for path in ("/queue", "/queue/messages", "/refusals"):
        await here.call("GET", path, expect=403, scope="exchange:read exchange:write")
    assert await here.call("GET", "/refusals") == {"items": [], "next": None}
