"""Linking and unlinking logins. Only somebody who stood at a desk with her id card is linked."""

import secrets
from collections.abc import Sequence
from uuid import UUID

from services.migrant.accounts.errors import AlreadyLinked, TooManyTries
from services.migrant.accounts.models import AccountCode, AccountLink
from services.migrant.accounts.queries import view_of, whose
from services.migrant.accounts.rules import (
    ALPHABET,
    GOOD_FOR,
    LENGTH,
    MOST_TRIES,
    REMEMBERED_FOR,
    as_made,
)
from services.migrant.accounts.schemas import (
    AccountCodeView,
    AccountLinkView,
    LinkAccount,
    ShownCard,
    UnlinkedView,
)
from services.migrant.errors import NameDiffers, PersonNotFound
from services.migrant.people.queries import find_known, region_of
from services.migrant.people.rules import OFFICES, same_name
from services.migrant.types import COUNTY_DIGITS
from shared.db import Tx
from shared.events.migrant import AccountLinked, AccountUnlinked
from shared.ids import new_id
from shared.subjects import login_id, merge_subject, require_own

_COUNT = """
INSERT INTO account_tries (login_id, tries, until) VALUES ($1, 1, $3)
ON CONFLICT (login_id) DO UPDATE
SET tries = CASE WHEN account_tries.until <= $2 THEN 1 ELSE account_tries.tries + 1 END,
    until = CASE WHEN account_tries.until <= $2 THEN $3 ELSE account_tries.until END
RETURNING tries
"""


async def make_code(command: ShownCard, tx: Tx) -> AccountCodeView:
    """A one-time code for the person whose id card lies on the desk, at whichever desk of the
    county she stands. Raises PersonNotFound, NameDiffers."""
    person_id = await _person_on(command, tx)
    code = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    row = AccountCode(
        id=new_id(),
        person_id=person_id,
        region=await _place_of_desk(person_id, tx),
        code_index=_index(code, tx),
        office=tx.actor.org,
        made_at=tx.now,
        made_by=tx.actor.sub,
        expires_at=tx.now + GOOD_FOR,
    )
    await tx.add(row)
    tx.saw(person_id, "login")
    return AccountCodeView(code=code, person_id=person_id, expires_at=row.expires_at)


async def link_account(command: LinkAccount, tx: Tx) -> AccountLinkView | None:
    """Link the caller's login to whom the code was made for; None when the code is not good,
    which is then counted and must be committed. Raises AlreadyLinked, TooManyTries."""
    login = login_id(tx.actor.sub)
    if await whose(login, tx) is not None:
        raise AlreadyLinked()
    if await tx.fetch_value(_COUNT, login, tx.now, tx.now + REMEMBERED_FOR) > MOST_TRIES:
        raise TooManyTries()
    taken = await tx.fetch_row(
        "SELECT * FROM take_account_code($1, $2)", _index(as_made(command.code), tx), tx.now
    )
    if taken is None:
        return None
    await tx.execute("DELETE FROM account_tries WHERE login_id = $1", login)
    link = await add_link(
        tx.actor.sub, taken["person_id"], region=taken["region"], office=taken["office"], tx=tx
    )
    return view_of(link, tx)


async def add_link(sub: str, person_id: UUID, *, region: str, office: str, tx: Tx) -> AccountLink:
    """Let the login `sub` open her records from now on, here at once and elsewhere by event.
    `office` saw her id card."""
    link = AccountLink(
        id=(link_id := new_id()),
        login_id=login_id(sub),
        person_id=person_id,
        region=region,
        sub_sealed=tx.vault.seal(sub, f"account_links.sub:{link_id}"),
        office=office,
        linked_at=tx.now,
    )
    await tx.add(link)
    await tx.execute(
        "UPDATE self_registrations SET person_id = $1 WHERE login_id = $2 AND person_id IS NULL",
        person_id,
        link.login_id,
    )
    await _tell(link.login_id, person_id, tx)
    tx.saw(person_id, "login")
    return link


async def unlink_account(link_id: UUID, tx: Tx) -> AccountLinkView:
    """End one login, by herself or by an office; ending it twice changes nothing. Raises
    NotFound."""
    link = await tx.require(AccountLink, link_id, lock=True)
    await require_own(link.person_id, tx, *OFFICES)
    if link.ended_at is None:
        link.ended_at, link.ended_by = tx.now, tx.actor.sub
        await tx.save(link)
        await _tell_ended(link.login_id, link.person_id, tx)
    tx.saw(link.person_id, "login")
    return view_of(link, tx)


async def unlink_all(command: ShownCard, tx: Tx) -> UnlinkedView:
    """End every login of the person whose id card lies on the desk: her phone is lost. Works at
    any desk of the county. Raises PersonNotFound, NameDiffers."""
    person_id = await _person_on(command, tx)
    ended = await tx.fetch(
        "SELECT login_id FROM end_account_links($1, $2, $3)", person_id, tx.now, tx.actor.sub
    )
    for row in ended:
        await _tell_ended(row["login_id"], person_id, tx)
    tx.saw(person_id, "login")
    return UnlinkedView(person_id=person_id, ended=len(ended))


async def give_back_links(person_id: UUID, link_ids: Sequence[UUID], tx: Tx) -> None:
    """A merge was taken back: logins that came with it open the record of `person_id` again, and
    no longer the other one."""
    rows = await tx.fetch(
        "SELECT login_id FROM account_links WHERE id = ANY($1::uuid[]) AND ended_at IS NULL",
        link_ids,
    )
    for row in rows:
        await _tell(row["login_id"], person_id, tx)


async def _person_on(card: ShownCard, tx: Tx) -> UUID:
    known = await find_known(card.id_number, tx)
    if known is None:
        raise PersonNotFound()
    if not same_name(known.name, card.name):
        raise NameDiffers()
    return known.person_id


async def _place_of_desk(person_id: UUID, tx: Tx) -> str:
    """The desk's own area; for an office above the county, where she lives, since what is kept
    here is this county's."""
    if len(tx.actor.region) >= COUNTY_DIGITS:
        return tx.actor.region
    return await region_of(person_id, tx) or tx.actor.region


async def _tell(login: UUID, person_id: UUID, tx: Tx) -> None:
    await merge_subject(person_id, login, tx)
    tx.emit(AccountLinked(login_id=login, person_id=person_id))


async def _tell_ended(login: UUID, person_id: UUID, tx: Tx) -> None:
    await merge_subject(login, login, tx)
    tx.emit(AccountUnlinked(login_id=login, person_id=person_id))


def _index(code: str, tx: Tx) -> bytes:
    return tx.vault.index(code, "account_code")
