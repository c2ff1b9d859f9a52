"""Rosters for the tests of imports: one good line to spoil, and files made of lines."""

import asyncio
import io
import zipfile
from collections.abc import Callable
from typing import IO, Any

import httpx
import xlsxwriter

from deploy.box.roster import R7, RosterLine, generate
from services.registry.imports.checking_process import CheckingApart
from services.registry.imports.rules import HEADERS, SINCE
from tests.registry.samples import id_number

TOWNSHIP = "420325100"
VILLAGES = ["420325100001", "420325100002", "420325100200"]
COUNTIES = ["420381", "330106"]
KNOWN = {*VILLAGES, *COUNTIES, "420325", "420325100"}
PATH = "/registry/v1/imports"

GOOD = {
    "户号": "H-1",
    "与户主关系": "0",
    "姓名": "王芳",
    "性别": "女",
    "民族": "01",
    "身份证号": id_number(),
    "出生日期": "1990-01-01",
    "户籍地": "420325100001",
    "居住地": "420325100001",
    "居住类型": "常住",
    "房屋编号": "B-1",
    "房间号": "101",
    "房屋用途": "自住",
    "流出地": "",
    "工作单位": "",
    "手机号": "",
}


def cells(**changes: str) -> list[str]:
    """A line of a roster, good but for the changes; 居住起始日 stands in it where it is given."""
    return list((GOOD | changes).values())


def csv_of(*lines: list[str], encoding: str = "utf-8") -> bytes:
    """A file of lines, with the column 居住起始日 where the first has a seventeenth cell."""
    since = [SINCE] if lines and len(lines[0]) == len(HEADERS) + 1 else []
    table = [[*HEADERS, *since], *lines]
    return "".join(",".join(line) + "\r\n" for line in table).encode(encoding)


def workbook(fill: Callable[[Any], object], headers: tuple[str, ...] = HEADERS) -> bytes:
    """A workbook with our headers and whatever is filled in."""
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, headers)
        fill(sheet)
    return content.getvalue()


def changed(book: bytes, part: str, change: Callable[[bytes], bytes]) -> bytes:
    """A workbook with one of its parts changed."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as old, zipfile.ZipFile(made, "w") as new:
        for member in old.namelist():
            content = old.read(member)
            new.writestr(member, change(content) if member == part else content)
    return made.getvalue()


def sample(divisor: int = 400, seed: int = 1) -> list[RosterLine]:
    return list(generate(seed, TOWNSHIP, VILLAGES, COUNTIES, R7.scaled(divisor)))


async def send(client: httpx.AsyncClient, content: bytes, **form: str) -> str:
    """Upload a roster; returns the id of the import."""
    answer = await client.post(
        PATH, data={"kind": "roster"} | form, files={"file": ("roster", content)}
    )
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


async def finished(client: httpx.AsyncClient, import_id: str) -> dict[str, Any]:
    """The import once it is over."""
    for _ in range(600):
        view: dict[str, Any] = (await client.get(f"{PATH}/{import_id}")).json()
        if view["status"] not in ("waiting", "running"):
            return view
        await asyncio.sleep(0.05)
    raise AssertionError(f"the import does not end: {view}")


async def run(client: httpx.AsyncClient, content: bytes, **form: str) -> dict[str, Any]:
    return await finished(client, await send(client, content, **form))


def counts(view: dict[str, Any]) -> tuple[int, int, int]:
    return view["accepted"], view["unchanged"], view["rejected"]


_start = CheckingApart.start


async def start_and_wait(file: IO[bytes]) -> CheckingApart:
    """Checking by a child that is up already: it checks the file from the first line on."""
    checking = await _start(file)
    await checking.up
    return checking
