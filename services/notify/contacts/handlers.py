"""Keeping the contact book: consents as the migrant service tells them, merges, and stops."""

from uuid import UUID

from services.notify.campaigns.unsubscribing import mark_texts
from services.notify.contacts.choices import follow_choice, merge_choices
from services.notify.contacts.deaths import close_or_open
from services.notify.contacts.models import Contact, OptOut
from services.notify.contacts.queries import current_person
from services.notify.contacts.rules import time_of_consent
from services.notify.contacts.schemas import OptOutSource, OptOutView, RecordOptOut
from services.notify.contacts.stays import merge_stays
from services.notify.errors import ContactNotFound
from shared.db import Tx
from shared.events.migrant import ConsentGiven, ConsentWithdrawn
from shared.events.notify import ContactOptedOut
from shared.events.registry import PersonsMerged, PersonsSeparated
from shared.ids import new_id
from shared.problems import Forbidden
from shared.subjects import is_own, merge_subject

_ONE = "SELECT * FROM contacts WHERE person_id = $1 AND purpose = $2 FOR UPDATE"
_OF_PERSON = "SELECT * FROM contacts WHERE person_id = ANY($1::uuid[]) ORDER BY id FOR UPDATE"
_FOLLOWING = (
    "contact_choices",
    "stays",
    "messages",
    "reminders",
    "inbound_texts",
    "erasures",
    "deaths",
)
_MOVED = "SELECT row_id FROM merged_rows WHERE merged_id = $1 AND kept_id = $2 AND table_name = $3"


async def give_consent(event: ConsentGiven, tx: Tx) -> None:
    """Enter where a person agreed to be reached. A consent as old as one already taken back, or
    older than the newest we know, changes nothing."""
    person_id = await current_person(event.person_id, tx)
    contact = await _contact(person_id, event.purpose, tx)
    if contact is not None and event.consent_id <= contact.consent_id:
        return
    new = contact is None
    if contact is None:
        contact = Contact(
            id=new_id(),
            person_id=person_id,
            purpose=event.purpose,
            consent_id=event.consent_id,
            active=True,
            region=event.region,
            language=event.language,
            given_at=tx.now,
            changed_at=tx.now,
        )
    contact.consent_id = event.consent_id
    contact.active = True
    contact.region = event.region
    contact.language = event.language
    contact.given_at = time_of_consent(event.consent_id, tx.now)
    contact.changed_at = tx.now
    contact.for_child = event.for_child
    _set_phone(contact, None if event.for_child else event.phone, tx)
    await follow_choice(contact, tx)
    await (tx.add(contact) if new else tx.save(contact))
    await close_or_open(person_id, tx)


async def withdraw_consent(event: ConsentWithdrawn, tx: Tx) -> None:
    """Stop at once. A withdrawal that comes before its consent is kept, so that the consent has
    no effect; in doubt the withdrawal wins."""
    person_id = await current_person(event.person_id, tx)
    contact = await _contact(person_id, event.purpose, tx)
    if contact is None:
        await tx.add(
            Contact(
                id=new_id(),
                person_id=person_id,
                purpose=event.purpose,
                consent_id=event.consent_id,
                active=False,
                region=tx.actor.region,
                language="zh-CN",
                given_at=tx.now,
                changed_at=tx.now,
            )
        )
        return
    contact.consent_id = max(contact.consent_id, event.consent_id)
    contact.active = False
    contact.changed_at = tx.now
    await tx.save(contact)


async def merge_persons(event: PersonsMerged, tx: Tx) -> None:
    """What was agreed under the merged id is now the kept person's. Where both said something
    about a purpose, the later word holds."""
    found = await tx.find(Contact, _OF_PERSON, [event.kept_id, event.merged_id])
    kept = {each.purpose: each for each in found if each.person_id == event.kept_id}
    for contact in found:
        if contact.person_id == event.kept_id:
            continue
        rival = kept.get(contact.purpose)
        if rival is not None:
            later, earlier = _by_time(rival, contact)
            await tx.execute("DELETE FROM contacts WHERE id = $1", earlier.id)
            contact = later
            if contact is rival:
                continue
        contact.person_id = event.kept_id
        await tx.save(contact)
        await _remember(event, "contacts", [contact.id], tx)
    await merge_choices(event, tx)
    await merge_stays(event, tx)
    for table in _FOLLOWING:
        rows = await tx.fetch(
            f"UPDATE {table} SET person_id = $1"  # noqa: S608 our own names
            " WHERE person_id = $2 RETURNING id",
            event.kept_id,
            event.merged_id,
        )
        await _remember(event, table, [row["id"] for row in rows], tx)
    rows = await tx.fetch(
        "SELECT alias_id FROM subject_aliases WHERE subject_id = $1", event.merged_id
    )
    await _remember(event, "subject_aliases", [row["alias_id"] for row in rows], tx)
    await merge_subject(event.kept_id, event.merged_id, tx)
    await close_or_open(event.kept_id, tx)


async def separate_persons(event: PersonsSeparated, tx: Tx) -> None:
    """They are two people after all: each gets what was its own when they were merged. Where both
    had said something about a purpose, only the later word is left, and stays with whose it was.
    Applying it twice, or to ids that are not merged here, changes nothing."""
    if await current_person(event.merged_id, tx) != event.kept_id:
        return
    for table in ("contacts", *_FOLLOWING):
        await tx.execute(
            f"UPDATE {table} SET person_id = $1"  # noqa: S608 our own names
            f" WHERE person_id = $2 AND id IN ({_MOVED})",
            event.merged_id,
            event.kept_id,
            table,
        )
    aliases = await tx.fetch(
        f"SELECT alias_id FROM subject_aliases WHERE subject_id = $2 AND alias_id IN ({_MOVED})",  # noqa: S608
        event.merged_id,
        event.kept_id,
        "subject_aliases",
    )
    await tx.execute(
        "DELETE FROM merged_rows WHERE merged_id = $1 AND kept_id = $2",
        event.merged_id,
        event.kept_id,
    )
    for alias_id in (event.merged_id, *(row["alias_id"] for row in aliases)):
        await merge_subject(event.merged_id, alias_id, tx)
    for person_id in (event.merged_id, event.kept_id):
        await close_or_open(person_id, tx)


async def record_opt_out(command: RecordOptOut, tx: Tx) -> OptOutView:
    """Stop texts to a number, or to all numbers of a person. Staff may for anyone in their
    region, a person for herself. Raises Forbidden, ContactNotFound."""
    staff = "notify:write" in tx.actor.scopes
    if not staff and not await is_own(command.person_id, tx):
        raise Forbidden()
    if command.phone is not None:
        numbers = {tx.vault.index(command.phone, "phone")}
    else:
        numbers = await _numbers_of(command.person_id, tx)
    source = OptOutSource.STAFF if staff else OptOutSource.PERSON
    for number in sorted(numbers):
        await stop_number(number, command.purpose, source, tx)
    return OptOutView(numbers=len(numbers), purpose=command.purpose, at=tx.now)


async def stop_number(number: bytes, purpose: str | None, source: OptOutSource, tx: Tx) -> None:
    """Record that a number (blind index) said stop, and tell whose consents that ends."""
    await tx.add(OptOut(id=new_id(), phone_index=number, purpose=purpose, at=tx.now, source=source))
    await mark_texts(number, purpose, tx)
    rows = await tx.fetch(
        "SELECT DISTINCT person_id FROM contacts WHERE phone_index = $1 AND active"
        " AND ($2::text IS NULL OR purpose = $2) ORDER BY person_id",
        number,
        purpose,
    )
    for row in rows:
        tx.emit(ContactOptedOut(person_id=row["person_id"], purpose=purpose))


async def _numbers_of(person_id: UUID | None, tx: Tx) -> set[bytes]:
    if person_id is None:
        raise ContactNotFound()
    person_id = await current_person(person_id, tx)
    found = await tx.find(Contact, _OF_PERSON, [person_id])
    numbers = {each.phone_index for each in found if each.phone_index is not None}
    if not numbers:
        raise ContactNotFound()
    tx.saw(person_id, "contact")
    return numbers


async def _remember(event: PersonsMerged, table: str, rows: list[UUID], tx: Tx) -> None:
    """Keep which rows a merge moved, so that it can be taken back."""
    await tx.execute(
        "INSERT INTO merged_rows (merged_id, kept_id, table_name, row_id)"
        " SELECT $1, $2, $3, unnest($4::uuid[])"
        " ON CONFLICT (merged_id, table_name, row_id) DO UPDATE SET kept_id = excluded.kept_id",
        event.merged_id,
        event.kept_id,
        table,
        rows,
    )


async def _contact(person_id: UUID, purpose: str, tx: Tx) -> Contact | None:
    found = await tx.find(Contact, _ONE, person_id, purpose)
    return found[0] if found else None


def _set_phone(contact: Contact, phone: str | None, tx: Tx) -> None:
    if phone is None:
        contact.phone_sealed = contact.phone_index = None
        return
    contact.phone_sealed = tx.vault.seal(phone, f"contacts.phone:{contact.id}")
    contact.phone_index = tx.vault.index(phone, "phone")


def _by_time(one: Contact, other: Contact) -> tuple[Contact, Contact]:
    return (one, other) if one.changed_at >= other.changed_at else (other, one)
