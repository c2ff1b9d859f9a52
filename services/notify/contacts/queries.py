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

_RECIPIENTS = f"""
SELECT w.person_id AS asked, c.*, {HAS_OPTED_OUT} AS opted_out,
       k.channel AS chosen, k.from_hour, k.to_hour
FROM unnest($1::uuid[], $2::text[]) AS w (person_id, purpose)
LEFT JOIN subject_aliases AS a ON a.alias_id = w.person_id
JOIN contacts AS c
  ON c.person_id = coalesce(a.subject_id, w.person_id) AND c.purpose = w.purpose
LEFT JOIN contact_choices AS k ON k.person_id = c.person_id
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
        active=row["active"] and not row["closed"],
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
