"""The desk has seen the id cards: now, and not before, people are registered."""

from collections.abc import Iterator
from typing import Final
from uuid import UUID

from services.migrant.accounts.handlers import add_link
from services.migrant.accounts.queries import whose
from services.migrant.arrivals.handlers import register_arrival
from services.migrant.arrivals.schemas import ArrivalView, RegisterArrival
from services.migrant.self_registrations.errors import (
    AlreadyDecided,
    NobodyLeft,
    NoSuchNumber,
)
from services.migrant.self_registrations.handlers import decide
from services.migrant.self_registrations.models import SelfRegistration
from services.migrant.self_registrations.queries import form_of, note, require
from services.migrant.self_registrations.rules import Status
from services.migrant.self_registrations.schemas import (
    ConfirmedView,
    ConfirmSelfRegistration,
    Correction,
    SelfRegister,
)
from shared.db import Tx
from shared.problems import Problem

_MAY_BE_EMPTY: Final = ("room_id", "employer", "phone")


async def confirm_self_registration(
    registration_id: UUID, command: ConfirmSelfRegistration, tx: Tx
) -> ConfirmedView:
    """Register everybody who came as an arrival, all or nobody, and link her login. A problem with
    one of them names her `number`. Raises SelfRegistrationNotFound, AlreadyDecided, NoSuchNumber,
    NobodyLeft and what register_arrival raises."""
    row = await require(registration_id, tx, "migrant:write", lock=True)
    form = form_of(row, tx)
    if form is None:
        raise AlreadyDecided()
    arrivals = []
    for number, arrival in arrivals_of(form, command):
        try:
            arrivals.append(await register_arrival(arrival, tx))
        except Problem as problem:
            problem.extra["number"] = number
            raise
    hers = arrivals[0]
    linked = await _linked(row, hers, tx)
    row.person_id = hers.person_id
    await decide(row, Status.CONFIRMED, tx)
    note(row, tx)
    return ConfirmedView(id=row.id, person_id=hers.person_id, arrivals=arrivals, linked=linked)


def arrivals_of(
    form: SelfRegister, command: ConfirmSelfRegistration
) -> Iterator[tuple[int, RegisterArrival]]:
    """The arrivals to register with their numbers, herself first, the clerk's corrections made.
    Raises NoSuchNumber, NobodyLeft."""
    filled = [form.model_dump(exclude={"companions"})]
    for companion in form.companions:
        own = companion.model_dump(exclude_none=True)
        filled.append(filled[0] | {"employer": None, "phone": None} | own)
    for correction in command.corrections:
        if correction.number >= len(filled):
            raise NoSuchNumber()
        filled[correction.number] = filled[correction.number] | _said(correction)
    if not all(0 <= number < len(filled) for number in command.absent):
        raise NoSuchNumber()
    if 0 in command.absent:
        raise NobodyLeft()
    for number, values in enumerate(filled):
        if number not in command.absent:
            yield number, RegisterArrival.model_validate(values)


def _said(correction: Correction) -> dict[str, object]:
    """What the clerk said; null takes out what may be left out, and means nothing elsewhere."""
    said = correction.model_dump(exclude_unset=True, exclude={"number"})
    return {
        name: value for name, value in said.items() if value is not None or name in _MAY_BE_EMPTY
    }


async def _linked(row: SelfRegistration, hers: ArrivalView, tx: Tx) -> bool:
    """Whether her login opens her records now. One that opens somebody else's is left alone: a
    daughter may fill in the form for her mother. The open page has no login to link."""
    if row.sub_sealed is None:
        return False
    owner = await whose(row.login_id, tx)
    if owner is None:
        sub = tx.vault.open(row.sub_sealed, f"self_registrations.sub:{row.id}")
        await add_link(sub, hers.person_id, region=hers.region, office=tx.actor.org, tx=tx)
    return owner in (None, hers.person_id)
