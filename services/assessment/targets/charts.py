"""The progress of a year's work as a picture: planned as steps, done as a line. Pure."""

from typing import Final

from services.assessment.output.charts import say
from services.assessment.output.schemas import Tongue
from services.assessment.targets.rules import MONTHS
from services.assessment.targets.schemas import ProgressView
from shared.drawing import FAINT, GRID, INK, PALETTE, Drawing

WIDTH: Final = 480.0
HEIGHT: Final = 320.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 64.0, 464.0, 84.0, 270.0


def progress_chart(view: ProgressView, tongue: Tongue) -> str:
    """Sums from January on. The line breaks where a figure is too small to show."""
    zh = tongue == Tongue.ZH
    name = view.name.zh if zh else view.name.en
    what = say(view.what, tongue)
    subtitle = (
        f"{what},{view.year}年累计,年度目标{view.total:,}"
        if zh
        else f"{what}, sums of {view.year}; target of the year {view.total:,}"
    )
    drawing = Drawing(WIDTH, HEIGHT, name, subtitle)
    drawing.text(16, 30, name, size=18, bold=True)
    drawing.text(16, 50, subtitle, size=12.5, fill=FAINT)
    most = max([view.total, *view.planned, *(each or 0 for each in view.done)])
    _axes(drawing, most)
    planned = [(_x(n), _y(each, most)) for n, each in enumerate(view.planned)]
    drawing.line(planned, stroke=INK, width=1.2)
    drawing.text(
        _RIGHT, planned[-1][1] - 6, "计划" if zh else "planned", size=12, anchor="end", fill=INK
    )
    _done(drawing, view, most)
    drawing.text(16, HEIGHT - 12, "● " + ("已完成" if zh else "done"), fill=PALETTE[0])
    return drawing.svg()


def _axes(drawing: Drawing, most: int) -> None:
    for quarter in range(5):
        value = most * quarter // 4
        drawing.line([(_LEFT, _y(value, most)), (_RIGHT, _y(value, most))], stroke=GRID)
        drawing.text(_LEFT - 8, _y(value, most) + 4, f"{value:,}", anchor="end", fill=FAINT)
    for month in range(MONTHS):
        drawing.text(_x(month), _BOTTOM + 18, str(month + 1), anchor="middle", fill=FAINT)


def _done(drawing: Drawing, view: ProgressView, most: int) -> None:
    run: list[tuple[float, float]] = []
    for month, value in enumerate(view.done):
        if value is None:
            drawing.line(run, stroke=PALETTE[0], width=2.5)
            run = []
            continue
        run.append((_x(month), _y(value, most)))
        drawing.circle(*run[-1], 4, fill=PALETTE[0], hint=f"{month + 1}: {value:,}")
    drawing.line(run, stroke=PALETTE[0], width=2.5)
    if run and view.done[-1] is not None:
        drawing.text(run[-1][0], run[-1][1] - 10, f"{view.done[-1]:,}", anchor="middle", bold=True)


def _x(month: int) -> float:
    return _LEFT + 14 + month * (_RIGHT - _LEFT - 28) / (MONTHS - 1)


def _y(value: int, most: int) -> float:
    return _BOTTOM - (_BOTTOM - _TOP) * value / max(most, 1)
