"""The report of a batch as a workbook: counts, and line by line the reason in both languages."""

import io
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import xlsxwriter

from services.registry.feeds.meanings import Meaning
from services.registry.feeds.models import Feed, FeedLine
from services.registry.feeds.profile_rules import Profile
from services.registry.feeds.reasons import OUTCOME_TEXT, REASON_TEXT, Outcome, Reason
from services.registry.feeds.views import as_purpose_allows, cells_of, month_text
from shared.crypto import Vault
from shared.usage import Purpose

REPORT_LINES: Final = 20_000
MEDIA: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_HEAD: Final = ("原行号", "结果", "Outcome", "有误的列", "原因", "Reason")


class ReportFile(NamedTuple):
    """The report of at most REPORT_LINES lines, and the cursor of the next such file."""

    content: bytes
    name: str
    next: str | None


def workbook(
    feed: Feed, lines: Sequence[FeedLine], profile: Profile, purpose: Purpose, vault: Vault
) -> bytes:
    """Heavy: call it in a thread. Every cell is text, so that a spreadsheet runs none of it."""
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        text = book.add_format({"num_format": "@"})
        _write(book.add_worksheet("汇总"), _summary(feed, profile), text)
        fields = [column.field for column in profile.columns]
        head = [*_HEAD, *(column.names[0] for column in profile.columns)]
        rows = (_row(line, profile, fields, purpose, vault) for line in lines)
        _write(book.add_worksheet("逐行"), [head, *rows], text)
    return content.getvalue()


def _write(sheet: Any, table: Sequence[Sequence[str]], text: Any) -> None:
    for at, row in enumerate(table):
        for column, cell in enumerate(row):
            sheet.write_string(at, column, cell, text)


def _summary(feed: Feed, profile: Profile) -> list[list[str]]:
    counts = {
        Outcome.NEW: feed.lines_new,
        Outcome.CHANGED: feed.lines_changed,
        Outcome.UNCHANGED: feed.lines_unchanged,
        Outcome.CONFLICTING: feed.lines_conflicting,
        Outcome.REJECTED: feed.lines_rejected,
    }
    rows = [
        ["对照表", profile.title.zh, profile.title.en],
        ["月份", month_text(feed), "month"],
        ["读取行数", str(feed.lines_read), "lines read"],
        *([OUTCOME_TEXT[each].zh, str(count), OUTCOME_TEXT[each].en]
          for each, count in counts.items()),
    ]  # fmt: skip
    for label, value, english in (
        ("双方都有", feed.in_both, "in both"),
        ("仅部门有", feed.only_there, "only there"),
        ("仅登记有", feed.only_here, "only here"),
    ):
        rows.append([label, "—" if value is None else str(value), english])
    rows += [["未读取的列", name, "column not read"] for name in feed.dropped]
    return rows


def _row(
    line: FeedLine, profile: Profile, fields: list[str], purpose: Purpose, vault: Vault
) -> list[str]:
    outcome = OUTCOME_TEXT[Outcome(line.outcome)]
    reason = REASON_TEXT[Reason(line.reason)] if line.reason else None
    said = as_purpose_allows(cells_of(line, vault), Meaning(profile.meaning), purpose) or {}
    return [
        str(line.line),
        outcome.zh,
        outcome.en,
        profile.column_of(line.field) if line.field else "",
        reason.zh if reason else "",
        reason.en if reason else "",
        *(said.get(name, "")[:200] for name in fields),
    ]
