"""Regions at the desk: a code that is none is told at once, and what a place became is offered."""

from datetime import date
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from services.migrant.arrivals.schemas import RegisterArrival
from services.migrant.errors import AlreadyArrived
from services.migrant.filings.kinds import Arrivals
from services.migrant.regions.asking import Asking
from shared.events.registry import RegionsListed, RegionVersion, list_digest
from shared.testing import client_of
from shared.usage import Purpose
from tests.conftest import parts_of
from tests.migrant.browser import press
from tests.migrant.desk import DESK, arrive, done, read, refused
from tests.migrant.samples import (
    HOME,
    OTHER_VILLAGE,
    VILLAGE,
    clerk,
    fresh_id_number,
    make_arrival,
)
from tests.migrant.test_accounts_routes import sql
from tests.migrant.test_consumer import deliver_twice
from tests.migrant.test_self_registration_page import hers, opened

TOWN, NEXT_TOWN = "420325100", "420325101"
MERGED, SPLIT = f"{TOWN}002", f"{TOWN}003"
MERGED_ON = date(2026, 3, 1)


def version(code: str, name: str, **changes: Any) -> RegionVersion:
    values = {"code": code, "name": name, "valid_from": None, "valid_to": None}
    return RegionVersion.model_validate(values | changes)


LISTS = {
    TOWN: [
        version(TOWN, "城关镇"),
        version(VILLAGE, "东街社区"),
        version(MERGED, "西街社区", valid_to=MERGED_ON, became=[VILLAGE]),
        version(SPLIT, "北街社区", valid_to=MERGED_ON, became=[f"{TOWN}004", VILLAGE]),
        version(f"{TOWN}004", "新北社区", valid_from=MERGED_ON),
    ],
    NEXT_TOWN: [version(NEXT_TOWN, "军店镇"), version(OTHER_VILLAGE, "军店社区")],
    "50": [version("50", "重庆市"), version("500101", "万州区")],
}


async def tell(app: FastAPI, *areas: str) -> None:
    for area in areas or LISTS:
        await deliver_twice(app, RegionsListed(area=area, versions=LISTS[area]))


@pytest.fixture
async def told(app: FastAPI) -> FastAPI:
    await tell(app)
    return app


async def problem(client: httpx.AsyncClient, path: str, body: Any) -> dict[str, Any]:
    answer = await client.post(f"{DESK}/{path}", json=body)
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (422, "unknown-region")
    return dict(answer.json())


def arriving(**overrides: Any) -> dict[str, Any]:
    return make_arrival(**({"id_number": fresh_id_number()} | overrides))


@pytest.mark.parametrize("code", [f"{TOWN}999", "420325199", "420325199001"])
async def test_a_code_that_never_was_is_refused(
    client: httpx.AsyncClient, told: FastAPI, code: str
) -> None:
    said = await problem(client, "arrivals", arriving(region=code))
    assert (said["field"], said["reason"], said["became"]) == ("region", "unknown", [])
    assert await sql(told, "SELECT 1 FROM people") == []


async def test_a_township_and_a_village_are_places(
    client: httpx.AsyncClient, told: FastAPI
) -> None:
    for code in (TOWN, VILLAGE, OTHER_VILLAGE):
        assert (await arrive(client, region=code))["region"] == code


async def test_what_an_abolished_place_became_is_offered(
    client: httpx.AsyncClient, told: FastAPI
) -> None:
    said = await problem(client, "arrivals", arriving(region=MERGED, arrived_on="2026-03-02"))
    assert (said["reason"], said["on"]) == ("abolished", "2026-03-01")
    assert said["became"] == [{"code": VILLAGE, "name": "东街社区"}]
    assert "it is now 东街社区 420325100001" in said["detail"]
    parts = await problem(client, "arrivals", arriving(region=SPLIT, arrived_on="2026-02-01"))
    assert [each["name"] for each in parts["became"]] == ["新北社区", "东街社区"]


async def test_who_came_before_it_was_merged_lives_in_what_it_became(
    client: httpx.AsyncClient, told: FastAPI
) -> None:
    stay = await arrive(client, region=MERGED, arrived_on="2026-02-28")
    assert (stay["region"], stay["doubts"]) == (VILLAGE, [])
    again = arriving(region=MERGED, arrived_on="2026-02-28", id_number=fresh_id_number())
    assert (await client.post(f"{DESK}/arrivals", json=again)).status_code == 201
    twice = await client.post(f"{DESK}/arrivals", json=again)
    assert twice.json()["type"].endswith("already-arrived")


async def test_a_line_sent_again_under_the_old_code_is_known(
    client: httpx.AsyncClient, told: FastAPI
) -> None:
    line = arriving(region=MERGED, arrived_on="2026-02-28")
    stay = await done(client, "arrivals", line)
    move = {"person_id": stay["person_id"], "region": MERGED, "moved_on": "2026-02-28"}
    assert await refused(client, "moves", move) == (409, "same-place")
    await done(client, "moves", move | {"region": OTHER_VILLAGE, "moved_on": "2026-05-01"})
    async with parts_of(told).database.transaction(clerk(), purpose=Purpose.REGISTRATION) as tx:
        with pytest.raises(AlreadyArrived):
            await Arrivals().file(RegisterArrival.model_validate(line), tx)


async def test_a_home_county_that_is_none_is_refused(
    client: httpx.AsyncClient, told: FastAPI
) -> None:
    said = await problem(client, "arrivals", arriving(origin_region="500199"))
    assert (said["field"], said["reason"]) == ("origin_region", "unknown")
    # her village there is not ours to know, nor is a province that is not listed
    for origin in (HOME, "510104"):
        await arrive(client, origin_region=origin)


async def test_families_moves_and_corrections_are_checked_alike(
    client: httpx.AsyncClient, told: FastAPI
) -> None:
    wrong = f"{TOWN}999"
    shared = {"origin_region": HOME, "region": wrong, "arrived_on": "2026-03-02"}
    her = {"relation": "0", "name": "刘小梅", "id_number": fresh_id_number()}
    await problem(client, "arrival-groups", {"shared": shared, "people": [her]})
    stay = await arrive(client)
    move = {"person_id": stay["person_id"], "region": wrong, "moved_on": "2026-05-01"}
    await problem(client, "moves", move)
    path = f"arrivals/{stay['id']}/correction"
    await problem(client, path, {"reason": "x", "region": wrong})
    await problem(client, path, {"reason": "x", "origin_region": "500199"})
    assert (await read(client, f"arrivals/{stay['id']}"))["region"] == VILLAGE
    body = {"reason": "登记时写了旧村名", "region": MERGED, "arrived_on": "2026-02-01"}
    assert (await done(client, path, body))["region"] == VILLAGE


async def test_a_move_asks_nothing_about_home_again(
    client: httpx.AsyncClient, app: FastAPI
) -> None:
    """Her home county may have been abolished since she came."""
    stay = await arrive(client, origin_region="500199")
    await tell(app)
    move = {"person_id": stay["person_id"], "region": OTHER_VILLAGE, "moved_on": "2026-05-01"}
    assert (await done(client, "moves", move))["region"] == OTHER_VILLAGE


async def test_before_the_list_is_told_only_the_form_is_checked(
    client: httpx.AsyncClient, app: FastAPI
) -> None:
    assert (await arrive(client, region=f"{TOWN}999"))["region"] == f"{TOWN}999"
    await deliver_twice(app, RegionsListed(area=TOWN, versions=LISTS[TOWN][:1]))
    # a county listed down to its townships: its villages cannot be judged
    assert (await arrive(client, region=f"{TOWN}999"))["region"] == f"{TOWN}999"
    assert await refused(client, "arrivals", arriving(region="420325199")) == (
        422,
        "unknown-region",
    )


async def test_what_came_in_under_an_old_code_follows(
    client: httpx.AsyncClient, app: FastAPI
) -> None:
    stay = await arrive(client, region=MERGED, arrived_on="2026-05-01")
    await tell(app)
    assert (await read(client, f"arrivals/{stay['id']}"))["region"] == VILLAGE


async def test_a_list_takes_the_place_of_the_one_before(
    client: httpx.AsyncClient, told: FastAPI
) -> None:
    await deliver_twice(told, RegionsListed(area=TOWN, versions=LISTS[TOWN][:3]))
    left = await sql(told, "SELECT code FROM known_regions WHERE area = $1 ORDER BY code", TOWN)
    assert [row["code"] for row in left] == [TOWN, VILLAGE, MERGED]


async def test_the_page_follows_the_code_on_an_old_poster(told: FastAPI) -> None:
    async with client_of(told, None, {"Accept-Language": "zh-CN"}) as phone:
        assert (await opened(phone, region=MERGED)).fields["region"] == VILLAGE
        wrong = await press(phone, await opened(phone, region=f"{TOWN}999"), **hers())
        assert (wrong.status, set(wrong.wrong)) == (422, {"region"})
        assert "没有区划代码" in wrong.wrong["region"]


async def test_a_form_that_waited_goes_by_the_code_of_today(
    client: httpx.AsyncClient, app: FastAPI
) -> None:
    async with client_of(app, None, {"Accept-Language": "zh-CN"}) as phone:
        await press(phone, await opened(phone, region=MERGED), **hers())
    await tell(app)
    (row,) = await sql(app, "SELECT id, region FROM self_registrations")
    view = await read(client, f"self-registrations/{row['id']}")
    assert (row["region"], view["form"]["region"]) == (VILLAGE, VILLAGE)
    confirmed = await done(client, f"self-registrations/{row['id']}/confirmation", {})
    assert confirmed["arrivals"][0]["region"] == VILLAGE


async def test_no_poster_for_a_place_that_is_none(client: httpx.AsyncClient, told: FastAPI) -> None:
    for path in ("self-registration-code.svg", "self-registration-poster.pdf?place=x"):
        answer = await client.get(f"{DESK}/{path}", params={"region": f"{TOWN}999", "place": "x"})
        assert (answer.status_code, answer.json()["reason"]) == (422, "unknown")
        answer = await client.get(f"{DESK}/{path}", params={"region": "420381100", "place": "x"})
        assert answer.status_code == 403


@pytest.mark.parametrize(("knows", "sought"), [(True, [0, 1, 1]), (False, [0, 1, 2])])
async def test_a_process_asks_until_it_knows(app: FastAPI, knows: bool, sought: list[int]) -> None:
    """Not at its start, which is the registry's, too; once it knows, once an hour."""
    if knows:
        await tell(app)
    asking, parts = Asking(), parts_of(app)
    for expected in sought:
        async with parts.database.transaction(parts.actor) as tx:
            await asking.ask(tx)
        asked = await sql(
            app,
            "SELECT payload::jsonb -> 'data' AS data FROM outbox"
            " WHERE payload::jsonb ->> 'type' = 'yipan.migrant.regions-sought.v1'",
        )
        assert len(asked) == expected
    held = [each for listed in LISTS.values() for each in listed] if knows else []
    assert dict(asked[0]["data"]) == {"within": "420325", "held": list_digest(held)}
