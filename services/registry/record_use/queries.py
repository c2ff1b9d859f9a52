"""Counting the use of what was entered, from the usage entries (使用记录).

A record counts as used once a service, a certificate, a check, an inquiry or a text needed it.
Keeping the register, its quality, oversight and a person's own look are no use of it.
"""

from datetime import date, datetime, time

from shared.clock import CHINA
from shared.db import Tx
from shared.events.registry import AreaUse
from shared.usage import Purpose

USES = (
    Purpose.SERVICE,
    Purpose.CERTIFICATE,
    Purpose.VERIFICATION,
    Purpose.INQUIRY,
    Purpose.NOTIFICATION,
)
_TOWNSHIP = 9  # digits

_COUNT = """
SELECT left(p.residence_region, $4) AS region, count(*)::int AS entered,
    count(*) FILTER (WHERE EXISTS (
        SELECT FROM usage_entries AS used
        WHERE used.subject_id = p.id AND used.purpose = ANY ($3::text[])
    ))::int AS used
FROM persons AS p
WHERE p.created_at >= $1 AND p.created_at < $2 AND p.status <> 'merged'
    AND starts_with(p.residence_region, $5)
GROUP BY 1 ORDER BY 1
"""


async def used_areas(since: date, until: date, tx: Tx) -> list[AreaUse]:
    """Of the records entered from one day on up to before another: how many there are and how many
    have been used, by township of residence."""
    rows = await tx.fetch(
        _COUNT,
        *(datetime.combine(day, time(), CHINA) for day in (since, until)),
        [each.value for each in USES],
        _TOWNSHIP,
        tx.actor.region,
    )
    return [AreaUse(**row) for row in rows]
