"""What was true of a person on a day, and what the register believed at a moment.

The tests move the clock of their transaction by hand: each step is recorded a day after the one
before.
"""

from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from services.registry.errors import (
    ImpossibleDay,
    NotThen,
    OverlappingStays,
    PersonNotFound,
    UnknownRegion,
)
from services.registry.persons.handlers import correct_person, register_person
from services.registry.persons.merging import merge_persons, unmerge_persons
from services.registry.persons.models import HukouMove, Person, Residence
from services.registry.persons.past import get_history, get_person
from services.registry.persons.residences import correct_stay
from services.registry.persons.schemas import CorrectPerson, CorrectStay, RegisterPerson
from shared.clock import CHINA
from shared.db import Tx
from shared.events.registry import HukouMoved, PersonCorrected, ResidenceChanged
from shared.ids import new_id
from shared.problems import MalformedRequest, NotFound
from shared.testing import emitted
from shared.usage import Purpose
from tests.conftest import Cluster, TxFactory
from tests.registry.places import AWAY, COUNTY_AWAY, HOME, NEXT, load_places, number

BEGIN = datetime(2026, 1, 10, 9, 0, tzinfo=CHINA)
BORN = date(1990, 1, 1)


@pytest.fixture
async def tx(open_tx: TxFactory) -> AsyncIterator[Tx]:
    async with open_tx("registry", purpose=Purpose.REGISTRATION) as tx:
        await load_places(await tx.begin())
        tx.now = BEGIN
        yield tx


def later(tx: Tx) -> datetime:
    """The next day. Returns a moment between what was recorded and what will be."""
    between = tx.now + timedelta(hours=12)
    tx.now += timedelta(days=1)
    return between


async def register(tx: Tx, **overrides: Any) -> UUID:
    values: dict[str, Any] = {
        "name": "王芳",
        "sex": "2",
        "birth_date": BORN,
        "id_number": number("19900101", 112),
        "phone": "13900000001",
        "hukou_region": HOME,
        "residence": {"region": HOME, "kind": "usual", "since": "2020-05-01"},
    }
    return (await register_person(RegisterPerson(**(values | overrides)), tx)).id


async def correct(tx: Tx, person_id: UUID, **fields: Any) -> None:
    person = await tx.require(Person, person_id)
    command = CorrectPerson(**({"reason": "户口簿为准"} | fields))
    await correct_person(command, person_id, person.version, tx)


async def stays_of(tx: Tx, person_id: UUID) -> list[tuple[str, date, date | None]]:
    history = await get_history(person_id, tx)
    return [(stay.region, stay.since, stay.until) for stay in history.residences]


async def test_a_correction_was_always_true_and_a_change_since_its_day(tx: Tx) -> None:
    person_id = await register(tx)
    first = later(tx)
    await correct(tx, person_id, name="王小芳", changed_on="2023-06-01")
    second = later(tx)
    await correct(tx, person_id, name="王晓芳")  # it had been written wrong all along
    day_before, day = date(2023, 5, 31), date(2023, 6, 1)

    async def name(on: date | None, known_at: datetime | None) -> str:
        return (await get_person(person_id, on, known_at, tx)).name

    assert await name(day_before, None) == "王芳"
    assert await name(day, None) == "王晓芳"
    assert await name(None, first) == "王芳"
    assert await name(day, first) == "王芳"
    assert await name(None, second) == "王小芳"
    assert await name(day_before, second) == "王芳"
    assert await name(day, second) == "王小芳"
    assert (await get_person(person_id, None, first, tx)).version == 1
    versions = (await get_history(person_id, tx)).versions
    assert [version.changed_on for version in versions] == [date(2023, 6, 1), None]
    told = [event.changed_on for event in emitted(tx, PersonCorrected)]  # type: ignore[attr-defined]
    assert told == [date(2023, 6, 1), None]


async def test_numbers_of_the_past_are_opened_and_masked_like_those_of_now(tx: Tx) -> None:
    person_id = await register(tx)
    first = later(tx)
    await correct(tx, person_id, phone="13900000002", changed_on="2026-01-11")
    then = await get_person(person_id, None, first, tx)
    assert (then.phone, then.id_number) == ("13900000001", number("19900101", 112))
    tx.purpose = Purpose.VERIFICATION
    then = await get_person(person_id, date(2026, 1, 10), None, tx)
    assert then.phone is not None
    assert then.phone.startswith("139*")
    assert [(each.subject_id, each.kind) for each in tx.usages][-1] == (person_id, "history")


async def test_a_moved_register_is_a_fact_and_a_corrected_one_is_none(tx: Tx) -> None:
    person_id = await register(tx)
    first = later(tx)
    await correct(tx, person_id, hukou_region=NEXT, changed_on="2022-03-01")
    second = later(tx)
    await correct(tx, person_id, hukou_region=NEXT[:9])
    (event,) = emitted(tx, HukouMoved)
    assert isinstance(event, HukouMoved)
    assert (event.from_region, event.to_region, event.moved_on) == (HOME, NEXT, date(2022, 3, 1))
    (move,) = await tx.find(HukouMove, "SELECT * FROM hukou_moves")
    assert (move.from_region, move.to_region) == (HOME, NEXT[:9])

    async def hukou(on: date | None, known_at: datetime | None) -> str:
        return (await get_person(person_id, on, known_at, tx)).hukou_region

    assert await hukou(date(2022, 2, 28), None) == HOME
    assert await hukou(date(2022, 3, 1), None) == NEXT[:9]
    assert await hukou(None, first) == HOME
    assert await hukou(date(2022, 3, 1), first) == HOME
    assert await hukou(date(2022, 2, 28), second) == HOME
    assert await hukou(date(2022, 3, 1), second) == NEXT
    now = await get_person(person_id, None, None, tx)
    assert (now.hukou_region, now.hukou_since) == (NEXT[:9], date(2022, 3, 1))
    assert (await get_person(person_id, date(2022, 2, 28), None, tx)).hukou_since is None
    then = await get_history(person_id, tx, known_at=second)
    assert [each.to_region for each in then.hukou_moves] == [NEXT]
    assert (await get_history(person_id, tx, known_at=first)).hukou_moves == []


async def test_a_migrant_whose_register_follows_her_lives_there_for_good(tx: Tx) -> None:
    migrant = {"region": HOME, "kind": "migrant", "since": "2020-05-01"}
    person_id = await register(tx, hukou_region=COUNTY_AWAY, residence=migrant)
    await correct(tx, person_id, hukou_region=HOME, changed_on="2024-01-01")
    before = await get_person(person_id, date(2023, 12, 31), None, tx)
    after = await get_person(person_id, date(2024, 1, 1), None, tx)
    assert before.residence is not None
    assert after.residence is not None
    assert (before.residence.kind, after.residence.kind) == ("migrant", "usual")
    assert (before.separated, after.separated) == (True, False)
    (event,) = emitted(tx, ResidenceChanged)
    assert isinstance(event, ResidenceChanged)
    assert (event.from_region, event.to_region, event.kind) == (HOME, HOME, "usual")
    other = await register(tx, hukou_region=COUNTY_AWAY, residence=migrant, id_number=None)
    await correct(tx, other, hukou_region=HOME)  # she never was a migrant
    (stay,) = (await get_history(other, tx)).residences
    assert (stay.kind, stay.since) == ("usual", date(2020, 5, 1))


async def test_a_stay_corrected_later_is_right_about_the_past_and_kept_as_believed(tx: Tx) -> None:
    person_id = await register(tx)
    first = later(tx)
    move = {"region": NEXT, "kind": "usual", "since": "2024-02-01"}
    await correct(tx, person_id, residence=move)
    second = later(tx)
    old, new = (await get_history(person_id, tx)).residences
    assert old.id is not None
    assert new.id is not None
    shorter = CorrectStay(until="2023-09-01", reason="房东证明")
    await correct_stay(shorter, person_id, old.id, tx)
    earlier = CorrectStay(since="2023-09-01", reason="房东证明")
    await correct_stay(earlier, person_id, new.id, tx)
    autumn = date(2023, 10, 1)

    async def home(on: date | None, known_at: datetime | None) -> str | None:
        stay = (await get_person(person_id, on, known_at, tx)).residence
        return stay.region if stay else None

    assert await home(autumn, None) == NEXT
    assert await home(autumn, second) == HOME
    assert await home(None, second) == NEXT
    assert await home(None, first) == HOME
    assert await home(date(2024, 3, 1), first) == HOME
    assert await home(date(2020, 4, 30), None) is None  # before the first stay
    record = await tx.require(Person, person_id)
    assert record.residence_since == date(2023, 9, 1)
    fields = [version.fields for version in (await get_history(person_id, tx)).versions]
    assert fields[1:] == [["residence_until"], ["residence_since"]]
    then = await get_history(person_id, tx, on=autumn, known_at=second)
    assert [stay.region for stay in then.residences] == [HOME]


async def test_facts_keep_what_they_said_whoever_changes_them(tx: Tx) -> None:
    """The database does it: SQL that thinks of nothing is enough."""
    person_id = await register(tx)
    inserted = await tx.fetch_value("SELECT count(*) FROM earlier_facts")
    assert inserted == 0
    await tx.execute("UPDATE residences SET region = $1", NEXT)
    (earlier,) = await tx.fetch("SELECT * FROM earlier_facts")
    assert (earlier["kind"], earlier["person_id"]) == ("residences", person_id)
    assert earlier["fact"]["region"] == HOME
    assert earlier["recorded_at"] == BEGIN
    (stay,) = await tx.find(Residence, "SELECT * FROM residences")
    assert stay.recorded_at == earlier["superseded_at"] > BEGIN
    await tx.execute("UPDATE residences SET region = region")  # which says nothing new
    assert await tx.fetch_value("SELECT count(*) FROM earlier_facts") == 1


async def test_the_service_writes_no_earlier_facts_itself(tx: Tx) -> None:
    await register(tx)
    await tx.execute("UPDATE residences SET region = $1", NEXT)
    for change in (
        "DELETE FROM earlier_facts",
        "UPDATE earlier_facts SET fact = '{}'",
        "INSERT INTO earlier_facts (kind, fact_id, fact, recorded_at, superseded_at)"
        " VALUES ('residences', gen_random_uuid(), '{}', now(), now())",
    ):
        with pytest.raises(Exception, match="permission denied"):
            async with (await tx.begin()).transaction():
                await tx.execute(change)
    await tx.execute("SET LOCAL yipan.region = '130102'")
    assert await tx.fetch_value("SELECT count(*) FROM earlier_facts") == 0


async def test_a_fact_taken_out_is_kept_as_well(cluster: Cluster) -> None:
    await cluster.database("registry")
    owner = await asyncpg.connect(cluster.owner("registry"))
    outer = owner.transaction()
    await outer.start()
    try:
        person_id, stay_id = new_id(), new_id()
        await owner.execute(
            "INSERT INTO persons (id, version, status, name, sex, birth_date, nationality,"
            " hukou_region, created_at, updated_at)"
            " VALUES ($1, 1, 'active', '王芳', '2', '1990-01-01', '01', $2, now(), now())",
            person_id,
            HOME,
        )
        await owner.execute(
            "INSERT INTO residences (id, person_id, region, kind, since, recorded_at, recorded_by)"
            " VALUES ($1, $2, $3, 'usual', '2024-01-01', $4, 'x')",
            stay_id,
            person_id,
            HOME,
            BEGIN,
        )
        await owner.execute("DELETE FROM residences WHERE id = $1", stay_id)
        kept = await owner.fetchrow("SELECT * FROM earlier_facts WHERE fact_id = $1", stay_id)
        assert kept is not None
        assert (kept["kind"], kept["person_id"]) == ("residences", person_id)
        assert kept["recorded_at"] == BEGIN < kept["superseded_at"]
    finally:
        await outer.rollback()
        await owner.close()


async def test_before_her_birth_and_before_the_register_knew_her(tx: Tx) -> None:
    before = BEGIN - timedelta(days=1)
    person_id = await register(tx)
    later(tx)
    with pytest.raises(NotThen) as unborn:
        await get_person(person_id, date(1989, 12, 31), None, tx)
    assert unborn.value.extra["reason"] == "not-born-yet"
    for on in (None, date(2025, 1, 1)):
        with pytest.raises(NotThen) as unknown:
            await get_person(person_id, on, before, tx)
        assert unknown.value.extra["reason"] == "not-known-yet"
        with pytest.raises(NotThen):
            await get_history(person_id, tx, on, before)
    born = await get_person(person_id, BORN, None, tx)
    assert (born.hukou_region, born.residence, born.workplaces) == (HOME, None, [])
    with pytest.raises(PersonNotFound):
        await get_person(new_id(), date(2025, 1, 1), None, tx)


async def test_nobody_asks_the_register_about_the_future(tx: Tx) -> None:
    person_id = await register(tx)
    with pytest.raises(MalformedRequest):
        await get_person(person_id, tx.today + timedelta(days=1), None, tx)
    with pytest.raises(MalformedRequest):
        await get_person(person_id, None, tx.now + timedelta(seconds=1), tx)
    with pytest.raises(MalformedRequest):
        await get_history(person_id, tx, None, tx.now + timedelta(seconds=1))
    assert (await get_person(person_id, tx.today, tx.now, tx)).residence is not None


async def test_a_merged_record_stood_for_itself_until_it_was_merged(tx: Tx) -> None:
    kept = await register(tx, residence=None)
    home = {"region": NEXT, "kind": "usual", "since": "2021-01-01"}
    merged = await register(tx, id_number=None, name="王方", residence=home)
    apart = later(tx)
    tx.now = await tx.fetch_value("SELECT now()")  # what a merge moves is recorded by this clock
    merge = await merge_persons(kept, merged, tx)
    then = await get_person(merged, None, apart, tx)
    assert (then.id, then.name) == (merged, "王方")
    assert then.residence is not None
    assert then.residence.region == NEXT
    assert (await get_person(kept, None, apart, tx)).residence is None
    together = later(tx)
    assert (await get_person(merged, None, tx.now, tx)).id == kept
    await unmerge_persons(merge.id, tx)
    assert (await get_person(merged, None, None, tx)).name == "王方"
    assert (await get_person(merged, None, together, tx)).id == kept
    assert (await get_person(merged, None, apart, tx)).id == merged


async def test_an_area_that_got_another_code_moved_nobody(tx: Tx) -> None:
    """What the change of an area writes for many at once: moves and stays, no versions."""
    person_id = await register(tx)
    before = later(tx)
    await tx.execute(
        "INSERT INTO hukou_moves VALUES ($1, $2, $3, $4, $5, 'region-changed', $6, 'service')",
        new_id(),
        person_id,
        HOME,
        NEXT,
        date(2026, 1, 1),
        tx.now,
    )
    await tx.execute("UPDATE persons SET hukou_region = $1", NEXT)
    assert (await get_person(person_id, date(2025, 12, 31), None, tx)).hukou_region == HOME
    assert (await get_person(person_id, date(2026, 1, 1), None, tx)).hukou_region == NEXT
    assert (await get_person(person_id, None, before, tx)).hukou_region == HOME
    assert (await get_person(person_id, None, None, tx)).hukou_since is None


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"name": "王小芳", "changed_on": "1989-12-31"}, "before-birth"),
        ({"name": "王大芳", "changed_on": "2023-05-31"}, "before-a-later-change"),
        ({"hukou_region": AWAY, "changed_on": "2022-02-28"}, "before-a-later-change"),
        (
            {"residence": {"region": HOME, "kind": "usual", "since": "1989-01-01"}},
            "before-birth",
        ),
    ],
)
async def test_days_that_cannot_be(tx: Tx, fields: dict[str, Any], reason: str) -> None:
    person_id = await register(tx, residence=None)
    await correct(tx, person_id, name="王中芳", changed_on="2023-06-01")
    await correct(tx, person_id, hukou_region=NEXT, changed_on="2022-03-01")
    with pytest.raises(ImpossibleDay) as refused:
        await correct(tx, person_id, **fields)
    assert refused.value.extra["reason"] == reason


async def test_stays_do_not_overlap(tx: Tx) -> None:
    person_id = await register(tx)
    with pytest.raises(OverlappingStays):  # she lives at home since 2020
        await correct(
            tx, person_id, residence={"region": NEXT, "kind": "usual", "since": "2019-01-01"}
        )
    await correct(tx, person_id, residence={"region": NEXT, "kind": "usual", "since": "2024-02-01"})
    old, new = (await get_history(person_id, tx)).residences
    assert old.id is not None
    assert new.id is not None
    with pytest.raises(OverlappingStays):
        await correct_stay(CorrectStay(until="2024-02-02", reason="核对"), person_id, old.id, tx)
    with pytest.raises(OverlappingStays):
        await correct_stay(CorrectStay(since="2024-01-31", reason="核对"), person_id, new.id, tx)
    for stay_id, change, reason in (
        (old.id, {"until": "2020-04-30"}, "before-it-began"),
        (old.id, {"since": "1989-01-01"}, "before-birth"),
        (new.id, {"until": "2025-01-01"}, "it-lasts"),
    ):
        with pytest.raises(ImpossibleDay) as refused:
            command = CorrectStay(reason="核对", **change)
            await correct_stay(command, person_id, stay_id, tx)
        assert refused.value.extra["reason"] == reason
    other = await register(tx, id_number=None)
    with pytest.raises(NotFound):
        await correct_stay(CorrectStay(kind="migrant", reason="核对"), other, new.id, tx)
    assert await stays_of(tx, person_id) == [
        (HOME, date(2020, 5, 1), date(2024, 2, 1)),
        (NEXT, date(2024, 2, 1), None),
    ]


async def test_two_current_residences_are_impossible_whatever_the_code_does(tx: Tx) -> None:
    person_id = await register(tx)
    with pytest.raises(Exception, match="residences_open"):
        async with (await tx.begin()).transaction():
            await tx.execute(
                "INSERT INTO residences (id, person_id, region, kind, since, recorded_at,"
                " recorded_by) VALUES ($1, $2, $3, 'usual', '2024-01-01', now(), 'x')",
                new_id(),
                person_id,
                NEXT,
            )


async def test_an_area_is_named_as_it_was_while_she_lived_there(tx: Tx) -> None:
    abolished, gone = "420325100900", date(2023, 1, 1)
    await tx.execute(
        "INSERT INTO regions (code, name, level, parent, valid_to, source)"
        " VALUES ($1, '旧村', 'village', '420325100', $2, 'test')",
        abolished,
        gone,
    )
    home = {"region": abolished, "kind": "usual", "since": "2022-01-01"}
    with pytest.raises(UnknownRegion) as refused:  # she cannot live there now
        await register(tx, residence=home)
    assert refused.value.extra["reason"] == "abolished"
    person_id = await register(tx)
    for changed in ({"hukou_region": abolished, "changed_on": "2024-01-01"}, {"residence": home}):
        with pytest.raises(UnknownRegion):
            async with (await tx.begin()).transaction():
                await correct(tx, person_id, **changed)
    await correct(tx, person_id, residence={"region": NEXT, "kind": "usual", "since": "2023-06-01"})
    old, new = (await get_history(person_id, tx)).residences
    assert old.id is not None
    assert new.id is not None
    there = CorrectStay(region=abolished, reason="核对")
    for stay_id in (old.id, new.id):  # to the end of May 2023, and since
        with pytest.raises(UnknownRegion):
            await correct_stay(there, person_id, stay_id, tx)
    there = CorrectStay(region=abolished, until=date(2023, 1, 1), reason="核对")
    assert (await correct_stay(there, person_id, old.id, tx)).region == abolished
