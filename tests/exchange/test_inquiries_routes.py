"""Inquiries at the desk: who may, where, and what a look leaves behind."""

import pytest

from services.exchange.inquiries.calendar import load_calendar
from shared.testing import client_of
from tests.exchange.federation import COUNTY, OTHER, Federation
from tests.exchange.samples import id_number, make_inquiry


async def test_jurisdiction_scope_purpose_and_form(friends: Federation) -> None:
    here = friends[COUNTY]
    inquiry = (await here.call("POST", "/inquiries", make_inquiry(), expect=201))["id"]
    path = f"/inquiries/{inquiry}"
    await here.call("GET", path, expect=404, region="420381")
    await here.call("POST", f"{path}/withdraw", {}, expect=404, region="420381")
    assert (await here.call("GET", "/inquiries", region="420381"))["items"] == []
    await here.call("POST", f"{path}/withdraw", {}, expect=403, scope="exchange:read")
    await here.call("POST", "/inquiries", make_inquiry(), expect=403, scope="exchange:read")
    await here.call("POST", "/inquiries", make_inquiry(), expect=403, region="420381")
    await here.call("POST", "/inquiries", make_inquiry(to_region="420325"), expect=409)
    await here.call("POST", "/inquiries", make_inquiry(to_region="110101"), expect=409)
    await here.call("POST", "/inquiries", make_inquiry(to_node=OTHER), expect=422)
    await here.call("POST", "/inquiries", make_inquiry(secret=1), expect=422)
    await here.call("POST", f"{path}/punish", {}, expect=400)
    await here.call("POST", f"{path}/withdraw", {"secret": 1}, expect=422)
    token = here.issuer.token(scope="exchange:read exchange:write", region=here.region)
    async with client_of(here.app, token) as client:
        for method, url in (("GET", path), ("POST", f"{path}/withdraw"), ("POST", "/inquiries")):
            body = make_inquiry() if url == "/inquiries" else {}
            answer = await client.request(method, f"/exchange/v1{url}", json=body)
            assert answer.status_code == 400, (method, url)
        assert (await client.get("/exchange/v1/inquiries")).status_code == 200


async def test_a_township_asks_in_its_own_name(friends: Federation) -> None:
    here = friends[COUNTY]
    view = await here.call("POST", "/inquiries", make_inquiry(), expect=201, region="420325100")
    assert view["from_region"] == "420325100"
    await here.call("GET", f"/inquiries/{view['id']}", expect=404, region="420325101")
    await here.call("GET", f"/inquiries/{view['id']}")


async def test_a_look_leaves_a_trace_and_the_purpose_masks(friends: Federation) -> None:
    here = friends[COUNTY]
    inquiry = (await here.call("POST", "/inquiries", make_inquiry(), expect=201))["id"]
    token = here.issuer.token(scope="exchange:read", region=here.region)
    async with client_of(here.app, token, {"Purpose": "oversight"}) as client:
        view = (await client.get(f"/exchange/v1/inquiries/{inquiry}")).json()
    assert view["subject"]["id_number"] == "420381**********" + id_number()[-2:]
    looks = await here.fetch("SELECT purpose FROM usage_entries ORDER BY id")
    assert [row["purpose"] for row in looks] == ["inquiry", "oversight"]


async def test_the_same_key_opens_one_inquiry(friends: Federation) -> None:
    here = friends[COUNTY]
    token = here.issuer.token(scope="exchange:write", region=here.region)
    async with client_of(here.app, token, {"Purpose": "inquiry", "Idempotency-Key": "k"}) as client:
        answers = [
            await client.post("/exchange/v1/inquiries", json=make_inquiry()) for _ in range(2)
        ]
    assert answers[0].json() == answers[1].json()
    assert len(await here.fetch("SELECT 1 FROM inquiries")) == 1
    assert len(await here.fetch("SELECT 1 FROM messages_out")) == 1


async def test_pages_and_filters(friends: Federation) -> None:
    here = friends[COUNTY]
    ids = [
        (await here.call("POST", "/inquiries", make_inquiry(), expect=201))["id"] for _ in range(3)
    ]
    first = await here.call("GET", "/inquiries?side=asking&state=opened&limit=2")
    rest = await here.call("GET", f"/inquiries?limit=2&cursor={first['next']}")
    assert [each["id"] for each in first["items"] + rest["items"]] == ids[::-1]
    for query in ("side=asked", "state=closed", "kind=unpaid-wage", "overdue=true"):
        assert (await here.call("GET", f"/inquiries?{query}"))["items"] == []


async def test_the_catalogue_is_published(friends: Federation) -> None:
    kinds = await friends[COUNTY].call("GET", "/inquiry-kinds", scope="exchange:read")
    assert {"address-confirmation", "unpaid-wage"} <= {each["code"] for each in kinds}


async def test_the_calendar_can_be_corrected_and_deadlines_follow(friends: Federation) -> None:
    here = friends[COUNTY]
    days = await here.call("GET", "/calendar-days?year=2026")
    holiday = next(each for each in days if each["day"] == "2026-10-01")
    assert holiday["working"] is False
    before = await here.call("POST", "/inquiries", make_inquiry(urgent=True), expect=201)
    due = before["due_on"]
    off = {"working": False, "name": "停电"}
    await here.call("PUT", f"/calendar-days/{due}", off, expect=403, scope="exchange:write")
    await here.call("PUT", f"/calendar-days/{due}", off)
    after = await here.call("POST", "/inquiries", make_inquiry(urgent=True), expect=201)
    assert after["due_on"] > due
    async with here.parts.database.transaction(here.parts.actor) as tx:
        await load_calendar(tx)
    year = await here.call("GET", f"/calendar-days?year={due[:4]}")
    assert [each["name"] for each in year if each["day"] == due] == ["停电"]


@pytest.mark.parametrize("path", ["/inquiries", "/notices", "/inquiry-kinds", "/calendar-days"])
async def test_nobody_comes_in_without_a_token(strangers: Federation, path: str) -> None:
    async with client_of(strangers[COUNTY].app) as client:
        assert (await client.get(f"/exchange/v1{path}")).status_code == 401
