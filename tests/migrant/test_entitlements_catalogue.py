"""The catalogue as a county keeps it: proposed by one, decided by another, with history."""

import asyncio
from datetime import date, timedelta
from typing import Any

import httpx
import pytest

from services.migrant.entitlements.errors import SecondPersonNeeded
from services.migrant.entitlements.handlers import approve_version, propose_entry
from services.migrant.entitlements.queries import catalogue, shipped
from services.migrant.entitlements.rules import Entitlement
from services.migrant.entitlements.schemas import DecideVersion, ProposeEntry
from shared.clock import today
from shared.ids import new_id
from shared.testing import Issuer, make_actor
from tests.conftest import TxFactory
from tests.migrant.conftest import bearer
from tests.migrant.places import admin

CATALOGUE = "/migrant/v1/catalogue"
VERSIONS = "/migrant/v1/catalogue-versions"
SECOND = {"sub": "admin-2"}
LEGAL_AID = next(each for each in shipped() if each.id == "legal-aid")


def make_entry(**changes: Any) -> dict[str, Any]:
    return LEGAL_AID.model_dump(mode="json") | changes


def make_proposal(entry: dict[str, Any] | None, **overrides: Any) -> dict[str, Any]:
    return {
        "area": "420325",
        "entry": entry,
        "effective_from": str(today()),
        "reason": "县司法局〔2026〕3号",
    } | overrides


async def propose(
    client: httpx.AsyncClient,
    issuer: Issuer,
    code: str,
    body: dict[str, Any],
    number: int = 0,
    **claims: Any,
) -> httpx.Response:
    headers = admin(issuer, **claims) | {"If-Match": f'"{number}"'}
    return await client.put(f"{CATALOGUE}/{code}", json=body, headers=headers)


async def decide(
    client: httpx.AsyncClient, issuer: Issuer, version: str, how: str = "approval", **claims: Any
) -> httpx.Response:
    headers = admin(issuer, **(SECOND | claims))
    body = {"note": "与文件一致"}
    return await client.post(f"{VERSIONS}/{version}/{how}", json=body, headers=headers)


async def told(client: httpx.AsyncClient, **params: str) -> dict[str, dict[str, Any]]:
    answer = await client.get("/migrant/v1/entitlements", params=params)
    return {each["id"]: each for each in answer.json()}


async def test_a_change_holds_once_somebody_else_approved_it(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    changed = make_entry(cost={"zh": "免费,含交通补贴", "en": "Free, fares included"})
    made = await propose(client, issuer, "legal-aid", make_proposal(changed))
    assert made.status_code == 201, made.text
    assert (await told(client))["legal-aid"]["cost"] == "Free"
    alone = await decide(client, issuer, made.json()["id"], sub="admin-1")
    assert alone.json()["type"].endswith("/second-person-needed")
    approved = await decide(client, issuer, made.json()["id"])
    assert (approved.status_code, approved.json()["state"]) == (200, "approved")
    assert (await told(client))["legal-aid"]["cost"] == "Free, fares included"
    read = await client.get(f"{CATALOGUE}/legal-aid")
    assert (read.headers["etag"], read.json()["area"]) == ('"1"', "420325")
    again = await decide(client, issuer, made.json()["id"])
    assert again.json()["type"].endswith("/already-decided")


async def test_a_township_has_its_own_and_others_do_not(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    body = make_proposal(make_entry(id="tea-creche"), area="420325100")
    made = await propose(client, issuer, "tea-creche", body)
    await decide(client, issuer, made.json()["id"])
    assert "tea-creche" in await told(client, region="420325100001")
    assert "tea-creche" not in await told(client, region="420325101")
    assert "tea-creche" not in await told(client)
    held = await client.get(f"{CATALOGUE}/tea-creche", params={"area": "420325100"})
    assert held.json()["entry"]["id"] == "tea-creche"
    assert (await client.get(f"{CATALOGUE}/tea-creche")).status_code == 404


async def test_it_waits_for_its_day_and_the_day_before_can_be_read(
    open_tx: TxFactory,
) -> None:
    tomorrow = today() + timedelta(days=1)
    async with open_tx("migrant", actor=make_actor(sub="admin-1")) as tx:
        command = ProposeEntry.model_validate(make_proposal(None, effective_from=str(tomorrow)))
        version = await propose_entry(command, "reading-room", 0, tx)
        with pytest.raises(SecondPersonNeeded):
            await approve_version(DecideVersion(note="同意"), version.id, tx)
        await tx.execute("UPDATE catalogue_versions SET proposed_by = 'admin-0'")
        await approve_version(DecideVersion(note="同意"), version.id, tx)

        async def ids(on: date) -> set[str]:
            return {each.id for each in await catalogue("420325", on, tx)}

        assert "reading-room" in await ids(today())
        assert "reading-room" not in await ids(tomorrow)


async def test_what_is_approved_late_does_not_hold_before(open_tx: TxFactory) -> None:
    async with open_tx("migrant", actor=make_actor(sub="admin-1")) as tx:
        command = ProposeEntry.model_validate(make_proposal(None))
        version = await propose_entry(command, "reading-room", 0, tx)
        await tx.execute(
            "UPDATE catalogue_versions SET proposed_by = 'admin-0', effective_from = $1",
            today() - timedelta(days=9),
        )
        view = await approve_version(DecideVersion(note="同意"), version.id, tx)
        assert view.effective_from == today()


async def test_history_keeps_what_was_returned(client: httpx.AsyncClient, issuer: Issuer) -> None:
    first = await propose(client, issuer, "legal-aid", make_proposal(make_entry(days=3)))
    returned = await decide(client, issuer, first.json()["id"], "return")
    assert returned.json()["state"] == "returned"
    stale = await propose(client, issuer, "legal-aid", make_proposal(make_entry(days=5)))
    assert stale.status_code == 412
    second = await propose(client, issuer, "legal-aid", make_proposal(make_entry(days=5)), number=1)
    assert second.json()["number"] == 2
    waiting = await propose(
        client, issuer, "legal-aid", make_proposal(make_entry(days=6)), number=2
    )
    assert waiting.json()["type"].endswith("/proposal-open")
    page = (await client.get(VERSIONS, params={"code": "legal-aid", "limit": 1})).json()
    rest = (await client.get(VERSIONS, params={"code": "legal-aid", "cursor": page["next"]})).json()
    states = [each["state"] for each in page["items"] + rest["items"]]
    assert states == ["returned", "proposed"]
    assert page["items"][0]["note"] == "与文件一致"
    open_ones = (await client.get(VERSIONS, params={"state": "proposed"})).json()["items"]
    assert [each["id"] for each in open_ones] == [second.json()["id"]]
    assert (await told(client))["legal-aid"]["department"] == "justice"


@pytest.mark.parametrize(
    "entry",
    [
        make_entry(papers={"zh": "居民身份证、流动人口婚育证明", "en": "Id card"}),
        make_entry(who={"zh": "只生育一孩的家庭", "en": "Families"}),
        make_entry(who={"zh": "家庭", "en": "Families by number of children"}),
        make_entry(source=""),
        {key: value for key, value in make_entry().items() if key != "source"},
        make_entry(id="another-one"),
    ],
)
async def test_what_no_county_may_enter(
    client: httpx.AsyncClient, issuer: Issuer, entry: dict[str, Any]
) -> None:
    refused = await propose(client, issuer, "legal-aid", make_proposal(entry))
    assert refused.status_code == 422
    assert (await client.get(VERSIONS)).json()["items"] == []


async def test_no_version_takes_effect_in_the_past(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    body = make_proposal(make_entry(), effective_from="2026-01-01")
    refused = await propose(client, issuer, "legal-aid", body)
    assert refused.json()["type"].endswith("/effective-in-past")


async def test_doors_of_the_catalogue(client: httpx.AsyncClient, issuer: Issuer) -> None:
    body = make_proposal(make_entry())
    clerk = await client.put(f"{CATALOGUE}/legal-aid", json=body, headers={"If-Match": '"0"'})
    assert clerk.status_code == 403
    bare = await client.put(f"{CATALOGUE}/legal-aid", json=body, headers=admin(issuer))
    assert bare.status_code == 428
    outside = await propose(client, issuer, "legal-aid", body, region="420325100")
    assert outside.json()["type"].endswith("/outside-jurisdiction")
    made = await propose(client, issuer, "legal-aid", body)
    township = await decide(client, issuer, made.json()["id"], region="420325100")
    assert township.json()["type"].endswith("/outside-jurisdiction")
    assert (await decide(client, issuer, str(new_id()))).status_code == 404
    for path in (f"{CATALOGUE}/legal-aid", VERSIONS):
        stranger = bearer(issuer, scope="migrant:read", region="310101")
        assert (await client.get(path, headers=stranger)).status_code == 403
    assert (await client.get(f"{CATALOGUE}/no-such-entry")).status_code == 404


async def test_two_proposals_at_once_make_one(client: httpx.AsyncClient, issuer: Issuer) -> None:
    answers = await asyncio.gather(
        *(
            propose(client, issuer, "legal-aid", make_proposal(make_entry(days=days)))
            for days in (3, 4, 5)
        )
    )
    statuses = sorted(each.status_code for each in answers)
    assert statuses[0] == 201 and set(statuses[1:]) <= {409, 412}
    assert len((await client.get(VERSIONS)).json()["items"]) == 1


def test_a_stored_entry_reads_back_as_it_was() -> None:
    assert [Entitlement.model_validate(e.model_dump(mode="json")) for e in shipped()] == list(
        shipped()
    )
