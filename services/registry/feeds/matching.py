"""What the register holds around the lines of a batch: a few statements for all of them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple
from uuid import UUID

import asyncpg

from services.registry.feeds.meanings import EVIDENCE, FIELDS, FieldType, Meaning, Said, born_by
from services.registry.feeds.rules import Around, Before, Event, Known
from services.registry.feeds.values import Places
from services.registry.imports.rules import region_code
from services.registry.regions.queries import known_regions
from shared.crypto import Vault
from shared.db import Tx

_PERSONS = """
SELECT id, name, sex, birth_date, status, hukou_region, residence_region, residence_since,
       id_number_index
FROM persons WHERE id_number_index = ANY($1::bytea[]) AND status <> 'merged'
"""
_NAMESAKES = """
SELECT p.id, p.name, p.sex, p.birth_date, p.status, p.hukou_region, p.residence_region,
       p.residence_since, p.id_number_index
FROM persons AS p
JOIN unnest($1::text[], $2::date[]) AS asked (name, birth_date) USING (name, birth_date)
WHERE p.id_number_index IS NULL AND p.status = 'active'
"""
_BEFORE = """
SELECT DISTINCT ON (l.key_index) l.key_index, l.content_index
FROM feed_lines AS l JOIN feeds AS f ON f.id = l.feed_id
WHERE l.key_index = ANY($1::bytea[]) AND l.effect IS NOT NULL AND l.withdrawn_at IS NULL
  AND f.department = $2 AND f.id <> $3
ORDER BY l.key_index, l.id DESC
"""
_DEATHS = """
SELECT d.person_id AS who, NULL::bytea AS number, d.died_on AS day, TRUE AS registered,
       NULL::text AS reporter, NULL::text AS reference
FROM deaths AS d WHERE d.person_id = ANY($1::uuid[]) AND d.annulled_at IS NULL
UNION ALL
SELECT r.person_id, r.id_number_index, r.died_on, FALSE, r.reporter_org, r.reference
FROM death_reports AS r WHERE r.status = 'reported' AND r.id_number_index = ANY($2::bytea[])
"""
_BIRTHS = """
SELECT b.mother_id AS who, NULL::bytea AS number, b.born_on AS day, TRUE AS registered, b.sex,
       b.multiple_index, p.name, NULL::text AS reporter, NULL::text AS reference
FROM births AS b JOIN persons AS p ON p.id = b.child_id
WHERE b.mother_id = ANY($1::uuid[]) AND p.status <> 'annulled'
UNION ALL
SELECT r.mother_id, r.mother_id_number_index, r.born_on, FALSE, r.sex, r.multiple_index, NULL,
       r.reporter_org, r.reference
FROM birth_reports AS r
WHERE r.status = 'reported' AND r.mother_id_number_index = ANY($2::bytea[])
"""
_MARRIAGES = """
SELECT first_index, second_index, kind, happened_on FROM marriages
WHERE first_index = ANY($1::bytea[]) OR second_index = ANY($1::bytea[])
"""
_MOVES = """
SELECT person_id, max(moved_on) AS last FROM hukou_moves
WHERE person_id = ANY($1::uuid[]) GROUP BY person_id
"""
_EVIDENCE = """
SELECT person_id, region, min(since) AS since FROM residence_evidence
WHERE kind = $1 AND person_id = ANY($2::uuid[]) GROUP BY person_id, region
"""
_CHILDREN = """
SELECT b.mother_id, p.id, p.name, p.sex, p.birth_date, p.status, p.hukou_region,
       p.residence_region, p.residence_since, p.id_number_index
FROM births AS b JOIN persons AS p ON p.id = b.child_id
WHERE b.mother_id = ANY($1::uuid[]) AND p.status IN ('active', 'deceased')
"""
_REGIONS = """
SELECT code, name, valid_to FROM regions WHERE code = ANY($1::text[]) OR name = ANY($2::text[])
"""


class Line(NamedTuple):
    """A good line with its blind indexes: of its identity, its content, and its id numbers by
    field."""

    number: int
    said: Said
    key: bytes
    content: bytes
    numbers: dict[str, bytes]


def indexed(number: int, said: Said, vault: Vault) -> Line:
    """A good line, ready to be matched. Heavy: call it in a thread."""
    numbers = {
        name: vault.index(text, "id_number")
        for name, text in said.values.items()
        if FIELDS[said.meaning][name].type is FieldType.ID_NUMBER
    }
    return Line(
        number,
        said,
        vault.index(said.identity, "feed-line"),
        vault.index(said.content, "feed-content"),
        numbers,
    )


def reference_of(key: bytes) -> str:
    """Under which reference a line is reported: the same event has the same, whatever the file."""
    return f"feed:{key.hex()[:40]}"


async def places_of(texts: Collection[str], tx: Tx) -> Places:
    """The regions that cells name, by code or by name."""
    codes = {text: region_code(text) for text in texts if text.isdecimal()}
    wanted = sorted({code for code in codes.values() if code})
    rows = await tx.fetch(_REGIONS, wanted, sorted(set(texts) - codes.keys()))
    ended: dict[str, date | None] = {}
    named: dict[str, set[str]] = {}
    for row in rows:
        ended[row["code"]] = row["valid_to"]
        named.setdefault(row["name"], set()).add(row["code"])
    unlisted = await known_regions([code for code in wanted if code not in ended], tx)
    return Places(ended, named, unlisted)


@dataclass
class Surroundings:
    """What the register holds of everything a batch names."""

    persons: dict[bytes, Known] = field(default_factory=dict)
    before: dict[bytes, Before] = field(default_factory=dict)
    events: dict[bytes, list[Event]] = field(default_factory=dict)  # by key of the line
    moves: dict[UUID, date] = field(default_factory=dict)
    namesakes: dict[tuple[str, date], list[Known]] = field(default_factory=dict)
    evidence: dict[UUID, dict[str, date]] = field(default_factory=dict)
    children: dict[tuple[UUID, date], list[Known]] = field(default_factory=dict)

    def around(self, line: Line) -> Around:
        people = {
            name: self.persons[index]
            for name, index in line.numbers.items()
            if index in self.persons
        }
        own = people.get("id_number")
        child = self._child(line, people) if own is None else None
        subject = own or child
        return Around(
            people=people,
            events=tuple(self.events.get(line.key, ())),
            before=self.before.get(line.key),
            last_move=self.moves.get(own.id) if own else None,
            namesakes=tuple(self._namesakes(line)),
            evidence=self.evidence.get(subject.id, {}) if subject else {},
            child=child,
        )

    def _child(self, line: Line, people: dict[str, Known]) -> Known | None:
        """A newborn without a number yet is the child that her mother bore on that day; twins are
        told apart by name."""
        mother = people.get("mother_id_number")
        if line.said.meaning is not Meaning.VACCINATION or mother is None:
            return None
        found = self.children.get((mother.id, line.said.day("birth_date")), [])
        named = [each for each in found if each.name == line.said.text("name")]
        chosen = named or found
        return chosen[0] if len(chosen) == 1 else None

    def _namesakes(self, line: Line) -> list[Known]:
        new = line.said.maybe("new_id_number")
        if line.said.meaning is not Meaning.IDENTITY_CHANGE or new is None:
            return []
        sex = "1" if int(new[16]) % 2 else "2"
        found = self.namesakes.get((line.said.text("name"), born_by(new)), [])
        return [each for each in found if each.sex == sex]


async def look_around(
    lines: Sequence[Line], department: str, feed_id: UUID, tx: Tx
) -> Surroundings:
    """Everything the rules ask about these lines, which share one meaning."""
    around = Surroundings()
    if not lines:
        return around
    meaning = lines[0].said.meaning
    indexes = sorted({index for line in lines for index in line.numbers.values()})
    for row in await tx.fetch(_PERSONS, indexes):
        around.persons[row["id_number_index"]] = _known(row)
    keys = [line.key for line in lines]
    for row in await tx.fetch(_BEFORE, keys, department, feed_id):
        around.before[row["key_index"]] = Before(row["content_index"])
    ids = [each.id for each in around.persons.values()]
    if meaning is Meaning.DEATH:
        await _look_for(_DEATHS, "id_number", lines, ids, department, around, tx)
    elif meaning is Meaning.BIRTH:
        await _look_for(_BIRTHS, "mother_id_number", lines, ids, department, around, tx)
    elif meaning is Meaning.MARRIAGE:
        await _marriages(lines, around, tx)
    elif meaning is Meaning.HUKOU_MOVE:
        around.moves = {row["person_id"]: row["last"] for row in await tx.fetch(_MOVES, ids)}
    elif meaning is Meaning.IDENTITY_CHANGE:
        await _look_for_namesakes(lines, around, tx)
    elif meaning in EVIDENCE:
        await _look_for_evidence(meaning, ids, around, tx)
    return around


def _known(row: asyncpg.Record) -> Known:
    return Known(**{name: row[name] for name in Known.__slots__})


async def _look_for(
    sql: str,
    subject: str,
    lines: Sequence[Line],
    ids: list[UUID],
    department: str,
    around: Surroundings,
    tx: Tx,
) -> None:
    """Events by the person or the number they are about."""
    rows = await tx.fetch(sql, ids, [line.numbers[subject] for line in lines])
    by_person: dict[object, list[asyncpg.Record]] = {}
    for row in rows:
        by_person.setdefault(row["who"] if row["registered"] else row["number"], []).append(row)
    for line in lines:
        number = line.numbers[subject]
        person = around.persons.get(number)
        found = by_person.get(number, []) + by_person.get(person.id if person else b"", [])
        around.events[line.key] = [_event(row, department, line) for row in found]


def _event(row: asyncpg.Record, department: str, line: Line) -> Event:
    own = row["reporter"] == department and row["reference"] == reference_of(line.key)
    more = dict(row)
    return Event(
        happened_on=row["day"],
        registered=row["registered"],
        own=own,
        name=more.get("name"),
        sex=more.get("sex"),
        multiple_index=more.get("multiple_index"),
    )


async def _marriages(lines: Sequence[Line], around: Surroundings, tx: Tx) -> None:
    """A registered marriage knows its spouses by the blind index of their ids."""
    index = {each.id: tx.vault.index(str(each.id), "spouse") for each in around.persons.values()}
    rows = await tx.fetch(_MARRIAGES, list(index.values()))
    by_spouse: dict[bytes, list[asyncpg.Record]] = {}
    for row in rows:
        for name in ("first_index", "second_index"):
            if row[name] is not None:
                by_spouse.setdefault(row[name], []).append(row)
    for line in lines:
        here = [around.persons[n] for n in line.numbers.values() if n in around.persons]
        both = [set(map(_marriage_key, by_spouse.get(index[each.id], []))) for each in here]
        if here and (line.said.text("kind"), line.said.day("happened_on")) in set.intersection(
            *both
        ):
            around.events[line.key] = [Event(line.said.day("happened_on"), registered=True)]


def _marriage_key(row: asyncpg.Record) -> tuple[str, date]:
    return row["kind"], row["happened_on"]


async def _look_for_namesakes(lines: Sequence[Line], around: Surroundings, tx: Tx) -> None:
    asked = {
        (line.said.text("name"), born_by(line.said.text("new_id_number")))
        for line in lines
        if line.said.maybe("id_number") is None
    }
    rows = await tx.fetch(_NAMESAKES, [n for n, _ in asked], [day for _, day in asked])
    for row in rows:
        around.namesakes.setdefault((row["name"], row["birth_date"]), []).append(_known(row))


async def _look_for_evidence(
    meaning: Meaning, ids: list[UUID], around: Surroundings, tx: Tx
) -> None:
    people = list(ids)
    if meaning is Meaning.VACCINATION:
        for row in await tx.fetch(_CHILDREN, ids):
            child = _known(row)
            around.children.setdefault((row["mother_id"], child.birth_date), []).append(child)
            people.append(child.id)
    for row in await tx.fetch(_EVIDENCE, meaning.value, people):
        around.evidence.setdefault(row["person_id"], {})[row["region"]] = row["since"]
