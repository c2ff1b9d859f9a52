"""Her login opens her records in every service, whatever order the news comes in, and the other's
no longer when a merge is taken back. Every event comes twice."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from shared.actors import Actor
from shared.contracts import SERVICES
from shared.db import Tx
from shared.events.base import Event
from shared.events.migrant import AccountLinked, AccountUnlinked
from shared.events.registry import PersonsMerged, PersonsSeparated
from shared.ids import new_id
from shared.subjects import herself, is_own, login_id, merge_subject
from shared.testing import Issuer, client_of, make_actor
from tests.conftest import ServiceFactory, TxFactory
from tests.migrant.logins import LINKS, OWN, SUB, link, login
from tests.migrant.samples import fresh_id_number
from tests.migrant.test_accounts_routes import sql
from tests.migrant.test_consumer import arrive, deliver_twice
from tests.registry.conftest import fresh_regions as fresh_regions
from tests.registry.places import HOME
from tests.registry.test_births_reporters import her_report
from tests.registry.vital_samples import FATHER, MOTHER, Desk, open_desk

ELSEWHERE = ("registry", "exchange", "notify")


@pytest.mark.parametrize("service", ELSEWHERE)
async def test_a_linked_login_opens_her_records_in_every_service(
    start_service: ServiceFactory, issuer: Issuer, service: str
) -> None:
    person, other, login_of = new_id(), new_id(), login_id(SUB)
    path = f"/{service}/datatracker/v2/findUsage"
    headers = {"X-Road-UserId": "x", "Purpose": "subject-access"}
    token = issuer.token(scope="self", sub=SUB)
    async with start_service(service) as app, client_of(app, token, headers) as her:

        async def status(whose: UUID) -> int:
            return (await her.get(path, params={"userCode": str(whose)})).status_code

        assert await status(person) == 403
        await deliver_twice(app, AccountLinked(login_id=login_of, person_id=person))
        assert (await status(person), await status(other)) == (200, 403)
        await deliver_twice(app, AccountUnlinked(login_id=login_of, person_id=person))
        assert await status(person) == 403


def test_no_service_with_her_records_is_left_out() -> None:
    assert {"migrant", "assessment", *ELSEWHERE} == set(SERVICES)  # assessment knows nobody


def her_actor(sub: str = SUB) -> Actor:
    return make_actor(sub=sub, scopes=frozenset({"self"}))


async def linked(tx: Tx, person: UUID) -> None:
    await merge_subject(person, login_id(SUB), tx)


@pytest.mark.parametrize("order", [("link", "merge"), ("merge", "link")])
async def test_news_of_a_link_and_of_a_merge_in_either_order(
    open_tx: TxFactory, order: Sequence[str]
) -> None:
    person, kept = new_id(), new_id()
    async with open_tx("notify", actor=her_actor()) as tx:
        for news in order:
            if news == "link":
                await linked(tx, person)
            else:
                await merge_subject(kept, person, tx)
        assert await herself(tx) == kept
        assert await is_own(person, tx)
        assert await is_own(kept, tx)
        assert not await is_own(new_id(), tx)
        assert not await is_own(None, tx)


async def test_a_subject_that_is_nobodys_opens_nothing(open_tx: TxFactory) -> None:
    person = new_id()
    async with open_tx("notify", actor=her_actor("110101199003070134")) as tx:
        await linked(tx, person)  # somebody else's
        assert await herself(tx) is None
        assert not await is_own(person, tx)
    async with open_tx("notify", actor=make_actor(sub=str(person))) as tx:
        assert await herself(tx) is None  # an office's token is never a person's


async def test_a_login_that_opens_two_records_in_turn(open_tx: TxFactory) -> None:
    """A provider's subject may look like an id; the link decides."""
    sub, person = str(new_id()), new_id()
    async with open_tx("notify", actor=her_actor(sub)) as tx:
        assert await herself(tx) == UUID(sub)
        await merge_subject(person, login_id(sub), tx)
        assert await herself(tx) == person


async def told(app: FastAPI) -> list[dict[str, Any]]:
    rows = await sql(
        app,
        "SELECT payload::jsonb ->> 'type' AS type, payload::jsonb -> 'data' AS data FROM outbox"
        " WHERE payload LIKE '%account-%' ORDER BY id",
    )
    return [{"type": row["type"].split(".")[2], **row["data"]} for row in rows]


async def test_a_merge_taken_back_gives_each_login_its_own_again(
    client: httpx.AsyncClient, app: FastAPI, issuer: Issuer
) -> None:
    number = fresh_id_number()
    one = UUID((await arrive(client, arrived_on="2026-01-05"))["person_id"])
    two = UUID((await arrive(client, name="赵六", id_number=number))["person_id"])
    await link(client, issuer)
    await link(client, issuer, "phone-2", name="赵六", id_number=number)
    ended = await link(client, issuer, "phone-3", name="赵六", id_number=number)
    await client.post(f"{LINKS}/{ended['id']}/ending")

    async def opens(sub: str, whose: UUID) -> bool:
        path = f"/migrant/v1/people/{whose}"
        return (await client.get(path, headers=login(issuer, sub))).status_code == 200

    await deliver_twice(app, PersonsMerged(kept_id=one, merged_id=two))
    assert await opens("phone-2", one)
    before = len(await told(app))
    await deliver_twice(app, PersonsSeparated(kept_id=one, merged_id=two))
    assert (await opens(SUB, one), await opens(SUB, two)) == (True, False)
    assert (await opens("phone-2", one), await opens("phone-2", two)) == (False, True)
    assert not await opens("phone-3", two)
    assert (await told(app))[before:] == [
        {
            "type": "account-linked",
            "login_id": str(login_id("phone-2")),
            "person_id": str(two),
        }
    ]
    listed = await client.get(LINKS, params={"person_id": str(two)})
    assert len(listed.json()) == 2


@pytest.mark.parametrize("told_first", [True, False])
@pytest.mark.parametrize("service", ["exchange", "notify"])
async def test_elsewhere_too_whichever_news_comes_first(
    start_service: ServiceFactory, issuer: Issuer, service: str, told_first: bool
) -> None:
    one, two = new_id(), new_id()
    linked = AccountLinked(login_id=login_id(SUB), person_id=two)
    news: list[Event] = [linked, PersonsSeparated(kept_id=one, merged_id=two)]
    path = f"/{service}/datatracker/v2/findUsage"
    token = issuer.token(scope="self", sub=SUB)
    async with (
        start_service(service) as app,
        client_of(app, token, OWN | {"X-Road-UserId": "x"}) as her,
    ):
        await deliver_twice(app, linked)
        await deliver_twice(app, PersonsMerged(kept_id=one, merged_id=two))
        assert (await her.get(path, params={"userCode": str(one)})).status_code == 200
        for each in news if told_first else reversed(news):
            await deliver_twice(app, each)
        assert (await her.get(path, params={"userCode": str(one)})).status_code == 403
        assert (await her.get(path, params={"userCode": str(two)})).status_code == 200


async def test_in_the_registry_it_opens_her_record_her_reports_and_her_leases(
    start_service: ServiceFactory, issuer: Issuer
) -> None:
    async with open_desk(start_service, issuer) as desk:
        mother = (await desk.person(MOTHER))["id"]
        other = (await desk.person(FATHER))["id"]
        her = desk.herself(SUB) | OWN
        assert (await desk.get(f"persons/{mother}/export", **her)).status_code == 404
        await deliver_twice(desk.app, AccountLinked(login_id=login_id(SUB), person_id=UUID(mother)))
        assert (await desk.get(f"persons/{mother}/export", **her)).json()["person"][
            "name"
        ] == MOTHER["name"]
        assert (await desk.get(f"persons/{other}/export", **her)).status_code == 404
        report = await desk.done("birth-reports", her_report({"id": mother}), **her)
        assert report["reporter_kind"] == "person"
        asked = {
            "person_id": mother,
            "field": "name",
            "should_be": "王芬",
            "reason": "户口簿上写错了",
        }
        request = await desk.done("correction-requests", asked, **her)
        listed = (await desk.get("correction-requests", **her)).json()["items"]
        assert [each["id"] for each in listed] == [request["id"]]
        for landlord, status in ((mother, 201), (other, 403)):
            body = await lease_of(desk, landlord, status)
            letting = desk.herself(SUB, scope="self registry:lease") | OWN
            answer = await desk.post("leases", body, **letting)
            assert answer.status_code == status, answer.text


async def lease_of(desk: Desk, landlord: str, number: int) -> dict[str, Any]:
    home = {"region": HOME, "building": str(number), "use": "rental", "rooms": [{"number": "1"}]}
    room = (await desk.done("dwellings", home))["rooms"][0]["id"]
    return {
        "reference": f"L-{number}",
        "room_id": room,
        "landlord": {"person_id": landlord},
        "since": "2020-01-01",
    }
