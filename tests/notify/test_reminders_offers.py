"""The text about a time that somebody waits for; every event arrives twice (`Notify.hear`)."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from shared.events.migrant import AppointmentOffered
from shared.ids import new_id
from tests.notify.conftest import Notify
from tests.notify.samples import consent
from tests.notify.test_reminders import claim_at, in_days, messages


def offered(person: UUID, **overrides: Any) -> AppointmentOffered:
    values: dict[str, Any] = {
        "wait_id": new_id(),
        "person_id": person,
        "region": "420325",
        "at": in_days(5),
        "held_until": datetime.now(UTC) + timedelta(hours=2),
        "place_zh": "县便民服务中心二楼",
        "place_en": "County Service Centre",
    }
    return AppointmentOffered(**(values | overrides))


async def test_one_text_says_when_where_and_how_long(notify: Notify) -> None:
    event = offered(await notify.person())
    await notify.hear(event)
    (request,) = await claim_at(notify, datetime.now(UTC))
    text = "".join(request.parts)
    assert "县便民服务中心二楼" in text and "09:30" in text and "保留到" in text
    assert request.phone == "13900000001"


async def test_nobody_is_texted_who_did_not_agree_or_too_late(notify: Notify) -> None:
    await notify.hear(offered(new_id()))
    await notify.hear(offered(await notify.person(purpose="monthly-greeting")))
    agreed = new_id()
    await notify.hear(consent(agreed))
    await notify.hear(offered(agreed, held_until=datetime.now(UTC) - timedelta(minutes=1)))
    assert await messages(notify) == []
