"""Texts over HTTP: accepted with leave, refused with a reason, once for a reference."""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from shared.clock import CHINA
from shared.ids import new_id
from shared.testing import client_of
from tests.notify.conftest import HEADERS, SCOPES, Notify, NotifyFactory
from tests.notify.samples import make_message

DIGEST = {
    "template": "weekly-digest",
    "variables": {"week_start": "2026-11-16", "open": 12, "overdue": 3, "settled": 40},
    "to": {"phone": "13800000009"},
    "purpose": "official",
}


def problem(answer: Any) -> str:
    return str(answer.json()["type"].rpartition("/")[2])


async def test_an_accepted_text_can_be_followed(notify: Notify) -> None:
    person = await notify.person()
    sent = await notify.send(person)
    assert (sent["status"], sent["parts"]) == ("queued", 1)
    view = await notify.get(f"/messages/{sent['id']}")
    assert view["phone"] == "139******01"
    assert view["person_id"] == str(person)
    assert (view["attempts"], view["receipts"]) == ([], [])
    assert "体检" not in str(view)


async def test_the_person_sees_who_texted_and_who_looked(notify: Notify) -> None:
    person = await notify.person()
    sent = await notify.send(person)
    await notify.get(f"/messages/{sent['id']}")
    token = notify.issuer.token(scope="self", sub=str(person))
    answer = await notify.client.get(
        "/notify/datatracker/v2/findUsage",
        params={"userCode": str(person)},
        headers={"Authorization": f"Bearer {token}", "X-Road-UserId": str(person)},
    )
    actions = [each["action"] for each in answer.json()["usages"]]
    assert actions == ["Sending an agreed message: message"] * 2


async def test_number_and_text_are_sealed_at_rest(notify: Notify) -> None:
    await notify.send(await notify.person())
    for table in ("contacts", "messages", "outbox"):
        stored = str(await notify.rows(f"SELECT * FROM {table}"))
        assert "13900000001" not in stored
        assert "体检" not in stored


async def test_the_same_reference_is_the_same_text(notify: Notify) -> None:
    body = make_message(await notify.person())
    first = await notify.post("/messages", body)
    again = await notify.post("/messages", body)
    assert (again.status_code, again.json()) == (202, first.json())
    other = await notify.post("/messages", body | {"variables": {"service": "x"}})
    assert other.status_code == 409
    assert problem(other) == "reference-conflict"
    (row,) = await notify.rows("SELECT count(*) AS n FROM messages")
    assert row["n"] == 1


async def test_the_same_reference_at_the_same_moment_is_one_text(notify: Notify) -> None:
    body = make_message(await notify.person())
    answers = await asyncio.gather(*(notify.post("/messages", body) for _ in range(6)))
    assert {each.status_code for each in answers} == {202}
    assert len({each.json()["id"] for each in answers}) == 1
    accepted = await notify.rows("SELECT 1 FROM outbox WHERE payload LIKE '%message-accepted%'")
    assert len(accepted) == 1


async def test_references_are_each_callers_own(notify: Notify) -> None:
    person = await notify.person()
    body = make_message(person)
    first = await notify.post("/messages", body)
    token = notify.issuer.token(scope=SCOPES, sub="clerk-2")
    async with client_of(notify.app, token, HEADERS) as other:
        second = await other.post("/notify/v1/messages", json=body)
    assert second.json()["id"] != first.json()["id"]


async def test_no_consent_no_text(notify: Notify) -> None:
    nobody = await notify.post("/messages", make_message())
    assert (nobody.status_code, problem(nobody)) == (409, "no-consent")
    person = await notify.person(purpose="vital-events")
    other = await notify.post("/messages", make_message(person))
    assert problem(other) == "no-consent"
    silent = await notify.person(phone=None)
    assert problem(await notify.post("/messages", make_message(silent))) == "no-number"


async def test_another_county_reaches_nobody_here(notify: Notify) -> None:
    person = await notify.person()
    sent = await notify.send(person)
    token = notify.issuer.token(scope=SCOPES, region="420381")
    async with client_of(notify.app, token, HEADERS) as foreign:
        text = await foreign.post("/notify/v1/messages", json=make_message(person))
        assert (text.status_code, problem(text)) == (403, "outside-jurisdiction")
        look = await foreign.get(f"/notify/v1/messages/{sent['id']}")
        assert look.status_code == 404


async def test_a_stop_holds_until_a_later_consent(notify: Notify) -> None:
    person = await notify.person()
    stop = await notify.post("/opt-outs", {"person_id": str(person)})
    assert stop.status_code == 201, stop.text
    refused = await notify.post("/messages", make_message(person))
    assert (refused.status_code, problem(refused)) == (409, "opted-out")
    await notify.person()  # somebody else with the same number agrees
    assert problem(await notify.post("/messages", make_message(person))) == "opted-out"


@pytest.mark.parametrize(
    ("change", "status", "kind"),
    [
        ({"variables": {"service": "体检"}}, 422, "wrong-variables"),
        ({"variables": {"bad name": "x"}}, 422, "malformed-body"),
        ({"template": "no-such-template"}, 409, "no-approved-template"),
        ({"template": "arrival-welcome", "variables": {}}, 409, "purpose-mismatch"),
        ({"to": {}}, 422, "malformed-body"),
        ({"to": {"phone": "13900000001"}}, 422, "malformed-body"),
        ({"reference": "有空 格"}, 422, "malformed-body"),
        ({"expires": "2020-01-01T00:00:00Z"}, 409, "already-expired"),
        ({"not_before": "2026-12-01T00:00:00"}, 422, "malformed-body"),
    ],
)
async def test_what_is_refused(
    notify: Notify, change: dict[str, Any], status: int, kind: str
) -> None:
    person = await notify.person()
    answer = await notify.post("/messages", make_message(person) | change)
    assert (answer.status_code, problem(answer)) == (status, kind)
    assert "13900000001" not in answer.text


async def test_purpose_and_scope_are_needed(notify: Notify) -> None:
    body = make_message(await notify.person())
    reader = notify.issuer.token(scope="notify:read")
    async with client_of(notify.app, reader, HEADERS) as client:
        assert (await client.post("/notify/v1/messages", json=body)).status_code == 403
    async with client_of(notify.app, None, HEADERS) as client:
        assert (await client.post("/notify/v1/messages", json=body)).status_code == 401
    del notify.client.headers["Purpose"]
    refused = await notify.post("/messages", body)
    assert (refused.status_code, problem(refused)) == (400, "purpose-required")


async def test_officials_get_digests_by_number(notify: Notify) -> None:
    answer = await notify.post("/messages", {"reference": "digest-1"} | DIGEST)
    assert answer.status_code == 202, answer.text
    view = await notify.get(f"/messages/{answer.json()['id']}")
    assert (view["phone"], view["person_id"]) == ("138******09", None)
    await notify.post("/opt-outs", {"phone": "13800000009"})
    stopped = await notify.post("/messages", {"reference": "digest-2"} | DIGEST)
    assert problem(stopped) == "opted-out"


@pytest.mark.parametrize(
    "phone",
    [
        *("010-12345678", "12345", "95588", "12900000001", "1390000000", "139000000011"),
        *(
            "+14155550100",
            "0085261234567",
            "+44 7700 900123",
            "一三九〇〇〇〇〇〇〇一",
            "",
            "13900000001;",
        ),
    ],
)
async def test_a_number_that_is_no_mobile_here_is_refused(notify: Notify, phone: str) -> None:
    official = await notify.post("/messages", make_message() | DIGEST | {"to": {"phone": phone}})
    assert (official.status_code, problem(official)) == (422, "malformed-body")
    stop = await notify.post("/opt-outs", {"phone": phone})
    assert (stop.status_code, problem(stop)) == (422, "malformed-body")
    if len(phone) > 5:
        assert phone not in official.text + stop.text
    assert await notify.rows("SELECT 1 FROM messages") == []


async def test_quiet_hours_schedule_and_do_not_refuse(start_notify: NotifyFactory) -> None:
    # a window of one minute that has just passed, so that every moment of the test is quiet
    now = datetime.now(CHINA)
    window = {
        "open_from": (now - timedelta(minutes=3)).time().isoformat("seconds"),
        "open_to": (now - timedelta(minutes=2)).time().isoformat("seconds"),
    }
    if window["open_from"] > window["open_to"]:  # around midnight
        window = {"open_from": "12:00", "open_to": "12:01"}
    async with start_notify(sending=window) as notify:
        sent = await notify.send(await notify.person())
    assert sent["status"] == "queued"
    due = datetime.fromisoformat(sent["due_at"])
    assert due > now + timedelta(hours=1)
    assert datetime.fromisoformat(sent["expires_at"]) - due == timedelta(hours=24)


async def test_a_number_is_not_flooded(start_notify: NotifyFactory) -> None:
    rules = {"open_from": "00:00", "open_to": "00:00", "daily_per_template": 2}
    async with start_notify(sending=rules) as notify:
        person = await notify.person()
        batch = {"messages": [make_message(person) for _ in range(2)]}
        assert (await notify.post("/messages/batch", batch)).json()["accepted"] == 2
        third = await notify.post("/messages", make_message(person))
    assert (third.status_code, problem(third)) == (409, "daily-cap-reached")


async def test_a_batch_tells_for_each(notify: Notify) -> None:
    person = await notify.person()
    good, stranger = make_message(person), make_message()
    twice = make_message(person, reference=good["reference"], variables={})
    batch = {"messages": [good, stranger, good, twice]}
    answer = await notify.post("/messages/batch", batch)
    assert answer.status_code == 202, answer.text
    view = answer.json()
    assert (view["accepted"], view["refused"]) == (2, 2)
    first, refused, again, conflict = view["items"]
    assert first["message"]["id"] == again["message"]["id"]
    assert refused["problem"]["type"].endswith("/no-consent")
    assert conflict["problem"]["type"].endswith("/reference-conflict")
    repeat = await notify.post("/messages/batch", batch)
    assert repeat.json() == view
    assert UUID(first["message"]["id"])
    empty = await notify.post("/messages/batch", {"messages": []})
    assert empty.status_code == 422


async def test_the_language_of_the_contact_is_used(notify: Notify) -> None:
    chinese = await notify.send(await notify.person(phone="13900000002"))
    english = await notify.send(await notify.person(language="en", phone="13900000003"))
    other = await notify.send(await notify.person(language="ug", phone="13900000004"))
    rows = await notify.rows("SELECT id::text, language FROM messages")
    languages = {row["id"]: row["language"] for row in rows}
    assert languages == {chinese["id"]: "zh-CN", english["id"]: "en", other["id"]: "zh-CN"}


async def test_unknown_messages_are_not_found(notify: Notify) -> None:
    answer = await notify.client.get(f"/notify/v1/messages/{new_id()}")
    assert answer.status_code == 404
