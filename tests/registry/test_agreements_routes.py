"""Service agreements over HTTP: drafting, signing, renewing, ending, reminders, print."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from shared.clock import today
from shared.ids import new_id
from shared.testing import Issuer, client_of
from tests.conftest import ServiceFactory, parts_of
from tests.registry.grid_samples import (
    HERE,
    PATH,
    done,
    make_chain,
    make_home,
    make_lease,
    make_unit,
    read,
)
from tests.registry.samples import make_person

TODAY = today()
LAST_YEAR, NEXT_YEAR = TODAY - timedelta(days=300), TODAY + timedelta(days=65)


def make_agreement(kind: str = "community-unit", **overrides: Any) -> dict[str, Any]:
    return {"kind": kind, "since": str(LAST_YEAR), "until": str(NEXT_YEAR)} | overrides


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
async def unit(client: httpx.AsyncClient) -> str:
    return str((await done(client, "work-units", make_unit()))["id"])


async def lease(app: FastAPI, building: str = "12") -> str:
    parts = parts_of(app)
    async with parts.database.transaction(parts.actor) as tx:
        dwelling, _ = await make_home(tx, building, 0)
        return str(await make_lease(tx, dwelling))


async def signed(client: httpx.AsyncClient, **agreement: Any) -> dict[str, Any]:
    made = await done(client, "agreements", make_agreement(**agreement))
    body = {"signed_on": str(LAST_YEAR)}
    return dict(await done(client, f"agreements/{made['id']}/signing", body, 200))


async def said(app: FastAPI, kind: str) -> list[dict[str, Any]]:
    rows = await parts_of(app).database.pool.fetch(
        "SELECT payload::jsonb->'data' AS data FROM outbox"
        " WHERE payload::jsonb->>'type' = $1 ORDER BY id",
        f"yipan.registry.{kind}.v1",
    )
    return [row["data"] for row in rows]


async def test_each_kind_has_its_party(app: FastAPI, client: httpx.AsyncClient, unit: str) -> None:
    post = (await make_chain(client))[1]["id"]
    for kind, party in (
        ("community-unit", {"work_unit_id": unit}),
        ("unit-county", {"work_unit_id": unit}),
        ("community-coordinator", {"post_id": post}),
        ("community-landlord", {"lease_id": await lease(app)}),
    ):
        made = await done(client, "agreements", make_agreement(kind, **party))
        assert (made["state"], made["region"]) == ("drafted", HERE)
        assert len(made["text"]) == len(made["clauses"]) > 5
        printed = await client.get(f"{PATH}/agreements/{made['id']}/print")
        assert printed.content.startswith(b"%PDF")
        assert printed.headers["content-type"] == "application/pdf"


async def test_a_party_of_the_wrong_kind(client: httpx.AsyncClient, unit: str) -> None:
    for body in (
        make_agreement("community-landlord", work_unit_id=unit),
        make_agreement("community-unit"),
    ):
        answer = await client.post(f"{PATH}/agreements", json=body)
        assert answer.status_code == 409
        assert answer.json()["type"].endswith("wrong-party")


async def test_a_landlord_answers_for_nobody(app: FastAPI, client: httpx.AsyncClient) -> None:
    made = await signed(client, kind="community-landlord", lease_id=await lease(app))
    assert {"information-sheet", "not-answerable", "voluntary"} <= set(made["clauses"])
    text = " ".join(clause["en"] for clause in made["text"])
    assert "does not answer for tenants' personal affairs" in text


async def test_an_agreement_is_signed_renewed_and_ended(
    app: FastAPI, client: httpx.AsyncClient, unit: str
) -> None:
    first = await signed(client, work_unit_id=unit)
    assert first["state"] == "running"
    later = str(NEXT_YEAR + timedelta(days=365))
    body = {"until": later, "signed_on": str(TODAY), "added_clauses": ["training"]}
    second = await done(client, f"agreements/{first['id']}/renewal", body)
    assert (second["previous_id"], second["since"]) == (first["id"], str(NEXT_YEAR))
    assert (second["state"], second["clauses"][-1]) == ("agreed", "training")
    assert (await read(client, f"agreements/{first['id']}"))["next_id"] == second["id"]
    again = await client.post(f"{PATH}/agreements/{first['id']}/renewal", json=body)
    assert again.status_code == 409
    end = {"ended_on": str(TODAY), "reason": "both-agreed"}
    ended = await done(client, f"agreements/{first['id']}/end", end, 200)
    assert (ended["state"], ended["ended_for"]) == ("ended", "both-agreed")
    twice = await client.post(f"{PATH}/agreements/{first['id']}/end", json=end)
    assert twice.json()["state"] == "ended"
    events = [
        [each["agreement_id"] for each in await said(app, f"agreement-{kind}")]
        for kind in ("signed", "renewed", "ended")
    ]
    assert events == [[first["id"]], [second["id"]], [first["id"]]]
    assert set((await said(app, "agreement-renewed"))[0]) == {
        "agreement_id",
        "previous_id",
        "kind",
        "region",
        "since",
        "until",
    }


async def test_agreements_about_to_run_out_are_listed(client: httpx.AsyncClient, unit: str) -> None:
    soon = await signed(client, work_unit_id=unit)
    await done(client, "agreements", make_agreement("unit-county", work_unit_id=unit))  # a draft
    expiring = f"agreements?expiring_before={NEXT_YEAR + timedelta(days=1)}"
    assert [each["id"] for each in (await read(client, expiring))["items"]] == [soon["id"]]
    on_the_day = await read(client, f"agreements?expiring_before={NEXT_YEAR}")
    assert on_the_day["items"] == []
    body = {"until": str(NEXT_YEAR + timedelta(days=365)), "signed_on": str(TODAY)}
    await done(client, f"agreements/{soon['id']}/renewal", body)
    assert (await read(client, expiring))["items"] == []
    assert len((await read(client, f"agreements?party_id={unit}"))["items"]) == 3
    assert len((await read(client, "agreements?kind=unit-county"))["items"]) == 1
    first = await read(client, "agreements?limit=2")
    rest = await read(client, f"agreements?limit=2&cursor={first['next']}")
    assert (len(first["items"]), len(rest["items"]), rest["next"]) == (2, 1, None)


async def test_two_agreements_of_a_kind_never_run_at_once(
    client: httpx.AsyncClient, unit: str
) -> None:
    first = await signed(client, work_unit_id=unit)
    overlapping = make_agreement(work_unit_id=unit, since=str(NEXT_YEAR - timedelta(days=1)))
    overlapping["until"] = str(NEXT_YEAR + timedelta(days=30))
    answer = await client.post(f"{PATH}/agreements", json=overlapping)
    assert answer.status_code == 409
    assert answer.json()["agreement_id"] == first["id"]
    end = {"ended_on": str(TODAY), "reason": "notice-given"}
    await done(client, f"agreements/{first['id']}/end", end, 200)
    await done(client, "agreements", overlapping)
    other_kind = make_agreement("unit-county", work_unit_id=unit)
    await done(client, "agreements", other_kind)


async def test_a_draft_is_thrown_away_without_ever_running(
    client: httpx.AsyncClient, unit: str
) -> None:
    draft = await done(client, "agreements", make_agreement(work_unit_id=unit))
    end = {"ended_on": str(TODAY), "reason": "entered-in-error"}
    await done(client, f"agreements/{draft['id']}/end", end, 200)
    late = await client.post(
        f"{PATH}/agreements/{draft['id']}/signing", json={"signed_on": str(TODAY)}
    )
    assert late.status_code == 409
    await done(client, "agreements", make_agreement(work_unit_id=unit))


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"added_clauses": ["birth-quota"]}, 409),
        ({"added_clauses": ["market-point", "duties-published"]}, 409),  # of another kind
        ({"clauses": ["contact"]}, 422),
        ({"text": "罚款五百元"}, 422),  # no clause is free text
        ({"until": str(LAST_YEAR)}, 422),
        ({"since": "1999-12-31"}, 422),
        ({"until": "2101-01-01"}, 422),
        ({"since": "20260101"}, 422),
        ({"kind": "landlord-guarantee"}, 422),
        ({"post_id": str(new_id())}, 422),  # two parties
        ({"work_unit_id": str(new_id())}, 404),
    ],
)
async def test_bad_agreements_are_refused(
    client: httpx.AsyncClient, unit: str, wrong: dict[str, Any], status: int
) -> None:
    body = make_agreement(work_unit_id=unit) | wrong
    answer = await client.post(f"{PATH}/agreements", json=body)
    assert answer.status_code == status, answer.text


@pytest.mark.parametrize(
    ("way", "body", "status"),
    [
        ("signing", {"signed_on": str(TODAY)}, 409),  # signed already
        ("signing", {"signed_on": str(TODAY + timedelta(days=1))}, 422),
        ("renewal", {"until": str(NEXT_YEAR), "signed_on": str(TODAY)}, 409),  # not longer
        ("renewal", {"until": "2101-01-01", "signed_on": str(TODAY)}, 422),
        ("end", {"ended_on": str(LAST_YEAR - timedelta(days=1)), "reason": "both-agreed"}, 409),
        ("end", {"ended_on": str(TODAY), "reason": "fined"}, 422),
    ],
)
async def test_steps_that_cannot_be(
    client: httpx.AsyncClient, unit: str, way: str, body: dict[str, Any], status: int
) -> None:
    made = await signed(client, work_unit_id=unit)
    answer = await client.post(f"{PATH}/agreements/{made['id']}/{way}", json=body)
    assert answer.status_code == status, answer.text


async def test_a_closed_party_makes_no_agreement(client: httpx.AsyncClient, unit: str) -> None:
    closed = {"closed_on": str(TODAY)}
    path = f"{PATH}/work-units/{unit}"
    assert (await client.patch(path, json=closed, headers={"If-Match": '"1"'})).status_code == 200
    answer = await client.post(f"{PATH}/agreements", json=make_agreement(work_unit_id=unit))
    assert answer.status_code == 409


async def test_scope_and_jurisdiction(
    app: FastAPI, client: httpx.AsyncClient, unit: str, issuer: Issuer
) -> None:
    made = await done(client, "agreements", make_agreement(work_unit_id=unit))
    foreign = issuer.token(scope="registry:read registry:write", region="420381")
    async with client_of(app, foreign) as stranger:
        for way in ("", "/print"):
            path = f"{PATH}/agreements/{made['id']}{way}"
            assert (await stranger.get(path)).status_code == 404
        assert (await stranger.get(f"{PATH}/agreements")).json()["items"] == []
        assert (await stranger.get(f"{PATH}/agreements?region={HERE}")).status_code == 403
        own = await stranger.post(f"{PATH}/agreements", json=make_agreement(work_unit_id=unit))
        assert own.status_code == 404
        signing = {"signed_on": str(TODAY)}
        path = f"{PATH}/agreements/{made['id']}/signing"
        assert (await stranger.post(path, json=signing)).status_code == 404
    async with client_of(app, issuer.token(scope="registry:read")) as reader:
        assert (await reader.get(f"{PATH}/agreement-templates")).status_code == 200
        refused = await reader.post(f"{PATH}/agreements", json=make_agreement(work_unit_id=unit))
        assert refused.status_code == 403


async def test_a_landlords_own_export_has_her_agreements(
    app: FastAPI, client: httpx.AsyncClient
) -> None:
    lease_id = await lease(app)
    landlord = (await done(client, "persons", make_person()))["id"]
    parts = parts_of(app)
    async with parts.database.transaction(parts.actor) as tx:
        await tx.execute("UPDATE leases SET landlord_id = $2 WHERE id = $1", lease_id, landlord)
    made = await signed(client, kind="community-landlord", lease_id=lease_id)
    await signed(client, kind="community-landlord", lease_id=await lease(app, "13"))
    export = await read(client, f"persons/{landlord}/export", Purpose="subject-access")
    assert [(each["id"], each["lease_id"]) for each in export["agreements"]] == [
        (made["id"], lease_id)
    ]
