"""A stay recorded wrongly is put right, an arrival made in error never was; neighbours follow."""

import asyncio
import json
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from services.migrant.arrivals.models import Arrival
from shared.events.registry import PersonsMerged, PersonsSeparated
from shared.ids import new_id
from shared.testing import Issuer
from tests.conftest import TxFactory
from tests.migrant.conftest import bearer
from tests.migrant.desk import again, arrive, done, read, refused, rows
from tests.migrant.samples import OTHER_VILLAGE, VILLAGE, clerk, fresh_id_number
from tests.migrant.test_consumer import deliver_twice

WHY = {"reason": "日期写错了"}


async def correct(client: httpx.AsyncClient, stay: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return await done(client, f"arrivals/{stay['id']}/correction", WHY | fields)


async def refused_correction(
    client: httpx.AsyncClient, stay: dict[str, Any], **fields: Any
) -> tuple[int, str]:
    return await refused(client, f"arrivals/{stay['id']}/correction", WHY | fields)


async def annul(client: httpx.AsyncClient, stay: dict[str, Any]) -> dict[str, Any]:
    return await done(client, f"arrivals/{stay['id']}/annulment", WHY)


async def told(app: FastAPI, kind: str) -> list[dict[str, Any]]:
    found = await rows(
        app,
        "SELECT payload FROM outbox WHERE payload::jsonb ->> 'type' = $1 ORDER BY id",
        f"yipan.migrant.{kind}.v1",
    )
    return [json.loads(each["payload"])["data"] for each in found]


async def moved(client: httpx.AsyncClient) -> tuple[dict[str, Any], dict[str, Any]]:
    """Two stays, the second in the next township; told as they are now."""
    number = fresh_id_number()
    first = await arrive(client, id_number=number)
    second = await again(client, number, region=OTHER_VILLAGE, arrived_on="2026-05-01")
    return await read(client, f"arrivals/{first['id']}"), second


async def test_a_correction_keeps_what_was_said_before(
    client: httpx.AsyncClient, app: FastAPI
) -> None:
    stay = await arrive(client, employer="第一建筑公司")
    right = await correct(client, stay, arrived_on="2026-02-20", employer=None, stay_purpose="work")
    assert (right["arrived_on"], right["in_county_since"]) == ("2026-02-20", "2026-02-20")
    assert right["employer"] is None
    (change,) = (await client.get(f"/migrant/v1/arrivals/{stay['id']}/changes")).json()
    assert change["before"] == {"arrived_on": "2026-03-02", "employer": "第一建筑公司"}
    assert (change["reason"], change["kind"]) == ("日期写错了", "correction")
    (event,) = await told(app, "stay-corrected")
    assert (event["was_arrived_on"], event["arrived_on"]) == ("2026-03-02", "2026-02-20")
    assert event["fields"] == ["arrived_on", "employer"]
    assert "建筑" not in str(event)
    (kept,) = await rows(app, "SELECT content_sealed FROM stay_changes")
    assert "日期".encode() not in kept["content_sealed"]
    # saying the same again is no change
    await correct(client, right, arrived_on="2026-02-20")
    assert len(await told(app, "stay-corrected")) == 1


async def test_the_stay_before_follows_wherever_it_was(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    first, second = await moved(client)
    there = bearer(issuer, scope="migrant:read migrant:write", region="420325101")
    path = f"arrivals/{second['id']}/correction"
    fields = WHY | {"arrived_on": "2026-04-10", "region": "420325101003"}
    right = await done(client, path, fields, **there)
    assert (right["in_county_since"], right["region"]) == ("2026-03-02", "420325101003")
    before = await read(client, f"arrivals/{first['id']}")
    assert (before["until"], before["to_region"]) == ("2026-04-10", "420325101003")
    person = await read(client, f"people/{first['person_id']}")
    assert (person["region"], person["stay"]["region"]) == ("420325101003", "420325101003")
    # the first day of the first counts for the second too
    await correct(client, before, arrived_on="2026-01-15")
    assert (await read(client, f"arrivals/{second['id']}"))["in_county_since"] == "2026-01-15"


async def test_a_correction_cannot_make_stays_overlap(client: httpx.AsyncClient) -> None:
    first, second = await moved(client)
    assert await refused_correction(client, second, arrived_on="2026-03-01") == (
        409,
        "overlaps-stay",
    )
    assert await refused_correction(client, first, arrived_on="2026-05-02") == (
        409,
        "departure-before-arrival",
    )
    number = fresh_id_number()
    one = await arrive(client, id_number=number)
    leave = {"person_id": one["person_id"], "departed_on": "2026-04-01", "to_region": "500101"}
    await done(client, "departures", leave)
    two = await again(client, number, arrived_on="2026-06-01")
    for stay, fields, problem in [
        (two, {"arrived_on": "2026-03-31"}, "overlaps-stay"),
        (one, {"departed_on": "2026-06-02"}, "overlaps-stay"),
        (one, {"departed_on": "2026-03-01"}, "departure-before-arrival"),
        (two, {"departed_on": "2026-07-01"}, "not-a-departure"),
    ]:
        assert await refused_correction(client, stay, **fields) == (409, problem)
    right = await correct(client, one, departed_on="2026-04-20", to_region=None)
    assert (right["until"], right["to_region"]) == ("2026-04-20", None)


async def test_an_annulled_arrival_never_was(client: httpx.AsyncClient, app: FastAPI) -> None:
    first, second = await moved(client)
    gone = await annul(client, second)
    assert (gone["ended_by"], gone["until"], gone["moved_from_id"]) == (
        "annulment",
        "2026-05-01",
        None,
    )
    goes_on = await read(client, f"arrivals/{first['id']}")
    assert (goes_on["until"], goes_on["ended_by"], goes_on["to_region"]) == (None, None, None)
    person = await read(client, f"people/{first['person_id']}")
    assert (person["region"], person["stay"]["region"]) == (VILLAGE, VILLAGE)
    (event,) = await told(app, "arrival-annulled")
    assert (event["region"], event["resumed_id"]) == (OTHER_VILLAGE, first["id"])
    assert [each["id"] for each in (await read(client, "arrivals", state="annulled"))["items"]] == [
        second["id"]
    ]
    assert await refused(client, f"arrivals/{second['id']}/annulment", WHY) == (
        409,
        "already-annulled",
    )
    assert await refused_correction(client, second, arrived_on="2026-05-02") == (
        409,
        "already-annulled",
    )
    (change,) = (await client.get(f"/migrant/v1/arrivals/{second['id']}/changes")).json()
    assert change["kind"] == "annulment"


async def test_what_ended_the_annulled_stay_ends_the_one_before(
    client: httpx.AsyncClient,
) -> None:
    first, second = await moved(client)
    move = {"person_id": first["person_id"], "region": VILLAGE, "moved_on": "2026-07-01"}
    third = await done(client, "moves", move)
    await annul(client, second)
    before = await read(client, f"arrivals/{first['id']}")
    assert (before["until"], before["ended_by"]) == ("2026-07-01", "move")
    after = await read(client, f"arrivals/{third['id']}")
    assert (after["moved_from_id"], after["in_county_since"]) == (first["id"], "2026-03-02")
    # without the first, the third began it all
    await annul(client, first)
    assert (await read(client, f"arrivals/{third['id']}"))["in_county_since"] == "2026-07-01"


async def test_who_was_registered_in_error_can_arrive_on_any_day(
    client: httpx.AsyncClient,
) -> None:
    number = fresh_id_number()
    wrong = await arrive(client, id_number=number, arrived_on="2026-06-01")
    await annul(client, wrong)
    assert (await read(client, f"people/{wrong['person_id']}"))["stay"] is None
    right = await again(client, number, arrived_on="2026-02-01")
    assert right["person_id"] == wrong["person_id"]
    assert right["in_county_since"] == "2026-02-01"


async def test_stays_of_two_ids_that_are_one_person_count_as_one(
    client: httpx.AsyncClient, app: FastAPI
) -> None:
    first = await arrive(client)
    second = await arrive(client, region=OTHER_VILLAGE, arrived_on="2026-05-01")
    pair = {"kept_id": UUID(first["person_id"]), "merged_id": UUID(second["person_id"])}
    await deliver_twice(app, PersonsMerged(**pair))
    joined = await read(client, f"arrivals/{second['id']}")
    assert (joined["moved_from_id"], joined["in_county_since"]) == (first["id"], "2026-03-02")
    await deliver_twice(app, PersonsSeparated(**pair))
    assert await read(client, f"arrivals/{second['id']}") == second
    assert await read(client, f"arrivals/{first['id']}") == first


async def test_what_crosses_townships_is_of_no_use_to_another_county(
    client: httpx.AsyncClient, open_tx: TxFactory, app: FastAPI
) -> None:
    stay = await arrive(client)
    id, person = UUID(stay["id"]), UUID(stay["person_id"])
    async with open_tx("migrant", actor=clerk(region="420381")) as tx:
        assert await tx.fetch("SELECT * FROM stay_bounds($1)", id) == []
        assert await tx.fetch("SELECT * FROM days_in_county($1)", person) == []
        await tx.execute("SELECT annul_stay($1)", id)
        await tx.execute("SELECT follow_stay($1)", id)
        async with (await tx.begin()).transaction():
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                async with (await tx.begin()).transaction():
                    await tx.execute("SELECT place_person($1)", person)
        await tx.execute("SET LOCAL yipan.region = '420325'")
        assert (await tx.require(Arrival, id)).until is None


async def test_changes_follow_a_merge(client: httpx.AsyncClient, app: FastAPI) -> None:
    stay = await arrive(client)
    await correct(client, stay, arrived_on="2026-02-20")
    kept = new_id()
    await deliver_twice(app, PersonsMerged(kept_id=kept, merged_id=UUID(stay["person_id"])))
    (change,) = (await client.get(f"/migrant/v1/arrivals/{stay['id']}/changes")).json()
    assert change["person_id"] == str(kept)
    export = await client.get(
        f"/migrant/v1/people/{kept}/export", headers={"Purpose": "subject-access"}
    )
    assert [each["id"] for each in export.json()["stay_changes"]] == [change["id"]]


@pytest.mark.parametrize("what", ["correction", "annulment"])
async def test_doors_of_what_is_put_right(
    client: httpx.AsyncClient, issuer: Issuer, what: str
) -> None:
    stay = await arrive(client)
    path = f"arrivals/{stay['id']}/{what}"
    reader = bearer(issuer, scope="migrant:read")
    assert (await refused(client, path, WHY, **reader))[0] == 403
    own = bearer(issuer, scope="self", sub=stay["person_id"])
    assert (await refused(client, path, WHY, **own))[0] == 403
    there = bearer(issuer, scope="migrant:write", region="420325101")
    assert (await refused(client, path, WHY, **there))[0] == 404
    assert (await refused(client, path, {}))[0] == 422
    assert (await refused(client, f"arrivals/{new_id()}/{what}", WHY))[0] == 404


async def test_a_clerk_does_not_send_a_stay_elsewhere(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    stay = await arrive(client)
    here = bearer(issuer, scope="migrant:write", region="420325100")
    path = f"arrivals/{stay['id']}/correction"
    assert await refused(client, path, WHY | {"region": OTHER_VILLAGE}, **here) == (
        403,
        "outside-jurisdiction",
    )
    stranger = bearer(issuer, scope="self", sub=str(new_id()))
    answer = await client.get(f"/migrant/v1/arrivals/{stay['id']}/changes", headers=stranger)
    assert answer.status_code == 404


async def test_at_many_desks_at_once_stays_never_overlap(
    client: httpx.AsyncClient, app: FastAPI
) -> None:
    first, second = await moved(client)
    person = first["person_id"]
    answers = await asyncio.gather(
        *(
            client.post(
                "/migrant/v1/moves",
                json={"person_id": person, "region": VILLAGE, "moved_on": f"2026-06-0{day}"},
            )
            for day in (1, 2, 3)
        ),
        *(
            client.post(f"/migrant/v1/arrivals/{second['id']}/{what}", json=WHY | fields)
            for what, fields in (
                ("correction", {"arrived_on": "2026-04-01"}),
                ("correction", {"arrived_on": "2026-05-30"}),
                ("annulment", {}),
            )
        ),
        client.post(
            "/migrant/v1/departures", json={"person_id": person, "departed_on": "2026-07-01"}
        ),
    )
    assert {each.status_code for each in answers} <= {200, 201, 409}
    overlapping = await rows(
        app,
        "SELECT one.id FROM arrivals AS one JOIN arrivals AS other"
        " ON one.person_id = other.person_id AND one.id < other.id"
        " WHERE one.ended_by IS DISTINCT FROM 'annulment'"
        " AND other.ended_by IS DISTINCT FROM 'annulment'"
        " AND one.arrived_on < coalesce(other.until, 'infinity')"
        " AND other.arrived_on < coalesce(one.until, 'infinity')",
    )
    assert overlapping == []
    broken = await rows(
        app,
        "SELECT after.id FROM arrivals AS after JOIN arrivals AS before"
        " ON before.id = after.moved_from_id WHERE before.until <> after.arrived_on"
        " OR before.ended_by <> 'move' OR before.in_county_since <> after.in_county_since",
    )
    assert broken == []
