"""Filling in, changing and taking back a registration by phone; returning it; expiry."""

from uuid import UUID

from services.migrant.limits.queries import limits_of
from services.migrant.limits.rules import Limit
from services.migrant.people.queries import region_of
from services.migrant.regions.queries import place_of
from services.migrant.self_registrations.errors import OneOpenAlready, TooManyToday
from services.migrant.self_registrations.models import SelfRegistration
from services.migrant.self_registrations.queries import require, seen
from services.migrant.self_registrations.rules import (
    KEPT_FOR,
    Status,
    new_code,
    require_undecided,
)
from services.migrant.self_registrations.schemas import (
    ReturnSelfRegistration,
    SelfRegister,
    SelfRegistrationView,
)
from shared.db import Tx
from shared.ids import new_id
from shared.problems import OutsideJurisdiction, StaleVersion
from shared.subjects import herself, login_id

_EARLIER = """
SELECT count(*) FILTER (WHERE made_at > $2::timestamptz - interval '1 day') AS today,
       count(*) FILTER (WHERE form_sealed IS NOT NULL) AS open
FROM self_registrations WHERE login_id = $1
"""


async def self_register(command: SelfRegister, tx: Tx) -> SelfRegistrationView:
    """Put a form into the desk's queue. Registers nobody. Raises OutsideJurisdiction,
    UnknownRegion, OneOpenAlready, TooManyToday."""
    own = await herself(tx)
    known = own if own is not None and await region_of(own, tx) else None
    row = await enter(login_id(tx.actor.sub), command, tx, sub=tx.actor.sub, person_id=known)
    return seen(row, tx)


async def enter(
    login: UUID,
    command: SelfRegister,
    tx: Tx,
    *,
    sub: str | None = None,
    person_id: UUID | None = None,
) -> SelfRegistration:
    """A form of whoever `login` stands for; `sub` is what its provider calls her. Raises
    OutsideJurisdiction, UnknownRegion, OneOpenAlready, TooManyToday."""
    await tx.execute(
        "DELETE FROM self_registrations WHERE login_id = $1 AND expires_at <= $2", login, tx.now
    )
    earlier = await tx.fetch_row(_EARLIER, login, tx.now)
    if earlier is not None and earlier["open"]:
        raise OneOpenAlready()
    most = (await limits_of(command.region, tx))[Limit.FORMS_EACH_DAY]
    if earlier is not None and earlier["today"] >= most:
        raise TooManyToday()
    row = SelfRegistration(
        id=new_id(),
        login_id=login,
        person_id=person_id,
        region=command.region,
        status=Status.OPEN,
        people=1,
        code=new_code(),
        made_at=tx.now,
        expires_at=tx.now + KEPT_FOR,
    )
    if sub is not None:
        row.sub_sealed = tx.vault.seal(sub, f"self_registrations.sub:{row.id}")
    await _fill(row, command, tx)
    await tx.add(row)
    return row


async def change_self_registration(
    registration_id: UUID, command: SelfRegister, version: int, tx: Tx
) -> SelfRegistrationView:
    """She corrects what she filled in; a returned one waits for the desk again. Raises
    SelfRegistrationNotFound, StaleVersion, AlreadyDecided, OutsideJurisdiction,
    UnknownRegion."""
    row = await require(registration_id, tx, lock=True)
    if row.version != version:
        raise StaleVersion()
    require_undecided(row.status)
    await fill_anew(row, command, tx)
    return seen(row, tx)


async def fill_anew(row: SelfRegistration, command: SelfRegister, tx: Tx) -> None:
    """What she fills in now takes the place of what she had; the desk looks again. Raises
    OutsideJurisdiction, UnknownRegion."""
    row.status, row.reason_sealed = Status.OPEN, None
    row.expires_at = tx.now + KEPT_FOR
    await _fill(row, command, tx)
    await tx.save(row)


async def withdraw_self_registration(registration_id: UUID, tx: Tx) -> SelfRegistrationView:
    """She takes it back, no reason asked; what she filled in is erased at once. Taking back what
    is taken back changes nothing. Raises SelfRegistrationNotFound, AlreadyDecided."""
    row = await require(registration_id, tx, lock=True)
    if row.status != Status.WITHDRAWN:
        require_undecided(row.status)
        await decide(row, Status.WITHDRAWN, tx)
    return seen(row, tx)


async def return_self_registration(
    registration_id: UUID, command: ReturnSelfRegistration, tx: Tx
) -> SelfRegistrationView:
    """The desk gives it back to be put right, with a reason she reads. Raises
    SelfRegistrationNotFound, AlreadyDecided."""
    row = await require(registration_id, tx, "migrant:write", lock=True)
    require_undecided(row.status, (Status.OPEN,))
    row.status = Status.RETURNED
    row.reason_sealed = tx.vault.seal(command.reason, f"self_registrations.reason:{row.id}")
    row.expires_at = tx.now + KEPT_FOR
    await tx.save(row)
    return seen(row, tx)


async def decide(row: SelfRegistration, status: Status, tx: Tx) -> None:
    """Nothing of the form is kept beyond a decision, and that it was decided for 14 days."""
    row.status = status
    row.form_sealed = row.sub_sealed = row.id_number_index = row.reason_sealed = None
    row.decided_at, row.decided_by = tx.now, tx.actor.sub
    row.expires_at = tx.now + KEPT_FOR
    await tx.save(row)


async def erase_expired(tx: Tx) -> None:
    """What nobody confirmed in time, what was decided long ago, codes, guesses and counts of the
    past. Doing it twice erases nothing more."""
    for statement in (
        "DELETE FROM self_registrations WHERE expires_at <= $1",
        "DELETE FROM account_codes WHERE expires_at <= $1",
        "DELETE FROM account_tries WHERE until <= $1",
    ):
        await tx.execute(statement, tx.now)
    await tx.execute("DELETE FROM form_counts WHERE day < $1", tx.today)


async def _fill(row: SelfRegistration, command: SelfRegister, tx: Tx) -> None:
    """Raises OutsideJurisdiction, UnknownRegion. Where she is from is for the desk to check."""
    row.region = await place_of(command.region, command.arrived_on, tx)
    if not tx.actor.covers(row.region):
        raise OutsideJurisdiction()
    row.people = 1 + len(command.companions)
    form = command.model_dump_json()
    row.form_sealed = tx.vault.seal(form, f"self_registrations.form:{row.id}")
    row.id_number_index = tx.vault.index(command.id_number, "id_number")
