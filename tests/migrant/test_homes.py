"""Where people are from: Taiwan, Hong Kong and Macao, and regions whose codes are of long ago.
Everybody is registered; what nobody can be sure of is a question for the desk."""

from datetime import date
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from services.migrant.regions.rules import has_ended, home_today
from shared.codes import resident_id_check_digit
from shared.events.registry import RegionsListed
from tests.migrant.browser import press
from tests.migrant.desk import arrive, done, read, refused
from tests.migrant.samples import OTHER_VILLAGE, fresh_id_number, make_arrival
from tests.migrant.test_accounts_routes import sql
from tests.migrant.test_claims_routes import kind_of, make_claim
from tests.migrant.test_consumer import deliver_twice
from tests.migrant.test_regions import version
from tests.migrant.test_self_registration_page import hers, opened, phone

__all__ = ["phone"]

TODAY, HOME = date(2026, 11, 22), "500101"
ONE, PARTS, OLD = "500198", "500197", "500196"  # became one county, became two, of before the list
COUNTIES = [
    version("50", "重庆市"),
    version(HOME, "万州区"),
    version("500102", "涪陵区"),
    version(ONE, "甲县", valid_to=date(2020, 1, 1), became=[HOME]),
    version(PARTS, "乙县", valid_to=date(2020, 1, 1), became=[HOME, "500102"]),
    version("500195", "丙县", valid_from=date(2099, 1, 1)),
]


@pytest.fixture
async def told(app: FastAPI) -> FastAPI:
    await deliver_twice(app, RegionsListed(area="50", versions=COUNTIES))
    return app


def number_of(area: str) -> str:
    """The id number of somebody registered there at birth."""
    first17 = f"{area}{fresh_id_number()[6:17]}"
    return first17 + resident_id_check_digit(first17)


@pytest.mark.parametrize(
    ("written", "kept"),
    [("81", "81"), ("810000", "81"), ("820000", "82"), ("710000", "71"), ("830000", "71")],
)
async def test_somebody_from_hong_kong_macao_or_taiwan_is_registered_as_anybody(
    client: httpx.AsyncClient, told: FastAPI, written: str, kept: str
) -> None:
    number = number_of(f"{written:0<6}")
    stay = await arrive(client, origin_region=written, id_number=number)
    assert (stay["origin_region"], stay["doubts"]) == (kept, [])
    leaves = {"person_id": stay["person_id"], "departed_on": "2026-05-01", "to_region": written}
    assert (await done(client, "departures", leaves))["to_region"] == kept


async def test_she_is_told_of_the_permit_that_is_hers(client: httpx.AsyncClient) -> None:
    for origin, own in (("81", True), (HOME, False)):
        person = (await arrive(client, origin_region=origin))["person_id"]
        permit = (await read(client, f"people/{person}"))["residence_permit"]
        assert ("residents of Hong Kong" in permit["source"]) is own
        assert ("Residents of Hong Kong" in permit["referral"]) is own


async def test_no_county_there_pays_claims(client: httpx.AsyncClient) -> None:
    person = (await arrive(client, origin_region="82"))["person_id"]
    answer = await client.post("/migrant/v1/claims", json=make_claim(person))
    assert (answer.status_code, kind_of(answer)) == (422, "payer-unknown")


async def test_on_the_open_page_the_number_says_it(phone: httpx.AsyncClient, app: FastAPI) -> None:
    receipt = await press(phone, await opened(phone), **hers(id_number=number_of("830000")))
    assert receipt.status == 200
    page = await press(phone, receipt, "edit")
    assert page.fields["origin_region"] == "71"


@pytest.mark.parametrize(
    ("origin", "kept", "doubts"),
    [
        (HOME, HOME, []),
        (ONE, HOME, []),  # goes by the code of what it became
        (f"{ONE}001", HOME, []),
        (PARTS, PARTS, ["unknown-home"]),  # into which part is for the desk to ask
        (OLD, OLD, ["unknown-home"]),  # her id number has it: it was one
    ],
)
async def test_an_old_code_is_taken_as_what_it_was(
    client: httpx.AsyncClient, told: FastAPI, origin: str, kept: str, doubts: list[str]
) -> None:
    number = number_of(origin[:6])
    stay = await arrive(client, origin_region=origin, id_number=number)
    assert (stay["origin_region"], stay["doubts"]) == (kept, doubts)
    doubted = (await read(client, "arrivals", state="doubted"))["items"]
    assert [each["id"] for each in doubted] == ([stay["id"]] if doubts else [])
    move = {"person_id": stay["person_id"], "region": OTHER_VILLAGE, "moved_on": "2026-05-01"}
    moved = await done(client, "moves", move)
    assert (moved["origin_region"], moved["doubts"]) == (kept, doubts)
    fixed = {"reason": "本人说明", "origin_region": "500102"}
    right = await done(client, f"arrivals/{moved['id']}/correction", fixed)
    assert (right["origin_region"], right["doubts"]) == ("500102", [])


async def test_what_never_was_a_region_is_refused(client: httpx.AsyncClient, told: FastAPI) -> None:
    for origin in (OLD, "500195"):  # another's number does not have it; it begins in 2099
        arrival = make_arrival(origin_region=origin, id_number=number_of(HOME))
        assert await refused(client, "arrivals", arrival) == (422, "unknown-region")
    future = make_arrival(origin_region="500195", id_number=number_of("500195"))
    assert await refused(client, "arrivals", future) == (422, "unknown-region")
    for origin in ("8", "81x", "8100000000000", "50"):
        arrival = make_arrival(origin_region=origin, id_number=number_of(HOME))
        assert await refused(client, "arrivals", arrival) == (422, "malformed-body")
    assert await sql(told, "SELECT 1 FROM people") == []


@pytest.mark.parametrize(
    ("changes", "found", "ended"),
    [
        ({}, HOME, False),
        ({"valid_to": date(2027, 1, 1), "became": ["500102"]}, HOME, False),
        ({"valid_to": date(2020, 1, 1), "became": ["500102"]}, "500102", True),
        ({"valid_to": date(2020, 1, 1), "became": ["500102", "500103"]}, None, True),
        ({"valid_to": date(2020, 1, 1)}, None, True),
        ({"valid_from": date(2027, 1, 1)}, None, False),
    ],
)
def test_the_code_by_which_a_home_goes(
    changes: dict[str, Any], found: str | None, ended: bool
) -> None:
    versions = [version(HOME, "万州区", **changes)]
    assert (home_today(versions, TODAY), has_ended(versions, TODAY)) == (found, ended)
