"""Reading the contact book."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from services.notify.contacts.rules import OwnHours, own_hours, takes_texts
from shared.db import Tx

# Whether contact `c` has said stop since the consent it leans on. No quotation of names: joined
# into the statements that ask it, at acceptance and again just before sending.
HAS_OPTED_OUT = """
EXISTS (SELECT FROM opt_outs AS o WHERE o.phone_index = c.phone_index AND o.at >= c.given_at
        AND (o.purpose IS NULL OR o.purpose = c.purpose))
"""

# Whether stop `o` of a number still holds where no consent is leaned on: it yields only to a
# consent given later, by somebody whose number it is.
STILL_HOLDS = """
NOT EXISTS (SELECT FROM contacts AS later WHERE later.phone_index = o.phone_index
            AND later.active AND later.given_at > o.at)
"""

# A contact is looked up for each pair by itself: joined, a batch would read the whole book. Ids are
# brought up to date first: under the row policy no index is used with what is not a plain column.
_RECIPIENTS = f"""
WITH wanted AS MATERIALIZED (
  SELECT w.person_id AS asked, w.purpose, coalesce(a.subject_id, w.person_id) AS person_id
  FROM unnest($1::uuid[], $2::text[]) AS w (person_id, purpose)
  LEFT JOIN subject_aliases AS a ON a.alias_id = w.person_id)
SELECT w.asked, w.purpose, c.*, k.channel AS chosen, k.from_hour, k.to_hour
FROM wanted AS w
CROSS JOIN LATERAL (
  SELECT c.person_id, c.active AND NOT c.closed AS active, c.region, c.language, c.phone_index,
         c.for_child, {HAS_OPTED_OUT} AS opted_out
  FROM contacts AS c WHERE c.person_id = w.person_id AND c.purpose = w.purpose LIMIT 1) AS c
LEFT JOIN LATERAL (
  SELECT k.channel, k.from_hour, k.to_hour
  FROM contact_choices AS k WHERE k.person_id = w.person_id LIMIT 1) AS k ON true
"""  # noqa: S608 a constant of our own


@dataclass(frozen=True, slots=True)
class Recipient:
    """A contact as sending needs it; not `active` after a withdrawal or a death. `person_id`
    follows merges; `hours` are those she chose."""

    person_id: UUID
    active: bool
    opted_out: bool
    region: str
    language: str
    phone_index: bytes | None
    by_text: bool
    for_child: bool
    hours: OwnHours | None


async def find_recipients(
    asked: Sequence[tuple[UUID, str]], tx: Tx
) -> dict[tuple[UUID, str], Recipient]:
    """The contacts of (person, purpose) pairs inside the jurisdiction, in one round trip."""
    if not asked:
        return {}
    persons, purposes = zip(*dict.fromkeys(asked), strict=True)
    rows = await tx.fetch(_RECIPIENTS, persons, purposes)
    return {(row["asked"], row["purpose"]): _recipient(row) for row in rows}


def _recipient(row: asyncpg.Record) -> Recipient:
    return Recipient(
        person_id=row["person_id"],
        active=row["active"],
        opted_out=row["opted_out"],
        region=row["region"],
        language=row["language"],
        phone_index=row["phone_index"],
        by_text=takes_texts(row["chosen"]),
        for_child=row["for_child"],
        hours=own_hours(row["from_hour"], row["to_hour"]),
    )


async def find_opted_out(numbers: Sequence[bytes], purpose: str, tx: Tx) -> set[bytes]:
    """Which of some numbers (blind indexes) have said stop to a purpose that needs no consent."""
    if not numbers:
        return set()
    rows = await tx.fetch(
        "SELECT DISTINCT phone_index FROM opt_outs AS o WHERE phone_index = ANY($1::bytea[])"  # noqa: S608
        f" AND (purpose IS NULL OR purpose = $2) AND {STILL_HOLDS}",
        numbers,
        purpose,
    )
    return {row["phone_index"] for row in rows}


async def current_person(person_id: UUID, tx: Tx) -> UUID:
    """The id a person has now, after merges we know of."""
    kept = await tx.fetch_value(
        "SELECT subject_id FROM subject_aliases WHERE alias_id = $1", person_id
    )
    return UUID(str(kept)) if kept else person_id
