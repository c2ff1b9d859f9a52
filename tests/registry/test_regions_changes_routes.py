"""Changes of the map over HTTP: who may, what is refused, how far it has come, what it was."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest

from shared.clock import today
from shared.testing import Issuer
from tests.registry.samples import make_person
from tests.registry.test_regions_changes import DAY, EAST, NORTH, A, B

PATH = "/registry/v1/region-changes"
BODY: dict[str, Any] = {
    "kind": "merge",
    "document": "房政发〔2026〕1号",
    "effective_on": DAY.isoformat(),
    "lines": [{"from_region": A, "to_region": B}],
}


@pytest.fixture
async def county(client: httpx.AsyncClient, issuer: Issuer) -> httpx.AsyncClient:
    """The office that decides on the county's map."""
    token = issuer.token(scope="registry:read registry:write registry:regions")
    client.headers["Authorization"] = f"Bearer {token}"
    return client


async def finished(client: httpx.AsyncClient, change_id: str) -> dict[str, Any]:
    for _ in range(400):
        view: dict[str, Any] = (await client.get(f"{PATH}/{change_id}")).json()
        if view["status"] not in ("planned", "applying"):
            return view
        await asyncio.sleep(0.05)
    raise AssertionError(f"the change does not end: {view}")


async def test_a_merger_from_the_decision_to_the_last_person(county: httpx.AsyncClient) -> None:
    person = (await county.post("/registry/v1/persons", json=make_person())).json()
    answer = await county.post(PATH, json=BODY)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert answer.headers["location"] == f"{PATH}/{made['id']}"
    assert (made["status"], made["people_total"]) == ("applying", 1)
    assert {"from_region": EAST, "to_region": f"{B}002"}.items() <= made["steps"][1].items()
    done = await finished(county, made["id"])
    assert (done["status"], done["people_done"], done["unplaced"]) == ("applied", 1, 0)
    view = (await county.get(f"/registry/v1/persons/{person['id']}")).json()
    assert (view["hukou_region"], view["residence"]["region"]) == (f"{B}002", f"{B}002")
    assert view["residence"]["since"] == "2020-05-01"
    old = (await county.get(f"/registry/v1/regions/{EAST}?on={DAY - timedelta(days=1)}")).json()
    assert [each["name"] for each in old["ancestors"]][-1] == "城关镇"
    assert (await county.get(f"/registry/v1/regions/{EAST}?on={DAY}")).status_code == 404
    gone = (await county.get(f"/registry/v1/regions/{EAST}")).json()
    assert gone["valid_to"] == DAY.isoformat()
    children = (await county.get(f"/registry/v1/regions/{A}?on={DAY - timedelta(1)}")).json()
    assert children["children"] == 3
    codes = [
        each["code"]
        for each in (await county.get("/registry/v1/regions?parent=420325")).json()["items"]
    ]
    assert codes == [B]
    who = (await county.get(f"/registry/v1/responsible-office?region={EAST}")).json()
    assert (who["office"], who["basis"]) == (f"{B}002", "successor")
    late = await county.post(
        "/registry/v1/persons", json=make_person(id_number=None, hukou_region=EAST)
    )
    assert (late.status_code, late.json()["reason"]) == (422, "abolished")


async def test_the_past_of_an_area(county: httpx.AsyncClient) -> None:
    made = (await county.post(PATH, json=BODY)).json()
    await finished(county, made["id"])
    history = (await county.get(f"/registry/v1/regions/{EAST}/history")).json()
    assert history["today"] == [f"{B}002"]
    assert [each["valid_to"] for each in history["versions"]] == [DAY.isoformat()]
    (event,) = history["events"]
    assert (event["change_id"], event["kind"], event["document"]) == (
        made["id"],
        "merge",
        BODY["document"],
    )
    into = (await county.get(f"/registry/v1/regions/{B}/history")).json()
    assert [each["from_region"] for each in into["events"]] == [A]
    assert (await county.get("/registry/v1/regions/420399/history")).status_code == 404


async def test_changes_are_listed_by_region_and_period(county: httpx.AsyncClient) -> None:
    made = []
    for village, name in (
        (EAST, "东街新社区"),
        (NORTH, "北关社区居委会"),
        (f"{B}001", "军店新社区"),
    ):
        lines = [{"from_region": village, "to_region": village, "name": name}]
        body = BODY | {"kind": "rename", "lines": lines}
        made.append((await county.post(PATH, json=body)).json()["id"])
    for each in made:
        assert (await finished(county, each))["status"] == "applied"

    async def listed(query: str) -> list[str]:
        return [each["id"] for each in (await county.get(f"{PATH}?{query}")).json()["items"]]

    assert await listed(f"region={A}") == made[:2]
    assert await listed(f"region={NORTH}") == [made[1]]
    assert await listed(f"effective_from={DAY}&effective_until={today()}") == made
    assert await listed(f"effective_until={DAY}") == []
    assert await listed("status=planned") == []
    first = (await county.get(f"{PATH}?limit=2")).json()
    assert len(first["items"]) == 2
    assert await listed(f"cursor={first['next']}") == made[2:]


async def test_a_wrong_change_is_taken_back(county: httpx.AsyncClient) -> None:
    made = (await county.post(PATH, json=BODY)).json()
    await finished(county, made["id"])
    undo = await county.post(f"{PATH}/{made['id']}/reversal", json={"document": "撤销1号"})
    assert undo.status_code == 201, undo.text
    assert (await finished(county, undo.json()["id"]))["kind"] == "reversal"
    assert (await county.get(f"{PATH}/{made['id']}")).json()["reversed_by"] == undo.json()["id"]
    assert (await county.get(f"/registry/v1/regions/{EAST}")).json()["valid_to"] is None
    again = await county.post(f"{PATH}/{made['id']}/reversal", json={"document": "撤销1号"})
    assert (again.status_code, again.json()["reason"]) == (409, "changed-since")
    early = {"document": "撤销1号", "effective_on": "2000-01-01"}
    assert (await county.post(f"{PATH}/{made['id']}/reversal", json=early)).status_code == 409


async def test_who_a_split_cannot_place_is_asked_about(county: httpx.AsyncClient) -> None:
    person = (await county.post("/registry/v1/persons", json=make_person())).json()["id"]
    lines = [
        {"from_region": EAST, "to_region": EAST},
        {"from_region": EAST, "to_region": f"{A}003", "name": "东苑社区"},
    ]
    made = (await county.post(PATH, json=BODY | {"kind": "split", "lines": lines})).json()
    assert (await finished(county, made["id"]))["unplaced"] == 1
    tasks = (await county.get("/registry/v1/region-tasks")).json()["items"]
    assert [(each["kind"], each["person_id"]) for each in tasks] == [("unplaced-person", person)]
    path = f"{PATH}/{made['id']}/placements"
    body = {"to_region": f"{A}003", "people": [person]}
    assert (await county.post(path, json=body)).json() == {"people": 1, "dwellings": 0}
    assert (await county.post(path, json=body)).json() == {"people": 0, "dwellings": 0}
    assert (await county.get("/registry/v1/region-tasks")).json()["items"] == []
    settled = (await county.get("/registry/v1/region-tasks?settled=true")).json()["items"]
    assert [each["outcome"] for each in settled] == ["updated"]
    assert (await county.post(path, json={"to_region": f"{A}003"})).status_code == 422
    del county.headers["Purpose"]
    assert (await county.post(path, json=body)).json()["type"].endswith("/purpose-required")
    assert (await county.get("/registry/v1/region-tasks")).status_code == 400


async def test_a_change_to_come_is_called_off(county: httpx.AsyncClient) -> None:
    later = {"effective_on": (today() + timedelta(days=9)).isoformat()}
    made = (await county.post(PATH, json=BODY | later)).json()
    assert made["status"] == "planned"
    beside = await county.post(PATH, json=BODY)
    assert (beside.status_code, beside.json()["change_id"]) == (409, made["id"])
    path = f"{PATH}/{made['id']}/cancellation"
    assert (await county.post(path)).json()["status"] == "cancelled"
    assert (await county.post(path)).status_code == 409


async def test_who_may_change_the_map(county: httpx.AsyncClient, issuer: Issuer) -> None:
    made = (await county.post(PATH, json=BODY)).json()
    everything = "registry:read registry:write registry:regions"
    refused: tuple[dict[str, Any], ...] = (
        {"scope": "registry:read registry:write"},
        {"scope": everything, "region": A},
        {"scope": everything, "region": "420381"},
    )
    for claims in refused:
        headers = {"Authorization": f"Bearer {issuer.token(**claims)}"}
        for path, body in (
            (PATH, BODY),
            (f"{PATH}/{made['id']}/cancellation", None),
            (f"{PATH}/{made['id']}/reversal", {"document": "撤销1号"}),
        ):
            answer = await county.post(path, json=body, headers=headers)
            assert answer.status_code == 403, (claims, path)
    reader = {"Authorization": f"Bearer {issuer.token(scope='notify:read')}"}
    for path in (PATH, f"{PATH}/{made['id']}", f"/registry/v1/regions/{A}/history"):
        assert (await county.get(path, headers=reader)).status_code == 403


@pytest.mark.parametrize(
    ("change", "status", "reason"),
    [
        ({"lines": [{"from_region": A, "to_region": A}]}, 409, "nothing-changes"),
        (
            {"lines": [{"from_region": A, "to_region": B}, {"from_region": B, "to_region": A}]},
            409,
            "circle",
        ),
        ({"lines": [{"from_region": "420325109", "to_region": B}]}, 409, "unknown-area"),
        ({"lines": [{"from_region": A, "to_region": "420381001"}]}, 409, "leaves-county"),
        ({"lines": [{"from_region": "420381001", "to_region": "420381002"}]}, 403, None),
        ({"lines": []}, 422, None),
        ({"lines": [{}]}, 422, None),
        ({"lines": [{"from_region": "42", "to_region": B}]}, 422, None),
        ({"kind": "reversal"}, 422, None),
        ({"document": ""}, 422, None),
        ({"effective_on": "1900-01-01"}, 422, None),
        ({"effective_on": "2999-01-01"}, 422, None),
        ({"effective_on": 20260101}, 422, None),
        ({"remainder": A}, 422, None),
        (
            {
                "lines": [
                    {
                        "from_region": A,
                        "to_region": B,
                        "dwellings": ["0197f3a0-0000-7000-8000-000000000001"],
                    }
                ]
            },
            422,
            None,
        ),
        ({"surprise": 1}, 422, None),
    ],
)
async def test_bad_changes(
    county: httpx.AsyncClient, change: dict[str, Any], status: int, reason: str | None
) -> None:
    answer = await county.post(PATH, json=BODY | change)
    assert answer.status_code == status, answer.text
    assert answer.json().get("reason") == reason
    assert (await county.get(PATH)).json()["items"] == []
