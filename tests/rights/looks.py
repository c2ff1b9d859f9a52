"""Every GET operation of every service, sorted: which show an identifiable person, and which
show nobody. A new operation belongs to one of the two, or the walk in test_her_own_rights fails.
"""

from typing import Any
from uuid import UUID

import httpx
from fastapi import FastAPI

from services.registry.tasks.handlers import open_task
from services.registry.tasks.models import TaskKind
from services.registry.tasks.schemas import OpenTask
from shared.clock import today
from shared.ids import new_id
from tests.conftest import parts_of
from tests.registry.places import HOME, number
from tests.registry.vital_samples import (
    FATHER,
    HOSPITAL,
    MOTHER,
    Desk,
    make_birth,
    make_death,
    make_marriage,
)

_COMMON = {
    "/healthz": "operations",
    "/readyz": "operations",
    "/metrics": "counts",
    "/datatracker/v2/heartbeat": "operations",
    "/datatracker/v2/usagePeriod": "one date for everybody",
    "/datatracker/v2/findUsage": "the looks themselves; only herself or an auditor",
}

# Operation → why no usage entry is due.
SHOWS_NOBODY: dict[str, dict[str, str]] = {
    "registry": {
        "/v1/regions": "places",
        "/v1/regions/{code}": "places",
        "/v1/dwellings": "places",
        "/v1/dwellings/{dwelling_id}": "places",
        "/v1/population-bridge": "counts",
        "/v1/changes": "ids and versions for a client that then reads the person",
        "/v1/imports/{import_id}": "counts of a file",
        "/v1/imports/{import_id}/rejects": "line numbers and codes; the file leaves an entry",
    },
    "migrant": {
        "/v1/consent-purposes": "catalogue",
        "/v1/entitlements": "catalogue",
        "/v1/issuer-keys": "public keys",
        "/v1/status-lists/{list_id}": "published bits",
        "/v1/trusted-issuers": "other counties",
        "/v1/employments/{employment_id}": "a receipt of the filer's own filing",
    },
    "exchange": {
        "/.well-known/jwks.json": "public keys",
        "/.well-known/participant.json": "a county",
        "/v1/calendar-days": "days",
        "/v1/evidence/consistency": "hashes",
        "/v1/evidence/export": "hashes",
        "/v1/evidence/head": "hashes",
        "/v1/evidence/proofs/{leaf}": "hashes",
        "/v1/inquiries": "numbers, deadlines and states",
        "/v1/inquiry-kinds": "catalogue",
        "/v1/notices": "kinds, places and states",
        "/v1/participants": "counties",
        "/v1/participants/{node_id}": "a county",
        "/v1/traffic": "counts",
    },
    "assessment": {
        f"/v1/{path}": "offices and areas"
        for path in (
            "appeals",
            "appeals/{appeal_id}",
            "fact-kinds",
            "indicators",
            "indicators/{code}",
            "indicators/{code}/value",
            "schemes",
            "schemes/{code}",
            "scorecards",
            "scorecards/{scorecard_id}",
            "scorecards/{scorecard_id}/evidence",
            "vetoes",
        )
    },
    "notify": {
        "/v1/templates": "catalogue",
        "/v1/campaigns/{campaign_id}": "counts",
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
    mother = await desk.person(MOTHER, residence=lives)
    id = mother["id"]
    await desk.person(FATHER)
    await desk.person({"name": MOTHER["name"], "id_number": number("19900101", 114)})
    await desk.done("duplicate-searches", {})
    household = await desk.done("households", {"region": HOME, "head": id})
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
    erasure = await desk.done("erasure-requests", {"person_id": id})
    await _open_tasks(desk.app, UUID(id))
    looks = {
        "persons/{person_id}": f"persons/{id}",
        "persons/{person_id}/history": f"persons/{id}/history",
        "persons/{person_id}/export": f"persons/{id}/export",
        "households/{household_id}": f"households/{household['id']}",
        "rooms/{room_id}/residents": f"rooms/{room}/residents",
        "duplicates": "duplicates",
        "household-updates": "household-updates",
        "mismatches": "mismatches",
        "correction-requests": "correction-requests",
        "correction-requests/{request_id}": f"correction-requests/{asked['id']}",
        "erasure-requests/{request_id}": f"erasure-requests/{erasure['id']}",
    }
    for reports, report_id in made.items():
        looks |= {reports: reports, reports + "/{report_id}": f"{reports}/{report_id}"}
    prefix = "/registry/v1/"
    return {prefix + path: prefix + address for path, address in looks.items()}, UUID(id)


async def _open_tasks(app: FastAPI, person_id: UUID) -> None:
    parts = parts_of(app)
    async with parts.database.transaction(parts.actor) as tx:
        for kind in (TaskKind.HOUSEHOLD_CHANGED, TaskKind.DECEASED_PERSON):
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
        "consents": f"consents?person_id={person}",
        "people/{person_id}": f"people/{person}",
        "people/{person_id}/export": f"people/{person}/export",
    }
    for path, place, part in (
        ("arrivals/{arrival_id}", "arrivals", "arrivals"),
        ("certificates/{certificate_id}", "certificates", "certificates"),
        ("service-records/{record_id}", "service-records", "service_records"),
        ("appointments/{appointment_id}", "appointments", "appointments"),
        ("help-requests/{request_id}", "help-requests", "help_requests"),
    ):
        looks[path] = f"{place}/{own[part][0]['id']}"
    return {f"/migrant/v1/{path}": f"/migrant/v1/{address}" for path, address in looks.items()}
