"""A certificate that expires soon: said once, where its holder agreed; and seen by herself."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
from fastapi import FastAPI

from services.migrant.certificates.request_rules import REMIND_DAYS
from services.migrant.certificates.sweeping import sweep
from shared.clock import today
from shared.testing import Issuer
from tests.conftest import parts_of
from tests.migrant.certificate_requests import rows, said
from tests.migrant.logins import link, login
from tests.migrant.test_certificates_routes import issue
from tests.migrant.test_consents_routes import CONSENTS, give
from tests.migrant.test_employments_routes import arrive

LAST = today() + timedelta(days=REMIND_DAYS)


async def sweep_twice(app: FastAPI) -> list[dict[str, Any]]:
    """What was said by then."""
    parts = parts_of(app)
    for _ in range(2):
        async with parts.database.transaction(parts.actor) as tx:
            await sweep(tx)
    return list(await said(app, "certificate-expiring"))


async def holds(client: httpx.AsyncClient, app: FastAPI, person: str, days: int) -> str:
    """A certificate that holds for so many days more."""
    issued = str((await issue(client, person_id=person))["certificate_id"])
    await rows(
        app,
        "UPDATE certificates SET valid_until = $2 WHERE id = $1 RETURNING id",
        UUID(issued),
        today() + timedelta(days=days),
    )
    return issued


async def test_it_is_said_once_where_she_agreed(client: httpx.AsyncClient, app: FastAPI) -> None:
    person = await arrive(client)
    held = await holds(client, app, person, REMIND_DAYS)
    assert await sweep_twice(app) == []  # she agreed to nothing
    await give(client, UUID(person))
    (event,) = await sweep_twice(app)
    assert event == {
        "certificate_id": held,
        "person_id": person,
        "region": event["region"],
        "valid_until": str(LAST),
    }


async def test_nothing_is_said_too_early_of_an_old_one_or_after_a_withdrawal(
    client: httpx.AsyncClient, app: FastAPI
) -> None:
    person = await arrive(client)
    consent = await give(client, UUID(person))
    later = await holds(client, app, person, REMIND_DAYS + 1)
    assert await sweep_twice(app) == []
    await holds(client, app, person, 5)  # she has one that holds longer
    assert await sweep_twice(app) == []
    gone = f"/migrant/v1/certificates/{later}/revocation"
    answer = await client.post(gone, json={"reason": "lost"})
    assert answer.status_code == 200, answer.text
    taken_back = await client.post(f"{CONSENTS}/{consent['id']}/withdrawal")
    assert taken_back.status_code == 200
    assert await sweep_twice(app) == []
    await give(client, UUID(person), at_her_request=True)
    assert [each["valid_until"] for each in await sweep_twice(app)] == [
        str(today() + timedelta(days=5))
    ]


async def test_she_sees_it_whether_or_not_she_agreed_to_texts(
    client: httpx.AsyncClient, app: FastAPI, issuer: Issuer
) -> None:
    person = await arrive(client)
    await link(client, issuer)

    async def waiting() -> list[tuple[str, str]]:
        me = (await client.get("/migrant/v1/me", headers=login(issuer))).json()
        return [
            (each["id"], each["day"])
            for each in me["waiting"]
            if each["kind"] == "certificate-expiring"
        ]

    early = await holds(client, app, person, REMIND_DAYS + 1)
    assert await waiting() == []
    await rows(
        app,
        "UPDATE certificates SET valid_until = $2 WHERE id = $1 RETURNING id",
        UUID(early),
        LAST,
    )
    assert await waiting() == [(early, str(LAST))]
    await holds(client, app, person, 300)
    assert await waiting() == []
