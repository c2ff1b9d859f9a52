"""Service points and an area's own catalogue follow the map."""

import httpx
from fastapi import FastAPI

from shared.clock import today
from shared.events.registry import RegionPair, RegionsChanged
from shared.ids import new_id
from shared.testing import Issuer
from tests.migrant.places import PLACES, place
from tests.migrant.test_consumer import deliver_twice
from tests.migrant.test_entitlements_catalogue import (
    decide,
    make_entry,
    make_proposal,
    propose,
    told,
)


async def change(app: FastAPI, *pairs: tuple[str, str]) -> None:
    event = RegionsChanged(
        change_id=new_id(),
        kind="merge",
        county="420325",
        document="鄂政函〔2026〕1号",
        effective_on=today(),
        pairs=[RegionPair(from_region=old, to_region=new, name="新镇") for old, new in pairs],
    )
    await deliver_twice(app, event)


async def own_entry(client: httpx.AsyncClient, issuer: Issuer, area: str) -> None:
    body = make_proposal(make_entry(id="tea-creche"), area=area)
    made = await propose(client, issuer, "tea-creche", body)
    assert (await decide(client, issuer, made.json()["id"])).status_code == 200


async def test_an_area_that_goes_on_keeps_its_points_and_its_catalogue(
    client: httpx.AsyncClient, issuer: Issuer, app: FastAPI
) -> None:
    point = await place(client, issuer, area="420325100")
    await own_entry(client, issuer, "420325100")
    await change(app, ("420325100", "420325110"))
    moved = (await client.get(f"{PLACES}/{point['id']}")).json()
    assert (moved["area"], moved["version"]) == ("420325110", 2)
    assert "tea-creche" in await told(client, region="420325110")
    assert "tea-creche" not in await told(client, region="420325100")


async def test_merged_areas_share_points_and_the_countys_catalogue(
    client: httpx.AsyncClient, issuer: Issuer, app: FastAPI
) -> None:
    points = [await place(client, issuer, area=each) for each in ("420325100", "420325101")]
    await own_entry(client, issuer, "420325100")
    await change(app, ("420325100", "420325110"), ("420325101", "420325110"))
    for point in points:
        assert (await client.get(f"{PLACES}/{point['id']}")).json()["area"] == "420325110"
    assert "tea-creche" not in await told(client, region="420325110")


async def test_of_a_split_area_nothing_is_guessed(
    client: httpx.AsyncClient, issuer: Issuer, app: FastAPI
) -> None:
    point = await place(client, issuer, area="420325100")
    await change(app, ("420325100", "420325110"), ("420325100", "420325111"))
    assert (await client.get(f"{PLACES}/{point['id']}")).json() == point
    offices = (await told(client, region="420325111"))["legal-aid"]["offices"]
    assert [each["id"] for each in offices] == [point["id"]]  # still the nearest there is
