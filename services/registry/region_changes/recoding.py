"""Re-coding what lies in areas whose code changed, a batch a transaction: people with their past,
and every other table that names a region.

Everything here can be done twice: what has its new code is not found any more. A person is
re-coded whole or not at all. What a change changed is kept by row id (`recoded_rows`), so that a
wrong one can be undone for those it concerned, and only for them.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from services.registry.persons.handlers import keep_version
from services.registry.persons.models import Person, PersonStatus
from services.registry.region_changes.following import ROWS, Recoded
from services.registry.region_changes.models import RegionChange
from services.registry.region_changes.past import KEEP_EARLIER_PART, Past, codes_before, past_of
from services.registry.region_changes.queries import steps_of
from services.registry.region_changes.rules import (
    ChangeKind,
    Placement,
    placement_of,
)
from services.registry.region_changes.timelines import (
    Move,
    RecodedSpan,
    Span,
    recode_hukou,
    recode_span,
)
from services.registry.tasks.handlers import open_task
from services.registry.tasks.models import TaskKind
from services.registry.tasks.schemas import OpenTask
from shared.db import Tx
from shared.ids import new_id

# Whose record, stay, workplace or move of the household register reaches into the new map. $1 the
# areas, $2 the day, $3 the id after which to go on, $4 how many.
_PEOPLE = (
    "SELECT id FROM persons WHERE (hukou_region = ANY($1) OR residence_region = ANY($1)"
    " OR left_region = ANY($1)) AND $2::date IS NOT NULL AND id > $3 ORDER BY id LIMIT $4",
    *(
        f"SELECT DISTINCT person_id AS id FROM {table} WHERE {column} = ANY($1)"  # noqa: S608 our own names
        f" AND {reaches} AND person_id > $3 ORDER BY person_id LIMIT $4"
        for table, column, reaches in (
            ("residences", "region", "(until IS NULL OR until > $2)"),
            ("workplaces", "region", "(until IS NULL OR until > $2)"),
            ("hukou_moves", "from_region", "moved_on > $2"),
        )
    ),
)
STAGES = len(_PEOPLE) + len(ROWS)
_START = UUID(int=0)


@dataclass(slots=True)
class Done:
    """What a batch did. `last` is the last id it looked at, None when nothing was left."""

    last: UUID | None = None
    people: int = 0
    rows: int = 0
    unplaced: int = 0


class Recoding:
    """A change at work: where things go, and how."""

    def __init__(self, change: RegionChange, placement: Placement) -> None:
        self.change = change
        self.placement = placement
        self.areas = list(placement.targets)

    async def batch(self, stage: int, after: UUID | None, size: int, tx: Tx) -> Done:
        """The next `size` people or rows of a stage, from 0 to STAGES - 1."""
        if stage >= len(_PEOPLE):
            return await self._rows(ROWS[stage - len(_PEOPLE)], after or _START, size, tx)
        day = self.change.effective_on
        found = await tx.fetch(_PEOPLE[stage], self.areas, day, after or _START, size)
        ids = [row["id"] for row in found]
        done = await self.people(ids, tx)
        done.last = ids[-1] if ids else None
        return done

    # people

    async def people(self, ids: Sequence[UUID], tx: Tx) -> Done:
        """Re-code these people, each whole: record, stays, workplaces, household register."""
        done = Done()
        if not ids:
            return done
        past = await past_of(
            ids,
            self.areas,
            self.change.effective_on,
            self.change.reverses,
            tx,
            by_dwelling=self.placement.splits,
        )
        for person in await tx.find(
            Person, "SELECT * FROM persons WHERE id = ANY($1) ORDER BY id FOR UPDATE", list(ids)
        ):
            changed, placed = await self._person(person, past, tx)
            done.people += changed
            if not placed and person.status == PersonStatus.ACTIVE:
                done.unplaced += await self._ask_where(person, tx)
        return done

    async def _person(self, person: Person, past: Past, tx: Tx) -> tuple[bool, bool]:
        """Whether anything changed, and whether there is a place for all of her."""
        dwelling, lives = past.dwellings.get(person.room_id), person.residence_region
        home_before = past.before.get(("persons.residence_region", person.id))
        hukou_before = past.before.get(("persons.hukou_region", person.id))

        def place(code: str) -> str | None:
            """Her register is where she lives when both are the same area: nothing else tells."""
            return self.placement.of(code, dwelling if code == lives else None, hukou_before)

        moves, day = past.moves.get(person.id, []), self.change.effective_on
        hukou = recode_hukou(person.hukou_region, moves, place, day, person.birth_date)
        registered = place(person.hukou_region) is not None
        home = self.placement.of(lives, dwelling, home_before) if lives else None
        left = self.placement.of(person.left_region, None) if person.left_region else None
        now = {"hukou_region": hukou.region, "residence_region": home, "left_region": left}
        fields = [name for name, code in now.items() if code and code != getattr(person, name)]
        spans = [each for table in past.spans for each in self._spans(table, person.id, past)]
        if fields:
            await self._record(person, {name: str(now[name]) for name in fields}, tx)
        for table, before, after in spans:
            await self._write_span(table, before, after, tx)
        await self._write_moves(person.id, hukou.moves, hukou.added, tx)
        changed = bool(fields or spans or hukou.moves or hukou.added)
        return changed, registered and (lives is None or home is not None)

    async def _record(self, person: Person, now: Mapping[str, str], tx: Tx) -> None:
        reason = f"区划调整 {self.change.document}"
        day = self.change.effective_on
        await keep_version(person, list(now), reason, tx, changed_on=day, recoded=True)
        for name, code in now.items():
            await self._keep(f"persons.{name}", person.id, getattr(person, name), code, tx)
            setattr(person, name, code)
        person.updated_at = tx.now
        await tx.save(person)

    def _spans(
        self, table: str, person_id: UUID, past: Past
    ) -> list[tuple[str, Span, RecodedSpan]]:
        found = []
        for span, room_id in past.spans[table].get(person_id, []):
            dwelling = past.dwellings.get(room_id)
            to = self.placement.of(
                span.region, dwelling, past.before.get((f"{table}.region", span.id))
            )
            after = recode_span(span, to, self.change.effective_on) if to else None
            if after is not None:
                found.append((table, span, after))
        return found

    async def _write_span(self, table: str, before: Span, after: RecodedSpan, tx: Tx) -> None:
        """The row goes on under the new code; what was before the day becomes a row of its own, in
        one statement, for two stays never overlap."""
        earlier = after.earlier
        kept = f"WITH earlier AS ({KEEP_EARLIER_PART[table]}) " if earlier else ""
        cause = ", cause = 'region-changed'" if table == "residences" and earlier else ""
        await tx.execute(
            f"{kept}UPDATE {table} SET region = $2, since = $3, recorded_at = $4,"  # noqa: S608 our own names
            f" recorded_by = $5{cause} WHERE id = $1",
            before.id,
            after.region,
            after.since,
            tx.now,
            self.change.recorded_by,
            *((new_id(), earlier.until) if earlier else ()),
        )
        await self._keep(f"{table}.region", before.id, before.region, after.region, tx)

    async def _write_moves(
        self, person_id: UUID, moves: Collection[Move], added: tuple[str, str] | None, tx: Tx
    ) -> None:
        for each in moves:
            await tx.execute(
                "UPDATE hukou_moves SET from_region = $2, to_region = $3, recorded_at = $4,"
                " recorded_by = $5 WHERE id = $1",
                each.id,
                each.from_region,
                each.to_region,
                tx.now,
                self.change.recorded_by,
            )
        if added is not None:
            await tx.execute(
                "INSERT INTO hukou_moves (id, person_id, from_region, to_region, moved_on, cause,"
                " recorded_at, recorded_by) VALUES ($1, $2, $3, $4, $5, 'region-changed', $6, $7)",
                new_id(),
                person_id,
                *added,
                self.change.effective_on,
                tx.now,
                self.change.recorded_by,
            )

    async def _ask_where(self, person: Person, tx: Tx) -> int:
        """Nothing tells into which part she falls: a clerk has to. Returns whether that is new."""
        places = (person.residence_region, person.hukou_region)
        area = next(each for each in places if each and each in self.placement.targets)
        return await self._ask(TaskKind.UNPLACED_PERSON, area, person.id, tx, person.id)

    async def _ask(
        self, kind: TaskKind, area: str, row_id: UUID, tx: Tx, person_id: UUID | None = None
    ) -> int:
        """Leave a task about a person or dwelling, once. Returns whether that is new."""
        source = task_source(self.change.id)
        known = await tx.fetch_value(
            "SELECT 1 FROM tasks WHERE kind = $1 AND source = $2 AND source_id = $3",
            kind.value,
            source,
            row_id,
        )
        if known:
            return 0
        task = OpenTask(
            kind=kind,
            source=source,
            source_id=row_id,
            region=area,
            person_id=person_id,
            happened_on=self.change.effective_on,
        )
        await open_task(task, tx)
        return 1

    # everything else

    async def rows_of(self, table: str, ids: Sequence[UUID], tx: Tx) -> None:
        """Re-code these rows of a table, and nothing beside them."""
        for recoded in ROWS:
            if recoded.table == table and ids:
                await self._rows(recoded, _START, len(ids), tx, ids)

    async def _rows(
        self, recoded: Recoded, after: UUID, size: int, tx: Tx, ids: Sequence[UUID] | None = None
    ) -> Done:
        found = await tx.fetch(
            f'SELECT t.id, t."{recoded.column}" AS code, {recoded.dwelling} AS dwelling'  # noqa: S608 our own names
            f' FROM {recoded.table} AS t WHERE t."{recoded.column}" = ANY($1)'
            f" AND {recoded.where} AND t.id > $2 AND ($4::uuid[] IS NULL OR t.id = ANY($4))"
            " ORDER BY t.id LIMIT $3 FOR UPDATE OF t",
            self.areas,
            after,
            size,
            ids,
        )
        done = Done(last=found[-1]["id"] if found else None)
        before = await codes_before([row["id"] for row in found], self.change.reverses, tx)
        for row in found:
            old = before.get((recoded.place, row["id"]))
            to = self.placement.of(row["code"], row["dwelling"], old)
            if to is None and recoded.table == "dwellings":
                done.unplaced += await self._ask(
                    TaskKind.UNPLACED_DWELLING, row["code"], row["id"], tx
                )
            if to is not None and to != row["code"]:
                done.rows += await self._try_row(recoded, row["id"], row["code"], to, tx)
        return done

    async def _try_row(self, recoded: Recoded, row_id: UUID, before: str, to: str, tx: Tx) -> bool:
        """Re-code a row. Where the new area may have only one like it (two communities each with a
        head of the grid), it keeps its code and a clerk is asked. Returns whether it went."""
        if recoded.alike and await tx.fetch_value(
            f"SELECT 1 FROM {recoded.table} AS t JOIN {recoded.table} AS o"  # noqa: S608 our own names
            f' ON o."{recoded.column}" = $2 AND o.id <> t.id AND {recoded.alike} WHERE t.id = $1',
            row_id,
            to,
        ):
            await self._ask(TaskKind.UNMOVED_RECORD, before, row_id, tx)
            return False
        await self._write_row(recoded, row_id, before, to, tx)
        return True

    async def _write_row(
        self, recoded: Recoded, row_id: UUID, before: str, to: str, tx: Tx
    ) -> None:
        labels = await self._labels(recoded, row_id, to, tx) if recoded.label else None
        await tx.execute(
            f'UPDATE {recoded.table} SET "{recoded.column}" = $2'  # noqa: S608 our own names
            + (", version = version + 1" if recoded.versioned else "")
            + (f", {recoded.label} = $3" if labels else "")
            + " WHERE id = $1",
            row_id,
            to,
            *(labels[1:] if labels else ()),
        )
        await self._keep(recoded.place, row_id, before, to, tx, labels)
        renumbered = labels is not None and labels[0] != labels[1]
        if renumbered and recoded.table == "dwellings" and not self.change.reverses:
            await self._ask(TaskKind.RENUMBERED_DWELLING, to, row_id, tx)

    async def _labels(self, recoded: Recoded, row_id: UUID, to: str, tx: Tx) -> tuple[str, str]:
        """What the row was called, and is called in its new area: two buildings of one number
        cannot be in one village. The one that comes gets another, and its own when it goes back."""
        row = await tx.fetch_row(
            f"SELECT t.region, t.{recoded.label} AS label, r.from_label AS own"  # noqa: S608 our own names
            f" FROM {recoded.table} AS t LEFT JOIN recoded_rows AS r ON r.row_id = t.id"
            f" AND r.change_id = $2 AND r.place = $3 AND r.to_label = t.{recoded.label}"
            " WHERE t.id = $1",
            row_id,
            self.change.reverses,
            recoded.place,
        )
        if row is None:
            raise LookupError("the caller has locked it")
        free, n = row["own"] or row["label"], 1
        other = f"{free[:50]}-{row['region'][-3:]}"
        while await tx.fetch_value(
            f"SELECT 1 FROM {recoded.table} WHERE region = $1 AND {recoded.label} = $2",  # noqa: S608 our own names
            to,
            free,
        ):
            free, n = other if n == 1 else f"{other}-{n}", n + 1
        return row["label"], free

    async def _keep(
        self,
        place: str,
        row_id: UUID,
        before: str,
        after: str,
        tx: Tx,
        labels: tuple[str, str] | None = None,
    ) -> None:
        await tx.execute(
            "INSERT INTO recoded_rows (change_id, place, row_id, from_region, to_region,"
            " from_label, to_label) VALUES ($1, $2, $3, $4, $5, $6, $7)"
            " ON CONFLICT (change_id, place, row_id) DO UPDATE SET to_region = excluded.to_region",
            self.change.id,
            place,
            row_id,
            before,
            after,
            *(labels or (None, None)),
        )


def task_source(change_id: UUID) -> str:
    """What a task of a change names as its source; its source id is the person or dwelling."""
    return f"region-change:{change_id}"


async def recoding_of(change: RegionChange, tx: Tx, *, fixed: str | None = None) -> Recoding:
    """A change ready to be carried out; `fixed` is where a clerk says that people go."""
    steps = await steps_of(change.id, tx)
    undoes = change.kind == ChangeKind.REVERSAL
    told = await tx.fetch(
        "SELECT row_id AS dwelling_id, from_region AS to_region FROM recoded_rows"
        " WHERE change_id = $1 AND place = 'dwellings.region'"
        if undoes
        else "SELECT dwelling_id, to_region FROM split_dwellings WHERE change_id = $1",
        change.reverses if undoes else change.id,
    )
    dwellings = {row["dwelling_id"]: row["to_region"] for row in told}
    return Recoding(
        change, placement_of(steps, dwellings, change.remainder, fixed, rest_stays=undoes)
    )
