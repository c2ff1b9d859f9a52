"""Reading reports of vital events. Every view of a matched person leaves a usage entry."""

import json
from collections.abc import Callable, Sequence
from typing import TypeVar
from uuid import UUID

from services.registry.vital.models import (
    BirthReport,
    DeathReport,
    MarriageReport,
    Report,
    ReportStatus,
)
from services.registry.vital.reports import is_office, named_view, require_report
from services.registry.vital.schemas import (
    BirthReportView,
    DeathReportView,
    MarriageReportView,
    ReportView,
    Spouse,
)
from shared.actors import narrow
from shared.db import Tx
from shared.pages import BEFORE_ALL, Page, encode_cursor, id_in

Kind = TypeVar("Kind", bound=Report)
View = TypeVar("View", bound=ReportView)


async def get_birth_report(report_id: UUID, tx: Tx) -> BirthReportView:
    return birth_report_view(await require_report(BirthReport, report_id, tx), tx)


async def get_death_report(report_id: UUID, tx: Tx) -> DeathReportView:
    return death_report_view(await require_report(DeathReport, report_id, tx), tx)


async def get_marriage_report(report_id: UUID, tx: Tx) -> MarriageReportView:
    return marriage_report_view(await require_report(MarriageReport, report_id, tx), tx)


async def list_birth_reports(
    status: ReportStatus | None, region: str | None, limit: int, cursor: str | None, tx: Tx
) -> Page[BirthReportView]:
    found = await _some(BirthReport, status, region, limit, cursor, tx)
    return _page(found, limit, lambda report: birth_report_view(report, tx))


async def list_death_reports(
    status: ReportStatus | None, region: str | None, limit: int, cursor: str | None, tx: Tx
) -> Page[DeathReportView]:
    found = await _some(DeathReport, status, region, limit, cursor, tx)
    return _page(found, limit, lambda report: death_report_view(report, tx))


async def list_marriage_reports(
    status: ReportStatus | None, region: str | None, limit: int, cursor: str | None, tx: Tx
) -> Page[MarriageReportView]:
    found = await _some(MarriageReport, status, region, limit, cursor, tx)
    return _page(found, limit, lambda report: marriage_report_view(report, tx))


def mother_number_of(report: BirthReport, tx: Tx) -> str | None:
    return _opened(report.mother_id_number_sealed, "birth_reports.mother_id_number", report, tx)


def number_of(report: DeathReport, tx: Tx) -> str | None:
    return _opened(report.id_number_sealed, "death_reports.id_number", report, tx)


def spouses_of(report: MarriageReport, tx: Tx) -> list[Spouse]:
    text = _opened(report.spouses_sealed, "marriage_reports.spouses", report, tx)
    return [Spouse.model_validate(each) for each in json.loads(str(text))]


def place_of(column: str, report: Report) -> str:
    """What a sealed column of a report is bound to. Not the id: a corrected report takes the row
    of the returned one."""
    return f"{column}:{report.reporter_org}:{report.reference}"


def birth_report_view(report: BirthReport, tx: Tx) -> BirthReportView:
    father = None
    if report.father_name is not None:
        number = _opened(
            report.father_id_number_sealed, "birth_reports.father_id_number", report, tx
        )
        father = named_view(report.father_name, number, report.father_id, tx)
    _saw([report.mother_id, report.father_id], "birth", tx)
    return BirthReportView(
        **report.model_dump(include=set(BirthReportView.model_fields)),
        mother=named_view(report.mother_name, mother_number_of(report, tx), report.mother_id, tx),
        father=father,
    )


def death_report_view(report: DeathReport, tx: Tx) -> DeathReportView:
    _saw([report.person_id], "death", tx)
    return DeathReportView(
        **report.model_dump(include=set(DeathReportView.model_fields)),
        person=named_view(report.name, number_of(report, tx), report.person_id, tx),
    )


def marriage_report_view(report: MarriageReport, tx: Tx) -> MarriageReportView:
    spouses = spouses_of(report, tx)
    _saw([each.person_id for each in spouses], "marriage", tx)
    return MarriageReportView(
        **report.model_dump(include=set(MarriageReportView.model_fields)),
        spouses=[
            named_view(each.name, each.id_number, each.person_id, tx, each.home_region)
            for each in spouses
        ],
    )


async def _some(
    model: type[Kind],
    status: ReportStatus | None,
    region: str | None,
    limit: int,
    cursor: str | None,
    tx: Tx,
) -> Sequence[Kind]:
    """One more than a page of reports, in the order they came; a reporter's own only."""
    return await tx.find(
        model,
        f"SELECT * FROM {model.__tablename__}"  # noqa: S608 a table of our own
        " WHERE ($1::text IS NULL OR status = $1) AND starts_with(region, $2)"
        " AND ($3::text IS NULL OR reporter_org = $3) AND id > $4 ORDER BY id LIMIT $5",
        status,
        narrow(tx.actor, region),
        None if is_office(tx) else tx.actor.org,
        id_in(cursor) or BEFORE_ALL,
        limit + 1,
    )


def _page(found: Sequence[Kind], limit: int, view_of: Callable[[Kind], View]) -> Page[View]:
    items = [view_of(report) for report in found[:limit]]
    return Page(items=items, next=encode_cursor(str(items[-1].id)) if found[limit:] else None)


def _opened(sealed: bytes | None, column: str, report: Report, tx: Tx) -> str | None:
    return None if sealed is None else tx.vault.open(sealed, place_of(column, report))


def _saw(persons: Sequence[UUID | None], kind: str, tx: Tx) -> None:
    for person_id in persons:
        if person_id is not None:
            tx.saw(person_id, kind)
