"""The person herself (本人) at the door: which records her token opens.

Her token has `sub` = her person id and scope `self`; its region is a county's prefix like any
other, so that row-level security works as for an office. Ids the registry has merged stand for
the one it kept.
"""

from uuid import UUID

from shared.db import Tx
from shared.problems import NotFound, Text, WrongPurpose
from shared.usage import PURPOSE_WORDS, Purpose


async def current_subject(person_id: UUID, tx: Tx) -> UUID:
    """The id that stands for this one now: itself, or the one it was merged into."""
    kept = await tx.fetch_value(
        "SELECT subject_id FROM subject_aliases WHERE alias_id = $1", person_id
    )
    return kept if isinstance(kept, UUID) else person_id


async def is_own(person_id: UUID | None, tx: Tx) -> bool:
    """Whether the caller is that person, under this id or one merged with it."""
    own = herself(tx)
    if own is None or person_id is None:
        return False
    return own == person_id or await current_subject(own, tx) == await current_subject(
        person_id, tx
    )


def herself(tx: Tx) -> UUID | None:
    """The caller's person id when she is a person with a login of her own, otherwise None."""
    if "self" not in tx.actor.scopes:
        return None
    try:
        return UUID(tx.actor.sub)
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
