"""A spot check from its plan to its result, and who may do what in it."""

from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from services.assessment.facts.kinds import Kind
from services.assessment.spot_checks.rules import commitment, draw, list_hash
from shared.testing import Issuer
from tests.assessment.calls import API, as_, get, post
from tests.assessment.samples import TOWNSHIP, judge, make_fact, record
from tests.conftest import parts_of

PLAN = {
    "area": TOWNSHIP,
    "office": "desk",
    "kind": "help_settled",
    "period": "2026-10",
    "margin": "0.2",
}
CASES = [f"HS-{n:03}" for n in range(40)]


class Team:
    """The planner is the client; an office and two checkers beside her."""

    def __init__(self, client: httpx.AsyncClient, issuer: Issuer) -> None:
        self.client = client
        self.people = {
            "office": as_(issuer, sub="office-1", region=TOWNSHIP, scope="assessment:write"),
            "first": as_(issuer, sub="checker-1"),
            "second": as_(issuer, sub="checker-2"),
            "third": as_(issuer, sub="checker-3"),
        }

    async def call(
        self, who: str, method: str, path: str, body: Any = None, status: int = 200
    ) -> Any:
        answer = await self.client.request(method, API + path, json=body, headers=self.people[who])
        assert answer.status_code == status, answer.text
        return answer.json()

    async def enter(
        self, who: str, path: str, reference: str, outcome: str, status: int = 200
    ) -> Any:
        body = {"reference": reference, "outcome": outcome}
        return await self.call(who, "POST", f"{path}/results", body, status)


@pytest.fixture
def team(client: httpx.AsyncClient, issuer: Issuer) -> Team:
    return Team(client, issuer)


async def drawn(team: Team, client: httpx.AsyncClient) -> tuple[str, Any]:
    check = await post(client, "/spot-checks", PLAN)
    path = f"/spot-checks/{check['id']}"
    await team.call("office", "PUT", f"{path}/list", {"references": CASES})
    return path, await post(client, f"{path}/draw", status=200)


async def test_from_the_plan_to_the_result(
    team: Team, client: httpx.AsyncClient, app: FastAPI
) -> None:
    async with parts_of(app).database.transaction(judge) as tx:
        fact = make_fact(Kind.HELP_SETTLED, "in_time", 42, area=TOWNSHIP, office="desk")
        await record(tx, fact)
    plan = await post(client, "/spot-checks", PLAN)
    path = f"/spot-checks/{plan['id']}"
    assert (plan["state"], plan["secret"], plan["result"]) == ("planned", None, None)
    async with parts_of(app).database.transaction(judge) as tx:
        row = await tx.fetch_row("SELECT * FROM spot_checks")
    listed = await team.call("office", "PUT", f"{path}/list", {"references": CASES})
    assert (listed["reported"], listed["listed"], listed["list_hash"]) == (
        None,
        40,
        list_hash(CASES),
    )
    check = await post(client, f"{path}/draw", status=200)
    assert check["reported"] == 42
    secret = bytes.fromhex(check["secret"])
    assert commitment(secret) == plan["commitment"]
    assert row is not None and check["secret"] not in str(dict(row))
    sample = [each["reference"] for each in check["cases"]]
    assert sample == draw(CASES, secret, check["sample"]) and check["sample"] == 16
    assert (await get(client, f"{path}/list"))["references"] == CASES
    for reference in sample:
        for who in ("first", "second"):
            found = "differs" if reference == sample[0] and who == "second" else "agrees"
            await team.enter(who, path, reference, found)
    pending = await post(client, f"{path}/finish", status=409)
    assert (pending["type"].rpartition("/")[2], pending["disputed"]) == ("sample-pending", 1)
    assert (await get(client, path))["cases"][0]["disputed"] is True
    await team.enter("third", path, sample[0], "differs")
    done = await post(client, f"{path}/finish", status=200)
    result = done["result"]
    assert (done["state"], result["agree"], result["differ"]) == ("finished", 15, 1)
    assert (round(result["low"], 3), round(result["high"], 3)) == (0.698, 0.998)
    for language in ("zh", "en"):
        picture = await client.get(API + path, params={"format": "svg", "language": language})
        assert "93.8" in picture.text
    assert [each["id"] for each in (await get(client, "/spot-checks", state="finished"))["items"]]


async def test_a_checker_may_correct_herself_until_it_stands(
    team: Team, client: httpx.AsyncClient
) -> None:
    path, check = await drawn(team, client)
    reference = check["cases"][0]["reference"]
    await team.enter("first", path, reference, "differs")
    again = await team.enter("first", path, reference, "agrees")
    (entry,) = again["cases"][0]["entries"]
    assert (entry["outcome"], entry["by"]) == ("agrees", "checker-1")
    assert again["cases"][0]["outcome"] is None  # two have to look


async def test_steps_come_in_their_order(team: Team, client: httpx.AsyncClient) -> None:
    plan = await post(client, "/spot-checks", PLAN)
    path = f"/spot-checks/{plan['id']}"
    for step in ("draw", "finish"):
        refused = await post(client, f"{path}/{step}", status=409)
        assert (refused["type"].rpartition("/")[2], refused["state"]) == (
            "spot-check-not-now",
            "planned",
        )
    assert (await client.get(f"{API}{path}/list")).status_code == 404
    await team.call("office", "PUT", f"{path}/list", {"references": CASES})
    await team.call("office", "PUT", f"{path}/list", {"references": CASES[:9]}, 409)
    off = await client.delete(API + path)
    assert off.json()["state"] == "called_off"
    await post(client, f"{path}/draw", status=409)
    path, _ = await drawn(team, client)
    assert (await client.delete(API + path)).status_code == 409  # the sample is known by now


async def test_nobody_checks_her_own_list_or_what_was_not_drawn(
    team: Team, client: httpx.AsyncClient, issuer: Issuer
) -> None:
    path, check = await drawn(team, client)
    own = as_(issuer, sub="office-1")
    body = {"reference": check["cases"][0]["reference"], "outcome": "agrees"}
    answer = await client.post(f"{API}{path}/results", json=body, headers=own)
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (
        409,
        "not-of-own-office",
    )
    left_out = next(each for each in CASES if each not in {c["reference"] for c in check["cases"]})
    await team.enter("first", path, left_out, "agrees", 422)


@pytest.mark.parametrize(
    "wrong",
    [
        {"references": []},
        {"references": ["a", "a"]},
        {"references": ["13900000001"]},
        {"references": ["420325199001010017"]},
        {"references": ["王芳"]},
        {"references": ["x" * 65]},
    ],
)
async def test_a_list_holds_case_numbers_and_nothing_of_persons(
    team: Team, client: httpx.AsyncClient, wrong: Any
) -> None:
    plan = await post(client, "/spot-checks", PLAN)
    await team.call("office", "PUT", f"/spot-checks/{plan['id']}/list", wrong, 422)


@pytest.mark.parametrize(
    "wrong",
    [
        {"margin": "0.5"},
        {"margin": "0.001"},
        {"confidence": "0.5"},
        {"confidence": 0.95},
        {"kind": "certificate_checked"},
        {"kind": "births"},
        {"period": "2026-13"},
    ],
)
async def test_a_plan_that_makes_no_sense(client: httpx.AsyncClient, wrong: Any) -> None:
    await post(client, "/spot-checks", PLAN | wrong, 422)


async def test_who_sees_and_plans(team: Team, client: httpx.AsyncClient, issuer: Issuer) -> None:
    path, _ = await drawn(team, client)
    elsewhere = as_(issuer, region="420325999")
    assert (await client.get(API + path, headers=elsewhere)).status_code == 404
    assert (
        await client.post(f"{API}/spot-checks", json=PLAN, headers=elsewhere)
    ).status_code == 403
    await team.call("office", "POST", "/spot-checks", PLAN, 403)
    await team.call("office", "POST", f"{path}/finish", status=403)
    assert (await team.call("office", "GET", path))["state"] == "drawn"
