"""Why a line or a whole sheet is refused: stable codes, and what people read."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from shared.problems import Text
from shared.sheets_in import SHEET_FAILURE_TEXT


@dataclass(frozen=True, slots=True)
class Reason:
    """What is wrong with a line: a stable code, the header of the column at fault, and why. Never
    holds what the line said."""

    code: str
    column: str | None
    text: Text

    def stored(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "column": self.column,
            "zh": self.text.zh,
            "en": self.text.en,
        }


class LineRefused(Exception):
    """A line says nothing that could be filed."""

    def __init__(self, reasons: Sequence[Reason]) -> None:
        super().__init__(*(reason.code for reason in reasons))
        self.reasons = reasons


class FilingFailure(StrEnum):
    """Why a whole file was refused, or given up."""

    EMPTY = "empty"
    ENCODING = "file-encoding"
    UNREADABLE = "unreadable"
    TOO_LARGE_INSIDE = "too-large-inside"
    MACROS = "macros"
    COLUMNS = "columns"
    REPEATED_COLUMNS = "repeated-columns"
    DAMAGED = "damaged"
    GIVEN_UP = "given-up"


FAILURE_TEXT: Final[dict[FilingFailure, Text]] = {
    **{FilingFailure(failure.value): text for failure, text in SHEET_FAILURE_TEXT.items()},
    FilingFailure.COLUMNS: Text(
        "缺少必需的列:请下载空白表格填写", "Columns are missing: fill in the empty sheet"
    ),
    FilingFailure.REPEATED_COLUMNS: Text("有两列含义相同", "Two columns mean the same"),
    FilingFailure.DAMAGED: Text(
        "文件在保存中损坏:已办的行有效,请重新上传",
        "The stored file is damaged: lines filed by then stand; upload it again",
    ),
    FilingFailure.GIVEN_UP: Text(
        "多次处理失败,已停止:已办的行有效,可以重试",
        "Given up after several tries: lines filed by then stand; it can be tried again",
    ),
}


class FilingRefused(Exception):
    """Nothing of the file can be used; `columns` are those missing or repeated."""

    def __init__(self, failure: FilingFailure, columns: Sequence[str] = ()) -> None:
        super().__init__(failure.value)
        self.failure = failure
        self.columns = list(columns)
