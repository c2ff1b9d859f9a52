"""Charters that respect everybody's rights, and the loop of promise, report and review."""

from datetime import date, timedelta
from typing import Any

import httpx
import pytest

from services.migrant.selfgovernance.queries import findings_in, rights_lines
from services.migrant.selfgovernance.rules import (
    CommitmentState,
    adds_up,
    crossed,
    names_somebody,
    state_of,
)
from shared.clock import today
from shared.ids import new_id
from shared.testing import Issuer
from tests.migrant.conftest import bearer
from tests.migrant.help_samples import office, person
from tests.migrant.samples import VILLAGE

CHARTERS = "/migrant/v1/charters"
COMMITMENTS = "/migrant/v1/commitments"
GOOD = "第一条 居民和外来人员平等参加议事。\n第二条 活动自愿参加。"


def make_charter(**overrides: Any) -> dict[str, Any]:
    return {
        "region": VILLAGE,
        "name": "东关社区居民自治章程",
        "text_zh": GOOD,
        "adopted_on": "2026-03-01",
        "attended": 86,
    } | overrides


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("违反本章程的罚款二百元", "fine"),
        ("村民生育须报告", "births"),
        ("租房凭证明登记", "gate"),
        ("村民必须参加会议", "compulsion"),
        ("外来人员不得参加分红讨论", "exclusion"),
        ("对不交者张榜公布名单", "exposure"),
        ("实行家庭积分", "scoring"),
        ("Whoever litters is FINED", "fine"),
    ],
)
def test_what_a_charter_cannot_do(text: str, code: str) -> None:
    assert [line.code for line, _ in crossed(text, rights_lines())] == [code]


def test_a_good_charter_crosses_nothing_and_every_line_is_sourced() -> None:
    assert findings_in(GOOD, None) == []
    assert len(rights_lines()) >= 7
    assert all(line.source and line.zh and line.en for line in rights_lines())


def test_public_texts_name_nobody() -> None:
    assert names_somebody("联系人 13900000002")
    assert names_somebody("１３９００００００２２")
    assert not names_somebody("电话 12345,共 139 户")


def test_states_and_counts() -> None:
    day = date(2026, 6, 1)
    yesterday = day - timedelta(days=1)
    assert state_of(day, day, reported=False, reviewed=False) is CommitmentState.PROMISED
    assert state_of(day, yesterday, reported=False, reviewed=False) is CommitmentState.LATE
    assert state_of(day, yesterday, reported=True, reviewed=False) is CommitmentState.REPORTED
    assert state_of(day, yesterday, reported=True, reviewed=True) is CommitmentState.REVIEWED
    assert adds_up(10, 6, 4)
    assert not adds_up(10, 6, 5)


async def test_a_charter_is_checked_adopted_and_replaced(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    draft = {"text": "第一条 罚款二百元"}
    (finding,) = (await client.post("/migrant/v1/charter-checks", json=draft)).json()
    assert (finding["code"], finding["word"]) == ("fine", "罚款")
    bad = await client.post(CHARTERS, json=make_charter(text_zh="第一条 罚款二百元"))
    assert bad.status_code == 422
    assert bad.json()["findings"][0]["source"]
    english = await client.post(CHARTERS, json=make_charter(text_en="Outsiders may not vote"))
    assert english.json()["type"].endswith("/crosses-rights")
    first = (await client.post(CHARTERS, json=make_charter())).json()
    assert (first["version"], first["attended"], first["text_zh"]) == (1, 90, GOOD)
    second = (await client.post(CHARTERS, json=make_charter(attended=9))).json()
    assert (second["version"], second["attended"]) == (2, None)
    anyone = person(issuer, new_id())
    (current,) = (await client.get(CHARTERS, headers=anyone)).json()["items"]
    assert current["id"] == second["id"]
    versions = (await client.get(f"{CHARTERS}/{first['id']}/versions", headers=anyone)).json()
    assert [each["version"] for each in versions] == [2, 1]


async def test_promise_report_review(client: httpx.AsyncClient, issuer: Issuer) -> None:
    hall, assembly = office(issuer, "service-hall"), office(issuer, "residents-committee")
    body = {
        "region": VILLAGE,
        "words_zh": "三个月内设立周末窗口",
        "due_on": str(today() + timedelta(days=90)),
    }
    made = (await client.post(COMMITMENTS, json=body, headers=hall)).json()
    assert (made["state"], made["office"]) == ("promised", "service-hall")
    path = f"{COMMITMENTS}/{made['id']}"
    said = {"reviewed_on": str(today()), "attended": 60, "satisfied": 47, "dissatisfied": 4}
    early = await client.post(f"{path}/review", json=said, headers=assembly)
    assert early.json()["type"].endswith("/not-reported")
    result = {"kept": True, "report_zh": "周六上午开放"}
    strange = await client.post(f"{path}/report", json=result, headers=assembly)
    assert strange.json()["type"].endswith("/not-your-commitment")
    reported = await client.post(f"{path}/report", json=result, headers=hall)
    assert reported.json()["state"] == "reported"
    again = await client.post(f"{path}/report", json=result, headers=hall)
    assert again.json()["type"].endswith("/already-reported")
    own = await client.post(f"{path}/review", json=said, headers=hall)
    assert own.json()["type"].endswith("/own-review")
    wrong = await client.post(f"{path}/review", json=said | {"satisfied": 57}, headers=assembly)
    assert wrong.status_code == 422
    reviewed = (await client.post(f"{path}/review", json=said, headers=assembly)).json()
    assert (reviewed["state"], reviewed["satisfied"], reviewed["dissatisfied"]) == (
        "reviewed",
        50,
        None,
    )
    twice = await client.post(f"{path}/review", json=said, headers=assembly)
    assert twice.json()["type"].endswith("/already-reviewed")
    listed = (await client.get(COMMITMENTS, headers=person(issuer, new_id()))).json()["items"]
    assert [each["id"] for each in listed] == [made["id"]]


async def test_doors_of_self_governance(client: httpx.AsyncClient, issuer: Issuer) -> None:
    away = bearer(issuer, scope="migrant:write migrant:read", region="420381")
    assert (await client.post(CHARTERS, json=make_charter(), headers=away)).status_code == 403
    made = (await client.post(CHARTERS, json=make_charter())).json()
    seen = await client.get(f"{CHARTERS}/{made['id']}/versions", headers=away)
    assert seen.status_code == 404
    body = {"region": VILLAGE, "words_zh": "请找 13900000002", "due_on": "2027-01-01"}
    named = await client.post(COMMITMENTS, json=body)
    assert named.json()["type"].endswith("/names-somebody")
    resident = person(issuer, new_id())
    assert (await client.post(CHARTERS, json=make_charter(), headers=resident)).status_code == 403
    future = make_charter(adopted_on=str(today() + timedelta(days=1)))
    assert (await client.post(CHARTERS, json=future)).status_code == 422
