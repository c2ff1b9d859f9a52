"""What a human has to look at before a list is paid: doubles, shared accounts, recorded deaths; and
merges. Every event comes twice."""

from uuid import UUID

import httpx
from fastapi import FastAPI

from shared.clock import today
from shared.events.registry import PersonsMerged, PersonsSeparated
from shared.events.registry_vital import DeathAnnulled, DeathCorrected, DeathRegistered
from shared.ids import new_id
from shared.testing import Issuer
from tests.migrant.conftest import bearer
from tests.migrant.samples import OTHER_VILLAGE, VILLAGE
from tests.migrant.test_benefits_routes import (
    BASE,
    SCOPE,
    add,
    audited,
    done,
    draw_up,
    make_line,
    paid,
    read,
)
from tests.migrant.test_claims_routes import CARD, CLAIMS, file, kind_of, make_claim
from tests.migrant.test_consumer import deliver_twice
from tests.migrant.test_employments_routes import arrive


async def test_doubles_within_and_across_townships_are_found_and_kept_only_with_a_reason(
    client: httpx.AsyncClient, issuer: Issuer, app: FastAPI
) -> None:
    person, merged = str(new_id()), new_id()
    there = await draw_up(client, issuer, region=OTHER_VILLAGE)
    (across,) = await add(client, there, make_line(person_id=person))
    desk = bearer(issuer, scope=SCOPE, region="420325100") | {"Purpose": "service"}
    here = await draw_up(client, issuer)
    first, second = await add(
        client, here, make_line(person_id=person), make_line(person_id=str(merged))
    )
    await deliver_twice(app, PersonsMerged(kept_id=UUID(person), merged_id=merged))
    found = await read(client, f"lists/{here}/findings", **desk)
    assert {(each["line_id"], each["kind"], each["other"]) for each in found} == {
        (second, "double-within", first),
        (first, "double-across", across),
        (second, "double-across", across),
    }
    refused = await client.post(f"{BASE}lists/{here}/submission", headers=desk)
    assert (kind_of(refused), refused.json()["open"]) == ("findings-open", 3)
    await done(client, f"lines/{second}/removal", {"reason": "重复"})
    clearance = {
        "line_id": first,
        "kind": "double-across",
        "other": across,
        "reason": "另一清单为补发",
    }
    wrong = await client.post(
        f"{BASE}lists/{here}/clearances", json=clearance | {"other": str(new_id())}
    )
    assert kind_of(wrong) == "no-such-finding"
    assert (await done(client, f"lists/{here}/clearances", clearance))["open_findings"] == 0
    again = await client.post(f"{BASE}lists/{here}/clearances", json=clearance)
    assert kind_of(again) == "finding-cleared-before"
    (left,) = await read(client, f"lists/{here}/findings")
    assert left["cleared"] == "另一清单为补发"
    assert (await done(client, f"lists/{here}/submission"))["status"] == "submitted"
    # the same benefit of another month is no double
    july = await draw_up(client, issuer, period="2026-07")
    await add(client, july, make_line(person_id=person))
    assert await read(client, f"lists/{july}/findings") == []


async def test_one_account_for_two_people_is_found(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    list_id = await draw_up(client, issuer)
    first, second = await add(
        client, list_id, make_line(account=CARD), make_line(account=CARD, name="赵六")
    )
    (found,) = await read(client, f"lists/{list_id}/findings")
    assert (found["line_id"], found["kind"], found["other"]) == (second, "shared-account", first)


async def test_a_death_is_shown_to_a_human_and_drops_nobody(
    client: httpx.AsyncClient, issuer: Issuer, app: FastAPI
) -> None:
    person, death = new_id(), new_id()
    list_id = await draw_up(client, issuer)
    (line,) = await add(client, list_id, make_line(person_id=str(person)))
    await audited(client, issuer, list_id)
    told = DeathRegistered(
        death_id=death,
        person_id=person,
        region=OTHER_VILLAGE,
        died_on=today(),
        registered_at="2026-06-10T08:00:00+08:00",
        days=1,
    )
    await deliver_twice(app, told)
    refused = await client.post(f"{BASE}lists/{list_id}/payment")
    assert (kind_of(refused), refused.json()["open"]) == ("findings-open", 1)
    shown = await read(client, f"lists/{list_id}")
    assert (shown["lines"], shown["status"]) == (1, "approved")
    (found,) = await read(client, f"lists/{list_id}/findings")
    assert (found["kind"], found["died_on"], found["other"]) == (
        "recorded-dead",
        str(today()),
        str(death),
    )
    corrected = DeathCorrected(
        death_id=death, person_id=person, region=VILLAGE, died_on="2026-06-02", fields=["died_on"]
    )
    await deliver_twice(app, corrected)
    (found,) = await read(client, f"lists/{list_id}/findings")
    assert found["died_on"] == "2026-06-02"
    reason = {"reason": "死亡前当期应发,发给继承人"}
    clearance = {"line_id": line, "kind": "recorded-dead", "other": str(death)}
    view = await done(client, f"lists/{list_id}/clearances", clearance | reason)
    # the auditors did not know: they look again
    assert (view["status"], view["approvals"], view["open_findings"]) == ("drawn-up", 0, 0)
    annulled = DeathAnnulled(
        death_id=death, person_id=person, region=VILLAGE, annulled_at="2026-06-20T08:00:00+08:00"
    )
    await deliver_twice(app, annulled)
    assert await read(client, f"lists/{list_id}/findings") == []


async def test_a_death_in_another_county_is_found_as_well(
    client: httpx.AsyncClient, issuer: Issuer, app: FastAPI
) -> None:
    person = new_id()
    list_id = await draw_up(client, issuer)
    await add(client, list_id, make_line(person_id=str(person)))
    told = DeathRegistered(
        death_id=new_id(),
        person_id=person,
        region="310101",
        died_on="2026-06-02",
        registered_at="2026-06-10T08:00:00+08:00",
        days=8,
    )
    await deliver_twice(app, told)
    (found,) = await read(client, f"lists/{list_id}/findings")
    assert found["kind"] == "recorded-dead"


async def test_claims_and_payments_follow_a_merge_and_its_undoing(
    client: httpx.AsyncClient, issuer: Issuer, app: FastAPI
) -> None:
    kept, merged = new_id(), UUID(await arrive(client))
    claim = await file(client, str(merged))
    (line,) = await paid(client, issuer, make_line(person_id=str(merged)))

    async def hers(person: UUID) -> tuple[list[str], list[str]]:
        own = bearer(issuer, scope="self", sub=str(person))
        claims = await client.get(CLAIMS, params={"person_id": str(person)}, headers=own)
        payments = await client.get(f"/migrant/v1/people/{person}/benefits", headers=own)
        return (
            [each["id"] for each in claims.json()["items"]],
            [each["line_id"] for each in payments.json()],
        )

    whole = ([claim["id"]], [line])
    await deliver_twice(app, PersonsMerged(kept_id=kept, merged_id=merged))
    assert [await hers(kept), await hers(merged)] == [whole, whole]
    again = await client.post(CLAIMS, json=make_claim(str(kept)))
    assert kind_of(again) == "claimed-before"
    await deliver_twice(app, PersonsSeparated(kept_id=kept, merged_id=merged))
    assert [await hers(kept), await hers(merged)] == [([], []), whole]
    unknown = await client.get(f"/migrant/v1/people/{kept}/benefits")
    assert unknown.status_code == 404
