"""The dated entries of a request (办理过程)."""

from services.migrant.help.models import HelpRequest, HelpStep
from services.migrant.help.rules import Step
from shared.db import Tx
from shared.ids import new_id

PERSON = "person"  # stands for an office in what she did herself


async def add_step(
    request: HelpRequest,
    kind: Step,
    tx: Tx,
    *,
    words: str | None = None,
    note: str | None = None,
    to_office: str | None = None,
    office: str | None = None,
) -> None:
    """Enter what happened: `words` are for her, `note` stays between offices. By the actor's own
    office unless told otherwise."""
    step_id = new_id()
    await tx.add(
        HelpStep(
            id=step_id,
            request_id=request.id,
            kind=kind,
            at=tx.now,
            office=office or tx.actor.org,
            to_office=to_office,
            words_sealed=tx.vault.seal(words, f"help_steps.words:{step_id}") if words else None,
            note_sealed=tx.vault.seal(note, f"help_steps.note:{step_id}") if note else None,
            recorded_by=tx.actor.sub,
        )
    )
