"""A year of department feeds for a county: `python -m tests.bench.feeds --people 1000000`.

The register is filled with made-up people; four departments send a batch a month for a year, as
files, through the API of a registry in a process of its own, one after the other as they would
come. Every batch is compared and applied. Measured: seconds and lines of each batch, and the most
memory the registry's process had.

Volume: each department sends lines about 0.8 % of the people a month, which is more than a county
has events: at Chinese rates of 2024 a month brings marriages and divorces of about 0.15 %, deaths
0.07 %, births 0.06 %, moves of household registers 0.1 to 0.3 %; the rest stands for school places,
which come in September, spread over the year. Of a batch, 80 % are new, 10 % repeat what an earlier
batch said, 5 % contradict the register (another name), 3 % are of nobody here, 2 % have a wrong
check digit.
"""

import argparse
import asyncio
import csv
import io
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from statistics import median

import asyncpg
import httpx

from shared.clock import today
from tests.bench import people
from tests.bench.machine import describe, forget_peak_memory, peak_memory
from tests.bench.stand import Served, Stand, fill, stand

SHARE = 0.008  # lines a month and department for each person of the register
_SLICE = 100_000
_BLOCK = 18_000  # so many people in a row have one sequence number, and so one sex
_NEXT = "420325100002"
_TOWN = ((_NEXT, "西街社区"), ("420325101", "军店镇"), ("420325101001", "军店社区"))
Row = list[str]


@dataclass(frozen=True)
class Department:
    """A profile, its header, and a line of it about somebody, by her number and a name."""

    profile: str
    header: Row
    line: Callable[[int, str, date], Row]


def _couple(number: int, name: str, day: date) -> Row:
    other = number + 1
    return [
        *("结婚", day.isoformat(), name, people.id_number(number)),
        *(people.name(other), people.id_number(other)),
    ]


def _school(number: int, name: str, day: date) -> Row:
    return [name, people.id_number(number), f"{day:%Y%m%d}", "东街社区"]


def _move(number: int, name: str, day: date) -> Row:
    return [name, people.id_number(number), f"{day.year}年{day.month}月{day.day}日", _NEXT, ""]


def _birth(number: int, name: str, day: date) -> Row:
    return [f"{day:%Y/%m/%d}", "女", name, people.id_number(number)]


def _woman(number: int) -> int:
    """Numbers of women stand together: the next block is theirs."""
    return number if people.sex(number) == "2" else number + _BLOCK


DEPARTMENTS = (
    Department(
        "civil-affairs.marriages",
        ["业务类型", "登记日期", "男方姓名", "男方身份证号", "女方姓名", "女方身份证号"],
        _couple,
    ),
    Department(
        "education.enrolments", ["学生姓名", "学生身份证号", "入学日期", "学校所在地"], _school
    ),
    Department(
        "police.hukou-moves", ["姓名", "公民身份号码", "迁移日期", "迁入地", "迁出地"], _move
    ),
    Department("health.births", ["出生日期", "性别", "母亲姓名", "母亲身份证号"], _birth),
)


@dataclass
class Sender:
    """One department over the year: who it has spoken of already."""

    department: Department
    people: int
    rng: random.Random
    next: int
    said: list[Row] = field(default_factory=list)

    def batch(self, day: date) -> bytes:
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(self.department.header)
        writer.writerows(self._lines(max(20, int(self.people * SHARE)), day))
        return text.getvalue().encode("gb18030")

    def _lines(self, count: int, day: date) -> Iterator[Row]:
        fresh: list[Row] = []
        for _ in range(count):
            drawn = self.rng.random()
            if drawn < 0.10 and self.said:
                yield self.rng.choice(self.said)
                continue
            number, self.next = self.next, self.next + 2
            if 0.10 <= drawn < 0.13:  # of nobody here
                number += self.people
            if self.department.profile == "health.births":
                number = _woman(number)
            name = "张" + people.RARE[number % 7] if drawn >= 0.95 else people.name(number)
            row = self.department.line(number, name, day)
            if 0.93 <= drawn < 0.95:
                row = [cell[:-1] + "?" if len(cell) == 18 else cell for cell in row]
            elif drawn < 0.93:
                fresh.append(row)
            yield row
        self.said = (self.said + fresh)[-20_000:]


@dataclass(frozen=True)
class Measured:
    """One batch: how long it took, and what it came to."""

    profile: str
    month: str
    seconds: float
    counts: dict[str, int]


async def _send(
    client: httpx.AsyncClient, department: Department, month: date, content: bytes
) -> Measured:
    started = time.perf_counter()
    answer = await client.post(
        "/feeds",
        data={"profile": department.profile, "month": f"{month:%Y-%m}", "dry_run": "false"},
        files={"file": ("feed.csv", content)},
    )
    feed = answer.raise_for_status().json()["id"]
    while True:
        view = (await client.get(f"/feeds/{feed}")).raise_for_status().json()
        if view["status"] == "applied":
            break
        if view["status"] not in ("waiting", "comparing", "applying"):
            raise RuntimeError(f"the batch ended as {view}")
        await asyncio.sleep(0.1)
    names = ("lines_read", "new", "changed", "unchanged", "conflicting", "rejected")
    counts = {name: view[name] for name in names}
    return Measured(department.profile, f"{month:%Y-%m}", time.perf_counter() - started, counts)


def _months(count: int) -> list[date]:
    """The first days of the months before this one, the earliest first."""
    now = today().year * 12 + today().month - 1
    return [date(*_year_month(each)) for each in range(now - count, now)]


def _year_month(number: int) -> tuple[int, int, int]:
    return number // 12, number % 12 + 1, 1


async def _prepare(made: Stand, count: int) -> None:
    connection = await asyncpg.connect(made.owner)
    await connection.executemany(
        "INSERT INTO regions (code, name, level, parent, source) VALUES ($1, $2, $3, $4, 'bench')"
        " ON CONFLICT (code) DO NOTHING",
        [
            (code, name, "township" if len(code) == 9 else "village", code[: len(code) - 3])
            for code, name in _TOWN
        ],
    )
    await connection.close()
    for first in range(0, count, _SLICE):
        await fill(made.owner, first, min(_SLICE, count - first))


async def _year(registry: Served, made: Stand, asked: argparse.Namespace) -> list[Measured]:
    senders = [
        Sender(department, asked.people, random.Random(at), at * asked.people // 4)
        for at, department in enumerate(DEPARTMENTS)
    ]
    found = []
    base = f"http://127.0.0.1:{registry.port}/registry/v1"
    async with httpx.AsyncClient(base_url=base, timeout=120) as client:
        for month in _months(asked.months):
            client.headers.update(made.headers())  # tokens last an hour
            for sender in senders:
                content = await asyncio.to_thread(sender.batch, month)
                found.append(await _send(client, sender.department, month, content))
                print(_said(found[-1], peak_memory(registry.pid)), flush=True)
    return found


def _said(one: Measured, memory: float) -> str:
    counts = ", ".join(f"{name} {count:,}" for name, count in one.counts.items())
    return f"{one.month} {one.profile}: {one.seconds:.1f} s; {counts}; peak {memory:.0f} MiB"


def _summary(found: list[Measured], memory: list[float], asked: argparse.Namespace) -> str:
    lines = sum(one.counts["lines_read"] for one in found)
    seconds = sum(one.seconds for one in found)
    parts = [
        f"{asked.people:,} people, {asked.months} months x {len(DEPARTMENTS)} departments:"
        f" {len(found)} batches, {lines:,} lines in {seconds:,.0f} s ({lines / seconds:,.0f}/s);"
        f" peak memory of the registry's process {memory[0]:.0f} MiB after start,"
        f" {memory[1]:.0f} MiB over the year.",
    ]
    for department in DEPARTMENTS:
        own = [one for one in found if one.profile == department.profile]
        rate = median(one.counts["lines_read"] / one.seconds for one in own)
        parts.append(
            f"{department.profile}: median {median(one.seconds for one in own):.1f} s a batch,"
            f" {rate:,.0f} lines/s; first {own[0].seconds:.1f} s, last {own[-1].seconds:.1f} s"
        )
    return "\n".join([*parts, describe()])


async def _run(asked: argparse.Namespace) -> str:
    with tempfile.TemporaryDirectory(prefix="yipan-feeds-") as folder:
        async with stand(Path(folder), 1) as made:
            started = time.perf_counter()
            await _prepare(made, asked.people)
            print(f"{asked.people:,} people entered in {time.perf_counter() - started:.0f} s")
            async with made.service("registry") as registry:
                forget_peak_memory(registry.pid)
                before = peak_memory(registry.pid)
                found = await _year(registry, made, asked)
                return _summary(found, [before, peak_memory(registry.pid)], asked)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.feeds", description=__doc__)
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--months", type=int, default=12)
    print(asyncio.run(_run(parser.parse_args())))


if __name__ == "__main__":
    main()
