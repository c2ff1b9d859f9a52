"""Making two records one (合并), and two again when that was wrong (撤销合并).

The merged record stays, closed and pointing to the kept one; so does its history of versions.
What pointed to it follows to the kept record, and what that changed is kept sealed, so that it
can be taken back.
"""

import json
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from services.registry.errors import CannotMerge, NotMerged, PersonNotFound
from services.registry.persons.handlers import keep_version
from services.registry.persons.models import Person, PersonMerge, PersonStatus, Residence
from services.registry.persons.queries import contested_fields, id_number_of, phone_of
from services.registry.persons.rules import Stay, one_history, region_left
from shared.db import Tx
from shared.events.registry import PersonsMerged, PersonsSeparated
from shared.ids import new_id
from shared.subjects import merge_subject


class Reference(NamedTuple):
    """A column that names a person and follows a merge. Of a `single` one the kept record may
    have only one row; a second stays with the merged record, which leads to the kept one."""

    table: str
    column: str
    key: str = "id"
    single: bool = False


REFERENCES = (
    Reference("residences", "person_id"),
    Reference("hukou_moves", "person_id"),
    Reference("workplaces", "person_id"),
    Reference("births", "child_id", single=True),
    Reference("births", "mother_id"),
    Reference("births", "father_id"),
    Reference("birth_reports", "mother_id"),
    Reference("birth_reports", "father_id"),
    Reference("deaths", "person_id", single=True),
    Reference("death_reports", "person_id"),
    Reference("birth_reports", "reporter_id"),
    Reference("death_reports", "reporter_id"),
    Reference("marriage_reports", "reporter_id"),
    Reference("tasks", "person_id"),
    Reference("correction_requests", "person_id"),
    Reference("correction_appeals", "person_id"),
    Reference("erasure_requests", "person_id"),
    Reference("person_aliases", "person_id", key="alias_id"),
    Reference("feed_lines", "person_id"),
    Reference("feed_lines", "other_person_id"),
    Reference("residence_evidence", "person_id"),
    Reference("household_moves", "person_id"),
    Reference("leases", "landlord_id"),
    Reference("lease_tenants", "person_id"),
    Reference("persons", "merged_into"),
)
_SEALED = ("id_number", "phone")
_PLAIN = ("household_id", "household_relation")


async def merge_persons(kept_id: UUID, merged_id: UUID, tx: Tx) -> PersonMerge:
    """Both are of one person, who keeps the record `kept_id`. Raises PersonNotFound, and
    CannotMerge (with `reason`) for one record given twice, one that was merged already, or a death
    that would get lost."""
    kept, merged = await _locked(kept_id, merged_id, tx)
    _refuse_impossible(kept, merged)
    before: dict[str, Any] = {"kept": _dump(kept), "merged": _dump(merged)}
    before["cut"] = await _one_history(kept, merged, tx)
    await keep_version(merged, ["status"], "合并到另一记录 / merged", tx)
    merged.status, merged.merged_into = PersonStatus.MERGED, kept.id
    merged.updated_at = tx.now
    await tx.save(merged)
    before["moved"] = [
        [*reference[:3], await _repoint(reference, merged.id, kept.id, tx)]
        for reference in REFERENCES
    ]
    await keep_version(kept, _fill(kept, merged, tx), "并入另一记录 / merged into this one", tx)
    await _read_residence(kept, tx)
    kept.contested = await contested_fields(kept.id, tx)
    kept.updated_at = tx.now
    await tx.save(kept)
    merge = PersonMerge(
        id=new_id(),
        kept_id=kept.id,
        merged_id=merged.id,
        before_sealed=b"",
        merged_at=tx.now,
        merged_by=tx.actor.sub,
    )
    merge.before_sealed = tx.vault.seal(json.dumps(before, default=str), _place(merge))
    await tx.add(merge)
    await merge_subject(kept.id, merged.id, tx)
    tx.emit(PersonsMerged(kept_id=kept.id, merged_id=merged.id))
    for person in (kept, merged):
        tx.saw(person.id, "person")
    return merge


async def unmerge_persons(merge_id: UUID, tx: Tx) -> None:
    """They are two after all: each gets back what was its own at the merge. What was recorded
    since then stays with the kept record. Raises NotMerged."""
    merge = await tx.get(PersonMerge, merge_id, lock=True)
    if merge is None or merge.undone_at is not None:
        raise NotMerged()
    before = json.loads(tx.vault.open(merge.before_sealed, _place(merge)))
    kept, merged = await _locked(merge.kept_id, merge.merged_id, tx)
    if kept.status == PersonStatus.MERGED:
        raise NotMerged(reason="kept-record-was-merged-on", merged_into=str(kept.merged_into))
    await keep_version(kept, ["status"], "撤销合并 / merge undone", tx)
    await keep_version(merged, ["status"], "撤销合并 / merge undone", tx)
    for table, column, key, ids in before["moved"]:
        await tx.execute(
            f'UPDATE {table} SET "{column}" = $1 WHERE "{column}" = $2'  # noqa: S608 our own names
            f' AND "{key}" = ANY($3::uuid[])',
            merged.id,
            kept.id,
            ids,
        )
    await _give_back(before["cut"], tx)
    _take_back(kept, merged, before["kept"])
    await _read_residence(kept, tx)
    kept.contested = await contested_fields(kept.id, tx)
    kept.updated_at = tx.now
    await tx.save(kept)
    merged.status, merged.merged_into = before["merged"]["status"], None
    await _read_residence(merged, tx)
    merged.contested = await contested_fields(merged.id, tx)
    merged.updated_at = tx.now
    await tx.save(merged)
    merge.undone_at, merge.undone_by = tx.now, tx.actor.sub
    await tx.save(merge)
    await _own_subject_again(merged, before["moved"], tx)
    tx.emit(PersonsSeparated(kept_id=kept.id, merged_id=merged.id))
    for person in (kept, merged):
        tx.saw(person.id, "person")


async def _locked(kept_id: UUID, merged_id: UUID, tx: Tx) -> tuple[Person, Person]:
    """Both records, locked in the order of their ids so that two merges cannot wait in a ring."""
    found = await tx.find(
        Person,
        "SELECT * FROM persons WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE",
        [kept_id, merged_id],
    )
    by_id = {person.id: person for person in found}
    if kept_id not in by_id or merged_id not in by_id:
        raise PersonNotFound()
    return by_id[kept_id], by_id[merged_id]


def _refuse_impossible(kept: Person, merged: Person) -> None:
    if kept.id == merged.id:
        raise CannotMerge(reason="one-record")
    if PersonStatus.MERGED in (kept.status, merged.status):
        raise CannotMerge(reason="merged-already")
    if merged.status == PersonStatus.DECEASED and kept.status == PersonStatus.ACTIVE:
        raise CannotMerge(reason="keep-the-record-with-the-death")


async def _repoint(reference: Reference, old: UUID, new: UUID, tx: Tx) -> list[UUID]:
    table, column, key, single = reference
    sql = f'UPDATE {table} SET "{column}" = $1 WHERE "{column}" = $2'  # noqa: S608 our own names
    if single:
        sql += f' AND NOT EXISTS (SELECT FROM {table} AS other WHERE other."{column}" = $1)'
    return [row[key] for row in await tx.fetch(f'{sql} RETURNING "{key}"', new, old)]


async def _open_stay(person: Person, tx: Tx) -> Residence | None:
    found = await tx.find(
        Residence,
        "SELECT * FROM residences WHERE person_id = $1 AND until IS NULL FOR UPDATE",
        person.id,
    )
    return found[0] if found else None


async def _one_history(kept: Person, merged: Person, tx: Tx) -> list[list[str | None]]:
    """Somebody lives in one place at a time: cut the stays of both records until no two overlap
    (rules.one_history). The dead live nowhere. Returns the stays that were cut, the ends they were
    given and those they had."""
    stays = await tx.find(
        Residence,
        "SELECT * FROM residences WHERE person_id = ANY($1::uuid[])"
        " ORDER BY person_id <> $2, since, id FOR UPDATE",
        [kept.id, merged.id],
        merged.id,
    )
    ended = None if kept.status == PersonStatus.ACTIVE else await _died_on(kept, tx) or tx.today
    cut = one_history([Stay(each.id, each.since, each.until) for each in stays], ended)
    for each in stays:
        if each.id in cut:
            await tx.execute(
                "UPDATE residences SET until = $2 WHERE id = $1", each.id, cut[each.id]
            )
    return [
        [str(each.id), str(cut[each.id]), str(each.until) if each.until else None]
        for each in stays
        if each.id in cut
    ]


async def _died_on(person: Person, tx: Tx) -> date | None:
    day: date | None = await tx.fetch_value(
        "SELECT died_on FROM deaths WHERE person_id = $1 AND annulled_at IS NULL", person.id
    )
    return day


async def _give_back(cut: list[list[str | None]], tx: Tx) -> None:
    """The ends that stays had before the merge, unless one was changed since or something else
    was recorded there."""
    for stay in cut:
        await tx.execute(
            "UPDATE residences AS stay SET until = $3::text::date"
            " WHERE id = $1::text::uuid AND until = $2::text::date AND NOT EXISTS"
            " (SELECT FROM residences AS other WHERE other.person_id = stay.person_id"
            " AND other.id <> stay.id AND other.since < coalesce(other.until, 'infinity')"
            " AND other.since < coalesce($3::text::date, 'infinity')"
            " AND coalesce(other.until, 'infinity') > stay.since)",
            *stay,
        )


def _fill(kept: Person, merged: Person, tx: Tx) -> list[str]:
    """Take from the merged record what the kept one lacks; returns the fields. Sealed values are
    sealed anew for their new row."""
    filled = []
    numbers = {"id_number": id_number_of(merged, tx), "phone": phone_of(merged, tx)}
    for field in _SEALED:
        text = numbers[field]
        if text is not None and getattr(kept, f"{field}_index") is None:
            sealed = tx.vault.seal(text, f"persons.{field}:{kept.id}")
            setattr(kept, f"{field}_sealed", sealed)
            setattr(kept, f"{field}_index", tx.vault.index(text, field))
            filled.append(field)
    if kept.household_id is None and merged.household_id is not None:
        for field in _PLAIN:
            setattr(kept, field, getattr(merged, field))
        filled.append("household_id")
    return filled


def _take_back(kept: Person, merged: Person, before: dict[str, Any]) -> None:
    """Remove from the kept record what the merge had filled in, unless it was corrected since."""
    for field in _SEALED:
        lacked = before[f"{field}_index"] is None
        if lacked and getattr(kept, f"{field}_index") == getattr(merged, f"{field}_index"):
            setattr(kept, f"{field}_sealed", None)
            setattr(kept, f"{field}_index", None)
    if before["household_id"] is None and kept.household_id == merged.household_id:
        for field in _PLAIN:
            setattr(kept, field, None)


async def _read_residence(person: Person, tx: Tx) -> None:
    """Bring the copy of the open stay in the record up to the history."""
    stay, last = await _open_stay(person, tx), person.residence_region or person.left_region
    person.residence_region = stay.region if stay else None
    person.residence_kind = stay.kind if stay else None
    person.residence_since = stay.since if stay else None
    person.room_id = stay.room_id if stay else None
    person.left_region = region_left(tx.actor, person.hukou_region, person.residence_region, last)


async def _own_subject_again(merged: Person, moved: list[list[Any]], tx: Tx) -> None:
    """Looks at the merged record, and at ids that meant it, are looks at it alone again."""
    await merge_subject(merged.id, merged.id, tx)
    for table, _, _, ids in moved:
        if table == "person_aliases":
            for alias_id in ids:
                await merge_subject(merged.id, UUID(alias_id), tx)


def _dump(person: Person) -> dict[str, Any]:
    return {
        name: value.hex() if isinstance(value, bytes) else value
        for name, value in person.model_dump().items()
    }


def _place(merge: PersonMerge) -> str:
    return f"person_merges.before:{merge.id}"
