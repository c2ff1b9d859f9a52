"""Texts from people become requests for help, join one that is open, or rate one; each event comes
twice."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from services.migrant.help.catalogue import catalogue
from shared.clock import today
from shared.events.notify import ReplyReceived
from shared.ids import new_id
from shared.testing import Issuer, event_message
from tests.conftest import parts_of
from tests.migrant.help_samples import HELP, age, ask, do, events, kinds, office, settle
from tests.migrant.samples import VILLAGE
from tests.migrant.test_consents_routes import give

PHONE = "13900000055"


async def text(app: FastAPI, said: str, **overrides: Any) -> None:
    """A text arrives, twice."""
    values: dict[str, Any] = {
        "reply_id": new_id(),
        "person_id": None,
        "kind": "help",
        "region": "420325",
        "text": said,
        "phone": PHONE,
    }
    message = event_message(ReplyReceived(**(values | overrides)))
    for _ in range(2):
        assert await parts_of(app).loop.deliver(message)
    async with parts_of(app).database.acquire() as connection:
        assert await connection.fetchval("SELECT count(*) FROM dead_letters") == 0


async def inbox(client: httpx.AsyncClient, issuer: Issuer, org: str) -> list[dict[str, Any]]:
    answer = await client.get(HELP, params={"show": "all"}, headers=office(issuer, org))
    return list(answer.json()["items"])


async def read(
    client: httpx.AsyncClient, issuer: Issuer, org: str = "human-resources"
) -> dict[str, Any]:
    """The one request of an office."""
    (line,) = await inbox(client, issuer, org)
    return dict((await client.get(f"{HELP}/{line['id']}", headers=office(issuer, org))).json())


async def test_a_text_becomes_a_request(
    client: httpx.AsyncClient, app: FastAPI, issuer: Issuer
) -> None:
    await text(app, "求助 老板欠薪三个月")
    view = await read(client, issuer)
    assert (view["channel"], view["category"], view["region"]) == ("sms", "wages", "420325")
    assert (view["phone"], view["person_id"], view["answer_by"]) == (PHONE, None, "none")
    assert view["accept_by"] == str(today() + timedelta(days=15))
    assert len(await events(app, "help-requested")) == 1


async def test_a_flood_of_one_number_is_one_request(
    client: httpx.AsyncClient, app: FastAPI, issuer: Issuer
) -> None:
    most = catalogue().limits.joined_texts_most.value
    for n in range(most + 5):
        await text(app, f"求助 工资 {n}")
    view = await read(client, issuer)
    assert kinds(view).count("said-more") == most
    await text(app, "求助 工资", phone="13900000056")
    assert len(await inbox(client, issuer, "human-resources")) == 2
    await age(app, catalogue().limits.joined_days.value + 1)
    await text(app, "求助 又欠工资")
    assert len(await inbox(client, issuer, "human-resources")) == 3


async def test_her_answer_to_a_question(
    client: httpx.AsyncClient, app: FastAPI, issuer: Issuer
) -> None:
    await text(app, "求助 老板欠薪")
    view = await read(client, issuer)
    await do(client, view, "question", office(issuer), words="在哪个工地?")
    await text(app, "城东工地", kind="answer")
    answered = await read(client, issuer)
    assert (answered["state"], answered["steps"][-1]["words"]) == ("waiting", "城东工地")
    assert answered["steps"][-1]["kind"] == "answered"


async def test_danger_comes_first(client: httpx.AsyncClient, app: FastAPI, issuer: Issuer) -> None:
    await text(app, "救命 有人被打")
    view = await read(client, issuer, "police")
    assert (view["category"], view["urgent"]) == ("safety", True)


async def settled_for(
    client: httpx.AsyncClient, issuer: Issuer, person_id: UUID, **overrides: Any
) -> dict[str, Any]:
    body = {"person_id": str(person_id), "answer_by": "sms"} | overrides
    asked = await ask(client, **body)
    await settle(client, asked, issuer)
    return asked


async def rating(client: httpx.AsyncClient, asked: dict[str, Any]) -> Any:
    return (await client.get(f"{HELP}/{asked['id']}")).json()["satisfaction"]


async def test_a_digit_rates_what_she_was_asked_about(
    client: httpx.AsyncClient, app: FastAPI, issuer: Issuer
) -> None:
    person_id = new_id()
    await give(client, person_id)
    asked = await settled_for(client, issuer, person_id)
    await text(app, "４", kind="answer", person_id=person_id, region=VILLAGE)
    assert await rating(client, asked) == 4
    await text(app, "1", kind="answer", person_id=person_id)
    assert await rating(client, asked) == 4
    assert len(await events(app, "help-rated")) == 1
    assert len(await events(app, "help-requested")) == 1


@pytest.mark.parametrize("answer_by", ["desk", "none", "app"])
async def test_a_digit_of_whom_nothing_was_asked_means_nothing(
    client: httpx.AsyncClient, app: FastAPI, issuer: Issuer, answer_by: str
) -> None:
    person_id = new_id()
    asked = await settled_for(client, issuer, person_id, answer_by=answer_by)
    await text(app, "5", kind="answer", person_id=person_id)
    await text(app, "5", kind="answer")
    assert await rating(client, asked) is None
    assert len(await events(app, "help-requested")) == 1


async def test_a_person_known_by_her_number_sees_her_request(
    client: httpx.AsyncClient, app: FastAPI, issuer: Issuer
) -> None:
    person_id = new_id()
    await text(app, "求助 孩子上学", person_id=person_id, region=VILLAGE)
    listed = await client.get(
        f"/migrant/v1/people/{person_id}/help-requests", headers=office(issuer, "education")
    )
    (line,) = listed.json()["items"]
    assert (line["region"], line["category"]) == (VILLAGE, "schooling")
