"""What time does to requests and certificates (到期清理): erases what was kept long enough, says
what is overdue, and what expires soon where its holder agreed to be reminded.

Each step is one statement that finds and changes its rows at once, so replicas do not get in each
other's way and a crash in between costs nothing.
"""

from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import Final

from services.migrant.certificates.request_rules import (
    AGAIN,
    REMIND_DAYS,
    UNDECIDED,
    RequestStatus,
)
from services.migrant.consents.queries import STANDS
from services.migrant.consents.rules import PURPOSES, ConsentPurpose
from shared.app import Parts
from shared.db import Tx
from shared.events.migrant import CertificateExpiring, CertificateRequestOverdue
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
# Of several the one that holds longest: whoever has a newer one is not reminded of the old.
_EXPIRING = f"""
UPDATE certificates AS held SET reminded_on = $1
WHERE reminded_on IS NULL AND revoked_at IS NULL AND valid_until BETWEEN $1 AND $2
  AND {STANDS.format("held.person_id", "$3", "$4", "$1")}
  AND NOT EXISTS (SELECT FROM certificates AS newer
                  WHERE newer.person_id = held.person_id AND newer.revoked_at IS NULL
                    AND newer.valid_until > held.valid_until)
RETURNING id, person_id, region, valid_until
"""  # noqa: S608 a constant of our own


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
    last = tx.today + timedelta(days=REMIND_DAYS)
    purpose = ConsentPurpose.SMS_REMINDERS
    since = PURPOSES[purpose].stands_from
    for row in await tx.fetch(_EXPIRING, tx.today, last, purpose, since):
        tx.emit(
            CertificateExpiring(
                certificate_id=row["id"],
                person_id=row["person_id"],
                region=row["region"],
                valid_until=row["valid_until"],
            )
        )


def certificate_sweep(parts: Parts) -> AbstractAsyncContextManager[None]:
    """Sweeps beside the service, every minute."""
    return repeating(parts, "certificate-sweep", sweep, every=_EVERY)
