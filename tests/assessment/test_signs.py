"""Questions about a month's figures: raised once, seen by the office that is asked, answered."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from services.assessment.facts.handlers import record_facts
from services.assessment.facts.kinds import Kind
from services.assessment.signs.handlers import search_due, search_month
from services.assessment.signs.models import Sign, SignSearch
from shared.db import Tx
from shared.ids import new_id
from shared.testing import Issuer
from tests.assessment.calls import API, as_, get, post
from tests.assessment.samples import HOME, PEER, TOWNSHIP, judge, make_fact
from tests.conftest import TxFactory, parts_of

MAY = date(2026, 5, 1)


async def settled(
    tx: Tx, cases: int, *, minutes: int, area: str = TOWNSHIP, month: date = MAY
) -> None:
    """Requests for help settled in an office, so many minutes apart, three days after they came."""
    began = datetime(month.year, month.month, 4, 1, tzinfo=UTC)
    for case in range(cases):
        at = began + timedelta(minutes=minutes * case)
        fact = make_fact(
            Kind.HELP_SETTLED,
            "in_time",
            1,
            area=area,
            office="desk",
            day=at.date(),
            measure=3,
        )
        await record_facts([fact], str(new_id()), at, tx)


async def signs(tx: Tx) -> list[Sign]:
    return await tx.find(Sign, "SELECT * FROM signs ORDER BY id")


async def test_an_office_is_asked_once_about_what_was_entered_in_a_minute(
    open_tx: TxFactory,
) -> None:
    async with open_tx("assessment") as tx:
        await settled(tx, 40, minutes=0)
        await settled(tx, 40, minutes=97, area="420325101")
        await settled(tx, 40, minutes=0, area=f"{PEER}100")  # of another county: not ours to ask
        for _ in range(2):
            await search_month(MAY, HOME, tx)
        (sign,) = await signs(tx)
        assert (sign.check, sign.kind, sign.area, sign.office, sign.cases, sign.share) == (
            "same_minute",
            "help_settled",
            TOWNSHIP,
            "desk",
            40,
            1.0,
        )
        (search,) = await tx.find(SignSearch, "SELECT * FROM sign_searches")
        assert (search.asked, search.tested > 1) == (1, True)


async def test_what_was_taken_back_is_not_looked_at(open_tx: TxFactory) -> None:
    async with open_tx("assessment") as tx:
        await settled(tx, 40, minutes=0)
        await tx.execute("UPDATE facts SET current = false")
        await search_month(MAY, HOME, tx)
        assert await signs(tx) == []


async def test_the_month_before_is_compared_with(open_tx: TxFactory) -> None:
    async with open_tx("assessment") as tx:
        for month in (date(2026, 4, 1), MAY):
            await settled(tx, 60, minutes=391, month=month)
        await search_month(MAY, HOME, tx)
        assert ("copied", "-1") in [(each.check, each.same_as) for each in await signs(tx)]


@pytest.mark.parametrize(
    ("today", "searched"),
    [
        (date(2026, 6, 5), []),  # late facts may still come
        (date(2026, 6, 6), ["2026-05"]),
        (date(2026, 8, 10), ["2026-05", "2026-06", "2026-07"]),
        (date(2027, 8, 10), ["2026-08", "2026-09"]),  # of the last twelve, one after the other
    ],
)
async def test_months_are_looked_at_in_turn_and_made_up_for(
    open_tx: TxFactory, today: date, searched: list[str]
) -> None:
    async with open_tx("assessment") as tx:
        tx.now = datetime(2026, 5, 10, tzinfo=UTC)
        await search_due(HOME, tx)  # April: the first that is ever looked at
        tx.now = datetime(today.year, today.month, today.day, tzinfo=UTC)
        for _ in range(max(1, len(searched))):
            await search_due(HOME, tx)
        rows = await tx.find(SignSearch, "SELECT * FROM sign_searches ORDER BY month")
        assert [f"{row.month:%Y-%m}" for row in rows] == ["2026-04", *searched]


async def test_nothing_is_left_to_look_at(open_tx: TxFactory) -> None:
    async with open_tx("assessment") as tx:
        for _ in range(3):
            await search_due(HOME, tx)
        assert await tx.fetch_value("SELECT count(*) FROM sign_searches") == 1


async def ask(app: FastAPI) -> None:
    async with parts_of(app).database.transaction(judge) as tx:
        await settled(tx, 40, minutes=0)
        await search_month(MAY, HOME, tx)


ANSWER = {"explanation": "entered_together", "words": "纸质台账五月集中补录"}


async def test_the_office_sees_the_question_and_answers_it(
    client: httpx.AsyncClient, app: FastAPI, issuer: Issuer
) -> None:
    await ask(app)
    (sign,) = (await get(client, "/signs", month="2026-05", unanswered="true"))["items"]
    assert "40" in sign["question"]["zh"] and "in one and the same minute" in sign["question"]["en"]
    assert (sign["month"], sign["answer"], sign["p"] < 1e-6) == ("2026-05", None, True)
    path = f"/signs/{sign['id']}"
    for format, media in (("svg", "image/svg+xml"), ("png", "image/png")):
        picture = await client.get(API + path, params={"format": format, "language": "en"})
        assert picture.headers["content-type"] == media
    at_the_office = as_(issuer, region=TOWNSHIP)
    answer = await client.post(f"{API}{path}/answer", json=ANSWER, headers=at_the_office)
    assert answer.status_code == 200, answer.text
    assert answer.json()["answer"]["words"] == ANSWER["words"]
    assert (await post(client, f"{path}/answer", ANSWER, 409))["type"].endswith("/sign-answered")
    assert (await get(client, "/signs", unanswered="true"))["items"] == []
    (listed,) = (await get(client, "/signs", area=TOWNSHIP))["items"]
    assert listed["answer"]["explanation"] == "entered_together"
    async with parts_of(app).database.transaction(judge) as tx:
        stored = await tx.fetch_row("SELECT * FROM signs")
    assert stored is not None and ANSWER["words"] not in str(dict(stored))


async def test_what_was_looked_at_is_told(client: httpx.AsyncClient, app: FastAPI) -> None:
    await ask(app)
    found = {each["month"]: each for each in await get(client, "/sign-searches")}
    assert (found["2026-05"]["asked"], found["2026-05"]["tested"] >= 1) == (1, True)


async def test_who_may_see_and_answer(
    client: httpx.AsyncClient, app: FastAPI, issuer: Issuer
) -> None:
    await ask(app)
    (sign,) = (await get(client, "/signs"))["items"]
    path = f"{API}/signs/{sign['id']}"

    async def told(method: str, url: str, body: Any = None, **claims: Any) -> int:
        headers = as_(issuer, **claims)
        return (await client.request(method, url, json=body, headers=headers)).status_code

    assert await told("GET", path, region="420325101") == 404
    assert await told("POST", f"{path}/answer", ANSWER, region="420325101") == 404
    assert await told("GET", path, scope="registry:read") == 403
    assert await told("POST", f"{path}/answer", ANSWER, scope="assessment:read") == 403
    assert await told("POST", f"{path}/answer", {"explanation": "so", "words": "因为"}) == 422
    personal = ANSWER | {"words": "经办人电话13900000001"}
    assert await told("POST", f"{path}/answer", personal) == 422
    assert await told("GET", f"{API}/signs?month=2026-13") == 400
