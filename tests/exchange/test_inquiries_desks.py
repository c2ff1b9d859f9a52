"""Desks that share inquiries: filters, counts, who is in charge, and two that act at once."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from shared.clock import today
from shared.events.registry import PersonsMerged
from shared.ids import new_id
from shared.testing import client_of
from tests.exchange.federation import CITY, COUNTY, OTHER, Federation, Node, settled
from tests.exchange.samples import make_inquiry
from tests.exchange.test_notices import deliver_twice

ANSWER = {"answer": {"lives_there": True}}


async def opened(node: Node, **overrides: Any) -> Any:
    return await node.call("POST", "/inquiries", make_inquiry(**overrides), expect=201)


async def assign(
    node: Node, inquiry: str, body: Any, version: int, expect: int = 200, **claims: Any
) -> Any:
    scope = "exchange:read exchange:write"
    token = node.issuer.token(**{"scope": scope, "region": node.region} | claims)
    headers = {"Purpose": "inquiry", "If-Match": f'"{version}"'}
    async with client_of(node.app, token, headers) as client:
        answer = await client.post(f"/exchange/v1/inquiries/{inquiry}/assignment", json=body)
    assert answer.status_code == expect, answer.text
    return answer.json()


async def listed(node: Node, query: str, **claims: Any) -> list[str]:
    page = await node.call("GET", f"/inquiries?{query}", **claims)
    return [each["id"] for each in page["items"]]


async def test_the_outbox_is_filtered(friends: Federation) -> None:
    here = friends[COUNTY]
    first = await opened(here, reference="房协〔2026〕1号", urgent=True)
    second = await opened(here, reference="房协〔2026〕2号")
    assert first["reference"] == "房协〔2026〕1号"
    assert await listed(here, "reference=〔2026〕1") == [first["id"]]
    assert await listed(here, "reference=2026") == [second["id"], first["id"]]
    assert await listed(here, f"due_before={second['due_on']}") == [first["id"]]
    await assign(here, first["id"], {"assignee": "clerk-9"}, first["version"], sub="clerk-9")
    assert await listed(here, "unassigned=true") == [second["id"]]
    assert await listed(here, "assignee=clerk-9") == [first["id"]]
    assert await listed(here, "mine=true", sub="clerk-9") == [first["id"]]
    assert await listed(here, "mine=true", sub="clerk-8") == []
    assert await listed(here, "office=office-7&side=asking") == []
    await here.call("GET", "/inquiries?due_before=soon", expect=400)


async def test_a_file_number_is_used_once_and_names_nobody(friends: Federation) -> None:
    here = friends[COUNTY]
    first = await opened(here, reference="房协〔2026〕1号")
    again = await here.call(
        "POST", "/inquiries", make_inquiry(reference="房协〔2026〕1号"), expect=409
    )
    assert again["type"].endswith("reference-used") and again["inquiry_id"] == first["id"]
    body = make_inquiry(reference="房协〔2026〕1号")
    await here.call("POST", "/inquiries", body, expect=201, org="another-office")
    for reference in ("13800138000", "42038119900101122X", "", "一" * 61):
        await here.call("POST", "/inquiries", make_inquiry(reference=reference), expect=422)
    await settled(friends)
    inbox = await friends[OTHER].call("GET", "/inquiries?side=asked&reference=1号")
    assert {each["reference"] for each in inbox["items"]} == {"房协〔2026〕1号"}


async def test_the_start_page_counts_the_desks_work(friends: Federation) -> None:
    here, there = friends[COUNTY], friends[OTHER]
    ids = [(await opened(here))["id"] for _ in range(3)]
    await settled(friends)
    await there.fetch("UPDATE inquiries SET due_on = $1 WHERE id = $2", today(), UUID(ids[0]))
    await there.fetch("UPDATE inquiries SET due_on = '2026-01-05' WHERE id = $1", UUID(ids[1]))
    await assign(there, ids[0], {"assignee": "clerk-9"}, 1, sub="clerk-9")
    counts = await there.call("GET", "/inquiry-counts", sub="clerk-9")
    assert counts == {
        "states": [{"side": "asked", "state": "opened", "count": 3}],
        "mine": 1,
        "unassigned": 2,
        "overdue": 1,
        "due_soon": 1,
    }
    await there.call("POST", f"/inquiries/{ids[1]}/answer", ANSWER)
    after = await there.call("GET", "/inquiry-counts", sub="clerk-9")
    assert (after["overdue"], len(after["states"])) == (0, 2)
    elsewhere = await there.call("GET", "/inquiry-counts", region="420325")
    assert elsewhere["states"] == [] and elsewhere["unassigned"] == 0
    await there.call("GET", "/inquiry-counts", expect=403, scope="notify:read")


async def test_an_inquiry_is_given_to_a_township_and_one_of_its_staff(friends: Federation) -> None:
    here, there = friends[COUNTY], friends[OTHER]
    inquiry = (await opened(here))["id"]
    await settled(friends)
    clerk = {"office": "township-1", "region": "420381001"}
    await there.call("PUT", "/desk-members/staff-1", clerk)
    await assign(there, inquiry, {"assignee": "staff-1"}, 1, expect=409)  # not for the whole county
    await assign(there, inquiry, {"assignee": "nobody"}, 1, expect=409)
    given = {"assignee": "staff-1", "region": "420381001"}
    view = await assign(there, inquiry, given, 1)
    assert (view["office"], view["assignee"]) == ("township-1", "staff-1")
    assert await listed(there, "mine=true", sub="staff-1", region="420381001") == [inquiry]
    assert await listed(there, "side=asked", region="420381002") == []
    await assign(there, inquiry, {}, view["version"], expect=404, region="420381002")
    outside = {"office": "x", "region": "420325001"}
    await assign(there, inquiry, outside, view["version"], expect=403)
    # handed on to another township, it is nobody's until somebody there takes it
    await there.call("POST", f"/inquiries/{inquiry}/forward", {"region": "420381002"})
    view = await there.call("GET", f"/inquiries/{inquiry}")
    assert (view["office"], view["assignee"]) == (None, None)
    told = [(each["region"], each["office"], each["assignee"]) for each in view["assignments"]]
    assert told == [("420381001", "township-1", "staff-1"), ("420381002", None, None)]
    assert "assignments" not in (await here.call("GET", "/inquiries"))["items"][0]
    assert (await here.call("GET", f"/inquiries/{inquiry}"))["assignments"] == []


async def test_of_two_who_take_it_at_once_one_has_it(friends: Federation) -> None:
    here = friends[COUNTY]
    inquiry = await opened(here)
    first = await assign(here, inquiry["id"], {"assignee": "a"}, inquiry["version"], sub="a")
    await assign(here, inquiry["id"], {"assignee": "b"}, inquiry["version"], 412, sub="b")
    view = await here.call("GET", f"/inquiries/{inquiry['id']}")
    assert (view["assignee"], view["version"]) == ("a", first["version"])
    await here.call("POST", f"/inquiries/{inquiry['id']}/assignment", {}, expect=428)
    withdrawn = await here.call("POST", f"/inquiries/{inquiry['id']}/withdraw", {})
    await assign(here, inquiry["id"], {"office": "x"}, withdrawn["version"], 409)


async def test_whoever_leaves_has_nothing_to_do_any_more(friends: Federation) -> None:
    here = friends[COUNTY]
    inquiry = await opened(here)
    clerk = {"office": "office-1", "region": here.region}
    await here.call("PUT", "/desk-members/staff-1", clerk, expect=403, scope="exchange:write")
    await here.call("PUT", "/desk-members/staff-1", clerk | {"region": "420381"}, expect=403)
    await here.call("PUT", "/desk-members/staff-1", clerk)
    await assign(here, inquiry["id"], {"assignee": "staff-1"}, 1)
    moved = await here.call("PUT", "/desk-members/staff-1", clerk | {"region": "420325100"})
    assert moved["region"] == "420325100"
    assert (await listed(here, "assignee=staff-1")) == []
    await here.call("PUT", "/desk-members/staff-1", clerk)
    version = (await here.call("GET", f"/inquiries/{inquiry['id']}"))["version"]
    await assign(here, inquiry["id"], {"assignee": "staff-1"}, version)
    await here.call("DELETE", "/desk-members/staff-1", expect=204)
    await here.call("DELETE", "/desk-members/staff-1", expect=404)
    assert await here.call("GET", "/desk-members") == []
    view = await here.call("GET", f"/inquiries/{inquiry['id']}")
    assert (view["office"], view["assignee"], len(view["assignments"])) == ("office-1", None, 4)


async def test_of_two_offices_that_answer_at_once_one_answers(friends: Federation) -> None:
    here, there = friends[COUNTY], friends[OTHER]
    inquiry = (await opened(here))["id"]
    await settled(friends)
    path = f"/exchange/v1/inquiries/{inquiry}/answer"
    token = there.issuer.token(scope="exchange:write", region=there.region)
    async with client_of(there.app, token, {"Purpose": "inquiry"}) as client:
        answers = await asyncio.gather(
            *(client.post(path, json={"answer": {"lives_there": says}}) for says in (True, False))
        )
    assert sorted(each.status_code for each in answers) == [200, 409]
    (taken,) = [each.json()["answer"] for each in answers if each.status_code == 200]
    await settled(friends)
    assert (await here.call("GET", f"/inquiries/{inquiry}"))["answer"] == taken
    await here.call("POST", f"/inquiries/{inquiry}/close", {"correct": True})
    await settled(friends)
    await there.call("POST", f"/inquiries/{inquiry}/answer", ANSWER, expect=409)


async def looks_at(node: Node, person: UUID) -> int:
    """How many looks the data tracker tells her of."""
    token = node.issuer.token(scope="self", sub=str(person))
    headers = {"X-Road-UserId": "portal"}
    async with client_of(node.app, token, headers) as client:
        url = f"/exchange/datatracker/v2/findUsage?userCode={person}"
        answer = await client.get(url)
    assert answer.status_code == 200, answer.text
    return int(answer.json()["totalUsages"])


@pytest.mark.parametrize("at_once", [True, False])
async def test_she_sees_the_looks_at_what_is_asked_about_her(
    friends: Federation, at_once: bool
) -> None:
    here, person, kept = friends[COUNTY], new_id(), new_id()
    told = {"person_id": str(person)} if at_once else {}
    inquiry = (await opened(here, **told))["id"]
    await here.call("GET", f"/inquiries/{inquiry}")
    if not at_once:
        body = {"person_id": str(person)}
        await here.call("POST", f"/inquiries/{inquiry}/person", body, expect=404, region="420381")
        await here.call("POST", f"/inquiries/{inquiry}/person", {}, expect=422)
        await here.call("POST", f"/inquiries/{inquiry}/person", body)
    assert await looks_at(here, person) == (2 if at_once else 3)
    await deliver_twice(here, PersonsMerged(kept_id=kept, merged_id=person))
    assert await looks_at(here, kept) == (2 if at_once else 3)
    assert str(person) not in str(friends.network.sent)
    assert CITY not in [to for to, _ in friends.network.sent]
