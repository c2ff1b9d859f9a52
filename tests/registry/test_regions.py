"""Regions: loading, reading, and which codes a record may name."""

from datetime import date, timedelta

import httpx
import pytest

from services.registry.errors import UnknownRegion
from services.registry.regions.handlers import begin_regions, end_regions, load_regions
from services.registry.regions.queries import (
    ancestors_on,
    forget_known_regions,
    map_on,
    region_name_on,
    require_region,
)
from shared.codes import CodeError
from shared.testing import Issuer
from tests.conftest import TxFactory
from tests.registry.samples import REGIONS, make_person

PATH = "/registry/v1/regions"


async def test_loading_again_changes_nothing_and_new_names_are_taken(open_tx: TxFactory) -> None:
    async with open_tx("registry") as tx:
        assert await load_regions(await tx.begin(), REGIONS) == 0
        assert await load_regions(await tx.begin(), [("420381", "新名"), ("420382", "新县")]) == 2
        row = await tx.fetch_row("SELECT * FROM regions WHERE code = '420382'")
        assert (row["level"], row["parent"], row["valid_to"]) == ("county", "4203", None)


async def test_a_code_that_is_none_loads_nothing(open_tx: TxFactory) -> None:
    async with open_tx("registry") as tx:
        with pytest.raises(CodeError):
            await load_regions(await tx.begin(), [("420382", "新县"), ("42038", "错")])
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


LISTED = date(2025, 7, 1)


async def test_a_dated_list_keeps_what_names_there_were(open_tx: TxFactory) -> None:
    async with open_tx("registry") as tx:
        newer = [("420325100", "城关街道"), ("420325102", "新设镇")]
        assert await load_regions(await tx.begin(), newer, source="2025", valid_from=LISTED) == 2
        assert await load_regions(await tx.begin(), newer, source="2025", valid_from=LISTED) == 0
        before = LISTED - timedelta(days=1)
        assert await region_name_on("420325100", before, tx) == "城关镇"
        assert await region_name_on("420325100", LISTED, tx) == "城关街道"
        assert await region_name_on("420325102", before, tx) is None
        names = [each.name for each in await ancestors_on("420325100001", before, tx)]
        assert names == ["湖北省", "十堰市", "房县", "城关镇"]
        older = [("420325100", "旧名"), ("420325102", "旧名")]
        assert await load_regions(await tx.begin(), older, valid_from=date(2024, 1, 1)) == 0


async def test_a_list_ends_what_it_lacks_only_where_it_is_told_to(open_tx: TxFactory) -> None:
    async with open_tx("registry") as tx:
        rows = [each for each in REGIONS if each[0].startswith("420325")][:-2]
        assert await load_regions(await tx.begin(), rows, valid_from=LISTED) == 0
        ending = "420325101"
        assert await load_regions(await tx.begin(), rows, valid_from=LISTED, ending=ending) == 2
        assert await load_regions(await tx.begin(), rows, valid_from=LISTED, ending=ending) == 0
        today = await map_on(tx.today, "420325", tx)
        assert "420325101" not in today
        assert "420325100001" in today
        assert "420325101001" in await map_on(LISTED - timedelta(days=1), "420325", tx)
        with pytest.raises(UnknownRegion):
            await require_region("420325101001", tx)
        await require_region("420325101001", tx, on=LISTED - timedelta(days=1))
        with pytest.raises(ValueError, match="with a date"):
            await load_regions(await tx.begin(), rows, ending=ending)


async def test_codes_abolished_long_ago_are_loaded_for_old_addresses(open_tx: TxFactory) -> None:
    async with open_tx("registry") as tx:
        gone, ended = [("420326", "旧县"), ("420325", "古房县")], date(1990, 1, 1)
        assert await load_regions(await tx.begin(), gone, source="1980", valid_to=ended) == 1
        assert await load_regions(await tx.begin(), gone, source="1980", valid_to=ended) == 0
        assert await region_name_on("420326", date(1985, 1, 1), tx) == "旧县"
        assert await region_name_on("420325", date(1985, 1, 1), tx) == "房县"  # no older known
        with pytest.raises(UnknownRegion) as raised:
            await require_region("420326", tx)
        assert raised.value.extra["reason"] == "abolished"
        await load_regions(await tx.begin(), [("420326", "新县")], valid_from=LISTED)
        assert await region_name_on("420326", date(1985, 1, 1), tx) == "旧县"
        assert await region_name_on("420326", date(2000, 1, 1), tx) is None
        assert await region_name_on("420326", LISTED, tx) == "新县"
        older = [("420326", "更旧县")]
        since, until = date(1950, 1, 1), date(1989, 1, 1)
        loaded = await load_regions(await tx.begin(), older, valid_from=since, valid_to=until)
        assert loaded == 0  # it was another then
        with pytest.raises(ValueError, match="ends after it begins"):
            await load_regions(await tx.begin(), older, valid_from=ended, valid_to=ended)


async def test_no_two_versions_of_a_code_are_valid_on_one_day(open_tx: TxFactory) -> None:
    async with open_tx("registry") as tx:
        for n, (kind, day) in enumerate(
            [
                ("name", 5),
                ("end", 9),
                ("name", 9),
                ("name", 7),
                ("end", 9),
                ("name", 20),
                ("end", 3),
            ]
        ):
            on = LISTED + timedelta(days=day)
            if kind == "end":
                await end_regions(await tx.begin(), ["420325100"], on)
            else:
                await begin_regions(await tx.begin(), {"420325100": f"名{n}"}, on, "test")
        overlaps = await tx.fetch_value(
            "SELECT count(*) FROM region_versions AS a JOIN region_versions AS b USING (code)"
            " WHERE a IS DISTINCT FROM b"
            " AND coalesce(a.valid_from, '-infinity') < coalesce(b.valid_to, 'infinity')"
            " AND coalesce(b.valid_from, '-infinity') < coalesce(a.valid_to, 'infinity')"
        )
        assert overlaps == 0
        assert await region_name_on("420325100", LISTED, tx) == "城关镇"


async def test_the_map_of_a_day(client: httpx.AsyncClient) -> None:
    day = date(2026, 1, 1).isoformat()
    assert len((await client.get(f"{PATH}?on={day}&level=township")).json()["items"]) == 2
    assert (await client.get(f"{PATH}/420325100?on={day}")).json()["name"] == "城关镇"
    for query in ("on=2999-01-01", "on=yesterday"):
        assert (await client.get(f"{PATH}?{query}")).status_code == 400
        assert (await client.get(f"{PATH}/420325?{query}")).status_code == 400
