"""Telling somebody that a time she waits for came free (候补有号): one text, where she agreed to
such texts, and none once it is no longer held."""

from services.notify.contacts.queries import current_person, find_recipients
from services.notify.messages.asking import send_where_agreed
from services.notify.messages.schemas import SendMessage, To
from services.notify.reminders.rules import PURPOSE
from services.notify.settings import Sending
from shared.db import Tx
from shared.events.migrant import AppointmentOffered


async def tell_offer(event: AppointmentOffered, tx: Tx, sending: Sending) -> None:
    if event.held_until <= tx.now:
        return
    person_id = await current_person(event.person_id, tx)
    recipient = (await find_recipients([(person_id, PURPOSE)], tx)).get((person_id, PURPOSE))
    if recipient is None:
        return
    english = recipient.language.startswith("en")
    command = SendMessage(
        reference=f"waiting-offer:{event.wait_id}",
        template="waiting-offer",
        variables={
            "at": event.at.isoformat(),
            "place": event.place_en if english else event.place_zh,
            "held_until": event.held_until.isoformat(),
        },
        to=To(person_id=person_id),
        purpose=PURPOSE,
        expires=event.held_until,
    )
    await send_where_agreed(command, tx, sending)
