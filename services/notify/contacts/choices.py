"""How people want to be reached, as the migrant service tells it."""

from services.notify.contacts.models import Contact, ContactChoice
from services.notify.contacts.queries import current_person
from shared.db import Tx
from shared.events.migrant import ContactChoicesChanged
from shared.events.registry import PersonsMerged
from shared.ids import new_id

_ONE = "SELECT * FROM contact_choices WHERE person_id = $1 FOR UPDATE"
_CONTACTS = "SELECT * FROM contacts WHERE person_id = $1 ORDER BY id FOR UPDATE"
_RIVALS = "SELECT * FROM contact_choices WHERE person_id = ANY($1::uuid[]) ORDER BY id FOR UPDATE"


async def change_choice(event: ContactChoicesChanged, tx: Tx) -> None:
    """Her newest word holds, in whichever order events come. Number and language go to the
    contacts that she gave before it; how and when are asked for each text."""
    person_id = await current_person(event.person_id, tx)
    found = await tx.find(ContactChoice, _ONE, person_id)
    if found and event.choice_id <= found[0].choice_id:
        return
    choice = ContactChoice(
        id=found[0].id if found else new_id(),
        person_id=person_id,
        choice_id=event.choice_id,
        region=event.region,
        channel=event.channel,
        language=event.language,
        from_hour=event.from_hour,
        to_hour=event.to_hour,
        changed_at=tx.now,
    )
    if event.phone is not None:
        choice.phone_sealed = tx.vault.seal(event.phone, f"contact_choices.phone:{choice.id}")
        choice.phone_index = tx.vault.index(event.phone, "phone")
    await (tx.save(choice) if found else tx.add(choice))
    for contact in await tx.find(Contact, _CONTACTS, person_id):
        if apply_choice(contact, choice, tx):
            await tx.save(contact)


async def follow_choice(contact: Contact, tx: Tx) -> None:
    """For a contact that is entered just now, where she has chosen since she agreed to it."""
    found = await tx.find(ContactChoice, _ONE, contact.person_id)
    if found:
        apply_choice(contact, found[0], tx)


def apply_choice(contact: Contact, choice: ContactChoice, tx: Tx) -> bool:
    """Give an active contact the chosen language and number, unless she agreed to it later: what
    she said then is newer. Returns whether it changed."""
    if not contact.active or contact.consent_id > choice.choice_id:
        return False
    contact.language = choice.language
    if choice.phone_sealed is not None and not contact.for_child:
        phone = tx.vault.open(choice.phone_sealed, f"contact_choices.phone:{choice.id}")
        contact.phone_sealed = tx.vault.seal(phone, f"contacts.phone:{contact.id}")
        contact.phone_index = choice.phone_index
    return True


async def merge_choices(event: PersonsMerged, tx: Tx) -> None:
    """Of two words the later is left, before both ids become one person."""
    found = await tx.find(ContactChoice, _RIVALS, [event.kept_id, event.merged_id])
    if len(found) == 2:
        earlier = min(found, key=lambda each: each.choice_id)
        await tx.execute("DELETE FROM contact_choices WHERE id = $1", earlier.id)
