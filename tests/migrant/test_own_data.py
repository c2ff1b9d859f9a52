"""What this service holds about a person: exported to herself, erased where no duty holds it."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from services.migrant.rights.handlers import STATEMENTS
from services.migrant.rights.rules import KEEPING, oldest_kept
from shared.clock import today
from shared.events.registry import ClaimantFound, PersonsMerged
from shared.ids import new_id
from shared.testing import Issuer, event_message
from tests.conftest import Cluster, parts_of
from tests.migrant.appointment_samples import book
from tests.migrant.certificate_requests import ask as ask_for_certificate
from tests.migrant.claim_road import make_received
from tests.migrant.conftest import bearer
from tests.migrant.help_samples import HELP, ask, do, serving
from tests.migrant.logins import link
from tests.migrant.logins import login as logged_in
from tests.migrant.places import place as place_office
from tests.migrant.samples import id_number
from tests.migrant.test_appointments_waiting import full, wait
from tests.migrant.test_benefits_routes import add, audited, done, draw_up, make_line
from tests.migrant.test_certificates_routes import check, issue
from tests.migrant.test_claims_routes import attach
from tests.migrant.test_claims_routes import file as file_claim
from tests.migrant.test_consents_routes import CONSENTS, give
from tests.migrant.test_consumer import deliver_twice
from tests.migrant.test_employments_routes import EMPLOYER, EMPLOYMENTS, arrive, make_filing
from tests.migrant.test_referrals_routes import SHARE, refer
from tests.migrant.test_self_registrations_rules import make_form
from tests.migrant.test_services_routes import (
    RECORDS,
    make_record,
)

OWN = {"Purpose": "subject-access"}
PHONE = "her-phone"  # the subject of her linked login
FORMS = "/migrant/v1/self-registrations"


def path(person_id: Any, what: str) -> str:
    return f"/migrant/v1/people/{person_id}/{what}"


def herself(issuer: Issuer, person_id: Any, **claims: Any) -> dict[str, str]:
    return bearer(issuer, **({"scope": "self", "sub": str(person_id)} | claims)) | OWN


async def put_right(client: httpx.AsyncClient, person: str) -> None:
    """Her stay was corrected once, and she expects to leave on a day."""
    stay = (await client.get(path(person, "stays"))).json()["items"][0]["id"]
    for method, what, said in (
        ("POST", "correction", {"reason": "工厂名写错了", "employer": "新厂"}),
        ("PUT", "expected-departure", {"leaving_on": str(today() + timedelta(days=30))}),
    ):
        address = f"/migrant/v1/arrivals/{stay}/{what}"
        assert (await client.request(method, address, json=said)).status_code == 200


async def live(client: httpx.AsyncClient, issuer: Issuer, app: FastAPI) -> str:
    """Somebody of whom there is one of everything, in force and fresh."""
    person = await arrive(client)
    await give(client, UUID(person))
    await put_right(client, person)
    await place_office(client, issuer)
    await refer(client, UUID(person), share=SHARE)
    issued = await issue(client, person_id=person)
    await check(client, issued["credential"])
    await ask_for_certificate(client, UUID(person), {})
    record = make_record(UUID(person), delivered_on=str(today()))
    assert (await client.post(RECORDS, json=record)).status_code == 201
    await book(client, person)
    await wait(client, person, (await full(client))[0])
    for place, said in (
        ("consent-refusals", {"person_id": person, "purpose": "follow-up"}),
        ("people/{person}/contact-choice", {"channel": "none"}),
    ):
        method = "PUT" if "{" in place else "POST"
        address = f"/migrant/v1/{place.format(person=person)}"
        assert (await client.request(method, address, json=said)).is_success
    await ask(client, person_id=person)
    together = await ask(client, people=40)
    await do(client, together, "companions", {}, person_id=person)
    await serving(client, issuer, person_id=person)
    employer = bearer(issuer, scope="migrant:employ", org=EMPLOYER) | {"Purpose": "employment"}
    filed = await client.post(EMPLOYMENTS, json=make_filing(), headers=employer)
    assert filed.status_code == 201
    await link(client, issuer, PHONE)
    claim = await file_claim(client, person)
    assert (await attach(client, claim["id"])).status_code == 201
    await sent_for(app, client, person)
    await listed(client, issuer, person)
    form = await client.post(FORMS, json=make_form(), headers=logged_in(issuer, PHONE))
    assert form.json()["person_id"] == person, form.text
    return person


async def sent_for(app: FastAPI, client: httpx.AsyncClient, person: str) -> None:
    """Another county sent a claim of hers, which is granted and on a list of payments."""
    claim = make_received()
    await deliver_twice(app, claim)
    await deliver_twice(app, ClaimantFound(claim_id=claim.claim_id, person_id=UUID(person)))
    decided = {"granted": True, "granted_fen": claim.amount_fen}
    for path, body in (
        (f"received-claims/{claim.claim_id}/decision", decided),
        ("claim-payment-lists", {"claim_ids": [str(claim.claim_id)]}),
    ):
        assert (await client.post(f"/migrant/v1/{path}", json=body)).is_success


async def listed(client: httpx.AsyncClient, issuer: Issuer, person: str) -> None:
    """On a list that is being paid, and twice on one that is drawn up."""
    paying = await draw_up(client, issuer)
    await add(client, paying, make_line(person_id=person))
    await audited(client, issuer, paying)
    await done(client, f"lists/{paying}/payment")
    drawn = await draw_up(client, issuer, period="2026-07")
    await add(client, drawn, make_line(person_id=person), make_line(person_id=person))


async def rows(app: FastAPI, sql: str, *args: Any) -> list[Any]:
    parts = parts_of(app)
    async with parts.database.transaction(parts.actor) as tx:
        return await tx.fetch(sql, *args)


async def grow_old(app: FastAPI, person: str) -> None:
    """Years pass: the certificate expires, the appointment is over, the rest is past keeping."""
    for change in (
        "UPDATE certificates SET valid_until = current_date - 2",
        "UPDATE certificate_requests SET status = 'withdrawn'",
        "UPDATE appointments SET at = now() - interval '1 hour'",
        "UPDATE consent_refusals SET declined_at = now() - interval '400 days'",
        "UPDATE service_records SET delivered_on = delivered_on - 1500",
        "UPDATE referrals SET state = 'withdrawn', ended_on = current_date",
        "UPDATE help_requests SET settled_at = now() - interval '1500 days', in_time = true",
        "UPDATE conveners SET until = current_date - 2",
        "UPDATE claims SET status = 'withdrawn'",
        "UPDATE received_claims SET status = 'refused', list_id = NULL, due_on = NULL,"
        " decided_on = decided_on - 1500",
        "UPDATE account_links SET ended_at = now(), ended_by = 'her'",
        "INSERT INTO employments (id, employer_code, region, id_number_index, name_index,"
        " person_id, started_on, filed_at, filed_by, withdrawn_at)"
        " SELECT gen_random_uuid(), employer_code, region, id_number_index, name_index,"
        " person_id, started_on - 30, filed_at, filed_by, now() FROM employments",
    ):
        await rows(app, f"{change} WHERE person_id = $1 RETURNING id", UUID(person))


async def kinds(client: httpx.AsyncClient, person: Any, headers: Any) -> dict[str, Any]:
    answer = await client.post(path(person, "erasure"), headers=headers)
    assert answer.status_code == 200, answer.text
    return {each["kind"]: each for each in answer.json()["kinds"]}


async def test_her_export_holds_everything(
    client: httpx.AsyncClient, issuer: Issuer, app: FastAPI
) -> None:
    person = await live(client, issuer, app)
    looks = await rows_of_usage(app, person)
    answer = await client.get(path(person, "export"), headers=herself(issuer, person))
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    export = answer.json()
    assert export["person"]["id_number"] == id_number()  # whole: it is hers
    assert export["consents"][0]["phone"] == "13900000002"
    assert export["certificate_checks"][0]["outcome"] == "genuine"
    assert export["employments"][0]["employer_code"] == EMPLOYER
    assert export["help_requests"][0]["text"]
    assert export["referrals"][0]["shared"]["name"] == SHARE["name"]
    for part in ("arrivals", "stay_changes", "certificates", "service_records", "appointments",
                 "appointment_waits"):  # fmt: skip
        assert len(export[part]) == 1, part
    assert (export["covers"], export["erasures"]) == ("420325", [])
    assert export["usages"] == looks  # those before this one


async def rows_of_usage(app: FastAPI, person: str) -> int:
    (row,) = await rows(
        app, "SELECT count(*) FROM usage_entries WHERE subject_id = $1", UUID(person)
    )
    return int(row["count"])


async def test_what_is_in_force_is_held_with_reasons(
    client: httpx.AsyncClient, issuer: Issuer, app: FastAPI
) -> None:
    person = await live(client, issuer, app)
    decided = await kinds(client, person, herself(issuer, person))
    assert set(decided) == {each.kind for each in KEEPING}
    held = {kind for kind, each in decided.items() if each["held"]}
    assert held == {each.kind for each in KEEPING if each.duty}
    assert {kind for kind, each in decided.items() if each["erased"]} == {
        "phone",
        "contact-choices",
        "self-registrations",
        "expected-departures",
        "help-companies",
        "appointment-waits",
    }
    for kind in held:
        assert len(decided[kind]["reason"]["zh"]) >= 5
        assert len(decided[kind]["reason"]["en"]) >= 5
        assert decided[kind]["duty"]
    for table in ("people", "arrivals", "consents", "certificates", "employments"):
        assert len(await rows(app, f"SELECT 1 FROM {table}")) == 1, table
    (row,) = await rows(app, "SELECT phone_sealed, phone_index FROM people")
    assert tuple(row) == (None, None)


async def test_what_no_duty_holds_is_erased_and_only_hers(
    client: httpx.AsyncClient, issuer: Issuer, app: FastAPI
) -> None:
    person, other = await live(client, issuer, app), new_id()
    await give(client, other)
    record = (await client.post(RECORDS, json=make_record(other))).json()
    for consent in (await client.get(CONSENTS, params={"person_id": person})).json():
        await client.post(f"{CONSENTS}/{consent['id']}/withdrawal")
    await grow_old(app, person)
    decided = await kinds(client, person, herself(issuer, person))
    assert {kind for kind, each in decided.items() if each["erased"]} == {
        each.kind for each in KEEPING if each.duty is None
    }
    assert {kind for kind, each in decided.items() if each["held"]} == {
        "identity",
        "stays",
        "stay-changes",
        "employments",
        "benefits",
    }
    export = (await client.get(path(person, "export"), headers=herself(issuer, person))).json()
    for part in ("consents", "certificates", "service_records", "appointments", "help_requests"):
        assert export[part] == [], part
    assert export["referrals"] == []
    assert export["person"]["phone"] is None
    assert [each["kinds"] for each in export["erasures"]] == [list(decided.values())]
    assert (await client.get(f"{RECORDS}/{record['id']}")).status_code == 200
    theirs = await client.get(CONSENTS, params={"person_id": str(other)})
    assert len(theirs.json()) == 1
    again = await kinds(client, person, herself(issuer, person))
    assert sum(each["erased"] for each in again.values()) == 0


async def test_unsettled_help_is_held_however_old(
    client: httpx.AsyncClient, issuer: Issuer, app: FastAPI
) -> None:
    person = await arrive(client)
    asked = await ask(client, person_id=person)
    await rows(app, "UPDATE help_requests SET requested_on = requested_on - 3000 RETURNING id")
    assert (await kinds(client, person, OWN))["help-requests-recent"]["held"] == 1
    assert (await client.get(f"{HELP}/{asked['id']}")).status_code == 200


@pytest.mark.parametrize("call", [("GET", "export"), ("POST", "erasure")])
async def test_only_she_or_a_clerk_for_her(
    client: httpx.AsyncClient, issuer: Issuer, call: tuple[str, str]
) -> None:
    person, other = await arrive(client), new_id()
    await give(client, other)
    method, what = call

    async def status(headers: dict[str, str], whose: Any = person) -> int:
        return (await client.request(method, path(whose, what), headers=headers)).status_code

    assert await status(herself(issuer, other)) == 404
    assert await status(herself(issuer, person, region="420381")) in (403, 404)
    assert await status(herself(issuer, "x", scope="migrant:write", region="420381")) in (403, 404)
    assert await status(herself(issuer, "x", scope="migrant:read")) == 403
    assert await status(herself(issuer, person, scope="migrant:employ")) == 403
    stranger = new_id()
    assert await status(herself(issuer, stranger), stranger) == 404
    assert await status(herself(issuer, person)) == 200
    assert await status(OWN) == 200
    del client.headers["Purpose"]
    assert await status({}) == 400


async def test_an_export_is_for_subject_access_only(client: httpx.AsyncClient) -> None:
    person = await arrive(client)
    answer = await client.get(path(person, "export"))
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (403, "wrong-purpose")


async def test_a_merged_login_is_hers_still(
    client: httpx.AsyncClient, issuer: Issuer, app: FastAPI
) -> None:
    merged, kept = await live(client, issuer, app), new_id()
    await kinds(client, merged, herself(issuer, merged))
    record = (await rows(app, "SELECT id FROM service_records"))[0]["id"]
    message = event_message(PersonsMerged(kept_id=kept, merged_id=UUID(merged)))
    for _ in range(2):
        assert await parts_of(app).loop.deliver(message)
    for whose, login in ((kept, merged), (merged, kept), (merged, merged)):
        own = herself(issuer, login)
        answer = await client.get(path(whose, "export"), headers=own)
        assert answer.status_code == 200, answer.text
        assert (answer.json()["person_id"], answer.json()["other_ids"]) == (str(kept), [merged])
        assert len(answer.json()["erasures"]) == 1
        assert (await client.get(f"{RECORDS}/{record}", headers=own)).status_code == 200
        assert (await client.get(f"/migrant/v1/people/{whose}", headers=own)).status_code == 200


def test_the_rule_table_is_whole() -> None:
    """Each kind has a statement; what a duty holds is only counted."""
    assert {each.kind for each in KEEPING} == set(STATEMENTS)
    assert len(KEEPING) == len(STATEMENTS)
    for each in KEEPING:
        statement = STATEMENTS[each.kind][0]
        assert statement.startswith("SELECT" if each.duty else ("DELETE", "UPDATE")), each.kind


@pytest.mark.parametrize(
    ("day", "oldest"),
    [
        (date(2026, 11, 21), date(2023, 11, 21)),
        (date(2028, 2, 29), date(2025, 2, 28)),
    ],
)
def test_how_long_records_of_work_are_kept(day: date, oldest: date) -> None:
    assert oldest_kept(day) == oldest
    assert oldest_kept(day) < day - timedelta(days=1094)


async def test_the_service_may_delete_only_what_the_rules_erase(cluster: Cluster) -> None:
    connection = await asyncpg.connect(await cluster.database("migrant"))
    try:
        deletable = await connection.fetch(
            "SELECT relname FROM pg_class WHERE relkind = 'r'"
            " AND relnamespace = 'public'::regnamespace AND has_table_privilege(oid, 'DELETE')"
        )
    finally:
        await connection.close()
    erased = {statement.split()[2] for statement, _ in STATEMENTS.values() if statement[0] == "D"}
    by_ids = {"outbox", "inbox", "idempotency_keys", "merged_people", "merged_rows"}
    by_ids |= {"used_proofs"}  # hashes an hour old at most
    by_ids |= {"held_claim_words"}  # what waits for its claim, or for a payment's end
    by_ids |= {"known_regions"}  # the map, not persons
    by_ids |= {"filing_parts"}  # an uploaded file, once its lines are filed
    by_ids |= {"recorded_deaths"}  # what the registry took back
    by_ids |= {"form_counts"}  # how many forms came today, by marks that tomorrow does not have
    by_ids |= {"account_codes", "account_tries"}  # a quarter of an hour old at most
    assert {row["relname"] for row in deletable} - by_ids == erased
