"""A scorecard as a workbook: the card, its indicators with a chart, and what they mean."""

from io import BytesIO

import xlsxwriter
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from services.assessment.output.charts import say, subject
from services.assessment.output.schemas import CardLine, CardView, Tongue
from services.assessment.output.words import CARD_STATUS, GROUNDS, STATUS, label

Value = str | float | int | None
_ITEM_HEADERS = (
    "indicator",
    "value",
    "unit",
    "numerator",
    "denominator",
    "target",
    "floor",
    "weight",
    "points",
    "lost",
    "taken",
    "status",
)


def card_workbook(card: CardView, tongue: Tongue) -> bytes:
    """Three sheets; text is text and never a formula, a hidden figure is an empty cell."""
    content = BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        _facts(book, card, tongue)
        _items(book, card, tongue)
        _meanings(book, card, tongue)
    return content.getvalue()


def _facts(book: Workbook, card: CardView, tongue: Tongue) -> None:
    sheet = book.add_worksheet(label("card", tongue))
    rows: list[tuple[str, Value]] = [
        (label("scheme", tongue), f"{say(card.scheme_name, tongue)} v{card.scheme_version}"),
        (label("subject", tongue), subject(card)),
        (label("period", tongue), card.period),
        (label("status", tongue), say(CARD_STATUS[card.status], tongue)),
        (label("edition", tongue), card.edition),
        (label("score", tongue), None if card.score is None else float(card.score)),
        (label("judged_weight", tongue), float(card.judged_weight)),
        (label("computed_at", tongue), card.computed_at.date().isoformat()),
        *((label("veto", tongue), say(GROUNDS[each.ground], tongue)) for each in card.vetoes),
        *(
            (
                f"{label('two_sides', tongue)}: {say(each.name, tongue)}",
                f"{label('own_side', tongue)} {each.own} / {label('other_side', tongue)}"
                f" {each.other}",
            )
            for each in card.two_sides or ()
        ),
    ]
    for number, row in enumerate(rows):
        _write(sheet, number, row)
    sheet.set_column(0, 0, 26)
    sheet.set_column(1, 1, 44)


def _items(book: Workbook, card: CardView, tongue: Tongue) -> None:
    name = label("indicators", tongue)
    sheet = book.add_worksheet(name)
    _write(sheet, 0, tuple(label(each, tongue) for each in _ITEM_HEADERS))
    for number, line in enumerate(card.lines, start=1):
        _write(sheet, number, _cells(line, tongue))
    sheet.set_column(0, 0, 30)
    sheet.set_column(1, len(_ITEM_HEADERS) - 1, 12)
    sheet.freeze_panes(1, 1)
    chart = book.add_chart({"type": "bar"})
    last = len(card.lines)
    for column, key in ((8, "points"), (7, "weight")):
        chart.add_series(
            {
                "name": label(key, tongue),
                "categories": [name, 1, 0, last, 0],
                "values": [name, 1, column, last, column],
                "data_labels": {"value": True},
            }
        )
    chart.set_title({"name": label("points_of_weight", tongue)})
    chart.set_x_axis({"name": label("points", tongue)})
    chart.set_y_axis({"reverse": True})
    chart.set_size({"width": 720, "height": 120 + 48 * last})
    sheet.insert_chart(last + 2, 0, chart)


def _meanings(book: Workbook, card: CardView, tongue: Tongue) -> None:
    sheet = book.add_worksheet(label("meanings", tongue))
    _write(sheet, 0, tuple(label(each, tongue) for each in ("indicator", "formula", "meaning")))
    for number, line in enumerate(card.lines, start=1):
        said = (say(each, tongue) for each in (line.name, line.formula, line.explanation))
        _write(sheet, number, tuple(said))
    sheet.set_column(0, 0, 30)
    sheet.set_column(1, 2, 70)


def _cells(line: CardLine, tongue: Tongue) -> tuple[Value, ...]:
    figures = (line.target, line.floor, line.weight, line.points, line.lost, line.taken)
    return (
        say(line.name, tongue),
        None if line.value is None else float(line.value),
        say(line.unit, tongue),
        line.numerator,
        line.denominator,
        *(None if each is None else float(each) for each in figures),
        say(STATUS[line.status], tongue),
    )


def _write(sheet: Worksheet, number: int, row: tuple[Value, ...]) -> None:
    for column, value in enumerate(row):
        if isinstance(value, str):
            sheet.write_string(number, column, value)
        elif value is not None:
            sheet.write_number(number, column, value)
