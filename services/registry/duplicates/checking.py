"""A first look at each new registration, cheap enough to follow them within seconds.

It compares a new record with those of the same name and birthday, and with those whose id number
is one slip from hers, which are found by their blind index: nobody else's number is opened. The
same model weighs the pair, and it waits in the same queue; the next search weighs it anew with the
whole county in view. Rosters, and whatever else
comes in bulk, are left to a search: one is due after an import anyway.
"""

from itertools import groupby
from typing import Any, Final
from uuid import UUID

from services.registry.duplicates.model import FEWEST, weigh
from services.registry.duplicates.models import DuplicateCheck
from services.registry.duplicates.pairs import (
    COMPARED,
    Pair,
    Read,
    enter_pairs,
    opened,
    read,
    thresholds_in_force,
)
from services.registry.duplicates.rules import slips_of
from shared.db import Tx

AT_ONCE: Final = 50  # registrations a pass; the others wait for the next
BULK: Final = 200  # registrations of one transaction; what comes in bulk is left to a search
_CHANGES: Final = 1_000  # of any kind looked at for them
_MOST: Final = 20  # records one registration is compared with
_LOCK: Final = 0x444348  # "DCH"

# Whole transactions: the last one is not cut.
_NEW: Final = """
SELECT transaction, person_id, kind FROM changes
WHERE transaction > $1 AND transaction <= (
    SELECT max(transaction) FROM (
        SELECT transaction FROM changes
        WHERE transaction > $1
          AND transaction < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
        ORDER BY transaction LIMIT $2
    ) AS following
)
ORDER BY transaction
"""
_PERSONS: Final = (
    f"{COMPARED} WHERE persons.id = ANY($1::uuid[]) AND status <> 'merged' AND import_id IS NULL"
)
_LIKE: Final = (
    f"{COMPARED} WHERE persons.id <> $1 AND status <> 'merged'"
    " AND ((name = $2 AND birth_date = $3::text::date) OR id_number_index = ANY($4::bytea[]))"
    f" ORDER BY persons.id LIMIT {_MOST}"
)
_REMEMBER: Final = """
INSERT INTO duplicate_checks (id, transaction) VALUES (1, $1)
ON CONFLICT (id) DO UPDATE SET transaction = excluded.transaction
"""


async def check_new_persons(tx: Tx) -> int:
    """Check what was registered after the last transaction that was checked, AT_ONCE persons or
    a whole transaction, unless another process is doing it. Returns how many pairs are new."""
    if not await tx.fetch_value("SELECT pg_try_advisory_xact_lock($1, 0)", _LOCK):
        return 0
    last = await tx.get(DuplicateCheck, 1)
    changes = await tx.fetch(_NEW, last.transaction if last else 0, _CHANGES)
    ids: list[UUID] = []
    end = None
    for transaction, written in groupby(changes, key=lambda change: change["transaction"]):
        if len(ids) >= AT_ONCE:
            break
        end = transaction
        registered = [each["person_id"] for each in written if each["kind"] == "registered"]
        if len(registered) <= BULK:
            ids += registered
    if end is None:
        return 0
    found = 0
    for row in await tx.fetch(_PERSONS, ids):
        found += await _check(row, tx)
    await tx.execute(_REMEMBER, end)
    return found


async def _check(row: Any, tx: Tx) -> int:
    """Propose the pairs of one record (a row of COMPARED) that are worth a look."""
    number = opened(row, tx.vault)
    slips = slips_of(number) if number else []
    rows = await tx.fetch(
        _LIKE,
        UUID(row["id"]),
        row["name"],
        row["born"],
        [tx.vault.index(each, "id_number") for each in slips],
    )
    if not rows:
        return 0
    least = (await thresholds_in_force(row["region"], tx)).thresholds.review
    records = await _searched(tx)
    person = read(row, tx.vault)
    others = [read(each, tx.vault) for each in rows]
    for each in (person, *others):
        tx.saw(each.id, "duplicate-search")
    pairs = [_pair(person, other, records) for other in others]
    worth = [pair for pair in pairs if pair.finding.weight >= least]
    return await enter_pairs(worth, None, tx) if worth else 0


async def _searched(tx: Tx) -> int:
    """How many records there are, as the last search counted them."""
    total = await tx.fetch_value(
        "SELECT total FROM duplicate_searches WHERE status = 'finished'"
        " ORDER BY finished_at DESC LIMIT 1"
    )
    return total or FEWEST


def _pair(one: Read, other: Read, records: int) -> Pair:
    first, second = sorted((one, other), key=lambda each: each.id)
    return Pair(first.id, second.id, weigh(first.record, second.record, records))
