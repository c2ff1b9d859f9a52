"""Consents at any desk and by phone; refusals, guardians, words that change, the sheet."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from shared.clock import today
from shared.ids import new_id
from shared.testing import Issuer
from tests.conftest import parts_of
from tests.migrant.conftest import bearer
from tests.migrant.samples import id_number, make_arrival
from tests.migrant.test_consents_routes import CONSENTS, give, make_consent

V1 = "/migrant/v1"
WITHDRAWALS = f"{V1}/consent-withdrawals"
REFUSALS = f"{V1}/consent-refusals"
QUESTIONS = f"{V1}/consent-questions"
HERE, THERE = "420325100", "420325101"


def desk(issuer: Issuer, region: str) -> dict[str, str]:
    return bearer(issuer, scope="migrant:read migrant:write", region=region, sub=f"clerk-{region}")


def herself(issuer: Issuer, person: Any) -> dict[str, str]:
    return bearer(issuer, scope="self", sub=str(person)) | {"Purpose": "subject-access"}


def problem(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].rpartition("/")[2]


async def told(app: FastAPI, kind: str) -> list[dict[str, Any]]:
    async with parts_of(app).database.acquire() as connection:
        rows = await connection.fetch(
            "SELECT payload::jsonb -> 'data' AS data FROM outbox"
            " WHERE payload::jsonb ->> 'type' = $1 ORDER BY id",
            f"yipan.migrant.{kind}.v1",
        )
    return [row["data"] for row in rows]


async def arrive(client: httpx.AsyncClient, **overrides: Any) -> UUID:
    answer = await client.post(f"{V1}/arrivals", json=make_arrival(**overrides))
    assert answer.status_code == 201, answer.text
    return UUID(answer.json()["person_id"])


async def question(client: httpx.AsyncClient, person: UUID, purpose: str) -> dict[str, Any]:
    answer = await client.get(QUESTIONS, params={"person_id": str(person)})
    assert answer.status_code == 200, answer.text
    return next(each for each in answer.json() if each["purpose"] == purpose)


def child_number(years: int) -> str:
    """The id number of somebody born so many years ago yesterday."""
    born = today() - timedelta(days=1)
    return id_number(f"500101{born.year - years}{born:%m}{min(born.day, 28):02}212")


# any desk, by phone


async def test_any_desk_of_the_county_takes_one_back(
    client: httpx.AsyncClient, issuer: Issuer, app: FastAPI
) -> None:
    person = new_id()
    made = await client.post(CONSENTS, json=make_consent(person), headers=desk(issuer, HERE))
    path = f"{CONSENTS}/{made.json()['id']}/withdrawal"
    taken = await client.post(path, headers=desk(issuer, THERE))
    assert taken.status_code == 200
    assert (taken.json()["withdrawal_channel"], taken.json()["stands"]) == ("desk", False)
    assert (await client.post(path, headers=desk(issuer, "420381"))).status_code == 403
    assert len(await told(app, "consent-withdrawn")) == 1


async def test_by_phone_she_says_name_and_number_and_everything_ends(
    client: httpx.AsyncClient, issuer: Issuer, app: FastAPI
) -> None:
    person = await arrive(client)
    await give(client, person)
    await give(client, person, purpose="follow-up", phone=None)
    called = {"name": "刘小梅", "id_number": id_number(), "channel": "phone"}
    elsewhere = desk(issuer, THERE)
    ended = await client.post(WITHDRAWALS, json=called, headers=elsewhere)
    assert ended.status_code == 200, ended.text
    assert ended.json()["purposes"] == ["follow-up", "sms-reminders"]
    again = await client.post(WITHDRAWALS, json=called, headers=elsewhere)
    assert again.json()["purposes"] == []
    listed = (await client.get(CONSENTS, params={"person_id": str(person)})).json()
    assert {each["withdrawal_channel"] for each in listed} == {"phone"}
    assert len(await told(app, "consent-withdrawn")) == 2


async def test_a_wrong_name_learns_nothing(client: httpx.AsyncClient) -> None:
    person = await arrive(client)
    await give(client, person)
    for body in (
        {"name": "王五", "id_number": id_number()},
        {"name": "刘小梅", "id_number": id_number("50010119920304214")},
    ):
        assert problem(await client.post(WITHDRAWALS, json=body)) == (404, "not-found")
    assert (await question(client, person, "sms-reminders"))["standing"]


async def test_only_what_she_names_ends(client: httpx.AsyncClient, issuer: Issuer) -> None:
    person = new_id()
    await give(client, person)
    await give(client, person, purpose="vital-events")
    body = {"person_id": str(person), "purposes": ["vital-events"]}
    ended = await client.post(WITHDRAWALS, json=body, headers=herself(issuer, person))
    assert ended.json()["purposes"] == ["vital-events"]
    listed = (await client.get(CONSENTS, params={"person_id": str(person)})).json()
    assert [(each["purpose"], each["stands"]) for each in listed] == [
        ("vital-events", False),
        ("sms-reminders", True),
    ]
    assert listed[0]["withdrawal_channel"] == "app"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": "刘小梅"},
        {"id_number": id_number()},
        {"person_id": str(new_id()), "name": "刘小梅", "id_number": id_number()},
        {"person_id": str(new_id()), "purposes": []},
        {"person_id": str(new_id()), "purposes": ["compliance"]},
        {"person_id": str(new_id()), "channel": "sms"},
    ],
)
async def test_withdrawals_that_say_too_little(
    client: httpx.AsyncClient, body: dict[str, Any]
) -> None:
    assert (await client.post(WITHDRAWALS, json=body)).status_code == 422


async def test_doors(client: httpx.AsyncClient, issuer: Issuer) -> None:
    person = new_id()
    body = {"person_id": str(person)}
    stranger = herself(issuer, new_id())
    decline = body | {"purpose": "follow-up"}
    assert (await client.post(WITHDRAWALS, json=body, headers=stranger)).status_code == 404
    assert (await client.post(REFUSALS, json=decline, headers=stranger)).status_code == 404
    by_number = {"name": "刘小梅", "id_number": id_number()}
    assert (await client.post(WITHDRAWALS, json=by_number, headers=stranger)).status_code == 404
    for path, sent in ((WITHDRAWALS, body), (REFUSALS, decline)):
        reader = bearer(issuer, scope="migrant:read")
        assert (await client.post(path, json=sent, headers=reader)).status_code == 403
        away = desk(issuer, "420381")
        assert (await client.post(path, json=sent, headers=away)).status_code == 403
    standing = {"person_id": str(person), "purpose": "follow-up"}
    for path, params in ((QUESTIONS, body), (f"{CONSENTS}/standing", standing)):
        for headers in (stranger, desk(issuer, "420381")):
            assert (await client.get(path, params=params, headers=headers)).status_code == 403
    del client.headers["Purpose"]
    assert (await client.post(WITHDRAWALS, json=body)).status_code == 400


async def test_an_office_learns_one_yes_or_no(
    client: httpx.AsyncClient, issuer: Issuer, app: FastAPI
) -> None:
    person = new_id()
    asked = {"person_id": str(person), "purpose": "health-check"}
    elsewhere = desk(issuer, THERE)
    path = f"{CONSENTS}/standing"
    assert (await client.get(path, params=asked, headers=elsewhere)).json()["stands"] is False
    body = make_consent(person, purpose="health-check", phone=None)
    await client.post(CONSENTS, json=body, headers=desk(issuer, HERE))
    answer = (await client.get(path, params=asked, headers=elsewhere)).json()
    assert answer == {"purpose": "health-check", "stands": True}
    assert (
        await client.get(CONSENTS, params={"person_id": str(person)}, headers=elsewhere)
    ).json() == []
    async with parts_of(app).database.acquire() as connection:
        looks = await connection.fetchval(
            "SELECT count(*) FROM usage_entries WHERE subject_id = $1 AND actor_sub = $2",
            person,
            f"clerk-{THERE}",
        )
    assert looks == 2


async def test_she_agrees_with_her_own_login(client: httpx.AsyncClient, issuer: Issuer) -> None:
    person = new_id()
    made = await client.post(
        CONSENTS, json=make_consent(person, channel="phone"), headers=herself(issuer, person)
    )
    assert made.status_code == 201, made.text
    assert made.json()["channel"] == "app"


# saying no


async def test_who_said_no_is_not_asked_again_for_a_time(
    client: httpx.AsyncClient, issuer: Issuer, app: FastAPI
) -> None:
    person = new_id()
    assert (await question(client, person, "follow-up"))["may_ask"]
    decline = {"person_id": str(person), "purpose": "follow-up"}
    said = await client.post(REFUSALS, json=decline, headers=desk(issuer, HERE))
    assert said.status_code == 201, said.text
    again_on = str(today() + timedelta(days=365))
    assert said.json()["ask_again_on"] == again_on
    elsewhere = await client.get(
        QUESTIONS, params={"person_id": str(person)}, headers=desk(issuer, THERE)
    )
    asked = {each["purpose"]: each for each in elsewhere.json()}
    assert (asked["follow-up"]["may_ask"], asked["follow-up"]["ask_again_on"]) == (False, again_on)
    assert asked["health-check"]["may_ask"]
    body = make_consent(person, purpose="follow-up", phone=None)
    refused = await client.post(CONSENTS, json=body)
    assert problem(refused) == (409, "asked-too-soon")
    assert refused.json()["ask_again_on"] == again_on
    assert (await client.post(CONSENTS, json=body | {"at_her_request": True})).status_code == 201


async def test_a_withdrawal_is_a_no_as_well_and_time_passes(
    client: httpx.AsyncClient, issuer: Issuer, app: FastAPI
) -> None:
    person = new_id()
    consent = await give(client, person)
    own = herself(issuer, person)
    await client.post(f"{CONSENTS}/{consent['id']}/withdrawal", headers=own)
    refused = await client.post(CONSENTS, json=make_consent(person))
    assert problem(refused) == (409, "asked-too-soon")
    parts = parts_of(app)
    async with parts.database.transaction(parts.actor) as tx:
        await tx.execute("UPDATE consents SET withdrawn_at = now() - interval '366 days'")
    assert (await question(client, person, "sms-reminders"))["may_ask"]
    assert (await client.post(CONSENTS, json=make_consent(person))).status_code == 201


async def test_she_may_change_her_mind_by_herself(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    person = new_id()
    own = herself(issuer, person)
    decline = {"person_id": str(person), "purpose": "sms-reminders"}
    assert (await client.post(REFUSALS, json=decline, headers=own)).json()["channel"] == "app"
    assert (await client.post(CONSENTS, json=make_consent(person), headers=own)).status_code == 201


# children


async def test_a_guardian_agrees_for_a_child_and_until_she_is_fourteen(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    child = await arrive(client, id_number=child_number(13), stay_purpose="study")
    asked = await question(client, child, "health-check")
    assert (asked["may_ask"], asked["guardian_needed"]) == (True, True)
    assert not (await question(client, child, "sms-reminders"))["may_ask"]
    body = make_consent(child, purpose="health-check", phone=None)
    assert problem(await client.post(CONSENTS, json=body)) == (409, "guardian-needed")
    guardian = {"guardian": {"name": "刘大山", "relation": "parent"}}
    by_phone = body | guardian | {"channel": "phone"}
    assert problem(await client.post(CONSENTS, json=by_phone)) == (409, "guardian-needed")
    own = await client.post(CONSENTS, json=body | guardian, headers=herself(issuer, child))
    assert problem(own) == (409, "guardian-needed")
    made = await client.post(CONSENTS, json=body | guardian)
    assert made.status_code == 201, made.text
    assert made.json()["guardian"] == guardian["guardian"]
    born = date.fromisoformat(made.json()["until"])
    assert today() < born <= today() + timedelta(days=366)


async def test_no_text_is_ever_agreed_for_a_child(client: httpx.AsyncClient) -> None:
    child = await arrive(client, id_number=child_number(5), stay_purpose="family")
    body = make_consent(child, guardian={"name": "刘大山", "relation": "parent"})
    assert problem(await client.post(CONSENTS, json=body)) == (409, "not-for-children")
    choice = await client.put(f"{V1}/people/{child}/contact-choice", json={"channel": "sms"})
    assert problem(choice) == (409, "not-for-children")


async def test_a_grown_person_has_no_guardian(client: httpx.AsyncClient) -> None:
    person = await arrive(client)
    body = make_consent(
        person, purpose="follow-up", phone=None, guardian={"name": "刘大山", "relation": "other"}
    )
    assert problem(await client.post(CONSENTS, json=body)) == (409, "no-guardian-due")


async def test_who_sends_texts_is_told_that_it_is_for_a_child(
    client: httpx.AsyncClient, app: FastAPI
) -> None:
    child = await arrive(client, id_number=child_number(9))
    grown = await arrive(client)
    guardian = {"name": "刘大山", "relation": "parent"}
    for person, more in ((child, {"guardian": guardian}), (grown, {})):
        body = make_consent(person, purpose="follow-up", **more)
        assert (await client.post(CONSENTS, json=body)).status_code == 201
    said = {each["person_id"]: each["for_child"] for each in await told(app, "consent-given")}
    assert said == {str(child): True, str(grown): False}


async def test_the_guardians_name_is_sealed(client: httpx.AsyncClient, app: FastAPI) -> None:
    child = await arrive(client, id_number=child_number(9))
    guardian = {"name": "刘大山", "relation": "grandparent"}
    body = make_consent(child, purpose="follow-up", phone=None, guardian=guardian)
    assert (await client.post(CONSENTS, json=body)).status_code == 201
    async with parts_of(app).database.acquire() as connection:
        await connection.execute("SET yipan.region = '420325'")
        rows = await connection.fetch("SELECT c::text AS row FROM consents AS c")
        await connection.execute("RESET yipan.region")
    assert rows and "刘大山" not in rows[0]["row"]
