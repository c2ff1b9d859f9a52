"""Beside the service: consents whose words have changed meaning, or that a guardian gave for a
child who is 14 now, end, and every service hears of it."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager

from services.migrant.consents.models import Consent
from services.migrant.consents.rules import PURPOSES, Channel, ConsentPurpose, PurposeWords
from shared.app import Parts
from shared.db import Tx
from shared.events.migrant import ConsentWithdrawn
from shared.jobs import repeating

_EVERY = 3600.0
_BATCH = 200

_LAPSED = """
SELECT c.* FROM consents AS c
JOIN unnest($1::text[], $2::int[]) AS floor (purpose, version) ON floor.purpose = c.purpose
WHERE c.withdrawn_at IS NULL AND (c.text_version < floor.version OR c.until <= $3)
ORDER BY c.id LIMIT $4 FOR UPDATE OF c SKIP LOCKED
"""


async def lapse(
    tx: Tx, words: Mapping[ConsentPurpose, PurposeWords] = PURPOSES, limit: int = _BATCH
) -> int:
    """End up to `limit` consents that hold no longer; returns how many. A consent that has ended
    is not found again, so doing it twice changes nothing more."""
    floors = [words[purpose].stands_from for purpose in words]
    found = await tx.find(Consent, _LAPSED, list(words), floors, tx.today, limit)
    for consent in found:
        consent.withdrawn_at = tx.now
        consent.withdrawn_by = tx.actor.sub
        consent.withdrawal_channel = Channel.LAPSED
        await tx.save(consent)
        tx.emit(
            ConsentWithdrawn(
                consent_id=consent.id, person_id=consent.person_id, purpose=consent.purpose
            )
        )
    return len(found)


def consent_lapsing(parts: Parts) -> AbstractAsyncContextManager[None]:
    """Looks at start and once an hour; several replicas share the rows."""
    return repeating(parts, "consent-lapsing", lapse, every=_EVERY, batch=_BATCH)
