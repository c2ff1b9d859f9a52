"""Figures of needs and of offices' duties: nothing under ten, nothing exact; the open page."""

from datetime import date, timedelta
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest
from fastapi import FastAPI

from services.migrant.help.figures import months
from shared.clock import today
from shared.problems import MalformedRequest
from shared.testing import Issuer, client_of
from tests.conftest import parts_of
from tests.migrant.help_samples import age, ask, do, office
from tests.migrant.samples import OTHER_VILLAGE

FIGURES = "/migrant/v1/help-figures"
DUTY = "/migrant/v1/help-duty-log"
MONTH = f"{today():%Y-%m}"
NOW = {"since": MONTH, "until": MONTH}


async def many(app: FastAPI, one: dict[str, Any], count: int, **columns: str) -> None:
    """Copies of a request, with other values in some columns."""
    parts = parts_of(app)
    async with parts.database.transaction(parts.actor) as tx:
        names = [
            row["column_name"]
            for row in await tx.fetch(
                "SELECT column_name FROM information_schema.columns"
                " WHERE table_name = 'help_requests'"
            )
        ]
        values = ", ".join(
            {"id": "gen_random_uuid()"}.get(name) or columns.get(name) or name for name in names
        )
        await tx.execute(
            f"INSERT INTO help_requests ({', '.join(names)}) SELECT {values} FROM"
            " help_requests AS one, generate_series(1, $1) WHERE one.id = $2",
            count,
            one["id"],
        )


async def figures(client: httpx.AsyncClient, **params: str) -> dict[str, Any]:
    answer = await client.get(FIGURES, params=NOW | params)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_what_people_ask_for(client: httpx.AsyncClient, app: FastAPI) -> None:
    one = await ask(client, people=40)
    await many(app, one, 16)
    await many(app, one, 9, category="'schooling'", region=f"'{OTHER_VILLAGE}'", people="1")
    view = await figures(client)
    lines = {each["key"]: each for each in view["lines"]}
    assert view["requests"] == 30  # 26
    assert (lines["wages"]["requests"], lines["wages"]["people"]) == (20, 680)
    assert (lines["schooling"]["requests"], lines["schooling"]["people"]) == (None, None)
    assert lines["wages"]["zh"] == "欠薪"
    by_area = await figures(client, by="area")
    assert {each["key"]: each["requests"] for each in by_area["lines"]} == {
        "420325100": 20,
        "420325101": None,
    }
    (month,) = (await figures(client, by="month"))["lines"]
    assert (month["key"], month["requests"]) == (MONTH, 30)
    narrow = await figures(client, region="420325101")
    assert (narrow["requests"], narrow["people"]) == (None, None)


async def test_needs_as_a_picture(client: httpx.AsyncClient, app: FastAPI) -> None:
    one = await ask(client)
    await many(app, one, 12)
    await many(app, one, 3, category="'legal'")
    answer = await client.get(f"{FIGURES}.svg", params=NOW)
    assert answer.headers["content-type"].startswith("image/svg+xml")
    ElementTree.fromstring(answer.text)
    assert "欠薪" in answer.text
    assert ">10<" in answer.text
    assert ">3<" not in answer.text


async def test_the_duty_log_is_of_offices(
    client: httpx.AsyncClient, app: FastAPI, issuer: Issuer
) -> None:
    asked = await ask(client)
    await do(client, asked, "acceptance", office(issuer))
    await do(client, asked, "settlement", office(issuer), answer="好了")
    await many(app, asked, 24)
    await many(app, await ask(client, category="schooling"), 19)
    await ask(client, category="legal")
    await age(app, 20)
    month = today() - timedelta(days=20)
    params = {"since": f"{month:%Y-%m}", "until": f"{month:%Y-%m}"}
    lines = {each["office"]: each for each in (await client.get(DUTY, params=params)).json()}
    wages = lines["human-resources"]
    assert (wages["received"], wages["accepted_in_time"], wages["settled_in_time"]) == (30, 30, 30)
    assert (wages["days_to_accept"], wages["days_to_settle"]) == (0.0, 0.0)
    assert wages["without_word"] is None
    assert lines["education"]["without_word"] == 20
    assert set(lines["justice"].values()) == {"justice", None}
    assert not {"person", "clerk", "sub"} & set(wages)


@pytest.mark.parametrize(
    ("since", "until"),
    [
        ("2026-01", "2025-12"),
        ("2020-01", "2026-01"),
        ("2026-13", "2026-13"),
        ("0000-01", "0000-02"),
    ],
)
def test_odd_months(since: str, until: str) -> None:
    with pytest.raises(MalformedRequest):
        months(since, until, date(2026, 5, 6))


def test_months_are_whole() -> None:
    day = date(2026, 5, 6)
    assert months("2025-12", "2025-12", day) == (date(2025, 12, 1), date(2026, 1, 1))
    assert months("2023-01", "2025-12", day) == (date(2023, 1, 1), date(2026, 1, 1))
    assert months(None, None, day) == (date(2025, 6, 1), date(2026, 6, 1))
    assert months(None, "2025-01", day) == (date(2024, 2, 1), date(2025, 2, 1))


async def test_doors_of_figures(client: httpx.AsyncClient, issuer: Issuer) -> None:
    for odd in ({"since": "now"}, {"until": "9999-12"}, {"by": "person"}, {"region": "x"}):
        answer = await client.get(FIGURES, params=NOW | odd)
        assert answer.status_code == 400, odd
    outside = await client.get(FIGURES, params=NOW | {"region": "420381"})
    assert outside.status_code == 403


async def test_the_open_page_is_for_everybody(app: FastAPI) -> None:
    async with client_of(app) as anybody:
        answer = await anybody.get("/migrant/v1/openness")
    assert answer.status_code == 200
    view = answer.json()
    assert {each["code"] for each in view["categories"]} >= {"wages", "schooling", "documents"}
    assert {each["name"]: each["value"] for each in view["limits"]}["accept_days"] == 15
    assert all(line["source"] for part in view["page"].values() for line in part)
