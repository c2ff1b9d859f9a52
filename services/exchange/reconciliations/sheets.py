"""The differing lines of a reconciliation as a workbook."""

from collections.abc import Sequence
from typing import Final

from services.exchange.reconciliations.queries import list_lines
from services.exchange.reconciliations.rules import Held
from services.exchange.reconciliations.schemas import LineView, ReconciliationView
from services.exchange.reconciliations.words import DIRECTIONS, kind_words
from shared.db import Tx
from shared.sheets import Workbook

_HEADERS: Final = (
    "方向 direction",
    "种类 kind",
    "日期 day",
    "报文编号 message",
    "原因 reason",
    "本方状态 our state",
    "本方反馈 our feedback",
    "本方摘要 our SHA-256",
    "对方状态 their state",
    "对方反馈 their feedback",
    "对方摘要 their SHA-256",
)
_AT_ONCE = 1000


async def lines_workbook(view: ReconciliationView, tx: Tx) -> bytes:
    """One row a line, in the order of the list."""
    book = Workbook(f"{view.peer} {view.since}", _HEADERS)
    content, cursor = b"", None
    while True:
        page = await list_lines(view.id, _AT_ONCE, cursor, tx)
        content += book.add(_row(each) for each in page.items)
        if page.next is None:
            return content + book.end()
        cursor = page.next


def _row(line: LineView) -> Sequence[str]:
    words, way = kind_words(line.kind), DIRECTIONS[line.direction]
    return (
        f"{way.zh} {way.en}",
        f"{words.zh} {words.en}",
        line.day.isoformat(),
        line.message_id,
        f"{line.zh} / {line.en}",
        *_cells(line.ours),
        *_cells(line.theirs),
    )


def _cells(held: Held | None) -> tuple[str, str, str]:
    if held is None:
        return "", "", ""
    return f"{held.state} {held.code or ''}".strip(), held.feedback, held.payload
