"""Reading a request for help."""

from uuid import UUID

from services.migrant.help.access import READS_NOTES, Part, part_in
from services.migrant.help.catalogue import catalogue
from services.migrant.help.models import HelpRequest, HelpReview, HelpStep
from services.migrant.help.rules import Step, deadline, number_of, state_of
from services.migrant.help.schemas import HelpLine, HelpView, ReviewView, Said, StepView
from shared.db import Tx
from shared.usage import Purpose

_SEALED = ("text", "phone", "answer", "satisfaction_words")
_STEPS = "SELECT * FROM help_steps WHERE request_id = $1 ORDER BY id"
# What those who ask together with her are not shown.
_HERS_ALONE = dict.fromkeys(
    ("person_id", "phone", "satisfaction", "rated_by", "satisfaction_words")
)
_BETWEEN_OFFICES = frozenset({Step.REMINDED})


async def get_request(request_id: UUID, tx: Tx) -> HelpView:
    """Raises NotFound."""
    request = await tx.require(HelpRequest, request_id)
    part = await part_in(request, tx)
    view = await seen(request, tx, notes=part in READS_NOTES)
    return view.model_copy(update=_HERS_ALONE) if part is Part.COMPANION else view


async def seen(request: HelpRequest, tx: Tx, *, notes: bool = False) -> HelpView:
    """The view, with the usage entry it leaves when a person is known. `notes` are shown between
    offices, and in nobody's own copy."""
    notes = notes and tx.purpose is not Purpose.SUBJECT_ACCESS
    if request.person_id is not None:
        tx.saw(request.person_id, "help")
    columns = request.model_dump()
    opened = {name: _open(request, name, columns[f"{name}_sealed"], tx) for name in _SEALED}
    review = await tx.get(HelpReview, request.id)
    return HelpView.model_validate(
        columns
        | opened
        | line_of(request, tx).model_dump()
        | {
            "steps": await _steps(request.id, tx, notes=notes),
            "review": ReviewView.model_validate(review.model_dump()) if review else None,
        }
    )


def line_of(request: HelpRequest, tx: Tx) -> HelpLine:
    """A request as lists show it."""
    counts = deadline(request.accept_by, request.due_on, request.accepted_on, tx.today)
    settled = request.settled_at is not None
    return HelpLine.model_validate(
        request.model_dump()
        | {
            "number": number_of(str(request.id)),
            "state": state_of(
                settled=settled,
                asked_back=request.asked_back_on is not None,
                accepted=request.accepted_on is not None,
            ),
            "late": not settled and counts < tx.today,
        }
    )


async def _steps(request_id: UUID, tx: Tx, *, notes: bool) -> list[StepView]:
    steps = await tx.find(HelpStep, _STEPS, request_id)
    return [
        StepView(
            id=each.id,
            kind=Step(each.kind),
            at=each.at,
            office=each.office,
            to_office=each.to_office,
            says=Said(**catalogue().steps[Step(each.kind)].model_dump()),
            words=_of_step(each.id, "words", each.words_sealed, tx),
            note=_of_step(each.id, "note", each.note_sealed, tx) if notes else None,
        )
        for each in steps
        if notes or each.kind not in _BETWEEN_OFFICES
    ]


def _of_step(step_id: UUID, name: str, sealed: bytes | None, tx: Tx) -> str | None:
    return None if sealed is None else tx.vault.open(sealed, f"help_steps.{name}:{step_id}")


def _open(request: HelpRequest, name: str, sealed: bytes | None, tx: Tx) -> str | None:
    place = f"help_requests.{name}:{request.id}"
    return None if sealed is None else tx.vault.open(sealed, place)
