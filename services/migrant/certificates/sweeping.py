"""What time does to requests (到期清理): erases what was kept long enough, says what is overdue.

Each step is one statement that finds and changes its rows at once, so replicas do not get in each
other's way and a crash in between costs nothing.
"""

from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import Final

from services.migrant.certificates.request_rules import AGAIN, UNDECIDED, RequestStatus
from shared.app import Parts
from shared.db import Tx
from shared.events.migrant import CertificateRequestOverdue
from shared.jobs import repeating

_EVERY: Final = 60.0
# A proof is taken for twenty minutes at the most: ten either way of the clock.
_PROOFS: Final = timedelta(hours=1)

_LAPSE = """
UPDATE certificate_requests SET status = $1, facts_sealed = NULL, holder_key_sealed = NULL
WHERE status = $2 AND collect_by <= $3
"""
_FORGET = """
UPDATE certificate_requests SET facts_sealed = NULL, holder_key_sealed = NULL
WHERE status = $1 AND collected_at <= $2 AND facts_sealed IS NOT NULL
"""
_OVERDUE = """
UPDATE certificate_requests SET overdue_said = true
WHERE status = ANY($1::text[]) AND due_on < $2 AND NOT overdue_said
RETURNING id, region, office, due_on
"""


async def sweep(tx: Tx) -> None:
    """Runs as the service, over the whole county."""
    await tx.execute(_LAPSE, RequestStatus.LAPSED, RequestStatus.READY, tx.now)
    await tx.execute(_FORGET, RequestStatus.COLLECTED, tx.now - AGAIN)
    await tx.execute("DELETE FROM used_proofs WHERE used_at < $1", tx.now - _PROOFS)
    for row in await tx.fetch(_OVERDUE, list(UNDECIDED), tx.today):
        tx.emit(
            CertificateRequestOverdue(
                request_id=row["id"],
                region=row["region"],
                office=row["office"],
                due_on=row["due_on"],
            )
        )


def certificate_sweep(parts: Parts) -> AbstractAsyncContextManager[None]:
    """Sweeps beside the service, every minute."""
    return repeating(parts, "certificate-sweep", sweep, every=_EVERY)
