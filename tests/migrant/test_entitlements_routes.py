"""What can I get: asked by anybody, answered with where to go, carried home; and service points."""

import re
from collections.abc import Sequence
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from services.migrant.entitlements.queries import shipped, told
from services.migrant.entitlements.rules import Situation, Work
from services.migrant.entitlements.schemas import MOST_IDS
from services.migrant.entitlements.sheets import (
    ON_PAPER,
    fitting_first,
    on_paper,
    page_of,
    sheet_of,
)
from services.migrant.places.rules import hours_text, nearness
from shared.ids import new_id
from shared.testing import Issuer
from tests.conftest import parts_of
from tests.migrant.conftest import bearer
from tests.migrant.places import PLACES, admin, make_office, place

PATH = "/migrant/v1/entitlements"


async def ask(client: httpx.AsyncClient, **params: Any) -> dict[str, dict[str, Any]]:
    answer = await client.get(PATH, params=params)
    assert answer.status_code == 200, answer.text
    return {each["id"]: each for each in answer.json()}


async def test_anybody_may_ask_and_nothing_is_kept(client: httpx.AsyncClient, app: FastAPI) -> None:
    client.headers.clear()
    said: dict[str, str | int] = {
        "months_here": 3,
        "age_group": "adult",
        "has_children": "true",
        "has_pupils": "true",
        "work": "employed",
        "insured": "false",
        "housing": "renting",
        "disability": "true",
        "hardship": "true",
        "region": "420325100001",
    }
    answer = await client.get(PATH, params=said, headers={"Accept-Language": "en"})
    assert answer.status_code == 200
    english = [each[name] for each in answer.json() for name in ("title", "who", "papers")]
    assert all(not re.search("[\u4e00-\u9fff]", text) for text in english)
    chinese = await ask(client)
    assert "义务教育" in chinese["compulsory-education"]["title"]
    async with parts_of(app).database.acquire() as connection:
        tables = await connection.fetch(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
            " AND tablename <> 'alembic_version' AND tablename NOT LIKE 'seed%'"
        )
        filled = [
            row["tablename"]
            for row in tables
            if await connection.fetchval(f'SELECT EXISTS (SELECT FROM "{row["tablename"]}")')
        ]
    assert filled == []


async def test_an_answer_says_why_what_is_missing_and_where(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    await place(client, issuer)
    near = await place(
        client, issuer, area="420325100", name_zh="城关司法所", name_en="Chengguan office"
    )
    await place(client, issuer, area="420325101", name_zh="另一镇司法所", name_en="Other town")
    found = await ask(client, months_here=4, region="420325100001", work="employed")
    permit, aid = found["residence-permit"], found["legal-aid"]
    assert (permit["open_now"], permit["missing"]) == (False, "In 2 months")
    assert "You work for an employer" in found["work-injury"]["why"]
    assert aid["steps"] and aid["time_limit"] and aid["source"]
    assert aid["department_name"] == "Justice"
    assert [each["name"] for each in aid["offices"]] == [
        "Chengguan office",
        "County legal aid centre",
        "Other town",
    ]
    assert aid["offices"][0]["id"] == near["id"]
    assert aid["offices"][0]["hours"] == ["Mon–Fri 09:00–17:00"]
    assert aid["offices"][0]["features"] == ["private room", "step-free"]
    assert permit["offices"] == []
    assert aid["can_be_referred"] and not found["informed-choice"]["can_be_referred"]


async def test_services_of_a_life_phase(client: httpx.AsyncClient) -> None:
    found = await ask(client, phase="later-life")
    assert "elder-benefits" in found
    assert "kindergarten" not in found


async def test_a_link_holds_the_ids_and_nothing_of_her(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    own = bearer(issuer, scope="self", sub=str(new_id()))
    asked: dict[str, str | int] = {
        "months_here": 3,
        "work": "looking",
        "hardship": "true",
        "region": "420325100001",
    }
    link = (await client.get(f"{PATH}/link", params=asked, headers=own)).json()
    assert len(link["ids"]) == MOST_IDS
    assert link["address"] == (f"http://127.0.0.1:8000{PATH}?ids=" + ",".join(link["ids"]))
    assert link["qr"].startswith("<?xml") and "<path" in link["qr"]
    client.headers.clear()
    opened = await client.get(link["address"])
    assert {each["id"] for each in opened.json()} == set(link["ids"])
    assert opened.json()[0]["why"]


async def test_a_phone_that_scans_it_reads_a_page(client: httpx.AsyncClient) -> None:
    client.headers.clear()
    page = await client.get(
        PATH,
        params={"ids": "legal-aid,elder-benefits"},
        headers={"Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"},
    )
    assert page.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert page.text.count("<h3>") == 2
    assert "法律援助" in page.text and "<h2>老年</h2>" in page.text
    assert "<script" not in page.text


async def test_the_page_is_only_ever_text(client: httpx.AsyncClient, issuer: Issuer) -> None:
    await place(client, issuer, name_zh="<script>alert(1)</script>")
    page = await client.get(
        PATH, params={"ids": "legal-aid"}, headers={"Accept": "text/html", "Accept-Language": "zh"}
    )
    assert "&lt;script&gt;" in page.text and "<script" not in page.text
    assert page_of([], "en").count("<h3>") == 0


async def test_a_sheet_to_carry(client: httpx.AsyncClient, issuer: Issuer) -> None:
    await place(client, issuer)
    for language in ("zh", "en"):
        sheet = await client.get(
            f"{PATH}/sheet", params={"months_here": 2}, headers={"Accept-Language": language}
        )
        assert sheet.status_code == 200, sheet.text
        assert sheet.headers["content-type"] == "application/pdf"
        assert pages_of(sheet.content) == 1
    few = await client.get(f"{PATH}/sheet", params={"ids": "legal-aid"})
    assert pages_of(few.content) == 1
    assert len(shipped()) > ON_PAPER


def test_a_sheet_has_what_fits_her_best_and_no_more_than_one_page_holds() -> None:
    views = told(shipped(), Situation(months_here=2, work=Work.LOOKING), "zh")
    first = on_paper(fitting_first(views))
    assert "reemployment-card" in {each.id for each in first}
    assert "residence-permit" not in {each.id for each in first}
    assert 5 < len(first) <= ON_PAPER
    long = first[0].model_copy(update={"where": "长" * 3000, "offices": []})
    assert on_paper([long, *first]) == [long]


async def test_the_longest_entries_still_make_one_page() -> None:
    for language in ("zh", "en"):
        views = sorted(
            told(shipped(), Situation(), language), key=lambda each: -len(each.model_dump_json())
        )
        assert pages_of(await sheet_of(views, language, "http://127.0.0.1:8000")) == 1


def pages_of(pdf: bytes) -> int:
    assert pdf.startswith(b"%PDF")
    return len(re.findall(rb"/Type\s*/Page[^s]", pdf))


@pytest.mark.parametrize(
    "params",
    [
        {"months_here": "-1"},
        {"age_group": "fertile"},
        {"has_children": "perhaps"},
        {"work": "idle"},
        {"housing": "palace"},
        {"region": "42"},
        {"region": "x"},
        {"ids": "A,B"},
        {"ids": ","},
        {"ids": ",".join(["a"] * (MOST_IDS + 1))},
        {"phase": "fertile"},
    ],
)
async def test_bad_questions(client: httpx.AsyncClient, params: dict[str, str]) -> None:
    assert (await client.get(PATH, params=params)).status_code == 400


async def test_link_and_sheet_are_for_somebody_with_a_login(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    employer = bearer(issuer, scope="migrant:employ")
    for path in ("link", "sheet"):
        assert (await client.get(f"{PATH}/{path}", headers=employer)).status_code == 403


# service points


@pytest.mark.parametrize(
    ("days", "zh", "en"),
    [
        ([1, 2, 3, 4, 5], "周一至周五 09:00–17:00", "Mon–Fri 09:00–17:00"),
        ([6], "周六 09:00–17:00", "Sat 09:00–17:00"),
        ([5, 1, 2, 7], "周一至周二、周五、周日 09:00–17:00", "Mon–Tue, Fri, Sun 09:00–17:00"),
    ],
)
def test_hours_in_words(days: Sequence[int], zh: str, en: str) -> None:
    words = hours_text(days, "09:00", "17:00")
    assert (words.zh, words.en) == (zh, en)


def test_the_nearest_comes_first() -> None:
    areas = ["420325101", "420325", "420325100", "420325100001"]
    nearest = sorted(areas, key=lambda area: nearness(area, "420325100001"))
    assert nearest == ["420325100001", "420325100", "420325", "420325101"]


async def test_a_point_is_changed_with_what_was_read_and_closes(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    point = await place(client, issuer)
    path, boss = f"{PLACES}/{point['id']}", admin(issuer)
    body = make_office(name_en="Moved", hours=[])
    assert (await client.put(path, json=body, headers=boss)).status_code == 428
    changed = await client.put(path, json=body, headers=boss | {"If-Match": '"1"'})
    assert (changed.json()["name_en"], changed.headers["etag"]) == ("Moved", '"2"')
    stale = await client.put(path, json=body, headers=boss | {"If-Match": '"1"'})
    assert stale.status_code == 412
    assert (await client.get(path)).json() == changed.json()
    listed = await client.get(PLACES, params={"department": "justice", "region": "420325100"})
    assert [each["id"] for each in listed.json()["items"]] == [point["id"]]
    closed = await client.post(
        f"{path}/closure", json={"closed_on": "2026-01-01"}, headers=boss | {"If-Match": '"2"'}
    )
    assert closed.json()["closed_on"] == "2026-01-01"
    assert (await client.get(PLACES)).json()["items"] == []
    assert (await ask(client))["legal-aid"]["offices"] == []


async def test_points_come_in_pages(client: httpx.AsyncClient, issuer: Issuer) -> None:
    placed = [(await place(client, issuer))["id"] for _ in range(3)]
    first = (await client.get(PLACES, params={"limit": 2})).json()
    rest = (await client.get(PLACES, params={"limit": 2, "cursor": first["next"]})).json()
    assert [each["id"] for each in first["items"] + rest["items"]] == placed
    assert rest["next"] is None


@pytest.mark.parametrize(
    "changes",
    [
        {"hours": [{"days": [1], "opens": "17:00", "closes": "09:00"}]},
        {"hours": [{"days": [1, 1], "opens": "09:00", "closes": "17:00"}]},
        {"hours": [{"days": [8], "opens": "09:00", "closes": "17:00"}]},
        {"hours": [{"days": [1], "opens": "9am", "closes": "17:00"}]},
        {"office_phone": "call me"},
        {"area": "42"},
        {"department": "police-of-thought"},
        {"name_zh": ""},
    ],
)
async def test_what_is_no_point(
    client: httpx.AsyncClient, issuer: Issuer, changes: dict[str, Any]
) -> None:
    answer = await client.post(PLACES, json=make_office(**changes), headers=admin(issuer))
    assert answer.status_code == 422


async def test_doors_of_points(client: httpx.AsyncClient, issuer: Issuer) -> None:
    assert (await client.post(PLACES, json=make_office())).status_code == 403  # a clerk
    outside = admin(issuer, region="420325100")
    refused = await client.post(PLACES, json=make_office(), headers=outside)
    assert refused.json()["type"].endswith("/outside-jurisdiction")
    stranger = bearer(issuer, scope="migrant:read", region="310101")
    assert (await client.get(PLACES, headers=stranger)).status_code == 403
    assert (await client.get(f"{PLACES}/{new_id()}")).status_code == 404
