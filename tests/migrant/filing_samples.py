"""Made-up spreadsheets of arrivals, hires, leavers and payments."""

import asyncio
import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

import httpx
import xlsxwriter

from shared.codes import credit_code_check_digit
from tests.migrant.samples import HOME, VILLAGE, fresh_id_number

FILINGS = "/migrant/v1/filings"
EMPLOYER = "91420325MA49ABCD1" + credit_code_check_digit("91420325MA49ABCD1")
ARRIVALS = (
    *("姓名", "身份证号", "户籍地区划代码", "现居住地区划代码", "到达日期", "流入事由"),
    *("房间编号", "工作单位", "手机号"),
)
HIRES = ("统一社会信用代码", "姓名", "身份证号", "工作地区划代码", "入职日期", "岗位")
LEAVERS = ("统一社会信用代码", "姓名", "身份证号", "入职日期", "离职日期")


def arrival(**overrides: str) -> list[str]:
    line = {
        "姓名": "刘小梅",
        "身份证号": fresh_id_number(),
        "户籍地区划代码": HOME,
        "现居住地区划代码": VILLAGE,
        "到达日期": "2026-03-02",
        "流入事由": "务工",
        "房间编号": "",
        "工作单位": "宏远建筑",
        "手机号": "13900000002",
    }
    return list((line | overrides).values())


def hire(**overrides: str) -> list[str]:
    line = {
        "统一社会信用代码": "",
        "姓名": "刘小梅",
        "身份证号": fresh_id_number(),
        "工作地区划代码": VILLAGE,
        "入职日期": "2026-03-10",
        "岗位": "缝纫工",
    }
    return list((line | overrides).values())


def leaver(**overrides: str) -> list[str]:
    line = {
        "统一社会信用代码": "",
        "姓名": "刘小梅",
        "身份证号": fresh_id_number(),
        "入职日期": "",
        "离职日期": "2026-05-31",
    }
    return list((line | overrides).values())


PAYMENTS = ("清单编号", "姓名", "身份证号", "金额(元)", "银行卡号")


def payment(**overrides: str) -> list[str]:
    line = {
        "清单编号": "01890000-0000-7000-8000-000000000001",
        "姓名": "刘小梅",
        "身份证号": fresh_id_number(),
        "金额(元)": "500.00",
        "银行卡号": "",
    }
    return list((line | overrides).values())


def csv_of(headers: Iterable[str], *lines: Iterable[str], encoding: str = "utf-8") -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([headers, *lines])
    return text.getvalue().encode(encoding)


def xlsx_of(headers: Sequence[str], *lines: Sequence[str]) -> bytes:
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for at, line in enumerate((headers, *lines)):
            for column, cell in enumerate(line):
                sheet.write_string(at, column, cell)
    return content.getvalue()


async def send(
    client: httpx.AsyncClient, kind: str, content: bytes, headers: Any = None, **form: str
) -> httpx.Response:
    return await client.post(
        FILINGS,
        data={"kind": kind} | form,
        files={"file": ("sheet.csv", content)},
        headers=headers or {},
    )


async def over(client: httpx.AsyncClient, filing_id: str, headers: Any = None) -> dict[str, Any]:
    """The filing, once it is over."""
    while True:
        answer = await client.get(f"{FILINGS}/{filing_id}", headers=headers or {})
        view: dict[str, Any] = answer.raise_for_status().json()
        if view["status"] not in ("waiting", "running"):
            return view
        await asyncio.sleep(0.05)


async def filed(
    client: httpx.AsyncClient, kind: str, content: bytes, headers: Any = None, **form: str
) -> dict[str, Any]:
    """Send a sheet and wait for its end."""
    answer = await send(client, kind, content, headers, **form)
    assert answer.status_code == 202, answer.text
    return await over(client, answer.json()["id"], headers)


def counts(view: dict[str, Any]) -> tuple[int, int, int]:
    return view["accepted"], view["already"], view["refused"]
