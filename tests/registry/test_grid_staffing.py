"""Who stands where: appointing, changes of hand, names sealed and looks seen."""

from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from shared.ids import new_id
from shared.testing import Issuer, client_of
from tests.conftest import ServiceFactory, parts_of
from tests.registry.grid_samples import (
    HERE,
    OTHER_TOWNSHIP,
    PATH,
    done,
    login,
    make_appointment,
    make_chain,
    make_home,
    make_unit,
    read,
)

HANDOVER: dict[str, Any] = {
    "to": {"name": "赵兰", "org": "street-1", "sub": login("赵兰")},
    "on": "2025-03-01",
    "reason": "transferred",
}


@pytest.fixture
async def app(start_service: ServiceFactory) -> Any:
    async with start_service("registry") as app:
        yield app


@pytest.fixture
async def client(app: FastAPI, issuer: Issuer) -> Any:
    token = issuer.token(scope="registry:read registry:write")
    async with client_of(app, token, {"Purpose": "service", "Accept-Language": "en"}) as client:
        yield client


def as_staff(app: FastAPI, issuer: Issuer, name: str) -> Any:
    token = issuer.token(scope="registry:report", org="street-1", sub=login(name))
    return client_of(app, token, {"Purpose": "service", "Accept-Language": "en"})


async def said(app: FastAPI) -> list[dict[str, Any]]:
    rows = await parts_of(app).database.pool.fetch(
        "SELECT payload::jsonb->'data' AS data FROM outbox"
        " WHERE payload::jsonb->>'type' = 'yipan.registry.liaison-changed.v1' ORDER BY id"
    )
    return [row["data"] for row in rows]


async def test_a_post_has_one_lead_and_may_have_deputies(
    app: FastAPI, client: httpx.AsyncClient
) -> None:
    head = (await make_chain(client))[-1]
    path = f"grid-posts/{head['id']}/staffings"
    lead = await done(client, path, make_appointment())
    assert (lead["staff"]["name"], lead["role"], lead["until"]) == ("李梅", "lead", None)
    second = await client.post(f"{PATH}/{path}", json=make_appointment("赵兰"))
    assert second.status_code == 409
    assert second.json()["staffing_id"] == lead["id"]
    await done(client, path, make_appointment("赵兰", role="deputy"))
    held = await read(client, f"grid-posts/{head['id']}")
    assert held["held"]
    told = await said(app)
    assert [(each["place"], each["from_staff_id"], each["to_staff_id"]) for each in told] == [
        ("grid-post", None, lead["staff"]["id"])
    ]


async def test_names_are_sealed_and_every_look_is_seen(
    app: FastAPI, client: httpx.AsyncClient
) -> None:
    head = (await make_chain(client))[-1]
    lead = await done(client, f"grid-posts/{head['id']}/staffings", make_appointment())
    staff = UUID(lead["staff"]["id"])
    parts = parts_of(app)

    async def looks() -> int:
        return int(
            await parts.database.pool.fetchval(
                "SELECT count(*) FROM usage_entries WHERE subject_id = $1 AND kind = 'staff'", staff
            )
        )

    before = await looks()
    shown = await client.get(f"{PATH}/grid-posts/{head['id']}/staff")
    assert shown.json()[0]["staff"] == {
        "id": str(staff),
        "name": "李梅",
        "phone": "13900000011",
    }
    assert await looks() == before + 1
    for path in (f"grid-posts/{head['id']}", "grid-posts", "grid-coverage", "grid-map"):
        assert "李梅" not in (await client.get(f"{PATH}/{path}")).text
    assert await looks() == before + 1
    async with parts.database.transaction(parts.actor) as tx:
        row = await tx.fetch_row("SELECT * FROM staff")
        events = await tx.fetch("SELECT payload FROM outbox")
    assert row is not None
    for secret in ("李梅", "13900000011"):
        assert secret not in str(dict(row))
        assert secret.encode() not in row["name_sealed"] + row["phone_sealed"]
        assert not [each for each in events if secret in each["payload"]]


async def test_a_change_of_hand_takes_effect_when_both_have_confirmed(
    app: FastAPI, client: httpx.AsyncClient, issuer: Issuer
) -> None:
    head = (await make_chain(client))[-1]
    parts = parts_of(app)
    async with parts.database.transaction(parts.actor) as tx:
        building, (household, _) = await make_home(tx, "1", 2)
        task = new_id()
        await tx.execute(
            "INSERT INTO tasks (id, kind, source, source_id, region, household_id, happened_on,"
            " created_at) VALUES ($1, 'household-changed', 'notice', $2, $3, $4, '2025-01-01', $5)",
            task,
            new_id(),
            HERE,
            household,
            tx.now,
        )
    area = {"on": "2024-02-01", "add_dwellings": [str(building)]}
    await done(client, f"grid-posts/{head['id']}/area-changes", area, 200)
    old = await done(client, f"grid-posts/{head['id']}/staffings", make_appointment())
    begun = await done(client, f"staffings/{old['id']}/handovers", HANDOVER)
    assert (begun["state"], begun["task_ids"]) == ("open", [])
    confirm = f"{PATH}/handovers/{begun['id']}/confirmations"
    async with as_staff(app, issuer, "李梅") as leaving:
        not_hers = await leaving.post(confirm, json={"side": "incoming"})
        assert not_hers.status_code == 403
        assert not_hers.json()["type"].endswith("not-yours-to-confirm")
        on_paper = await leaving.post(confirm, json={"side": "incoming", "on_paper": True})
        assert on_paper.status_code == 403  # only an office enters paper
        half = await leaving.post(confirm, json={"side": "outgoing"})
    assert (half.status_code, half.json()["state"]) == (200, "open")
    (still,) = await read(client, f"grid-posts/{head['id']}/staff")
    assert still["until"] is None
    async with as_staff(app, issuer, "赵兰") as coming:
        whole = (await coming.post(confirm, json={"side": "incoming"})).json()
    assert (whole["state"], whole["task_ids"]) == ("done", [str(task)])
    assert whole["outgoing_on_paper"] is whole["incoming_on_paper"] is False
    history = await read(client, f"grid-posts/{head['id']}/staff")
    assert [
        (each["staff"]["name"], each["since"], each["until"], each["ended_for"]) for each in history
    ] == [
        ("赵兰", "2025-03-01", None, None),
        ("李梅", "2024-01-02", "2025-03-01", "transferred"),
    ]
    assert (await said(app))[-1] == {
        "place": "grid-post",
        "place_id": head["id"],
        "region": HERE,
        "from_staff_id": old["staff"]["id"],
        "to_staff_id": whole["to_staff_id"],
        "changed_on": "2025-03-01",
    }
    late = await client.post(confirm, json={"side": "incoming", "on_paper": True})
    assert late.status_code == 409


async def test_an_office_enters_what_was_signed_on_paper(client: httpx.AsyncClient) -> None:
    head = (await make_chain(client))[-1]
    bare = make_appointment(staff={"name": "李梅"})  # she has no login
    old = await done(client, f"grid-posts/{head['id']}/staffings", bare)
    begun = await done(client, f"staffings/{old['id']}/handovers", HANDOVER)
    confirm = f"handovers/{begun['id']}/confirmations"
    refused = await client.post(f"{PATH}/{confirm}", json={"side": "outgoing"})
    assert refused.status_code == 403  # the clerk is neither of the two
    await done(client, confirm, {"side": "outgoing", "on_paper": True}, 200)
    whole = await done(client, confirm, {"side": "incoming", "on_paper": True}, 200)
    assert (whole["state"], whole["outgoing_on_paper"]) == ("done", True)
    assert (await read(client, f"handovers/{begun['id']}"))["state"] == "done"


async def test_a_change_of_hand_that_is_called_off(client: httpx.AsyncClient) -> None:
    head = (await make_chain(client))[-1]
    old = await done(client, f"grid-posts/{head['id']}/staffings", make_appointment())
    begun = await done(client, f"staffings/{old['id']}/handovers", HANDOVER)
    twice = await client.post(f"{PATH}/staffings/{old['id']}/handovers", json=HANDOVER)
    assert twice.status_code == 409
    off = await done(client, f"handovers/{begun['id']}/withdrawal", {}, 200)
    assert off["state"] == "withdrawn"
    await done(client, f"staffings/{old['id']}/handovers", HANDOVER)


async def test_somebody_leaves_and_nobody_follows(app: FastAPI, client: httpx.AsyncClient) -> None:
    head = (await make_chain(client))[-1]
    path = f"grid-posts/{head['id']}/staffings"
    old = await done(client, path, make_appointment())
    begun = await done(client, f"staffings/{old['id']}/handovers", HANDOVER)
    gone = {"on": "2025-02-01", "reason": "resigned"}
    await done(client, f"staffings/{old['id']}/end", gone, 200)
    assert (await read(client, f"handovers/{begun['id']}"))["state"] == "withdrawn"
    assert not (await read(client, f"grid-posts/{head['id']}"))["held"]
    assert (await said(app))[-1]["to_staff_id"] is None
    again = await client.post(f"{PATH}/staffings/{old['id']}/end", json=gone)
    assert again.status_code == 409
    early = await client.post(f"{PATH}/{path}", json=make_appointment("赵兰", since="2025-01-31"))
    assert early.status_code == 409  # the one before was still there
    same = {"staff": {"staff_id": old["staff"]["id"]}, "since": "2025-02-01"}
    assert (await done(client, path, same))["staff"]["id"] == old["staff"]["id"]


async def test_a_unit_has_a_roster_with_history(app: FastAPI, client: httpx.AsyncClient) -> None:
    unit = await done(client, "work-units", make_unit(kind="market", stalls=40))
    path = f"work-units/{unit['id']}/staffings"
    lead = await done(client, path, make_appointment())
    await done(client, path, make_appointment("钱红", role="service-point"))
    begun = await done(client, f"staffings/{lead['id']}/handovers", HANDOVER)
    for side in ("outgoing", "incoming"):
        body = {"side": side, "on_paper": True}
        await done(client, f"handovers/{begun['id']}/confirmations", body, 200)
    roster = await read(client, f"work-units/{unit['id']}/staff")
    assert [(each["staff"]["name"], each["role"], each["until"]) for each in roster] == [
        ("赵兰", "lead", None),
        ("钱红", "service-point", None),
        ("李梅", "lead", "2025-03-01"),
    ]
    assert (await said(app))[-1]["place"] == "work-unit"


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"staff": {}}, 422),
        ({"staff": {"name": "李梅", "staff_id": str(new_id())}}, 422),
        ({"staff": {"staff_id": str(new_id())}}, 404),
        ({"staff": {"name": "420325199001011234"}}, 422),
        ({"staff": {"name": "李梅", "phone": "123"}}, 422),
        ({"staff": {"name": "李梅", "org": "street-1"}}, 422),
        ({"role": "informer"}, 422),
        ({"role": "service-point"}, 409),
        ({"since": "1879-12-31"}, 422),
        ({"since": "2999-01-01"}, 422),
    ],
)
async def test_bad_appointments_are_refused(
    client: httpx.AsyncClient, wrong: dict[str, Any], status: int
) -> None:
    head = (await make_chain(client))[-1]
    answer = await client.post(
        f"{PATH}/grid-posts/{head['id']}/staffings", json=make_appointment() | wrong
    )
    assert answer.status_code == status, answer.text
    assert "420325199001011234" not in answer.text


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"on": "2023-01-01"}, 409),  # before she took the post
        ({"on": "2999-01-01"}, 422),
        ({"reason": "refused-to-inform"}, 422),
        ({"to": {}}, 422),
    ],
)
async def test_bad_changes_of_hand_are_refused(
    client: httpx.AsyncClient, wrong: dict[str, Any], status: int
) -> None:
    head = (await make_chain(client))[-1]
    old = await done(client, f"grid-posts/{head['id']}/staffings", make_appointment())
    answer = await client.post(f"{PATH}/staffings/{old['id']}/handovers", json=HANDOVER | wrong)
    assert answer.status_code == status, answer.text


async def test_nobody_hands_over_to_herself(client: httpx.AsyncClient) -> None:
    head = (await make_chain(client))[-1]
    old = await done(client, f"grid-posts/{head['id']}/staffings", make_appointment())
    body = HANDOVER | {"to": {"staff_id": old["staff"]["id"]}}
    answer = await client.post(f"{PATH}/staffings/{old['id']}/handovers", json=body)
    assert answer.status_code == 409


async def test_staff_of_elsewhere_are_nobodys_business(
    app: FastAPI, client: httpx.AsyncClient, issuer: Issuer
) -> None:
    head = (await make_chain(client))[-1]
    old = await done(client, f"grid-posts/{head['id']}/staffings", make_appointment())
    begun = await done(client, f"staffings/{old['id']}/handovers", HANDOVER)
    token = issuer.token(scope="registry:read registry:write", region="420325101")
    async with client_of(app, token, {"Purpose": "service"}) as stranger:
        gone = {"on": "2025-02-01", "reason": "resigned"}
        for method, path, body in (
            ("POST", f"staffings/{old['id']}/end", gone),
            ("POST", f"staffings/{old['id']}/handovers", HANDOVER),
            ("GET", f"handovers/{begun['id']}", None),
            ("POST", f"handovers/{begun['id']}/withdrawal", {}),
            ("POST", f"grid-posts/{head['id']}/staffings", make_appointment()),
        ):
            answer = await stranger.request(method, f"{PATH}/{path}", json=body)
            assert answer.status_code == 404, path


async def test_a_unit_that_moves_and_closes_takes_its_staff_along(
    app: FastAPI, client: httpx.AsyncClient, issuer: Issuer
) -> None:
    unit = await done(client, "work-units", make_unit())
    path = f"{PATH}/work-units/{unit['id']}"
    await done(client, f"work-units/{unit['id']}/staffings", make_appointment())
    moved = await client.patch(path, json={"region": OTHER_TOWNSHIP}, headers={"If-Match": '"1"'})
    assert moved.status_code == 200, moved.text
    township = issuer.token(scope="registry:read", region="420325101")
    async with client_of(app, township, {"Purpose": "service"}) as there:
        assert [each["until"] for each in (await there.get(f"{path}/staff")).json()] == [None]
    etag = moved.headers["etag"]
    closed = await client.patch(path, json={"closed_on": "2026-01-01"}, headers={"If-Match": etag})
    assert closed.status_code == 200, closed.text
    (staffing,) = await read(client, f"work-units/{unit['id']}/staff")
    assert (staffing["until"], staffing["ended_for"]) == ("2026-01-01", "place-closed")
    assert (await said(app))[-1]["to_staff_id"] is None
