"""A month of a department beside the register, as counts (基础信息核查, 比对)."""

from datetime import date
from typing import Final

from services.registry.feeds.meanings import EVIDENCE, Meaning
from services.registry.feeds.models import Feed
from shared.db import Tx

# Events of the month in the batch's region that the register holds and no line of it names. The
# persons of the lines come as a list, which PostgreSQL hashes: joined, each row of either table
# would be asked about the jurisdiction again, for every row of the other.
_ONLY_HERE: Final = {
    Meaning.DEATH: """
SELECT count(*) FROM deaths AS d
WHERE d.died_on >= $1 AND d.died_on < $2 AND d.annulled_at IS NULL AND starts_with(d.region, $3)
  AND d.person_id <> ALL ($4::uuid[])
""",
    Meaning.BIRTH: """
SELECT count(*) FROM births AS b JOIN persons AS p ON p.id = b.child_id
WHERE b.born_on >= $1 AND b.born_on < $2 AND p.status <> 'annulled' AND starts_with(b.region, $3)
  AND b.mother_id <> ALL ($4::uuid[])
""",
    Meaning.HUKOU_MOVE: """
SELECT count(*) FROM hukou_moves AS m
WHERE m.moved_on >= $1 AND m.moved_on < $2 AND m.cause = 'moved'
  AND (starts_with(m.from_region, $3) OR starts_with(m.to_region, $3))
  AND m.person_id <> ALL ($4::uuid[])
""",
}
_EVIDENCE: Final = """
SELECT count(*) FROM residence_evidence AS e
WHERE e.since >= $1 AND e.since < $2 AND starts_with(e.region, $3) AND e.kind = $5
  AND e.person_id <> ALL ($4::uuid[])
"""
_MARRIAGES: Final = """
SELECT count(*) FROM marriages AS m
WHERE m.happened_on >= $1 AND m.happened_on < $2 AND starts_with(m.region, $3)
  AND m.first_index <> ALL ($4::bytea[])
  AND (m.second_index IS NULL OR m.second_index <> ALL ($4::bytea[]))
"""
_PERSONS: Final = """
SELECT person_id FROM feed_lines WHERE feed_id = $1 AND person_id IS NOT NULL
UNION SELECT other_person_id FROM feed_lines WHERE feed_id = $1 AND other_person_id IS NOT NULL
"""


async def only_here(feed: Feed, tx: Tx) -> int | None:
    """How many events of the month the register holds that the batch does not name; None where it
    keeps no dated list of them (new names and numbers)."""
    meaning, first, after = Meaning(feed.meaning), feed.month, next_month(feed.month)
    persons = [row["person_id"] for row in await tx.fetch(_PERSONS, feed.id)]
    if meaning in _ONLY_HERE:
        found = await tx.fetch_value(_ONLY_HERE[meaning], first, after, feed.region, persons)
    elif meaning in EVIDENCE:
        found = await tx.fetch_value(_EVIDENCE, first, after, feed.region, persons, meaning.value)
    elif meaning is Meaning.MARRIAGE:
        spouses = [tx.vault.index(str(each), "spouse") for each in persons]
        found = await tx.fetch_value(_MARRIAGES, first, after, feed.region, spouses)
    else:
        return None
    return int(found)


def next_month(first_day: date) -> date:
    year, month = divmod(first_day.year * 12 + first_day.month, 12)
    return date(year, month + 1, 1)
