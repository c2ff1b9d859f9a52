"""Events of other services, each delivered twice: nothing happens twice."""

from uuid import UUID

import httpx
from fastapi import FastAPI

from shared.events.base import Event
from shared.events.notify import ContactOptedOut
from shared.events.registry import PersonsMerged
from shared.ids import new_id
from shared.testing import event_message
from tests.conftest import parts_of
from tests.migrant.samples import OTHER_VILLAGE, id_number, make_arrival
from tests.migrant.test_consents_routes import CONSENTS, give


async def deliver_twice(app: FastAPI, event: Event) -> None:
    """The same message twice, and the same fact under another event id."""
    message = event_message(event)
    for received in (message, message, event_message(event)):
        assert await parts_of(app).loop.deliver(received)


async def arrive(client: httpx.AsyncClient, **overrides: object) -> dict[str, str]:
    answer = await client.post("/migrant/v1/arrivals", json=make_arrival(**overrides))
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def told(app: FastAPI, kind: str) -> int:
    async with parts_of(app).database.acquire() as connection:
        return int(
            await connection.fetchval(
                "SELECT count(*) FROM outbox WHERE payload::jsonb ->> 'type' = $1",
                f"yipan.migrant.{kind}.v1",
            )
        )


async def test_a_merge_hands_everything_over(client: httpx.AsyncClient, app: FastAPI) -> None:
    stay = await arrive(client)
    consent = await give(client, UUID(stay["person_id"]))
    kept = new_id()
    await deliver_twice(app, PersonsMerged(kept_id=kept, merged_id=UUID(stay["person_id"])))
    person = (await client.get(f"/migrant/v1/people/{kept}")).json()
    assert (person["person_id"], person["id_number"]) == (str(kept), id_number())
    old = await client.get(f"/migrant/v1/people/{stay['person_id']}")
    assert old.json()["person_id"] == str(kept)
    listed = await client.get(CONSENTS, params={"person_id": str(kept)})
    assert [each["id"] for each in listed.json()] == [consent["id"]]
    again = await arrive(client, arrived_on="2026-05-01")
    assert again["person_id"] == str(kept)


async def test_a_merge_of_two_people_here_leaves_one_open_stay(
    client: httpx.AsyncClient, app: FastAPI
) -> None:
    first = await arrive(client)
    second = await arrive(
        client,
        id_number=id_number("50010119920304214"),
        region=OTHER_VILLAGE,
        arrived_on="2026-05-01",
    )
    for stay in (first, second):
        await give(client, UUID(stay["person_id"]))
    kept, merged = UUID(first["person_id"]), UUID(second["person_id"])
    await deliver_twice(app, PersonsMerged(kept_id=kept, merged_id=merged))
    arrivals = (await client.get("/migrant/v1/arrivals")).json()["items"]
    assert {each["person_id"] for each in arrivals} == {str(kept)}
    assert [each["id"] for each in arrivals if each["until"] is None] == [second["id"]]
    person = (await client.get(f"/migrant/v1/people/{merged}")).json()
    assert (person["person_id"], person["region"]) == (str(kept), OTHER_VILLAGE)
    consents = (await client.get(CONSENTS, params={"person_id": str(kept)})).json()
    assert sum(each["withdrawn_at"] is None for each in consents) == 1


async def test_merges_in_a_chain(client: httpx.AsyncClient, app: FastAPI) -> None:
    stay = await arrive(client)
    middle, last = new_id(), new_id()
    await deliver_twice(app, PersonsMerged(kept_id=middle, merged_id=UUID(stay["person_id"])))
    await deliver_twice(app, PersonsMerged(kept_id=last, merged_id=middle))
    person = (await client.get(f"/migrant/v1/people/{stay['person_id']}")).json()
    assert person["person_id"] == str(last)


async def test_an_opt_out_withdraws_what_leans_on_texts(
    client: httpx.AsyncClient, app: FastAPI
) -> None:
    person_id = new_id()
    for purpose in ("sms-reminders", "monthly-greeting", "health-check"):
        await give(client, person_id, purpose=purpose)
    await deliver_twice(app, ContactOptedOut(person_id=person_id, purpose="monthly-greeting"))
    assert await standing(client, person_id) == {"sms-reminders", "health-check"}
    await deliver_twice(app, ContactOptedOut(person_id=person_id, purpose=None))
    assert await standing(client, person_id) == {"health-check"}
    assert await told(app, "consent-withdrawn") == 2


async def standing(client: httpx.AsyncClient, person_id: UUID) -> set[str]:
    listed = await client.get(CONSENTS, params={"person_id": str(person_id)})
    return {each["purpose"] for each in listed.json() if each["withdrawn_at"] is None}
