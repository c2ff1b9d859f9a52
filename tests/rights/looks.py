"""Every GET operation of every service, sorted: which show an identifiable person, and which
show nobody. A new operation belongs to one of the two, or the walk in test_her_own_rights fails.
"""

import asyncio
from datetime import datetime
from typing import Any
from uuid import UUID

import httpx
from fastapi import FastAPI

from services.registry.tasks.handlers import open_task
from services.registry.tasks.models import TaskKind
from services.registry.tasks.schemas import OpenTask
from shared.clock import CHINA, today
from shared.ids import new_id
from tests.conftest import parts_of
from tests.registry.duplicate_samples import checked
from tests.registry.places import HOME, NEXT, number
from tests.registry.vital_samples import (
    FATHER,
    HOSPITAL,
    MOTHER,
    Desk,
    make_birth,
    make_death,
    make_marriage,
    make_registration,
)

_COMMON = {
    "/healthz": "operations",
    "/readyz": "operations",
    "/metrics": "counts",
    "/datatracker/v2/heartbeat": "operations",
    "/datatracker/v2/usagePeriod": "one date for everybody",
    "/datatracker/v2/findUsage": "the looks themselves; only herself or an auditor",
}

# Not a resident: tests/registry/test_grid_staffing.py looks for the entry.
_STAFF = "liaison staff; the entry is under the member of staff's own id"

# Operation → why no usage entry is due.
SHOWS_NOBODY: dict[str, dict[str, str]] = {
    "registry": {
        "/v1/regions": "places",
        "/v1/regions/{code}": "places",
        "/v1/regions/{code}/history": "places",
        "/v1/region-changes": "places",
        "/v1/region-changes/{change_id}": "places",
        "/v1/blind-zones": "places",
        "/v1/blind-zones/{zone_id}": "places",
        "/v1/responsible-office": "offices",
        "/v1/dwellings": "places",
        "/v1/dwellings/{dwelling_id}": "places",
        "/v1/dwellings/{dwelling_id}/plate.svg": "places",
        "/v1/dwellings/{dwelling_id}/plate.pdf": "places",
        "/v1/rooms/{room_id}/plate.svg": "places",
        "/v1/rooms/{room_id}/plate.pdf": "places",
        "/v1/estates": "places, and whom their residents turn to",
        "/v1/estates/{estate_id}": "a place, and whom its residents turn to",
        "/v1/rental-register": "counts",
        "/v1/service-coverage": "counts",
        "/v1/landlord-information-sheet": "text",
        "/v1/service-limits": "times, ages, loads and staffing",
        "/v1/liaison-duties": "catalogue",
        "/v1/work-units": "units",
        "/v1/work-units/{work_unit_id}": "a unit",
        "/v1/work-units/{work_unit_id}/sizes": "counts",
        "/v1/work-units/{work_unit_id}/staff": _STAFF,
        "/v1/grid-posts": "posts and counts",
        "/v1/grid-posts/{post_id}": "a post, ids of households and buildings",
        "/v1/grid-posts/{post_id}/staff": _STAFF,
        "/v1/handovers/{handover_id}": "ids and days",
        "/v1/grid-coverage": "counts",
        "/v1/grid-gaps": "ids of households and buildings",
        "/v1/grid-map": "buildings, posts and counts",
        "/v1/grid-chart": "posts and counts",
        "/v1/agreement-templates": "catalogue",
        "/v1/agreements": "ids of units, posts and leases",
        "/v1/agreements/{agreement_id}": "ids of units, posts and leases",
        "/v1/agreements/{agreement_id}/print": "a unit, a post or a home; nobody's name",
        "/v1/population-bridge": "counts",
        "/v1/population-bridges": "counts",
        "/v1/population-pyramid": "counts",
        "/v1/migrant-origins": "counts",
        "/v1/households-per-liaison": "counts",
        "/v1/birth-counts": "counts",
        "/v1/separation-duties": "catalogue",
        "/v1/changes": "ids and versions for a client that then reads the person",
        "/v1/vital-report-counts": "counts of an office's own work",
        "/v1/vital-timeliness": "counts by office, none under ten",
        "/v1/duplicate-searches": "counts of a search",
        "/v1/duplicate-searches/{search_id}": "counts of a search",
        "/v1/duplicates/thresholds": "weights and counts of decisions",
        "/v1/imports/{import_id}": "counts of a file",
        "/v1/exports/{export_id}": "counts of a file",
        "/v1/exports/{export_id}/file": "each person left an entry when it was drawn up",
        "/v1/feed-profiles": "names of columns",
        "/v1/feeds": "counts of files",
        "/v1/feeds/{feed_id}": "counts of a file",
        "/v1/feed-comparisons": "counts",
        "/v1/filings": "counts of the filer's own files",
        "/v1/filings/{filing_id}": "counts of a file",
        "/v1/filings/{filing_id}/lines": "line numbers, ids and codes of the filer's own file",
        "/v1/filings/{filing_id}/rejects": "the filer's own lines back; the file leaves an entry",
        "/v1/filing-templates/{kind}": "an empty sheet",
        "/v1/imports/{import_id}/rejects": "line numbers and codes; the file leaves an entry",
    },
    "migrant": {
        "/v1/consent-purposes": "catalogue",
        "/v1/supply-items": "catalogue",
        "/v1/places": "places",
        "/v1/service-limits": "hours, and how many of a thing",
        "/v1/places/{place_id}": "a place, its hours, what is done there",
        "/v1/places/{place_id}/supply-movements": "a ledger of things",
        "/v1/supply-stock": "things",
        "/v1/supply-figures": "things",
        "/v1/claim-rules": "catalogue",
        "/v1/claim-payment-lists": "sums and states",
        "/v1/claim-payment-lists/{payment_list_id}": "a sum and its state",
        "/v1/claim-payment-lists/{payment_list_id}/bank-files": "hashes and sums",
        "/v1/claim-routes": "catalogue",
        "/v1/bank-profiles": "catalogue",
        "/v1/claim-balances": "sums by county",
        "/v1/benefit-programmes": "catalogue",
        "/v1/benefit-lists": "sums and states",
        "/v1/benefit-lists/{list_id}": "sums and states",
        "/v1/benefit-lists/{list_id}/trail": "what offices did, with ids of lines",
        "/v1/benefit-figures": "counts in tens, none under ten",
        "/v1/places/{place_id}/slots": "times, and how many are left",
        "/v1/entitlements": "catalogue",
        "/v1/entitlements/link": "catalogue",
        "/v1/entitlements/sheet": "catalogue",
        "/v1/catalogue/{code}": "catalogue",
        "/v1/catalogue-versions": "catalogue",
        "/v1/referral-routes/{entitlement}": "a place and words",
        "/v1/equal-service": "counts, none under ten",
        "/v1/budget-parity": "an area's money",
        "/v1/population-counts": "counts of whole areas",
        "/v1/service-budgets": "an area's money",
        "/v1/checking-kit": "public keys and published bits",
        "/v1/issuer-keys": "public keys",
        "/v1/migrant-counts": "counts, none under ten",
        "/v1/status-lists/{list_id}": "published bits",
        "/v1/trusted-issuers": "other counties",
        "/v1/employments": "receipts of the filer's own filings",
        "/v1/employments/{employment_id}": "a receipt of the filer's own filing",
        "/v1/filings": "counts of the filer's own files",
        "/v1/filings/{filing_id}": "counts of a file",
        "/v1/filings/{filing_id}/lines": "line numbers, ids and codes of the filer's own file",
        "/v1/filings/{filing_id}/rejects": "the filer's own lines back; the file leaves an entry",
        "/v1/filing-templates/{kind}": "an empty sheet",
        "/v1/help-requests": "numbers, deadlines and states",
        "/v1/help-routes": "offices",
        "/v1/help-figures": "counts, none under ten",
        "/v1/help-figures.svg": "counts, none under ten",
        "/v1/help-duty-log": "counts of offices' own work, none under ten",
        "/v1/openness": "text",
        "/v1/me/looks": "the looks themselves; only herself",
        "/v1/self-registration": "an empty form",
        "/v1/self-registration-code.svg": "a place",
        "/v1/self-registration-poster.pdf": "a place",
        "/v1/conveners": "volunteers who agreed to be found there; each leaves an entry",
        "/v1/conveners/{convener_id}/help-requests": "deadlines and states, to the convener alone",
        "/v1/charters": "public documents of places",
        "/v1/charters/{charter_id}/versions": "a public document of a place",
        "/v1/commitments": "promises of offices",
        "/v1/association-branches": "branches and counts, none under ten",
    },
    "exchange": {
        "/.well-known/jwks.json": "public keys",
        "/.well-known/participant.json": "a county",
        "/.well-known/participants": "counties",
        "/v1/calendar-days": "days",
        "/v1/calendar-years": "years",
        "/v1/desk-members": "offices' own staff, by the subject of their tokens",
        "/v1/filings": "counts of the filer's own files",
        "/v1/filings/{filing_id}": "counts of a file",
        "/v1/filings/{filing_id}/lines": "line numbers, ids and codes of the filer's own file",
        "/v1/filings/{filing_id}/rejects": "the filer's own lines back; the file leaves an entry",
        "/v1/filing-templates/{kind}": "an empty sheet",
        "/v1/handovers": "places and stages",
        "/v1/inquiry-cases": "numbers and counts of parts",
        "/v1/inquiry-counts": "counts of a desk's own work",
        "/v1/inquiry-templates": "catalogue",
        "/v1/evidence/consistency": "hashes",
        "/v1/evidence/export": "hashes",
        "/v1/evidence/head": "hashes",
        "/v1/evidence/proofs/{leaf}": "hashes",
        "/v1/inquiries": "numbers, deadlines and states",
        "/v1/inquiry-kinds": "catalogue",
        "/v1/keys": "public keys",
        "/v1/notices": "kinds, places and states",
        "/v1/reconciliations": "counts of messages",
        "/v1/reconciliations/{reconciliation_id}": "counts of messages",
        "/v1/reconciliations/{reconciliation_id}/lines": "ids, hashes and states of messages",
        "/v1/agreements": "places and what they agreed on",
        "/v1/agreements/{agreement_id}": "places and what they agreed on",
        "/v1/monthly-figures": "aggregates, nothing under ten",
        "/v1/participants": "counties",
        "/v1/participants/{node_id}": "a county",
        "/v1/traffic": "counts",
        "/v1/queue": "counts by peer",
        "/v1/queue/messages": "ids, kinds and states of messages",
        "/v1/refusals": "ids that strangers claimed, and codes",
        "/v1/refusals/{refusal_id}/proof": "hashes",
        "/v1/attachment-types": "catalogue",
        "/dci/registry/attachments/{attachment_id}": (
            "to the peer that was told of it, by its signature; leaves an entry"
        ),
        "/datatracker/joined/v2/heartbeat": "operations",
        "/datatracker/joined/v2/usagePeriod": "one date for everybody",
        "/datatracker/joined/v2/findUsage": ("the looks themselves; only herself or an auditor"),
        "/v1/partners": "foreign systems",
        "/v1/partners/{sender_id}": "a foreign system",
        "/v1/partners/{sender_id}/transactions": "ids, kinds and states of requests",
    },
    "assessment": {
        f"/v1/{path}": "offices and areas"
        for path in (
            "annual-targets",
            "annual-targets/{code}/{year}",
            "annual-targets/{code}/{year}/progress",
            "appeals",
            "appeals/{appeal_id}",
            "fact-kinds",
            "indicators",
            "indicators/{code}",
            "indicators/{code}/explanation",
            "indicators/{code}/lines",
            "indicators/{code}/value",
            "improvement-plans",
            "monthly-reviews",
            "monthly-reviews/{review_id}",
            "weekly-feedback",
            "weekly-feedback/{feedback_id}",
            "improvement-plans/{plan_id}",
            "open-data/{table}",
            "schemes",
            "schemes/{code}",
            "scorecards",
            "scorecards/{scorecard_id}",
            "scorecards/{scorecard_id}/card",
            "scorecards/{scorecard_id}/evidence",
            "scorecard-comparisons",
            "scorecard-runs",
            "scorecard-runs/{run_id}",
            "scorecard-trends",
            "settled-inquiries",
            "sign-searches",
            "signs",
            "signs/{sign_id}",
            "spot-checks",
            "spot-checks/{check_id}",
            "spot-checks/{check_id}/list",
            "vetoes",
            "what-ifs",
            "what-ifs/{what_if_id}",
            "what-ifs/{what_if_id}/lines",
        )
    },
    "notify": {
        "/v1/templates": "catalogue",
        "/v1/templates/{template_id}": "catalogue",
        "/v1/digest-recipients": "officials who asked, by masked number",
        "/v1/campaigns": "plans and counts, none under ten",
        "/v1/campaigns/{campaign_id}": "counts",
        "/v1/campaigns/{campaign_id}/preview": "counts, none under ten, and text",
        "/v1/campaigns/{campaign_id}/progress.svg": "counts, none under ten",
        "/v1/campaigns/{campaign_id}/history": "what offices did",
        "/v1/news-items": "public news",
        "/v1/publicity-days": "days",
        "/v1/greeting-rule": "days and hours",
        "/v1/delivery": "counts of texts by provider",
        "/v1/delivery/page": "counts of texts by provider",
        "/v1/alerts": "providers, lanes and campaigns",
        "/v1/unmatched-receipts": "counts of receipts by provider",
        "/v1/callbacks/{provider}/receipts": "takes a provider's word, and thanks it",
        "/v1/callbacks/{provider}/inbound": "likewise",
    },
}


def shows_nobody(service: str) -> set[str]:
    return {f"/{service}{path}" for path in SHOWS_NOBODY[service] | _COMMON}


async def registry_looks(desk: Desk) -> tuple[dict[str, str], UUID]:
    """Operation → an address that shows the mother; and her id. Of everything there is one."""
    dwelling = await desk.done(
        "dwellings",
        {"region": HOME, "building": "12", "use": "rental", "rooms": [{"number": "201"}]},
    )
    room = dwelling["rooms"][0]["id"]
    lives = {"region": HOME, "kind": "usual", "since": "2015-01-01", "room_id": room}
    mother = await desk.person(MOTHER, residence=lives, hukou_region=NEXT)
    id = mother["id"]
    await desk.person(FATHER)
    await desk.person({"name": MOTHER["name"], "id_number": number("19900101", 114)})
    await checked(desk.app)
    household = await desk.done("households", {"region": HOME, "head": id})
    lease = await desk.done(
        "leases",
        {"reference": "L-1", "room_id": room, "landlord": {"person_id": id}, "since": "2020-01-01"},
    )
    liaison = await _liaison_looks(desk, id, household["id"])
    hospital = desk.as_actor(**HOSPITAL)
    made = {
        f"{kind}-reports": (await desk.done(f"{kind}-reports", body, **hospital))["id"]
        for kind, body in (
            ("birth", make_birth()),
            ("death", make_death()),
            ("marriage", make_marriage()),
        )
    }
    asked = await desk.done(
        "correction-requests",
        {"person_id": id, "field": "name", "should_be": "王芬", "reason": "户口簿上是芬"},
    )
    appeal = await appealed(desk, id)
    erasure = await desk.done("erasure-requests", {"person_id": id})
    await _open_tasks(desk.app, UUID(id))
    looks = {
        "persons/{person_id}": f"persons/{id}",
        "persons/{person_id}/history": f"persons/{id}/history",
        "persons/{person_id}/export": f"persons/{id}/export",
        "persons/{person_id}/export.pdf": f"persons/{id}/export.pdf",
        "households/{household_id}": f"households/{household['id']}",
        "households/{household_id}/moves": f"households/{household['id']}/moves",
        "rooms/{room_id}/residents": f"rooms/{room}/residents",
        "dwellings/{dwelling_id}/residents": f"dwellings/{dwelling['id']}/residents",
        "dwellings/{dwelling_id}/plan.svg": f"dwellings/{dwelling['id']}/plan.svg",
        "dwellings/{dwelling_id}/plan.pdf": f"dwellings/{dwelling['id']}/plan.pdf",
        "persons/{person_id}/cards/{kind}": f"persons/{id}/cards/resident",
        "leases": "leases",
        "leases/{lease_id}": f"leases/{lease['id']}",
        "duplicates": "duplicates",
        "household-updates": "household-updates",
        "mismatches": "mismatches",
        "region-tasks": "region-tasks",
        "correction-requests": "correction-requests",
        "correction-requests/{request_id}": f"correction-requests/{asked['id']}",
        "correction-appeals": "correction-appeals",
        "correction-appeals/{appeal_id}": f"correction-appeals/{appeal['id']}",
        "separated-persons": "separated-persons",
        "erasure-requests/{request_id}": f"erasure-requests/{erasure['id']}",
    } | await _feed_looks(desk)
    looks |= liaison
    looks |= {
        f"persons/{{person_id}}/{part}": f"persons/{id}/{part}"
        for part in ("vital-events", "marital-status")
    }
    await _register(desk, made)
    for reports, report_id in made.items():
        looks |= {reports: reports, reports + "/{report_id}": f"{reports}/{report_id}"}
        looks |= {
            f"{reports}/{{report_id}}/{part}": f"{reports}/{report_id}/{part}"
            for part in ("registration", "versions", "candidates")
        }
    prefix = "/registry/v1/"
    return {prefix + path: prefix + address for path, address in looks.items()}, UUID(id)


async def _liaison_looks(desk: Desk, person_id: str, household_id: str) -> dict[str, str]:
    """A unit where she works, and a post that serves her household."""
    code = "91350100M000100Y43"
    unit = await desk.done(
        "work-units", {"credit_code": code, "name": "第一机械厂", "region": HOME, "kind": "market"}
    )
    await desk.done(
        f"persons/{person_id}/workplaces",
        {"region": HOME, "employer_code": code, "since": "2020-01-01"},
    )
    post: dict[str, Any] = {}
    for level in ("community", "coordinator", "liaison"):
        above = {"parent_id": post["id"]} if post else {}
        body = {"level": level, "region": HOME, "number": level, "since": "2020-01-01"}
        post = await desk.done("grid-posts", body | above)
    await desk.done(
        f"grid-posts/{post['id']}/area-changes",
        {"on": "2020-01-01", "add_households": [household_id]},
    )
    return {
        "persons/{person_id}/service-contacts": f"persons/{person_id}/service-contacts",
        "work-units/{work_unit_id}/workers": f"work-units/{unit['id']}/workers",
        "grid-posts/{post_id}/tasks": f"grid-posts/{post['id']}/tasks",
    }


async def _feed_looks(desk: Desk) -> dict[str, str]:
    """A school's line that has her number and another name."""
    content = f"姓名,身份证号,入学日期,学校所在地\n王方,{MOTHER['id_number']},2000-09-01,{HOME}\n"
    answer = await desk.office.post(
        "/registry/v1/feeds",
        data={"profile": "education.enrolments", "month": "2025-09", "dry_run": "false"},
        files={"file": ("feed.csv", content.encode())},
    )
    feed = answer.raise_for_status().json()["id"]
    while (await desk.get(f"feeds/{feed}")).json()["status"] != "applied":
        await asyncio.sleep(0.05)
    conflict = (await desk.get("feed-conflicts")).json()["items"][0]["task_id"]
    return {
        "feeds/{feed_id}/lines": f"feeds/{feed}/lines",
        "feeds/{feed_id}/report": f"feeds/{feed}/report",
        "feed-conflicts": "feed-conflicts",
        "feed-conflicts/{task_id}": f"feed-conflicts/{conflict}",
    }


async def _register(desk: Desk, made: dict[str, str]) -> None:
    """Her marriage, her child's birth, and her death, which was an error."""
    for reports in ("marriage-reports", "birth-reports", "death-reports"):
        body = make_registration() if reports == "birth-reports" else None
        await desk.done(f"{reports}/{made[reports]}/registration", body)
    await desk.done(f"death-reports/{made['death-reports']}/annulment", {"reason": "同名误报"})


async def appealed(desk: Desk, person_id: str) -> dict[str, Any]:
    """A refused correction and the appeal against it."""
    asked = await desk.done(
        "correction-requests",
        {"person_id": person_id, "field": "sex", "should_be": "1", "reason": "户口簿上写错了"},
    )
    refusal = {"granted": False, "reason": "与证件号码不符"}
    await desk.done(f"correction-requests/{asked['id']}/decision", refusal)
    appeal = f"correction-requests/{asked['id']}/appeal"
    return await desk.done(appeal, {"reason": "证件号码也写错了"})


async def _open_tasks(app: FastAPI, person_id: UUID) -> None:
    parts = parts_of(app)
    async with parts.database.transaction(parts.actor) as tx:
        for kind in (
            TaskKind.HOUSEHOLD_CHANGED,
            TaskKind.DECEASED_PERSON,
            TaskKind.UNPLACED_PERSON,
        ):
            task = OpenTask(
                kind=kind,
                source="notice",
                source_id=new_id(),
                region=HOME,
                person_id=person_id,
                happened_on=today(),
            )
            await open_task(task, tx)


async def migrant_looks(client: httpx.AsyncClient, person: str) -> dict[str, str]:
    """Operation → an address that shows `person`, of whom there is one of everything."""
    own: dict[str, Any] = (
        await client.get(
            f"/migrant/v1/people/{person}/export", headers={"Purpose": "subject-access"}
        )
    ).json()
    looks = {
        "arrivals": "arrivals",
        "certificate-requests": f"certificate-requests?person_id={person}",
        "consents": f"consents?person_id={person}",
        "consents/standing": f"consents/standing?person_id={person}&purpose=follow-up",
        "consent-questions": f"consent-questions?person_id={person}",
        "appointments": f"appointments?person_id={person}",
        "appointment-waits": f"appointment-waits?person_id={person}",
        "people/{person_id}/consents.pdf": f"people/{person}/consents.pdf",
        "people/{person_id}/contact-choice": f"people/{person}/contact-choice",
        "service-records": f"service-records?person_id={person}",
        "referrals": f"referrals?person_id={person}&direction=out",
        "people/{person_id}": f"people/{person}",
        "people/{person_id}/export": f"people/{person}/export",
        "people/{person_id}/benefits": f"people/{person}/benefits",
        "claims": "claims",
        "received-claims": "received-claims",
        "claim-papers/{paper_id}": f"claim-papers/{own['claims'][0]['papers'][0]['id']}",
        "people/{person_id}/stays": f"people/{person}/stays",
        "expected-departures": "expected-departures",
        "people/{person_id}/help-requests": f"people/{person}/help-requests",
        "account-links": f"account-links?person_id={person}",
        "self-registrations": "self-registrations",
        "me": "me",
    } | {
        f"me/{part}": f"me/{part}"
        for part in (
            "stays",
            "certificates",
            "certificate-requests",
            "consents",
            "appointments",
            "appointment-waits",
            "help-requests",
            "service-records",
            "referrals",
            "claims",
            "received-claims",
            "employments",
            "logins",
            "self-registration",
            "export",
        )
    }
    for path, place, part in (
        ("arrivals/{arrival_id}", "arrivals", "arrivals"),
        ("certificates/{certificate_id}", "certificates", "certificates"),
        ("claims/{claim_id}", "claims", "claims"),
        ("received-claims/{claim_id}", "received-claims", "received_claims"),
        (
            "certificate-requests/{request_id}",
            "certificate-requests",
            "certificate_requests",
        ),
        ("service-records/{record_id}", "service-records", "service_records"),
        ("referrals/{referral_id}", "referrals", "referrals"),
        ("appointments/{appointment_id}", "appointments", "appointments"),
        ("help-requests/{request_id}", "help-requests", "help_requests"),
        ("conveners/{convener_id}", "conveners", "convening"),
        ("self-registrations/{registration_id}", "self-registrations", "self_registrations"),
    ):
        looks[path] = f"{place}/{own[part][0]['id']}"
    listed = own["received_claims"][0]["list_id"]
    looks["claim-payment-lists/{payment_list_id}/lines"] = f"claim-payment-lists/{listed}/lines"
    drawn, paying = (await client.get("/migrant/v1/benefit-lists")).json()["items"][:2]
    looks |= {
        f"benefit-lists/{{list_id}}/{part}": f"benefit-lists/{each['id']}/{part}"
        for part, each in (("lines", drawn), ("findings", drawn), ("payment-file", paying))
    }
    looks |= {
        f"arrivals/{{arrival_id}}/{part}": f"{looks['arrivals/{arrival_id}']}/{part}"
        for part in ("changes", "welcome-sheet")
    }
    kept = own["appointments"][0]
    day = datetime.fromisoformat(kept["at"]).astimezone(CHINA).date()
    looks["places/{place_id}/appointments"] = f"places/{kept['place_id']}/appointments?day={day}"
    return {f"/migrant/v1/{path}": f"/migrant/v1/{address}" for path, address in looks.items()}
