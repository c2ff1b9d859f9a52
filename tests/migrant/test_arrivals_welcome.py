"""The welcome sheet: paper to take home, with nobody on it but by her wish."""

import json
import struct
from datetime import timedelta
from typing import Any

import httpx
import pytest

from services.migrant.arrivals.handlers import register_arrival
from services.migrant.arrivals.schemas import RegisterArrival
from services.migrant.arrivals.welcome import get_sheet
from shared.ids import new_id
from shared.testing import Issuer
from shared.usage import Purpose
from tests.conftest import TxFactory
from tests.migrant.conftest import bearer
from tests.migrant.desk import TODAY, arrive
from tests.migrant.samples import clerk, id_number, make_arrival

A5_AT_144_DPI = (839, 1191)


async def sheet_of(open_tx: TxFactory, days: int, language: str, with_name: bool = False) -> Any:
    """The sheet of somebody who came so many days ago."""
    body = make_arrival(arrived_on=str(TODAY - timedelta(days=days)), employer="第一建筑公司")
    async with open_tx("migrant", actor=clerk(), purpose=Purpose.REGISTRATION) as tx:
        stay = await register_arrival(RegisterArrival.model_validate(body), tx)
        return await get_sheet(stay.id, language, with_name, tx)


async def test_it_says_what_she_can_have_now_and_later(open_tx: TxFactory) -> None:
    fresh = await sheet_of(open_tx, 3, "en")
    settled = await sheet_of(open_tx, 400, "en")
    now, later = ({each["what"] for each in fresh[part]} for part in ("now", "later"))
    assert "Residence permit" in later - now
    assert all(each["when"] and "month" in each["when"] for each in fresh["later"])
    assert all(each["where"] for each in fresh["now"] + fresh["later"])
    assert "Residence permit" in {each["what"] for each in settled["now"]}
    assert len(settled["now"]) == len(fresh["now"]) + len(fresh["later"])
    assert any("birth" in each for each in fresh["rights"])


async def test_nothing_personal_is_on_it(open_tx: TxFactory) -> None:
    secrets = [id_number(), "13900000002", "第一建筑公司", "420325"]
    for with_name in (False, True):
        sheet = await sheet_of(open_tx, 30, "zh", with_name)
        said = json.dumps(sheet, ensure_ascii=False)
        assert sheet["title"] == "欢迎您来到这里"
        assert ("刘小梅" in said) is with_name
        assert not [secret for secret in secrets if secret in said]


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_it_is_a_page_of_a5(client: httpx.AsyncClient, language: str) -> None:
    stay = await arrive(client)
    path = f"/migrant/v1/arrivals/{stay['id']}/welcome-sheet"
    client.headers["Accept-Language"] = language
    printed = await client.get(path, params={"with_name": "true"})
    assert printed.headers["content-type"] == "application/pdf"
    assert printed.content.startswith(b"%PDF")
    picture = await client.get(path, params={"format": "png"})
    assert picture.headers["content-type"] == "image/png"
    width, height = struct.unpack(">II", picture.content[16:24])
    assert abs(width - A5_AT_144_DPI[0]) <= 1 and abs(height - A5_AT_144_DPI[1]) <= 1


async def test_doors_of_the_sheet(client: httpx.AsyncClient, issuer: Issuer) -> None:
    stay = await arrive(client)
    path = f"/migrant/v1/arrivals/{stay['id']}/welcome-sheet"
    own = bearer(issuer, scope="self", sub=stay["person_id"])
    assert (await client.get(path, headers=own)).status_code == 200
    stranger = bearer(issuer, scope="self", sub=str(new_id()))
    assert (await client.get(path, headers=stranger)).status_code == 404
    there = bearer(issuer, scope="migrant:read", region="420381")
    assert (await client.get(path, headers=there)).status_code == 404
    assert (await client.get(path, params={"format": "doc"})).status_code == 400
    del client.headers["Purpose"]
    assert (await client.get(path)).status_code == 400
