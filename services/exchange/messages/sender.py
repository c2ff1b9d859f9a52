"""Whose message it is: the certificate that was shown and the key that signed are its sender's."""

from datetime import datetime

from services.exchange.errors import SignatureRefused, UnknownSender
from services.exchange.messages.reading import Arrival
from services.exchange.participants.certificates import check_shown
from services.exchange.participants.models import Participant
from services.exchange.participants.validity import key_in_force


def check_sender(arrival: Arrival, sender: Participant | None, now: datetime) -> Participant:
    """That a key of `sender`, the participant that the header names, signed {header, message}, and
    that its certificate was shown where one can be seen. Raises SignatureMissing, UnknownSender,
    CertificateRefused, SignatureRefused and its kinds."""
    signature, (header, _) = arrival.signature, arrival.said
    if sender is None:
        raise UnknownSender()
    check_shown(arrival.shown, sender)
    key = key_in_force(signature, sender.key_history, header.message_ts, now)
    if not arrival.fits(str(key.get("x"))):
        raise SignatureRefused()
    return sender
