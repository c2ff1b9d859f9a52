"""Everything held here about one person, for herself."""

from uuid import UUID

from services.notify.contacts.models import Contact, ContactChoice, Death, OptOut, Stay
from services.notify.contacts.queries import current_person
from services.notify.errors import ContactNotFound
from services.notify.messages.models import Message
from services.notify.receipts.models import Inbound
from services.notify.receipts.queries import phone_of, text_of
from services.notify.reminders.models import Reminder
from services.notify.rights.models import Erasure
from services.notify.rights.schemas import (
    ChoiceExport,
    ContactBookExport,
    ContactExport,
    DeathExport,
    MessageExport,
    OptOutExport,
    ReminderExport,
    ReplyExport,
    StayExport,
)
from shared.db import Row, Tx
from shared.erasure import ErasureView, KindView
from shared.subjects import require_own, require_subject_access

HER_OPT_OUTS = """
FROM opt_outs WHERE phone_index IN (
  SELECT phone_index FROM contacts WHERE person_id = $1
  UNION SELECT phone_index FROM messages WHERE person_id = $1 AND phone_index <> ''::bytea)
"""
_HELD = """
SELECT EXISTS (SELECT FROM contacts WHERE person_id = $1)
    OR EXISTS (SELECT FROM messages WHERE person_id = $1)
    OR EXISTS (SELECT FROM contact_choices WHERE person_id = $1)
    OR EXISTS (SELECT FROM stays WHERE person_id = $1)
    OR EXISTS (SELECT FROM reminders WHERE person_id = $1)
    OR EXISTS (SELECT FROM inbound_texts WHERE person_id = $1)
    OR EXISTS (SELECT FROM deaths WHERE person_id = $1)
    OR EXISTS (SELECT FROM erasures WHERE person_id = $1)
"""
_USAGES = """
SELECT count(*) FROM usage_entries
WHERE subject_id IN (SELECT $1::uuid UNION ALL
                     SELECT alias_id FROM subject_aliases WHERE subject_id = $1)
"""


async def export_contacts(person_id: UUID, tx: Tx) -> ContactBookExport:
    """Raises WrongPurpose; NotFound for another person, or one of whom nothing is held."""
    require_subject_access(tx)
    await require_own(person_id, tx, "notify:write")
    person_id = await current_person(person_id, tx)
    await anything_held(person_id, tx)
    tx.saw(person_id, "export")
    return ContactBookExport(
        made_at=tx.now,
        covers=tx.actor.region,
        person_id=person_id,
        contacts=[_contact(each, tx) for each in await _of(Contact, person_id, tx)],
        choices=[_choice(each, tx) for each in await _of(ContactChoice, person_id, tx)],
        stays=[
            StayExport.model_validate(each.model_dump()) for each in await _of(Stay, person_id, tx)
        ],
        reminders=[
            ReminderExport.model_validate(each.model_dump())
            for each in await _of(Reminder, person_id, tx)
        ],
        opt_outs=[
            OptOutExport.model_validate(each.model_dump())
            for each in await tx.find(OptOut, f"SELECT * {HER_OPT_OUTS} ORDER BY at, id", person_id)
        ],
        replies=[_reply(each, tx) for each in await _of(Inbound, person_id, tx)],
        messages=[_message(each, tx) for each in await _of(Message, person_id, tx)],
        deaths=[
            DeathExport.model_validate(each.model_dump())
            for each in await _of(Death, person_id, tx)
        ],
        erasures=[erasure_view(each) for each in await _of(Erasure, person_id, tx)],
        usages=await tx.fetch_value(_USAGES, person_id),
    )


async def anything_held(person_id: UUID, tx: Tx) -> None:
    """Raises ContactNotFound when nothing is held about her in the actor's region."""
    if not await tx.fetch_value(_HELD, person_id):
        raise ContactNotFound()


def erasure_view(erasure: Erasure) -> ErasureView:
    return ErasureView(
        id=erasure.id,
        person_id=erasure.person_id,
        covers=erasure.region,
        decided_at=erasure.decided_at,
        kinds=[KindView.model_validate(kind) for kind in erasure.kinds],
    )


def _contact(contact: Contact, tx: Tx) -> ContactExport:
    return ContactExport(
        **contact.model_dump(include=set(ContactExport.model_fields) - {"phone"}),
        phone=_opened(contact.phone_sealed, f"contacts.phone:{contact.id}", tx),
    )


def _choice(choice: ContactChoice, tx: Tx) -> ChoiceExport:
    return ChoiceExport(
        **choice.model_dump(include=set(ChoiceExport.model_fields) - {"phone"}),
        phone=_opened(choice.phone_sealed, f"contact_choices.phone:{choice.id}", tx),
    )


def _reply(reply: Inbound, tx: Tx) -> ReplyExport:
    return ReplyExport(
        **reply.model_dump(include=set(ReplyExport.model_fields) - {"text", "phone"}),
        text=text_of(reply, tx),
        phone=phone_of(reply, tx),
    )


def _message(message: Message, tx: Tx) -> MessageExport:
    return MessageExport(
        **message.model_dump(include=set(MessageExport.model_fields) - {"text", "phone"}),
        text=_opened(message.body_sealed, f"messages.body:{message.id}", tx),
        phone=_opened(message.phone_sealed, f"messages.phone:{message.id}", tx),
    )


def _opened(sealed: bytes | None, place: str, tx: Tx) -> str | None:
    return None if sealed is None else tx.vault.open(sealed, place)


async def _of(model: type[Row], person_id: UUID, tx: Tx) -> list[Row]:
    """Her rows of a table, oldest first."""
    table = model.__tablename__
    return await tx.find(
        model,
        f"SELECT * FROM {table} WHERE person_id = $1 ORDER BY id",  # noqa: S608 our own names
        person_id,
    )
