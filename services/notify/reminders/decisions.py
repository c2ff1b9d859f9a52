"""Telling her that her objection was decided (异议处理告知): one text for the decision and one for
that of her appeal, where she agreed to texts. How it was decided is not in it: a phone is seen by
others."""

from services.notify.messages.asking import send_where_agreed
from services.notify.messages.schemas import SendMessage, To
from services.notify.reminders.rules import PURPOSE
from services.notify.settings import Sending
from shared.clock import CHINA
from shared.db import Tx
from shared.events.exchange import ObjectionDecided


async def tell_decision(event: ObjectionDecided, tx: Tx, sending: Sending) -> None:
    step = "appeal" if event.appealed else "decision"
    command = SendMessage(
        reference=f"objection:{event.objection_id}:{step}",
        template="objection-decided",
        variables={"decided_on": event.decided_at.astimezone(CHINA).date().isoformat()},
        to=To(person_id=event.person_id),
        purpose=PURPOSE,
    )
    await send_where_agreed(command, tx, sending)
