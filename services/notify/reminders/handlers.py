"""Planning, moving, dropping and sending reminders."""

from collections.abc import Mapping
from uuid import UUID

from services.notify.contacts.queries import Recipient, current_person, find_recipients
from services.notify.messages.handlers import accept
from services.notify.messages.schemas import SendMessage, To
from services.notify.messages.stopping import cancel_message
from services.notify.reminders.models import Reminder
from services.notify.reminders.rules import PURPOSE, ReminderStatus, remind_at
from services.notify.settings import Sending
from shared.db import Tx
from shared.events.migrant import AppointmentBooked, AppointmentCancelled, AppointmentChanged
from shared.ids import new_id
from shared.problems import Problem

_TEMPLATE = "visit-reminder"
_DUE = """
SELECT * FROM reminders WHERE status = 'planned' AND due_at <= $1
ORDER BY due_at, id LIMIT $2 FOR UPDATE SKIP LOCKED
"""
_FORGET = "DELETE FROM reminders WHERE person_id = $1 AND status <> 'cancelled'"


async def plan_reminder(
    event: AppointmentBooked | AppointmentChanged, tx: Tx, sending: Sending
) -> None:
    """Plan the text of an appointment, or move it. Of somebody who has not agreed to reminders
    nothing is kept; of an appointment so near that she has just been told, no text is planned."""
    person_id = await current_person(event.person_id, tx)
    known = await tx.get(Reminder, event.appointment_id, lock=True)
    if known is not None and event.revision <= known.revision:
        return
    if known is not None:
        await cancel_message(known.message_id, "appointment-changed", tx)
    recipient = (await find_recipients([(person_id, PURPOSE)], tx)).get((person_id, PURPOSE))
    if recipient is None or not recipient.active or recipient.opted_out:
        if known is not None:
            await tx.execute("DELETE FROM reminders WHERE id = $1", known.id)
        return
    due_at = remind_at(event.at, sending.remind_at)
    near = due_at <= tx.now
    reminder = Reminder(
        id=event.appointment_id,
        person_id=person_id,
        region=event.region,
        revision=event.revision,
        at=event.at,
        due_at=due_at,
        place_zh=event.place_zh,
        place_en=event.place_en,
        status=ReminderStatus.DROPPED if near else ReminderStatus.PLANNED,
        reason="too-near" if near else None,
    )
    await (tx.add(reminder) if known is None else tx.save(reminder))


async def cancel_reminder(event: AppointmentCancelled, tx: Tx) -> None:
    """The appointment is off: no text. A cancellation that comes before its booking is kept, so
    that the booking has no effect."""
    known = await tx.get(Reminder, event.appointment_id, lock=True)
    if known is None:
        await tx.add(
            Reminder(
                id=event.appointment_id,
                person_id=await current_person(event.person_id, tx),
                region=tx.actor.region,
                revision=event.revision,
                at=tx.now,
                due_at=tx.now,
                status=ReminderStatus.CANCELLED,
            )
        )
        return
    if event.revision <= known.revision:
        return
    await cancel_message(known.message_id, "appointment-cancelled", tx)
    known.revision = event.revision
    known.status = ReminderStatus.CANCELLED
    known.place_zh = known.place_en = None
    await tx.save(known)


async def forget_reminders(person_id: UUID, tx: Tx) -> None:
    """She took the consent back: what was planned is deleted. Should she agree again, the migrant
    service tells anew what is booked."""
    await tx.execute(_FORGET, await current_person(person_id, tx))


async def send_due(limit: int, tx: Tx, sending: Sending) -> int:
    """Hand the texts of due reminders in, each under the rules of any text: consent, stops, her
    choices, caps and hours as they are now. Returns how many reminders were due."""
    due = await tx.find(Reminder, _DUE, tx.now, limit)
    late = [each for each in due if each.at <= tx.now]
    for reminder in late:
        reminder.status, reminder.reason = ReminderStatus.DROPPED, "past"
        await tx.save(reminder)
    timely = [each for each in due if each.at > tx.now]
    if timely:
        recipients = await find_recipients([(each.person_id, PURPOSE) for each in timely], tx)
        commands = [_command(each, recipients) for each in timely]
        for reminder, outcome in zip(timely, await accept(commands, tx, sending), strict=True):
            if isinstance(outcome, Problem):
                reminder.status, reminder.reason = ReminderStatus.DROPPED, outcome.type
            else:
                reminder.status, reminder.message_id = ReminderStatus.SENT, outcome.id
            await tx.save(reminder)
    return len(due)


def _command(reminder: Reminder, recipients: Mapping[tuple[UUID, str], Recipient]) -> SendMessage:
    recipient = recipients.get((reminder.person_id, PURPOSE))
    english = recipient is not None and recipient.language.startswith("en")
    place = reminder.place_en if english else reminder.place_zh
    return SendMessage(
        reference=f"reminder:{new_id()}",
        template=_TEMPLATE,
        variables={"at": reminder.at.isoformat(), "place": place or ""},
        to=To(person_id=reminder.person_id),
        purpose=PURPOSE,
        expires=reminder.at,
    )
