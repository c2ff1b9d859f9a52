"""Who serves a person: seen for a service or by herself, and nothing that she owes."""

from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from shared.ids import new_id
from shared.testing import Issuer, client_of
from tests.conftest import ServiceFactory, parts_of
from tests.registry.grid_samples import (
    HERE,
    PATH,
    credit_code,
    done,
    make_appointment,
    make_chain,
    make_home,
    make_unit,
    make_workplace,
    read,
)
from tests.registry.samples import make_person

SERVICE = {"Purpose": "service"}


@pytest.fixture
async def app(start_service: ServiceFactory) -> Any:
    async with start_service("registry") as app:
        yield app


@pytest.fixture
async def client(app: FastAPI, issuer: Issuer) -> Any:
    token = issuer.token(scope="registry:read registry:write")
    headers = {"Purpose": "registration", "Accept-Language": "en"}
    async with client_of(app, token, headers) as client:
        yield client


async def contacts(client: httpx.AsyncClient, person: Any) -> dict[str, Any]:
    return dict(await read(client, f"persons/{person}/service-contacts", **SERVICE))


async def test_a_resident_is_served_by_her_community(
    app: FastAPI, client: httpx.AsyncClient
) -> None:
    head = (await make_chain(client))[-1]
    parts = parts_of(app)
    async with parts.database.transaction(parts.actor) as tx:
        building, households = await make_home(tx, "1", 1)
        person = await tx.fetch_value(
            "SELECT id FROM persons WHERE household_id = $1", households[0]
        )
    area = {"on": "2024-02-01", "add_dwellings": [str(building)]}
    await done(client, f"grid-posts/{head['id']}/area-changes", area, 200)
    staffing = await done(client, f"grid-posts/{head['id']}/staffings", make_appointment())
    seen = await contacts(client, person)
    assert seen["serving"] == "community"
    (community,) = seen["contacts"]
    assert (community["post_number"], community["staff"]["name"]) == (head["number"], "李梅")
    assert len(community["duties"]) == 7
    kinds = await parts.database.pool.fetch(
        "SELECT subject_id, kind FROM usage_entries WHERE purpose = 'service'"
    )
    assert {(row["subject_id"], row["kind"]) for row in kinds} == {
        (person, "service-contacts"),
        (UUID(staffing["staff"]["id"]), "staff"),
    }


async def test_a_units_people_are_served_by_the_unit_too(
    app: FastAPI, client: httpx.AsyncClient
) -> None:
    unit = await done(client, "work-units", make_unit())
    await done(client, f"work-units/{unit['id']}/staffings", make_appointment("钱红"))
    person = (await done(client, "persons", make_person()))["id"]
    parts = parts_of(app)
    async with parts.database.transaction(parts.actor) as tx:
        await make_workplace(tx, person, employer_code=credit_code())
    seen = await contacts(client, person)
    assert seen["serving"] == "unit"
    assert [each["who"] for each in seen["contacts"]] == ["unit", "community"]
    assert seen["contacts"][0]["work_unit_name"] == unit["name"]
    assert seen["contacts"][0]["staff"]["name"] == "钱红"


async def test_migrants_are_served_jointly_with_their_home_county(
    client: httpx.AsyncClient,
) -> None:
    stay = {"region": HERE, "kind": "migrant", "since": "2024-01-01"}
    body = make_person(hukou_region="330106", residence=stay)
    person = (await done(client, "persons", body))["id"]
    seen = await contacts(client, person)
    assert seen["serving"] == "joint"
    assert [(each["who"], each["region"]) for each in seen["contacts"]] == [
        ("community", HERE),
        ("home", "330106"),
    ]
    assert len(seen["contacts"][1]["duties"]) == 6
    assert seen["contacts"][0]["staff"] is None  # a gap shows as one


async def test_it_says_what_others_owe_her_and_nothing_that_she_owes(
    client: httpx.AsyncClient,
) -> None:
    person = (await done(client, "persons", make_person()))["id"]
    seen = await contacts(client, person)
    assert set(seen) == {"person_id", "serving", "words", "contacts"}
    for contact in seen["contacts"]:
        assert contact["who"] in ("unit", "community", "home")  # every duty is an office's


async def test_she_sees_her_own_and_nobody_elses(
    app: FastAPI, client: httpx.AsyncClient, issuer: Issuer
) -> None:
    person = (await done(client, "persons", make_person()))["id"]
    path = f"{PATH}/persons/{person}/service-contacts"
    own = {"Purpose": "subject-access"}
    async with client_of(app, issuer.token(scope="self", sub=person), own) as herself:
        assert (await herself.get(path)).status_code == 200
    async with client_of(app, issuer.token(scope="self", sub=str(new_id())), own) as other:
        assert (await other.get(path)).status_code == 404
    foreign = issuer.token(scope="registry:read", region="420381")
    async with client_of(app, foreign, SERVICE) as stranger:
        assert (await stranger.get(path)).status_code == 404


@pytest.mark.parametrize(
    "purpose", ["registration", "employment", "inquiry", "data-quality", "verification"]
)
async def test_only_a_service_needs_it(client: httpx.AsyncClient, purpose: str) -> None:
    person = (await done(client, "persons", make_person()))["id"]
    answer = await client.get(
        f"{PATH}/persons/{person}/service-contacts", headers={"Purpose": purpose}
    )
    assert answer.status_code == 403
    assert answer.json()["type"].endswith("wrong-purpose")
