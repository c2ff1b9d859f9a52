"""The catalogue of entitlements, and what of it is told."""

from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from services.migrant.entitlements.queries import catalogue, told
from services.migrant.entitlements.rules import AgeGroup, Situation, suits
from tests.conftest import parts_of

PATH = "/migrant/v1/entitlements"


def ids(**situation: Any) -> set[str]:
    return {each.id for each in told(catalogue(), Situation(**situation), "zh")}


def test_the_catalogue_is_in_form_and_sourced() -> None:
    entries = catalogue()
    assert len(entries) >= 12
    assert len({each.id for each in entries}) == len(entries)
    assert all("条" in each.source or "规范" in each.source for each in entries)


def test_nothing_asks_for_a_birth_paper_or_certificate() -> None:
    for each in catalogue():
        for word in ("婚育证明", "生育证", "生育服务证", "准生"):
            assert word not in each.papers.zh


def test_what_is_left_unsaid_hides_nothing() -> None:
    assert ids() == {each.id for each in catalogue()}
    assert ids(months_here=0) == ids()


def test_what_is_said_narrows() -> None:
    assert "compulsory-education" not in ids(has_children=False)
    assert "wage-recovery" not in ids(age_group=AgeGroup.CHILD)
    assert "compulsory-education" in ids(age_group=AgeGroup.ADULT, has_children=True)
    assert "compulsory-education" not in ids(age_group=AgeGroup.ELDER)
    assert all(suits(each, Situation()) for each in catalogue())


@pytest.mark.parametrize(("months", "expected"), [(5, False), (6, True), (None, None)])
def test_half_a_year(months: int | None, expected: bool | None) -> None:
    views = told(catalogue(), Situation(months_here=months), "en")
    (permit,) = [each for each in views if each.id == "residence-permit"]
    assert permit.open_now is expected


async def test_anybody_may_ask_and_nothing_is_kept(client: httpx.AsyncClient, app: FastAPI) -> None:
    client.headers.clear()
    answer = await client.get(
        PATH,
        params={"months_here": 3, "age_group": "adult", "has_children": "true"},
        headers={"Accept-Language": "en"},
    )
    assert answer.status_code == 200
    assert all(each["title"].isascii() for each in answer.json())
    chinese = await client.get(PATH)
    assert any("义务教育" in each["title"] for each in chinese.json())
    async with parts_of(app).database.acquire() as connection:
        assert await connection.fetchval("SELECT count(*) FROM usage_entries") == 0
        assert await connection.fetchval("SELECT count(*) FROM outbox") == 0


@pytest.mark.parametrize(
    "params", [{"months_here": "-1"}, {"age_group": "fertile"}, {"has_children": "perhaps"}]
)
async def test_bad_questions(client: httpx.AsyncClient, params: dict[str, str]) -> None:
    assert (await client.get(PATH, params=params)).status_code == 400
