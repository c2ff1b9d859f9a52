"""Whose message it is: the certificate that was shown and the key that signed are its sender's."""

from services.exchange.errors import SignatureMissing, UnknownSender
from services.exchange.messages.schemas import Header
from services.exchange.participants.certificates import check_shown
from services.exchange.participants.models import Participant
from services.exchange.participants.queries import find_active
from services.exchange.participants.validity import check_signature
from shared.db import Tx
from shared.signing import JsonObject


async def verified_sender(
    envelope: JsonObject, header: Header, shown: bytes | None, tx: Tx
) -> Participant:
    """The participant whose key signed {header, message}, and whose certificate was shown where
    one can be seen. Raises SignatureMissing, UnknownSender, CertificateRefused, SignatureRefused
    and its kinds."""
    signature = envelope.get("signature")
    if not isinstance(signature, str) or not signature:
        raise SignatureMissing()
    sender = await find_active(header.sender_id, tx)
    if sender is None:
        raise UnknownSender()
    check_shown(shown, sender)
    body: JsonObject = {"header": envelope["header"], "message": envelope["message"]}
    check_signature(signature, body, sender.key_history, header.message_ts, tx.now)
    return sender
