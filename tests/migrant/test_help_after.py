"""After a request was settled: whether it helped, and the review by another office; deadlines that
pass before that."""

import asyncio

import httpx
import pytest
from fastapi import FastAPI

from services.migrant.help import clock
from services.migrant.help.clock import mark_late, mark_late_reviews, remind_in_time
from shared.db import Tx
from shared.ids import new_id
from shared.problems import Unavailable
from shared.testing import Issuer
from tests.conftest import parts_of
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
    serving,
    settle,
)
from tests.migrant.test_consents_routes import give


async def test_she_rates_once_and_nobody_for_her(
    client: httpx.AsyncClient, app: FastAPI, issuer: Issuer
) -> None:
    own_id = new_id()
    asked = await ask(client, person_id=str(own_id))
    own = person(issuer, own_id)
    assert await refused(client, asked, "satisfaction", own, satisfaction=5) == "not-settled"
    await settle(client, asked, issuer)
    assert await refused(client, asked, "satisfaction", office(issuer), satisfaction=5) == (
        "only-hers-to-say"
    )
    assert await refused(
        client, asked, "satisfaction", person(issuer, new_id()), satisfaction=1
    ) == ("not-found")
    rated = await do(client, asked, "satisfaction", own, satisfaction=2, words="拖了太久")
    assert (rated["satisfaction"], rated["rated_by"]) == (2, "herself")
    assert rated["satisfaction_words"] == "拖了太久"
    assert await refused(client, asked, "satisfaction", own, satisfaction=5) == "already-rated"
    (told,) = await events(app, "help-rated")
    assert '"satisfied":false' in told.replace(" ", "")
    assert "拖了太久" not in told
    assert str(own_id) not in told[told.index('"data"') :]


async def test_neither_companion_nor_convener_speaks_for_her(
    client: httpx.AsyncClient, app: FastAPI, issuer: Issuer
) -> None:
    companion = new_id()
    asked = await ask(client, person_id=str(new_id()))
    await do(client, asked, "companions", {}, person_id=str(companion))
    await settle(client, asked, issuer)
    convener = await serving(client, issuer)
    own = person(issuer, convener["person_id"])
    body = make_request(asked_how="message")
    filed = (await client.post(HELP, json=body, headers=own)).json()
    await settle(client, filed, issuer)
    for each, who in ((asked, person(issuer, companion)), (filed, own)):
        assert await refused(client, each, "satisfaction", who, satisfaction=5) == (
            "only-hers-to-say"
        )
    assert await events(app, "help-rated") == []


async def test_a_desk_may_enter_her_word_and_it_is_marked(
    client: httpx.AsyncClient, app: FastAPI, issuer: Issuer
) -> None:
    asked = await ask(client)
    await settle(client, asked, issuer)
    rated = await do(client, asked, "satisfaction", {}, satisfaction=3)
    assert (rated["satisfaction"], rated["rated_by"]) == (3, "desk")
    (told,) = await events(app, "help-rated")
    assert '"satisfied":true' in told.replace(" ", "")  # 基本满意


async def test_no_answer_counts_as_no_answer(
    client: httpx.AsyncClient, app: FastAPI, issuer: Issuer
) -> None:
    own_id = new_id()
    asked = await ask(client, person_id=str(own_id))
    await settle(client, asked, issuer)
    rated = await do(client, asked, "satisfaction", person(issuer, own_id), satisfaction=None)
    assert (rated["satisfaction"], rated["rated_by"]) == (None, "herself")
    late = await ask(client, person_id=str(own_id))
    await settle(client, late, issuer)
    await age(app, 31)
    assert await refused(client, late, "satisfaction", person(issuer, own_id), satisfaction=5) == (
        "too-late"
    )
    assert await events(app, "help-rated") == []
    for rating in (0, 6, "5 stars", True):
        answer = await client.post(
            f"{HELP}/{late['id']}/satisfaction", json={"satisfaction": rating}
        )
        assert answer.status_code in (409, 422)
    assert all('"satisfied":null' in e.replace(" ", "") for e in await events(app, "help-settled"))


async def test_she_is_asked_by_text_only_where_she_chose_and_agreed(
    client: httpx.AsyncClient, app: FastAPI, issuer: Issuer
) -> None:
    agreed, silent = new_id(), new_id()
    await give(client, agreed)
    for person_id, answer_by in (
        (agreed, "sms"),
        (agreed, "desk"),
        (agreed, "none"),
        (silent, "sms"),
    ):
        asked = await ask(client, person_id=str(person_id), answer_by=answer_by)
        await settle(client, asked, issuer)
    (told,) = await events(app, "help-rating-asked")
    assert str(agreed) in told


async def test_a_review_is_another_offices(
    client: httpx.AsyncClient, app: FastAPI, issuer: Issuer
) -> None:
    own_id = new_id()
    asked = await ask(client, person_id=str(own_id))
    own = person(issuer, own_id)
    assert await refused(client, asked, "review", own, reason="没办") == "not-settled"
    await settle(client, asked, issuer)
    reviewing = await do(client, asked, "review", own, reason="只付了一半")
    assert reviewing["review"]["office"] == "petitions"
    assert await refused(client, asked, "review", own, reason="再来") == "already-reviewed"
    bureau = office(issuer, "petitions")
    box = (await client.get(HELP, params={"box": "review", "show": "all"}, headers=bureau)).json()
    assert [each["id"] for each in box["items"]] == [asked["id"]]
    verdict = {"outcome": "changed", "words": "应付清全部工资"}
    assert await refused(client, asked, "review-decision", office(issuer), **verdict) == (
        "not-your-offices"
    )
    decided = await do(client, asked, "review-decision", bureau, **verdict, note="已约谈")
    assert (decided["state"], decided["answer"], decided["in_time"]) == ("open", None, None)
    assert (decided["review"]["outcome"], decided["review"]["in_time"]) == ("changed", True)
    assert await refused(client, asked, "review-decision", bureau, **verdict) == "no-review"
    again = await settle(client, asked, issuer)
    assert kinds(again)[-3:] == ["review-asked", "review-decided", "settled"]
    assert len(await events(app, "help-settled")) == 2


async def test_a_review_that_confirms_leaves_it_settled_and_comes_in_time(
    client: httpx.AsyncClient, app: FastAPI, issuer: Issuer
) -> None:
    asked = await ask(client)
    await settle(client, asked, issuer)
    await age(app, 30)
    await do(client, asked, "review", {}, reason="本人到窗口请求复查")
    await age(app, 31)
    decided = await do(
        client,
        asked,
        "review-decision",
        office(issuer, "petitions"),
        outcome="confirmed",
        words="维持",
    )
    assert (decided["state"], decided["review"]["in_time"]) == ("settled", False)
    late = await ask(client)
    await settle(client, late, issuer)
    await age(app, 31)
    assert await refused(client, late, "review", {}, reason="晚了") == "too-late"


async def test_the_petitions_bureau_does_not_review_itself(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    asked = await ask(client, category="other")
    await do(
        client,
        asked,
        "passing",
        office(issuer, "migrant-office"),
        department="petitions",
        reason="x",
    )
    await do(client, asked, "settlement", office(issuer, "petitions"), answer="已答复")
    reviewing = await do(client, asked, "review", {}, reason="不对")
    assert reviewing["review"]["office"] == "supervision"


async def tick(app: FastAPI) -> tuple[int, int, int]:
    """One round of the clock."""
    parts, counts = parts_of(app), []
    for step in (remind_in_time, mark_late, mark_late_reviews):
        async with parts.database.transaction(parts.actor) as tx:
            counts.append(await step(tx))
    return counts[0], counts[1], counts[2]


async def test_the_clock_reminds_before_and_tells_after_each_once(
    client: httpx.AsyncClient, app: FastAPI, issuer: Issuer
) -> None:
    asked = await ask(client)
    assert await tick(app) == (0, 0, 0)
    await age(app, 12)
    assert await tick(app) == (1, 0, 0)
    assert await tick(app) == (0, 0, 0)
    await age(app, 4)
    assert await tick(app) == (0, 1, 0)
    assert await tick(app) == (0, 0, 0)
    (told,) = await events(app, "help-overdue")
    assert '"kind":"acceptance"' in told.replace(" ", "")
    assert '"days":1' in told.replace(" ", "")
    assert WAGES in told
    seen_by_her = (await client.get(f"{HELP}/{asked['id']}")).json()
    assert kinds(seen_by_her)[-1] == "overdue"
    assert "reminded" not in kinds(seen_by_her)
    bureau = office(issuer, "petitions")
    box = (await client.get(HELP, params={"box": "oversight"}, headers=bureau)).json()["items"]
    assert [(each["id"], each["late"]) for each in box] == [(asked["id"], True)]
    assert (await client.get(f"{HELP}/{asked['id']}", headers=bureau)).status_code == 200
    other = await client.get(HELP, params={"box": "oversight"}, headers=office(issuer, "housing"))
    assert other.json()["items"] == []
    await do(client, asked, "acceptance", office(issuer))
    await age(app, 61)
    assert await tick(app) == (0, 1, 0)
    assert '"kind":"settlement"' in (await events(app, "help-overdue"))[-1].replace(" ", "")


async def test_a_late_review_is_told_too(
    client: httpx.AsyncClient, app: FastAPI, issuer: Issuer
) -> None:
    asked = await ask(client)
    await settle(client, asked, issuer)
    await do(client, asked, "review", {}, reason="x")
    await age(app, 31)
    assert await tick(app) == (0, 0, 1)
    assert await tick(app) == (0, 0, 0)
    (told,) = await events(app, "help-overdue")
    assert '"kind":"review"' in told.replace(" ", "")
    assert "petitions" in told


async def test_two_replicas_tell_once(
    client: httpx.AsyncClient, app: FastAPI, issuer: Issuer
) -> None:
    for _ in range(5):
        await ask(client)
    await age(app, 16)
    parts = parts_of(app)

    async def replica() -> int:
        async with parts.database.transaction(parts.actor) as tx:
            done = await mark_late(tx)
            await asyncio.sleep(0.2)
            return done

    assert sum(await asyncio.gather(replica(), replica(), replica())) == 5
    assert len(await events(app, "help-overdue")) == 5


async def test_the_clock_goes_on_after_an_outage(
    client: httpx.AsyncClient, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ask(client)
    await age(app, 16)
    tries = 0

    async def away(tx: Tx) -> int:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise Unavailable()
        return await remind_in_time(tx)

    monkeypatch.setattr(clock, "remind_in_time", away)
    monkeypatch.setattr(clock, "_EVERY_SECONDS", 0.01)
    async with clock.help_clock(parts_of(app)):
        while not await events(app, "help-overdue"):
            await asyncio.sleep(0.02)
    assert tries > 1
    assert len(await events(app, "help-overdue")) == 1
