"""Several people ask together: counted, and named only where they want that; and how merges and
erasures treat it."""

from uuid import UUID

import httpx
from fastapi import FastAPI

from shared.events.registry import PersonsMerged, PersonsSeparated
from shared.ids import new_id
from shared.testing import Issuer, event_message
from tests.conftest import parts_of
from tests.migrant.help_samples import HELP, ask, do, office, person, refused, serving

OWN = {"Purpose": "subject-access"}


async def deliver(app: FastAPI, *events: PersonsMerged | PersonsSeparated) -> None:
    for event in events:
        message = event_message(event)
        for _ in range(2):
            assert await parts_of(app).loop.deliver(message)


async def test_who_wants_is_named_and_follows_it(client: httpx.AsyncClient, issuer: Issuer) -> None:
    first, second = new_id(), new_id()
    asked = await ask(client, person_id=str(first), people=40)
    theirs = person(issuer, second)
    path = f"{HELP}/{asked['id']}"
    assert (await client.get(path, headers=theirs)).status_code == 404
    named = await do(client, asked, "companions", {}, person_id=str(second))
    assert named["people"] == 40
    again = {"person_id": str(second)}
    assert await refused(client, asked, "companions", {}, **again) == "already-named"
    herself = {"person_id": str(first)}
    assert await refused(client, asked, "companions", {}, **herself) == "already-named"
    strange = office(issuer, "education")
    assert await refused(client, asked, "companions", strange, **herself) == "not-found"
    view = (await client.get(path, headers=theirs)).json()
    assert view["text"]
    assert (view["person_id"], view["phone"]) == (None, None)
    own_list = f"/migrant/v1/people/{second}/help-requests"
    (line,) = (await client.get(own_list, headers=theirs)).json()["items"]
    assert line["id"] == asked["id"]
    export = await client.get(f"/migrant/v1/people/{second}/export", headers=theirs | OWN)
    (kept,) = export.json()["help_companies"]
    assert kept["request_id"] == asked["id"]
    assert str(first) not in export.text
    left = await client.post(f"{path}/leaving", json=again, headers=theirs)
    assert left.status_code == 204
    assert (await client.get(path, headers=theirs)).status_code == 404
    assert await refused(client, asked, "leaving", theirs, **again) == "not-named"
    assert await refused(client, asked, "leaving", theirs, **herself) == "not-found"
    erased = await client.post(f"/migrant/v1/people/{second}/erasure", headers=theirs | OWN)
    kinds = {each["kind"]: each["erased"] for each in erased.json()["kinds"]}
    assert kinds["help-companies"] == 1


async def test_a_merge_carries_it_over_and_a_separation_gives_it_back(
    client: httpx.AsyncClient, app: FastAPI, issuer: Issuer
) -> None:
    kept, merged = new_id(), new_id()
    asked = await ask(client)
    await do(client, asked, "companions", {}, person_id=str(merged))
    mine = await ask(client, person_id=str(merged))
    convener = await serving(client, issuer, person_id=str(merged))
    await deliver(app, PersonsMerged(kept_id=kept, merged_id=merged))
    assert await listed(client, issuer, kept) == {asked["id"], mine["id"]}
    shown = await client.get(
        f"/migrant/v1/conveners/{convener['id']}", headers=person(issuer, kept)
    )
    assert shown.json()["person_id"] == str(kept)
    await deliver(app, PersonsSeparated(kept_id=kept, merged_id=merged))
    assert await listed(client, issuer, merged) == {asked["id"], mine["id"]}
    assert await listed(client, issuer, kept) == set()


async def listed(client: httpx.AsyncClient, issuer: Issuer, person_id: UUID) -> set[str]:
    path = f"/migrant/v1/people/{person_id}/help-requests"
    answer = await client.get(path, headers=person(issuer, person_id))
    return {each["id"] for each in answer.json()["items"]}
