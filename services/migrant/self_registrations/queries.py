"""Reading registrations by phone: her own, and the desk's queue. What has expired is not there."""

from collections.abc import Sequence
from uuid import UUID

from services.migrant.accounts.rules import as_made
from services.migrant.people.rules import OFFICES, shown_id_number, shown_phone
from services.migrant.self_registrations.errors import SelfRegistrationNotFound
from services.migrant.self_registrations.models import SelfRegistration
from services.migrant.self_registrations.rules import Status
from services.migrant.self_registrations.schemas import (
    FindSelfRegistrations,
    FormCompanionView,
    FormView,
    SelfRegister,
    SelfRegistrationView,
    WaitingView,
)
from shared.actors import narrow
from shared.db import Tx
from shared.pages import BEFORE_ALL, Page, encode_cursor, id_in
from shared.subjects import herself, is_own, login_id
from shared.usage import Purpose

_QUEUE = """
SELECT * FROM self_registrations
WHERE region LIKE $1 || '%' AND status = $2 AND id > $3 AND expires_at > $4
ORDER BY id LIMIT $5
"""
_BY_NUMBER = """
SELECT * FROM self_registrations WHERE id_number_index = $1 AND expires_at > $2 ORDER BY id
"""
_BY_CODE = """
SELECT * FROM self_registrations WHERE code = $1 AND expires_at > $2 ORDER BY id
"""
_LATEST = """
SELECT * FROM self_registrations
WHERE (login_id = $1 OR person_id = $2) AND expires_at > $3 ORDER BY id DESC LIMIT 1
"""


async def list_waiting(
    region: str | None, status: Status, limit: int, cursor: str | None, tx: Tx
) -> Page[WaitingView]:
    """The desk's queue in `region` (or all the actor covers), who waits longest first."""
    found = await tx.find(
        SelfRegistration,
        _QUEUE,
        narrow(tx.actor, region),
        status,
        id_in(cursor) or BEFORE_ALL,
        tx.now,
        limit + 1,
    )
    return Page(
        items=_waiting(found[:limit], tx),
        next=encode_cursor(str(found[limit - 1].id)) if len(found) > limit else None,
    )


async def find_waiting(command: FindSelfRegistrations, tx: Tx) -> Sequence[WaitingView]:
    """Those of whoever shows this card, or this code, in the actor's region."""
    if command.id_number is not None:
        index = tx.vault.index(command.id_number, "id_number")
        return _waiting(await tx.find(SelfRegistration, _BY_NUMBER, index, tx.now), tx)
    code = as_made(command.code or "")
    return _waiting(await tx.find(SelfRegistration, _BY_CODE, code, tx.now), tx)


async def get_self_registration(registration_id: UUID, tx: Tx) -> SelfRegistrationView:
    """For an office, or for whom it is. Raises SelfRegistrationNotFound."""
    return seen(await require(registration_id, tx, *OFFICES), tx)


async def get_latest(tx: Tx) -> SelfRegistrationView | None:
    """The caller's own last one, by her login or her person id."""
    login, own = login_id(tx.actor.sub), await herself(tx)
    found = await tx.find(SelfRegistration, _LATEST, login, own, tx.now)
    return seen(found[0], tx) if found else None


async def require(
    registration_id: UUID, tx: Tx, *offices: str, lock: bool = False
) -> SelfRegistration:
    """One that callers with one of the `offices` scopes may see, or whom it is for. Raises
    SelfRegistrationNotFound."""
    row = await tx.get(SelfRegistration, registration_id, lock=lock)
    if row is None or row.expires_at <= tx.now:
        raise SelfRegistrationNotFound()
    if tx.actor.scopes.isdisjoint(offices) and not await _is_hers(row, tx):
        raise SelfRegistrationNotFound()
    return row


async def _is_hers(row: SelfRegistration, tx: Tx) -> bool:
    if "self" in tx.actor.scopes and row.login_id == login_id(tx.actor.sub):
        return True
    return await is_own(row.person_id, tx)


def form_of(row: SelfRegistration, tx: Tx) -> SelfRegister | None:
    """What was filled in, with the code that the place has by now."""
    if row.form_sealed is None:
        return None
    opened = tx.vault.open(row.form_sealed, f"self_registrations.form:{row.id}")
    return SelfRegister.model_validate_json(opened).model_copy(update={"region": row.region})


def seen(row: SelfRegistration, tx: Tx) -> SelfRegistrationView:
    """The view, with the usage entry it leaves."""
    note(row, tx)
    form = form_of(row, tx)
    reason = (
        tx.vault.open(row.reason_sealed, f"self_registrations.reason:{row.id}")
        if row.reason_sealed
        else None
    )
    return SelfRegistrationView(
        reason=reason,
        form=_shown(form, tx.purpose or Purpose.OVERSIGHT) if form else None,
        **row.model_dump(include=set(SelfRegistrationView.model_fields) - {"reason", "form"}),
    )


def note(row: SelfRegistration, tx: Tx) -> None:
    """A look is hers by her person id, or by her login's until there is one."""
    tx.saw(row.person_id or row.login_id, "self-registration")


def _shown(form: SelfRegister, purpose: Purpose) -> FormView:
    return FormView(
        id_number=shown_id_number(form.id_number, purpose),
        phone=shown_phone(form.phone, purpose) if form.phone else None,
        companions=[
            FormCompanionView(
                id_number=shown_id_number(each.id_number, purpose),
                **each.model_dump(exclude={"id_number"}),
            )
            for each in form.companions
        ],
        **form.model_dump(exclude={"id_number", "phone", "companions"}),
    )


def _waiting(rows: Sequence[SelfRegistration], tx: Tx) -> list[WaitingView]:
    views = []
    for row in rows:
        form = form_of(row, tx)
        if form is not None:
            note(row, tx)
            views.append(
                WaitingView(
                    name=form.name,
                    days=(tx.now - row.made_at).days,
                    **row.model_dump(include=set(WaitingView.model_fields) - {"name", "days"}),
                )
            )
    return views
