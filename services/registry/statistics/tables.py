"""Figures as tables to compute with: CSV and XLSX. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

import xlsxwriter

from services.registry.statistics.rules import FIGURES
from services.registry.statistics.schemas import (
    BirthCountsView,
    BridgeFigures,
    LiaisonLoadsView,
    MigrantOriginsView,
    PopulationBridgesView,
    PyramidView,
)
from shared.sheets import BOM, csv_lines

Value = str | int | float | None


@dataclass(frozen=True)
class Table:
    """A title, headers and rows. A hidden figure is an empty cell."""

    title: str
    headers: tuple[str, ...]
    rows: list[tuple[Value, ...]]


def bridges_table(view: PopulationBridgesView) -> Table:
    words = [f"{BridgeFigures.model_fields[name].description} {name}" for name in FIGURES]
    rows: list[tuple[Value, ...]] = [
        (area.region, area.name, *(getattr(area, name) for name in FIGURES))
        for area in (view.whole, *view.parts)
    ]
    return Table(f"人口平衡 {view.on}", ("区划代码 region", "名称 name", *words), rows)


def pyramid_table(view: PyramidView) -> Table:
    rows: list[tuple[Value, ...]] = [(band.ages, band.men, band.women) for band in view.bands]
    return Table(f"年龄性别 {view.on}", ("年龄 age", "男 men", "女 women"), rows)


def origins_table(view: MigrantOriginsView) -> Table:
    rows: list[tuple[Value, ...]] = [
        (each.province, each.name, each.people) for each in view.origins
    ]
    rows.append((None, "其他 others", view.others))
    return Table(f"流动人口来源 {view.on}", ("省 province", "名称 name", "人数 people"), rows)


def liaisons_table(view: LiaisonLoadsView) -> Table:
    rows: list[tuple[Value, ...]] = [
        (area.region, area.name, area.households, area.liaisons, area.each)
        for area in (view.whole, *view.parts)
    ]
    headers = ("区划代码 region", "名称 name", "户数 households", "联络员 liaisons", "户均 each")
    return Table(f"每名联络员联系户数 {view.on}", headers, rows)


def births_table(view: BirthCountsView) -> Table:
    rows: list[tuple[Value, ...]] = [(each.month, each.boys, each.girls) for each in view.months]
    rows.append((f"{view.year}", view.boys, view.girls))
    return Table(f"出生人数 {view.year}", ("月份 month", "男 boys", "女 girls"), rows)


def csv_of(table: Table) -> bytes:
    """UTF-8 with a mark, as the usual spreadsheet programs in China expect."""
    cells = [["" if value is None else str(value) for value in row] for row in table.rows]
    return BOM + csv_lines([table.headers, *cells])


def xlsx_of(table: Table) -> bytes:
    """One sheet; text is text and never a formula."""
    content = BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        sheet = book.add_worksheet(table.title[:31])
        _write(sheet, 0, table.headers)
        for number, row in enumerate(table.rows, start=1):
            _write(sheet, number, row)
        sheet.set_column(0, len(table.headers) - 1, 18)
        sheet.freeze_panes(1, 0)
    return content.getvalue()


def _write(sheet: "xlsxwriter.worksheet.Worksheet", number: int, row: Sequence[Value]) -> None:
    for column, value in enumerate(row):
        if isinstance(value, str):
            sheet.write_string(number, column, value)
        elif value is not None:
            sheet.write_number(number, column, value)
