"""Several reports of one event are folded into the first (归并); by a clerk where the evidence is
too weak for the register to do it, and apart again where that was wrong."""

from typing import TypeVar
from uuid import UUID

from pydantic import BaseModel

from services.registry.vital import reports
from services.registry.vital.errors import CannotFold
from services.registry.vital.models import Report, ReportStatus
from shared.commands import Command
from shared.db import Tx

Kind = TypeVar("Kind", bound=Report)


class FoldReport(Command):
    """Say that a report is of the same event as an earlier or later one (归并)."""

    into: UUID


class FoldedView(BaseModel):
    """Where a report stands after it was folded or taken apart."""

    id: UUID
    status: ReportStatus
    folded_into: UUID | None
    event_id: UUID | None


async def fold_report(
    model: type[Kind], command: FoldReport, report_id: UUID, tx: Tx
) -> FoldedView:
    """Raises NotFound, ReportClosed, CannotFold."""
    report = await reports.require_open(model, report_id, tx)
    into = await tx.get(model, command.into, lock=True)
    if into is not None and into.folded_into is not None:
        into = await tx.get(model, into.folded_into, lock=True)
    if into is None or into.id == report.id:
        raise CannotFold(reason="no-other-report")
    if into.status not in (ReportStatus.REPORTED, ReportStatus.REGISTERED):
        raise CannotFold(reason=f"other-report-{into.status}")
    await fold(report, into, tx)
    return _view(report)


async def fold(report: Report, into: Report, tx: Tx) -> None:
    """Fold a report, with those folded into it, into another."""
    report.status = ReportStatus.FOLDED
    report.folded_into, report.event_id = into.id, into.event_id
    report.apart_from = [each for each in report.apart_from if each != into.id]
    await tx.save(report)
    await tx.execute(
        f"UPDATE {type(report).__tablename__} SET folded_into = $2, event_id = $3,"  # noqa: S608
        " version = version + 1 WHERE folded_into = $1",
        report.id,
        into.id,
        into.event_id,
    )


async def unfold_report(model: type[Kind], report_id: UUID, tx: Tx) -> FoldedView:
    """They are of two events: the report waits by itself, and is not folded into that one again.
    Raises NotFound, CannotFold when it is not folded."""
    report = await reports.require_report(model, report_id, tx, lock=True)
    if report.folded_into is None:
        raise CannotFold(reason="not-folded")
    other = await tx.require(model, report.folded_into, lock=True)
    report.apart_from = [*report.apart_from, other.id]
    report.status, report.folded_into, report.event_id = ReportStatus.REPORTED, None, None
    await tx.save(report)
    other.apart_from = [*other.apart_from, report.id]
    await tx.save(other)
    return _view(report)


def _view(report: Report) -> FoldedView:
    return FoldedView(**report.model_dump(include=set(FoldedView.model_fields)))
