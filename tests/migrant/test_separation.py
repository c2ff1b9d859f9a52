"""A merge that was wrong is taken back: each id gets its own again. Every event comes twice."""

from uuid import UUID

import httpx
from fastapi import FastAPI

from shared.events.registry import PersonsMerged, PersonsSeparated
from shared.ids import new_id
from shared.testing import Issuer
from tests.migrant.samples import OTHER_VILLAGE, VILLAGE, id_number
from tests.migrant.test_consents_routes import CONSENTS, give
from tests.migrant.test_consumer import arrive, deliver_twice
from tests.migrant.test_own_data import OWN, herself, path

OTHER_NUMBER = id_number("50010119920304214")


async def merge(app: FastAPI, kept: UUID, merged: UUID) -> None:
    await deliver_twice(app, PersonsMerged(kept_id=kept, merged_id=merged))


async def separate(app: FastAPI, kept: UUID, merged: UUID) -> None:
    await deliver_twice(app, PersonsSeparated(kept_id=kept, merged_id=merged))


async def held(client: httpx.AsyncClient, person: UUID) -> dict[str, object]:
    """What is held about her, without when it was looked at."""
    answer = await client.get(path(person, "export"), headers=OWN)
    assert answer.status_code == 200, answer.text
    export = answer.json()
    export["person"].pop("updated_at")
    return {
        name: export[name]
        for name in ("person_id", "other_ids", "person", "arrivals", "consents", "erasures")
    }


async def test_two_people_are_as_they_were(
    client: httpx.AsyncClient, app: FastAPI, issuer: Issuer
) -> None:
    one = UUID((await arrive(client, arrived_on="2026-01-05"))["person_id"])
    two = UUID(
        (
            await arrive(
                client,
                name="赵六",
                id_number=OTHER_NUMBER,
                region=OTHER_VILLAGE,
                arrived_on="2026-02-05",
            )
        )["person_id"]
    )
    await give(client, one)
    await give(client, two, purpose="vital-events")
    assert (await client.post(path(two, "erasure"))).status_code == 200
    before = [await held(client, one), await held(client, two)]
    await merge(app, one, two)
    together = await held(client, one)
    assert len(together["arrivals"]) == len(together["consents"]) == 2  # type: ignore[arg-type]
    await separate(app, one, two)
    assert [await held(client, one), await held(client, two)] == before
    # the other's login no longer opens her record
    answer = await client.get(path(one, "export"), headers=herself(issuer, two))
    assert answer.status_code == 404
    usage = await client.get(
        "/migrant/datatracker/v2/findUsage",
        params={"userCode": str(one)},
        headers=herself(issuer, two) | {"X-Road-UserId": "x"},
    )
    assert usage.status_code == 403
    # the desk finds each by her own number
    again = await arrive(
        client, name="赵六", id_number=OTHER_NUMBER, region=VILLAGE, arrived_on="2026-03-05"
    )
    assert again["person_id"] == str(two)


async def test_a_record_that_only_the_merged_id_had_goes_back(
    client: httpx.AsyncClient, app: FastAPI
) -> None:
    here, registered = UUID((await arrive(client))["person_id"]), new_id()
    before = await held(client, here)
    await merge(app, registered, here)
    assert (await client.get(f"/migrant/v1/people/{registered}")).status_code == 200
    await give(client, registered)  # since the merge: stays with the kept one
    await separate(app, registered, here)
    assert await held(client, here) == before
    assert (await client.get(f"/migrant/v1/people/{registered}")).status_code == 404
    kept = await client.get(CONSENTS, params={"person_id": str(registered)})
    assert len(kept.json()) == 1


async def test_merges_are_taken_back_one_by_one(client: httpx.AsyncClient, app: FastAPI) -> None:
    first, second, third = UUID((await arrive(client))["person_id"]), new_id(), new_id()
    before = await held(client, first)
    await merge(app, second, first)
    await merge(app, third, second)
    assert (await held(client, first))["person_id"] == str(third)
    await separate(app, third, second)
    assert (await held(client, first))["person_id"] == str(second)
    await separate(app, second, first)
    assert await held(client, first) == before


async def test_a_separation_of_strangers_changes_nothing(
    client: httpx.AsyncClient, app: FastAPI
) -> None:
    person = UUID((await arrive(client))["person_id"])
    before = await held(client, person)
    await separate(app, new_id(), person)
    await separate(app, person, new_id())
    assert await held(client, person) == before
