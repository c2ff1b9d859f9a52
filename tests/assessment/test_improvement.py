"""Improvement plans: for what fell short, with dates and follow-up, without any sanction."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from services.assessment.errors import NeverHeld
from services.assessment.facts.kinds import Kind
from services.assessment.improvement.errors import NoSanctions, NotWeak
from services.assessment.improvement.rules import (
    change_of,
    check_weak,
    check_words,
    is_better,
    is_reached,
)
from services.assessment.indicators.schemas import Direction
from shared.testing import Issuer
from tests.assessment.calls import API, as_, computed, get, given_answers, post, published
from tests.assessment.samples import HOME, PEER, judge, make_fact, record
from tests.conftest import parts_of

CODE = "inquiry-answered-in-time"
HIGHER, LOWER = Direction.HIGHER, Direction.LOWER


def make_plan(card: str, **overrides: Any) -> dict[str, Any]:
    measure = {"indicator": CODE, "measure": "每周二、五清理待答协查", "due_on": "2026-12-10"}
    return {
        "scorecard_id": card,
        "office": "流动人口服务科",
        "starts_on": "2026-11-20",
        "review_on": "2027-01-10",
        "measures": [measure],
    } | overrides


@pytest.mark.parametrize(
    "text",
    [
        "末位淘汰两人",
        "未完成者扣发工资",
        "辞退经办人",
        "对责任人罚款",
        "亮黄牌",
        "dismiss the clerk",
        "a wage cut for the last",
        "staff are fined",
    ],
)
def test_no_sanction_stands_in_a_plan(text: str) -> None:
    with pytest.raises((NoSanctions, NeverHeld)):
        check_words([text])


@pytest.mark.parametrize(
    "text", ["增加一名协查员", "train the desk", "缩短答复时限", "refined lists"]
)
def test_measures_are_about_the_work(text: str) -> None:
    check_words([text])


def test_nothing_that_is_never_held_is_planned_with() -> None:
    with pytest.raises(NeverHeld):
        check_words(["加强孕情检查"])


@pytest.mark.parametrize("points", [None, Decimal(60), Decimal(61)])
def test_only_what_lost_points_is_weak(points: Decimal | None) -> None:
    with pytest.raises(NotWeak):
        check_weak("a", Decimal(60), points)
    check_weak("a", Decimal(60), Decimal("59.99"))


@pytest.mark.parametrize(
    ("before", "later", "direction", "expected"),
    [
        ("60", ["70", None, "80"], HIGHER, ("20", True, False)),
        ("60", ["95"], HIGHER, ("35", True, True)),
        ("20", ["12"], LOWER, ("-8", True, True)),
        ("20", ["25"], LOWER, ("5", False, True)),
        ("60", ["60"], HIGHER, ("0", False, False)),
        ("60", [None], HIGHER, (None, None, None)),
        ("60", [], HIGHER, (None, None, None)),
    ],
)
def test_the_effect_follows_the_direction(
    before: str,
    later: list[str | None],
    direction: Direction,
    expected: tuple[str | None, bool | None, bool | None],
) -> None:
    values = [Decimal(each) if each else None for each in later]
    change = change_of(Decimal(before), values)
    assert (None if change is None else str(change)) == expected[0]
    assert is_better(change, direction) == expected[1]
    target = Decimal(90) if direction == HIGHER else Decimal(30)
    assert is_reached(values, target, direction) == expected[2]


async def test_from_a_weak_indicator_to_its_effect(client: httpx.AsyncClient, app: FastAPI) -> None:
    await given_answers(app, 60, 40)
    card = await published(client)
    plan = await post(client, "/improvement-plans", make_plan(card["id"]))
    assert (plan["status"], plan["area"], plan["indicators"]) == ("open", HOME, [CODE])
    assert plan["effects"][0] | {"later": []} == {
        "indicator": CODE,
        "before": "60.00",
        "target": "95",
        "later": [],
        "change": None,
        "better": None,
        "reached": None,
    }
    path = f"/improvement-plans/{plan['id']}"
    entry = {"entry": "待答协查已清零", "state": "on_track"}
    followed = await post(client, f"{path}/follow-ups", entry)
    assert followed["follow_ups"][0]["entry"] == entry["entry"]
    await next_month(client, app, 85)
    view = await get(client, path)
    (effect,) = view["effects"]
    assert (effect["change"], effect["better"], effect["reached"]) == ("25.00", True, False)
    assert [each["period"] for each in effect["later"]] == ["2026-11"]
    closed = await post(client, f"{path}/closing", {"outcome": "partly"}, 200)
    assert (closed["status"], closed["outcome"]) == ("closed", "partly")
    again = await post(client, f"{path}/closing", {"outcome": "partly"}, 409)
    assert again["type"].endswith("/plan-closed")
    assert (await post(client, f"{path}/follow-ups", entry, 409))["type"].endswith("/plan-closed")
    assert [each["id"] for each in (await get(client, "/improvement-plans"))["items"]] == [
        plan["id"]
    ]
    assert (await get(client, "/improvement-plans", status="open"))["items"] == []
    await words_are_sealed(app)


async def next_month(client: httpx.AsyncClient, app: FastAPI, in_time: int) -> None:
    async with parts_of(app).database.transaction(judge) as tx:
        day = date(2026, 11, 3)
        await record(
            tx,
            make_fact(Kind.INQUIRY_ANSWER, "in_time", in_time, day=day),
            make_fact(Kind.INQUIRY_ANSWER, "late", 100 - in_time, day=day),
        )
    body = {"scheme": "county-2026", "period": "2026-11", "area": HOME}
    card = await post(client, "/scorecards", body)
    await post(client, f"/scorecards/{card['id']}/publication", status=200)


async def words_are_sealed(app: FastAPI) -> None:
    async with parts_of(app).database.transaction(judge) as tx:
        measure = await tx.fetch_value("SELECT measure_sealed FROM plan_measures")
        entry = await tx.fetch_value("SELECT entry_sealed FROM plan_follow_ups")
    assert "协查".encode() not in measure and "协查".encode() not in entry


async def test_a_plan_is_overdue_after_its_review(client: httpx.AsyncClient, app: FastAPI) -> None:
    await given_answers(app, 60, 40)
    card = await published(client)
    dates = {"starts_on": "2026-10-01", "review_on": "2026-10-20"}
    measures = [{"indicator": CODE, "measure": "清理积压", "due_on": "2026-10-10"}]
    late = await post(
        client, "/improvement-plans", make_plan(card["id"], measures=measures, **dates)
    )
    open_end = (date.today() + timedelta(days=400)).isoformat()
    due = await post(client, "/improvement-plans", make_plan(card["id"], review_on=open_end))
    assert (late["overdue"], due["overdue"]) == (True, False)
    page = await get(client, "/improvement-plans", limit="1")
    assert [each["id"] for each in page["items"]] == [due["id"]] and page["next"]
    rest = await get(client, "/improvement-plans", limit="1", cursor=page["next"])
    assert [each["id"] for each in rest["items"]] == [late["id"]] and rest["next"] is None


@pytest.mark.parametrize(
    ("change", "type"),
    [
        ({"measures": []}, "validation"),
        ({"review_on": "2026-11-20"}, "validation"),
        ({"review_on": "2026-12-01"}, "validation"),  # a measure is due after it
        ({"office": ""}, "validation"),
        (
            {"measures": [{"indicator": "help-settled-in-time", "measure": "加快办理",
                           "due_on": "2026-12-10"}]},
            "not-weak",
        ),
        (
            {"measures": [{"indicator": CODE, "measure": "扣发经办人工资",
                           "due_on": "2026-12-10"}]},
            "no-sanctions",
        ),
        (
            {"measures": [{"indicator": CODE, "measure": "联系王某 13900000001",
                           "due_on": "2026-12-10"}]},
            "validation",
        ),
    ],
)  # fmt: skip
async def test_no_other_plan(
    client: httpx.AsyncClient, app: FastAPI, change: dict[str, Any], type: str
) -> None:
    await given_answers(app, 60, 40)
    card = await published(client)
    answer = await post(client, "/improvement-plans", make_plan(card["id"], **change), 422)
    assert type == "validation" or answer["type"].endswith(type)


async def test_a_plan_waits_for_the_publication(client: httpx.AsyncClient, app: FastAPI) -> None:
    await given_answers(app, 60, 40)
    card = await computed(client)
    answer = await post(client, "/improvement-plans", make_plan(card["id"]), 409)
    assert answer["type"].endswith("/plan-needs-published")


async def test_a_plan_is_the_judged_place_s_and_the_judging_one_s(
    client: httpx.AsyncClient, app: FastAPI, issuer: Issuer
) -> None:
    await given_answers(app, 60, 40, PEER)
    card = await published(client, PEER)
    client.headers.update(as_(issuer, region=PEER))
    plan = await post(client, "/improvement-plans", make_plan(card["id"]))
    client.headers.update(as_(issuer))
    assert (await get(client, f"/improvement-plans/{plan['id']}"))["area"] == PEER
    client.headers.update(as_(issuer, region="310101"))
    for method, path, body in (
        ("GET", f"/improvement-plans/{plan['id']}", None),
        ("POST", "/improvement-plans", make_plan(card["id"])),
        ("POST", f"/improvement-plans/{plan['id']}/closing", {"outcome": "achieved"}),
        ("POST", f"/improvement-plans/{plan['id']}/follow-ups", {"entry": "进展", "state": "done"}),
    ):
        answer = await client.request(method, API + path, json=body)
        assert answer.status_code == 404, path
    assert (await get(client, "/improvement-plans"))["items"] == []
    client.headers.update(as_(issuer, scope="assessment:read"))
    denied = await client.post(API + "/improvement-plans", json=make_plan(card["id"]))
    assert denied.status_code == 403
