"""Reading contact choices."""

from collections.abc import Sequence
from uuid import UUID

from services.migrant.contact_choices.models import ContactChoice
from services.migrant.contact_choices.schemas import ContactChoiceView
from services.migrant.people.queries import current_id
from services.migrant.people.rules import OFFICES, shown_phone
from shared.crypto import mask
from shared.db import Tx
from shared.problems import NotFound
from shared.subjects import require_own
from shared.usage import Purpose

_NEEDS_ADDRESS = {Purpose.SERVICE, Purpose.SUBJECT_ACCESS}


async def get_choice(person_id: UUID, tx: Tx) -> ContactChoiceView:
    """The newest choice, to herself and to the offices of where she made it. Raises NotFound, also
    where she chose anew in another township."""
    await require_own(person_id, tx, *OFFICES)
    current = await current_id(person_id, tx)
    newest = await tx.fetch_value("SELECT newest_contact_choice($1)", current)
    choice = await tx.get(ContactChoice, newest) if newest else None
    if choice is None:
        raise NotFound()
    tx.saw(current, "contact-choice")
    return view_of(choice, tx)


async def list_choices(person_id: UUID, tx: Tx) -> Sequence[ContactChoiceView]:
    """All she ever chose, oldest first, for her own export."""
    rows = await tx.find(
        ContactChoice, "SELECT * FROM contact_choices WHERE person_id = $1 ORDER BY id", person_id
    )
    return [view_of(each, tx) for each in rows]


def view_of(choice: ContactChoice, tx: Tx) -> ContactChoiceView:
    purpose = tx.purpose or Purpose.OVERSIGHT
    phone = _opened(choice, "phone", choice.phone_sealed, tx)
    address = _opened(choice, "address", choice.address_sealed, tx)
    if address is not None and purpose not in _NEEDS_ADDRESS:
        address = mask(address, 2, 0)
    return ContactChoiceView(
        phone=shown_phone(phone, purpose) if phone else None,
        address=address,
        **choice.model_dump(include=set(ContactChoiceView.model_fields) - {"phone", "address"}),
    )


def _opened(choice: ContactChoice, name: str, sealed: bytes | None, tx: Tx) -> str | None:
    return None if sealed is None else tx.vault.open(sealed, f"contact_choices.{name}:{choice.id}")
