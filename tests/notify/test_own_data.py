"""What notification holds about a person: exported to herself, erased at once but for proofs."""

from typing import Any

import pytest

from services.notify.messages.rules import Lane
from services.notify.providers.schemas import Outcome
from services.notify.rights.handlers import STATEMENTS
from services.notify.rights.rules import KEEPING
from shared.events.registry import PersonsMerged
from shared.ids import new_id
from shared.testing import client_of
from tests.notify.conftest import HEADERS, SCOPES, Notify
from tests.notify.samples import FakeProvider, arrival, consent, make_message

OWN = HEADERS | {"Purpose": "subject-access"}
PHONE = "13900000001"


async def own(notify: Notify, method: str, path: str, sub: Any, **claims: Any) -> Any:
    """A call by the person herself, or by whomever the claims make."""
    token = notify.issuer.token(**({"scope": "self", "sub": str(sub)} | claims))
    async with client_of(notify.app, token, OWN) as client:
        return await client.request(method, f"/notify/v1/contacts/{path}")


async def test_her_export_holds_everything(notify: Notify) -> None:
    person = await notify.person()
    await notify.hear(consent(person, purpose="vital-events"))
    await notify.send(person)
    await notify.post("/opt-outs", {"phone": PHONE, "purpose": "vital-events"})
    answer = await own(notify, "GET", f"{person}/export", person)
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    book = answer.json()
    assert {each["purpose"]: each["phone"] for each in book["contacts"]} == {
        "sms-reminders": PHONE,
        "vital-events": PHONE,
    }
    assert [each["purpose"] for each in book["opt_outs"]] == ["vital-events"]
    (message,) = book["messages"]
    assert message["status"] == "queued"
    assert "体检" in message["text"]
    assert book["usages"] >= 1
    assert book["covers"] == "420325"


async def test_erasing_takes_numbers_and_texts_and_cancels_what_waits(notify: Notify) -> None:
    person, other = await notify.person(), await notify.person(phone="13900000002")
    sent, waiting = await notify.send(person), await notify.send(person)
    theirs = await notify.send(other)
    await notify.rows(
        "UPDATE messages SET due_at = due_at + interval '1 hour' WHERE id = ANY($1::uuid[])"
        " RETURNING id",
        [waiting["id"], theirs["id"]],
    )
    provider = FakeProvider()
    await notify.worker(provider).send_due(Lane.BULK)
    assert [str(each.reference) for each in provider.submitted] == [sent["id"]]
    await notify.post("/opt-outs", {"phone": PHONE, "purpose": "monthly-greeting"})
    answer = await own(notify, "POST", f"{person}/erasure", person)
    assert answer.status_code == 200, answer.text
    kinds = {each["kind"]: each for each in answer.json()["kinds"]}
    assert {kind: each["erased"] for kind, each in kinds.items()} == {
        "consents": 0,
        "opt-outs": 0,
        "message-facts": 0,
        "contact-choices": 0,
        "stays": 0,
        "reminders": 0,
        "deaths": 0,
        "replies": 0,
        "contact-numbers": 1,
        "message-contents": 2,
    }
    assert (kinds["consents"]["held"], kinds["opt-outs"]["held"]) == (1, 1)
    assert kinds["message-facts"]["held"] == 2
    for each in kinds.values():
        assert each["reason"]["zh"]
        assert each["reason"]["en"]
        assert (each["duty"] is None) == (each["held"] == 0)
    left = await notify.rows(
        "SELECT status, reason FROM messages WHERE person_id = $1 ORDER BY id", person
    )
    assert [tuple(row) for row in left] == [("submitted", None), ("cancelled", "erased")]
    assert not await notify.rows(
        "SELECT 1 FROM messages WHERE person_id = $1"
        " AND (body_sealed IS NOT NULL OR phone_sealed IS NOT NULL OR phone_index <> '')",
        person,
    )
    assert not await notify.rows(
        "SELECT 1 FROM contacts WHERE person_id = $1 AND phone_index IS NOT NULL", person
    )
    (said,) = await notify.rows("SELECT key FROM outbox WHERE payload LIKE '%message-failed%'")
    assert said["key"] == waiting["id"]
    # proof of the stop stays; another person's text is as it was
    assert len(await notify.rows("SELECT 1 FROM opt_outs")) == 1
    assert (await notify.get(f"/messages/{theirs['id']}"))["status"] == "queued"
    refused = await notify.post("/messages", make_message(person))
    assert refused.json()["type"].endswith("/no-number")
    again = await own(notify, "POST", f"{person}/erasure", person)
    assert sum(each["erased"] for each in again.json()["kinds"]) == 0
    export = (await own(notify, "GET", f"{person}/export", person)).json()
    assert PHONE not in str(export)
    assert len(export["erasures"]) == 2


async def test_where_she_lives_is_hers_to_see_and_to_erase(notify: Notify) -> None:
    person = new_id()
    await notify.hear(arrival(person))
    (stay,) = (await own(notify, "GET", f"{person}/export", person)).json()["stays"]
    assert (stay["region"], stay["origin_province"]) == ("420325100001", "41")
    assert (stay["stay_purpose"], stay["arrived_on"]) == ("work", "2026-03-01")
    answer = await own(notify, "POST", f"{person}/erasure", person)
    assert {each["kind"]: each["erased"] for each in answer.json()["kinds"]}["stays"] == 1
    assert await notify.rows("SELECT 1 FROM stays") == []


async def test_one_in_the_providers_hands_is_not_sent_again(notify: Notify) -> None:
    person = await notify.person()
    sent = await notify.send(person)
    provider = FakeProvider(answers=[Outcome.TEMPORARY])
    submit = provider.submit

    async def erased_meanwhile(requests: Any) -> Any:
        await own(notify, "POST", f"{person}/erasure", person)
        return await submit(requests)

    provider.submit = erased_meanwhile  # type: ignore[method-assign]
    worker = notify.worker(provider)
    for _ in range(3):
        await worker.send_due(Lane.BULK)
    assert len(provider.submitted) == 1
    assert (await notify.get(f"/messages/{sent['id']}"))["status"] == "failed"


@pytest.mark.parametrize("call", [("GET", "export"), ("POST", "erasure")])
async def test_only_she_or_staff_for_her(notify: Notify, call: tuple[str, str]) -> None:
    person, other = await notify.person(), await notify.person(phone="13900000002")
    method, what = call
    path = f"{person}/{what}"
    assert (await own(notify, method, path, other)).status_code == 404
    assert (await own(notify, method, path, person, region="420381")).status_code in (403, 404)
    assert (await own(notify, method, path, "x", scope=SCOPES, region="420381")).status_code in (
        403,
        404,
    )
    assert (await own(notify, method, path, "x", scope="notify:read")).status_code == 403
    assert (await own(notify, method, path, person, scope="migrant:employ")).status_code == 403
    assert (await own(notify, method, f"{new_id()}/{what}", other)).status_code == 404
    stranger = new_id()
    assert (await own(notify, method, f"{stranger}/{what}", stranger)).status_code == 404
    assert (await own(notify, method, path, "x", scope=SCOPES)).status_code == 200
    client = notify.client
    del client.headers["Purpose"]
    assert (await client.request(method, f"/notify/v1/contacts/{path}")).status_code == 400


async def test_an_export_is_for_subject_access_only(notify: Notify) -> None:
    person = await notify.person()
    answer = await notify.client.get(f"/notify/v1/contacts/{person}/export")
    assert answer.status_code == 403
    assert answer.json()["type"].endswith("/wrong-purpose")


async def test_a_merged_id_leads_to_the_same_book(notify: Notify) -> None:
    merged, kept = await notify.person(), new_id()
    await own(notify, "POST", f"{merged}/erasure", merged)
    await notify.hear(PersonsMerged(kept_id=kept, merged_id=merged))
    for path, login in ((kept, merged), (merged, kept), (merged, merged)):
        book = await own(notify, "GET", f"{path}/export", login)
        assert book.status_code == 200, book.text
        assert len(book.json()["contacts"]) == len(book.json()["erasures"]) == 1
    token = notify.issuer.token(scope="self", sub=str(merged))
    async with client_of(notify.app, token, OWN) as client:
        stop = {"person_id": str(kept), "purpose": "sms-reminders"}
        assert (await client.post("/notify/v1/opt-outs", json=stop)).status_code == 404  # no number


def test_each_kind_has_its_statement_and_only_the_held_are_spared() -> None:
    assert {each.kind for each in KEEPING} == set(STATEMENTS)
    for each in KEEPING:
        does = "SELECT" if each.duty else ("UPDATE", "DELETE")
        assert STATEMENTS[each.kind].startswith(does), each.kind
