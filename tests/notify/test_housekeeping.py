"""What is kept long enough is erased; waiting ends."""

from services.notify.housekeeping import tidy
from services.notify.messages.rules import Lane
from services.notify.settings import Sending
from shared.events.migrant import ConsentWithdrawn
from shared.ids import new_id
from tests.conftest import parts_of
from tests.notify.conftest import Notify
from tests.notify.samples import FakeProvider, consent


async def keep(notify: Notify) -> None:
    for _ in range(2):
        async with notify.database.transaction(parts_of(notify.app).actor) as tx:
            await tidy(tx, Sending())


async def age(notify: Notify, days: int) -> None:
    for table, columns in {
        "messages": ("created_at", "due_at", "expires_at", "submitted_at", "done_at"),
        "attempts": ("started_at", "check_at"),
        "message_parts": ("received_at",),
        "contacts": ("changed_at",),
        "inbound_texts": ("received_at",),
    }.items():
        sets = ", ".join(f"{each} = {each} - interval '{days} days'" for each in columns)
        await notify.rows(f"UPDATE {table} SET {sets}")


async def test_content_goes_and_the_fact_stays_a_while(notify: Notify) -> None:
    sent = await notify.send(await notify.person())
    await notify.worker(FakeProvider()).send_due(Lane.BULK)
    await age(notify, 6)
    await keep(notify)
    assert (await notify.get(f"/messages/{sent['id']}"))["phone"] == "139******01"
    await age(notify, 2)
    await keep(notify)
    (row,) = await notify.rows("SELECT body_sealed, phone_sealed, phone_index FROM messages")
    assert tuple(row) == (None, None, b"")
    view = await notify.get(f"/messages/{sent['id']}")
    assert (view["status"], view["phone"]) == ("unconfirmed", None)
    await age(notify, 400)
    await keep(notify)
    assert await notify.rows("SELECT 1 FROM messages") == []
    assert await notify.rows("SELECT 1 FROM attempts") == []
    assert await notify.rows("SELECT 1 FROM message_parts") == []


async def test_a_text_nobody_could_send_fails_when_stale(notify: Notify) -> None:
    sent = await notify.send(await notify.person())
    await age(notify, 2)
    await keep(notify)
    view = await notify.get(f"/messages/{sent['id']}")
    assert (view["status"], view["reason"]) == ("failed", "expired")
    failed = await notify.rows("SELECT 1 FROM outbox WHERE payload LIKE '%message-failed%'")
    assert len(failed) == 1


async def test_withdrawn_numbers_and_replies_go(notify: Notify) -> None:
    given = consent(new_id())
    await notify.hear(given)
    standing = await notify.person(phone="13900000002")
    await notify.hear(
        ConsentWithdrawn(
            consent_id=given.consent_id, person_id=given.person_id, purpose=given.purpose
        )
    )
    text = {"message_id": "in-1", "phone": "13900000001", "text": "谢谢"}
    await notify.signed("inbound", text)
    await age(notify, 200)
    await keep(notify)
    rows = await notify.rows("SELECT person_id FROM contacts WHERE phone_sealed IS NOT NULL")
    assert [each["person_id"] for each in rows] == [standing]
    (row,) = await notify.rows("SELECT phone_sealed, text_sealed FROM inbound_texts")
    assert tuple(row) == (None, None)
