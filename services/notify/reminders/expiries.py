"""Telling the holder of a certificate that it expires soon (证明到期提醒): one text, where she
agreed to such texts, and none once it has expired."""

from datetime import datetime, time, timedelta

from services.notify.messages.asking import send_where_agreed
from services.notify.messages.schemas import SendMessage, To
from services.notify.reminders.rules import PURPOSE
from services.notify.settings import Sending
from shared.clock import CHINA
from shared.db import Tx
from shared.events.migrant import CertificateExpiring


async def tell_expiry(event: CertificateExpiring, tx: Tx, sending: Sending) -> None:
    over = datetime.combine(event.valid_until + timedelta(days=1), time(), CHINA)
    if over <= tx.now:
        return
    command = SendMessage(
        reference=f"certificate-expiring:{event.certificate_id}",
        template="certificate-expiring",
        variables={"valid_until": event.valid_until.isoformat()},
        to=To(person_id=event.person_id),
        purpose=PURPOSE,
        expires=over,
    )
    await send_where_agreed(command, tx, sending)
