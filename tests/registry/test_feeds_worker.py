"""Batches against the database: compared, applied, repeated, folded, interrupted, taken back."""

import asyncio
from contextlib import suppress
from datetime import date, timedelta
from typing import Any

import asyncpg
import pytest

from services.registry.errors import AlreadyReceived, CannotTake, FeedClosed
from services.registry.feeds.deciding import decide_conflict
from services.registry.feeds.handlers import cancel_feed
from services.registry.feeds.models import Feed
from services.registry.feeds.schemas import DecideConflict
from services.registry.feeds.worker import FeedWorker
from services.registry.persons.handlers import correct_person
from services.registry.persons.merging import merge_persons
from services.registry.persons.schemas import CorrectPerson
from services.registry.vital.births import register_birth
from services.registry.vital.deaths import register_death
from services.registry.vital.schemas import RegisterBirth
from shared.db import Database
from shared.problems import OutsideJurisdiction, UnsupportedFile
from shared.testing import make_actor
from tests.conftest import Cluster
from tests.registry.feed_samples import (
    BIRTHS,
    CHANGES,
    CHEN,
    CHILD,
    CITY,
    DEATHS,
    EAST,
    JABS,
    MOVES,
    NORTH,
    SCHOOL,
    SERVICE,
    STRANGER,
    WANG,
    WEDDINGS,
    WEST,
    Office,
    birth,
    csv_of,
    death,
    json_of,
    wedding,
    xlsx_of,
)
from tests.registry.places import number

MOVED = [*WANG.values(), "2025-03-01", NORTH, EAST]
ENROLLED = [*CHILD.values(), "2022-09-01", EAST]


@pytest.fixture
def office(database: Database) -> Office:
    return Office(database)


@pytest.fixture
async def family(office: Office) -> Office:
    for each in (WANG, CHEN, CHILD):
        await office.person(each)
    return office


def counts(feed: Feed) -> tuple[int, int, int, int, int]:
    return (
        feed.lines_new,
        feed.lines_changed,
        feed.lines_unchanged,
        feed.lines_conflicting,
        feed.lines_rejected,
    )


async def test_a_dry_run_reports_and_changes_nothing(family: Office) -> None:
    before = await family.state()
    lines = [death(), death(CHEN, name="陈钢"), death(STRANGER), death(day="2999-01-01")]
    feed = await family.run("police.deaths", csv_of(DEATHS, *lines), dry_run=True)
    assert (feed.status, counts(feed)) == ("compared", (2, 0, 0, 1, 1))
    assert await family.outcomes(feed) == [
        ("new", None),
        ("conflicting", "name-differs"),
        ("new", None),
        ("rejected", "future"),
    ]
    assert await family.value("SELECT count(*) FROM death_reports") == 0
    assert await family.value("SELECT count(*) FROM tasks") == 0
    assert await family.state() == before
    assert await family.said("feed-reconciled") == []


async def test_applying_makes_reports_of_the_department_tasks_and_one_event(
    family: Office,
) -> None:
    feed = await family.run(
        "police.deaths", csv_of(DEATHS, death(), death(CHEN, name="陈钢")), dry_run=True
    )
    feed = await family.apply(feed)
    assert (feed.status, counts(feed)) == ("applied", (1, 0, 0, 1, 0))
    (report,) = await family.rows("SELECT * FROM death_reports")
    assert (report["reporter_org"], report["status"]) == ("police", "reported")
    assert report["died_on"] == date(2025, 6, 1)
    (task,) = await family.rows("SELECT * FROM tasks")
    assert (task["kind"], task["source"]) == ("feed-conflict", "feed-line")
    (said,) = await family.said("feed-reconciled")
    assert (said["new"], said["conflicting"], said["month"]) == (1, 1, "2025-06-01")
    assert (said["in_both"], said["only_there"], said["only_here"]) == (0, 2, 0)
    assert not any(text in str(said) for text in (*WANG.values(), *CHEN.values()))


async def test_the_formats_are_one(family: Office) -> None:
    for make in (csv_of, json_of, xlsx_of):
        feed = await family.run("police.deaths", make(DEATHS, death()), dry_run=True)
        assert await family.outcomes(feed) == [("new", None)]


async def test_the_same_file_again_is_refused_and_a_re_export_changes_nothing(
    family: Office,
) -> None:
    content = csv_of(DEATHS, death(), death(CHEN, name="陈钢"))
    first = await family.run("police.deaths", content)
    before, reports = await family.state(), await family.rows("SELECT * FROM death_reports")
    with pytest.raises(AlreadyReceived) as refused:
        await family.send("police.deaths", content)
    assert refused.value.extra["feed_id"] == str(first.id)
    again = csv_of(DEATHS[::-1], death(CHEN, name="陈钢")[::-1], death(day="2025年6月1日")[::-1])
    feed = await family.run("police.deaths", again, month="2025-07")
    assert await family.outcomes(feed) == [
        ("conflicting", "name-differs"),
        ("unchanged", "said-before"),
    ]
    assert await family.state() == before
    assert await family.rows("SELECT * FROM death_reports") == reports


async def test_a_line_twice_in_a_file_counts_once(family: Office) -> None:
    lines = [death(), death(), death(day="2025-06-02")]
    feed = await family.run("police.deaths", csv_of(DEATHS, *lines))
    assert await family.outcomes(feed) == [
        ("new", None),
        ("unchanged", "repeated-in-file"),
        ("conflicting", "contradicted-in-file"),
    ]
    assert await family.value("SELECT count(*) FROM death_reports") == 1


async def test_a_corrected_re_export_takes_the_place_of_the_report(family: Office) -> None:
    await family.run("police.deaths", csv_of(DEATHS, death()))
    feed = await family.run("police.deaths", csv_of(DEATHS, death(day="2025-06-03")))
    assert counts(feed) == (0, 1, 0, 0, 0)
    (report,) = await family.rows("SELECT * FROM death_reports")
    assert (report["status"], report["died_on"]) == ("reported", date(2025, 6, 3))
    back = await family.withdraw(feed)
    assert (back.restored, back.left_over) == (1, 0)
    (report,) = await family.rows("SELECT * FROM death_reports")
    assert (report["status"], report["died_on"]) == ("reported", date(2025, 6, 1))
    assert report["return_reason"] is None


async def test_two_departments_that_say_the_same_fold_into_one(family: Office) -> None:
    await family.run("police.deaths", csv_of(DEATHS, death()))
    feed = await family.run("civil-affairs.funerals", csv_of(DEATHS, death()))
    assert await family.outcomes(feed) == [("unchanged", "reported-already")]
    assert await family.value("SELECT count(*) FROM death_reports") == 1
    other = await family.run("civil-affairs.funerals", csv_of(DEATHS, death(day="2025-06-09")))
    assert await family.outcomes(other) == [("conflicting", "registered-otherwise")]


async def test_a_registered_fact_is_never_overwritten(family: Office) -> None:
    await family.run("police.deaths", csv_of(DEATHS, death()))
    async with family.transaction() as tx:
        report = await tx.fetch_value("SELECT id FROM death_reports")
        await register_death(report, tx)
    before = await family.state()
    feed = await family.run("civil-affairs.funerals", csv_of(DEATHS, death(day="2025-06-09")))
    assert await family.outcomes(feed) == [("conflicting", "date-differs")]
    feed = await family.run("civil-affairs.funerals", csv_of(DEATHS, death()))
    assert await family.outcomes(feed) == [("unchanged", "registered-already")]
    assert (feed.in_both, feed.only_there, feed.only_here) == (1, 0, 0)
    feed = await family.run("civil-affairs.funerals", csv_of(DEATHS, death(CHEN)))
    assert (feed.in_both, feed.only_there, feed.only_here) == (0, 1, 1)
    assert await family.state() == before


async def test_marriages_and_divorces(family: Office) -> None:
    feed = await family.run(
        "civil-affairs.marriages",
        csv_of(WEDDINGS, wedding(), wedding("离婚", "20250601"), wedding("订婚")),
    )
    assert await family.outcomes(feed) == [("new", None), ("new", None), ("rejected", "code")]
    kinds = await family.rows("SELECT kind, reporter_org FROM marriage_reports ORDER BY id")
    assert [tuple(each.values()) for each in kinds] == [
        ("marriage", "civil-affairs"),
        ("divorce", "civil-affairs"),
    ]
    swapped = [*wedding()[:2], *wedding()[5:], *wedding()[2:5]]
    again = await family.run("civil-affairs.marriages", csv_of(WEDDINGS, swapped))
    assert await family.outcomes(again) == [("unchanged", "said-before")]


async def test_a_birth_is_reported_and_its_child_found_by_the_vaccination(family: Office) -> None:
    feed = await family.run("health.births", csv_of((*BIRTHS, "孕周"), [*birth(), "39"]))
    assert (await family.outcomes(feed), feed.dropped) == ([("new", None)], ["孕周"])
    jab = ["王小小", "2025-03-01", "2025-03-02", EAST, "", WANG["id_number"]]
    early = await family.run("health.vaccinations", csv_of(JABS, jab))
    assert await family.outcomes(early) == [("conflicting", "unknown-person")]
    async with family.transaction() as tx:
        report = await tx.fetch_value("SELECT id FROM birth_reports")
        command = RegisterBirth(child_name="王小小", hukou_region=EAST)
        child = (await register_birth(command, report, tx)).child_id
    await family.withdraw(early)
    jabs = csv_of(JABS, jab, [*jab[:2], "2025-04-02", *jab[3:]])
    feed = await family.run("health.vaccinations", jabs)
    assert (await family.outcomes(feed))[0] == ("new", None)
    (held,) = await family.rows("SELECT * FROM residence_evidence")
    assert (held["person_id"], held["kind"], held["region"]) == (child, "vaccination", EAST)
    twin = csv_of(BIRTHS, birth(name="王大大"))
    feed = await family.run("health.births", twin)
    assert await family.outcomes(feed) == [("conflicting", "registered-otherwise")]


async def test_a_school_place_is_evidence_and_moves_nobody(family: Office) -> None:
    homes = "SELECT region, until FROM residences ORDER BY id"
    before = await family.rows(homes)
    feed = await family.run("education.enrolments", csv_of(SCHOOL, ENROLLED))
    assert await family.outcomes(feed) == [("new", None)]
    assert await family.rows(homes) == before
    (held,) = await family.rows("SELECT * FROM residence_evidence")
    assert held.keys() == {
        *("id", "person_id", "kind", "region", "since"),
        *("department", "feed_id", "recorded_at", "recorded_by"),
    }
    assert await family.said("residence-changed") == []


async def test_a_new_name_and_a_new_number(family: Office) -> None:
    new = number("19890101", 117)
    lines = [
        [*WANG.values(), "王芬", "", "2025-05-01"],
        [*CHEN.values(), "", new, "2025-05-01"],
        [*STRANGER.values(), "李司", "", "2025-05-01"],
    ]
    before = await family.state()
    feed = await family.run("police.identity-changes", csv_of(CHANGES, *lines))
    assert counts(feed) == (0, 2, 0, 1, 0)
    names = await family.rows("SELECT name FROM persons ORDER BY created_at")
    assert [each["name"] for each in names] == ["王芬", "陈刚", "陈小宝"]
    again = csv_of(CHANGES[::-1], *[line[::-1] for line in lines[:2]])
    repeated = await family.run("police.identity-changes", again)
    assert await family.outcomes(repeated) == [("unchanged", "registered-already")] * 2
    await family.withdraw(feed)
    assert await family.state() == before


async def test_a_withdrawn_batch_leaves_the_register_as_it_was(family: Office) -> None:
    """A migrant whose household register came to where she lives has a stay of another kind."""
    migrant = {"name": "赵六", "id_number": number("19910101", 118, "330106")}
    await family.person(
        migrant,
        hukou_region=CITY,
        residence={"region": EAST, "kind": "migrant", "since": "2020-01-01"},
    )
    before = await family.state()
    arrived = [*migrant.values(), "2025-03-01", EAST, CITY]
    moves = await family.run("police.hukou-moves", csv_of(MOVES, MOVED, arrived))
    school = await family.run("education.enrolments", csv_of(SCHOOL, ENROLLED))
    assert counts(moves) == (2, 0, 0, 0, 0)
    assert await family.value("SELECT count(*) FROM residences WHERE person_id IN"
                              " (SELECT id FROM persons WHERE name = '赵六')") == 2  # fmt: skip
    assert await family.state() != before
    for feed in (moves, school):
        back = await family.withdraw(feed)
        assert (back.status, back.left_over) == ("withdrawn", 0)
    assert await family.state() == before
    kept = await family.rows("SELECT kind FROM earlier_facts WHERE kind = 'hukou_moves'")
    assert len(kept) == 2  # what was believed in between is not forgotten
    assert [each["restored"] for each in await family.said("feed-withdrawn")] == [2, 1]
    again = await family.run("police.hukou-moves", csv_of(MOVES, MOVED, arrived))
    assert counts(again) == (2, 0, 0, 0, 0)


async def test_what_was_changed_since_is_left_and_listed(family: Office) -> None:
    reports = await family.run("police.deaths", csv_of(DEATHS, death(CHEN), death(STRANGER)))
    moves = await family.run("police.hukou-moves", csv_of(MOVES, MOVED))
    async with family.transaction() as tx:
        chen = await tx.fetch_value("SELECT id FROM death_reports WHERE name = '陈刚'")
        await register_death(chen, tx)
        row = await tx.fetch_row("SELECT id, version FROM persons WHERE name = '王芳'")
        command = CorrectPerson(reason="再迁移", hukou_region=WEST, changed_on=date(2025, 9, 1))
        await correct_person(command, row["id"], row["version"], tx)
    before = await family.state()
    back = await family.withdraw(moves)
    assert (back.restored, back.left_over) == (0, 1)
    back = await family.withdraw(reports)
    assert (back.restored, back.left_over) == (1, 1)
    assert await family.state() == before
    tasks = await family.rows("SELECT kind, person_id FROM tasks ORDER BY id")
    assert [each["kind"] for each in tasks] == ["feed-leftover"] * 2
    status = await family.rows("SELECT name, status FROM death_reports ORDER BY name")
    assert {each["name"]: each["status"] for each in status} == {
        "李四": "returned",
        "陈刚": "registered",
    }


async def test_another_correction_does_not_hinder_a_withdrawal(family: Office) -> None:
    moves = await family.run("police.hukou-moves", csv_of(MOVES, MOVED))
    async with family.transaction() as tx:
        row = await tx.fetch_row("SELECT id, version FROM persons WHERE name = '王芳'")
        await correct_person(
            CorrectPerson(reason="新手机", phone="13900000009"), row["id"], row["version"], tx
        )
    back = await family.withdraw(moves)
    assert (back.restored, back.left_over) == (1, 0)
    (person,) = await family.rows("SELECT * FROM persons WHERE name = '王芳'")
    assert person["hukou_region"] == EAST
    assert person["phone_index"] is not None


async def test_a_merge_takes_evidence_along_and_blocks_the_withdrawal(family: Office) -> None:
    school = await family.run("education.enrolments", csv_of(SCHOOL, ENROLLED))
    moves = await family.run("police.hukou-moves", csv_of(MOVES, MOVED))
    double = await family.person({"name": "王芳", "id_number": number("19900101", 116)})
    async with family.transaction() as tx:
        wang = await tx.fetch_value(
            "SELECT id FROM persons WHERE name = '王芳' AND id <> $1", double
        )
        await merge_persons(double, wang, tx)
    assert {line.person_id for line in await family.lines(moves)} == {double}
    assert (await family.withdraw(moves)).left_over == 1
    assert (await family.withdraw(school)).restored == 1


async def test_only_what_a_withdrawn_batch_brought_can_be_taken_out(family: Office) -> None:
    feed = await family.run("police.hukou-moves", csv_of(MOVES, MOVED))
    (line,) = await family.lines(feed)
    move = await family.value("SELECT id FROM hukou_moves")
    stay = await family.value("SELECT id FROM residences LIMIT 1")
    out = "SELECT take_back_fact($1, $2, $3)"
    assert await family.value(out, line.id, "hukou_moves", move) is False  # not being withdrawn
    async with family.database.transaction(SERVICE) as tx:
        await tx.execute("UPDATE feeds SET status = 'withdrawing'")
        assert await tx.fetch_value(out, line.id, "residences", stay) is False
        assert await tx.fetch_value(out, line.id, "persons", line.person_id) is False
        await tx.execute("SET LOCAL yipan.region = '420381'")
        assert await tx.fetch_value(out, line.id, "hukou_moves", move) is False
        await tx.execute("SET LOCAL yipan.region = '420325'")
        assert await tx.fetch_value(out, line.id, "hukou_moves", move) is True
    async with family.database.transaction(SERVICE) as tx:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await tx.execute("DELETE FROM residences")


# ---- conflicts ----------------------------------------------------------------------------------


async def decide(office: Office, decision: str, name: str | None = None) -> Any:
    async with office.transaction() as tx:
        task = await tx.fetch_value(
            "SELECT id FROM tasks WHERE settled_at IS NULL ORDER BY id LIMIT 1"
        )
        command = DecideConflict(decision=decision, reason="核实过了")
        return await decide_conflict(command, task, tx)


async def test_our_data_is_kept(family: Office) -> None:
    await family.run("police.deaths", csv_of(DEATHS, death(name="王方")))
    before = await family.state()
    asked = await decide(family, "ask-person")
    assert (asked.decision, asked.settled_at) == ("ask-person", None)
    kept = await decide(family, "keep-ours")
    assert kept.settled_at is not None
    assert await family.value("SELECT outcome FROM tasks") == "right-as-it-was"
    assert await family.state() == before


async def test_their_name_is_taken_and_the_line_with_it(family: Office) -> None:
    feed = await family.run("police.deaths", csv_of(DEATHS, death(name="王方")))
    await decide(family, "take-theirs")
    assert await family.value("SELECT count(*) FROM persons WHERE name = '王方'") == 1
    assert await family.value("SELECT name FROM death_reports") == "王方"
    assert await family.value("SELECT outcome FROM tasks") == "updated"
    assert (await family.withdraw(feed)).restored == 1
    left = await family.rows("SELECT kind FROM tasks WHERE settled_at IS NULL")
    assert [each["kind"] for each in left] == ["feed-leftover"]  # the name, for a clerk to see


async def test_their_place_is_taken(family: Office) -> None:
    away = {"name": "孙七", "id_number": number("20140601", 119)}
    await family.person(away, residence={"region": CITY, "kind": "migrant", "since": "2016-01-01"})
    feed = await family.run(
        "education.enrolments", csv_of(SCHOOL, [*away.values(), "2022-09-01", EAST])
    )
    assert await family.outcomes(feed) == [("conflicting", "lives-elsewhere")]
    before = await family.state()
    await decide(family, "take-theirs")
    home = "SELECT residence_region FROM persons WHERE name = '孙七'"
    assert await family.value(home) == EAST
    assert (await family.withdraw(feed)).restored == 1
    assert await family.state() == before


async def test_a_newcomer_is_registered_and_never_was_after_a_withdrawal(family: Office) -> None:
    feed = await family.run(
        "police.hukou-moves", csv_of(MOVES, [*STRANGER.values(), "2025-03-01", EAST, CITY])
    )
    assert await family.outcomes(feed) == [("conflicting", "unknown-person")]
    await decide(family, "take-theirs")
    status = "SELECT status FROM persons WHERE name = '李四'"
    assert await family.value(status) == "active"
    assert (await family.withdraw(feed)).restored == 1
    assert await family.value(status) == "annulled"
    await family.person(STRANGER)  # the number is free


async def test_what_cannot_be_taken_says_what_comes_first(family: Office) -> None:
    await family.run(
        "education.enrolments", csv_of(SCHOOL, [*STRANGER.values(), "2022-09-01", EAST])
    )
    with pytest.raises(CannotTake) as refused:
        await decide(family, "take-theirs")
    assert refused.value.extra["reason"] == "register-the-person-first"


async def test_a_conflict_of_a_withdrawn_batch_is_closed(family: Office) -> None:
    feed = await family.run("police.deaths", csv_of(DEATHS, death(name="王方")))
    await family.withdraw(feed)
    assert await family.value("SELECT outcome FROM tasks") == "right-as-it-was"


# ---- the worker ---------------------------------------------------------------------------------


async def test_a_batch_survives_interruptions(family: Office) -> None:
    lines = [[f"王{n}", number("19700101", n), "2025-06-01"] for n in range(100, 160)]
    names = [[line[0].replace(line[0][1:], "一"), *line[1:]] for line in lines]
    feed_id = await family.send("police.deaths", csv_of(DEATHS, *names))
    for _ in range(4):  # each time a worker dies in the middle
        worker = asyncio.create_task(FeedWorker(family.database, SERVICE, batch=5).work_once())
        await asyncio.sleep(0.15)
        worker.cancel()
        with suppress(asyncio.CancelledError):
            await worker
    await family.work()
    feed = await family.feed(feed_id)
    assert (feed.status, counts(feed), feed.lines_read) == ("applied", (60, 0, 0, 0, 0), 60)
    assert await family.value("SELECT count(*) FROM death_reports") == 60
    assert await family.value("SELECT count(*) FROM feed_files") == 0
    assert len(await family.said("feed-reconciled")) == 1


async def test_two_workers_never_do_the_same_batch(family: Office) -> None:
    feed_id = await family.send("police.deaths", csv_of(DEATHS, death()), dry_run=True)
    workers = [FeedWorker(family.database, SERVICE).work_once() for _ in range(3)]
    assert sorted(await asyncio.gather(*workers)) == [False, False, True]
    assert (await family.feed(feed_id)).lines_read == 1


async def test_a_cancelled_batch_stops_and_can_be_sent_again(family: Office) -> None:
    feed_id = await family.send("police.deaths", csv_of(DEATHS, death()))
    async with family.transaction() as tx:
        await cancel_feed(feed_id, tx)
    await family.work()
    assert (await family.feed(feed_id)).status == "cancelled"
    assert await family.value("SELECT count(*) FROM death_reports") == 0
    assert await family.value("SELECT count(*) FROM feed_files") == 0
    feed = await family.run("police.deaths", csv_of(DEATHS, death()))
    assert feed.status == "applied"
    with pytest.raises(FeedClosed):
        await family.apply(feed)
    back = await family.withdraw(await family.feed(feed_id))  # of which nothing was applied
    assert (back.status, back.restored, back.left_over) == ("withdrawn", 0, 0)
    assert await family.value("SELECT status FROM death_reports") == "reported"


async def test_a_refused_file_leaves_nothing_and_says_where(family: Office) -> None:
    broken = json_of(DEATHS, *[death() for _ in range(20)])[:-1] + b", {]"
    feed = await family.run("police.deaths", broken)
    assert (feed.status, feed.failure, feed.failure_line) == ("refused", "json", 1)
    assert counts(feed) == (0, 0, 0, 0, 0)
    assert await family.value("SELECT count(*) FROM feed_lines") == 0
    feed = await family.run("police.deaths", csv_of(DEATHS[:2], death()[:2]))
    assert (feed.failure, feed.failure_columns) == ("columns", ["死亡日期"])
    for empty in (csv_of(DEATHS), b"[]"):
        assert (await family.run("police.deaths", empty)).failure == "empty"
    for none in (b"", b"\xd0\xcf\x11\xe0old"):
        with pytest.raises(UnsupportedFile):
            await family.send("police.deaths", none)


async def test_a_city_sends_no_batch_and_a_township_only_its_own(family: Office) -> None:
    with pytest.raises(OutsideJurisdiction):
        await family.send("police.deaths", csv_of(DEATHS, death()), actor=make_actor(region="4203"))
    west = make_actor(region="420325101", sub="clerk-2")
    feed_id = await family.send("police.deaths", csv_of(DEATHS, death()), actor=west)
    await family.work()
    (line,) = await family.lines(await family.feed(feed_id))
    assert line.person_id is None  # she is the other township's, and stays unseen
    assert await family.value("SELECT region FROM death_reports") == "420325101"


async def test_what_is_stored_is_sealed(family: Office, cluster: Cluster) -> None:
    await family.send("police.deaths", csv_of(DEATHS, death()), dry_run=True)
    connection = await asyncpg.connect(cluster.owner("registry"))
    stored = str(await connection.fetch("SELECT * FROM feed_files"))
    await family.work()
    await family.run("police.identity-changes",
                     csv_of(CHANGES, [*WANG.values(), "王芬", "", "2025-05-01"]))  # fmt: skip
    stored += str(await connection.fetch("SELECT * FROM feed_lines"))
    await connection.close()
    for secret in WANG.values():
        assert secret not in stored
        assert secret.encode().hex() not in stored


async def test_lines_are_erased_after_thirty_days_unless_somebody_decides(family: Office) -> None:
    await family.run("police.deaths", csv_of(DEATHS, death(), death(CHEN, name="陈钢")))
    await family.run("police.deaths", csv_of(DEATHS, death(STRANGER)), dry_run=True)
    kept = "SELECT count(*) FROM feed_lines WHERE cells_sealed IS NOT NULL"
    await FeedWorker(family.database, SERVICE).sweep()
    assert await family.value(kept) == 3
    async with family.database.transaction(SERVICE) as tx:
        ago = timedelta(days=31)
        await tx.execute(
            "UPDATE feeds SET finished_at = finished_at - $1::interval,"
            " compared_at = compared_at - $1::interval",
            ago,
        )
    await FeedWorker(family.database, SERVICE).sweep()
    assert await family.value(kept) == 2  # the conflict's, and the dry run's until its own day
    assert await family.value("SELECT count(*) FROM feeds WHERE status = 'cancelled'") == 1
