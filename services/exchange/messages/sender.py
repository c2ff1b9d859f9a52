"""Whose message it is: the certificate that was shown and the key that signed are its sender's."""

from datetime import datetime

from services.exchange.errors import SignatureMissing, UnknownSender
from services.exchange.messages.schemas import Header
from services.exchange.participants.certificates import check_shown
from services.exchange.participants.models import Participant
from services.exchange.participants.validity import check_signature
from shared.signing import JsonObject


def check_sender(
    envelope: JsonObject,
    header: Header,
    shown: bytes | None,
    sender: Participant | None,
    now: datetime,
) -> Participant:
    """That the key of `sender`, the participant that the header names, signed {header, message},
    and that its certificate was shown where one can be seen. Raises SignatureMissing,
    UnknownSender, CertificateRefused, SignatureRefused and its kinds."""
    signature = envelope.get("signature")
    if not isinstance(signature, str) or not signature:
        raise SignatureMissing()
    if sender is None:
        raise UnknownSender()
    check_shown(shown, sender)
    body: JsonObject = {"header": envelope["header"], "message": envelope["message"]}
    check_signature(signature, body, sender.key_history, header.message_ts, now)
    return sender
