"""A change of the map: what was recorded in an area whose code changed follows it."""

from datetime import date
from typing import Any
from uuid import UUID

import httpx
from fastapi import FastAPI

from services.migrant.people.recoding import recoded_columns
from services.migrant.tables import metadata
from shared.events.registry import RegionPair, RegionsChanged
from shared.ids import new_id
from tests.migrant.desk import arrive, done, read, rows
from tests.migrant.samples import OTHER_VILLAGE, VILLAGE
from tests.migrant.test_consents_routes import give
from tests.migrant.test_consumer import deliver_twice

NEW_VILLAGE, PART = "420325100009", "420325100008"


async def change(app: FastAPI, *pairs: tuple[str | None, str | None]) -> None:
    event = RegionsChanged(
        change_id=new_id(),
        kind="move",
        county="420325",
        document="民发〔2026〕1号",
        effective_on=date(2026, 6, 1),
        pairs=[RegionPair(from_region=old, to_region=new, name="新村") for old, new in pairs],
    )
    await deliver_twice(app, event)


async def test_people_stays_and_consents_follow_the_map(
    client: httpx.AsyncClient, app: FastAPI
) -> None:
    stay, other = await arrive(client), await arrive(client, region=OTHER_VILLAGE)
    await give(client, UUID(stay["person_id"]))
    await done(client, f"arrivals/{stay['id']}/correction", {"reason": "x", "employer": "新厂"})
    await change(app, (VILLAGE, NEW_VILLAGE), ("420325101", "420325101"), (None, "420325103"))
    moved = await read(client, f"arrivals/{stay['id']}")
    assert (moved["region"], moved["doubts"]) == (NEW_VILLAGE, [])
    assert (await read(client, f"people/{stay['person_id']}"))["region"] == NEW_VILLAGE
    for table in ("consents", "stay_changes"):
        (row,) = await rows(app, f"SELECT region FROM {table}")
        assert row["region"] == NEW_VILLAGE, table
    assert await read(client, f"arrivals/{other['id']}") == other


async def test_stays_of_an_area_that_was_split_are_asked_about(
    client: httpx.AsyncClient, app: FastAPI
) -> None:
    stay, gone = await arrive(client), await arrive(client)
    leave = {"person_id": gone["person_id"], "departed_on": "2026-04-01"}
    await done(client, "departures", leave)
    await change(app, (VILLAGE, VILLAGE), (VILLAGE, PART))
    assert await doubts(client) == {stay["id"]: ["region-split"]}
    body = {"reason": "住在新村", "region": PART}
    right = await done(client, f"arrivals/{stay['id']}/correction", body)
    assert (right["region"], right["doubts"]) == (PART, [])


async def test_areas_of_another_county_are_not_ours_to_recode(
    client: httpx.AsyncClient, app: FastAPI
) -> None:
    stay = await arrive(client)
    await change(app, (VILLAGE, "420381100001"))
    assert (await read(client, f"arrivals/{stay['id']}"))["region"] == VILLAGE


async def test_a_move_into_an_area_that_changed_is_still_a_move_into_it(
    client: httpx.AsyncClient, app: FastAPI
) -> None:
    first = await arrive(client, region=OTHER_VILLAGE)
    move = {"person_id": first["person_id"], "region": VILLAGE, "moved_on": "2026-05-01"}
    await done(client, "moves", move)
    await change(app, (VILLAGE, NEW_VILLAGE))
    before = await read(client, f"arrivals/{first['id']}")
    assert (before["region"], before["to_region"]) == (OTHER_VILLAGE, NEW_VILLAGE)


def test_every_table_of_persons_follows() -> None:
    """Whatever feature they belong to."""
    placed = {table.name for table in metadata.sorted_tables if "region" in table.columns}
    assert {table for table, column in recoded_columns() if column == "region"} == placed
    assert placed >= {"arrivals", "people", "stay_changes", "consents", "certificates"}
    assert ("arrivals", "to_region") in recoded_columns()


async def doubts(client: httpx.AsyncClient) -> dict[str, Any]:
    found = await read(client, "arrivals", state="doubted")
    return {each["id"]: each["doubts"] for each in found["items"]}
