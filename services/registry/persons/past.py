"""What was true of a person on a day, and what the register believed at a moment.

Valid time (有效时间): `on` asks which facts held that day. Recorded time (记录时间): `known_at`
asks what the register said then. Stays, moves of the household register and workplaces are facts
whose earlier wording the database keeps (migrations/facts.py); the other fields of a record are
kept whole, sealed, in the version before each change.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, Protocol, TypeVar
from uuid import UUID

from services.registry.base import Row
from services.registry.errors import NotThen, PersonNotFound
from services.registry.persons.models import (
    Cause,
    HukouMove,
    Person,
    PersonStatus,
    PersonVersion,
    Residence,
    ResidenceKind,
    Workplace,
    WorkplaceSource,
)
from services.registry.persons.queries import get_person as get_person_now
from services.registry.persons.queries import view_of
from services.registry.persons.rules import changed_by, holds_on, hukou_on, is_separated
from services.registry.persons.schemas import (
    HistoryView,
    HukouMoveView,
    PersonDetail,
    ResidenceView,
    VersionView,
    WorkplaceView,
)
from shared.db import Tx
from shared.problems import MalformedRequest, Text

Fact = TypeVar("Fact", bound=Row)

# The rows of a table, and what rows said that were changed or taken out later.
_KNOWN = """
SELECT * FROM {table} WHERE person_id = $1 AND ($2::timestamptz IS NULL OR recorded_at <= $2)
UNION ALL
SELECT (jsonb_populate_record(NULL::{table}, fact)).* FROM earlier_facts
WHERE kind = '{table}' AND person_id = $1 AND recorded_at <= $2 AND superseded_at > $2
"""
# Deaths with the first change made after the moment, if there was one: it kept what they said.
_DEATHS = """
SELECT d.died_on, d.annulled_at, v.event_id, v.version, v.before_sealed FROM deaths AS d
LEFT JOIN LATERAL (
    SELECT event_id, version, before_sealed FROM vital_versions
    WHERE event_id = d.id AND recorded_at > $2 ORDER BY version LIMIT 1
) AS v ON true
WHERE d.person_id = $1 AND ($2::timestamptz IS NULL OR d.registered_at <= $2)
ORDER BY d.registered_at
"""
# The first move to another household after a day tells which one it was before.
_HOUSEHOLD_MOVE = """
SELECT from_household, from_relation FROM household_moves
WHERE person_id = $1 AND moved_on > $2 AND ($3::timestamptz IS NULL OR recorded_at <= $3)
ORDER BY moved_on, id LIMIT 1
"""


class Lasting(Protocol):
    since: date
    until: date | None


async def get_person(
    person_id: UUID, on: date | None, known_at: datetime | None, tx: Tx
) -> PersonDetail:
    """The record now, or as it was: true on a day, believed at a moment, or believed at a moment
    about a day. Raises MalformedRequest for a day or moment to come, PersonNotFound, and NotThen
    before her birth or before the register knew her."""
    if on is None and known_at is None:
        return await get_person_now(person_id, tx)
    _refuse_future(on, known_at, tx)
    person, versions = await _record_at(person_id, known_at, tx)
    moves = await known(HukouMove, person.id, known_at, tx)
    hukou = await _hukou_at(person, versions, moves, known_at, tx)
    if on is not None:
        _restore(person, versions, on, known_at, tx)
        if on < person.birth_date:
            raise NotThen(reason="not-born-yet")
        died_on = await _died_on(person.id, known_at, tx)
        dead = died_on is not None and died_on <= on
        person.status = PersonStatus.DECEASED if dead else PersonStatus.ACTIVE
        hukou = hukou_on(on, hukou, [(move.moved_on, move.from_region) for move in moves])
        household = await tx.fetch_row(_HOUSEHOLD_MOVE, person.id, on, known_at)
        if household is not None:
            person.household_id, person.household_relation = household
    stay = _one(_holding(await known(Residence, person.id, known_at, tx), on))
    works = _holding(await known(Workplace, person.id, known_at, tx), on)
    moved = [
        move.moved_on
        for move in moves
        if move.cause == Cause.MOVED and (on is None or move.moved_on <= on)
    ]
    tx.saw(person.id, "history")
    told: dict[str, object] = {
        "hukou_region": hukou,
        "residence": stay_view(stay) if stay else None,
        "separated": is_separated(hukou, stay.region if stay else None),
        "contested": [],
    }
    return PersonDetail(
        **(view_of(person, tx).model_dump() | told),
        hukou_since=max(moved, default=None),
        workplaces=[workplace_view(each) for each in works],
        on=on,
        known_at=known_at,
    )


async def get_history(
    person_id: UUID, tx: Tx, on: date | None = None, known_at: datetime | None = None
) -> HistoryView:
    """Stays, moves of the household register, workplaces and versions, oldest first. Raises like
    `get_person`."""
    _refuse_future(on, known_at, tx)
    person, versions = await _record_at(person_id, known_at, tx)
    if on is not None and on < person.birth_date:
        raise NotThen(reason="not-born-yet")
    stays = await known(Residence, person.id, known_at, tx)
    moves = await known(HukouMove, person.id, known_at, tx)
    works = await known(Workplace, person.id, known_at, tx)
    tx.saw(person.id, "history")
    return HistoryView(
        residences=[stay_view(each) for each in stays if on is None or _holds(each, on)],
        hukou_moves=[
            HukouMoveView.model_validate(each, from_attributes=True)
            for each in sorted(moves, key=lambda move: move.moved_on)
            if on is None or each.moved_on <= on
        ],
        workplaces=[workplace_view(each) for each in works if on is None or _holds(each, on)],
        versions=[
            VersionView.model_validate(each, from_attributes=True)
            for each in versions
            if known_at is None or each.recorded_at <= known_at
        ],
    )


async def known(
    model: type[Fact], person_id: UUID, known_at: datetime | None, tx: Tx
) -> list[Fact]:
    """The facts of a person in a table with recorded time, as the register had them at a moment,
    or now. In the order in which they began."""
    table = model.__tablename__
    found = await tx.find(model, _KNOWN.format(table=table), person_id, known_at)
    return sorted(found, key=_began)


def _began(fact: Row) -> tuple[date, datetime]:
    began = getattr(fact, "since", None) or getattr(fact, "moved_on")  # noqa: B009
    return began, getattr(fact, "recorded_at")  # noqa: B009


def workplace_view(workplace: Workplace) -> WorkplaceView:
    return WorkplaceView(
        **workplace.model_dump(include=set(WorkplaceView.model_fields) - {"source"}),
        source=WorkplaceSource(workplace.source),
    )


def stay_view(stay: Residence) -> ResidenceView:
    return ResidenceView(
        id=stay.id,
        region=stay.region,
        kind=ResidenceKind(stay.kind),
        since=stay.since,
        until=stay.until,
        room_id=stay.room_id,
        cause=Cause(stay.cause),
    )


def _refuse_future(on: date | None, known_at: datetime | None, tx: Tx) -> None:
    if on is not None and on > tx.today:
        raise MalformedRequest(Text("on 不能晚于今天", "on lies in the future"))
    if known_at is not None and known_at > tx.now:
        raise MalformedRequest(Text("known_at 不能晚于现在", "known_at lies in the future"))


async def _record_at(
    person_id: UUID, known_at: datetime | None, tx: Tx
) -> tuple[Person, list[PersonVersion]]:
    """The record as it stood, with all its versions: one that was merged later stands for itself,
    one that was merged by then for the record that was kept."""
    row = await tx.get(Person, person_id) or await tx.get(Person, await _alias_of(person_id, tx))
    while row is not None:
        versions = await tx.find(
            PersonVersion,
            "SELECT * FROM person_versions WHERE person_id = $1 ORDER BY version",
            row.id,
        )
        person = _as_known(row, versions, known_at, tx)
        if person.merged_into is None:
            return person, versions
        row = await tx.get(Person, person.merged_into)
    raise PersonNotFound()


async def _alias_of(person_id: UUID, tx: Tx) -> UUID | None:
    kept: UUID | None = await tx.fetch_value(
        "SELECT person_id FROM person_aliases WHERE alias_id = $1", person_id
    )
    return kept


def _as_known(
    row: Person, versions: Sequence[PersonVersion], known_at: datetime | None, tx: Tx
) -> Person:
    if known_at is None:
        return row
    if row.created_at > known_at:
        raise NotThen(reason="not-known-yet")
    later = (version for version in versions if version.recorded_at > known_at)
    first = next(later, None)
    return row if first is None else _before(first, tx)


def _before(version: PersonVersion, tx: Tx) -> Person:
    """The record as it was before a version."""
    place = f"person_versions:{version.person_id}:{version.version}"
    kept: dict[str, Any] = json.loads(tx.vault.open(version.before_sealed, place))
    for name, value in kept.items():
        if value is not None and name.endswith(("_sealed", "_index")):
            kept[name] = bytes.fromhex(value)
    return Person.model_validate(kept)


def _restore(
    person: Person,
    versions: Iterable[PersonVersion],
    on: date,
    known_at: datetime | None,
    tx: Tx,
) -> None:
    """Take back, from the last on, what became different after the day. What was corrected had
    been wrong on that day as well, and stays as it is. Homes, registers, households and
    deaths are read from their own tables."""
    for version in sorted(versions, key=lambda each: each.version, reverse=True):
        if known_at is not None and version.recorded_at > known_at:
            continue
        fields = changed_by(version.fields, version.changed_on, on)
        if fields:
            before = _before(version, tx)
            for name in fields:
                setattr(person, name, getattr(before, name))


async def _died_on(person_id: UUID, known_at: datetime | None, tx: Tx) -> date | None:
    """The day of her death as the register had it: deaths are corrected, annulled, reinstated."""
    found: date | None = None
    for row in await tx.fetch(_DEATHS, person_id, known_at):
        died_on, annulled = row["died_on"], row["annulled_at"] is not None
        if row["before_sealed"] is not None:
            place = f"vital_versions.before:{row['event_id']}:{row['version']}"
            before = json.loads(tx.vault.open(row["before_sealed"], place))
            died_on = date.fromisoformat(before["died_on"])
            annulled = before["annulled_at"] is not None
        found = found if annulled else died_on
    return found


async def _hukou_at(
    person: Person,
    versions: Iterable[PersonVersion],
    moves: Iterable[HukouMove],
    known_at: datetime | None,
    tx: Tx,
) -> str:
    """Where the register believed her register to be. A change of an area's code writes moves but
    no versions: those recorded later, until the next version, are taken back."""
    if known_at is None:
        return person.hukou_region
    until = next((each.recorded_at for each in versions if each.recorded_at > known_at), None)
    region: str | None = await tx.fetch_value(
        "SELECT from_region FROM hukou_moves WHERE person_id = $1 AND cause = 'region-changed'"
        " AND recorded_at > $2 AND ($3::timestamptz IS NULL OR recorded_at < $3)"
        " ORDER BY recorded_at, moved_on LIMIT 1",
        person.id,
        known_at,
        until,
    )
    return region or person.hukou_region


def _holding(facts: Iterable[Any], on: date | None) -> list[Any]:
    return [each for each in facts if (each.until is None if on is None else _holds(each, on))]


def _holds(fact: Lasting, on: date) -> bool:
    return holds_on(fact.since, fact.until, on)


def _one(stays: Sequence[Residence]) -> Residence | None:
    """Of stays that overlap, as late news may leave them, the later says where she lived."""
    return stays[-1] if stays else None
