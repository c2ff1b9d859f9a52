"""Finding candidate pairs and deciding them."""

from uuid import UUID

from services.registry.duplicates.models import Decision, Duplicate
from services.registry.duplicates.queries import views_of
from services.registry.duplicates.rules import Compared, Pair, candidate_pairs
from services.registry.duplicates.schemas import (
    DecideDuplicate,
    DuplicateView,
    SearchDuplicates,
    SearchView,
)
from services.registry.errors import CannotMerge, NotMerged, RecordClosed
from services.registry.persons.merging import merge_persons, unmerge_persons
from services.registry.persons.models import Person
from services.registry.persons.queries import id_number_of
from shared.actors import narrow
from shared.db import Tx
from shared.ids import new_id
from shared.pages import decode_cursor, encode_cursor
from shared.problems import MalformedRequest, Text

LARGEST_BLOCK = 200  # members; beyond it the pairs of a common name are too many to compare
_PASSES = ("birth_date", "name")

_IN_REGION = (
    "status <> 'merged' AND (starts_with(hukou_region, $1) OR starts_with(residence_region, $1)"
    " OR starts_with(left_region, $1))"
)


async def search_duplicates(command: SearchDuplicates, tx: Tx) -> SearchView:
    """Compare the records of the next groups: first those born on one day, then those of one
    name. Everybody whose number was opened for it can see that."""
    region = narrow(tx.actor, command.region)
    by, after = _cursor_of(command.after)
    keys = [
        (row["key"], row["members"])
        for row in await tx.fetch(
            f"SELECT {by}::text AS key, count(*) AS members FROM persons"  # noqa: S608 our own names
            f" WHERE {_IN_REGION} AND {by}::text > $2"
            f" GROUP BY {by}::text HAVING count(*) > 1 ORDER BY {by}::text LIMIT $3",
            region,
            after,
            command.blocks,
        )
    ]
    small = [key for key, members in keys if members <= LARGEST_BLOCK]
    compared, found = 0, 0
    for block in await _blocks(by, small, region, tx):
        compared += len(block)
        for pair in candidate_pairs(block):
            found += await _propose(pair, tx)
    return SearchView(
        blocks=len(small),
        skipped=len(keys) - len(small),
        compared=compared,
        found=found,
        next=_next(by, [key for key, _ in keys], command.blocks),
    )


async def decide_duplicate(command: DecideDuplicate, duplicate_id: UUID, tx: Tx) -> DuplicateView:
    """Raises NotFound, RecordClosed when it is decided, CannotMerge, PersonNotFound."""
    pair = await tx.require(Duplicate, duplicate_id, lock=True)
    if pair.status != Decision.OPEN:
        raise RecordClosed()
    if command.keep is not None:
        both = {pair.first_id, pair.second_id}
        if command.keep not in both:
            raise CannotMerge(reason="not-of-this-pair")
        (other,) = both - {command.keep}
        merge = await merge_persons(command.keep, other, tx)
        pair.merge_id = merge.id
    pair.status = command.decision
    pair.decided_at, pair.decided_by = tx.now, tx.actor.sub
    await tx.save(pair)
    return (await views_of([pair], tx))[0]


async def unmerge_duplicate(duplicate_id: UUID, tx: Tx) -> DuplicateView:
    """The decision was wrong: two records again, and known to be of two persons. Raises NotFound,
    NotMerged."""
    pair = await tx.require(Duplicate, duplicate_id, lock=True)
    if pair.merge_id is None or pair.status != Decision.SAME:
        raise NotMerged()
    await unmerge_persons(pair.merge_id, tx)
    pair.status = Decision.DIFFERENT
    pair.decided_at, pair.decided_by = tx.now, tx.actor.sub
    await tx.save(pair)
    return (await views_of([pair], tx))[0]


async def _blocks(by: str, keys: list[str], region: str, tx: Tx) -> list[list[Compared]]:
    members: dict[str, list[Compared]] = {key: [] for key in keys}
    found = await tx.find(
        Person,
        f"SELECT * FROM persons WHERE {_IN_REGION}"  # noqa: S608 our own names
        f" AND {by} = ANY($2::text[]::{'date' if by == 'birth_date' else 'text'}[])",
        region,
        keys,
    )
    for person in found:
        members[str(getattr(person, by))].append(_compared(person, tx))
        tx.saw(person.id, "duplicate-search")
    return list(members.values())


def _compared(person: Person, tx: Tx) -> Compared:
    return Compared(
        id=person.id,
        name=person.name,
        sex=person.sex,
        birth_date=person.birth_date,
        id_number=id_number_of(person, tx),
        phone_index=person.phone_index,
        household_id=person.household_id,
    )


async def _propose(pair: Pair, tx: Tx) -> int:
    """Enter a pair unless it is known; 1 when it is new."""
    tag = await tx.execute(
        "INSERT INTO duplicates (id, version, first_id, second_id, evidence, status, found_at)"
        " VALUES ($1, 1, $2, $3, $4, 'open', $5) ON CONFLICT (first_id, second_id) DO NOTHING",
        new_id(),
        pair.first,
        pair.second,
        [each.value for each in pair.evidence],
        tx.now,
    )
    return int(tag.split()[-1])


def _cursor_of(cursor: str | None) -> tuple[str, str]:
    """The pass and the last key compared in it."""
    if cursor is None:
        return _PASSES[0], ""
    key = decode_cursor(cursor)
    if len(key) != 2 or key[0] not in _PASSES or not isinstance(key[1], str):
        raise MalformedRequest(Text("after 无效", "`after` is not valid"))
    return key[0], key[1]


def _next(by: str, keys: list[str], asked: int) -> str | None:
    if len(keys) == asked:
        return encode_cursor(by, keys[-1])
    return encode_cursor(_PASSES[1], "") if by == _PASSES[0] else None
