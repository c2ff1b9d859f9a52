"""Made-up batches of departments, and a registry with a worker to send them to."""

import io
import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import httpx
import xlsxwriter

from services.registry.feeds.handlers import accept_feed, apply_feed, withdraw_feed
from services.registry.feeds.models import Feed, FeedLine
from services.registry.feeds.worker import FeedWorker
from services.registry.persons.handlers import register_person
from services.registry.persons.schemas import RegisterPerson
from shared.actors import Actor, service_actor
from shared.db import Database
from shared.testing import make_actor
from shared.usage import Purpose
from tests.registry.places import number

SERVICE = service_actor("registry", "county-420325", "420325")
EAST, WEST, NORTH = "420325100001", "420325100002", "420325101001"
CITY = "330106"

WANG = {"name": "王芳", "id_number": number("19900101", 112)}
CHEN = {"name": "陈刚", "id_number": number("19890101", 111)}
CHILD = {"name": "陈小宝", "id_number": number("20150601", 113)}
STRANGER = {"name": "李四", "id_number": number("19700101", 115)}

DEATHS = ("姓名", "公民身份号码", "死亡日期")
MOVES = ("姓名", "公民身份号码", "迁移日期", "迁入地", "迁出地")
SCHOOL = ("学生姓名", "学生身份证号", "入学日期", "学校所在地")
WEDDINGS = (
    *("业务类型", "登记日期", "男方姓名", "男方身份证号", "男方户籍地"),
    *("女方姓名", "女方身份证号", "女方户籍地"),
)
BIRTHS = ("新生儿出生日期", "性别", "新生儿姓名", "母亲姓名", "母亲身份证号")
CHANGES = ("原姓名", "原身份证号", "变更后姓名", "新身份证号", "变更日期")
JABS = ("儿童姓名", "出生日期", "接种日期", "接种地", "儿童身份证号", "母亲身份证号")


def csv_of(headers: Iterable[str], *lines: Iterable[str], encoding: str = "utf-8") -> bytes:
    return "".join(",".join(line) + "\r\n" for line in (headers, *lines)).encode(encoding)


def json_of(headers: Iterable[str], *lines: Iterable[str]) -> bytes:
    names = list(headers)
    return json.dumps([dict(zip(names, line, strict=True)) for line in lines]).encode()


def xlsx_of(headers: Iterable[str], *lines: Iterable[str]) -> bytes:
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for at, line in enumerate((headers, *lines)):
            for column, cell in enumerate(line):
                sheet.write_string(at, column, cell)
    return content.getvalue()


def death(of: dict[str, str] = WANG, day: str = "2025-06-01", **more: str) -> list[str]:
    return [more.get("name", of["name"]), of["id_number"], day]


def wedding(kind: str = "结婚", day: str = "2025-05-20") -> list[str]:
    return [kind, day, *CHEN.values(), EAST, *WANG.values(), EAST]


def birth(day: str = "2025-03-01", sex: str = "男", name: str = "王小小") -> list[str]:
    return [day, sex, name, *WANG.values()]


class Office:
    """A registry database with people in it, and a worker that is asked by hand."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.worker = FeedWorker(database, SERVICE, batch=3)

    async def person(self, named: dict[str, str], **overrides: Any) -> UUID:
        """Register somebody, living in EAST and registered there unless told otherwise."""
        digits = named["id_number"]
        command = RegisterPerson(
            **{
                **named,
                "sex": "1" if int(digits[16]) % 2 else "2",
                "birth_date": f"{digits[6:10]}-{digits[10:12]}-{digits[12:14]}",
                "hukou_region": EAST,
                "residence": {"region": EAST, "kind": "usual", "since": "2016-01-01"},
            }
            | overrides
        )
        async with self.transaction() as tx:
            return (await register_person(command, tx)).id

    @asynccontextmanager
    async def transaction(self, actor: Actor | None = None) -> AsyncIterator[Any]:
        async with self.database.transaction(
            actor or make_actor(), purpose=Purpose.REGISTRATION
        ) as tx:
            yield tx

    async def send(
        self,
        code: str,
        content: bytes,
        *,
        month: str = "2025-06",
        dry_run: bool = False,
        actor: Actor | None = None,
    ) -> UUID:
        await self.worker.prepare()
        async with self.transaction(actor) as tx:
            sent = await accept_feed(code, month, dry_run, _parts(content), tx)
            assert tx.called == {self.worker.kind}
            return sent.id

    async def work(self) -> None:
        while await self.worker.work_once():
            pass

    async def run(self, code: str, content: bytes, **how: Any) -> Feed:
        """Send a batch and work until nothing is left to do; returns it as it stands then."""
        feed_id = await self.send(code, content, **how)
        await self.work()
        return await self.feed(feed_id)

    async def apply(self, feed: Feed) -> Feed:
        async with self.transaction() as tx:
            await apply_feed(feed.id, tx)
            assert tx.called == {self.worker.kind}
        await self.work()
        return await self.feed(feed.id)

    async def withdraw(self, feed: Feed) -> Feed:
        async with self.transaction() as tx:
            await withdraw_feed(feed.id, tx)
            assert tx.called == {self.worker.kind}
        await self.work()
        return await self.feed(feed.id)

    async def feed(self, feed_id: UUID) -> Feed:
        async with self.transaction() as tx:
            return await tx.require(Feed, feed_id)  # type: ignore[no-any-return]

    async def lines(self, feed: Feed) -> list[FeedLine]:
        async with self.transaction() as tx:
            return await tx.find(  # type: ignore[no-any-return]
                FeedLine, "SELECT * FROM feed_lines WHERE feed_id = $1 ORDER BY line", feed.id
            )

    async def outcomes(self, feed: Feed) -> list[tuple[str, str | None]]:
        return [(line.outcome, line.reason) for line in await self.lines(feed)]

    async def rows(self, sql: str, *args: Any) -> list[dict[str, Any]]:
        async with self.database.transaction(SERVICE) as tx:
            return [dict(row) for row in await tx.fetch(sql, *args)]

    async def value(self, sql: str, *args: Any) -> Any:
        async with self.database.transaction(SERVICE) as tx:
            return await tx.fetch_value(sql, *args)

    async def said(self, kind: str) -> list[dict[str, Any]]:
        rows = await self.rows(
            "SELECT payload::jsonb->'data' AS data FROM outbox"
            " WHERE payload::jsonb->>'type' = $1 ORDER BY id",
            f"yipan.registry.{kind}.v1",
        )
        return [row["data"] for row in rows]

    async def state(self) -> dict[str, str]:
        """What the register itself says: everything but the bookkeeping of who wrote it when."""
        tables = {
            "persons": "to_jsonb(t) - 'updated_at' - 'version'",
            "residences": "to_jsonb(t) - 'recorded_at' - 'recorded_by'",
            "hukou_moves": "to_jsonb(t) - 'recorded_at' - 'recorded_by'",
            "residence_evidence": "to_jsonb(t) - 'recorded_at'",
            "deaths": "to_jsonb(t)",
            "births": "to_jsonb(t)",
            "marriages": "to_jsonb(t)",
        }
        return {
            table: await self.value(
                f"SELECT coalesce(string_agg(({row})::text, '|' ORDER BY id), '') FROM {table} AS t"
            )
            for table, row in tables.items()
        }


async def _parts(content: bytes, size: int = 10_000) -> AsyncIterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


async def post(client: httpx.AsyncClient, code: str, content: bytes, **form: str) -> httpx.Response:
    return await client.post(
        "/registry/v1/feeds",
        data={"profile": code, "month": "2025-06"} | form,
        files={"file": ("feed", content)},
    )
