"""Events that turn out otherwise (更正、撤销、恢复): whoever was told of one, and follows it still,
is told what holds now. What has not left yet leaves as it reads now, or not at all."""

from collections.abc import Sequence
from datetime import date
from typing import Final
from uuid import UUID

from services.exchange.dci.models import DciTransaction, Status, Subscription, Word
from services.exchange.dci.noticing import Said, owe, promise
from services.exchange.dci.profiles import Event
from shared.db import Tx
from shared.ids import new_id
from shared.subjects import current_subject

_TAKE_BACK: Final = """
UPDATE dci_transactions SET delivery = 'given-up', status = 'rjct', answered_at = $2,
  last_error = 'superseded', body_sealed = NULL
WHERE occasion = $1 AND answered_at IS NULL AND delivery = 'waiting'
"""
_FOLLOWED: Final = """
SELECT * FROM dci_subscriptions WHERE ended_at IS NULL AND until > $2
  AND id IN (SELECT subscription_id FROM dci_transactions WHERE occasion = $1)
ORDER BY id
"""
_TOLD: Final = """
SELECT * FROM dci_transactions WHERE occasion = $1 AND subscription_id = $2 AND status <> $3
ORDER BY id DESC LIMIT 1
"""


async def revise(
    event: Event,
    word: Word,
    occasion: UUID,
    person_ids: Sequence[UUID],
    happened_on: date | None,
    tx: Tx,
    *,
    others: bool = False,
) -> None:
    """`person_ids` are those whose event it is now: to whoever follows somebody it turned out not
    to be of, it is annulled. With `others` it may be the event of somebody new, whose followers
    hear of it as of any."""
    await tx.execute(_TAKE_BACK, occasion, tx.now)
    concerned = {await current_subject(each, tx) for each in person_ids}
    for followed in await tx.find(Subscription, _FOLLOWED, occasion, tx.now):
        now = word if followed.person_id in concerned else Word.ANNULLED
        if (said := _to_say(await _told(followed, occasion, tx), now)) is not None:
            day = None if said is Word.ANNULLED else happened_on
            key = f"{followed.id}:{occasion}:{new_id()}"
            await promise(followed, Said(occasion, said, day), key, tx)
    if others and happened_on is not None:
        await owe(event, [*concerned], occasion, happened_on, tx)


async def _told(followed: Subscription, occasion: UUID, tx: Tx) -> Word | None:
    """What was said of the event last, if anything was."""
    found = await tx.find(DciTransaction, _TOLD, occasion, followed.id, Status.REJECTED)
    return Word(str(found[0].word)) if found else None


def _to_say(told: Word | None, now: Word) -> Word | None:
    """What is said now to somebody who was told so; None where there is nothing to say."""
    if now is Word.ANNULLED:
        return None if told in (None, Word.ANNULLED) else now
    if told is None:
        return Word.REGISTERED
    if told is Word.ANNULLED:
        return Word.REINSTATED
    return Word.CORRECTED  # that it was not so in between, nobody was told
