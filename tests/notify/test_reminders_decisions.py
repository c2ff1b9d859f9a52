"""The text that an objection was decided; every event arrives twice (`Notify.hear`)."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from shared.events.exchange import ObjectionDecided
from shared.ids import new_id
from tests.notify.conftest import Notify
from tests.notify.test_reminders import claim_at, messages

LATE = datetime(2026, 3, 1, 17, 30, tzinfo=UTC)  # already the next day in China


def decided(person: UUID, **overrides: Any) -> ObjectionDecided:
    values: dict[str, Any] = {
        "objection_id": new_id(),
        "person_id": person,
        "about": "notice",
        "granted": False,
        "appealed": False,
        "decided_at": LATE,
    }
    return ObjectionDecided(**(values | overrides))


async def test_one_text_says_that_it_was_decided_and_not_how(notify: Notify) -> None:
    person = await notify.person()
    refused = decided(person)
    await notify.hear(refused)
    (said,) = await claim_at(notify, datetime.now(UTC))
    text = "".join(said.parts)
    assert "2026年3月2日" in text and said.phone == "13900000001"
    await notify.hear(decided(person, granted=True))
    (upheld,) = await claim_at(notify, datetime.now(UTC))
    assert "".join(upheld.parts) == text


async def test_her_appeal_is_told_of_too(notify: Notify) -> None:
    first = decided(await notify.person())
    await notify.hear(first)
    await notify.hear(first.model_copy(update={"appealed": True, "granted": True}))
    assert await messages(notify) == [("queued", None)] * 2


async def test_nobody_is_texted_who_did_not_agree(notify: Notify) -> None:
    await notify.hear(decided(new_id()))
    await notify.hear(decided(await notify.person(purpose="monthly-greeting")))
    assert await messages(notify) == []
