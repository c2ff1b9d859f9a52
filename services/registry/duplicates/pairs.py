"""Reading what is compared, and entering pairs into the queue: for searches and for single
registrations alike."""

from collections.abc import Callable, Coroutine, Sequence
from datetime import timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

from services.registry.duplicates.model import VERSION, Finding
from services.registry.duplicates.rules import Compared, Record, record_of
from services.registry.duplicates.thresholds import DEFAULT, Thresholds
from shared.crypto import Vault
from shared.db import Tx
from shared.ids import new_id

_LONG: Final = timedelta(minutes=30).total_seconds()  # of one statement over a whole county

IN_REGION: Final = (
    "persons.status <> 'merged' AND (starts_with(persons.hukou_region, $1)"
    " OR starts_with(persons.residence_region, $1) OR starts_with(persons.left_region, $1))"
)
COMPARED: Final = """
SELECT persons.id::text AS id, name, sex, to_char(birth_date, 'YYYYMMDD') AS born,
       birth_date - DATE '0001-01-01' AS day_number, id_number_sealed,
       encode(substr(phone_index, 1, 8), 'hex') AS phone, household_id::text AS household,
       mothers.mother_id::text AS mother, hukou_region AS region
FROM persons LEFT JOIN (
    SELECT child_id, mother_id FROM births WHERE annulled_at IS NULL
) AS mothers ON mothers.child_id = persons.id
"""

# Looks of everybody whose number is opened, written by the database: a county's are too many to
# send it one by one.
_SEEN: Final = f"""
INSERT INTO usage_entries (subject_id, at, actor_sub, actor_org, purpose, case_reference, kind)
SELECT persons.id, $2, $3, $4, $5, $6, 'duplicate-search' FROM persons WHERE {IN_REGION}
"""  # noqa: S608 our own names

_ENTER: Final = """
INSERT INTO duplicates (id, version, first_id, second_id, evidence, weights, weight, model,
                        search_id, status, found_at)
SELECT id, 1, first_id, second_id, string_to_array(evidence, ','), weights::float8[], weight, $7,
       $8, 'open', $9
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::float8[])
     AS found (id, first_id, second_id, evidence, weights, weight)
ON CONFLICT (first_id, second_id) DO UPDATE
SET evidence = excluded.evidence, weights = excluded.weights, weight = excluded.weight,
    model = excluded.model, search_id = excluded.search_id,
    version = duplicates.version + 1,
    status = CASE duplicates.status WHEN 'lapsed' THEN 'open' ELSE duplicates.status END
WHERE duplicates.status IN ('open', 'undecided', 'lapsed')
RETURNING (xmax = 0) AS is_new
"""

# Open pairs of two records that were compared and did not come out again.
_LAPSE: Final = """
UPDATE duplicates SET status = 'lapsed', version = duplicates.version + 1
FROM persons AS first, persons AS second
WHERE duplicates.status = 'open' AND search_id IS DISTINCT FROM $2 AND found_at < $3
  AND first.id = first_id AND second.id = second_id
  AND first.status <> 'merged' AND second.status <> 'merged'
  AND (starts_with(first.hukou_region, $1) OR starts_with(first.residence_region, $1)
       OR starts_with(first.left_region, $1))
  AND (starts_with(second.hukou_region, $1) OR starts_with(second.residence_region, $1)
       OR starts_with(second.left_region, $1))
"""

_IN_FORCE: Final = """
SELECT region, review, strong, put_at, put_by, reason FROM duplicate_thresholds
WHERE starts_with($1, region) AND model = $2
ORDER BY length(region) DESC, put_at DESC LIMIT 1
"""


class Pair(NamedTuple):
    """Two records and what they came out at; `first` is the older of the two ids."""

    first: UUID
    second: UUID
    finding: Finding


class InForce(NamedTuple):
    """Thresholds, and the row they stand in; None for those the model comes with."""

    thresholds: Thresholds
    row: dict[str, Any] | None


async def thresholds_in_force(region: str, tx: Tx) -> InForce:
    """Those of the nearest region above, or the model's own."""
    row = await tx.fetch_row(_IN_FORCE, region, VERSION)
    if row is None:
        return InForce(DEFAULT, None)
    return InForce(Thresholds(row["review"], row["strong"]), dict(row))


class Read(NamedTuple):
    """A record as it was read."""

    id: UUID
    record: Record


def opened(row: Any, vault: Vault) -> str | None:
    """The id number of a row of COMPARED."""
    sealed = row["id_number_sealed"]
    return vault.open(sealed, f"persons.id_number:{row['id']}") if sealed else None


def read(row: Any, vault: Vault) -> Read:
    """A row of COMPARED."""
    id, name, sex, born, day_number, _, phone, household, mother, region = row
    number = opened(row, vault)
    compared = Compared(name, sex, born, day_number, number, phone, household, mother, region)
    return Read(UUID(id), record_of(compared))


async def note_looks(region: str, tx: Tx) -> None:
    """Everybody of the region is looked at: each can see that."""
    await (await tx.begin()).execute(
        _SEEN,
        region,
        tx.now,
        tx.actor.sub,
        tx.actor.org,
        tx.purpose.value if tx.purpose else "data-quality",
        tx.case_reference,
        timeout=_LONG,
    )


async def send_compared(
    region: str, to: Callable[[bytes], Coroutine[None, None, None]], tx: Tx
) -> None:
    """Send the region's records as CSV (see Reader), in no order: sorting a county costs more than
    sorting the few pairs that come of it."""
    query = COMPARED.replace("id_number_sealed", "encode(id_number_sealed, 'hex')")
    await (await tx.begin()).copy_from_query(
        f"{query} WHERE {IN_REGION}",
        region,
        output=to,
        format="csv",
        timeout=_LONG,
    )


async def count_compared(region: str, tx: Tx) -> int:
    return int(
        await (await tx.begin()).fetchval(
            f"SELECT count(*) FROM persons WHERE {IN_REGION}",  # noqa: S608 our own names
            region,
            timeout=_LONG,
        )
    )


async def enter_pairs(pairs: Sequence[Pair], search_id: UUID | None, tx: Tx) -> int:
    """Enter pairs into the queue; one that waits there is weighed anew, one that was decided stays
    as it is. Returns how many are new."""
    rows = await (await tx.begin()).fetch(
        _ENTER,
        [new_id() for _ in pairs],
        [pair.first for pair in pairs],
        [pair.second for pair in pairs],
        [",".join(pair.finding.codes) for pair in pairs],
        ["{" + ",".join(f"{each:.3f}" for each in pair.finding.weights) + "}" for pair in pairs],
        [round(pair.finding.weight, 3) for pair in pairs],
        VERSION,
        search_id,
        tx.now,
        timeout=_LONG,
    )
    return sum(row["is_new"] for row in rows)


async def lapse_pairs(region: str, search_id: UUID, began: Any, tx: Tx) -> int:
    """Take out of the queue what a search of the region no longer found. Returns how many."""
    tag = await (await tx.begin()).execute(_LAPSE, region, search_id, began, timeout=_LONG)
    return int(tag.split()[-1])
