"""A family at the desk: one request, each member judged by itself."""

from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from shared.testing import Issuer
from tests.migrant.conftest import bearer
from tests.migrant.desk import all_pages, arrive, done, read, refused, rows
from tests.migrant.samples import HOME, OTHER_VILLAGE, VILLAGE, fresh_id_number

SHARED = {"origin_region": HOME, "region": VILLAGE, "arrived_on": "2026-03-02"}


def make_member(relation: str, **overrides: Any) -> dict[str, Any]:
    return {"relation": relation, "name": "刘小梅", "id_number": fresh_id_number()} | overrides


def make_group(*people: dict[str, Any], **overrides: Any) -> dict[str, Any]:
    return {"shared": SHARED, "people": list(people)} | overrides


async def test_a_family_in_one_request(client: httpx.AsyncClient, app: FastAPI) -> None:
    body = make_group(
        make_member("0", stay_purpose="work", employer="第一建筑公司", phone="13900000002"),
        make_member("1", name="王强"),
        make_member("2", name="王小宝"),
    )
    group = await done(client, "arrival-groups", body)
    assert (group["registered"], group["refused"]) == (3, 0)
    stays = [each["arrival"] for each in group["people"]]
    assert [each["relation"] for each in stays] == ["0", "1", "2"]
    assert {each["group_id"] for each in stays} == {group["group_id"]}
    assert [each["stay_purpose"] for each in stays] == ["work", "family", "family"]
    assert [each["employer"] for each in stays] == ["第一建筑公司", None, None]
    assert {each["region"] for each in stays} == {VILLAGE}
    assert await read(client, f"arrivals/{stays[1]['id']}") == stays[1]
    listed = await all_pages(client, "arrivals", group_id=group["group_id"])
    assert [each["id"] for each in reversed(listed)] == [each["id"] for each in stays]
    told = await rows(app, "SELECT count(*) FROM outbox WHERE payload LIKE '%migrant-arrived%'")
    assert told[0]["count"] == 3


async def test_who_is_refused_spoils_no_other_and_leaves_nothing(
    client: httpx.AsyncClient, app: FastAPI
) -> None:
    known = fresh_id_number()
    await arrive(client, id_number=known, region=OTHER_VILLAGE, arrived_on="2026-04-01")
    before = await rows(app, "SELECT * FROM people")
    wrong = {"id_number": "500101199203042121", "phone": "139"}
    body = make_group(
        make_member("0", name="王强"),
        make_member("1", id_number=known, name="刘晓梅"),  # another name
        make_member("2", id_number=known),  # arrived elsewhere later
        make_member("3", **wrong),
    )
    group = await done(client, "arrival-groups", body)
    problems = [each["problem"] for each in group["people"]]
    assert (group["registered"], group["refused"], problems[0]) == (1, 3, None)
    assert [each["type"].rpartition("/")[2] for each in problems[1:]] == [
        "name-differs",
        "overlaps-stay",
        "malformed-body",
    ]
    assert {each["field"] for each in problems[3]["errors"]} == {"id_number", "phone"}
    assert wrong["id_number"] not in str(problems) and known not in str(problems)
    assert len(await rows(app, "SELECT * FROM people")) == len(before) + 1
    assert len(await rows(app, "SELECT * FROM arrivals WHERE until IS NULL")) == 2
    # what was put right joins the same family
    once_more = make_group(make_member("3"), group_id=group["group_id"])
    second = await done(client, "arrival-groups", once_more)
    assert second["group_id"] == group["group_id"] and second["registered"] == 1


async def test_the_same_key_registers_a_family_once(
    client: httpx.AsyncClient, app: FastAPI
) -> None:
    body = make_group(make_member("0"), make_member("2"))
    key = {"Idempotency-Key": "family-1"}
    first = await done(client, "arrival-groups", body, **key)
    assert await done(client, "arrival-groups", body, **key) == first
    assert len(await rows(app, "SELECT * FROM arrivals")) == 2


@pytest.mark.parametrize(
    "people",
    [[], ["1"], ["1", "0"], ["0", "0"], ["0", "9"], ["0"] + ["2"] * 30],
)
async def test_a_family_has_one_first_member(
    client: httpx.AsyncClient, app: FastAPI, people: list[str]
) -> None:
    body = make_group(*(make_member(each) for each in people))
    assert await refused(client, "arrival-groups", body) == (422, "malformed-body")
    assert await rows(app, "SELECT * FROM arrivals") == []


async def test_doors_of_groups(client: httpx.AsyncClient, issuer: Issuer) -> None:
    body = make_group(make_member("0"))
    reader = bearer(issuer, scope="migrant:read")
    assert (await refused(client, "arrival-groups", body, **reader))[0] == 403
    elsewhere = bearer(issuer, scope="migrant:write", region="420381")
    assert await refused(client, "arrival-groups", body, **elsewhere) == (
        403,
        "outside-jurisdiction",
    )
    unknown = make_group(make_member("2"), group_id="01900000-0000-7000-8000-000000000000")
    assert await refused(client, "arrival-groups", unknown) == (404, "not-found")
    del client.headers["Purpose"]
    assert await refused(client, "arrival-groups", body) == (400, "purpose-required")
