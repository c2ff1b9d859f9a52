"""The worker against the database: interrupted, in turn with others, cancelled, failing."""

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from services.migrant.filings import kinds as our_kinds
from services.migrant.filings.kinds import KINDS
from shared.actors import Actor, service_actor
from shared.commands import Command
from shared.db import Database, Tx
from shared.filings import carrying
from shared.filings import worker as worker_module
from shared.filings.errors import FiledElsewhere, FilingClosed
from shared.filings.handlers import accept_filing, cancel_filing, retry_filing
from shared.filings.kinds import AnyKind
from shared.filings.queries import get_filing, get_rejects
from shared.filings.rules import ATTEMPTS, KEEP_CELLS
from shared.filings.schemas import SheetFormat
from shared.filings.worker import FilingWorker
from shared.problems import Unavailable
from shared.testing import EVENT_VAULT, VAULT, make_actor
from shared.usage import Purpose
from tests.conftest import Cluster
from tests.migrant.filing_samples import ARRIVALS, arrival, csv_of
from tests.migrant.samples import clerk

SERVICE = service_actor("migrant", "county-420325", "420325")
CLERK = clerk()


class Sheet:
    """A file as the door hands it over."""

    def __init__(self, content: bytes) -> None:
        self._file = io.BytesIO(content)

    async def read(self, size: int = -1) -> bytes:
        return self._file.read(size)

    async def seek(self, offset: int) -> None:
        self._file.seek(offset)


@pytest.fixture
async def database(cluster: Cluster) -> AsyncIterator[Database]:
    """An emptied migrant database, without the service around it."""
    dsn = await cluster.database("migrant")
    await cluster.empty("migrant")
    database = await Database.connect(
        dsn, size=6, vault=VAULT, event_vault=EVENT_VAULT, source="/test"
    )
    yield database
    await database.close()


async def send(
    database: Database, content: bytes, actor: Actor = CLERK, *, dry_run: bool = False
) -> UUID:
    async with database.transaction(actor, purpose=Purpose.REGISTRATION) as tx:
        sent = await accept_filing(KINDS["arrivals"], Sheet(content), dry_run, tx)
        assert tx.called == (set() if sent.already_filed else {FilingWorker.kind})
        return sent.id


async def one(database: Database, query: str, *args: object) -> Any:
    async with database.transaction(SERVICE) as tx:
        return await tx.fetch_value(query, *args)


async def state(database: Database, filing_id: UUID) -> dict[str, Any]:
    async with database.transaction(make_actor(region="42")) as tx:
        row = await tx.fetch_row("SELECT * FROM filings WHERE id = $1", filing_id)
        assert row is not None
        return dict(row)


async def change(database: Database, query: str, *args: object) -> None:
    async with database.transaction(SERVICE) as tx:
        await tx.execute(query, *args)


def worker_of(database: Database) -> FilingWorker:
    return FilingWorker(database, SERVICE, KINDS)


def sheet(lines: int, **overrides: str) -> bytes:
    return csv_of(ARRIVALS, *(arrival(**overrides) for _ in range(lines)))


async def test_a_filing_survives_any_number_of_interruptions(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(carrying, "BATCH", 5)
    filing_id = await send(database, sheet(60))
    for _ in range(4):  # each time a worker dies in the middle
        before = (await state(database, filing_id))["line"]
        worker = asyncio.create_task(worker_of(database).work_once())
        while (await state(database, filing_id))["line"] < before + 5:
            await asyncio.sleep(0)
        worker.cancel()
        with suppress(asyncio.CancelledError):
            await worker
        now = await state(database, filing_id)
        assert now["status"] == "running"
        assert now["accepted"] == await one(database, "SELECT count(*) FROM arrivals")
        assert now["accepted"] == await one(database, "SELECT count(*) FROM filing_lines")
    while await worker_of(database).work_once():
        pass
    done = await state(database, filing_id)
    assert (done["status"], done["accepted"], done["refused"]) == ("finished", 60, 0)
    assert await one(database, "SELECT count(*) FROM outbox") == 60


async def test_several_workers_never_do_a_line_twice(database: Database) -> None:
    ids = [await send(database, sheet(40)) for _ in range(3)]
    worked = await asyncio.gather(*(worker_of(database).work_once() for _ in range(3)))
    assert worked == [True] * 3
    assert [(await state(database, each))["accepted"] for each in ids] == [40] * 3
    assert not await worker_of(database).work_once()


async def test_a_short_sheet_does_not_wait_for_a_long_one(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_module, "SLICE", 50)
    long, short = await send(database, sheet(150)), await send(database, sheet(3))
    worker = worker_of(database)
    assert await worker.work_once()
    assert (await state(database, long))["accepted"] == 50
    assert await worker.work_once()
    assert (await state(database, short))["status"] == "finished"
    while await worker.work_once():
        pass
    done = await state(database, long)
    assert (done["status"], done["accepted"], done["total"]) == ("finished", 150, 150)


async def test_a_dry_run_in_slices_remembers_what_came_before(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_module, "SLICE", 50)
    twice, outside = arrival(), arrival(现居住地区划代码="420381100001")
    lines = [twice, outside, *(arrival() for _ in range(118)), outside, twice]
    filing_id = await send(database, csv_of(ARRIVALS, *lines), dry_run=True)
    slices = 0
    while await worker_of(database).work_once():
        slices += 1
    done = await state(database, filing_id)
    assert (slices, done["status"]) == (3, "finished")
    assert (done["accepted"], done["already"], done["refused"]) == (119, 1, 2)
    assert await one(database, "SELECT count(*) FROM people") == 0


async def test_a_cancelled_filing_stops_and_what_was_filed_stands(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(carrying, "BATCH", 5)
    filing_id = await send(database, sheet(60))
    worker = asyncio.create_task(worker_of(database).work_once())
    while (await state(database, filing_id))["line"] < 10:
        await asyncio.sleep(0)
    async with database.transaction(CLERK) as tx:
        assert (await cancel_filing(filing_id, tx)).status == "cancelled"
    await worker
    done = await state(database, filing_id)
    assert (done["status"], done["attempts"]) == ("cancelled", 0)
    assert 5 <= done["accepted"] < 60
    assert done["accepted"] == await one(database, "SELECT count(*) FROM arrivals")
    assert await one(database, "SELECT count(*) FROM filing_parts") == 0
    async with database.transaction(CLERK) as tx:
        with pytest.raises(FilingClosed):
            await cancel_filing(filing_id, tx)
    again = await send(database, sheet(1))
    assert again != filing_id


class Faulty(our_kinds.Arrivals):
    """Goes wrong at one name, until it is mended."""

    broken = True

    async def file(self, command: Any, tx: Tx) -> UUID:
        made = await super().file(command, tx)
        if self.broken and command.name == "坏行":
            raise ZeroDivisionError("刘小梅 must not be logged")
        return made


async def test_a_filing_that_cannot_go_on_fails_and_goes_on_when_it_is_mended(
    database: Database, capfd: pytest.CaptureFixture[str]
) -> None:
    kind = Faulty()
    kinds: dict[str, AnyKind] = {"arrivals": kind}
    lines = [arrival() for _ in range(60)]
    lines[55] = arrival(姓名="坏行")
    filing_id = await send(database, csv_of(ARRIVALS, *lines))
    worker = FilingWorker(database, SERVICE, kinds)
    for attempt in range(1, ATTEMPTS + 1):
        assert await worker.work_once()
        now = await state(database, filing_id)
        assert (now["attempts"], now["error"]) == (attempt, "ZeroDivisionError")
        assert now["accepted"] == 50  # the lines before its own few
        assert not await worker.work_once()  # it rests
        await change(database, "UPDATE filings SET next_attempt_at = NULL")
    assert (now["status"], now["failure"]) == ("failed", "given-up")
    assert await one(database, "SELECT count(*) FROM arrivals") == 50
    logged = capfd.readouterr()
    assert "刘小梅" not in logged.out + logged.err
    kind.broken = False
    async with database.transaction(CLERK) as tx:
        assert (await get_filing(filing_id, "zh", tx)).failure is not None
        assert (await retry_filing(filing_id, tx)).status == "running"
        assert tx.called == {FilingWorker.kind}
    assert await worker.work_once()
    now = await state(database, filing_id)
    assert (now["status"], now["accepted"], now["failure"]) == ("finished", 60, None)
    async with database.transaction(CLERK) as tx:
        with pytest.raises(FilingClosed):
            await retry_filing(filing_id, tx)


async def test_an_outage_is_waited_out_and_counts_as_no_failure(database: Database) -> None:
    class Away(our_kinds.Arrivals):
        async def file(self, command: Command, tx: Tx) -> UUID:
            raise Unavailable()

    filing_id = await send(database, sheet(3))
    with pytest.raises(Unavailable):
        await FilingWorker(database, SERVICE, {"arrivals": Away()}).work_once()
    assert (await state(database, filing_id))["attempts"] == 0
    assert await worker_of(database).work_once()
    assert (await state(database, filing_id))["accepted"] == 3


async def test_a_damaged_file_is_given_up_at_once(database: Database) -> None:
    filing_id = await send(database, sheet(3))
    await change(
        database, "INSERT INTO filing_parts VALUES ($1, 1, $2)", filing_id, b"\x01" + bytes(40)
    )
    assert await worker_of(database).work_once()
    now = await state(database, filing_id)
    assert (now["status"], now["failure"]) == ("failed", "damaged")


async def test_somebody_else_filing_the_same_at_this_moment(database: Database) -> None:
    """The line finds her there at the second look; nothing of it is left from the first."""

    class Beaten(our_kinds.Arrivals):
        first = True

        async def file(self, command: Any, tx: Tx) -> UUID:
            if self.first:
                Beaten.first = False
                await super().file(command, tx)
                await tx.execute("INSERT INTO merged_people VALUES ($1, $1)", CLASH)
            return await super().file(command, tx)

    CLASH = UUID(int=7)
    filing_id = await send(database, sheet(1))
    assert await FilingWorker(database, SERVICE, {"arrivals": Beaten()}).work_once()
    now = await state(database, filing_id)
    assert (now["accepted"], now["refused"]) == (1, 0)
    assert await one(database, "SELECT count(*) FROM arrivals") == 1
    assert await one(database, "SELECT count(*) FROM outbox") == 1


async def test_lines_are_filed_under_the_filers_own_jurisdiction_and_rights(
    database: Database,
) -> None:
    township = clerk(region="420325101", org="office-101")
    lines = [arrival(), arrival(现居住地区划代码="420325101002")]
    filing_id = await send(database, csv_of(ARRIVALS, *lines), township)
    assert await worker_of(database).work_once()
    now = await state(database, filing_id)
    assert (now["accepted"], now["refused"]) == (1, 1)
    assert now["scopes"] == ["migrant:write"]
    assert await one(database, "SELECT region FROM arrivals") == "420325101002"
    for region, visible in (("420325101", 1), ("420325100", 0), ("4203", 1), ("430", 0)):
        async with database.transaction(make_actor(region=region)) as tx:
            for table in ("filings", "filing_lines"):
                seen = await tx.fetch_value(f"SELECT count(DISTINCT t.*) FROM {table} AS t")
                assert bool(seen) == bool(visible)


async def test_a_file_that_the_office_filed_elsewhere_in_the_county(database: Database) -> None:
    content = sheet(1)
    await send(database, content, clerk(region="420325100"))
    with pytest.raises(FiledElsewhere):
        await send(database, content, clerk(region="420325101"))
    other = await send(database, content, clerk(region="420325101", org="office-101"))
    assert (await state(database, other))["status"] == "waiting"


async def test_what_was_kept_long_enough_is_erased(database: Database) -> None:
    bad = sheet(2, 姓名="")
    filing_id = await send(database, bad)
    worker = worker_of(database)
    assert await worker.work_once()

    async def kept() -> tuple[int, int]:
        cells = "SELECT count(*) FROM filing_lines WHERE cells_sealed IS NOT NULL"
        parts = "SELECT count(*) FROM filing_parts"
        return await one(database, cells), await one(database, parts)

    failed = await send(database, sheet(1))
    age = "UPDATE filings SET status = $2, finished_at = now() - $3::interval WHERE id = $1"
    await change(database, age, failed, "failed", KEEP_CELLS - timedelta(hours=1))
    await change(database, age, filing_id, "finished", KEEP_CELLS - timedelta(hours=1))
    await worker.tidy()
    assert await kept() == (2, 1)
    await change(database, age, failed, "failed", KEEP_CELLS + timedelta(hours=1))
    await change(database, age, filing_id, "finished", KEEP_CELLS + timedelta(hours=1))
    await worker.tidy()
    assert await kept() == (0, 0)
    async with database.transaction(CLERK) as tx:
        given = await get_rejects(filing_id, KINDS, SheetFormat.CSV, None, tx)
        assert "必填".encode() in given.content
        with pytest.raises(FilingClosed):
            await retry_filing(failed, tx)
    assert await send(database, bad) == filing_id  # it is remembered as filed
