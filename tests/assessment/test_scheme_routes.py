"""Schemes over HTTP: a second person puts them in force."""

from typing import Any

import httpx
import pytest

from shared.testing import Issuer
from tests.assessment.calls import API, COLLEAGUE, as_, get, in_force, post
from tests.assessment.samples import HOME, PEER, TOWNSHIP, make_item, make_scheme
from tests.assessment.test_schemes_rules_in_full import STEPS

CODE = "inquiry-answered-in-time"
PATH = "/schemes/county-2026/publication"


async def test_a_draft_is_explained_and_published_by_a_colleague(
    client: httpx.AsyncClient,
) -> None:
    item = make_item(CODE, 40, curve="step", steps=STEPS)
    quality = {"indicator": "entry-completeness", "target": 95, "floor": 75, "most": 10}
    body = make_scheme(item, make_item("help-settled-in-time", 60), quality=[quality])
    drafted = await post(client, "/schemes", body)
    assert (drafted["status"], drafted["published_at"]) == ("draft", None)
    assert [len(drafted[each]) for each in ("items", "quality", "meaning")] == [2, 1, 3]
    refused = await post(client, PATH, {"version": 1}, 409)
    assert refused["type"].endswith("/second-person-publishes")
    unjudged = {"scheme": "county-2026", "period": "2026-10", "area": HOME}
    waits = await post(client, "/scorecards", unjudged, 409)
    assert waits["type"].endswith("/scheme-not-in-force")
    client.headers["Authorization"] = client.headers[COLLEAGUE]
    published = await post(client, PATH, {"version": 1}, 200)
    assert (published["status"], published["published_by"]) == ("published", "head-of-assessment")
    assert await get(client, "/schemes/county-2026") == published
    again = await post(client, PATH, {"version": 1}, 409)
    assert again["type"].endswith("/already-in-force")
    await post(client, PATH, {"version": 2}, 404)
    await post(client, "/schemes/none/publication", {"version": 1}, 404)


async def test_only_the_county_itself_puts_a_scheme_in_force(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    await post(client, "/schemes", make_scheme(make_item(CODE)))
    client.headers.update(as_(issuer, sub="head-1", region=PEER))
    await post(client, PATH, {"version": 1}, 403)
    client.headers.update(as_(issuer, sub="head-1", scope="assessment:read"))
    await post(client, PATH, {"version": 1}, 403)


@pytest.mark.parametrize("body", [{}, {"version": 0}, {"version": "x"}, {"version": 1, "x": 1}])
async def test_malformed_publications(client: httpx.AsyncClient, body: Any) -> None:
    assert (await post(client, PATH, body, 422))["type"].endswith("/malformed-body")


async def test_what_is_never_scored_takes_no_discount_and_names_no_type(
    client: httpx.AsyncClient,
) -> None:
    births = {"indicator": "certificates-checked", "target": 95, "floor": 75, "most": 10}
    refused = await post(client, "/schemes", make_scheme(make_item(CODE), quality=[births]), 422)
    assert refused["type"].endswith("/never-scored")
    kind = {"code": "low", "name": {"zh": "低出生率", "en": "Few births"}, "areas": [TOWNSHIP]}
    refused = await post(client, "/schemes", make_scheme(make_item(CODE), area_types=[kind]), 422)
    assert refused["topic"] == "births"


async def test_the_card_draws_the_curve(client: httpx.AsyncClient) -> None:
    await in_force(
        client,
        make_scheme(
            make_item(
                CODE,
                curve="step",
                steps=[{"at": "50", "points": "30"}, {"at": "95", "points": "100"}],
            )
        ),
    )
    body = {"scheme": "county-2026", "period": "2026-10", "area": HOME}
    card = await post(client, "/scorecards", body)
    (line,) = (await get(client, f"/scorecards/{card['id']}/card"))["lines"]
    assert [(each["value"], each["points"]) for each in line["curve"]] == [
        ("41.0", "0.00"),
        ("50", "0"),
        ("50", "30.00"),
        ("95", "30"),
        ("95", "100.00"),
        ("104.0", "100.00"),
    ]
    answer = await client.get(f"{API}/scorecards/{card['id']}/card", params={"format": "pdf"})
    assert answer.content.startswith(b"%PDF")
