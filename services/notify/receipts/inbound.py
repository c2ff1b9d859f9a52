"""Taking texts from people (上行短信)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from services.notify.contacts.handlers import stop_number
from services.notify.contacts.schemas import OptOutSource
from services.notify.contacts.stops import says_stop
from services.notify.receipts.answers import (
    Asked,
    acknowledge_stop,
    answer_by_itself,
    is_stopped,
)
from services.notify.receipts.meaning import (
    ABOUT_APPOINTMENTS,
    Action,
    Sent,
    meaning_of,
    words,
)
from services.notify.receipts.models import Inbound, InboundPiece
from services.notify.receipts.rules import readable
from services.notify.receipts.schemas import InboundText, TakenView
from services.notify.settings import Sending
from shared.db import Tx
from shared.events.notify import AppointmentReplied, ReplyReceived
from shared.ids import new_id
from shared.usage import Purpose

_TOLD: Final = (Action.HELP, Action.ANSWER)  # to the services that listen
_HOUR: Final = timedelta(hours=1)
_PIECES_WAIT: Final = timedelta(hours=1)

# One number's texts come one after the other, whoever brings them.
_ALONE = "SELECT pg_advisory_xact_lock($1)"
_KNOWN = "SELECT EXISTS (SELECT FROM inbound_texts WHERE provider = $1 AND provider_id = $2)"
_WHOSE = """
SELECT (array_agg(person_id))[1] AS person_id, min(region) AS region FROM (
  SELECT person_id, min(region) AS region FROM contacts
  WHERE phone_index = $1 AND active GROUP BY person_id) AS owners
HAVING count(*) = 1
"""
_SENT = """
SELECT id, template FROM messages
WHERE phone_index = $1 AND provider = ANY($2::text[]) AND submitted_at >= $3
  AND status IN ('submitted', 'delivered', 'unconfirmed')
ORDER BY submitted_at DESC, id DESC LIMIT 50
"""
_LATELY = """
SELECT count(*) FROM (SELECT FROM inbound_texts WHERE phone_index = $1 AND received_at > $2
                      LIMIT $3) AS few
"""
_HEAD = """
SELECT * FROM inbound_texts WHERE phone_index = $1 AND action = 'inbox' AND joined_to IS NULL
  AND received_at > $2 AND (done_at IS NULL OR $3) ORDER BY id DESC LIMIT 1
"""
_COUNT = "UPDATE inbound_texts SET texts = texts + 1 WHERE id = $1"
_REMINDED_OF = "SELECT id, revision FROM reminders WHERE message_id = $1 AND status = 'sent'"
_SAID_BEFORE = "SELECT EXISTS (SELECT FROM inbound_texts WHERE message_id = $1 AND action = $2)"
_PIECES = """
SELECT * FROM inbound_pieces WHERE provider = $1 AND phone_index = $2 AND reference = $3
  AND total = $4 AND piece_sealed IS NOT NULL AND received_at > $5 ORDER BY received_at, provider_id
"""
_JOINED = """
UPDATE inbound_pieces SET piece_sealed = NULL
WHERE provider = $1 AND phone_index = $2 AND reference = $3 AND total = $4
"""
_PIECE_KNOWN = """
SELECT EXISTS (SELECT FROM inbound_pieces WHERE provider = $1 AND provider_id = $2)
"""


@dataclass(frozen=True, slots=True)
class _Came:
    """A whole text, and the blind index of its number."""

    provider: str
    provider_id: str
    phone: str
    number: bytes
    text: str

    def asked(self, text_id: UUID) -> Asked:
        return Asked(text_id, self.phone, self.number, self.text)


async def take_inbound(command: InboundText, provider: str, tx: Tx, sending: Sending) -> TakenView:
    """A text from a person, or a piece of one. Stop words stop everything to that number; whoever
    asks for help, answers a question of ours or says something of her appointment is heard by the
    service that can act; anything else waits for the staff, sealed, for a few days. The same text
    told twice is taken once. A flood from one number is joined and counted."""
    number = tx.vault.index(command.phone, "phone")
    await tx.execute(_ALONE, int.from_bytes(number[:8], "big", signed=True))
    text: str | None = command.text
    if command.place is not None:
        text = await _joined(command, command.place, provider, number, tx)
    if text is not None:
        came = _Came(provider, command.message_id, command.phone, number, readable(text))
        if not await tx.fetch_value(_KNOWN, provider, command.message_id):
            terms = sending.terms.get(provider)
            stops = says_stop(came.text, terms.stop_words if terms else ())
            await (_stop(came, tx, sending) if stops else _take(came, tx, sending))
    return TakenView(taken=1)


async def _stop(came: _Came, tx: Tx, sending: Sending) -> None:
    """Of a stop only that it came is kept, with neither number nor text."""
    text_id = new_id()
    await tx.add(
        Inbound(
            id=text_id,
            provider=came.provider,
            provider_id=came.provider_id,
            region=tx.actor.region,
            action=Action.OPT_OUT,
            received_at=tx.now,
        )
    )
    await acknowledge_stop(came.asked(text_id), tx, sending)
    if not await is_stopped(came.number, tx):
        await stop_number(came.number, None, OptOutSource.INBOUND, tx)


async def _take(came: _Came, tx: Tx, sending: Sending) -> None:
    data = words()
    sent = await _sent_to(came, tx, sending)
    action, message_id = meaning_of(came.text, sent, data)
    appointment = await tx.fetch_row(_REMINDED_OF, message_id)
    if action in ABOUT_APPOINTMENTS and appointment is None:  # it has another time by now
        action = Action.INBOX
    lately = await tx.fetch_value(_LATELY, came.number, tx.now - _HOUR, data.texts_an_hour)
    flood = lately >= data.texts_an_hour
    owner = await tx.fetch_row(_WHOSE, came.number)
    text = _row(came, action, message_id, tx)
    if owner is not None:
        text.person_id, text.region = owner["person_id"], owner["region"]
        tx.purpose = Purpose.SERVICE
        tx.saw(owner["person_id"], "reply")
    head = await _head(came, flood, tx) if action is Action.INBOX else None
    if head is not None:
        text.joined_to, text.region = head.id, head.region
        await tx.execute(_COUNT, head.id)
    if not flood or (head is None and action is Action.INBOX):
        _keep(text, came, tx)
    if action in ABOUT_APPOINTMENTS and appointment is not None:
        await _tell_of_appointment(text, appointment["id"], appointment["revision"], tx)
    if action in _TOLD and not flood:
        _tell(text, came, action, tx)
    text.answer_id = await answer_by_itself(came.asked(text.id), action, tx, sending)
    text.answered_at = tx.now if text.answer_id else None
    await tx.add(text)


async def _tell_of_appointment(text: Inbound, appointment: UUID, revision: int, tx: Tx) -> None:
    """Once, however often she says it."""
    if not await tx.fetch_value(_SAID_BEFORE, text.message_id, text.action):
        tx.emit(
            AppointmentReplied(
                appointment_id=appointment,
                reply_id=text.id,
                cancels=text.action == Action.CANCEL,
                revision=revision,
            )
        )


def _row(came: _Came, action: Action, message_id: UUID | None, tx: Tx) -> Inbound:
    return Inbound(
        id=new_id(),
        provider=came.provider,
        provider_id=came.provider_id,
        region=tx.actor.region,
        action=action,
        message_id=message_id,
        phone_index=came.number,
        received_at=tx.now,
    )


def _keep(text: Inbound, came: _Came, tx: Tx) -> None:
    text.phone_sealed = tx.vault.seal(came.phone, f"inbound_texts.phone:{text.id}")
    text.text_sealed = tx.vault.seal(came.text, f"inbound_texts.text:{text.id}")


def _tell(text: Inbound, came: _Came, action: Action, tx: Tx) -> None:
    tx.emit(
        ReplyReceived(
            reply_id=text.id,
            person_id=text.person_id,
            kind=action,
            region=text.region,
            text=came.text,
            phone=came.phone,
        )
    )


async def _sent_to(came: _Came, tx: Tx, sending: Sending) -> Sequence[Sent]:
    """What we sent this number lately, by the provider she wrote to, newest first."""
    since = tx.now - timedelta(days=words().answer_days)
    rows = await tx.fetch(_SENT, came.number, sending.sharing(came.provider), since)
    return [Sent(row["id"], row["template"]) for row in rows]


async def _head(came: _Came, flood: bool, tx: Tx) -> Inbound | None:
    """The text within the hour that this one is joined to. In a flood, also one that is done."""
    found = await tx.find(Inbound, _HEAD, came.number, tx.now - _HOUR, flood)
    return found[0] if found else None


async def _joined(
    command: InboundText, place: tuple[int, int, int], provider: str, number: bytes, tx: Tx
) -> str | None:
    """The whole text, once its last piece has come."""
    if await tx.fetch_value(_PIECE_KNOWN, provider, command.message_id):
        return None
    reference, total, place_of_it = place
    sealed = tx.vault.seal(command.text, f"inbound_pieces.piece:{provider}:{command.message_id}")
    await tx.add(
        InboundPiece(
            provider=provider,
            provider_id=command.message_id,
            region=tx.actor.region,
            phone_index=number,
            reference=reference,
            total=total,
            number=place_of_it,
            piece_sealed=sealed,
            received_at=tx.now,
        )
    )
    found = await tx.find(
        InboundPiece, _PIECES, provider, number, reference, total, tx.now - _PIECES_WAIT
    )
    pieces = {each.number: _opened(each, tx) for each in found}
    if len(pieces) < total:
        return None
    await tx.execute(_JOINED, provider, number, reference, total)
    return "".join(pieces[each] for each in sorted(pieces))


def _opened(piece: InboundPiece, tx: Tx) -> str:
    if piece.piece_sealed is None:
        raise ValueError("the piece is erased")
    place = f"inbound_pieces.piece:{piece.provider}:{piece.provider_id}"
    return tx.vault.open(piece.piece_sealed, place)
