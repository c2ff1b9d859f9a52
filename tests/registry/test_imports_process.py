"""Checking in a process of its own: its parent checks until that is up, and then never again."""

import asyncio
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from deploy.box.roster import write_csv, write_xlsx
from services.registry.imports.checking import Batch, Checking, CheckingStopped, Order
from services.registry.imports.checking_process import CheckingApart
from services.registry.imports.reasons import Reason
from shared.ids import new_id
from shared.testing import VAULT
from tests.registry.rosters import sample, start_and_wait

DAY = date(2026, 11, 22)
WRITERS: dict[str, Callable[..., Any]] = {"csv": write_csv, "xlsx": write_xlsx}


def order_of(kind: str) -> Order:
    return Order(kind, 0, 0, new_id(), DAY, DAY, "420325", VAULT, 20)


def lines_of(batches: list[Batch]) -> list[tuple[int, str]]:
    return [(each.number, each.said) for batch in batches for each in batch.good]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
async def test_the_child_goes_on_where_its_parent_was(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "roster"
    WRITERS[kind](sample(400), path)
    with path.open("rb") as file:
        alone = Checking(file, order_of(kind))
        expected = lines_of(list(iter(alone.next, None)))
    with path.open("rb") as file:
        checking = await CheckingApart.start(file)
        try:
            assert await checking.open(order_of(kind)) == alone.total
            first = await checking.next()
            assert first is not None
            await checking.up
            monkeypatch.delattr(Checking, "next")
            batches = [first]
            while batch := await checking.next():
                batches.append(batch)
        finally:
            await checking.close()
    assert lines_of(batches) == expected
    assert len(batches) > 5


async def test_codes_that_are_wrong_are_told_to_whoever_read_the_batch(tmp_path: Path) -> None:
    path = tmp_path / "roster"
    write_csv(sample(400), path)
    with path.open("rb") as file:
        checking = await CheckingApart.start(file)
        try:
            await checking.open(order_of("csv"))
            for up in (False, True):
                if up:
                    await checking.up
                batch = await checking.next()
                assert batch is not None
                code = sorted(batch.codes)[0]
                again = await checking.again({code: Reason.UNKNOWN_REGION})
                assert code not in again.codes
                assert len(again.good) < len(batch.good)
                assert (again.line, again.position) == (batch.line, batch.position)
        finally:
            await checking.close()


async def test_a_child_that_never_came_up_is_told(tmp_path: Path) -> None:
    path = tmp_path / "roster"
    write_csv(sample(400), path)
    with path.open("rb") as file:
        checking = await CheckingApart.start(file)
        checking._process.kill()
        await asyncio.wait([checking.up])
        try:
            with pytest.raises(CheckingStopped):
                await checking.open(order_of("csv"))
        finally:
            await checking.close()


async def test_a_child_that_is_up_reads_all_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "roster"
    write_csv(sample(400), path)
    monkeypatch.delattr(Checking, "__init__")
    with path.open("rb") as file:
        checking = await start_and_wait(file)
        try:
            await checking.open(order_of("csv"))
            assert await checking.next() is not None
        finally:
            await checking.close()


async def test_a_workbook_is_never_opened_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its texts would all lie in the service's memory."""
    path = tmp_path / "roster"
    write_xlsx(sample(400), path)
    monkeypatch.delattr(Checking, "__init__")
    with path.open("rb") as file:
        checking = await CheckingApart.start(file)
        try:
            assert not checking.up.done()
            await checking.open(order_of("xlsx"))
            assert await checking.next() is not None
        finally:
            await checking.close()
