"""The contact book follows consents, withdrawals and merges; births become texts. Every event
arrives twice (`Notify.hear`)."""

from typing import Any
from uuid import UUID

from shared.events.migrant import ConsentWithdrawn
from shared.events.registry import PersonsMerged
from shared.ids import new_id
from tests.notify.conftest import Notify
from tests.notify.samples import birth, consent, make_message


async def may_text(notify: Notify, person: UUID, purpose: str = "sms-reminders") -> bool:
    body = make_message(person)
    if purpose == "vital-events":
        body |= {
            "template": "birth-registered",
            "variables": {"registered_on": "2026-01-01"},
            "purpose": purpose,
        }
    return (await notify.post("/messages", body)).status_code == 202


def withdrawal(event: Any) -> ConsentWithdrawn:
    return ConsentWithdrawn(
        consent_id=event.consent_id, person_id=event.person_id, purpose=event.purpose
    )


async def test_a_withdrawal_takes_effect_at_once(notify: Notify) -> None:
    given = consent(new_id())
    await notify.hear(given)
    assert await may_text(notify, given.person_id)
    await notify.hear(withdrawal(given))
    assert not await may_text(notify, given.person_id)
    await notify.hear(consent(given.person_id))
    assert await may_text(notify, given.person_id)


async def test_a_withdrawal_before_its_consent_still_wins(notify: Notify) -> None:
    given = consent(new_id())
    await notify.hear(withdrawal(given))
    await notify.hear(given)
    assert not await may_text(notify, given.person_id)


async def test_an_old_consent_does_not_come_back(notify: Notify) -> None:
    person = new_id()
    old, new = consent(person, phone="13900000002"), consent(person)
    await notify.hear(new)
    await notify.hear(old)
    (row,) = await notify.rows("SELECT consent_id FROM contacts")
    assert row["consent_id"] == new.consent_id


async def test_a_merge_moves_what_was_agreed(notify: Notify) -> None:
    kept, merged = new_id(), new_id()
    await notify.hear(consent(merged))
    sent = await notify.send(merged)
    await notify.hear(PersonsMerged(kept_id=kept, merged_id=merged))
    assert await may_text(notify, kept)
    assert await may_text(notify, merged)  # callers may still know the old id
    assert (await notify.get(f"/messages/{sent['id']}"))["person_id"] == str(kept)
    late = consent(merged, purpose="vital-events")
    await notify.hear(late)
    assert await may_text(notify, kept, "vital-events")


async def test_of_two_words_the_later_holds_after_a_merge(notify: Notify) -> None:
    kept, merged = new_id(), new_id()
    await notify.hear(consent(kept))
    refused = consent(merged)
    await notify.hear(refused)
    await notify.hear(withdrawal(refused))
    await notify.hear(PersonsMerged(kept_id=kept, merged_id=merged))
    assert not await may_text(notify, kept)
    (row,) = await notify.rows("SELECT count(*) AS n FROM contacts")
    assert row["n"] == 1


async def test_a_mother_who_agreed_is_told_once(notify: Notify) -> None:
    mother = await notify.person(purpose="vital-events")
    event = birth(mother)
    await notify.hear(event)
    await notify.hear(event)  # published again under another event id
    (row,) = await notify.rows("SELECT * FROM messages")
    assert (row["template"], row["person_id"]) == ("birth-registered", mother)
    assert row["reference"] == f"birth:{event.birth_id}"
    accepted = await notify.rows(
        "SELECT payload FROM outbox WHERE payload LIKE '%message-accepted%'"
    )
    assert len(accepted) == 1
    used = await notify.rows("SELECT purpose FROM usage_entries WHERE subject_id = $1", mother)
    assert [each["purpose"] for each in used] == ["notification"]


async def test_a_mother_who_did_not_agree_is_not_told(notify: Notify) -> None:
    stranger, reminded, stopped = new_id(), await notify.person(), new_id()
    await notify.hear(consent(stopped, purpose="vital-events", phone="13900000005"))
    await notify.post("/opt-outs", {"phone": "13900000005"})
    for mother in (stranger, reminded, stopped):
        await notify.hear(birth(mother))
    assert await notify.rows("SELECT 1 FROM messages") == []
    assert await notify.rows("SELECT 1 FROM dead_letters") == []
