"""Design §1.5–§1.7: an employer gets receipts and never a person's record; every look is seen;
the person reads her own and nobody else does; what stays is held by a named duty, in writing."""

import re
from collections.abc import Iterable
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from services.exchange.rights.rules import KEEPING as EXCHANGE_KEEPING
from services.migrant.rights.rules import KEEPING as MIGRANT_KEEPING
from services.notify.rights.rules import KEEPING as NOTIFY_KEEPING
from services.registry.rights.rules import HELD
from shared.contracts import SERVICES, openapi
from shared.ids import new_id
from shared.testing import Issuer, client_of
from tests.conftest import Cluster, ServiceFactory, parts_of
from tests.exchange.attachment_samples import PNG, upload
from tests.exchange.conftest import friends as friends
from tests.exchange.conftest import strangers as strangers
from tests.exchange.federation import COUNTY, Federation
from tests.exchange.samples import make_case, make_handover, make_inquiry
from tests.exchange.test_dci_asking import ASKED
from tests.exchange.test_dci_partners import make_partner
from tests.exchange.test_notices import PERSON, deliver_twice, make_arrival
from tests.exchange.test_objections import objection
from tests.migrant.conftest import app as app
from tests.migrant.conftest import bearer
from tests.migrant.conftest import client as client
from tests.migrant.logins import login
from tests.migrant.test_employments_routes import EMPLOYER, EMPLOYMENTS, OTHER, arrive, make_filing
from tests.migrant.test_own_data import PHONE, live
from tests.notify.conftest import Notify
from tests.notify.conftest import notify as notify
from tests.notify.conftest import start_notify as start_notify
from tests.registry.conftest import fresh_regions as fresh_regions
from tests.registry.vital_samples import open_desk
from tests.rights.looks import migrant_looks, registry_looks, shows_nobody
from tests.rights.test_anonymous_access import PUBLIC, filled, operations

OWN = {"Purpose": "subject-access"}

# What anybody with any token may ask beside the public operations; none shows a person.
FOR_ANY_TOKEN = {
    f"GET /{service}/datatracker/v2/{path}"
    for service in SERVICES
    for path in ("heartbeat", "usagePeriod")
} | {f"GET /exchange/datatracker/joined/v2/{path}" for path in ("heartbeat", "usagePeriod")}
# Partners have tokens of their own; anybody else's is none (401).
FOR_PARTNERS = {
    f"POST /exchange/dci/registry/{path}"
    for path in (
        *("search", "sync/search", "subscribe", "unsubscribe", "txn/status", "sync/txn/status"),
        *("on-search", "on-subscribe", "on-unsubscribe", "txn/on-status"),
    )
} | {"GET /exchange/dci/registry/attachments/{attachment_id}"}
EMPLOYERS_OWN = {
    f"{each[0]} /migrant/v1/{each[1]}"
    for each in (
        ("POST", "employments"),
        ("GET", "employments"),
        ("GET", "employments/{employment_id}"),
        ("PATCH", "employments/{employment_id}"),
        ("POST", "employments/{employment_id}/end"),
        ("POST", "employments/{employment_id}/withdrawal"),
        ("POST", "leavers"),
        ("POST", "filings"),
        ("GET", "filings"),
        ("GET", "filings/{filing_id}"),
        ("GET", "filings/{filing_id}/lines"),
        ("GET", "filings/{filing_id}/rejects"),
        ("POST", "filings/{filing_id}/cancellation"),
        ("POST", "filings/{filing_id}/retry"),
        ("GET", "filing-templates/{kind}"),
    )
}


# §1.5: an employer gets receipts about its own filings, never a person's record


@pytest.mark.parametrize("service", SERVICES)
async def test_every_operation_but_its_own_filings_is_closed_to_an_employer(
    start_service: ServiceFactory, issuer: Issuer, service: str
) -> None:
    token = issuer.token(scope="migrant:employ", org=EMPLOYER, sub="employer-1")
    headers = {
        "Purpose": "employment",
        "If-Match": '"1"',
        "X-Road-UserId": "employer-1",
    }
    params = {"userCode": str(new_id()), "person_id": str(new_id())}
    answered = {}
    async with start_service(service) as app, client_of(app, token, headers) as client:
        for method, path, _ in operations(service):
            name = f"{method} {path}"
            if name not in PUBLIC | FOR_ANY_TOKEN | EMPLOYERS_OWN:
                answer = await client.request(method, filled(path), params=params)
                answered[name] = answer.status_code
    strangers = {answered.pop(name) for name in FOR_PARTNERS & answered.keys()}
    assert strangers <= {400, 401}
    assert len(answered) > 5
    assert {name: status for name, status in answered.items() if status != 403} == {}


async def test_an_employers_receipt_tells_of_its_filing_and_of_nobody(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    await arrive(client)  # the county knows this worker, and not the next
    unknown = {"name": "赵六", "id_number": "110101199003070134"}
    mine = bearer(issuer, scope="migrant:employ", org=EMPLOYER) | {"Purpose": "employment"}
    other = bearer(issuer, scope="migrant:employ", org=OTHER) | {"Purpose": "employment"}
    for body in (make_filing(), make_filing(worker=unknown)):
        filed = await client.post(EMPLOYMENTS, json=body, headers=mine)
        assert filed.status_code == 201, filed.text
        path = f"{EMPLOYMENTS}/{filed.json()['id']}"
        receipt = await client.get(path, headers=mine)
        assert receipt.status_code == 200
        assert set(receipt.json()) == {
            *("id", "version", "employer_code", "started_on", "ended_on", "filed_at", "status")
        }
        assert body["worker"]["name"] not in receipt.text
        assert (await client.get(path, headers=other)).status_code == 404


def test_a_receipt_cannot_hold_a_person() -> None:
    fields = openapi("migrant")["components"]["schemas"]["Receipt"]["properties"]
    assert not [name for name in fields if re.search(r"person|worker|name|number|phone", name)]


# §1.6: every look is seen; and only she, or an office, looks


async def looked(app: FastAPI, subject: UUID) -> int:
    return int(
        await parts_of(app).database.pool.fetchval(
            "SELECT count(*) FROM usage_entries WHERE subject_id = $1", subject
        )
    )


async def walk(
    service: str,
    app: FastAPI,
    client: httpx.AsyncClient,
    stranger: dict[str, str],
    looks: dict[str, tuple[str, UUID]],
    her: dict[str, str] | None = None,
) -> None:
    """Every GET operation either shows nobody, or leaves an entry for whom it shows; and no
    other person's token gets an answer from it. What is for herself alone is read as `her`."""
    every = {path for method, path, _ in operations(service) if method == "GET"}
    assert every - shows_nobody(service) == looks.keys()
    assert shows_nobody(service) <= every
    unseen, open_to_others = [], []
    for path, (address, subject) in looks.items():
        before = await looked(app, subject)
        own = (her or {}) if "/v1/me" in path else {}
        answer = await client.get(address, headers=OWN | own)
        assert answer.status_code == 200, (path, answer.text)
        if await looked(app, subject) <= before:
            unseen.append(path)
        theirs = await client.get(address, headers=OWN | stranger)
        if theirs.status_code not in (403, 404):
            open_to_others.append(path)
    assert unseen == []
    assert open_to_others == []


def another(issuer: Issuer) -> dict[str, str]:
    return bearer(issuer, scope="self", sub=str(new_id()))


async def test_every_look_in_the_registry_is_seen(
    start_service: ServiceFactory, issuer: Issuer
) -> None:
    async with open_desk(start_service, issuer) as desk:
        looks, mother = await registry_looks(desk)
        shown = {path: (address, mother) for path, address in looks.items()}
        await walk("registry", desk.app, desk.office, another(issuer), shown)
        before = await looked(desk.app, mother)
        found = await desk.post("person-searches", {"name": "王芳", "birth_date": "1990-01-01"})
        assert str(mother) in found.text
        assert await looked(desk.app, mother) > before


async def test_every_look_in_the_migrant_service_is_seen(
    app: FastAPI, client: httpx.AsyncClient, issuer: Issuer
) -> None:
    person = await live(client, issuer, app)
    looks = await migrant_looks(client, person)
    shown = {path: (address, UUID(person)) for path, address in looks.items()}
    await walk("migrant", app, client, another(issuer), shown, login(issuer, PHONE))


async def test_every_look_in_notification_is_seen(notify: Notify) -> None:
    person = await notify.person()
    message = await notify.send(person)
    text = {"message_id": "in-1", "phone": "13900000001", "text": "请问几点开门"}
    assert (await notify.signed("inbound", text)).status_code == 200
    (reply,) = (await notify.get("/replies"))["items"]
    prefix = "/notify/v1"
    shown = {
        f"{prefix}/replies": (f"{prefix}/replies", person),
        f"{prefix}/replies/{{reply_id}}": (f"{prefix}/replies/{reply['id']}", person),
        f"{prefix}/messages/{{message_id}}": (f"{prefix}/messages/{message['id']}", person),
        f"{prefix}/contacts/{{person_id}}/export": (f"{prefix}/contacts/{person}/export", person),
    }
    await walk("notify", notify.app, notify.client, another(notify.issuer), shown)


async def test_every_look_in_the_exchange_is_seen(friends: Federation) -> None:
    """An inquiry knows its subject by her number: the entry is under the inquiry, whose id stands
    for her as soon as a desk that saw her card, or the registry, says whose number it is."""
    here = friends[COUNTY]
    await deliver_twice(here, make_arrival())
    (notice,) = (await here.call("GET", "/notices"))["items"]
    file = (await upload(here, PNG))["id"]
    asked = make_inquiry(attachments=[file])
    inquiry = await here.call("POST", "/inquiries", asked, expect=201)
    about = UUID(inquiry["id"])
    case = await here.call("POST", "/inquiry-cases", make_case(), expect=201)
    offer = make_handover(person_id=str(PERSON))
    handover = await here.call("POST", "/handovers", offer, expect=201)
    partner = make_partner()
    await here.call("POST", "/partners", partner, expect=201)
    path = f"/partners/{partner['sender_id']}/questions"
    question = await here.call("POST", path, ASKED, expect=201)
    said = objection(notice["id"], "notice")
    objected = await here.call("POST", "/objections", said, expect=201)
    refusal = {"granted": False, "reason": "已核对登记"}
    await here.call("POST", f"/objections/{objected['id']}/decision", refusal)
    appeal = {"reason": "当天我在外地"}
    appealed = await here.call("POST", f"/objections/{objected['id']}/appeal", appeal, expect=201)
    prefix = "/exchange/v1"
    shown = {
        f"{prefix}/me/objections": (f"{prefix}/me/objections", PERSON),
        f"{prefix}/objections": (f"{prefix}/objections", PERSON),
        f"{prefix}/objections/{{objection_id}}": (f"{prefix}/objections/{objected['id']}", PERSON),
        f"{prefix}/objection-appeals": (f"{prefix}/objection-appeals", PERSON),
        f"{prefix}/objection-appeals/{{appeal_id}}": (
            f"{prefix}/objection-appeals/{appealed['id']}",
            PERSON,
        ),
        f"{prefix}/inquiry-cases/{{case_id}}": (
            f"{prefix}/inquiry-cases/{case['id']}",
            UUID(case["inquiries"][0]["id"]),
        ),
        f"{prefix}/handovers/{{handover_id}}": (f"{prefix}/handovers/{handover['id']}", PERSON),
        f"{prefix}/keepings/{{person_id}}": (f"{prefix}/keepings/{PERSON}", PERSON),
        f"{prefix}/notices/{{notice_id}}": (f"{prefix}/notices/{notice['id']}", PERSON),
        f"{prefix}/inquiries/{{inquiry_id}}": (f"{prefix}/inquiries/{about}", about),
        f"{prefix}/attachments": (f"{prefix}/attachments?inquiry_id={about}", about),
        f"{prefix}/attachments/{{attachment_id}}": (f"{prefix}/attachments/{file}", about),
        f"{prefix}/attachments/{{attachment_id}}/content": (
            f"{prefix}/attachments/{file}/content",
            about,
        ),
        f"{prefix}/people/{{person_id}}/export": (f"{prefix}/people/{PERSON}/export", PERSON),
        f"{prefix}/partner-questions/{{question_id}}": (
            f"{prefix}/partner-questions/{question['id']}",
            UUID(question["id"]),
        ),
        f"{prefix}/followers": (f"{prefix}/followers?person_id={PERSON}", PERSON),
    }
    scope = "exchange:read exchange:write exchange:admin"
    token = here.issuer.token(scope=scope, region=here.region)
    async with client_of(here.app, token) as client:
        her = bearer(here.issuer, scope="self", sub=str(PERSON))
        await walk("exchange", here.app, client, another(here.issuer), shown, her)


async def test_the_assessment_shows_nobody() -> None:
    every = {path for method, path, _ in operations("assessment") if method == "GET"}
    assert every == shows_nobody("assessment")


# §1.7: export, correct, erase; refusals are reasoned in writing


@pytest.mark.parametrize(
    ("service", "record"),
    [
        ("registry", "/registry/v1/persons/{person_id}"),
        ("migrant", "/migrant/v1/people/{person_id}"),
        ("exchange", "/exchange/v1/people/{person_id}"),
        ("notify", "/notify/v1/contacts/{person_id}"),
    ],
)
def test_she_can_export_and_ask_for_erasure(service: str, record: str) -> None:
    offered = {f"{method} {path}" for method, path, _ in operations(service)}
    erasure = "/registry/v1/erasure-requests" if service == "registry" else f"{record}/erasure"
    assert {f"GET {record}/export", f"POST {erasure}"} <= offered


def test_she_can_ask_for_corrections_and_no_answer_goes_without_a_reason() -> None:
    document = openapi("registry")
    assert {"get", "post"} <= document["paths"]["/registry/v1/correction-requests"].keys()
    decision = document["components"]["schemas"]["DecideCorrection"]
    assert set(decision["required"]) == {"granted", "reason"}
    assert decision["properties"]["reason"]["minLength"] >= 5
    for view in ("ErasureRequestView", "KindView"):
        for name in ["registry", "migrant", "exchange", "notify"]:
            schema = openapi(name)["components"]["schemas"].get(view)
            assert schema is None or {"reason", "duty"} <= set(schema["required"])


def reasons() -> Iterable[tuple[str, str | None, Any]]:
    for scope, duty in HELD.items():
        yield f"registry: {scope}", duty.law, duty.reason
    for service, table in (
        ("migrant", MIGRANT_KEEPING),
        ("exchange", EXCHANGE_KEEPING),
        ("notify", NOTIFY_KEEPING),
    ):
        for line in table:
            yield f"{service}: {line.kind}", line.duty, line.reason


def test_every_line_of_the_erasure_tables_is_reasoned_in_both_languages() -> None:
    lines = list(reasons())
    assert len(lines) > 20
    for name, duty, reason in lines:
        assert re.search(r"[\u4e00-\u9fff]{5}", reason.zh), name
        assert len(re.findall(r"[a-z]+", reason.en)) >= 4, name
        # what holds it is a law, by its name
        assert duty is None or re.search(r"法|条例|规定", duty), name


async def test_nothing_of_the_civil_register_can_be_deleted(cluster: Cluster) -> None:
    connection = await asyncpg.connect(await cluster.database("registry"))
    try:
        deletable = await connection.fetch(
            "SELECT relname FROM pg_class WHERE relkind = 'r'"
            " AND relnamespace = 'public'::regnamespace AND has_table_privilege(oid, 'DELETE')"
        )
    finally:
        await connection.close()
    # copies of files that came or were drawn up, answers kept for a day, and the bus's own
    assert {row["relname"] for row in deletable} <= {
        "outbox",
        "inbox",
        "idempotency_keys",
        "import_files",
        "export_parts",
        "feed_files",
        "feed_lines",
        "filing_parts",
    }


async def test_she_sees_who_looked_and_nobody_elses_looks(
    app: FastAPI, client: httpx.AsyncClient, issuer: Issuer
) -> None:
    person = await live(client, issuer, app)
    path = "/migrant/datatracker/v2/findUsage"
    headers = {"X-Road-UserId": "x"}
    own = bearer(issuer, scope="self", sub=person) | headers
    answer = await client.get(path, params={"userCode": person}, headers=own)
    assert answer.json()["totalUsages"] == await looked(app, UUID(person)) > 4
    for other in (another(issuer), bearer(issuer, scope="migrant:employ", sub=person)):
        refused = await client.get(path, params={"userCode": person}, headers=other | headers)
        assert refused.status_code == 403
