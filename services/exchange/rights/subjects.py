"""Whose data it is. A notice of a peer and an inquiry know their person by her id number alone. The
id of such a record is an alias (`subject_aliases`) of an id made of the number's blind index, and
of her person id as soon as somebody says which number is whose: looks at the record, which are
entered under its own id, are then hers, those of the past too."""

from collections.abc import Iterable, Mapping
from typing import Final
from uuid import UUID, uuid5

from shared.db import Tx
from shared.subjects import current_subject, merge_subject

_NUMBERS: Final = UUID("6a1d1c0e-3f0b-5c55-9a57-0d7b1f5c2e44")  # the namespace of id numbers

_NOTE = """
INSERT INTO subject_aliases (alias_id, subject_id)
SELECT record, coalesce(known.subject_id, named)
FROM unnest($1::uuid[], $2::uuid[]) AS noted (record, named)
LEFT JOIN subject_aliases AS known ON known.alias_id = named
ON CONFLICT DO NOTHING
"""


def number_id(id_number: str, tx: Tx) -> UUID:
    """The id that stands for whoever has this number: a UUIDv5 of its blind index, so that nobody
    without this service's key can tell the number from it."""
    return uuid5(_NUMBERS, tx.vault.index(id_number, "id_number").hex())


def named_in(content: Mapping[str, object], tx: Tx) -> UUID | None:
    """The id that stands for whom a notice's content or an inquiry's subject names by number."""
    number = content.get("id_number")
    return number_id(number, tx) if isinstance(number, str) else None


async def note_subject(record_id: UUID, content: Mapping[str, object], tx: Tx) -> None:
    """A notice or inquiry is about whoever it names."""
    await note_subjects([(record_id, content)], tx)


async def note_subjects(records: Iterable[tuple[UUID, Mapping[str, object]]], tx: Tx) -> None:
    """Like `note_subject`, of several records in one statement."""
    naming = {record_id: named_in(content, tx) for record_id, content in records}
    named = {record_id: who for record_id, who in naming.items() if who is not None}
    if named:
        await tx.execute(_NOTE, list(named), list(named.values()))


async def put_under(record_id: UUID, person_id: UUID, tx: Tx) -> None:
    """A desk says whom of our registry a record is about: looks at it are hers. That record alone,
    and not what else names the same number: the desk may have slipped."""
    await merge_subject(await current_subject(person_id, tx), record_id, tx)


async def take_from_under(record_id: UUID, content: Mapping[str, object], tx: Tx) -> None:
    """The desk had slipped: the record is about whom it names, or nobody, and looks at it are not
    hers."""
    await merge_subject(record_id, record_id, tx)
    named = named_in(content, tx)
    if named is not None:
        await merge_subject(await current_subject(named, tx), record_id, tx)


async def learn_number(person_id: UUID, id_number: str | None, tx: Tx) -> None:
    """The registry, or a welcome desk that saw her card, says that this number is hers. Everything
    that names it is about her, and hers to read: never on the word of one clerk."""
    if id_number is not None:
        await merge_subject(await current_subject(person_id, tx), number_id(id_number, tx), tx)


async def ids_of(person_id: UUID, tx: Tx) -> list[UUID]:
    """Every id under which something of hers may stand here, her own first."""
    person_id = await current_subject(person_id, tx)
    rows = await tx.fetch(
        "SELECT alias_id FROM subject_aliases WHERE subject_id = $1 AND alias_id <> $1", person_id
    )
    return [person_id, *(row["alias_id"] for row in rows)]
