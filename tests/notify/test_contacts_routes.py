"""Stops over HTTP: by staff, and by the person herself."""

from shared.ids import new_id
from shared.testing import client_of
from tests.notify.conftest import HEADERS, SCOPES, Notify
from tests.notify.samples import make_message


async def test_a_person_stops_her_own_texts(notify: Notify) -> None:
    person, other = await notify.person(), await notify.person(phone="13900000002")
    token = notify.issuer.token(scope="self", sub=str(person))
    async with client_of(notify.app, token, HEADERS | {"Purpose": "subject-access"}) as own:
        path = "/notify/v1/opt-outs"
        done = await own.post(path, json={"person_id": str(person), "purpose": "sms-reminders"})
        assert done.status_code == 201, done.text
        assert done.json()["numbers"] == 1
        theirs = await own.post(path, json={"person_id": str(other)})
        assert theirs.status_code == 403
        by_number = await own.post(path, json={"phone": "13900000002"})
        assert by_number.status_code == 403
    assert (await notify.post("/messages", make_message(person))).status_code == 409
    assert (await notify.post("/messages", make_message(other))).status_code == 202


async def test_a_stop_tells_whose_consents_end(notify: Notify) -> None:
    person = await notify.person()
    await notify.post("/opt-outs", {"phone": "+86 139 0000 0001"})
    (row,) = await notify.rows("SELECT key FROM outbox WHERE payload LIKE '%contact-opted-out%'")
    assert row["key"] == str(person)


async def test_unknown_and_foreign_persons(notify: Notify) -> None:
    assert (await notify.post("/opt-outs", {"person_id": str(new_id())})).status_code == 404
    person = await notify.person()
    token = notify.issuer.token(scope=SCOPES, region="420381")
    async with client_of(notify.app, token, HEADERS) as foreign:
        answer = await foreign.post("/notify/v1/opt-outs", json={"person_id": str(person)})
        assert answer.status_code == 403
    assert (await notify.post("/opt-outs", {})).status_code == 422
    token = notify.issuer.token(scope="notify:read")
    async with client_of(notify.app, token, HEADERS) as reader:
        answer = await reader.post("/notify/v1/opt-outs", json={"person_id": str(person)})
        assert answer.status_code == 403
