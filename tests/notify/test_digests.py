"""The weekly digest: counts of tasks to officials who asked, on Monday, once, never a name."""

from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID

import pytest

from services.notify.digests.handlers import send_digests
from services.notify.digests.rules import bounds, week_to_tell
from services.notify.messages.rules import Lane
from services.notify.settings import Sending
from shared.clock import CHINA
from shared.events.base import Event
from shared.events.exchange import (
    InquiryAnswered,
    InquiryOpened,
    InquiryOverdue,
    InquiryOverdueAnnulled,
)
from shared.events.migrant import (
    HelpOverdue,
    HelpRequested,
    HelpSettled,
    ReferralEnded,
    ReferralMade,
)
from shared.ids import new_id
from shared.testing import client_of
from tests.conftest import parts_of
from tests.notify.conftest import HEADERS, SCOPES, Notify
from tests.notify.samples import ALWAYS, FakeProvider

TOWN, OTHER = "420325100", "420325200"
NEXT_MONDAY = datetime(2035, 6, 4, 9, tzinfo=CHINA)  # far away: nothing of the tests is late by it
ON = Sending.model_validate(ALWAYS | {"digests": True})


def test_it_goes_on_monday_from_nine_and_is_made_up_for_until_wednesday() -> None:
    monday = datetime(2026, 11, 23, 9, tzinfo=CHINA).astimezone(UTC)
    assert week_to_tell(monday, time(9)) == date(2026, 11, 16)
    assert week_to_tell(monday.replace(hour=15, minute=59), time(9)) == date(2026, 11, 16)
    assert week_to_tell(datetime(2026, 11, 23, 8, 59, tzinfo=CHINA), time(9)) is None
    assert week_to_tell(datetime(2026, 11, 25, 23, 59, tzinfo=CHINA), time(9)) == date(2026, 11, 16)
    assert week_to_tell(datetime(2026, 11, 26, tzinfo=CHINA), time(9)) is None
    assert week_to_tell(datetime(2026, 11, 22, 23, 59, tzinfo=CHINA), time(9)) is None
    start, end = bounds(date(2026, 11, 16))
    assert start.astimezone(CHINA) == datetime(2026, 11, 16, tzinfo=CHINA)
    assert end.astimezone(CHINA) == datetime(2026, 11, 23, tzinfo=CHINA)


def help_asked(id: UUID, due: date, region: str = TOWN, office: str = "town-1") -> HelpRequested:
    return HelpRequested(
        request_id=id, region=region, department="x", category="y", due_on=due, office=office
    )


def help_settled(id: UUID) -> HelpSettled:
    return HelpSettled(
        request_id=id, region=TOWN, department="x", category="y", in_time=True, satisfied=None
    )


LATER, PAST = date(2036, 1, 1), date(2026, 1, 1)


def some_events() -> list[Event]:
    """Open: one help in time, one late by its day, one told late, one inquiry told late, one
    referral. Settled: help, inquiry, referral."""
    done, inquiry, answered, referral = (new_id() for _ in range(4))
    asked = {"kind": "residence", "to_node": "b", "asked_region": TOWN}
    told_late = new_id()
    return [
        help_asked(new_id(), LATER),
        help_asked(new_id(), PAST),
        HelpOverdue(
            request_id=told_late,
            region=TOWN,
            office="town-1",
            kind="acceptance",
            due_on=PAST,
            days=1,
        ),
        help_asked(told_late, LATER),
        help_settled(done),
        help_asked(done, PAST),
        InquiryOpened(inquiry_id=inquiry, direction="in", from_node="a", due_on=LATER, **asked),
        InquiryOverdue(inquiry_id=inquiry, direction="in", due_on=PAST, **asked),
        InquiryOpened(inquiry_id=new_id(), direction="out", from_node="a", due_on=PAST, **asked),
        InquiryAnswered(
            inquiry_id=answered,
            direction="in",
            from_node="a",
            in_time=True,
            complete=True,
            answered_at=datetime.now(UTC),
            **asked,
        ),
        ReferralMade(
            referral_id=new_id(),
            region=TOWN,
            from_office="o",
            office="town-2",
            department="d",
            service="s",
            due_on=LATER,
            resident_kind="migrant",
        ),
        ReferralEnded(
            referral_id=referral,
            region=TOWN,
            office="town-2",
            department="d",
            service="s",
            outcome="served",
            reason=None,
            days=1,
            in_time=True,
            resident_kind="migrant",
        ),
        help_asked(new_id(), PAST, OTHER, "town-9"),
    ]


async def enter(notify: Notify, phone: str, region: str = TOWN, **more: Any) -> Any:
    body = {"phone": phone, "region": region, "agreed": True} | more
    answer = await notify.post("/digest-recipients", body)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def send(notify: Notify, at: datetime, rules: Sending = ON, limit: int = 10) -> int:
    async with notify.database.transaction(parts_of(notify.app).actor) as tx:
        tx.now = at.astimezone(UTC)
        return await send_digests(limit, tx, rules)


async def texts(notify: Notify) -> list[str]:
    """What would be sent, without its times."""
    provider = FakeProvider()
    await notify.rows(
        "UPDATE messages SET due_at = now(), expires_at = now() + interval '1 hour' RETURNING id"
    )
    await notify.worker(provider).send_due(Lane.BULK)
    return sorted("".join(each.parts) for each in provider.submitted)


async def test_officials_are_told_counts_of_their_area_once(notify: Notify) -> None:
    for event in some_events():
        await notify.hear(event)
    await notify.rows(
        "UPDATE duties SET settled_at = '2035-05-30' WHERE settled_at IS NOT NULL RETURNING id"
    )
    await notify.rows(
        "UPDATE duties SET due_on = '2036-01-01' WHERE due_on > '2030-01-01' RETURNING id"
    )
    whole = await enter(notify, "13800000001")
    await enter(notify, "13800000002", office="town-2")
    await enter(notify, "13800000003", region="420325300")  # nothing to tell there
    assert await send(notify, NEXT_MONDAY.replace(hour=8)) == 0
    assert await send(notify, NEXT_MONDAY, Sending.model_validate(ALWAYS)) == 0  # off by default
    assert await send(notify, NEXT_MONDAY, limit=2) == 2
    assert await send(notify, NEXT_MONDAY) == 1
    assert await send(notify, NEXT_MONDAY.replace(hour=10)) == 0
    assert await texts(notify) == [
        "【一盘工作提醒】2035年5月28日起一周：待办1件，逾期0件，已办结1件。详情请登录系统查看。",
        "【一盘工作提醒】2035年5月28日起一周：待办5件，逾期3件，已办结3件。详情请登录系统查看。",
    ]
    listed = (await notify.get("/digest-recipients"))["items"]
    assert [each["told_week"] for each in listed] == ["2035-05-28"] * 3
    assert listed[0] == whole | {"told_week": "2035-05-28"}
    assert "13800000001" not in str(listed)


async def test_an_inquiry_that_was_not_late_after_all_is_not_counted_so(notify: Notify) -> None:
    ours, theirs = new_id(), new_id()
    asked = {"kind": "residence", "to_node": "b", "asked_region": TOWN}
    for id, direction in ((ours, "in"), (theirs, "out")):
        told = {"inquiry_id": id, "direction": direction} | asked
        await notify.hear(InquiryOpened(from_node="a", due_on=PAST, **told))
        await notify.hear(InquiryOverdue(due_on=PAST, **told))
        await notify.hear(InquiryOverdueAnnulled(due_on=LATER, part_answered_at=None, **told))
    rows = await notify.rows("SELECT id, overdue, due_on, settled_at FROM duties")
    assert [tuple(row) for row in rows] == [(ours, False, LATER, None)]


async def test_an_official_can_say_stop_and_be_taken_off(notify: Notify) -> None:
    await notify.hear(help_asked(new_id(), PAST))
    entered = await enter(notify, "13800000001")
    await notify.post("/opt-outs", {"phone": "13800000001"})
    assert await send(notify, NEXT_MONDAY) == 1
    assert await notify.rows("SELECT 1 FROM messages") == []
    path = f"/notify/v1/digest-recipients/{entered['id']}"
    assert (await notify.client.delete(path)).status_code == 204
    assert (await notify.client.delete(path)).status_code == 404
    assert await notify.rows("SELECT 1 FROM digest_recipients") == []


async def test_who_may_enter_and_what_is_refused(notify: Notify) -> None:
    entered = await enter(notify, "13800000001")
    body = {"phone": "13800000001", "region": TOWN, "agreed": True}
    assert (await notify.post("/digest-recipients", body)).status_code == 409
    for change in ({"agreed": False}, {"phone": "0719-3221234"}, {"office": "王小明 的"}):
        answer = await notify.post("/digest-recipients", body | change)
        assert answer.status_code == 422
    elsewhere = notify.issuer.token(scope=SCOPES, region="420325200")
    async with client_of(notify.app, elsewhere, HEADERS) as other:
        assert (await other.get("/notify/v1/digest-recipients")).json()["items"] == []
        path = f"/notify/v1/digest-recipients/{entered['id']}"
        assert (await other.delete(path)).status_code == 404
        refused = await other.post(
            "/notify/v1/digest-recipients", json=body | {"phone": "13800000002"}
        )
        assert refused.status_code == 403
    reader = notify.issuer.token(scope="notify:read")
    async with client_of(notify.app, reader, HEADERS) as client:
        answer = await client.post("/notify/v1/digest-recipients", json=body)
        assert answer.status_code == 403
    del notify.client.headers["Purpose"]
    assert (await notify.post("/digest-recipients", body)).status_code == 400


@pytest.mark.parametrize("cursor", ["WzFd", "WyJ4Il0", "xx"])
async def test_a_cursor_that_is_none(notify: Notify, cursor: str) -> None:
    answer = await notify.client.get(f"/notify/v1/digest-recipients?cursor={cursor}")
    assert answer.status_code == 400
