"""Requests for help through their doors: taking, routing, steps, settling, and who sees what."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from shared.clock import today
from shared.ids import new_id
from shared.testing import Issuer
from tests.conftest import parts_of
from tests.migrant.conftest import bearer
from tests.migrant.help_samples import (
    HELP,
    WAGES,
    age,
    ask,
    do,
    events,
    kinds,
    make_request,
    office,
    person,
    refused,
    settle,
)
from tests.migrant.samples import OTHER_VILLAGE, VILLAGE

ROUTES = "/migrant/v1/help-routes"


async def test_from_asking_to_settling(
    client: httpx.AsyncClient, app: FastAPI, issuer: Issuer
) -> None:
    asked = await ask(client)
    assert (asked["department"], asked["office"]) == (WAGES, WAGES)
    assert asked["accept_by"] == str(today() + timedelta(days=15))
    assert asked["due_on"] == str(today() + timedelta(days=60))
    assert len(asked["number"]) == 8
    wages = office(issuer)
    accepted = await client.post(f"{HELP}/{asked['id']}/acceptance", headers=wages)
    assert (accepted.json()["accepted_on"], accepted.json()["state"]) == (str(today()), "open")
    assert await refused(client, asked, "acceptance", wages) == "already-accepted"
    await do(client, asked, "steps", wages, words="已约谈用人单位。", note="老板姓名见卷宗")
    longer = await do(client, asked, "extension", wages, reason="等待劳动仲裁")
    assert longer["due_on"] == str(today() + timedelta(days=90))
    assert await refused(client, asked, "extension", wages, reason="再等") == "already-extended"
    done = await settle(client, asked, issuer)
    assert (done["in_time"], done["answer"], done["state"]) == (True, "工资已付清。", "settled")
    assert kinds(done) == ["taken", "routed", "accepted", "done", "extended", "settled"]
    assert done["steps"][0]["says"] == {"zh": "已收到您的求助。", "en": "Your request was taken."}
    assert done["steps"][4]["words"] == "等待劳动仲裁"
    assert await refused(client, asked, "settlement", wages, answer="又一次") == "already-settled"
    told = await events(app, "help-requested") + await events(app, "help-settled")
    assert len(told) == 2
    assert not any("工资" in each or "13900000002" in each for each in told)


async def test_everything_said_is_sealed(
    client: httpx.AsyncClient, app: FastAPI, issuer: Issuer
) -> None:
    asked = await ask(client)
    await do(client, asked, "acceptance", office(issuer), note="内部意见")
    await settle(client, asked, issuer)
    parts = parts_of(app)
    async with parts.database.transaction(parts.actor) as tx:
        for table in ("help_requests", "help_steps"):
            text = await tx.fetch_value(f"SELECT string_agg(t::text, '') FROM {table} AS t")
            assert "工资" not in text
            assert "13900000002" not in text
            assert "内部" not in text


async def test_overdue_is_said_honestly(
    client: httpx.AsyncClient, app: FastAPI, issuer: Issuer
) -> None:
    asked = await ask(client)
    await age(app, 61)
    line = (await client.get(f"{HELP}/{asked['id']}")).json()
    assert line["late"] is True
    assert (await settle(client, asked, issuer))["in_time"] is False


async def test_a_person_asks_for_herself(client: httpx.AsyncClient, issuer: Issuer) -> None:
    own_id = new_id()
    own = person(issuer, own_id)
    mine = await client.post(HELP, json=make_request(person_id=str(own_id)), headers=own)
    assert mine.status_code == 201, mine.text
    assert (mine.json()["channel"], mine.json()["answer_by"]) == ("app", "app")
    unsaid = await client.post(HELP, json=make_request(), headers=own)
    assert unsaid.json()["person_id"] == str(own_id)
    path = f"{HELP}/{mine.json()['id']}"
    assert (await client.get(path, headers=own)).status_code == 200
    for_other = await client.post(HELP, json=make_request(person_id=str(new_id())), headers=own)
    assert for_other.status_code == 404
    settled = await client.post(f"{path}/settlement", json={"answer": "x"}, headers=own)
    assert settled.status_code == 403
    unnamed = await ask(client)
    assert (await client.get(f"{HELP}/{unnamed['id']}", headers=own)).status_code == 404


async def test_doors(client: httpx.AsyncClient, issuer: Issuer) -> None:
    asked = await ask(client)
    away = bearer(issuer, scope="migrant:write migrant:read", region="420381")
    assert (await client.get(f"{HELP}/{asked['id']}", headers=away)).status_code == 404
    assert (await client.post(HELP, json=make_request(), headers=away)).status_code == 403
    reader = bearer(issuer, scope="migrant:read")
    assert (await client.post(HELP, json=make_request(), headers=reader)).status_code == 403
    for odd in (
        {"category": "birth-quota"},
        {"people": 0},
        {"people": 10_001},
        {"channel": "sms"},
        {"employer_code": "91350100M000100Y4Z"},
        {"text": ""},
        {"asked_how": "phone", "person_id": str(new_id())},
        {"satisfied": True},
    ):
        assert (await client.post(HELP, json=make_request(**odd))).status_code == 422, odd
    del client.headers["Purpose"]
    assert (await client.post(HELP, json=make_request())).status_code == 400


async def test_the_phone_desk_is_on_record(client: httpx.AsyncClient) -> None:
    asked = await ask(client, channel="phone")
    assert (asked["channel"], asked["taken_office"]) == ("phone", "org-test")
    assert (asked["steps"][0]["kind"], asked["steps"][0]["office"]) == ("taken", "org-test")


async def test_a_site_is_one_request_and_comes_first(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    first = await ask(client)
    site = await ask(client, people=40)
    danger = await ask(client, text="工头威胁打人,救命")
    assert (first["urgent"], site["urgent"], danger["urgent"]) == (False, True, True)
    assert site["people"] == 40
    inbox = (await client.get(HELP, headers=office(issuer))).json()["items"]
    assert [each["id"] for each in inbox] == [site["id"], danger["id"], first["id"]]


async def test_a_known_employer_goes_to_the_labour_inspection(client: httpx.AsyncClient) -> None:
    asked = await ask(client, employer_code="91350100M000100Y43")
    assert asked["office"] == "labour-inspection"


async def set_line(client: httpx.AsyncClient, issuer: Issuer, **line: Any) -> httpx.Response:
    admin = bearer(issuer, scope="migrant:admin")
    body = {"region": "420325", "department": WAGES, "office": "hr-hall", "source": "县政府通知"}
    return await client.put(ROUTES, json=body | line, headers=admin)


async def test_the_countys_own_routing_comes_first(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    assert (await set_line(client, issuer)).status_code == 200
    assert (await ask(client))["office"] == "hr-hall"
    near = await set_line(client, issuer, region="420325100", office="town-hall")
    assert (await ask(client))["office"] == "town-hall"
    assert (await ask(client, region=OTHER_VILLAGE))["office"] == "hr-hall"
    own = {"category": "wages", "department": "union", "office": "union-county"}
    await set_line(client, issuer, **own)
    assert (await ask(client))["department"] == "union"
    taken_back = await set_line(client, issuer, **own, active=False)
    assert taken_back.json()["active"] is False
    assert (await ask(client))["office"] == "town-hall"
    lines = (await client.get(ROUTES)).json()
    assert len(lines) == 3
    assert near.json() in lines
    outside = await set_line(client, issuer, region="420381")
    assert outside.status_code == 403
    clerk = await client.put(ROUTES, json={}, headers=office(issuer))
    assert clerk.status_code == 403


async def test_only_the_office_that_has_it_acts(client: httpx.AsyncClient, issuer: Issuer) -> None:
    asked = await ask(client)
    desk, strange = dict(client.headers), office(issuer, "education")
    assert await refused(client, asked, "acceptance", {}) == "not-your-offices"
    assert await refused(client, asked, "acceptance", strange) == "not-found"
    assert (await client.get(f"{HELP}/{asked['id']}", headers=strange)).status_code == 404
    assert (await client.get(f"{HELP}/{asked['id']}", headers=desk)).status_code == 200


async def test_notes_stay_between_offices(client: httpx.AsyncClient, issuer: Issuer) -> None:
    own_id = new_id()
    asked = await ask(client, person_id=str(own_id))
    await do(client, asked, "acceptance", office(issuer), note="先查社保记录")
    path = f"{HELP}/{asked['id']}"
    assert "先查社保记录" in (await client.get(path, headers=office(issuer))).text
    assert "先查社保记录" not in (await client.get(path, headers=person(issuer, own_id))).text
    assert "先查社保记录" not in (await client.get(path)).text
    copy = await client.get(
        f"/migrant/v1/people/{own_id}/export",
        headers=office(issuer) | {"Purpose": "subject-access"},
    )
    assert "三个月工资" in copy.text
    assert "先查社保记录" not in copy.text


async def test_a_question_back_and_her_answer(client: httpx.AsyncClient, issuer: Issuer) -> None:
    own_id = new_id()
    asked = await ask(client, person_id=str(own_id))
    own, wages = person(issuer, own_id), office(issuer)
    assert await refused(client, asked, "answer", own, words="我有工资条") == "nothing-asked"
    back = await do(client, asked, "question", wages, words="请问在哪个工地?")
    assert (back["state"], back["due_on"]) == ("asked", asked["due_on"])
    answered = await do(client, asked, "answer", own, words="城东工地")
    assert answered["state"] == "waiting"
    assert answered["steps"][-1]["office"] == "person"
    assert answered["steps"][-1]["words"] == "城东工地"
    assert await refused(client, asked, "steps", wages, words="去看了") == "not-accepted"
    assert await refused(client, asked, "extension", wages, reason="忙") == "not-accepted"
    stranger = person(issuer, new_id())
    assert await refused(client, asked, "answer", stranger, words="x") == "not-found"
    await settle(client, asked, issuer)
    assert await refused(client, asked, "answer", own, words="x") == "already-settled"


async def test_passing_on_at_most_twice_and_back_with_reasons(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    asked = await ask(client, category="other")
    first, second, third = (
        office(issuer, org) for org in ("migrant-office", "education", "housing")
    )
    unknown = {"department": "no-such", "reason": "不归我们"}
    assert await refused(client, asked, "passing", first, **unknown) == "unknown-department"
    assert await refused(client, asked, "return", first, reason="x") == "nowhere-to-return"
    there = {"department": "education", "reason": "属于入学问题"}
    passed = await do(client, asked, "passing", first, **there)
    assert (passed["office"], passed["accept_by"]) == ("education", asked["accept_by"])
    assert passed["steps"][-1]["words"] == "属于入学问题"
    assert await refused(client, asked, "passing", first, **there) == "not-your-offices"
    again = {"department": "migrant-office", "reason": "x"}
    assert await refused(client, asked, "passing", second, **again) == "passed-to-itself"
    await do(client, asked, "passing", second, department="housing", reason="是租房问题")
    back = await do(client, asked, "return", third, reason="查过了,不是租房问题")
    assert back["office"] == "education"
    assert (await client.get(f"{HELP}/{asked['id']}", headers=third)).status_code == 404
    more = {"department": "health", "reason": "x"}
    assert await refused(client, asked, "passing", second, **more) == "passed-too-often"
    no_reason = await client.post(f"{HELP}/{asked['id']}/return", json={}, headers=second)
    assert no_reason.status_code == 422
    await do(client, asked, "acceptance", second)
    assert await refused(client, asked, "return", second, reason="x") == "already-accepted"
    view = (await client.get(f"{HELP}/{asked['id']}", headers=first)).json()
    assert kinds(view) == ["taken", "routed", "passed", "passed", "returned", "accepted"]


@pytest.mark.parametrize(
    ("show", "places"),
    [("unsettled", [0, 2, 1]), ("waiting", [0]), ("open", [1]), ("asked", [2]), ("settled", [3])],
)
async def test_an_offices_inbox(
    client: httpx.AsyncClient, issuer: Issuer, show: str, places: list[int]
) -> None:
    made = [await ask(client) for _ in range(4)]
    await ask(client, category="schooling")
    wages = office(issuer)
    await do(client, made[1], "acceptance", wages)
    await do(client, made[2], "question", wages, words="?")
    await settle(client, made[3], issuer)
    shown = (await client.get(HELP, params={"show": show}, headers=wages)).json()["items"]
    assert [each["id"] for each in shown] == [made[place]["id"] for place in places]
    assert "三个月" not in str(shown)


async def test_the_inbox_in_pages(client: httpx.AsyncClient, app: FastAPI, issuer: Issuer) -> None:
    old = [await ask(client) for _ in range(3)]
    await age(app, 13)
    new = [await ask(client, people=1 + 20 * (n % 2)) for n in range(3)]
    wages = office(issuer)
    due = (await client.get(HELP, params={"show": "due"}, headers=wages)).json()["items"]
    assert [each["id"] for each in due] == [each["id"] for each in old]
    found, cursor = [], None
    while True:
        params = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = (await client.get(HELP, params=params, headers=wages)).json()
        found += [each["id"] for each in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert found == [each["id"] for each in (new[1], *old, new[0], new[2])]
    wrong = await client.get(HELP, params={"cursor": "WzEsMiwzXQ"}, headers=wages)
    assert wrong.status_code == 400
    taken = (await client.get(HELP, params={"box": "taken"})).json()["items"]
    assert len(taken) == 6
    elsewhere = await client.get(HELP, params={"region": "420381"}, headers=wages)
    assert elsewhere.status_code == 403


async def test_a_persons_own_list(client: httpx.AsyncClient, issuer: Issuer) -> None:
    own_id = new_id()
    made = [await ask(client, person_id=str(own_id)) for _ in range(3)]
    await ask(client, person_id=str(new_id()))
    path = f"/migrant/v1/people/{own_id}/help-requests"
    own = person(issuer, own_id)
    first = (await client.get(path, params={"limit": 2}, headers=own)).json()
    rest = (await client.get(path, params={"cursor": first["next"]}, headers=own)).json()
    found = [each["id"] for each in first["items"] + rest["items"]]
    assert found == [each["id"] for each in made]
    # an office sees those it has a part in
    assert len((await client.get(path)).json()["items"]) == 3
    assert len((await client.get(path, headers=office(issuer))).json()["items"]) == 3
    assert (await client.get(path, headers=office(issuer, "housing"))).status_code == 404
    assert (await client.get(path, headers=person(issuer, new_id()))).status_code == 404


async def test_a_clerk_of_another_township_has_no_part(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    asked = await ask(client, region=VILLAGE)
    other = office(issuer, region="420325101")
    assert (await client.get(f"{HELP}/{asked['id']}", headers=other)).status_code == 404
    assert (await client.get(HELP, headers=other)).json()["items"] == []
