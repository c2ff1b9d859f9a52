"""Who may do what in the assessment, and who sees whose scores."""

import httpx
from fastapi import FastAPI

from shared.testing import Issuer
from tests.assessment.calls import API, as_, computed, get, given_answers, post, published
from tests.assessment.samples import HOME, PEER, TOWNSHIP, make_scheme, make_share

WRITES = [
    ("/indicators", make_share()),
    ("/schemes", make_scheme()),
    ("/scorecards", {"scheme": "x", "period": "2026", "area": HOME}),
    ("/appeals", {"scorecard_id": "00000000-0000-0000-0000-000000000000", "indicator": "x",
                  "reason": "不服"}),
    ("/scorecards/00000000-0000-0000-0000-000000000000/publication", None),
    ("/appeals/00000000-0000-0000-0000-000000000000/decision", {"upheld": True, "reason": "属实"}),
]  # fmt: skip
OVERSIGHT = [
    ("/vetoes", {"area": HOME, "period": "2026", "ground": "falsified-data", "reason": "抽查"}),
    ("/vetoes/00000000-0000-0000-0000-000000000000/lifting", {"reason": "已整改"}),
    ("/tallies/recount", None),
]


async def test_wrong_scopes_are_refused(client: httpx.AsyncClient, issuer: Issuer) -> None:
    reader = as_(issuer, scope="assessment:read registry:write")
    writer = as_(issuer, scope="assessment:read assessment:write")
    for headers, calls in ((reader, WRITES), (reader, OVERSIGHT), (writer, OVERSIGHT)):
        for path, body in calls:
            answer = await client.post(API + path, json=body, headers=headers)
            assert answer.status_code == 403, path
            assert answer.json()["type"].endswith("/forbidden")
    stranger = as_(issuer, scope="registry:read")
    for path in ("/indicators", "/schemes", "/scorecards", "/appeals", "/vetoes", "/fact-kinds"):
        assert (await client.get(API + path, headers=stranger)).status_code == 403, path
        del client.headers["Authorization"]
        assert (await client.get(API + path)).status_code == 401, path
        client.headers.update(stranger)


async def test_what_is_not_there(client: httpx.AsyncClient) -> None:
    nobody = "/00000000-0000-0000-0000-000000000000"
    for path in (
        f"/scorecards{nobody}",
        f"/scorecards{nobody}/evidence",
        f"/appeals{nobody}",
        "/schemes/none",
        "/indicators/none",
    ):
        assert (await client.get(API + path)).status_code == 404, path
    body = {"scheme": "none", "period": "2026-10", "area": HOME}
    await post(client, "/scorecards", body, 404)


async def test_the_judged_neighbour_sees_its_score_and_appeals_and_no_more(
    client: httpx.AsyncClient, app: FastAPI, issuer: Issuer
) -> None:
    await given_answers(app, 92, 8)
    await given_answers(app, 50, 50, PEER)
    ours, theirs = await published(client), await published(client, PEER)
    peer = as_(issuer, region=PEER, sub="peer-1")
    listed = await client.get(API + "/scorecards", headers=peer)
    assert [each["id"] for each in listed.json()["items"]] == [theirs["id"]]
    hidden = await client.get(f"{API}/scorecards/{ours['id']}", headers=peer)
    assert hidden.status_code == 404
    evidence = await client.get(f"{API}/scorecards/{theirs['id']}/evidence", headers=peer)
    assert evidence.json()["items"][0]["sides"][0]["count"] == 100
    body = {
        "scorecard_id": theirs["id"],
        "indicator": "inquiry-answered-in-time",
        "reason": "邮路中断",
    }
    refused = await client.post(API + "/appeals", json=body)  # not ours to file
    assert refused.json()["type"].endswith("/outside-jurisdiction")
    filed = await client.post(API + "/appeals", json=body, headers=peer)
    assert filed.status_code == 201
    decision = {"upheld": True, "reason": "属实"}
    path = f"{API}/appeals/{filed.json()['id']}/decision"
    boss = as_(issuer, region=PEER, sub="peer-2")
    assert (await client.post(path, json=decision, headers=boss)).status_code == 403
    assert (await client.post(path, json=decision)).status_code == 200


async def test_a_township_cannot_judge_itself(
    client: httpx.AsyncClient, app: FastAPI, issuer: Issuer
) -> None:
    await given_answers(app, 92, 8, TOWNSHIP)
    card = await computed(client, TOWNSHIP)
    township = as_(issuer, region=TOWNSHIP)
    body = {"scheme": "county-2026", "period": "2026-10", "area": TOWNSHIP}
    veto = {
        "area": TOWNSHIP,
        "period": "2026-10",
        "ground": "falsified-data",
        "reason": "抽查不符",
    }
    for path, sent in (
        ("/scorecards", body),
        (f"/scorecards/{card['id']}/publication", None),
        ("/vetoes", veto),
    ):
        answer = await client.post(API + path, json=sent, headers=township)
        assert answer.status_code == 403, path
        assert answer.json()["type"].endswith("/outside-jurisdiction")
    value = f"{API}/indicators/inquiry-answered-in-time/value"
    params = {"period": "2026-10", "area": TOWNSHIP}
    assert (await client.get(value, params=params, headers=township)).status_code == 403
    assert (await client.get(value, params=params)).json()["value"] == "92.00"


async def test_recount(client: httpx.AsyncClient, app: FastAPI) -> None:
    await given_answers(app, 92, 8)
    assert await post(client, "/tallies/recount", status=200) == {"tallies": 4, "mismatches": 0}
    kinds = await get(client, "/fact-kinds")
    assert {kind["use"] for kind in kinds} == {"scored", "own", "base", "described"}
