"""What a new box is filled with: the divisions it needs and a small made-up township."""

import asyncio
import tempfile
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
from fastapi import FastAPI

from deploy.box.divisions import read_divisions
from deploy.box.errors import BoxError
from deploy.box.roster import R7, generate, write_csv
from services.registry.regions.handlers import load_regions as load_into_registry
from shared.codes import RegionLevel
from shared.db import Database

DIVISIONS = Path(__file__).parents[2] / "data" / "divisions.csv.xz"
SEED = 420325
SCALE = 100  # one person of the sample for a hundred of the published township


async def load_regions(app: FastAPI, *prefixes: str) -> None:
    """Every province, city, county and township of the country, and the villages inside
    `prefixes`. Does nothing when the villages are there already."""
    database: Database = app.state.database
    async with database.acquire() as connection:
        loaded = await connection.fetchval(
            "SELECT bool_and(EXISTS (SELECT FROM regions WHERE level = 'village'"
            " AND starts_with(code, prefix))) FROM unnest($1::text[]) AS prefix",
            list(prefixes),
        )
        if not loaded:
            rows = await asyncio.to_thread(
                list, read_divisions(DIVISIONS, village_prefixes=prefixes)
            )
            await load_into_registry(connection, rows)


@dataclass(frozen=True)
class Township:
    """A real township for made-up people to live in."""

    code: str
    villages: Sequence[str]
    counties: Sequence[str]


def first_township(county: str) -> Township:
    """The county's first township that has villages, and the counties people come from."""
    villages: dict[str, list[str]] = {}
    counties: list[str] = []
    levels: Collection[RegionLevel] = (RegionLevel.COUNTY, RegionLevel.VILLAGE)
    for code, _ in read_divisions(DIVISIONS, levels=levels, village_prefixes=[county]):
        if len(code) == 12:
            villages.setdefault(code[:9], []).append(code)
        else:
            counties.append(code)
    if not villages:
        raise BoxError(
            f"{county} is no county with villages in the divisions of 2023.",
            f"2023 年区划中 {county} 不是有村级区划的县。",
        )
    code = min(villages)
    return Township(code, villages[code], counties)


async def load_people(app: FastAPI, url: str, county: str, token: str) -> None:
    """Import a small roster through the API, as a township would, if nobody is registered yet."""
    async with app.state.database.transaction(app.state.service_actor) as tx:
        if await tx.fetch_value("SELECT EXISTS (SELECT FROM persons)"):
            return
    headers = {"Authorization": f"Bearer {token}", "Purpose": "registration"}
    async with httpx.AsyncClient(base_url=f"{url}/registry/v1", headers=headers) as client:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "sample.csv"
            await asyncio.to_thread(_write_roster, county, path)
            await import_roster(client, path)


def _write_roster(county: str, path: Path) -> None:
    place = first_township(county)
    margins = R7.scaled(SCALE)
    write_csv(generate(SEED, place.code, place.villages, place.counties, margins), path)


async def import_roster(client: httpx.AsyncClient, path: Path) -> dict[str, object]:
    """Upload a roster and wait until it is imported; returns the import's last state."""
    with path.open("rb") as file:
        answer = await client.post(
            "/imports", data={"kind": "roster"}, files={"file": (path.name, file)}, timeout=120
        )
    state: dict[str, object] = answer.raise_for_status().json()
    while state["status"] in ("waiting", "running"):
        await asyncio.sleep(0.1)
        state = (await client.get(f"/imports/{state['id']}")).raise_for_status().json()
    return state
