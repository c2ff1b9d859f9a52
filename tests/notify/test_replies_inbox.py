"""Texts from people: what they do about appointments, and those that wait for the staff."""

import json
from typing import Any
from uuid import UUID

import pytest

from services.notify.housekeeping import tidy
from services.notify.messages.rules import Lane
from services.notify.receipts.meaning import words
from services.notify.settings import Sending
from shared.events.registry import PersonsMerged, PersonsSeparated
from shared.ids import new_id
from shared.testing import client_of
from tests.conftest import parts_of
from tests.notify.conftest import HEADERS, SCOPES, Notify, NotifyFactory
from tests.notify.samples import ALWAYS, SECRET, FakeProvider
from tests.notify.test_own_data import own
from tests.notify.test_reminders import DAY_BEFORE, booked, changed, run_at

PHONE, OTHER = "13900000001", "13900000002"


async def texted(notify: Notify, said: str, phone: str = PHONE, **more: Any) -> None:
    """The provider tells of a text, twice."""
    body = {"message_id": f"in-{new_id()}", "phone": phone, "text": said} | more
    for _ in range(2):
        answer = await notify.signed("inbound", body)
        assert answer.status_code == 200, answer.text


async def inbox(notify: Notify, **params: Any) -> list[dict[str, Any]]:
    answer = await notify.client.get("/notify/v1/replies", params=params)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


async def said_in(notify: Notify, name: str) -> list[dict[str, Any]]:
    rows = await notify.rows(
        "SELECT payload FROM outbox WHERE payload LIKE $1 ORDER BY id", f"%notify.{name}.v1%"
    )
    return [dict(json.loads(row["payload"])["data"]) for row in rows]


async def texts_of(notify: Notify, template: str) -> int:
    return len(await notify.rows("SELECT FROM messages WHERE template = $1", template))


def clerk(notify: Notify, **claims: Any) -> Any:
    token = notify.issuer.token(**({"scope": SCOPES} | claims))
    return client_of(notify.app, token, HEADERS)


async def reminded(notify: Notify) -> tuple[UUID, Any]:
    """Somebody who has been reminded of an appointment just now."""
    person = await notify.person()
    event = booked(person)
    await notify.hear(event)
    await run_at(notify, DAY_BEFORE)
    await notify.rows("UPDATE messages SET due_at = now() - interval '1 second' RETURNING id")
    await notify.worker(FakeProvider()).send_due(Lane.BULK)
    return person, event


# appointments


@pytest.mark.parametrize(("said", "cancels"), [("确认", False), ("ｃａｎｃｅｌ", True)])
async def test_she_answers_the_reminder(notify: Notify, said: str, cancels: bool) -> None:
    person, event = await reminded(notify)
    await texted(notify, said)
    await texted(notify, said)
    (told,) = await said_in(notify, "appointment-replied")
    assert (told["appointment_id"], told["cancels"], told["revision"]) == (
        str(event.appointment_id),
        cancels,
        1,
    )
    assert await inbox(notify) == []
    template = "reply-cancelled" if cancels else "reply-confirmed"
    assert await texts_of(notify, template) == 1
    looks = await notify.rows("SELECT kind FROM usage_entries WHERE subject_id = $1", person)
    assert "reply" in [each["kind"] for each in looks]


async def test_words_about_a_time_it_no_longer_has_are_for_the_staff(notify: Notify) -> None:
    _, event = await reminded(notify)
    await notify.hear(changed(event))
    await texted(notify, "取消")
    assert await said_in(notify, "appointment-replied") == []
    (line,) = await inbox(notify)
    assert line["message_id"] is not None


async def test_by_another_provider_it_answers_nothing_of_ours(notify: Notify) -> None:
    await reminded(notify)
    await notify.rows("UPDATE messages SET provider = 'other' RETURNING id")
    await texted(notify, "取消")
    assert await said_in(notify, "appointment-replied") == []
    (line,) = await inbox(notify)
    assert line["message_id"] is None


async def test_an_answer_after_days_answers_nothing(notify: Notify) -> None:
    await reminded(notify)
    days = words().answer_days
    await notify.rows(
        f"UPDATE messages SET submitted_at = now() - interval '{days} days' RETURNING id"
    )
    await texted(notify, "取消")
    assert await said_in(notify, "appointment-replied") == []


# the inbox of the staff


async def test_staff_read_answer_and_put_away(notify: Notify) -> None:
    person = await notify.person()
    sent = await notify.send(person)
    await notify.worker(FakeProvider()).send_due(Lane.BULK)
    await texted(notify, "请问带什么材料?")
    await texted(notify, "还有，几点开门")
    (line,) = await inbox(notify)
    assert (line["person_id"], line["phone"], line["texts"]) == (str(person), "139******01", 2)
    assert (line["message_id"], line["read_at"]) == (sent["id"], None)
    view = await notify.get(f"/replies/{line['id']}")
    assert [each["text"] for each in view["said"]] == ["请问带什么材料?", "还有，几点开门"]
    assert view["template"] == "appointment-reminder"
    assert (view["read_by"], PHONE in json.dumps(view)) == ("clerk-1", False)
    async with clerk(notify, sub="another") as other:
        again = await other.get(f"/notify/v1/replies/{line['id']}")
    assert again.json()["read_by"] == "clerk-1"
    path = f"/replies/{line['id']}/answer"
    answered = await notify.post(path, {"template": "reply-heard"})
    assert answered.status_code == 200, answered.text
    assert (answered.json()["done_by"], await inbox(notify)) == ("clerk-1", [])
    assert [each["id"] for each in await inbox(notify, show="done")] == [line["id"]]
    again = await notify.post(path, {"template": "reply-heard"})
    assert (again.status_code, again.json()["type"].rpartition("/")[2]) == (409, "reply-done")
    provider = FakeProvider()
    await notify.worker(provider).send_due(Lane.URGENT)
    (request,) = provider.submitted
    assert (request.phone, request.urgent) == (PHONE, True)
    assert str(request.reference) == answered.json()["answer_id"]


async def test_done_without_an_answer_and_once_more(notify: Notify) -> None:
    await texted(notify, "你们是谁")
    (line,) = await inbox(notify)
    first = await notify.post(f"/replies/{line['id']}/done", {})
    again = await notify.post(f"/replies/{line['id']}/done", {})
    assert first.json() == again.json()
    await texted(notify, "还在吗")
    (fresh,) = await inbox(notify)
    assert fresh["id"] != line["id"]


async def test_what_an_answer_may_be(notify: Notify) -> None:
    await notify.person()
    await texted(notify, "你好")
    (line,) = await inbox(notify)
    path = f"/replies/{line['id']}/answer"

    async def refused(template: str) -> tuple[int, str]:
        answer = await notify.post(path, {"template": template})
        return answer.status_code, answer.json()["type"].rpartition("/")[2]

    assert await refused("visit-reminder") == (409, "purpose-mismatch")
    assert await refused("no-such-template") == (409, "no-approved-template")
    assert (await notify.post(path, {"template": "../x"})).status_code == 422
    await texted(notify, "退订")
    assert await refused("reply-heard") == (409, "opted-out")
    message = {"reference": "x", "template": "reply-heard", "purpose": "reply"}
    direct = await notify.post("/messages", message | {"to": {"phone": PHONE}})
    assert direct.status_code == 422  # a number gets no text of ours but where it wrote


async def test_each_sees_her_own_region(notify: Notify) -> None:
    await notify.person()
    await texted(notify, "你好")
    await texted(notify, "你好", phone=OTHER)  # nobody's number: the county's
    ours, countys = await inbox(notify)
    assert (ours["region"], countys["region"]) == ("420325100001", "420325")
    async with clerk(notify, region="420325100") as township:
        listed = (await township.get("/notify/v1/replies")).json()["items"]
        assert [each["id"] for each in listed] == [ours["id"]]
        hidden = await township.get(f"/notify/v1/replies/{countys['id']}")
        assert hidden.status_code == 404
    async with clerk(notify, region="420325101") as neighbour:
        assert (await neighbour.get("/notify/v1/replies")).json()["items"] == []
        assert (await neighbour.get(f"/notify/v1/replies/{ours['id']}")).status_code == 404
        done = await neighbour.post(f"/notify/v1/replies/{ours['id']}/done", json={})
        assert done.status_code == 404
    outside = await notify.client.get("/notify/v1/replies", params={"region": "110101"})
    assert outside.status_code == 403


async def test_doors_are_guarded(notify: Notify) -> None:
    await texted(notify, "你好")
    (line,) = await inbox(notify)
    async with clerk(notify, scope="notify:read") as reader:
        assert (await reader.get("/notify/v1/replies")).status_code == 200
        done = await reader.post(f"/notify/v1/replies/{line['id']}/done", json={})
        assert done.status_code == 403
    async with clerk(notify, scope="registry:read") as stranger:
        assert (await stranger.get("/notify/v1/replies")).status_code == 403
        assert (await stranger.get("/notify/v1/unmatched-receipts")).status_code == 403
    token = notify.issuer.token(scope=SCOPES)
    async with client_of(notify.app, token, {}) as hurried:
        assert (await hurried.get("/notify/v1/replies")).status_code == 400
    assert (await notify.client.get("/notify/v1/replies?cursor=x")).status_code == 400
    assert (await notify.client.get("/notify/v1/replies?show=all&limit=0")).status_code == 400
    assert (await notify.client.get(f"/notify/v1/replies/{new_id()}")).status_code == 404


async def test_pages_go_on_after_the_last(notify: Notify) -> None:
    for n in range(5):
        await texted(notify, "你好", phone=f"1390000010{n}")
    seen, params = [], {"limit": "2"}
    while True:
        page = (await notify.client.get("/notify/v1/replies", params=params)).json()
        seen += [each["id"] for each in page["items"]]
        if page["next"] is None:
            break
        params["cursor"] = page["next"]
    assert (len(seen), seen) == (5, sorted(seen))


# stops


async def stopping(notify: Notify, times: int = 2) -> list[Any]:
    for _ in range(times):
        await texted(notify, "TD")
    return list(await notify.rows("SELECT FROM opt_outs"))


async def test_a_stop_is_acknowledged_once_where_the_county_wants(
    start_notify: NotifyFactory,
) -> None:
    async with start_notify(sending=ALWAYS | {"acknowledge_stops": True}) as notify:
        settings = notify.app.state.settings
        provider = {"name": "simulator", "url": "http://provider.test", "secret": SECRET}
        notify.app.state.settings = type(settings).model_validate(
            settings.model_dump() | {"providers": [provider]}
        )
        person = await notify.person()
        assert len(await stopping(notify)) == 1
        assert await texts_of(notify, "stop-heard") == 1
        fake = FakeProvider()
        await notify.worker(fake).send_due(Lane.URGENT)
        (request,) = fake.submitted
        assert request.phone == PHONE and "退订" in "".join(request.parts)
        assert (await notify.post("/messages", {"to": {}})).status_code == 422
        (told,) = await said_in(notify, "contact-opted-out")
        assert (told["person_id"], told["purpose"]) == (str(person), None)
        await notify.person()  # somebody of this number agrees again, and stops again
        assert len(await stopping(notify)) == 2
        assert await texts_of(notify, "stop-heard") == 2


async def test_by_default_a_stop_is_not_answered(notify: Notify) -> None:
    await notify.person()
    assert len(await stopping(notify)) == 1
    assert await notify.rows("SELECT FROM messages") == []


# in which language


@pytest.mark.parametrize(
    ("agreed", "said", "language"),
    [
        (None, "求助", "zh-CN"),
        (None, "HELP my wages", "en"),
        (None, "help 工资", "zh-CN"),
        ("zh-CN", "help", "zh-CN"),
        ("en", "求助", "en"),
    ],
)
async def test_an_answer_is_in_the_language_agreed_or_written(
    notify: Notify, agreed: str | None, said: str, language: str
) -> None:
    if agreed is not None:
        await notify.person(language=agreed)
    await texted(notify, said)
    (sent,) = await notify.rows("SELECT language FROM messages WHERE template = 'reply-help'")
    assert sent["language"] == language


async def test_two_people_of_one_number_with_two_languages(notify: Notify) -> None:
    await notify.person(language="en")
    await notify.person(language="zh-CN")
    await texted(notify, "求助")
    (sent,) = await notify.rows("SELECT language FROM messages WHERE template = 'reply-help'")
    assert sent["language"] == "zh-CN"


# what is hers, and for how long


async def test_her_replies_are_exported_and_erased_at_request(notify: Notify) -> None:
    person = await notify.person()
    await texted(notify, "请问几点开门")
    export = (await own(notify, "GET", f"{person}/export", person)).json()
    (reply,) = export["replies"]
    assert (reply["text"], reply["phone"], reply["action"]) == ("请问几点开门", PHONE, "inbox")
    erased = (await own(notify, "POST", f"{person}/erasure", person)).json()
    assert {each["kind"]: each["erased"] for each in erased["kinds"]}["replies"] == 1
    assert await notify.rows("SELECT FROM inbound_texts") == []


async def test_a_merge_takes_replies_along_and_back(notify: Notify) -> None:
    merged, kept = await notify.person(), new_id()
    await texted(notify, "请问几点开门")

    async def whose() -> UUID:
        (row,) = await notify.rows("SELECT person_id FROM inbound_texts")
        return UUID(str(row["person_id"]))

    await notify.hear(PersonsMerged(kept_id=kept, merged_id=merged))
    assert await whose() == kept
    await notify.hear(PersonsSeparated(kept_id=kept, merged_id=merged))
    assert await whose() == merged


async def test_after_a_week_number_and_text_are_gone(notify: Notify) -> None:
    await texted(notify, "你好")
    await texted(notify, "半", number=1, reference=1, total=2)
    (line,) = await inbox(notify)
    for table in ("inbound_texts", "inbound_pieces"):
        await notify.rows(
            f"UPDATE {table} SET received_at = received_at - interval '8 days' RETURNING region"
        )
    async with notify.database.transaction(parts_of(notify.app).actor) as tx:
        await tidy(tx, Sending())
    (row,) = await notify.rows("SELECT * FROM inbound_texts")
    assert (row["phone_sealed"], row["text_sealed"], row["phone_index"]) == (None, None, b"")
    assert await notify.rows("SELECT FROM inbound_pieces") == []
    assert await inbox(notify, show="all") == []
    view = await notify.get(f"/replies/{line['id']}")
    assert ([each["text"] for each in view["said"]], view["phone"]) == ([None], None)
    gone = await notify.post(f"/replies/{line['id']}/answer", {"template": "reply-heard"})
    assert (gone.status_code, gone.json()["type"].rpartition("/")[2]) == (409, "reply-erased")
