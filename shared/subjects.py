"""The person herself (本人) at the door: which records her token opens.

Her token has scope `self`; its region is a county's prefix like any other, so that row-level
security works as for an office. Its `sub` is whatever her login provider calls her: a desk that
saw her id card has linked that login (账号绑定) to her person id, and every service keeps the link
among its subject aliases (`follow_logins`). A `sub` that is a person id needs no link. Ids the
registry has merged stand for the one it kept.
"""

from typing import Final
from uuid import UUID, uuid5

from shared.consumer import Consumer
from shared.db import Tx
from shared.events.migrant import AccountLinked, AccountUnlinked
from shared.problems import NotFound, Text, WrongPurpose
from shared.usage import PURPOSE_WORDS, Purpose

_LOGINS: Final = UUID("5b0f4a51-8f6c-4b0e-9d0c-6f3c2f1f8a10")  # the namespace of logins


def login_id(sub: str) -> UUID:
    """The id that stands for a login everywhere: a UUIDv5 of its `sub`, which is not stored."""
    return uuid5(_LOGINS, sub)


def follow_logins(consumer: Consumer) -> None:
    """Have a service know whose login is whose. Unlinked, a login stands for itself: for nobody."""

    @consumer.on(AccountLinked)
    async def account_linked(event: AccountLinked, tx: Tx) -> None:
        await merge_subject(event.person_id, event.login_id, tx)

    @consumer.on(AccountUnlinked)
    async def account_unlinked(event: AccountUnlinked, tx: Tx) -> None:
        await merge_subject(event.login_id, event.login_id, tx)


async def merge_subject(kept_id: UUID, merged_id: UUID, tx: Tx) -> None:
    """From now on, looks at `merged_id` are also looks at `kept_id`."""
    await tx.execute(
        "UPDATE subject_aliases SET subject_id = $1 WHERE subject_id = $2", kept_id, merged_id
    )
    await tx.execute(
        "INSERT INTO subject_aliases (alias_id, subject_id) VALUES ($2, $1)"
        " ON CONFLICT (alias_id) DO UPDATE SET subject_id = excluded.subject_id",
        kept_id,
        merged_id,
    )


async def current_subject(person_id: UUID, tx: Tx) -> UUID:
    """The id that stands for this one now: itself, or the one it was merged into."""
    kept = await tx.fetch_value(
        "SELECT subject_id FROM subject_aliases WHERE alias_id = $1", person_id
    )
    return kept if isinstance(kept, UUID) else person_id


async def is_own(person_id: UUID | None, tx: Tx) -> bool:
    """Whether the caller is that person, under this id or one merged with it."""
    if person_id is None:
        return False
    own = await herself(tx)
    return own is not None and own == await current_subject(person_id, tx)


async def herself(tx: Tx) -> UUID | None:
    """The caller's person id when she is a person with a login of her own, otherwise None. Asks in
    two steps, since news of a link and of a merge may come in either order."""
    if "self" not in tx.actor.scopes:
        return None
    login = login_id(tx.actor.sub)
    own: UUID | None = await current_subject(login, tx)
    if own == login:
        own = _person_id_in(tx.actor.sub)
    return None if own is None else await current_subject(own, tx)


def _person_id_in(sub: str) -> UUID | None:
    try:
        return UUID(sub)
    except ValueError:
        return None


async def require_own(person_id: UUID | None, tx: Tx, *offices: str) -> None:
    """Callers with one of the `offices` scopes pass, and the person herself. Raises NotFound for
    anybody else, since existence is private."""
    if tx.actor.scopes.isdisjoint(offices) and not await is_own(person_id, tx):
        raise NotFound()


def require_subject_access(tx: Tx) -> None:
    """An export is made for the person herself and for nothing else. Raises WrongPurpose."""
    if tx.purpose is not Purpose.SUBJECT_ACCESS:
        zh, en = PURPOSE_WORDS[Purpose.SUBJECT_ACCESS]
        raise WrongPurpose(
            Text(
                f"请以 Purpose: {Purpose.SUBJECT_ACCESS} ({zh}) 办理",
                f"Send Purpose: {Purpose.SUBJECT_ACCESS} ({en})",
            )
        )
