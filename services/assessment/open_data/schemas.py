"""The tables that are open, and what their columns mean."""

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Final

from pydantic import BaseModel

from services.assessment.fields import Words


class OpenTable(StrEnum):
    SCORECARDS = "scorecards"
    INDICATORS = "indicators"
    DICTIONARY = "dictionary"


class OpenForm(StrEnum):
    JSON = "json"
    CSV = "csv"


class Column(BaseModel):
    """A column; its name is stable."""

    name: str
    type: str
    meaning: Words


class OpenView(BaseModel):
    """Rows in the order of `columns`; a figure that is not published is null."""

    table: OpenTable
    year: int
    licence: str
    columns: list[Column]
    rows: list[list[str | None]]


class Figure(BaseModel):
    """An item of a published card, as it stands in the database."""

    scheme: str
    period: str
    area: str
    office: str
    indicator: str
    indicator_version: int
    is_share: bool
    status: str
    numerator: int
    denominator: int
    value: Decimal | None
    weight: Decimal
    points: Decimal | None
    taken: Decimal | None = None


class OpenCard(BaseModel):
    """A published card with its figures. `final` says that nothing can change it any more."""

    scheme: str
    scheme_version: int
    edition: int
    period: str
    area: str
    office: str
    score: Decimal | None
    published_on: date
    final: bool
    figures: list[Figure]


def _column(name: str, type: str, zh: str, en: str) -> Column:
    return Column(name=name, type=type, meaning=Words(zh=zh, en=en))


_SUBJECT: Final = [
    _column("period", "text", "考核周期,如 2026-10、2026-Q4", "period, e.g. 2026-10, 2026-Q4"),
    _column("area", "text", "区划代码(GB/T 2260 及以下)", "region code (GB/T 2260 and below)"),
    _column("office", "text", "科室;空为整个区划", "office; empty for the whole area"),
    _column("scheme", "text", "考核方案代码", "code of the scheme"),
]
COLUMNS: Final = {
    OpenTable.SCORECARDS: [
        *_SUBJECT,
        _column("scheme_version", "integer", "方案版本", "version of the scheme"),
        _column("edition", "integer", "成绩版次,申诉成立则加一", "edition; an appeal adds one"),
        _column(
            "score", "decimal", "得分,满分100;空为不公布", "score of 100; empty: not published"
        ),
        _column("judged_weight", "decimal", "可评权重,满100", "weight judged, of 100"),
        _column("published_on", "date", "公布日期", "day of publication"),
        _column("final", "boolean", "申诉期已过且无未决申诉", "no appeal is open or possible"),
    ],
    OpenTable.INDICATORS: [
        *_SUBJECT,
        _column("indicator", "text", "指标代码", "code of the indicator"),
        _column("indicator_version", "integer", "指标版本", "version of the indicator"),
        _column("status", "text", "计分状态;suppressed 为不公布", "status; suppressed: withheld"),
        _column("value", "decimal", "指标值(%或天)", "value (percent or days)"),
        _column(
            "numerator", "integer", "分子(均值指标为天数之和)", "numerator (a mean: sum of days)"
        ),
        _column("denominator", "integer", "分母(例数)", "denominator (cases)"),
        _column("weight", "decimal", "权重", "weight"),
        _column("points", "decimal", "得分", "points"),
        _column(
            "taken",
            "decimal",
            "数据质量折扣,占总分百分比",
            "discount for poor data, % of the score",
        ),
    ],
    OpenTable.DICTIONARY: [
        _column("table", "text", "表名", "table"),
        _column("column", "text", "列名,不再更改", "column; never renamed"),
        _column("type", "text", "类型", "type"),
        _column("zh", "text", "中文说明", "meaning in Chinese"),
        _column("en", "text", "英文说明", "meaning in English"),
    ],
}
