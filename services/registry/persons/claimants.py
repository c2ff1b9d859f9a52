"""Which resident of ours another county's claim is about (报销对象核对): her id and place, and
nothing else."""

from uuid import UUID

from services.registry.persons.queries import find_by_id_number
from shared.db import Tx
from shared.events.registry import ClaimantFound
from shared.usage import Purpose


async def find_claimant(claim_id: UUID, id_number: str, tx: Tx) -> None:
    """Say by event whom the register holds under this number; a look at her like any other."""
    tx.purpose = Purpose.SERVICE
    person = await find_by_id_number(id_number, tx)
    if person is not None:
        tx.saw(person.id, "person")
    found = (person.id, person.hukou_region) if person else (None, None)
    tx.emit(ClaimantFound(claim_id=claim_id, person_id=found[0], region=found[1]))
