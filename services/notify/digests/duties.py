"""What offices owe, as the events of the services tell it, in whatever order they come: a task
that is settled stays settled, and one that was late stays late unless that is taken back."""

from datetime import date, datetime
from uuid import UUID

from services.notify.digests.rules import DutyKind
from shared.consumer import Consumer
from shared.db import Tx
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

_NOTE = """
INSERT INTO duties AS d (id, kind, region, office, due_on, overdue, settled_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (id) DO UPDATE SET
  office = coalesce(excluded.office, d.office), due_on = coalesce(excluded.due_on, d.due_on),
  overdue = d.overdue OR excluded.overdue,
  settled_at = coalesce(d.settled_at, excluded.settled_at)
"""
_NOT_LATE = "UPDATE duties SET overdue = false, due_on = $2 WHERE id = $1"


async def note(
    tx: Tx,
    duty_id: UUID,
    kind: DutyKind,
    region: str,
    *,
    office: str | None = None,
    due_on: date | None = None,
    overdue: bool = False,
    settled_at: datetime | None = None,
) -> None:
    """Write down what is now known of a task."""
    await tx.execute(_NOTE, duty_id, kind, region, office, due_on, overdue, settled_at)


def follow_duties(consumer: Consumer) -> None:
    """Listen to what opens, makes late and settles tasks. Inquiries count where they came in;
    of certificates nothing is heard here, so that nothing can ever hang on one."""

    @consumer.on(HelpRequested)
    async def help_requested(event: HelpRequested, tx: Tx) -> None:
        id, office = event.request_id, event.office
        await note(tx, id, DutyKind.HELP, event.region, office=office, due_on=event.due_on)

    @consumer.on(HelpOverdue)
    async def help_overdue(event: HelpOverdue, tx: Tx) -> None:
        id, office = event.request_id, event.office
        await note(tx, id, DutyKind.HELP, event.region, office=office, overdue=True)

    @consumer.on(HelpSettled)
    async def help_settled(event: HelpSettled, tx: Tx) -> None:
        await note(tx, event.request_id, DutyKind.HELP, event.region, settled_at=tx.now)

    @consumer.on(InquiryOpened)
    async def inquiry_opened(event: InquiryOpened, tx: Tx) -> None:
        if event.direction == "in":
            id, region = event.inquiry_id, event.asked_region
            await note(tx, id, DutyKind.INQUIRY, region, due_on=event.due_on)

    @consumer.on(InquiryOverdue)
    async def inquiry_overdue(event: InquiryOverdue, tx: Tx) -> None:
        if event.direction == "in":
            id, region = event.inquiry_id, event.asked_region
            await note(tx, id, DutyKind.INQUIRY, region, due_on=event.due_on, overdue=True)

    @consumer.on(InquiryOverdueAnnulled)
    async def inquiry_not_overdue(event: InquiryOverdueAnnulled, tx: Tx) -> None:
        if event.direction == "in":
            await tx.execute(_NOT_LATE, event.inquiry_id, event.due_on)

    @consumer.on(InquiryAnswered)
    async def inquiry_answered(event: InquiryAnswered, tx: Tx) -> None:
        if event.direction == "in":
            id, at = event.inquiry_id, event.answered_at
            await note(tx, id, DutyKind.INQUIRY, event.asked_region, settled_at=at)

    @consumer.on(ReferralMade)
    async def referral_made(event: ReferralMade, tx: Tx) -> None:
        id, office = event.referral_id, event.office
        await note(tx, id, DutyKind.REFERRAL, event.region, office=office, due_on=event.due_on)

    @consumer.on(ReferralEnded)
    async def referral_ended(event: ReferralEnded, tx: Tx) -> None:
        id, office = event.referral_id, event.office
        await note(tx, id, DutyKind.REFERRAL, event.region, office=office, settled_at=tx.now)
