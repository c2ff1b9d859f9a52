"""The monthly review: opened once, signed by another, its decisions followed to their end."""

from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from shared.clock import today
from shared.testing import Issuer
from tests.assessment.calls import API, as_, get, given_answers, post, published
from tests.assessment.samples import TOWNSHIP, judge
from tests.conftest import parts_of

DECISION = {
    "kind": "decision",
    "words": "协查超期两件,本月内清零",
    "office": "流动人口服务科",
    "due_on": "2026-11-01",
}


async def opened(client: httpx.AsyncClient, month: str = "2026-10") -> Any:
    return await post(client, "/monthly-reviews", {"month": month, "held_on": "2026-11-05"})


async def test_from_opening_to_the_last_decision(
    client: httpx.AsyncClient, app: FastAPI, issuer: Issuer
) -> None:
    await given_answers(app, 60, 40)
    card = await published(client)
    appeal = {"scorecard_id": card["id"], "indicator": card["items"][0]["indicator"]}
    await post(client, "/appeals", appeal | {"reason": "有三件已按时答复"})
    review = await opened(client)
    assert (review["month"], review["agenda"]["cards_published"]) == ("2026-10", 1)
    assert review["agenda"]["appeals_open"] == 1
    path = f"/monthly-reviews/{review['id']}"
    await post(client, f"{path}/entries", {"kind": "remark", "words": "答复质量有提高"})
    written = await post(client, f"{path}/entries", DECISION)
    assert [(each["kind"], each["overdue"]) for each in written["entries"]] == [
        ("remark", False),
        ("decision", True),
    ]
    assert written["agenda"]["decisions_overdue"] == 1
    refused = await post(client, f"{path}/signature", status=409)
    assert refused["type"].endswith("/another-signs")
    chair = as_(issuer, sub="chair")
    signed = await client.post(f"{API}{path}/signature", headers=chair)
    assert signed.json()["signed_by"] == "chair"
    late = await post(client, f"{path}/entries", DECISION, 409)
    assert late["type"].endswith("/review-signed")
    done = f"{path}/entries/{written['entries'][1]['id']}/done"
    after = await post(client, done, status=200)
    assert (after["entries"][1]["overdue"], after["agenda"]["decisions_overdue"]) == (False, 0)
    assert (await post(client, done, status=409))["type"].endswith("/nothing-to-do")
    remark = f"{path}/entries/{written['entries'][0]['id']}/done"
    assert (await post(client, remark, status=409))["type"].endswith("/nothing-to-do")
    assert [each["id"] for each in (await get(client, "/monthly-reviews"))["items"]] == [
        review["id"]
    ]
    async with parts_of(app).database.transaction(judge) as tx:
        rows = await tx.fetch("SELECT * FROM review_entries")
    assert DECISION["words"] not in str([dict(row) for row in rows])


async def test_a_month_has_one_review_and_only_when_it_is_over(client: httpx.AsyncClient) -> None:
    review = await opened(client)
    again = await post(
        client, "/monthly-reviews", {"month": "2026-10", "held_on": "2026-11-06"}, 409
    )
    assert (again["type"].rpartition("/")[2], again["review_id"]) == (
        "already-reviewed",
        review["id"],
    )
    now = f"{today():%Y-%m}"
    early = await post(client, "/monthly-reviews", {"month": now, "held_on": str(today())}, 409)
    assert early["type"].endswith("/month-goes-on")


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "decision", "words": "要清零"},
        {"kind": "remark", "words": "意见", "office": "科室", "due_on": "2026-12-01"},
        {"kind": "remark", "words": "经办人电话13900000001"},
        {"kind": "remark", "words": "末位淘汰"},
        {"kind": "vote", "words": "同意"},
    ],
)
async def test_what_does_not_stand_in_a_review(client: httpx.AsyncClient, wrong: Any) -> None:
    review = await opened(client)
    await post(client, f"/monthly-reviews/{review['id']}/entries", wrong, 422)


async def test_the_county_reviews_and_nobody_else(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    review = await opened(client)
    path = f"{API}/monthly-reviews/{review['id']}"
    at_the_office = as_(issuer, region=TOWNSHIP)
    assert (await client.get(path, headers=at_the_office)).status_code == 404
    body = {"month": "2026-09", "held_on": "2026-10-05"}
    answer = await client.post(f"{API}/monthly-reviews", json=body, headers=at_the_office)
    assert answer.status_code == 403
    reader = as_(issuer, scope="assessment:read")
    assert (await client.post(f"{path}/signature", headers=reader)).status_code == 403
