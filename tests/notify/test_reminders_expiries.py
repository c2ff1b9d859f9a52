"""The text before a certificate expires; every event arrives twice (`Notify.hear`)."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from shared.clock import today
from shared.events.migrant import CertificateExpiring, ConsentWithdrawn
from shared.ids import new_id
from tests.notify.conftest import Notify
from tests.notify.samples import consent
from tests.notify.test_reminders import claim_at, messages


def expiring(person: UUID, **overrides: Any) -> CertificateExpiring:
    values: dict[str, Any] = {
        "certificate_id": new_id(),
        "person_id": person,
        "region": "420325",
        "valid_until": today() + timedelta(days=30),
    }
    return CertificateExpiring(**(values | overrides))


async def test_one_text_says_when_and_that_nothing_depends_on_it(notify: Notify) -> None:
    event = expiring(await notify.person())
    await notify.hear(event)
    (request,) = await claim_at(notify, datetime.now(UTC))
    text = "".join(request.parts)
    day = event.valid_until
    assert f"{day.year}年{day.month}月{day.day}日" in text and "没有任何影响" in text
    assert request.phone == "13900000001"


async def test_nobody_is_texted_who_did_not_agree_or_too_late(notify: Notify) -> None:
    await notify.hear(expiring(new_id()))
    await notify.hear(expiring(await notify.person(purpose="monthly-greeting")))
    agreed = new_id()
    await notify.hear(consent(agreed))
    await notify.hear(expiring(agreed, valid_until=today() - timedelta(days=1)))
    assert await messages(notify) == []


async def test_a_consent_taken_back_between_planning_and_sending_stops_it(notify: Notify) -> None:
    given = consent(new_id())
    await notify.hear(given)
    await notify.hear(expiring(given.person_id))
    assert await messages(notify) == [("queued", None)]
    await notify.hear(
        ConsentWithdrawn(
            consent_id=given.consent_id, person_id=given.person_id, purpose=given.purpose
        )
    )
    assert await messages(notify) == [("cancelled", "no-consent")]
    assert await claim_at(notify, datetime.now(UTC)) == []
