"""Paying an approved list: the file that goes out, the proof that it is the approved one, and what
came back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from uuid import UUID

from services.migrant.benefits.errors import ContentChanged, LineNotNow, ReturnReasonNeeded
from services.migrant.benefits.handlers import at, note, require_no_findings
from services.migrant.benefits.models import BenefitLine, BenefitList
from services.migrant.benefits.queries import get_list, hash_of, lines_to_pay, pay_line
from services.migrant.benefits.rules import LineStatus, ListStatus, PayLine, StepKind, yuan
from services.migrant.benefits.schemas import (
    EnterResults,
    FileCheckView,
    LineResult,
    ResultEntered,
    ResultsEntered,
    WholeListView,
)
from shared.db import Tx
from shared.events.migrant import BenefitListPaid
from shared.problems import NotFound, Problem
from shared.sheets import BOM, CSV_MEDIA, XLSX_MEDIA, csv_lines, workbook

HEADERS = ("序号", "行编号", "姓名", "账号", "金额(元)", "清单摘要(SHA-256)")


class FileFormat(StrEnum):
    CSV = "csv"
    XLSX = "xlsx"


@dataclass(frozen=True, slots=True)
class PaymentFile:
    name: str
    media_type: str
    content: bytes
    content_hash: str


async def begin_payment(list_id: UUID, tx: Tx) -> WholeListView:
    """From here on the list is fixed. Raises NotFound, ListNotNow, ContentChanged, FindingsOpen
    (a death was registered since the approval, say: a human looks first)."""
    drawn = await at(list_id, tx, ListStatus.APPROVED)
    await _require_approved(drawn, tx)
    await require_no_findings(list_id, tx)
    drawn.status = ListStatus.PAYING
    await tx.save(drawn)
    await note(list_id, StepKind.PAYMENT_BEGUN, tx, content_hash=_hex(drawn))
    return await get_list(list_id, tx)


async def _require_approved(drawn: BenefitList, tx: Tx) -> None:
    """What would be paid is what was approved. Raises ContentChanged."""
    if await hash_of(drawn, tx) != drawn.content_hash:
        raise ContentChanged()


def _hex(drawn: BenefitList) -> str:
    return (drawn.content_hash or b"").hex()


async def draw_payment_file(list_id: UUID, format: FileFormat, tx: Tx) -> PaymentFile:
    """The file for the bank: every line a look, every file a step of the trail with its own hash.
    Raises NotFound, ListNotNow, ContentChanged."""
    drawn = await at(list_id, tx, ListStatus.PAYING, ListStatus.PAID)
    await _require_approved(drawn, tx)
    lines = await lines_to_pay(list_id, tx)
    for line in lines:
        tx.saw(line.person_id, "benefit")
    content = _file([pay_line(line, tx) for line in lines], _hex(drawn), format)
    digest = sha256(content).hexdigest()
    await note(list_id, StepKind.FILE_DRAWN, tx, format=format.value, file_hash=digest)
    return PaymentFile(
        name=f"{drawn.programme}-{drawn.period}-{_hex(drawn)[:12]}.{format.value}",
        media_type=CSV_MEDIA if format is FileFormat.CSV else XLSX_MEDIA,
        content=content,
        content_hash=_hex(drawn),
    )


def _file(lines: Sequence[PayLine], digest: str, format: FileFormat) -> bytes:
    rows = [
        (str(n), str(each.line_id), each.name, each.account or "", yuan(each.amount_fen), digest)
        for n, each in enumerate(lines, start=1)
    ]
    if format is FileFormat.CSV:
        return BOM + csv_lines([HEADERS, *rows])
    return workbook("发放清单", HEADERS, rows)


async def check_file(list_id: UUID, content: bytes, tx: Tx) -> FileCheckView:
    """Whether a file that is about to be paid, or was, is byte for byte one drawn from the
    approved list. Raises NotFound."""
    drawn = await tx.require(BenefitList, list_id)
    drawn_at: datetime | None = await tx.fetch_value(
        "SELECT done_at FROM benefit_steps"
        " WHERE list_id = $1 AND step = $2 AND detail ->> 'file_hash' = $3 ORDER BY id LIMIT 1",
        list_id,
        StepKind.FILE_DRAWN,
        sha256(content).hexdigest(),
    )
    return FileCheckView(
        drawn_from_the_list=drawn_at is not None,
        content_hash=_hex(drawn) if drawn.content_hash else None,
        drawn_at=drawn_at,
    )


async def enter_results(list_id: UUID, command: EnterResults, tx: Tx) -> ResultsEntered:
    """What was paid and what came back; a line that does not fit is told and the others go on.
    With the last line the list is paid. Raises NotFound, ListNotNow."""
    drawn = await at(list_id, tx, ListStatus.PAYING)
    items = []
    for result in command.results:
        try:
            async with tx.attempt():
                await _enter(list_id, result, tx)
            items.append(ResultEntered(line_id=result.line_id, problem=None))
        except Problem as problem:
            items.append(ResultEntered(line_id=result.line_id, problem=problem.type))
    entered = sum(each.problem is None for each in items)
    await note(list_id, StepKind.RESULTS_ENTERED, tx, lines=entered)
    await _finish(drawn, tx)
    return ResultsEntered(items=items, status=ListStatus(drawn.status))


async def _enter(list_id: UUID, result: LineResult, tx: Tx) -> None:
    line = await tx.require(BenefitLine, result.line_id, lock=True)
    if line.list_id != list_id:
        raise NotFound()
    if line.status != LineStatus.LISTED:
        raise LineNotNow()
    if result.paid is (result.return_reason is not None):
        raise ReturnReasonNeeded()
    line.status = LineStatus.PAID if result.paid else LineStatus.RETURNED
    line.settled_on, line.return_reason = result.day, result.return_reason
    await tx.save(line)
    tx.saw(line.person_id, "benefit")


async def _finish(drawn: BenefitList, tx: Tx) -> None:
    rows = await tx.fetch(
        "SELECT status, count(*) FROM benefit_lines WHERE list_id = $1 GROUP BY status", drawn.id
    )
    counts = {row["status"]: row["count"] for row in rows}
    if counts.get(LineStatus.LISTED):
        return
    drawn.status = ListStatus.PAID
    await tx.save(drawn)
    await note(drawn.id, StepKind.PAID, tx)
    paid, returned = counts.get(LineStatus.PAID, 0), counts.get(LineStatus.RETURNED, 0)
    tx.emit(
        BenefitListPaid(
            list_id=drawn.id,
            region=drawn.region,
            programme=drawn.programme,
            period=drawn.period,
            lines=paid + returned,
            paid=paid,
            returned=returned,
            days_to_approve=(await _day_of(drawn, StepKind.APPROVED, tx) - drawn.drawn_at).days,
            days_to_pay=(tx.now - await _day_of(drawn, StepKind.APPROVED, tx)).days,
        )
    )


async def _day_of(drawn: BenefitList, step: StepKind, tx: Tx) -> datetime:
    """When that step was last taken."""
    moment: datetime = await tx.fetch_value(
        "SELECT max(done_at) FROM benefit_steps WHERE list_id = $1 AND step = $2", drawn.id, step
    )
    return moment
