"""Two stays of a person never overlap: the database refuses what handlers did not see, also from
two writers at once; merging two records leaves one history."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import date
from itertools import pairwise
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.errors import OverlappingStays
from services.registry.persons.arrivals import note_arrival
from services.registry.persons.handlers import correct_person, register_person
from services.registry.persons.merging import merge_persons, unmerge_persons
from services.registry.persons.models import Person, PersonStatus
from services.registry.persons.past import get_history
from services.registry.persons.residences import correct_stay
from services.registry.persons.rules import Stay, one_history
from services.registry.persons.schemas import (
    CorrectPerson,
    CorrectStay,
    NoteArrival,
    RegisterPerson,
)
from services.registry.persons.stays import kept_apart
from services.registry.vital.closing import Closed, close_on, close_record, open_record
from shared.db import Database, Tx
from shared.ids import new_id
from shared.testing import make_actor
from tests.conftest import Cluster, TxFactory
from tests.registry.samples import id_number, make_person

HOME, NEXT, OTHER = "420325100001", "420325100002", "420325101001"
WAITING = 0.3  # seconds after which a transaction that should wait is taken to wait
INSERT = (
    "INSERT INTO residences (id, person_id, region, kind, since, until, recorded_at, recorded_by)"
    " VALUES ($1, $2, $3, 'usual', $4, $5, now(), 'x')"
)


@pytest.fixture
async def tx(open_tx: TxFactory) -> AsyncIterator[Tx]:
    async with open_tx("registry") as tx:
        yield tx


async def register(tx: Tx, **overrides: Any) -> UUID:
    """Somebody at home since May 2020, unless told otherwise."""
    return (await register_person(RegisterPerson(**make_person(**overrides)), tx)).id


async def add(tx: Tx, person_id: UUID, since: str, until: str | None, region: str = NEXT) -> UUID:
    """A stay, written past the handlers."""
    stay_id = new_id()
    days = (date.fromisoformat(since), date.fromisoformat(until) if until else None)
    await tx.execute(INSERT, stay_id, person_id, region, *days)
    return stay_id


async def periods(tx: Tx, person_id: UUID) -> list[tuple[str, str, str | None]]:
    rows = await tx.fetch(
        "SELECT region, since, until FROM residences WHERE person_id = $1"
        " ORDER BY since, until NULLS LAST",
        person_id,
    )
    return [
        (row["region"], str(row["since"]), str(row["until"]) if row["until"] else None)
        for row in rows
    ]


# ---- the database --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("since", "until"),
    [
        ("2021-06-01", "2021-07-01"),  # inside
        ("2020-06-01", "2021-01-02"),  # by a day
        ("2021-12-31", "2023-01-01"),
        ("2020-01-01", "2024-01-01"),  # around
        ("2021-01-01", "2022-01-01"),  # the same
    ],
)
async def test_the_database_refuses_what_overlaps(tx: Tx, since: str, until: str) -> None:
    person_id = await register(tx, residence=None)
    await add(tx, person_id, "2021-01-01", "2022-01-01")
    for end in (until, None):
        if end is None and since >= "2022":
            continue
        with pytest.raises(asyncpg.ExclusionViolationError) as refused:
            async with (await tx.begin()).transaction():
                await add(tx, person_id, since, end, OTHER)
        assert refused.value.constraint_name == "residences_apart"
        assert "2021" not in str(refused.value)


async def test_what_only_touches_does_not_overlap(tx: Tx) -> None:
    person_id = await register(tx, residence=None)
    await add(tx, person_id, "2021-01-01", "2022-01-01")
    await add(tx, person_id, "2020-01-01", "2021-01-01")
    await add(tx, person_id, "2022-01-01", None)
    await add(tx, person_id, "2021-05-01", "2021-05-01")  # nothing is left of it
    other = await register(tx, id_number=None, residence=None)
    await add(tx, other, "2021-01-01", "2022-01-01")
    assert len(await periods(tx, person_id)) == 4


@pytest.mark.parametrize(
    ("since", "until"), [("2020-12-31", "2023-01-01"), ("2021-12-31", None), ("2020-01-01", None)]
)
async def test_a_stay_does_not_grow_into_another(tx: Tx, since: str, until: str | None) -> None:
    person_id = await register(tx, residence=None)
    await add(tx, person_id, "2020-01-01", "2021-01-01")
    stay = await add(tx, person_id, "2021-01-01", "2022-01-01")
    await add(tx, person_id, "2022-01-01", "2023-01-01")
    with pytest.raises(asyncpg.ExclusionViolationError):
        async with (await tx.begin()).transaction():
            await tx.execute(
                "UPDATE residences SET since = $2, until = $3 WHERE id = $1",
                stay,
                date.fromisoformat(since),
                date.fromisoformat(until) if until else None,
            )


async def test_a_stay_does_not_come_over_from_another_record(tx: Tx) -> None:
    person_id = await register(tx)
    elsewhere = await register(tx, id_number=None, residence=None)
    stay = await add(tx, elsewhere, "2020-01-01", "2021-06-01")
    with pytest.raises(asyncpg.ExclusionViolationError):
        async with (await tx.begin()).transaction():
            await tx.execute("UPDATE residences SET person_id = $2 WHERE id = $1", stay, person_id)


async def test_several_stays_of_one_statement_are_looked_at_together(tx: Tx) -> None:
    """A roster's batch, or two halves of one stay: what counts is what stands at the end."""
    person_id = await register(tx, residence=None)
    both = (
        "INSERT INTO residences (id, person_id, region, kind, since, until, recorded_at,"
        " recorded_by) SELECT gen_random_uuid(), $1, $2, 'usual', since, until, now(), 'x'"
        " FROM unnest($3::date[], $4::date[]) AS t (since, until)"
    )
    days = [date(2020, 1, 1), date(2021, 1, 1)]
    with pytest.raises(asyncpg.ExclusionViolationError):
        async with (await tx.begin()).transaction():
            await tx.execute(both, person_id, HOME, days, [date(2021, 1, 2), date(2022, 1, 1)])
    await tx.execute(both, person_id, HOME, days, [date(2021, 1, 1), date(2022, 1, 1)])
    assert len(await periods(tx, person_id)) == 2


async def test_overlaps_of_before_do_not_keep_a_stay_from_ending(
    database: Database, cluster: Cluster
) -> None:
    """A register from before the rule may hold some; they are mended by making stays shorter."""
    async with database.transaction(make_actor()) as tx:
        person_id = await register(tx)
    owner = await asyncpg.connect(cluster.owner("registry"))
    async with owner.transaction():
        await owner.execute("ALTER TABLE residences DISABLE TRIGGER residences_apart_added")
        await owner.execute(INSERT, new_id(), person_id, NEXT, date(2019, 1, 1), date(2021, 1, 1))
        await owner.execute("ALTER TABLE residences ENABLE TRIGGER residences_apart_added")
    await owner.close()
    async with database.transaction(make_actor()) as tx:
        assert len(await periods(tx, person_id)) == 2
        await tx.execute("UPDATE residences SET until = '2023-01-01' WHERE until IS NULL")
        await tx.execute("UPDATE residences SET until = '2020-05-01' WHERE region = $1", NEXT)
        assert await periods(tx, person_id) == [
            (NEXT, "2019-01-01", "2020-05-01"),
            (HOME, "2020-05-01", "2023-01-01"),
        ]


async def test_what_was_believed_before_may_overlap(tx: Tx) -> None:
    """She was at home since 2020, as the register said; in truth she came in 2024, and had lived
    elsewhere until then. The earlier belief stays and is in nobody's way."""
    person_id = await register(tx)
    (stay,) = (await get_history(person_id, tx)).residences
    assert stay.id is not None
    await correct_stay(CorrectStay(since="2024-01-01", reason="核对"), person_id, stay.id, tx)
    await add(tx, person_id, "2019-01-01", "2024-01-01", OTHER)
    believed = await tx.fetch_value(
        "SELECT fact ->> 'since' FROM earlier_facts WHERE fact_id = $1", stay.id
    )
    assert believed == "2020-05-01"
    assert await periods(tx, person_id) == [
        (OTHER, "2019-01-01", "2024-01-01"),
        (HOME, "2024-01-01", None),
    ]


# ---- two at once ---------------------------------------------------------------------------------


async def at_once(
    database: Database, *writers: Callable[[Tx], Any]
) -> tuple[Sequence[BaseException | None], bool]:
    """Each writer in a transaction of its own; the second begins when the first has written and
    not yet committed. Returns what became of each, and whether the second waited for the first."""
    first, second = writers
    wrote, waited = asyncio.Event(), asyncio.Event()

    async def begin() -> None:
        async with database.transaction(make_actor()) as tx:
            await first(tx)
            wrote.set()
            await waited.wait()

    async def follow() -> None:
        async with database.transaction(make_actor()) as tx:
            await second(tx)

    ahead = asyncio.create_task(begin())
    await wrote.wait()
    behind = asyncio.create_task(follow())
    done, _ = await asyncio.wait([behind], timeout=WAITING)
    waited.set()
    results = await asyncio.gather(ahead, behind, return_exceptions=True)
    return results, not done


async def test_of_two_stays_written_at_once_one_is_refused(database: Database) -> None:
    """Neither writer sees the other's stay, nor holds a lock on the person."""
    async with database.transaction(make_actor()) as tx:
        person_id = await register(tx, residence=None)

    def writer(since: str, until: str) -> Callable[[Tx], Any]:
        async def write(tx: Tx) -> None:
            async with kept_apart(person_id, date.fromisoformat(since), None, tx):
                await add(tx, person_id, since, until)

        return write

    (first, second), waited = await at_once(
        database, writer("2020-01-01", "2021-01-01"), writer("2020-12-31", "2022-01-01")
    )
    assert waited
    assert first is None
    assert isinstance(second, OverlappingStays)
    assert (second.extra["since"], second.extra["until"]) == ("2020-01-01", "2021-01-01")
    async with database.transaction(make_actor()) as tx:
        assert await periods(tx, person_id) == [(NEXT, "2020-01-01", "2021-01-01")]


async def test_of_two_homes_written_at_once_one_is_refused(database: Database) -> None:
    async with database.transaction(make_actor()) as tx:
        person_id = await register(tx, residence=None)

    async def write(tx: Tx) -> None:
        async with kept_apart(person_id, date(2024, 1, 1), None, tx):
            await add(tx, person_id, "2024-01-01", None)

    (first, second), _ = await at_once(database, write, write)
    assert first is None
    assert isinstance(second, OverlappingStays)


async def test_of_two_corrections_at_once_one_is_refused(database: Database) -> None:
    """Between two stays lies a year in which she lived nowhere known; two clerks give it, one to
    the stay before and one to the stay behind."""
    async with database.transaction(make_actor()) as tx:
        person_id = await register(tx, residence=None)
        before = await add(tx, person_id, "2020-01-01", "2021-01-01")
        behind = await add(tx, person_id, "2022-01-01", "2023-01-01")

    def correction(stay_id: UUID, **change: str) -> Callable[[Tx], Any]:
        async def write(tx: Tx) -> None:
            await correct_stay(CorrectStay(reason="核对", **change), person_id, stay_id, tx)

        return write

    (first, second), waited = await at_once(
        database,
        correction(before, until="2022-01-01"),
        correction(behind, since="2021-01-01"),
    )
    assert waited
    assert first is None
    assert isinstance(second, OverlappingStays)


@pytest.mark.parametrize(("language", "said"), [("zh", "与 2020-05-01 起至"), ("en", "2020-05-01")])
async def test_a_clerk_is_told_which_stay_is_in_the_way(
    client: httpx.AsyncClient, language: str, said: str
) -> None:
    """By its id and its days; where it was stands in the history, which leaves a usage entry."""
    made = (await client.post("/registry/v1/persons", json=make_person())).json()
    moved = {"region": NEXT, "kind": "usual", "since": "2024-01-01"}
    path = f"/registry/v1/persons/{made['id']}"
    spoken = {"Accept-Language": language}
    for_move = {"reason": "迁居", "residence": moved}
    assert (await client.patch(path, json=for_move, headers={"If-Match": '"1"'})).is_success
    first, last = (await client.get(f"{path}/history")).json()["residences"]
    correction = {"until": "2024-02-01", "reason": "核对"}
    refused = await client.patch(
        f"{path}/residences/{first['id']}", json=correction, headers=spoken
    )
    problem = refused.json()
    assert (refused.status_code, problem["type"].rsplit("/")[-1]) == (409, "overlapping-stays")
    assert (problem["residence_id"], problem["since"], problem["until"]) == (
        last["id"],
        "2024-01-01",
        None,
    )
    earlier = {"reason": "迁居", "residence": moved | {"region": OTHER, "since": "2020-01-01"}}
    refused = await client.patch(path, json=earlier, headers={"If-Match": '"2"'} | spoken)
    assert refused.json()["residence_id"] == last["id"]
    later = {"since": "2023-12-31", "reason": "核对"}
    refused = await client.patch(f"{path}/residences/{last['id']}", json=later, headers=spoken)
    problem = refused.json()
    assert (problem["residence_id"], problem["until"]) == (first["id"], "2024-01-01")
    assert said in problem["detail"]
    assert NEXT not in refused.text
    assert HOME not in refused.text


async def test_of_two_moves_at_once_one_is_told_to_look_again(client: httpx.AsyncClient) -> None:
    made = (await client.post("/registry/v1/persons", json=make_person())).json()
    answers = await asyncio.gather(
        *(
            client.patch(
                f"/registry/v1/persons/{made['id']}",
                json={
                    "reason": "迁居",
                    "residence": {"region": region, "kind": "usual", "since": "2025-01-01"},
                },
                headers={"If-Match": '"1"'},
            )
            for region in (NEXT, OTHER)
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200, 412]
    history = (await client.get(f"/registry/v1/persons/{made['id']}/history")).json()
    assert [(stay["since"], stay["until"]) for stay in history["residences"]] == [
        ("2020-05-01", "2025-01-01"),
        ("2025-01-01", None),
    ]


# ---- what a record's closing ended, and a birth --------------------------------------------------


async def closed(tx: Tx) -> tuple[Person, Closed]:
    """Somebody who is told to have died in 2022; with a stay of 2023, written past the handlers."""
    person = await tx.require(Person, await register(tx), lock=True)
    ended = await close_record(person, PersonStatus.DECEASED, date(2022, 1, 1), "死亡", tx)
    await add(tx, person.id, "2023-01-01", "2024-01-01")
    return person, ended


async def test_a_record_is_not_opened_again_over_another_stay(tx: Tx) -> None:
    person, ended = await closed(tx)
    with pytest.raises(OverlappingStays) as refused:
        await open_record(person, ended, "健在", tx)
    assert (refused.value.extra["since"], refused.value.extra["until"]) == (
        "2023-01-01",
        "2024-01-01",
    )


async def test_the_day_of_a_death_is_not_moved_over_another_stay(tx: Tx) -> None:
    person, ended = await closed(tx)
    assert await close_on(person.id, ended, date(2022, 6, 1), tx)
    with pytest.raises(OverlappingStays) as refused:
        moved = {key: "2022-06-01" for key in ended}
        await close_on(person.id, moved, date(2023, 6, 1), tx)
    assert refused.value.extra["since"] == "2023-01-01"
    assert await periods(tx, person.id) == [
        (HOME, "2020-05-01", "2022-06-01"),
        (NEXT, "2023-01-01", "2024-01-01"),
    ]


# ---- what arrives late ---------------------------------------------------------------------------


async def arrive(tx: Tx, person_id: UUID, region: str, on: str) -> None:
    await note_arrival(
        NoteArrival(
            arrival_id=new_id(),
            person_id=person_id,
            name="王芳",
            id_number=id_number(),
            region=region,
            origin_region=HOME,
            arrived_on=date.fromisoformat(on),
        ),
        tx,
    )


async def test_an_arrival_told_late_on_the_day_of_a_known_one_takes_no_time(tx: Tx) -> None:
    person_id = await register(tx)
    for region, day in ((NEXT, "2022-01-01"), (HOME, "2023-01-01"), (OTHER, "2022-01-01")):
        await arrive(tx, person_id, region, day)
    assert await periods(tx, person_id) == [
        (HOME, "2020-05-01", "2022-01-01"),
        (OTHER, "2022-01-01", "2022-01-01"),
        (NEXT, "2022-01-01", "2023-01-01"),
        (HOME, "2023-01-01", None),
    ]


async def test_a_move_before_an_area_got_another_code_ends_both_parts_of_the_stay(tx: Tx) -> None:
    """The area got another code in June; that she had moved out of it in March is told later."""
    person_id = await register(tx, residence=None)
    await add(tx, person_id, "2021-01-01", "2022-06-01", HOME)
    recoded = await add(tx, person_id, "2022-06-01", None, NEXT)
    await tx.execute("UPDATE residences SET cause = 'region-changed' WHERE id = $1", recoded)
    await tx.execute(
        "UPDATE persons SET residence_region = $2, residence_kind = 'usual',"
        " residence_since = '2022-06-01' WHERE id = $1",
        person_id,
        NEXT,
    )
    await arrive(tx, person_id, OTHER, "2022-03-01")
    assert await periods(tx, person_id) == [
        (HOME, "2021-01-01", "2022-03-01"),
        (OTHER, "2022-03-01", None),
        (NEXT, "2022-06-01", "2022-06-01"),
    ]


# ---- one history of two records ------------------------------------------------------------------

DAYS = st.dates(date(2020, 1, 1), date(2020, 1, 20))


def stays_of(draws: list[tuple[date, date | None]]) -> list[Stay]:
    return [Stay(new_id(), min(a, b) if b else a, max(a, b) if b else None) for a, b in draws]


@given(
    st.lists(st.tuples(DAYS, st.one_of(st.none(), DAYS)), max_size=8), st.one_of(st.none(), DAYS)
)
def test_one_history_is_no_overlap_and_nothing_longer(
    draws: list[tuple[date, date | None]], ended: date | None
) -> None:
    stays = stays_of(draws)
    ends = one_history(stays, ended)
    left = [each._replace(until=ends.get(each.id, each.until)) for each in stays]
    for before, after in zip(stays, left, strict=True):
        assert (after.until or date.max) <= (before.until or date.max)
        assert after.until is None or after.until >= after.since
    lasting = sorted((e.since, e.until or date.max) for e in left if e.until != e.since)
    assert all(first[1] <= second[0] for first, second in pairwise(lasting))
    # where she lived at all, she still does; and the latest place that lasts is her home
    if ended is None:
        open_ones = [each for each in stays if each.until is None]
        assert sum(each.until is None for each in left) == bool(open_ones)
        if open_ones:
            (home,) = (each for each in left if each.until is None)
            assert home.since == max(each.since for each in open_ones)
    else:
        assert all(each.until is not None for each in left)


async def test_merged_records_have_one_history_and_get_their_own_back(tx: Tx) -> None:
    kept = await register(tx, residence=None)
    merged = await register(tx, id_number=None, residence=None)
    await add(tx, kept, "2010-01-01", "2018-01-01", HOME)
    await add(tx, kept, "2018-01-01", "2021-01-01", NEXT)
    await add(tx, merged, "2015-01-01", "2019-01-01", OTHER)
    await add(tx, merged, "2020-01-01", None, OTHER)
    before = [await periods(tx, each) for each in (kept, merged)]
    merge = await merge_persons(kept, merged, tx)
    assert await periods(tx, kept) == [
        (HOME, "2010-01-01", "2015-01-01"),
        (OTHER, "2015-01-01", "2018-01-01"),
        (NEXT, "2018-01-01", "2020-01-01"),
        (OTHER, "2020-01-01", None),
    ]
    await unmerge_persons(merge.id, tx)
    assert [await periods(tx, each) for each in (kept, merged)] == before


async def test_what_was_recorded_since_a_merge_is_not_undone_with_it(tx: Tx) -> None:
    kept = await register(tx)
    merged = await register(
        tx, id_number=None, residence={"region": NEXT, "kind": "usual", "since": "2022-01-01"}
    )
    merge = await merge_persons(kept, merged, tx)
    moved = {"region": OTHER, "kind": "usual", "since": "2024-01-01"}
    version = await tx.fetch_value("SELECT version FROM persons WHERE id = $1", kept)
    await correct_person(CorrectPerson(reason="迁居", residence=moved), kept, version, tx)
    await unmerge_persons(merge.id, tx)
    assert await periods(tx, kept) == [
        (HOME, "2020-05-01", "2022-01-01"),  # open at the merge: not any more
        (OTHER, "2024-01-01", None),
    ]
    assert await periods(tx, merged) == [(NEXT, "2022-01-01", "2024-01-01")]
