"""A holder asks for her certificate, her register answers, she collects it."""

from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from joserfc.jwk import ECKey

from services.migrant.certificates import sdjwt
from services.migrant.certificates.sweeping import sweep
from shared.events.registry import PersonsMerged, PersonsSeparated
from shared.ids import new_id
from shared.testing import Issuer
from tests.conftest import parts_of
from tests.migrant.certificate_requests import (
    CLAIMS,
    FACTS,
    HOME,
    REQUESTS,
    ask,
    collected,
    do,
    found,
    hear,
    herself,
    kind_of,
    missing,
    rows,
    said,
    view,
)
from tests.migrant.conftest import bearer
from tests.migrant.test_certificates_routes import CERTIFICATES, check, stored

SECRETS = (FACTS["name"], FACTS["id_number"])


@pytest.fixture
def person() -> UUID:
    return new_id()


@pytest.fixture
def own(issuer: Issuer, person: UUID) -> dict[str, str]:
    return herself(issuer, person)


async def swept(app: FastAPI) -> None:
    parts = parts_of(app)
    async with parts.database.transaction(parts.actor) as tx:
        await sweep(tx)


async def kept(app: FastAPI) -> list[bytes | None]:
    """The facts that are held just now."""
    return [row["facts_sealed"] for row in await rows(app, "SELECT * FROM certificate_requests")]


async def test_asked_for_verified_and_collected(
    client: httpx.AsyncClient, app: FastAPI, person: UUID, own: dict[str, str]
) -> None:
    request = await ask(client, person, own)
    assert (request["status"], request["lacking"]) == ("asked", [])
    (asked,) = await said(app, "certificate-requested")
    assert asked == {"request_id": request["id"], "person_id": str(person), "claims": CLAIMS}
    assert kind_of(await do(client, request, "collection", own)) == (409, "not-ready-yet")
    await found(app, request)
    ready = await view(client, request, own)
    assert (ready["status"], ready["region"]) == ("ready", HOME)
    answer = await do(client, request, "collection", own, with_qr=True)
    assert answer.headers["cache-control"] == "no-store"
    issued = answer.json()
    assert "<svg" in issued["qr_svg"]
    checked = await check(client, issued["credential"])
    assert checked["outcome"] == "genuine" and checked["reason"] is None
    assert checked["disclosed"] == {
        "name": FACTS["name"],
        "over_18": True,
        "id_number": FACTS["id_number"],
        "home_region": HOME,
    }
    done = await view(client, request, own)
    assert (done["status"], done["certificate_id"]) == ("collected", issued["certificate_id"])


async def test_the_facts_are_sealed_and_erased_after_collection(
    client: httpx.AsyncClient, app: FastAPI, person: UUID, own: dict[str, str]
) -> None:
    request = await ask(client, person, own)
    await found(app, request)
    text = await stored(app)
    assert request["id"] in text
    for secret in SECRETS:
        assert secret not in text and secret.encode().hex() not in text
    assert (await do(client, request, "collection", own)).status_code == 200
    await swept(app)
    assert await kept(app) != [None]  # the answer may have been lost on its way
    await rows(
        app,
        "UPDATE certificate_requests SET collected_at = collected_at - interval '11 minutes'"
        " RETURNING id",
    )
    await swept(app)
    assert await kept(app) == [None]
    assert kind_of(await do(client, request, "collection", own)) == (409, "request-over")


async def test_a_lost_answer_can_be_collected_again(
    client: httpx.AsyncClient, app: FastAPI, person: UUID, own: dict[str, str]
) -> None:
    request = await ask(client, person, own)
    await found(app, request)
    first = (await do(client, request, "collection", own)).json()
    again = (await do(client, request, "collection", own)).json()
    assert again["certificate_id"] == first["certificate_id"]
    assert (await check(client, again["credential"]))["outcome"] == "genuine"
    assert len(await said(app, "certificate-issued")) == 1
    revoked = f"{CERTIFICATES}/{first['certificate_id']}/revocation"
    assert (await client.post(revoked, json={"reason": "lost"}, headers=own)).status_code == 200
    assert kind_of(await do(client, request, "collection", own)) == (409, "already-revoked")


async def test_what_is_not_collected_in_a_fortnight_is_erased(
    client: httpx.AsyncClient, app: FastAPI, person: UUID, own: dict[str, str]
) -> None:
    request = await ask(client, person, own)
    await found(app, request)
    late = "UPDATE certificate_requests SET collect_by = collect_by - interval '14 days'"
    await rows(app, f"{late} RETURNING id")
    assert kind_of(await do(client, request, "collection", own)) == (409, "request-over")
    await swept(app)
    lapsed = await view(client, request, own)
    assert lapsed["status"] == "lapsed" and "ask again" in lapsed["next_step"]
    assert await kept(app) == [None]
    assert (await ask(client, person, own))["status"] == "asked"


async def test_withdrawn_at_once(
    client: httpx.AsyncClient, app: FastAPI, person: UUID, own: dict[str, str]
) -> None:
    request = await ask(client, person, own)
    double = await client.post(
        REQUESTS, json={"person_id": str(person), "claims": ["name"]}, headers=own
    )
    assert kind_of(double) == (409, "already-asked")
    await found(app, request)
    assert (await do(client, request, "withdrawal", own)).json()["status"] == "withdrawn"
    assert await kept(app) == [None]
    assert kind_of(await do(client, request, "withdrawal", own)) == (409, "request-over")
    await found(app, request)  # an answer that comes late changes nothing
    assert await kept(app) == [None]
    assert kind_of(await do(client, request, "collection", own)) == (409, "request-over")


async def test_bound_to_her_phone(
    client: httpx.AsyncClient, app: FastAPI, person: UUID, own: dict[str, str]
) -> None:
    jwk = ECKey.generate_key("P-256").as_dict(private=False)
    key = {name: str(jwk[name]) for name in ("kty", "crv", "x", "y")}
    issued = await collected(client, app, own, person_id=person, holder_key=key)
    confirmed = sdjwt.parse(issued["credential"]).payload["cnf"]
    assert confirmed == {"jwk": key}
    assert key["x"] not in await stored(app)


# the desk decides what the records do not answer


async def test_the_desk_fills_the_gap_with_reasons(
    client: httpx.AsyncClient, app: FastAPI, person: UUID, own: dict[str, str]
) -> None:
    request = await ask(client, person, own, claims=["name", "children"])
    await missing(app, request, "missing-field", name="王小芳", home_region=HOME)
    due = (await client.get(REQUESTS, params={"status": "open"})).json()["items"]
    assert [(each["id"], each["lacking"]) for each in due] == [(request["id"], ["children"])]
    reason = "户口簿载明一女,出生登记在外地"
    wrong: list[dict[str, Any]] = [{}, {"name": "王小芬", "children": 1}, {"sex": "2"}]
    for facts in wrong:
        answer = await do(client, request, "decision", issue=True, reason=reason, facts=facts)
        assert kind_of(answer) == (422, "facts-do-not-fit")
    decided = await do(
        client, request, "decision", issue=True, reason=reason, facts={"children": 1}
    )
    assert decided.json()["status"] == "ready", decided.text
    assert (await view(client, request, own))["reason"] == reason
    issued = (await do(client, request, "collection", own)).json()
    assert (await check(client, issued["credential"]))["disclosed"] == {
        "name": "王小芳",
        "children": 1,
    }
    again = await do(client, request, "decision", issue=False, reason=reason)
    assert kind_of(again) == (409, "already-decided")


async def test_somebody_the_register_does_not_know_brings_her_papers(
    client: httpx.AsyncClient, app: FastAPI, person: UUID
) -> None:
    request = await ask(client, person, {})
    await missing(app, request, "unknown-person")
    reason = "户口簿原件已核对"
    facts = {name: FACTS[name] for name in ("name", "id_number", "birth_date")}
    elsewhere = facts | {"home_region": "500101100001"}
    answer = await do(client, request, "decision", issue=True, reason=reason, facts=elsewhere)
    assert kind_of(answer) == (422, "facts-do-not-fit")
    wrong = FACTS | {"birth_date": "1991-01-01"}
    answer = await do(client, request, "decision", issue=True, reason=reason, facts=wrong)
    assert answer.status_code == 422
    answer = await do(client, request, "decision", issue=True, reason=reason, facts=FACTS)
    assert answer.json()["status"] == "ready", answer.text


@pytest.mark.parametrize("problem", ["deceased", "home-elsewhere"])
async def test_what_no_desk_can_decide_over(
    client: httpx.AsyncClient, app: FastAPI, person: UUID, problem: str
) -> None:
    request = await ask(client, person, {})
    await missing(app, request, problem)
    answer = await do(client, request, "decision", issue=True, reason="本人到场", facts=FACTS)
    assert kind_of(answer) == (409, "records-to-be-settled")
    answer = await do(client, request, "decision", issue=False, reason="请先更正登记")
    assert answer.json()["status"] == "declined"


async def test_she_objects_and_somebody_else_decides(
    client: httpx.AsyncClient, app: FastAPI, issuer: Issuer, person: UUID, own: dict[str, str]
) -> None:
    request = await ask(client, person, own, claims=["name"])
    objection = {"reason": "户口簿上就是这个名字"}
    early = await do(client, request, "objection", own, **objection)
    assert kind_of(early) == (409, "nothing-to-object-to")
    await missing(app, request, "contested-field", home_region=HOME)
    no_reason = await do(client, request, "decision", issue=False)
    assert no_reason.status_code == 422
    declined = (await do(client, request, "decision", issue=False, reason="姓名有争议")).json()
    assert (declined["status"], declined["reason"]) == ("declined", "姓名有争议")
    assert "object" in declined["next_step"] and await kept(app) == [None]
    again = (await do(client, request, "objection", own, **objection)).json()
    assert (again["status"], again["objection"]) == ("asked", objection["reason"])
    assert len(await said(app, "certificate-requested")) == 2  # the register is asked anew
    await missing(app, request, "contested-field", home_region=HOME)
    decision: dict[str, Any] = {"issue": True, "reason": "已核对", "facts": {"name": "王小芳"}}
    same = await do(client, request, "decision", **decision)
    assert kind_of(same) == (409, "same-decider")
    other = bearer(issuer, scope="migrant:write", sub="clerk-2")
    decided = await do(client, request, "decision", other, **decision)
    assert decided.json()["status"] == "ready", decided.text
    twice = await do(client, request, "objection", own, **objection)
    assert kind_of(twice) == (409, "nothing-to-object-to")


async def test_records_that_contradict_themselves_make_no_certificate(
    client: httpx.AsyncClient, app: FastAPI, person: UUID
) -> None:
    request = await ask(client, person, {})
    await found(app, request, birth_date="1991-02-02")
    seen = await view(client, request)
    assert (seen["status"], seen["problems"]) == ("open", ["inconsistent-record"])


# deadlines


async def test_the_duty_log_hears_whether_the_time_was_kept(
    client: httpx.AsyncClient, app: FastAPI, own: dict[str, str], person: UUID
) -> None:
    request = await ask(client, person, own)
    await found(app, request)
    late = await ask(client, new_id(), {})
    await rows(
        app,
        "UPDATE certificate_requests SET due_on = due_on - 16 WHERE id = $1 RETURNING id",
        UUID(late["id"]),
    )
    assert (await view(client, late))["overdue"] is True
    for _ in range(2):
        await swept(app)
    (overdue,) = await said(app, "certificate-request-overdue")
    assert (overdue["request_id"], overdue["office"]) == (late["id"], "org-test")
    await found(app, late)
    timely, untimely = await said(app, "certificate-request-decided")
    assert (timely["ready"], timely["in_time"], timely["region"]) == (True, True, "420325")
    assert (untimely["in_time"], untimely["office"]) == (False, "org-test")
    assert len(await said(app, "certificate-request-overdue")) == 1
    assert "person_id" not in timely and "person_id" not in overdue


async def test_a_late_decision_is_overdue_though_nobody_swept(
    client: httpx.AsyncClient, app: FastAPI, person: UUID
) -> None:
    request = await ask(client, person, {})
    await rows(app, "UPDATE certificate_requests SET due_on = due_on - 16 RETURNING id")
    await do(client, request, "decision", issue=False, reason="请携带户口簿")
    await swept(app)
    assert len(await said(app, "certificate-request-overdue")) == 1


# replacement and renewal


async def test_a_lost_phone_is_replaced(
    client: httpx.AsyncClient, app: FastAPI, person: UUID, own: dict[str, str]
) -> None:
    old = await collected(client, app, own, person_id=person)
    lost = {"certificate_id": old["certificate_id"], "because": "lost"}
    request = await ask(client, person, own, replaces=lost)
    revoked = await check(client, old["credential"])  # at once, before there is a new one
    assert (revoked["outcome"], revoked["reason"]["code"]) == ("revoked", "revoked")
    await found(app, request)
    new = (await do(client, request, "collection", own)).json()
    assert (await check(client, new["credential"]))["outcome"] == "genuine"
    assert new["certificate_id"] != old["certificate_id"]


async def test_a_renewal_takes_over_when_it_is_collected(
    client: httpx.AsyncClient, app: FastAPI, person: UUID, own: dict[str, str]
) -> None:
    old = await collected(client, app, own, person_id=person)
    renewal = {"certificate_id": old["certificate_id"], "because": "renewal"}
    request = await ask(client, person, own, replaces=renewal)
    await found(app, request)
    assert (await check(client, old["credential"]))["outcome"] == "genuine"
    new = (await do(client, request, "collection", own)).json()
    assert (await check(client, new["credential"]))["outcome"] == "genuine"
    assert (await check(client, old["credential"]))["outcome"] == "revoked"
    seen = (await client.get(f"{CERTIFICATES}/{old['certificate_id']}", headers=own)).json()
    assert seen["revocation_reason"] == "replaced"


async def test_nobody_replaces_anothers(
    client: httpx.AsyncClient, app: FastAPI, issuer: Issuer, person: UUID, own: dict[str, str]
) -> None:
    old = await collected(client, app, own, person_id=person)
    body: dict[str, Any] = {
        "claims": ["name"],
        "replaces": {"certificate_id": old["certificate_id"], "because": "lost"},
    }
    other = new_id()
    for headers in (herself(issuer, other), {}):
        answer = await client.post(REQUESTS, json=body | {"person_id": str(other)}, headers=headers)
        assert answer.status_code == 404
    assert (await check(client, old["credential"]))["outcome"] == "genuine"


# who may


async def test_hers_alone(
    client: httpx.AsyncClient, app: FastAPI, issuer: Issuer, person: UUID, own: dict[str, str]
) -> None:
    request = await ask(client, person, own)
    await found(app, request)
    stranger = herself(issuer, new_id())
    elsewhere = bearer(issuer, scope="migrant:read migrant:write", region="420381")
    for headers in (stranger, elsewhere):
        for verb in ("collection", "withdrawal"):
            assert (await do(client, request, verb, headers)).status_code == 404
        assert (await client.get(f"{REQUESTS}/{request['id']}", headers=headers)).status_code == 404
    listed = await client.get(REQUESTS, params={"person_id": str(person)}, headers=stranger)
    assert listed.status_code == 404
    assert (await client.get(REQUESTS, headers=stranger)).json()["items"] == []
    assert len((await client.get(REQUESTS, headers=own)).json()["items"]) == 1
    body = {"person_id": str(person), "claims": ["name"]}
    assert (await client.post(REQUESTS, json=body, headers=elsewhere)).status_code == 403
    assert (await client.post(REQUESTS, json=body, headers=stranger)).status_code == 404
    reader = bearer(issuer, scope="migrant:read")
    assert (await client.post(REQUESTS, json=body, headers=reader)).status_code == 403
    decision = {"issue": True, "reason": "自己批"}
    assert (await do(client, request, "decision", own, **decision)).status_code == 403
    del client.headers["Purpose"]
    assert kind_of(await client.get(REQUESTS)) == (400, "purpose-required")
    assert kind_of(await do(client, request, "collection")) == (400, "purpose-required")


@pytest.mark.parametrize(
    "change",
    [
        {"claims": []},
        {"claims": ["name", "name"]},
        {"claims": ["name", "contraception"]},
        {"valid_days": 0},
        {"valid_days": 366},
        {"form": "card"},
        {"replaces": {"certificate_id": str(new_id()), "because": "bored"}},
        {"facts": FACTS},
    ],
)
async def test_what_cannot_be_asked_for(
    client: httpx.AsyncClient, person: UUID, change: dict[str, Any]
) -> None:
    body = {"person_id": str(person), "claims": ["name"]} | change
    assert (await client.post(REQUESTS, json=body)).status_code == 422


async def test_paper_is_bound_to_no_phone(client: httpx.AsyncClient, person: UUID) -> None:
    jwk = ECKey.generate_key("P-256").as_dict(private=False)
    key = {name: jwk[name] for name in ("kty", "crv", "x", "y")}
    body = {"person_id": str(person), "claims": ["name"], "form": "paper", "holder_key": key}
    assert (await client.post(REQUESTS, json=body)).status_code == 422


async def test_the_queue_goes_on_where_the_page_ended(
    client: httpx.AsyncClient, app: FastAPI
) -> None:
    made = [await ask(client, new_id(), {}) for _ in range(5)]
    for days, request in enumerate(reversed(made)):
        await rows(
            app,
            "UPDATE certificate_requests SET due_on = due_on + $2::int WHERE id = $1 RETURNING id",
            UUID(request["id"]),
            days // 2,
        )
    seen: list[str] = []
    cursor = None
    while True:
        params = {"limit": "2"} | ({"cursor": cursor} if cursor else {})
        page = (await client.get(REQUESTS, params=params)).json()
        seen += [each["id"] for each in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    by_day = [(days // 2, request["id"]) for days, request in enumerate(reversed(made))]
    assert seen == [each for _, each in sorted(by_day)]
    assert (await client.get(REQUESTS, params={"cursor": "e30"})).status_code == 400


# what is hers


async def test_her_export_shows_what_is_kept_and_erasure_takes_it(
    client: httpx.AsyncClient, app: FastAPI, person: UUID, own: dict[str, str]
) -> None:
    request = await ask(client, person, own)
    await found(app, request)
    headers = own | {"Purpose": "subject-access"}
    people = f"/migrant/v1/people/{person}"
    export = (await client.get(f"{people}/export", headers=headers)).json()
    (kept_request,) = export["certificate_requests"]
    assert kept_request["facts"] == FACTS
    held = {each["kind"]: each for each in (await _erased(client, people, headers))}
    assert held["certificate-requests-open"]["held"] == 1
    await do(client, request, "withdrawal", own)
    gone = {each["kind"]: each for each in (await _erased(client, people, headers))}
    assert gone["certificate-requests-over"]["erased"] == 1
    assert await kept(app) == []


async def _erased(
    client: httpx.AsyncClient, people: str, headers: dict[str, str]
) -> list[dict[str, Any]]:
    answer = await client.post(f"{people}/erasure", headers=headers)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["kinds"])


async def test_requests_follow_a_merge_and_its_undoing(
    client: httpx.AsyncClient, app: FastAPI
) -> None:
    person, other = new_id(), new_id()
    request = await ask(client, person, {})
    await hear(app, PersonsMerged(kept_id=other, merged_id=person))
    assert (await view(client, request))["person_id"] == str(other)
    await found(app, request)
    assert (await view(client, request))["status"] == "ready"
    await hear(app, PersonsSeparated(kept_id=other, merged_id=person))
    assert (await view(client, request))["person_id"] == str(person)


async def test_every_look_leaves_an_entry(
    client: httpx.AsyncClient, app: FastAPI, person: UUID, own: dict[str, str]
) -> None:
    request = await ask(client, person, own)
    await found(app, request)
    await client.get(REQUESTS)
    looks = await rows(
        app,
        "SELECT purpose, count(*) AS times FROM usage_entries"
        " WHERE subject_id = $1 AND kind = 'certificate-request' GROUP BY purpose",
        person,
    )
    assert {row["purpose"]: row["times"] for row in looks} == {"certificate": 2, "registration": 1}
