"""Lists of the desk: by state, place, purpose, origin and day, in keyset pages; figures."""

from datetime import date, timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st

from services.migrant.arrivals.rules import publishable
from shared.ids import new_id
from shared.suppression import SMALLEST
from shared.testing import Issuer
from tests.migrant.conftest import bearer
from tests.migrant.desk import (
    TODAY,
    again,
    all_pages,
    arrive,
    done,
    looks,
    read,
    refused,
    rows,
)
from tests.migrant.samples import OTHER_VILLAGE, VILLAGE, fresh_id_number

SICHUAN = "510104"


def ids(found: list[dict[str, Any]]) -> list[str]:
    return [each["id"] for each in found]


async def test_each_state_has_its_list(client: httpx.AsyncClient, app: FastAPI) -> None:
    here = await arrive(client)
    left = await arrive(client)
    await done(client, "departures", {"person_id": left["person_id"], "departed_on": "2026-04-01"})
    wrong = await arrive(client)
    await done(client, f"arrivals/{wrong['id']}/annulment", {"reason": "误登"})
    for state, found in (
        ("open", [here]),
        ("ended", [left]),
        ("annulled", [wrong]),
        ("expected", []),
        ("overdue", []),
        ("doubted", []),
    ):
        assert ids(await all_pages(client, "arrivals", state=state)) == ids(found), state
    assert ids(await all_pages(client, "arrivals", still_here="true")) == [here["id"]]
    assert await looks(app, left["person_id"]) == 3  # registered, left, listed once


async def test_lists_are_narrowed(client: httpx.AsyncClient) -> None:
    one = await arrive(client, stay_purpose="study", arrived_on="2026-02-01")
    two = await arrive(client, origin_region=SICHUAN, arrived_on="2026-03-01")
    three = await arrive(client, region=OTHER_VILLAGE, arrived_on="2026-04-01")
    for params, found in (
        ({"stay_purpose": "study"}, [one]),
        ({"origin": "51"}, [two]),
        ({"arrived_from": "2026-03-01"}, [three, two]),
        ({"arrived_to": "2026-03-01"}, [two, one]),
        ({"region": VILLAGE[:9]}, [two, one]),
        ({"region": VILLAGE[:9], "origin": "50"}, [one]),
    ):
        assert ids(await all_pages(client, "arrivals", **params)) == ids(found), params


@pytest.mark.parametrize(
    ("path", "params", "status"),
    [
        ("arrivals", {"state": "suspicious"}, 400),
        ("arrivals", {"arrived_from": "20260301"}, 400),
        ("arrivals", {"region": "420381"}, 403),
        ("expected-departures", {"region": "420381"}, 403),
        ("expected-departures", {"cursor": "bm9wZQ"}, 400),
        ("expected-departures", {"cursor": "WyJ4IiwgMV0"}, 400),
        ("migrant-counts", {"region": "420381"}, 403),
        ("migrant-counts", {"on": "2099-01-01"}, 400),
    ],
)
async def test_what_a_list_refuses(
    client: httpx.AsyncClient, path: str, params: dict[str, str], status: int
) -> None:
    answer = await client.get(f"/migrant/v1/{path}", params=params)
    assert answer.status_code == status, answer.text


@pytest.mark.parametrize("path", ["arrivals", "expected-departures", "migrant-counts"])
async def test_doors_of_lists(client: httpx.AsyncClient, issuer: Issuer, path: str) -> None:
    own = bearer(issuer, scope="self", sub=str(new_id()))
    assert (await refused(client, path, None, "GET", **own))[0] == 403
    if path != "migrant-counts":
        del client.headers["Purpose"]
        assert await refused(client, path, None, "GET") == (400, "purpose-required")


# figures


async def fill(app: FastAPI, people: int, **values: Any) -> None:
    """So many people with a stay each."""
    stay = {
        "region": VILLAGE,
        "origin": "500101",
        "purpose": "work",
        "since": date(2026, 3, 2),
    } | values
    await rows(
        app,
        "INSERT INTO arrivals (id, person_id, region, origin_region, arrived_on, in_county_since,"
        " stay_purpose, recorded_at, recorded_by)"
        " SELECT gen_random_uuid(), gen_random_uuid(), $2, $3, $5, $5, $4, now(), 'x'"
        " FROM generate_series(1, $1) RETURNING id",
        people,
        stay["region"],
        stay["origin"],
        stay["purpose"],
        stay["since"],
    )


def shown(counts: dict[str, Any]) -> dict[str, int | None]:
    origins = {each["province"]: each["people"] for each in counts["by_origin"]}
    return origins | {each["stay_purpose"]: each["people"] for each in counts["by_purpose"]}


async def test_she_is_counted_once_however_often_she_moves(
    client: httpx.AsyncClient, app: FastAPI
) -> None:
    await fill(app, 19)
    number = fresh_id_number()
    await arrive(client, id_number=number, arrived_on="2026-03-02")
    moves = (OTHER_VILLAGE, VILLAGE, OTHER_VILLAGE)
    for day, place in enumerate(moves, start=1):
        await again(client, number, region=place, arrived_on=f"2026-05-0{day}")
    counts = await read(client, "migrant-counts")
    assert (counts["total"], shown(counts)["50"], shown(counts)["work"]) == (20, 20, 20)
    assert counts["on"] == str(TODAY)
    # on the day of a move she is where she moved to
    for region, on, total in (
        (VILLAGE, "2026-05-01", 20),  # 19, rounded
        (VILLAGE, "2026-05-02", 20),
        (OTHER_VILLAGE, "2026-05-02", None),
        (VILLAGE, "2026-03-01", None),
    ):
        assert (await read(client, "migrant-counts", region=region, on=on))["total"] == total


async def test_who_left_or_never_came_is_not_counted(
    client: httpx.AsyncClient, app: FastAPI
) -> None:
    await fill(app, 22)
    for _ in range(3):
        stay = await arrive(client)
        await done(client, f"arrivals/{stay['id']}/annulment", {"reason": "误登"})
    gone = [await arrive(client) for _ in range(3)]
    for stay in gone:
        leave = {"person_id": stay["person_id"], "departed_on": str(TODAY - timedelta(days=1))}
        await done(client, "departures", leave)
    assert (await read(client, "migrant-counts"))["total"] == 20
    day = str(TODAY - timedelta(days=2))
    assert (await read(client, "migrant-counts", on=day))["total"] == 25


async def test_small_groups_are_not_told(client: httpx.AsyncClient, app: FastAPI) -> None:
    await fill(app, 40)
    await fill(app, 30, origin=SICHUAN, purpose="study")
    await fill(app, 4, origin="540102", purpose="business")
    counts = await read(client, "migrant-counts")
    assert counts["total"] == 75
    # one province is too small; another goes with it, or 75 - 40 - 30 would tell
    assert shown(counts)["50"] == 40 and set(shown(counts)) & {"51", "54"} == set()
    assert counts["others"] == 35
    assert (shown(counts)["business"], shown(counts)["study"]) == (None, None)
    assert shown(counts)["work"] == 40


COUNTS = st.lists(st.integers(0, 40), min_size=1, max_size=6)


@given(COUNTS, st.data())
def test_no_small_group_follows_from_what_is_told(parts: list[int], data: Any) -> None:
    """Even without the rounding: what is hidden of a side is nobody, or ten and more, over at
    least two figures."""
    total = sum(parts)
    first = data.draw(st.integers(0, total))
    by_origin = {str(n): people for n, people in enumerate(parts)}
    by_purpose = {"work": first, "study": total - first}
    figures = publishable(by_origin, by_purpose)
    for sides, told in (
        (by_origin, figures.by_origin),
        (by_purpose, {k: v for k, v in figures.by_purpose.items() if v is not None}),
    ):
        assert all(sides[code] >= SMALLEST for code in told)
        rest = [people for code, people in sides.items() if code not in told and people]
        if figures.total is not None and rest:
            assert sum(rest) >= SMALLEST and (len(rest) > 1 or rest[0] >= SMALLEST)
