"""Cards, trends, comparisons and explanations over HTTP."""

from datetime import date
from decimal import Decimal
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from services.assessment.facts.kinds import Kind
from services.assessment.indicators.handlers import load_standard
from services.assessment.output.queries import get_card
from services.assessment.scorecards.handlers import compute_scorecard
from services.assessment.scorecards.schemas import ComputeScorecard
from shared.sheets import XLSX_MEDIA
from shared.testing import Issuer, make_actor
from tests.assessment.calls import API, as_, computed, get, given_answers, post, published
from tests.assessment.calls import in_force as scheme_in_force
from tests.assessment.samples import (
    HOME,
    PEER,
    TOWNSHIP,
    in_force,
    judge,
    make_fact,
    make_item,
    make_scheme,
    record,
)
from tests.conftest import TxFactory, parts_of

CODE = "inquiry-answered-in-time"
OTHER_TOWNSHIP = "420325101"


async def test_a_card_says_what_pulled_it_down(client: httpx.AsyncClient, app: FastAPI) -> None:
    await given_answers(app, 92, 8)
    card = await published(client)
    view = await get(client, f"/scorecards/{card['id']}/card")
    (line,) = view["lines"]
    assert (view["score"], view["judged_weight"], line["lost"]) == ("93.33", "100.0000", "6.67")
    assert (line["numerator"], line["denominator"], line["target"]) == (92, 100, "95")
    assert line["formula"]["zh"].endswith("× 100%") and "higher" in line["explanation"]["en"]
    assert view["vetoes"] == [] and view["two_sides"] == []


@pytest.mark.parametrize(
    ("form", "media", "begins"),
    [
        ("pdf", "application/pdf", b"%PDF"),
        ("png", "image/png", b"\x89PNG"),
        ("svg", "image/svg+xml", b"<svg"),
        ("xlsx", XLSX_MEDIA, b"PK"),
    ],
)
async def test_a_card_in_every_form(
    client: httpx.AsyncClient, app: FastAPI, form: str, media: str, begins: bytes
) -> None:
    await given_answers(app, 92, 8)
    card = await published(client)
    path = f"{API}/scorecards/{card['id']}/card"
    bodies = set()
    for language in ("zh", "en"):
        answer = await client.get(path, params={"format": form, "language": language})
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"].startswith(media)
        assert answer.content.startswith(begins)
        bodies.add(answer.content)
    assert len(bodies) == 2
    wrong = await client.get(path, params={"format": "docx"})
    assert wrong.status_code == 400


async def test_an_open_veto_stands_on_the_card_without_its_reason(
    client: httpx.AsyncClient, app: FastAPI
) -> None:
    await given_answers(app, 92, 8)
    card = await computed(client)
    veto = {"area": HOME, "period": "2026-Q4", "ground": "privacy-breach", "reason": "名单外泄"}
    raised = await post(client, "/vetoes", veto)
    view = await get(client, f"/scorecards/{card['id']}/card")
    assert view["vetoes"] == [{"id": raised["id"], "ground": "privacy-breach", "period": "2026-Q4"}]


async def test_a_card_of_elsewhere_is_not_there(
    client: httpx.AsyncClient, app: FastAPI, issuer: Issuer
) -> None:
    await given_answers(app, 92, 8)
    card = await published(client)
    path = f"{API}/scorecards/{card['id']}/card"
    stranger = await client.get(path, headers=as_(issuer, region=PEER))
    assert stranger.status_code == 404
    assert (await client.get(path, headers=as_(issuer, scope="registry:read"))).status_code == 403


async def test_both_sides_are_set_beside_each_other(open_tx: TxFactory) -> None:
    """What a township saw of the county's office, beside what the county saw itself."""
    async with open_tx("assessment") as tx:
        await load_standard(tx)
        await in_force(tx, make_scheme(make_item(CODE)))
        for observer, in_time in ((HOME, 98), (TOWNSHIP, 60)):
            tx.actor = make_actor(region=observer)
            await record(
                tx,
                make_fact(Kind.INQUIRY_ANSWER, "in_time", in_time),
                make_fact(Kind.INQUIRY_ANSWER, "late", 100 - in_time),
            )
        tx.actor = make_actor()
        body = {"scheme": "county-2026", "period": "2026-10", "area": HOME}
        card = await compute_scorecard(ComputeScorecard.model_validate(body), HOME, tx)
        view = await get_card(card.id, tx)
        assert view.two_sides is not None
        (sides,) = view.two_sides
        assert (sides.own, sides.other, sides.difference) == (
            Decimal(98),
            Decimal(60),
            Decimal(38),
        )
        tx.actor = make_actor(region=TOWNSHIP)
        assert (await get_card(card.id, tx)).two_sides is None


async def months(client: httpx.AsyncClient, app: FastAPI) -> None:
    """Published cards of three months, and a preliminary one of the fourth."""
    await scheme_in_force(client, make_scheme(make_item(CODE)))
    async with parts_of(app).database.transaction(judge) as tx:
        for month, in_time in ((6, 60), (7, 80), (9, 95), (10, 70)):
            day = date(2026, month, 5)
            await record(
                tx,
                make_fact(Kind.INQUIRY_ANSWER, "in_time", in_time, day=day),
                make_fact(Kind.INQUIRY_ANSWER, "late", 100 - in_time, day=day),
            )
    for month in (6, 7, 9, 10):
        body = {"scheme": "county-2026", "period": f"2026-{month:02}", "area": HOME}
        card = await post(client, "/scorecards", body)
        if month != 10:
            await post(client, f"/scorecards/{card['id']}/publication", status=200)


async def test_a_trend_shows_what_was_published(client: httpx.AsyncClient, app: FastAPI) -> None:
    await months(client, app)
    asked = {"area": HOME, "indicator": CODE, "from": "2026-06", "to": "2026-10"}
    view = await get(client, "/scorecard-trends", **asked)
    assert [(each["period"], each["value"]) for each in view["points"]] == [
        ("2026-06", "60.00"),
        ("2026-07", "80.00"),
        ("2026-08", None),
        ("2026-09", "95.00"),
        ("2026-10", None),
    ]
    assert (view["target"], view["unit"]["zh"]) == ("95", "%")
    scores = await get(
        client, "/scorecard-trends", area=HOME, scheme="county-2026",
        **{"from": "2026-06", "to": "2026-07"},
    )  # fmt: skip
    assert [each["value"] for each in scores["points"]] == ["22.22", "66.67"]
    newest = await get(client, "/scorecard-trends", area=HOME, **{"to": "2026-09"})
    assert newest["scheme"] == "county-2026" and len(newest["points"]) == 12
    assert [each["value"] for each in newest["points"]][-4:] == ["22.22", "66.67", None, "100.00"]
    answer = await client.get(API + "/scorecard-trends", params=asked | {"format": "svg"})
    assert answer.headers["content-type"].startswith("image/svg+xml")
    assert "协查按时答复率" in answer.text and "目标 95" in answer.text
    picture = await client.get(API + "/scorecard-trends", params=asked | {"format": "png"})
    assert picture.content.startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("change", "type"),
    [
        ({"to": "2026-05"}, "wrong-span"),
        ({"to": "2026-Q4"}, "wrong-span"),
        ({"from": "2019-01"}, "wrong-span"),
    ],
)
async def test_no_other_trend(
    client: httpx.AsyncClient, change: dict[str, str | None], type: str
) -> None:
    asked = {"area": HOME, "indicator": CODE, "from": "2026-06", "to": "2026-10"} | change
    params = {key: value for key, value in asked.items() if value}
    answer = await client.get(API + "/scorecard-trends", params=params)
    assert answer.status_code == 400 and answer.json()["type"].endswith(type), answer.text


async def test_a_trend_of_elsewhere_is_empty(
    client: httpx.AsyncClient, app: FastAPI, issuer: Issuer
) -> None:
    await months(client, app)
    client.headers.update(as_(issuer, region=PEER))
    asked = {"area": HOME, "indicator": CODE, "from": "2026-06", "to": "2026-07"}
    view = await get(client, "/scorecard-trends", **asked)
    assert [each["value"] for each in view["points"]] == [None, None]


async def townships(client: httpx.AsyncClient, app: FastAPI) -> dict[str, str]:
    cards = {}
    for area, in_time in ((TOWNSHIP, 70), (OTHER_TOWNSHIP, 90), (PEER, 95)):
        await given_answers(app, in_time, 100 - in_time, area)
        cards[area] = (await published(client, area))["id"]
    return cards


async def test_a_township_sees_how_it_stands_and_nothing_else_of_the_others(
    client: httpx.AsyncClient, app: FastAPI, issuer: Issuer
) -> None:
    cards = await townships(client, app)
    client.headers.update(as_(issuer, region=TOWNSHIP))
    view = await get(client, "/scorecard-comparisons", period="2026-10", scheme="county-2026")
    told = [(each["area"], each["place"], each["own"]) for each in view["areas"]]
    assert told == [(OTHER_TOWNSHIP, 1, False), (TOWNSHIP, 2, True)]
    assert [Decimal(each["score"]) for each in view["areas"]] == [
        Decimal("88.89"),
        Decimal("44.44"),
    ]
    hidden = await client.get(f"{API}/scorecards/{cards[OTHER_TOWNSHIP]}/card")
    assert hidden.status_code == 404
    answer = await client.get(
        API + "/scorecard-comparisons",
        params={"period": "2026-10", "scheme": "county-2026", "format": "svg", "language": "en"},
    )
    assert "▶ 2. 420325100" in answer.text and "Scores of comparable townships" in answer.text


@pytest.mark.parametrize(("region", "seen"), [(PEER, []), ("310101", []), (HOME, [1, 2])])
async def test_only_the_county_itself_compares_its_townships(
    client: httpx.AsyncClient, app: FastAPI, issuer: Issuer, region: str, seen: list[int]
) -> None:
    await townships(client, app)
    client.headers.update(as_(issuer, region=region))
    view = await get(client, "/scorecard-comparisons", period="2026-10", scheme="county-2026")
    assert [each["place"] for each in view["areas"]] == seen


async def test_levels_are_not_mixed_and_nothing_lies_below_the_office(
    client: httpx.AsyncClient, app: FastAPI
) -> None:
    await townships(client, app)
    asked = {"period": "2026-10", "scheme": "county-2026"}
    view = await get(client, "/scorecard-comparisons", level="county", **asked)
    assert [(each["area"], each["place"]) for each in view["areas"]] == [(PEER, None)]
    offices = await get(client, "/scorecard-comparisons", level="office", **asked)
    assert offices["areas"] == []
    for level in ("person", "staff", "household"):
        answer = await client.get(API + "/scorecard-comparisons", params=asked | {"level": level})
        assert answer.status_code == 400
    unknown = await client.get(API + "/scorecard-comparisons", params=asked | {"scheme": "no-such"})
    assert unknown.status_code == 404


async def test_an_indicator_is_explained_in_words_and_as_a_formula(
    client: httpx.AsyncClient,
) -> None:
    view: dict[str, Any] = await get(client, f"/indicators/{CODE}/explanation")
    assert view["name"]["zh"] == "协查按时答复率"
    assert "÷" in view["formula"]["zh"] and "÷" in view["formula"]["en"]
    assert "越高越好" in view["explanation"]["zh"] and view["minimum_cases"] == 10
    assert view["source_events"]
    missing = await client.get(API + "/indicators/no-such/explanation")
    assert missing.status_code == 404
