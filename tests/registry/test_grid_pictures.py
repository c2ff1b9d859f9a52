"""The coverage map and the work-network chart: what they show, and what they must not."""

from typing import Any
from xml.etree.ElementTree import Element, fromstring

import httpx
import pytest
from fastapi import FastAPI

from shared.printing import png_of_svg
from shared.testing import Issuer, client_of
from tests.conftest import ServiceFactory, parts_of
from tests.registry.grid_samples import (
    HERE,
    PATH,
    THERE,
    done,
    make_appointment,
    make_chain,
    make_home,
    make_post,
)

GAP = "#d55e00"


@pytest.fixture
async def app(start_service: ServiceFactory) -> Any:
    async with start_service("registry") as app:
        yield app


@pytest.fixture
async def client(app: FastAPI, issuer: Issuer) -> Any:
    token = issuer.token(scope="registry:read registry:write")
    async with client_of(app, token, {"Purpose": "service", "Accept-Language": "en"}) as client:
        yield client


@pytest.fixture
async def village(app: FastAPI, client: httpx.AsyncClient) -> list[dict[str, Any]]:
    """Five buildings: served, over the standard, vacant, without a post, without coordinates."""
    chain = await make_chain(client)
    heads = [chain[-1]]
    for number in ("2", "3"):
        body = make_post("building-head", f"01-01-01-{number}", parent_id=chain[2]["id"])
        heads.append(await done(client, "grid-posts", body))
    parts = parts_of(app)
    async with parts.database.transaction(parts.actor) as tx:
        buildings = [
            (await make_home(tx, number, rooms, longitude=110.74 + place, latitude=32.06))[0]
            for number, rooms, place in (("A1", 9, 0), ("B2", 17, 0.002), ("C3", 8, 0.004))
        ]
        await make_home(tx, "D4", 3, longitude=110.745, latitude=32.061)
        await make_home(tx, "E5", 0)
        await make_home(tx, "F6", 2, region=THERE, longitude=110.75, latitude=32.065)
    for head, building in zip(heads, buildings, strict=True):
        area = {"on": "2024-02-01", "add_dwellings": [str(building)]}
        await done(client, f"grid-posts/{head['id']}/area-changes", area, 200)
    for head in heads[:2]:
        await done(client, f"grid-posts/{head['id']}/staffings", make_appointment())
    return heads


async def picture(client: httpx.AsyncClient, path: str, **headers: str) -> Element:
    answer = await client.get(f"{PATH}/{path}", headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "image/svg+xml"
    for secret in ("李梅", "13900000011", "测试"):
        assert secret not in answer.text
    assert (await png_of_svg(answer.text, dpi=40)).startswith(b"\x89PNG")
    root = fromstring(answer.text)
    return root


def words(root: Element) -> list[str]:
    return [each.text or "" for each in root.iter("{http://www.w3.org/2000/svg}text")]


async def test_the_map_of_a_community(
    client: httpx.AsyncClient, village: list[dict[str, Any]]
) -> None:
    root = await picture(client, f"grid-map?region={HERE}")
    said = words(root)
    assert "37 households: 26 served, 8 with a vacant post, 3 with none" in said
    assert "1 buildings have no coordinates" in said
    for legend in (
        "served 1 buildings",
        "served, by a post over the standard 1 buildings",
        "post vacant 1 buildings",
        "no post 2 buildings",
    ):
        assert legend in said
    assert {head["number"] for head in village} <= set(said)  # whose buildings they are
    gaps = [each for each in root.iter("{http://www.w3.org/2000/svg}text") if each.text == "D4"]
    assert [each.get("fill") for each in gaps] == [GAP]  # only what nobody serves is named
    assert "A1" not in said
    marks = {
        (each.tag.rpartition("}")[2], each.get("fill"))
        for each in root.iter()
        if each.get("fill", "none") != "none"
    }
    # four signs that differ in shape or hatching, not in colour alone
    assert {("circle", "#009e73"), ("circle", "url(#over)"), ("rect", GAP)} <= marks
    assert ("circle", GAP) in marks


async def test_the_map_of_an_area_has_a_bar_a_community(
    client: httpx.AsyncClient, village: list[dict[str, Any]]
) -> None:
    said = words(await picture(client, "grid-map"))
    assert {"东街社区居委会", "西街社区居委会", "37 households", "2 households"} <= set(said)
    assert {"11 without", "2 without"} <= set(said)
    chinese = words(await picture(client, "grid-map", **{"Accept-Language": "zh"}))
    assert "房县 服务覆盖图" in chinese
    assert "11 户无人联系" in chinese


async def test_the_chart_of_a_community_is_a_tree_of_posts(
    client: httpx.AsyncClient, village: list[dict[str, Any]]
) -> None:
    root = await picture(client, f"grid-chart?region={HERE}")
    said = words(root)
    assert "东街社区居委会 · 34 hh" in said
    assert {"01-01 · 34 hh", "01-01-01 · 34 hh"} <= set(said)
    assert {"01-01-01-1 · 9", "01-01-01-2 · 17", "01-01-01-3 · 8"} <= set(said)
    # three posts above and one building head have nobody
    assert {"held 1", "held, over the standard 1", "vacant 4"} <= set(said)


async def test_the_chart_of_an_area_counts_by_community(
    client: httpx.AsyncClient, village: list[dict[str, Any]]
) -> None:
    said = words(await picture(client, "grid-chart"))
    assert said.count("东街社区居委会") == 1
    assert "11 households without" in said
    assert "4 vacant, 1 over" in said
    assert "1 coordinators" in said  # the neighbour has none


async def test_an_empty_area_has_empty_pictures(client: httpx.AsyncClient) -> None:
    for path in ("grid-map", "grid-chart"):
        for region in ("420325", HERE):
            assert words(await picture(client, f"{path}?region={region}"))
