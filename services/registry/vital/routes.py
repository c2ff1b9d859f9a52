"""HTTP door of vital events."""

from uuid import UUID

from fastapi import APIRouter, Response

from services.registry.auth import CanReadReports, CanReport, CanWrite
from services.registry.vital import births, deaths, marriages, queries
from services.registry.vital.models import ReportStatus
from services.registry.vital.schemas import (
    AnnulDeath,
    BirthReportView,
    BirthView,
    DeathReportView,
    DeathView,
    MarriageReportView,
    MarriageView,
    RegisterBirth,
    ReportBirth,
    ReportDeath,
    ReportMarriage,
    ReturnReport,
)
from shared.codes import RegionCode
from shared.http import Cursor, Limit, PersonalTransaction, Route
from shared.pages import Page

router = APIRouter(tags=["vital events"], route_class=Route)


@router.post("/birth-reports", status_code=201, summary="Report a birth")
async def report_birth(
    command: ReportBirth, actor: CanReport, tx: PersonalTransaction, response: Response
) -> BirthReportView:
    view = await births.report_birth(command, tx)
    response.headers["Location"] = f"/registry/v1/birth-reports/{view.id}"
    return view


@router.get("/birth-reports", summary="List birth reports")
async def list_birth_reports(
    actor: CanReadReports,
    tx: PersonalTransaction,
    status: ReportStatus | None = None,
    region: RegionCode | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[BirthReportView]:
    return await queries.list_birth_reports(status, region, limit, cursor, tx)


@router.get("/birth-reports/{report_id}", summary="Read a birth report")
async def get_birth_report(
    report_id: UUID, actor: CanReadReports, tx: PersonalTransaction
) -> BirthReportView:
    return await queries.get_birth_report(report_id, tx)


@router.post("/birth-reports/{report_id}/registration", status_code=201, summary="Register a birth")
async def register_birth(
    report_id: UUID, command: RegisterBirth, actor: CanWrite, tx: PersonalTransaction
) -> BirthView:
    return await births.register_birth(command, report_id, tx)


@router.post("/birth-reports/{report_id}/return", summary="Return a birth report")
async def return_birth_report(
    report_id: UUID, command: ReturnReport, actor: CanWrite, tx: PersonalTransaction
) -> BirthReportView:
    return await births.return_birth_report(command, report_id, tx)


@router.post("/death-reports", status_code=201, summary="Report a death")
async def report_death(
    command: ReportDeath, actor: CanReport, tx: PersonalTransaction, response: Response
) -> DeathReportView:
    view = await deaths.report_death(command, tx)
    response.headers["Location"] = f"/registry/v1/death-reports/{view.id}"
    return view


@router.get("/death-reports", summary="List death reports")
async def list_death_reports(
    actor: CanReadReports,
    tx: PersonalTransaction,
    status: ReportStatus | None = None,
    region: RegionCode | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[DeathReportView]:
    return await queries.list_death_reports(status, region, limit, cursor, tx)


@router.get("/death-reports/{report_id}", summary="Read a death report")
async def get_death_report(
    report_id: UUID, actor: CanReadReports, tx: PersonalTransaction
) -> DeathReportView:
    return await queries.get_death_report(report_id, tx)


@router.post("/death-reports/{report_id}/registration", status_code=201, summary="Register a death")
async def register_death(report_id: UUID, actor: CanWrite, tx: PersonalTransaction) -> DeathView:
    return await deaths.register_death(report_id, tx)


@router.post("/death-reports/{report_id}/return", summary="Return a death report")
async def return_death_report(
    report_id: UUID, command: ReturnReport, actor: CanWrite, tx: PersonalTransaction
) -> DeathReportView:
    return await deaths.return_death_report(command, report_id, tx)


@router.post("/death-reports/{report_id}/annulment", summary="Take a registered death back")
async def annul_death(
    report_id: UUID, command: AnnulDeath, actor: CanWrite, tx: PersonalTransaction
) -> DeathView:
    return await deaths.annul_death(command, report_id, tx)


@router.post("/marriage-reports", status_code=201, summary="Report a marriage or divorce")
async def report_marriage(
    command: ReportMarriage, actor: CanReport, tx: PersonalTransaction, response: Response
) -> MarriageReportView:
    view = await marriages.report_marriage(command, tx)
    response.headers["Location"] = f"/registry/v1/marriage-reports/{view.id}"
    return view


@router.get("/marriage-reports", summary="List reports of marriages and divorces")
async def list_marriage_reports(
    actor: CanReport,
    tx: PersonalTransaction,
    status: ReportStatus | None = None,
    region: RegionCode | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[MarriageReportView]:
    return await queries.list_marriage_reports(status, region, limit, cursor, tx)


@router.get("/marriage-reports/{report_id}", summary="Read a report of a marriage or divorce")
async def get_marriage_report(
    report_id: UUID, actor: CanReport, tx: PersonalTransaction
) -> MarriageReportView:
    return await queries.get_marriage_report(report_id, tx)


@router.post(
    "/marriage-reports/{report_id}/registration",
    status_code=201,
    summary="Register a marriage or divorce",
)
async def register_marriage(
    report_id: UUID, actor: CanWrite, tx: PersonalTransaction
) -> MarriageView:
    return await marriages.register_marriage(report_id, tx)


@router.post("/marriage-reports/{report_id}/return", summary="Return a report")
async def return_marriage_report(
    report_id: UUID, command: ReturnReport, actor: CanWrite, tx: PersonalTransaction
) -> MarriageReportView:
    return await marriages.return_marriage_report(command, report_id, tx)
