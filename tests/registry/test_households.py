"""Households: one head, everybody in one household only."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.registry.households.rules import fault_of_members, leaves_others_without_head
from shared.codes import FamilyRelation
from shared.testing import Issuer
from tests.registry.samples import id_number, make_person

PATH = "/registry/v1/households"
A, B, C = uuid4(), uuid4(), uuid4()


def test_a_household_has_one_head_and_nobody_twice() -> None:
    assert fault_of_members(A, [(B, FamilyRelation.SPOUSE)]) is None
    assert fault_of_members(A, [(B, FamilyRelation.HEAD)]) is not None
    assert fault_of_members(A, [(A, FamilyRelation.SON)]) is not None
    assert fault_of_members(A, [(B, FamilyRelation.SON), (B, FamilyRelation.SON)]) is not None


@pytest.mark.parametrize(
    ("leaving", "headless"),
    [({A}, True), ({B}, False), ({A, B}, True), ({A, B, C}, False), ({B, C}, False)],
)
def test_a_head_may_not_leave_others_behind(leaving: set[Any], headless: bool) -> None:
    household = {uuid4(): {A: "0", B: "1", C: "3"}}
    assert leaves_others_without_head(leaving, household) is headless


async def people(client: httpx.AsyncClient, count: int) -> list[str]:
    ids = []
    for order in range(count):
        body = make_person(id_number=id_number(f"420325199001012{order}2"), phone=None)
        answer = await client.post("/registry/v1/persons", json=body)
        assert answer.status_code == 201, answer.text
        ids.append(answer.json()["id"])
    return ids


def household(head: str, *members: str) -> dict[str, Any]:
    return {
        "region": "420325100001",
        "head": head,
        "members": [{"person_id": each, "relation": "3"} for each in members],
    }


async def form(client: httpx.AsyncClient, head: str, *members: str) -> dict[str, Any]:
    answer = await client.post(PATH, json=household(head, *members))
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def test_a_household_is_read_with_its_head_first(client: httpx.AsyncClient) -> None:
    first, second, third = await people(client, 3)
    formed = await form(client, second, first, third)
    assert formed["head"] == second
    assert [each["person_id"] for each in formed["members"]] == [second, first, third]
    assert (await client.get(f"{PATH}/{formed['id']}")).json() == formed
    person = (await client.get(f"/registry/v1/persons/{first}")).json()
    assert (person["household_id"], person["household_relation"]) == (formed["id"], "3")
    history = (await client.get(f"/registry/v1/persons/{first}/history")).json()
    assert history["versions"][0]["fields"] == ["household_id", "household_relation"]


async def test_moving_leaves_the_other_household(client: httpx.AsyncClient) -> None:
    first, second, third = await people(client, 3)
    old = await form(client, first, second)
    new = await form(client, third, second)
    left = (await client.get(f"{PATH}/{old['id']}")).json()
    assert [each["person_id"] for each in left["members"]] == [first]
    assert [each["person_id"] for each in new["members"]] == [third, second]


async def test_a_head_leaves_with_everybody_or_not_at_all(client: httpx.AsyncClient) -> None:
    first, second, third = await people(client, 3)
    old = await form(client, first, second)
    refused = await client.post(PATH, json=household(third, first))
    assert refused.json()["type"].endswith("/head-of-another-household")
    await form(client, third, first, second)
    emptied = (await client.get(f"{PATH}/{old['id']}")).json()
    assert (emptied["members"], emptied["head"], emptied["version"]) == ([], None, 2)


async def test_bad_households(client: httpx.AsyncClient, issuer: Issuer) -> None:
    first, second = await people(client, 2)
    twice = household(first, first)
    unknown = household(first, str(uuid4()))
    place = household(first) | {"region": "420325100009"}
    elsewhere = household(first) | {"region": "420381001001"}
    for body, status in ((twice, 422), (unknown, 404), (place, 422), (elsewhere, 403)):
        assert (await client.post(PATH, json=body)).status_code == status
    formed = await form(client, first, second)
    reader = {"Authorization": f"Bearer {issuer.token(scope='registry:read')}"}
    assert (await client.post(PATH, json=household(first), headers=reader)).status_code == 403
    foreign = issuer.token(scope="registry:read", region="420381")
    path = f"{PATH}/{formed['id']}"
    hidden = await client.get(path, headers={"Authorization": f"Bearer {foreign}"})
    assert hidden.status_code == 404
    del client.headers["Purpose"]
    assert (await client.get(path)).status_code == 400
