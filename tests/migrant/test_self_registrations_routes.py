"""Registration by phone over HTTP: filled in by her, confirmed by the desk, erased in time."""

import asyncio
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from services.migrant.limits.rules import SHIPPED, Limit
from services.migrant.self_registrations.expiring import expiry
from services.migrant.self_registrations.handlers import erase_expired
from shared.ids import new_id
from shared.subjects import login_id
from shared.testing import Issuer
from tests.conftest import parts_of
from tests.migrant.conftest import bearer
from tests.migrant.logins import SUB, code_for, enter, link, login
from tests.migrant.samples import OTHER_VILLAGE, VILLAGE, fresh_id_number, id_number
from tests.migrant.test_accounts_routes import problem, sql
from tests.migrant.test_arrivals_routes import arrive
from tests.migrant.test_self_registrations_rules import SON, make_form

FORMS = "/migrant/v1/self-registrations"
SEARCHES = "/migrant/v1/self-registration-searches"
CODE = "/migrant/v1/self-registration-code.svg"
POSTER = "/migrant/v1/self-registration-poster.pdf"


async def fill_in(
    client: httpx.AsyncClient, her: dict[str, str], **overrides: Any
) -> dict[str, Any]:
    answer = await client.post(FORMS, json=make_form(**overrides), headers=her)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def confirm(client: httpx.AsyncClient, id: str, **command: Any) -> httpx.Response:
    return await client.post(f"{FORMS}/{id}/confirmation", json=command)


async def everybody(app: FastAPI) -> tuple[int, int]:
    (row,) = await sql(app, "SELECT (SELECT count(*) FROM people), (SELECT count(*) FROM arrivals)")
    return tuple(row)


async def test_the_desk_registers_all_and_her_login_opens_her_record(
    client: httpx.AsyncClient, issuer: Issuer, app: FastAPI
) -> None:
    her = login(issuer)
    form = await fill_in(client, her)
    assert (form["status"], form["people"], form["person_id"]) == ("open", 3, None)
    assert form["form"]["id_number"] == id_number()  # whole: it is hers
    assert await everybody(app) == (0, 0)  # nobody is registered before the desk confirms
    confirmed = await confirm(client, form["id"])
    assert confirmed.status_code == 200, confirmed.text
    view = confirmed.json()
    assert (len(view["arrivals"]), view["linked"]) == (3, True)
    assert await everybody(app) == (3, 3)
    record = await client.get(f"/migrant/v1/people/{view['person_id']}", headers=her)
    assert record.json()["name"] == "刘小梅"
    mine = (await client.get(f"{FORMS}/{form['id']}", headers=her)).json()
    assert (mine["status"], mine["person_id"], mine["form"]) == (
        "confirmed",
        view["person_id"],
        None,
    )
    (row,) = await sql(app, "SELECT * FROM self_registrations")
    kept = (row["form_sealed"], row["sub_sealed"], row["id_number_index"], row["reason_sealed"])
    assert kept == (None, None, None, None)
    assert problem(await confirm(client, form["id"])) == (409, "already-decided")
    assert await everybody(app) == (3, 3)


async def test_what_she_filled_in_is_sealed(
    client: httpx.AsyncClient, issuer: Issuer, app: FastAPI
) -> None:
    await fill_in(client, login(issuer))
    (row,) = await sql(app, "SELECT t::text AS text FROM self_registrations AS t")
    for secret in ("刘小梅", id_number(), "13900000002", SUB, "第一机械厂"):
        assert secret not in row["text"]
        assert secret.encode().hex() not in row["text"]


async def test_the_card_says_otherwise_and_somebody_did_not_come(
    client: httpx.AsyncClient, issuer: Issuer, app: FastAPI
) -> None:
    form = await fill_in(client, login(issuer))
    number = fresh_id_number()
    confirmed = await confirm(
        client,
        form["id"],
        corrections=[{"number": 1, "name": "刘晓宝", "id_number": number}],
        absent=[2],
    )
    assert len(confirmed.json()["arrivals"]) == 2
    person = confirmed.json()["arrivals"][1]["person_id"]
    son = (await client.get(f"/migrant/v1/people/{person}")).json()
    assert (son["name"], son["id_number"], son["phone"]) == ("刘晓宝", number, None)


async def test_all_or_nobody_and_the_one_in_the_way_is_named(
    client: httpx.AsyncClient, issuer: Issuer, app: FastAPI
) -> None:
    await arrive(client, name="刘小宝", id_number=SON)
    form = await fill_in(client, login(issuer))
    answer = await confirm(client, form["id"])
    assert problem(answer) == (409, "already-arrived")
    assert answer.json()["number"] == 1
    assert await everybody(app) == (1, 1)
    still = await client.get(f"{FORMS}/{form['id']}")
    assert still.json()["status"] == "open"
    assert (await confirm(client, form["id"], absent=[1])).status_code == 200
    assert await everybody(app) == (3, 3)


async def test_two_clerks_confirm_at_once(
    client: httpx.AsyncClient, issuer: Issuer, app: FastAPI
) -> None:
    form = await fill_in(client, login(issuer))
    answers = await asyncio.gather(*(confirm(client, form["id"]) for _ in range(3)))
    assert sorted(each.status_code for each in answers) == [200, 409, 409]
    assert await everybody(app) == (3, 3)


async def test_returned_with_a_reason_corrected_and_confirmed(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    her = login(issuer)
    form = await fill_in(client, her)
    path = f"{FORMS}/{form['id']}"
    reason = {"reason": "请补充同行人的证件号码"}
    returned = await client.post(f"{path}/return", json=reason)
    assert returned.json()["status"] == "returned"
    again = await client.post(f"{path}/return", json=reason)
    assert problem(again) == (409, "already-decided")
    mine = await client.get(path, headers=her)
    assert mine.json()["reason"] == reason["reason"]
    assert (await queue(client, issuer)) == []
    stale = await client.put(path, json=make_form(), headers=her | {"If-Match": '"1"'})
    assert problem(stale) == (412, "stale-version")
    match = her | {"If-Match": mine.headers["etag"]}
    changed = await client.put(path, json=make_form(companions=[]), headers=match)
    assert (changed.json()["status"], changed.json()["people"]) == ("open", 1)
    assert changed.json()["reason"] is None
    assert len((await confirm(client, form["id"])).json()["arrivals"]) == 1


async def test_taken_back_it_is_erased_at_once(
    client: httpx.AsyncClient, issuer: Issuer, app: FastAPI
) -> None:
    her = login(issuer)
    form = await fill_in(client, her)
    for _ in range(2):
        back = await client.post(f"{FORMS}/{form['id']}/withdrawal", headers=her)
        assert (back.json()["status"], back.json()["form"]) == ("withdrawn", None)
    (row,) = await sql(app, "SELECT form_sealed, sub_sealed FROM self_registrations")
    assert tuple(row) == (None, None)
    assert problem(await confirm(client, form["id"])) == (409, "already-decided")


async def test_one_open_and_a_few_a_day(client: httpx.AsyncClient, issuer: Issuer) -> None:
    her = login(issuer)
    answers = await asyncio.gather(
        *(client.post(FORMS, json=make_form(), headers=her) for _ in range(4))
    )
    assert sorted(each.status_code for each in answers) == [201, 409, 409, 409]
    made = next(each.json() for each in answers if each.status_code == 201)
    for _ in range(SHIPPED[Limit.FORMS_EACH_DAY].value - 1):
        await client.post(f"{FORMS}/{made['id']}/withdrawal", headers=her)
        made = await fill_in(client, her)
    await client.post(f"{FORMS}/{made['id']}/withdrawal", headers=her)
    answer = await client.post(FORMS, json=make_form(), headers=her)
    assert problem(answer) == (429, "too-many-today")
    await fill_in(client, login(issuer, "phone-2"))  # another's day is another's


async def test_erased_when_nobody_confirmed_in_14_days(
    client: httpx.AsyncClient, issuer: Issuer, app: FastAPI
) -> None:
    her = login(issuer)
    form = await fill_in(client, her)
    (row,) = await sql(app, "SELECT expires_at - made_at AS kept FROM self_registrations")
    assert row["kept"].days == 14
    await code_for_somebody(client)
    for table in ("self_registrations", "account_codes"):
        await sql(app, f"UPDATE {table} SET expires_at = now() RETURNING id")
    assert (await client.get(f"{FORMS}/{form['id']}", headers=her)).status_code == 404
    assert (await confirm(client, form["id"])).status_code == 404
    assert await queue(client, issuer) == []
    again = await fill_in(client, her)  # an expired one is in nobody's way
    parts = parts_of(app)
    for _ in range(2):
        async with parts.database.transaction(parts.actor) as tx:
            await erase_expired(tx)
    left = await sql(app, "SELECT id FROM self_registrations")
    assert [str(each["id"]) for each in left] == [again["id"]]
    assert await sql(app, "SELECT 1 FROM account_codes") == []


async def test_the_service_itself_erases_what_has_expired(
    client: httpx.AsyncClient, issuer: Issuer, app: FastAPI
) -> None:
    await fill_in(client, login(issuer))
    await sql(app, "UPDATE self_registrations SET expires_at = now() RETURNING id")
    async with expiry(parts_of(app)), asyncio.timeout(10):
        while await sql(app, "SELECT 1 FROM self_registrations"):
            await asyncio.sleep(0.02)


async def code_for_somebody(client: httpx.AsyncClient) -> None:
    number = fresh_id_number()
    await arrive(client, id_number=number)
    await code_for(client, id_number=number)


async def queue(client: httpx.AsyncClient, issuer: Issuer, **params: str) -> list[str]:
    """Page by page."""
    ids: list[str] = []
    cursor: str | None = None
    while True:
        asked = {"limit": "2"} | params | ({"cursor": cursor} if cursor else {})
        page = (await client.get(FORMS, params=asked)).json()
        ids += [each["id"] for each in page["items"]]
        cursor = page["next"]
        if cursor is None:
            return ids


async def test_the_desks_queue(client: httpx.AsyncClient, issuer: Issuer, app: FastAPI) -> None:
    made = [
        (await fill_in(client, login(issuer, f"phone-{n}"), id_number=fresh_id_number()))["id"]
        for n in range(3)
    ]
    elsewhere = await fill_in(
        client, login(issuer, "phone-9"), id_number=fresh_id_number(), region=OTHER_VILLAGE
    )
    assert await queue(client, issuer) == [*made, elsewhere["id"]]
    assert await queue(client, issuer, region=VILLAGE[:9]) == made
    there = bearer(issuer, scope="migrant:read", region="420325101", sub="clerk-9")
    page = (await client.get(FORMS, headers=there)).json()["items"]
    assert [each["id"] for each in page] == [elsewhere["id"]]
    assert (await client.get(f"{FORMS}/{made[0]}", headers=there)).status_code == 404
    await sql(
        app,
        "UPDATE self_registrations SET made_at = made_at - interval '3 days 1 hour'"
        " WHERE id = $1 RETURNING id",
        UUID(made[0]),
    )
    first = (await client.get(FORMS, params={"limit": "1"})).json()["items"][0]
    assert (first["days"], first["name"], first["people"]) == (3, "刘小梅", 3)
    bad = await client.get(FORMS, params={"status": "confirmed"})
    assert bad.status_code == 400


async def test_found_by_the_card_on_the_desk(client: httpx.AsyncClient, issuer: Issuer) -> None:
    form = await fill_in(client, login(issuer))
    found = await client.post(SEARCHES, json={"id_number": id_number()})
    assert [each["id"] for each in found.json()] == [form["id"]]
    none = await client.post(SEARCHES, json={"id_number": fresh_id_number()})
    assert none.json() == []
    there = bearer(issuer, scope="migrant:read", region="420381")
    none = await client.post(SEARCHES, json={"id_number": id_number()}, headers=there)
    assert none.json() == []


async def test_a_clerk_sees_whole_numbers_only_to_register(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    form = await fill_in(client, login(issuer))
    path = f"{FORMS}/{form['id']}"
    assert (await client.get(path)).json()["form"]["companions"][0]["id_number"] == SON
    masked = (await client.get(path, headers={"Purpose": "inquiry"})).json()["form"]
    assert "*" in masked["id_number"] and "*" in masked["phone"]
    assert "*" in masked["companions"][0]["id_number"]


async def test_a_daughter_fills_in_for_her_mother(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    number = fresh_id_number()
    daughter = await arrive(client, name="赵六", id_number=number)
    await link(client, issuer, name="赵六", id_number=number)
    form = await fill_in(client, login(issuer))
    assert form["person_id"] == daughter["person_id"]
    view = (await confirm(client, form["id"])).json()
    assert view["linked"] is False
    mother = f"/migrant/v1/people/{view['person_id']}"
    assert (await client.get(mother, headers=login(issuer))).status_code == 404
    hers = await client.get(f"{FORMS}/{form['id']}", headers=login(issuer))
    assert hers.json()["status"] == "confirmed"


async def test_looks_from_before_she_was_known_are_hers(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    form = await fill_in(client, login(issuer))
    await client.get(FORMS)
    view = (await confirm(client, form["id"])).json()
    answer = await client.get(
        "/migrant/datatracker/v2/findUsage",
        params={"userCode": view["person_id"]},
        headers=login(issuer) | {"X-Road-UserId": "x"},
    )
    actions = [use["action"] for use in answer.json()["usages"]]
    assert actions.count("Keeping the register: self-registration") == 2  # queue, confirmation
    assert "The person's own look: self-registration" in actions


async def test_a_code_after_the_form_finds_it_hers(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    stay = await arrive(client)
    form = await fill_in(client, login(issuer), arrived_on="2026-05-01")
    assert form["person_id"] is None
    await enter(client, await code_for(client), login(issuer))
    path = f"/migrant/v1/people/{stay['person_id']}/export"
    export = (await client.get(path, headers=login(issuer))).json()
    assert [each["id"] for each in export["self_registrations"]] == [form["id"]]
    assert [each["login"] for each in export["logins"]] == ["wx*******kQ"]


async def test_whose_it_is_not(client: httpx.AsyncClient, issuer: Issuer) -> None:
    form = await fill_in(client, login(issuer))
    path, other = f"{FORMS}/{form['id']}", login(issuer, "phone-2")
    assert (await client.get(path, headers=other)).status_code == 404
    change = await client.put(path, json=make_form(), headers=other | {"If-Match": '"1"'})
    assert change.status_code == 404
    assert (await client.post(f"{path}/withdrawal", headers=other)).status_code == 404
    for place in ("confirmation", "return"):
        body = {"reason": "不符"} if place == "return" else {}
        answer = await client.post(f"{path}/{place}", json=body, headers=login(issuer))
        assert answer.status_code == 403  # she does not confirm herself
    reader = bearer(issuer, scope="migrant:read")
    assert (await client.post(f"{path}/confirmation", json={}, headers=reader)).status_code == 403
    assert (await client.post(FORMS, json=make_form())).status_code == 403  # a clerk has no phone
    assert (await client.get(FORMS, headers=login(issuer))).status_code == 403
    assert (await client.get(f"{FORMS}/{new_id()}")).status_code == 404
    far = login(issuer, region="420381")
    assert (await client.post(FORMS, json=make_form(), headers=far)).status_code == 403


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"region": "420325"}, 422),
        ({"region": "420381100001"}, 403),
        ({"arrived_on": "2099-01-01"}, 422),
        ({"companions": [{"name": "刘小宝"}]}, 422),
        ({"companions": [{"name": "刘小宝", "id_number": id_number()}]}, 422),
        ({"certificate": "x"}, 422),
        ({"room_id": "x"}, 422),
    ],
)
async def test_bad_forms(
    client: httpx.AsyncClient, issuer: Issuer, change: dict[str, Any], status: int
) -> None:
    answer = await client.post(FORMS, json=make_form(**change), headers=login(issuer))
    assert answer.status_code == status
    assert id_number() not in answer.text


async def test_the_desk_cannot_name_whom_there_is_not(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    form = await fill_in(client, login(issuer))
    for command, slug in (
        ({"absent": [9]}, "no-such-number"),
        ({"absent": [0]}, "nobody-left"),
        ({"corrections": [{"number": 9}]}, "no-such-number"),
    ):
        assert problem(await confirm(client, form["id"], **command)) == (422, slug)


async def test_the_code_and_the_notice_for_the_wall(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    room = new_id()
    drawn = await client.get(CODE, params={"region": VILLAGE, "room_id": str(room)})
    assert drawn.headers["content-type"] == "image/svg+xml"
    assert drawn.text.startswith("<svg") and "http://www.w3.org/2000/svg" in drawn.text
    place = {"region": VILLAGE, "place": "东街社区 3 号楼 #[1] *"}
    paper = await client.get(POSTER, params=place)
    assert paper.headers["content-type"] == "application/pdf"
    assert paper.content.startswith(b"%PDF")
    for path in (CODE, POSTER):
        outside = await client.get(path, params=place | {"region": "420381100001"})
        assert problem(outside) == (403, "outside-jurisdiction")
        assert (await client.get(path, params={"region": "x", "place": "y"})).status_code == 400
        assert (await client.get(path, params=place, headers=login(issuer))).status_code == 403


async def test_the_login_is_known_by_its_id_alone(
    client: httpx.AsyncClient, issuer: Issuer, app: FastAPI
) -> None:
    await fill_in(client, login(issuer))
    (row,) = await sql(app, "SELECT login_id FROM self_registrations")
    assert row["login_id"] == login_id(SUB)
