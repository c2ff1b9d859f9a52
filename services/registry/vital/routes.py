"""HTTP door of reports of vital events: taken, listed, matched, folded, returned."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from services.registry.auth import CanRead, CanReadReports, CanReport, CanWrite
from services.registry.vital import births, deaths, folding, marriages, matching, queries
from services.registry.vital.folding import FoldedView, FoldReport
from services.registry.vital.matching import (
    BirthRole,
    CandidateView,
    MatchDead,
    MatchParent,
    MatchSpouse,
    SpouseRole,
)
from services.registry.vital.models import (
    BirthReport,
    DeathReport,
    MarriageReport,
    ReporterKind,
    ReportStatus,
)
from services.registry.vital.queries import Wanted
from services.registry.vital.queue import QueueCount, count_reports
from services.registry.vital.schemas import (
    BirthReportView,
    DeathReportView,
    MarriageReportView,
    ReportBirth,
    ReportDeath,
    ReportMarriage,
    ReturnReport,
)
from shared.codes import RegionCode
from shared.http import Cursor, Limit, PersonalTransaction, Route, Transaction
from shared.pages import Page

router = APIRouter(tags=["vital events"], route_class=Route)


def wanted(
    status: ReportStatus | None = None,
    region: RegionCode | None = None,
    reporter: ReporterKind | None = None,
    overdue: bool = False,
) -> Wanted:
    return Wanted(status=status, region=region, reporter=reporter, overdue=overdue)


Filter = Annotated[Wanted, Depends(wanted)]


@router.get("/vital-report-counts", summary="What waits at the office, in figures")
async def list_counts(
    actor: CanRead, tx: Transaction, region: RegionCode | None = None
) -> list[QueueCount]:
    return await count_reports(region, tx)


@router.post("/birth-reports", status_code=201, summary="Report a birth")
async def report_birth(
    command: ReportBirth, actor: CanReport, tx: PersonalTransaction, response: Response
) -> BirthReportView:
    view = await births.report_birth(command, tx)
    response.headers["Location"] = f"/registry/v1/birth-reports/{view.id}"
    return view


@router.get("/birth-reports", summary="List reports of births, the oldest first")
async def list_birth_reports(
    actor: CanReadReports,
    tx: PersonalTransaction,
    wanted: Filter,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[BirthReportView]:
    return await queries.list_birth_reports(wanted, limit, cursor, tx)


@router.get("/birth-reports/{report_id}", summary="Read a report of a birth")
async def get_birth_report(
    report_id: UUID, actor: CanReadReports, tx: PersonalTransaction
) -> BirthReportView:
    return await queries.get_birth_report(report_id, tx)


@router.post("/birth-reports/{report_id}/return", summary="Return a report of a birth")
async def return_birth_report(
    report_id: UUID, command: ReturnReport, actor: CanWrite, tx: PersonalTransaction
) -> BirthReportView:
    return await births.return_birth_report(command, report_id, tx)


@router.get("/birth-reports/{report_id}/candidates", summary="Whose record a report may mean")
async def list_birth_candidates(
    report_id: UUID, actor: CanWrite, tx: PersonalTransaction, role: BirthRole = BirthRole.MOTHER
) -> Sequence[CandidateView]:
    return await matching.candidates_for_birth(report_id, role, tx)


@router.post("/birth-reports/{report_id}/match", summary="Say whose record a report means")
async def match_birth(
    report_id: UUID, command: MatchParent, actor: CanWrite, tx: PersonalTransaction
) -> BirthReportView:
    return await matching.match_parent(command, report_id, tx)


@router.post("/birth-reports/{report_id}/folding", summary="Fold a report into another one")
async def fold_birth_report(
    report_id: UUID, command: FoldReport, actor: CanWrite, tx: PersonalTransaction
) -> FoldedView:
    return await folding.fold_report(BirthReport, command, report_id, tx)


@router.post("/birth-reports/{report_id}/unfolding", summary="Take a folded report apart again")
async def unfold_birth_report(
    report_id: UUID, actor: CanWrite, tx: PersonalTransaction
) -> FoldedView:
    return await folding.unfold_report(BirthReport, report_id, tx)


@router.post("/death-reports", status_code=201, summary="Report a death")
async def report_death(
    command: ReportDeath, actor: CanReport, tx: PersonalTransaction, response: Response
) -> DeathReportView:
    view = await deaths.report_death(command, tx)
    response.headers["Location"] = f"/registry/v1/death-reports/{view.id}"
    return view


@router.get("/death-reports", summary="List reports of deaths, the oldest first")
async def list_death_reports(
    actor: CanReadReports,
    tx: PersonalTransaction,
    wanted: Filter,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[DeathReportView]:
    return await queries.list_death_reports(wanted, limit, cursor, tx)


@router.get("/death-reports/{report_id}", summary="Read a report of a death")
async def get_death_report(
    report_id: UUID, actor: CanReadReports, tx: PersonalTransaction
) -> DeathReportView:
    return await queries.get_death_report(report_id, tx)


@router.post("/death-reports/{report_id}/return", summary="Return a report of a death")
async def return_death_report(
    report_id: UUID, command: ReturnReport, actor: CanWrite, tx: PersonalTransaction
) -> DeathReportView:
    return await deaths.return_death_report(command, report_id, tx)


@router.get("/death-reports/{report_id}/candidates", summary="Whose record a report may mean")
async def list_death_candidates(
    report_id: UUID, actor: CanWrite, tx: PersonalTransaction
) -> Sequence[CandidateView]:
    return await matching.candidates_for_death(report_id, tx)


@router.post("/death-reports/{report_id}/match", summary="Say whose record a report means")
async def match_death(
    report_id: UUID, command: MatchDead, actor: CanWrite, tx: PersonalTransaction
) -> DeathReportView:
    return await matching.match_dead(command, report_id, tx)


@router.post("/death-reports/{report_id}/folding", summary="Fold a report into another one")
async def fold_death_report(
    report_id: UUID, command: FoldReport, actor: CanWrite, tx: PersonalTransaction
) -> FoldedView:
    return await folding.fold_report(DeathReport, command, report_id, tx)


@router.post("/death-reports/{report_id}/unfolding", summary="Take a folded report apart again")
async def unfold_death_report(
    report_id: UUID, actor: CanWrite, tx: PersonalTransaction
) -> FoldedView:
    return await folding.unfold_report(DeathReport, report_id, tx)


@router.post("/marriage-reports", status_code=201, summary="Report a marriage or divorce")
async def report_marriage(
    command: ReportMarriage, actor: CanReport, tx: PersonalTransaction, response: Response
) -> MarriageReportView:
    view = await marriages.report_marriage(command, tx)
    response.headers["Location"] = f"/registry/v1/marriage-reports/{view.id}"
    return view


@router.get("/marriage-reports", summary="List reports of marriages and divorces, the oldest first")
async def list_marriage_reports(
    actor: CanReport,
    tx: PersonalTransaction,
    wanted: Filter,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[MarriageReportView]:
    return await queries.list_marriage_reports(wanted, limit, cursor, tx)


@router.get("/marriage-reports/{report_id}", summary="Read a report of a marriage or divorce")
async def get_marriage_report(
    report_id: UUID, actor: CanReport, tx: PersonalTransaction
) -> MarriageReportView:
    return await queries.get_marriage_report(report_id, tx)


@router.post(
    "/marriage-reports/{report_id}/return", summary="Return a report of a marriage or divorce"
)
async def return_marriage_report(
    report_id: UUID, command: ReturnReport, actor: CanWrite, tx: PersonalTransaction
) -> MarriageReportView:
    return await marriages.return_marriage_report(command, report_id, tx)


@router.get("/marriage-reports/{report_id}/candidates", summary="Whose record a report may mean")
async def list_marriage_candidates(
    report_id: UUID, actor: CanWrite, tx: PersonalTransaction, role: SpouseRole = SpouseRole.FIRST
) -> Sequence[CandidateView]:
    return await matching.candidates_for_marriage(report_id, role, tx)


@router.post("/marriage-reports/{report_id}/match", summary="Say whose record a report means")
async def match_marriage(
    report_id: UUID, command: MatchSpouse, actor: CanWrite, tx: PersonalTransaction
) -> MarriageReportView:
    return await matching.match_spouse(command, report_id, tx)


@router.post("/marriage-reports/{report_id}/folding", summary="Fold a report into another one")
async def fold_marriage_report(
    report_id: UUID, command: FoldReport, actor: CanWrite, tx: PersonalTransaction
) -> FoldedView:
    return await folding.fold_report(MarriageReport, command, report_id, tx)


@router.post("/marriage-reports/{report_id}/unfolding", summary="Take a folded report apart again")
async def unfold_marriage_report(
    report_id: UUID, actor: CanWrite, tx: PersonalTransaction
) -> FoldedView:
    return await folding.unfold_report(MarriageReport, report_id, tx)
