"""Sending the parts of one text in order, so that none goes twice."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from services.notify.providers.schemas import Outcome, SubmitRequest, SubmitResult

PAUSE: Final = 1.0  # seconds before a part that was put off is tried again
_PATIENCE: Final = 30  # refusals that pass, before a text already begun is left unknown


@dataclass(frozen=True, slots=True)
class Answered:
    """What a provider says of one part: its id once accepted, otherwise a code. `throttled`: it
    gets too much from us."""

    outcome: Outcome
    message_id: str = ""
    code: str | None = None
    throttled: bool = False


async def submit_parts(
    request: SubmitRequest, total: int, submit: Callable[[int], Awaitable[Answered]]
) -> SubmitResult:
    """`submit` sends a part by its number, from 1. A text of which some parts were taken is
    finished here or stays unknown: another try, perhaps with another provider, would send those
    parts twice."""
    ids: list[str] = []
    patience = _PATIENCE
    while len(ids) < total:
        said = await submit(len(ids) + 1)
        if said.outcome is Outcome.ACCEPTED:
            ids.append(said.message_id)
            continue
        patience -= 1
        if not ids or said.outcome is not Outcome.TEMPORARY or patience == 0:
            outcome = Outcome.UNKNOWN if ids else said.outcome
            return SubmitResult(request.reference, outcome, code=said.code)
        await asyncio.sleep(PAUSE)
    return SubmitResult(request.reference, Outcome.ACCEPTED, tuple(ids))
