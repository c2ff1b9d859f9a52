"""Regions: loading, reading, and which codes a record may name."""

import httpx
import pytest

from services.registry.errors import UnknownRegion
from services.registry.regions.handlers import load_regions
from services.registry.regions.queries import forget_known_regions, require_region
from shared.codes import CodeError
from shared.testing import Issuer
from tests.conftest import TxFactory
from tests.registry.samples import REGIONS, make_person

PATH = "/registry/v1/regions"


async def test_loading_again_changes_nothing_and_new_names_are_taken(open_tx: TxFactory) -> None:
    async with open_tx("registry") as tx:
        assert await load_regions(tx.connection, REGIONS) == 0
        assert await load_regions(tx.connection, [("420381", "新名"), ("420382", "新县")]) == 2
        row = await tx.fetch_row("SELECT * FROM regions WHERE code = '420382'")
        assert (row["level"], row["parent"], row["valid_to"]) == ("county", "4203", None)


async def test_a_code_that_is_none_loads_nothing(open_tx: TxFactory) -> None:
    async with open_tx("registry") as tx:
        with pytest.raises(CodeError):
            await load_regions(tx.connection, [("420382", "新县"), ("42038", "错")])
        assert not await tx.fetch_value("SELECT count(*) FROM regions WHERE code = '420382'")


@pytest.mark.parametrize(
    ("code", "known"),
    [
        ("420325", True),
        ("420325100", True),
        ("420325100001", True),
        ("420325100009", False),  # our county has its villages loaded
        ("420325109", False),
        ("330106", True),
        ("330106001", True),  # a county elsewhere that is loaded without its parts
        ("330106001002", True),
        ("429999", False),
        ("429999001001", False),
        ("65", False),
    ],
)
async def test_which_codes_are_known(open_tx: TxFactory, code: str, known: bool) -> None:
    async with open_tx("registry") as tx:
        if known:
            await require_region(code, tx)
            await require_region(code, tx)
        else:
            with pytest.raises(UnknownRegion):
                await require_region(code, tx)


async def test_an_abolished_region_is_no_longer_known(open_tx: TxFactory) -> None:
    async with open_tx("registry") as tx:
        await tx.execute("UPDATE regions SET valid_to = $1 WHERE code = '420325100001'", tx.today)
        with pytest.raises(UnknownRegion):
            await require_region("420325100001", tx)


async def test_what_is_known_is_remembered_until_forgotten(open_tx: TxFactory) -> None:
    async with open_tx("registry") as tx:
        await require_region("330106", tx)
        await tx.execute("UPDATE regions SET valid_to = $1 WHERE code = '330106'", tx.today)
        await require_region("330106", tx)
        forget_known_regions()
        with pytest.raises(UnknownRegion):
            await require_region("330106", tx)


async def test_a_region_is_shown_in_its_place(client: httpx.AsyncClient) -> None:
    region = (await client.get(f"{PATH}/420325100001")).json()
    assert [each["name"] for each in region["ancestors"]] == ["湖北省", "十堰市", "房县", "城关镇"]
    assert (region["level"], region["parent"], region["children"]) == ("village", "420325100", 0)
    assert (await client.get(f"{PATH}/420325")).json()["children"] == 2
    assert (await client.get(f"{PATH}/999999")).status_code == 404
    assert (await client.get(f"{PATH}/42032")).status_code == 400


@pytest.mark.parametrize(
    ("query", "codes"),
    [
        ("parent=420325", ["420325100", "420325101"]),
        ("level=county", ["330106", "420325", "420381"]),
        ("q=社区&parent=420325100", ["420325100001", "420325100002"]),
        ("q=4203251", [code for code, _ in sorted(REGIONS) if code.startswith("4203251")]),
    ],
)
async def test_regions_are_found(client: httpx.AsyncClient, query: str, codes: list[str]) -> None:
    found = (await client.get(f"{PATH}?{query}")).json()
    assert [each["code"] for each in found["items"]] == codes
    assert found["next"] is None


async def test_regions_come_in_pages(client: httpx.AsyncClient) -> None:
    codes: list[str] = []
    query = "?limit=5"
    while query:
        page = (await client.get(f"{PATH}{query}")).json()
        codes += [each["code"] for each in page["items"]]
        query = f"?limit=5&cursor={page['next']}" if page["next"] else ""
    assert codes == sorted(code for code, _ in REGIONS)
    assert (await client.get(f"{PATH}?cursor=WzFd")).status_code == 400


async def test_regions_need_a_token_that_reads(client: httpx.AsyncClient, issuer: Issuer) -> None:
    other = {"Authorization": f"Bearer {issuer.token(scope='notify:read')}"}
    assert (await client.get(PATH, headers=other)).status_code == 403
    del client.headers["Authorization"]
    assert (await client.get(PATH)).status_code == 401


async def test_persons_are_only_entered_where_there_is_a_place(client: httpx.AsyncClient) -> None:
    answer = await client.post(
        "/registry/v1/persons", json=make_person(hukou_region="420325100009")
    )
    assert answer.status_code == 422
    assert answer.json()["type"].endswith("/unknown-region")
