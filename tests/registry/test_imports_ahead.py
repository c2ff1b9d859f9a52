"""A batch is looked around for and decided while the one before is being written: what that one
enters counts as registered, whether the look saw it or not."""

import asyncio
import io
from typing import Any
from uuid import uuid4

import pytest

from services.registry.imports import job
from services.registry.imports.batches import Decision, Surroundings, decide, surrounded
from services.registry.imports.checking import Checked, Checking, Order
from services.registry.imports.models import Import
from services.registry.imports.reasons import Reason
from services.registry.imports.worker import ImportWorker
from services.registry.imports.writing import look_around, write
from shared.clock import today
from shared.db import Database
from shared.testing import VAULT
from tests.registry.rosters import cells, csv_of
from tests.registry.samples import id_number
from tests.registry.test_imports_worker import SERVICE, job_of, one, send

IMPORT = uuid4()


def line(order: int, household: str = "H-1", relation: str = "0", **changes: str) -> list[str]:
    number = id_number(f"42032519900101{order}")
    return cells(身份证号=number, 户号=household, 与户主关系=relation, **changes)


def child(household: str = "H-1", **changes: str) -> list[str]:
    """Without an id number yet."""
    born = {"身份证号": "", "姓名": "王小芳", "出生日期": "2015-06-01"}
    return cells(户号=household, 与户主关系="2", **(born | changes))


def elder() -> list[str]:
    """A daughter born before her mother."""
    born = {"身份证号": id_number("42032519850101114"), "出生日期": "1985-01-01"}
    return cells(户号="H-2", 与户主关系="2", 房间号="102", **born)


ROSTER = [
    line(102),
    line(104, "H-2", 房间号="102"),
    line(106, relation="1"),
    line(102, "H-3"),  # the first again
    line(108),  # a second head
    line(110, "H-4", 房屋编号="B-2"),
    child(),
    line(112, "H-5", 房屋编号="B-2"),
    child(),  # the same again
    elder(),
]
POINTED_OUT = {
    5: Reason.DUPLICATE_ID,
    6: Reason.SECOND_HEAD,
    10: Reason.DUPLICATE_PERSON,
    11: Reason.CHILD_OLDER,  # who is entered all the same
}
ENTERED = 7


def good(*lines: list[str]) -> list[Checked]:
    order = Order("csv", 0, 0, IMPORT, today(), today(), "420325", VAULT)
    batch = Checking(io.BytesIO(csv_of(*lines)), order).next()
    assert batch is not None and not batch.refused
    return batch.good


def after(first: Decision, *lines: list[str]) -> Decision:
    """What is decided about lines by a look that saw nothing of the batch before."""
    batch = good(*lines)
    return decide(batch, surrounded(batch, Surroundings(), first, IMPORT), IMPORT)


def reasons(decision: Decision) -> list[Reason]:
    return [fault.reason for _, fault in decision.rejects]


def test_what_the_batch_before_enters_counts_as_registered() -> None:
    first = decide(good(ROSTER[0], ROSTER[1], child()), Surroundings(), IMPORT)
    second = after(first, line(106, relation="1"), line(116, 房间号="103", relation="1"), elder())
    assert not second.rejects and not second.households and not second.dwellings
    homes = {id_ for id_, _ in first.households.values()}
    assert {household for _, household, _ in second.persons} == homes
    assert second.persons[0][2] == first.persons[0][2], "the same room"
    assert list(second.rooms) == [(first.dwellings["420325100001", "B-1"][0], "103")]
    assert [fault.reason for _, fault in second.flagged] == [Reason.CHILD_OLDER]

    assert reasons(after(first, line(108))) == [Reason.SECOND_HEAD]
    assert reasons(after(first, child())) == [Reason.DUPLICATE_PERSON]
    numbered = child(身份证号=id_number("42032520150601118"))
    assert reasons(after(first, numbered, child(姓名="王二"))) == [Reason.NUMBER_TO_ADD]
    again = after(first, line(102, "H-3"))
    assert reasons(again) == [Reason.DUPLICATE_ID]
    assert again.looked_at == [first.persons[0][0].person_id]
    elsewhere = line(102, "H-3", 居住地="420325100002")
    assert reasons(after(first, elsewhere)) == [Reason.TWO_RESIDENCES]


def test_what_the_look_saw_of_it_already_changes_nothing() -> None:
    first = decide(good(*ROSTER[:2]), Surroundings(), IMPORT)
    batch = good(line(106, relation="1"), elder(), line(102, "H-3"))
    unseen = surrounded(batch, Surroundings(), first, IMPORT)
    seen = surrounded(batch, unseen, first, IMPORT)
    one_, other = decide(batch, unseen, IMPORT), decide(batch, seen, IMPORT)
    assert reasons(one_) == reasons(other) == [Reason.DUPLICATE_ID]
    assert [home for _, *home in one_.persons] == [home for _, *home in other.persons]


def test_who_can_only_be_told_by_name_is_looked_for_under_a_lock() -> None:
    first = decide(good(*ROSTER[:2]), Surroundings(), IMPORT)
    assert surrounded(good(child()), Surroundings(), first, IMPORT).to_lock
    assert not surrounded(good(child("H-9")), Surroundings(), first, IMPORT).to_lock
    assert not surrounded(good(line(106, relation="1")), Surroundings(), first, IMPORT).to_lock


async def test_after_one_that_has_to_be_locked_the_next_are_decided_ahead_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked = 0

    async def noted(*args: Any, ahead: bool = False) -> Surroundings:
        nonlocal locked
        locked += not ahead
        return await look_around(*args, ahead=ahead)

    monkeypatch.setattr(job, "look_around", noted)
    others = [line(110 + 2 * n, f"H-{n + 3}") for n in range(6)]
    import_id = await send(database, csv_of(*ROSTER[:2], child(), *others))
    assert await ImportWorker(database, SERVICE, batch=1).work_once()
    assert (await job_of(database, import_id))["accepted"] == 9
    assert locked == 1


async def told(database: Database) -> dict[int, str]:
    async with database.transaction(SERVICE) as tx:
        rows = await tx.fetch("SELECT line, code FROM import_rejects ORDER BY line")
    return {row["line"]: row["code"] for row in rows}


@pytest.mark.parametrize("batch", [1, 2, 100])
async def test_a_roster_comes_in_alike_however_it_is_cut(database: Database, batch: int) -> None:
    import_id = await send(database, csv_of(*ROSTER))
    assert await ImportWorker(database, SERVICE, batch=batch).work_once()
    done = await job_of(database, import_id)
    assert (done["status"], done["accepted"]) == ("finished", ENTERED)
    assert await told(database) == POINTED_OUT
    assert await one(database, "SELECT count(*) FROM dwellings") == 2
    assert await one(database, "SELECT count(*) FROM rooms") == 3


async def test_what_was_decided_on_an_attempt_that_failed_is_decided_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody registers a line's person after the look and before the writing; the batch behind
    was decided on what is not going to be entered."""
    import_id = await send(database, csv_of(*ROSTER[:3]))
    looked, raced = 0, False

    async def slow_look(*args: Any, **how: Any) -> Surroundings:
        nonlocal looked
        around = await look_around(*args, **how)
        looked += 1
        return around

    async def raced_write(*args: Any, **how: Any) -> None:
        nonlocal raced
        if not raced:
            raced = True
            other = await send(database, csv_of(ROSTER[0]))
            async with database.transaction(SERVICE) as tx:
                racer = await tx.require(Import, other)
            await job.Job(racer, database, 1).run()
            while looked < 3:  # ours, the racer's, and that for our next batch
                await asyncio.sleep(0.01)
        await write(*args, **how)

    monkeypatch.setattr(job, "look_around", slow_look)
    monkeypatch.setattr(job, "write", raced_write)
    assert await ImportWorker(database, SERVICE, batch=1).work_once()
    done = await job_of(database, import_id)
    assert (done["status"], done["unchanged"], done["accepted"]) == ("finished", 1, 2)
    assert await one(database, "SELECT count(*) FROM households") == 2
    assert await one(database, "SELECT count(*) FROM persons WHERE household_id IS NULL") == 0
