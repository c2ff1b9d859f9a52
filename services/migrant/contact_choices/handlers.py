"""Choosing how to be reached."""

from uuid import UUID

from services.migrant.consents.errors import NotForChildren
from services.migrant.consents.queries import child_until, region_for
from services.migrant.contact_choices.models import ContactChoice
from services.migrant.contact_choices.queries import view_of
from services.migrant.contact_choices.rules import ContactChannel
from services.migrant.contact_choices.schemas import ChooseContact, ContactChoiceView
from services.migrant.people.queries import current_id
from services.migrant.people.rules import OFFICES
from shared.db import Tx
from shared.events.migrant import ContactChoicesChanged
from shared.ids import new_id
from shared.subjects import require_own


async def choose_contact(person_id: UUID, command: ChooseContact, tx: Tx) -> ContactChoiceView:
    """By herself, or at any desk of the county. It says how, and gives nobody leave to write to
    her: that is what consents are for. Raises NotForChildren, RegionNeeded, OutsideJurisdiction,
    NotFound."""
    await require_own(person_id, tx, *OFFICES)
    current = await current_id(person_id, tx)
    if command.channel is ContactChannel.SMS and await child_until(current, tx) is not None:
        raise NotForChildren()
    choice_id, seal = new_id(), tx.vault.seal
    choice = ContactChoice(
        id=choice_id,
        person_id=current,
        region=await region_for(current, command.region, tx),
        phone_sealed=seal(command.phone, f"contact_choices.phone:{choice_id}")
        if command.phone
        else None,
        address_sealed=seal(command.address, f"contact_choices.address:{choice_id}")
        if command.address
        else None,
        chosen_at=tx.now,
        recorded_by=tx.actor.sub,
        **command.model_dump(include={"channel", "language", "from_hour", "to_hour"}),
    )
    await tx.add(choice)
    tx.emit(
        ContactChoicesChanged(
            choice_id=choice_id,
            person_id=current,
            region=choice.region,
            channel=choice.channel,
            language=choice.language,
            from_hour=choice.from_hour,
            to_hour=choice.to_hour,
            phone=command.phone,
        )
    )
    tx.saw(current, "contact-choice")
    return view_of(choice, tx)
