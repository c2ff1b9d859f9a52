"""The worker against the database: interrupted, raced, cancelled, from other jurisdictions."""

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import IO, Any
from uuid import UUID

import asyncpg
import pytest

from deploy.box.roster import write_csv, write_xlsx
from services.registry.errors import ImportClosed
from services.registry.imports import job
from services.registry.imports import worker as worker_module
from services.registry.imports.checking import Checking, Order
from services.registry.imports.checking_process import CheckingApart
from services.registry.imports.handlers import accept_import, cancel_import, retry_import
from services.registry.imports.queries import get_import
from services.registry.imports.schemas import ImportKind
from services.registry.imports.worker import ImportWorker
from services.registry.imports.writing import look_around, write
from shared.actors import Actor, service_actor
from shared.db import Database
from shared.ids import new_id
from shared.problems import Unavailable
from shared.testing import VAULT, make_actor
from shared.usage import Purpose
from tests.conftest import Cluster
from tests.registry.rosters import cells, changed, csv_of, sample, start_and_wait, workbook
from tests.registry.samples import id_number

SERVICE = service_actor("registry", "county-420325", "420325")


async def _parts(content: bytes, size: int = 10_000) -> AsyncIterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


async def send(database: Database, content: bytes, actor: Actor | None = None) -> UUID:
    async with database.transaction(actor or make_actor(), purpose=Purpose.REGISTRATION) as tx:
        sent = await accept_import(ImportKind.ROSTER, None, _parts(content), tx)
        assert tx.called == {ImportWorker.kind}
        return sent.id


async def one(database: Database, query: str, *args: object) -> Any:
    async with database.transaction(SERVICE) as tx:
        return await tx.fetch_value(query, *args)


async def job_of(database: Database, import_id: UUID) -> dict[str, Any]:
    async with database.transaction(make_actor(region="42")) as tx:
        row = await tx.fetch_row("SELECT * FROM imports WHERE id = $1", import_id)
        assert row is not None
        return dict(row)


def file_of(tmp_path: Path, divisor: int) -> tuple[bytes, int]:
    lines = sample(divisor)
    write_csv(lines, tmp_path / "roster.csv")
    return (tmp_path / "roster.csv").read_bytes(), len(lines)


async def test_an_import_survives_any_number_of_interruptions(
    database: Database, tmp_path: Path
) -> None:
    content, lines = file_of(tmp_path, 100)
    import_id = await send(database, content)
    for _ in range(4):  # each time a worker dies in the middle
        before = (await job_of(database, import_id))["line"]
        worker = asyncio.create_task(ImportWorker(database, SERVICE, batch=50).work_once())
        while (await job_of(database, import_id))["line"] < before + 100:
            await asyncio.sleep(0)
        worker.cancel()
        with suppress(asyncio.CancelledError):
            await worker
        done = await job_of(database, import_id)
        assert done["status"] == "running"
        assert done["accepted"] == await one(database, "SELECT count(*) FROM persons")
    while await ImportWorker(database, SERVICE, batch=50).work_once():
        pass
    done = await job_of(database, import_id)
    assert (done["status"], done["lines_read"], done["accepted"]) == ("finished", lines, lines)
    assert await one(database, "SELECT count(*) FROM persons") == lines
    assert await one(database, "SELECT count(*) FROM import_files") == 0
    headless = "SELECT count(*) FROM households AS h WHERE 1 <> (SELECT count(*) FROM persons"
    headless += " WHERE household_id = h.id AND household_relation = '0')"
    assert await one(database, headless) == 0


async def test_two_workers_never_do_the_same_import(database: Database, tmp_path: Path) -> None:
    content, lines = file_of(tmp_path, 200)
    import_id = await send(database, content)
    workers = [ImportWorker(database, SERVICE, batch=100).work_once() for _ in range(3)]
    assert sorted(await asyncio.gather(*workers)) == [False, False, True]
    done = await job_of(database, import_id)
    assert (done["status"], done["accepted"]) == ("finished", lines)


async def test_two_imports_of_the_same_people_at_once(database: Database, tmp_path: Path) -> None:
    content, lines = file_of(tmp_path, 200)
    imports = [await send(database, content) for _ in range(2)]
    workers = [ImportWorker(database, SERVICE, batch=40) for _ in range(2)]
    await asyncio.gather(*(worker.work_once() for worker in workers))
    while await workers[0].work_once():
        pass
    done = [await job_of(database, each) for each in imports]
    assert [each["status"] for each in done] == ["finished", "finished"]
    assert sum(each["accepted"] for each in done) == lines
    assert sum(each["unchanged"] for each in done) == lines
    assert await one(database, "SELECT count(*) FROM persons") == lines


async def test_a_cancelled_import_stops_and_leaves_no_file(
    database: Database, tmp_path: Path
) -> None:
    content, lines = file_of(tmp_path, 100)
    import_id = await send(database, content)
    worker = asyncio.create_task(ImportWorker(database, SERVICE, batch=20).work_once())
    while not (await job_of(database, import_id))["line"]:
        await asyncio.sleep(0)
    async with database.transaction(make_actor()) as tx:
        await cancel_import(import_id, tx)
    assert await worker
    done = await job_of(database, import_id)
    assert done["status"] == "cancelled"
    assert done["accepted"] == await one(database, "SELECT count(*) FROM persons") < lines
    assert await one(database, "SELECT count(*) FROM import_files") == 0
    assert not await ImportWorker(database, SERVICE).work_once()


@pytest.mark.parametrize(
    "closing", ["dwellings SET closed_for = 'demolished', closed_on =", "rooms SET closed_on ="]
)
async def test_nobody_is_entered_into_a_home_that_stands_no_more(
    database: Database, closing: str
) -> None:
    home = {"房屋编号": "D-1", "房间号": "101", "房屋用途": "自住"}
    first = await send(database, csv_of(cells(**home)))
    worker = ImportWorker(database, SERVICE)
    while await worker.work_once():
        pass
    async with database.transaction(make_actor()) as tx:
        await tx.execute(f"UPDATE {closing} $1", tx.today)
    late = await send(database, csv_of(cells(**home, 户号="H-9", 身份证号=other(127))))
    while await worker.work_once():
        pass
    assert (await job_of(database, first))["accepted"] == 1
    assert (await job_of(database, late))["accepted"] == 0
    async with database.transaction(make_actor()) as tx:
        assert await tx.fetch_value("SELECT code FROM import_rejects") == "home-closed"


async def test_what_another_township_holds_is_refused_and_stays_unseen(
    database: Database,
) -> None:
    east = make_actor(region="420325100")
    west = make_actor(region="420325101", sub="clerk-2")
    here = cells(户号="H-2", 户籍地="420325101001", 居住地="420325101001")
    await send(database, csv_of(cells()), east)
    theirs = [here, cells(户籍地="420325101001", 居住地="420325101001", 身份证号=other(125))]
    import_id = await send(database, csv_of(*theirs), west)
    worker = ImportWorker(database, SERVICE)
    while await worker.work_once():
        pass
    done = await job_of(database, import_id)
    assert (done["accepted"], done["rejected"]) == (0, 2)
    async with database.transaction(west) as tx:
        codes = await tx.fetch("SELECT code FROM import_rejects ORDER BY line")
        assert [row["code"] for row in codes] == ["already-registered", "household-elsewhere"]
        assert await tx.fetch_value("SELECT count(*) FROM persons") == 0
    async with database.transaction(east) as tx:
        assert await tx.fetch_value("SELECT count(*) FROM imports") == 1


def other(order: int) -> str:
    return id_number(f"42032519900101{order + order % 2}")


async def test_a_city_clerk_imports_into_a_county(database: Database) -> None:
    import_id = await send(database, csv_of(cells()), make_actor(region="4203"))
    assert await ImportWorker(database, SERVICE).work_once()
    assert (await job_of(database, import_id))["accepted"] == 1


async def test_the_stored_file_is_sealed(database: Database, cluster: Cluster) -> None:
    await send(database, csv_of(cells()))
    connection = await asyncpg.connect(cluster.owner("registry"))
    stored = await connection.fetchval("SELECT content_sealed FROM import_files")
    await connection.close()
    assert "王芳".encode() not in stored
    assert id_number().encode() not in stored


async def test_a_workbook_gives_the_same_people_as_a_csv_file(
    database: Database, tmp_path: Path
) -> None:
    content, lines = file_of(tmp_path, 400)
    write_xlsx(sample(400), tmp_path / "roster.xlsx")
    worker = ImportWorker(database, SERVICE)
    await send(database, (tmp_path / "roster.xlsx").read_bytes())
    assert await worker.work_once()
    import_id = await send(database, content)
    assert await worker.work_once()
    done = await job_of(database, import_id)
    assert (done["accepted"], done["unchanged"], done["rejected"]) == (0, lines, 0)


async def test_a_workbook_that_breaks_off_fails_and_keeps_what_was_taken_in(
    database: Database,
) -> None:
    def fill(sheet: Any) -> None:
        for n in range(1, 3_000):
            sheet.write_row(n, 0, cells(户号=f"H-{n}", 身份证号="", 手机号=""))

    sheet = "xl/worksheets/sheet1.xml"
    book = changed(workbook(fill), sheet, lambda content: content[: len(content) * 2 // 3])
    import_id = await send(database, book)
    worker = ImportWorker(database, SERVICE, batch=500)
    assert await worker.work_once()
    failed = await job_of(database, import_id)
    assert (failed["status"], failed["failure"]) == ("failed", "unreadable")
    assert 0 < failed["accepted"] <= 2_000
    assert await one(database, "SELECT count(*) FROM persons") == failed["accepted"]
    assert await one(database, "SELECT count(*) FROM import_files") == 0
    assert not await worker.work_once()


async def test_cells_of_refused_lines_are_erased_after_thirty_days(database: Database) -> None:
    await send(database, csv_of(cells(姓名="")))
    worker = ImportWorker(database, SERVICE)
    await worker.work_once()
    kept = "SELECT count(*) FROM import_rejects WHERE cells_sealed IS NOT NULL"
    await worker.sweep()
    assert await one(database, kept) == 1
    async with database.transaction(SERVICE) as tx:
        await tx.execute("UPDATE imports SET finished_at = finished_at - interval '31 days'")
    await ImportWorker(database, SERVICE).sweep()
    assert await one(database, kept) == 0


async def spoil(cluster: Cluster) -> None:
    connection = await asyncpg.connect(cluster.owner("registry"))
    await connection.execute("UPDATE import_files SET content_sealed = 'x'")
    await connection.close()


async def test_a_damaged_file_fails_at_once_and_holds_up_no_other(
    database: Database, cluster: Cluster
) -> None:
    broken = await send(database, csv_of(cells()))
    await spoil(cluster)
    good = await send(database, csv_of(cells()))
    worker = ImportWorker(database, SERVICE)
    while await worker.work_once():
        pass
    assert (await job_of(database, good))["status"] == "finished"
    failed = await job_of(database, broken)
    assert (failed["status"], failed["failure"]) == ("failed", "damaged")
    assert failed["error"] == "SealBroken"


async def test_an_import_is_tried_again_a_few_times_and_then_given_up(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_id = await send(database, csv_of(cells()))

    async def stumble(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patched:
        patched.setattr(job, "look_around", stumble)
        for attempt in range(1, worker_module.ATTEMPTS + 1):
            assert await ImportWorker(database, SERVICE).work_once()
            assert not await ImportWorker(database, SERVICE).work_once()  # not before its time
            stuck = await job_of(database, import_id)
            assert stuck["attempts"] == attempt
            async with database.transaction(SERVICE) as tx:
                await tx.execute("UPDATE imports SET next_attempt_at = now()")
    assert (stuck["status"], stuck["failure"]) == ("failed", "given-up")
    assert not await ImportWorker(database, SERVICE).work_once()
    async with database.transaction(make_actor()) as tx:
        view = await get_import(import_id, "zh", tx)
        assert view.failure is not None
        assert "可以重试" in view.failure.reason
        await retry_import(import_id, tx)
        assert tx.called == {ImportWorker.kind}
    assert await ImportWorker(database, SERVICE).work_once()
    done = await job_of(database, import_id)
    assert (done["status"], done["accepted"], done["failure"]) == ("finished", 1, None)
    async with database.transaction(make_actor()) as tx:
        with pytest.raises(ImportClosed):
            await retry_import(import_id, tx)


async def test_an_outage_is_not_the_imports_fault(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_id = await send(database, csv_of(cells()))

    async def away(*_: object, **__: object) -> None:
        raise Unavailable

    monkeypatch.setattr(job, "look_around", away)
    with pytest.raises(Unavailable):
        await ImportWorker(database, SERVICE).work_once()
    assert (await job_of(database, import_id))["attempts"] == 0


async def test_an_interrupted_process_of_checking_is_taken_up_again(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job, "WORTH_A_PROCESS", 1)
    content, lines = file_of(tmp_path, 200)
    import_id = await send(database, content)
    children: list[asyncio.subprocess.Process] = []

    async def remembered(file: IO[bytes]) -> CheckingApart:
        checking = await start_and_wait(file)
        children.append(checking._process)
        return checking

    monkeypatch.setattr(CheckingApart, "start", remembered)
    worker = asyncio.create_task(ImportWorker(database, SERVICE, batch=40).work_once())
    while not (await job_of(database, import_id))["line"]:
        await asyncio.sleep(0)
    children[0].kill()
    assert await worker
    stuck = await job_of(database, import_id)
    assert (stuck["status"], stuck["error"], stuck["attempts"]) == ("running", "CheckingStopped", 1)
    assert stuck["accepted"] == await one(database, "SELECT count(*) FROM persons") < lines
    async with database.transaction(SERVICE) as tx:
        await tx.execute("UPDATE imports SET next_attempt_at = now()")
    assert await ImportWorker(database, SERVICE).work_once()
    assert (await job_of(database, import_id))["accepted"] == lines
    assert all(child.returncode is not None for child in children)


async def test_two_imports_enter_somebody_without_papers_once(database: Database) -> None:
    await send(database, csv_of(cells()))
    worker = ImportWorker(database, SERVICE)
    assert await worker.work_once()
    child = cells(姓名="王小小", 身份证号="", 出生日期="2024-03-04", 与户主关系="3")
    imports = [await send(database, csv_of(child)) for _ in range(2)]
    await asyncio.gather(*(ImportWorker(database, SERVICE).work_once() for _ in range(2)))
    done = [await job_of(database, each) for each in imports]
    assert sorted((each["accepted"], each["unchanged"]) for each in done) == [(0, 1), (1, 0)]
    assert await one(database, "SELECT count(*) FROM persons") == 2


async def test_what_a_batch_names_is_never_looked_for_in_whole_tables(
    database: Database, tmp_path: Path
) -> None:
    """However small the tables were when somebody last counted: they grow under the import."""
    content, lines = file_of(tmp_path, 400)
    await send(database, content)
    assert await ImportWorker(database, SERVICE).work_once()
    day = date(2026, 11, 22)
    order = Order("csv", 0, 0, new_id(), day, day, "420325", VAULT)
    batch = Checking(io.BytesIO(content), order).next()
    assert batch is not None
    async with database.transaction(make_actor()) as tx:
        around = await look_around(batch.good, (), tx)
        scanned = await tx.fetch(
            "SELECT relname FROM pg_stat_xact_user_tables WHERE seq_scan > 0"
            " AND relname IN ('persons', 'households', 'residences', 'dwellings', 'rooms')"
        )
    assert len(around.persons) + len(around.members) >= lines
    assert scanned == []


async def test_batches_that_a_power_cut_took_back_are_done_again(
    database: Database, cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their commits do not wait for the disk; with them goes the place in the file behind them."""
    content, lines = file_of(tmp_path, 200)
    import_id = await send(database, content)
    batches = 0

    async def write_in_the_dark(*args: Any, **how: Any) -> None:
        nonlocal batches
        batches += 1
        if batches == 3:
            connection = await asyncpg.connect(cluster.owner("registry"))
            await connection.execute(
                "UPDATE imports SET lines_read = 0, accepted = 0, line = 0, position = 0;"
                " DELETE FROM residences; DELETE FROM persons; DELETE FROM rooms;"
                " DELETE FROM dwellings; DELETE FROM households; DELETE FROM changes"
            )
            await connection.close()
            raise Unavailable
        await write(*args, **how)

    monkeypatch.setattr(job, "write", write_in_the_dark)
    worker = ImportWorker(database, SERVICE, batch=100)
    with pytest.raises(Unavailable):
        await worker.work_once()
    assert (await job_of(database, import_id))["status"] == "running"
    assert await one(database, "SELECT count(*) FROM persons") == 0
    assert await worker.work_once()
    done = await job_of(database, import_id)
    assert (done["status"], done["lines_read"], done["accepted"]) == ("finished", lines, lines)
    assert await one(database, "SELECT count(*) FROM persons") == lines


async def test_batches_do_not_wait_for_the_disk_and_the_end_does(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content, _ = file_of(tmp_path, 400)
    await send(database, content)
    said: list[str] = []

    def noting(name: str) -> None:
        step = getattr(job, name)

        async def noted(*args: Any, **how: Any) -> object:
            source = "SELECT source FROM pg_settings WHERE name = 'synchronous_commit'"
            said.append(f"{name} {await args[-1].fetch_value(source)}")
            return await step(*args, **how)

        monkeypatch.setattr(job, name, noted)

    noting("advance")
    noting("close")
    assert await ImportWorker(database, SERVICE, batch=100).work_once()
    assert set(said[:-1]) == {"advance session"}
    assert said[-1] == "close command line"


async def test_progress_tells_percent_and_rate_and_end(database: Database, tmp_path: Path) -> None:
    content, lines = file_of(tmp_path, 200)
    import_id = await send(database, content)
    worker = asyncio.create_task(ImportWorker(database, SERVICE, batch=40).work_once())
    while not (await job_of(database, import_id))["line"]:
        await asyncio.sleep(0)
    worker.cancel()
    with suppress(asyncio.CancelledError):
        await worker
    async with database.transaction(make_actor()) as tx:
        await tx.execute("UPDATE imports SET resumed_at = resumed_at - interval '10 seconds'")
    async with database.transaction(make_actor()) as tx:
        view = await get_import(import_id, "zh", tx)
    assert 0 < view.percent < 100
    assert view.lines_per_second is not None
    assert view.lines_per_second <= lines / 10
    assert view.estimated_end is not None
    assert view.estimated_end > tx.now
