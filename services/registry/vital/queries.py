"""Reading reports of vital events, and what was registered from them. Every view of a matched
person leaves a usage entry."""

import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar
from uuid import UUID

from pydantic import BaseModel

from services.registry.limits.queries import limits_of
from services.registry.limits.rules import Limit
from services.registry.vital import reports
from services.registry.vital.models import (
    Birth,
    BirthReport,
    Death,
    DeathReport,
    Marriage,
    MarriageReport,
    Registered,
    Report,
    ReporterKind,
    ReportStatus,
)
from services.registry.vital.rules import is_late
from services.registry.vital.schemas import (
    BirthReportView,
    BirthView,
    DeathReportView,
    DeathView,
    MarriageReportView,
    MarriageView,
    Named,
    ReportView,
    Spouse,
)
from services.registry.vital.unions import warnings_about
from shared.actors import narrow
from shared.clock import CHINA
from shared.db import Tx
from shared.pages import BEFORE_ALL, Page, encode_cursor, id_in

Kind = TypeVar("Kind", bound=Report)
View = TypeVar("View", bound=ReportView)


class Wanted(BaseModel):
    """Which reports of a queue to list. `overdue`: only those that wait longer than this county
    wants anybody to wait (`queue-days`)."""

    status: ReportStatus | None = None
    region: str | None = None
    reporter: ReporterKind | None = None
    overdue: bool = False


async def get_birth_report(report_id: UUID, tx: Tx) -> BirthReportView:
    return await birth_report_view(await reports.require_report(BirthReport, report_id, tx), tx)


async def get_death_report(report_id: UUID, tx: Tx) -> DeathReportView:
    return await death_report_view(await reports.require_report(DeathReport, report_id, tx), tx)


async def get_marriage_report(report_id: UUID, tx: Tx) -> MarriageReportView:
    report = await reports.require_report(MarriageReport, report_id, tx)
    return await marriage_report_view(report, tx)


async def list_birth_reports(
    wanted: Wanted, limit: int, cursor: str | None, tx: Tx
) -> Page[BirthReportView]:
    found = await _some(BirthReport, wanted, limit, cursor, tx)
    return await _page(found, limit, birth_report_view, tx)


async def list_death_reports(
    wanted: Wanted, limit: int, cursor: str | None, tx: Tx
) -> Page[DeathReportView]:
    found = await _some(DeathReport, wanted, limit, cursor, tx)
    return await _page(found, limit, death_report_view, tx)


async def list_marriage_reports(
    wanted: Wanted, limit: int, cursor: str | None, tx: Tx
) -> Page[MarriageReportView]:
    found = await _some(MarriageReport, wanted, limit, cursor, tx)
    return await _page(found, limit, marriage_report_view, tx)


def number_in(report: BirthReport | DeathReport, role: str, tx: Tx) -> str | None:
    """The id number that a report gives of its mother, father or (dead) person."""
    column = "id_number" if role == "person" else f"{role}_id_number"
    return reports.opened(getattr(report, f"{column}_sealed"), column, report, tx)


def named_in(report: BirthReport | DeathReport, role: str, tx: Tx) -> Named | None:
    """Somebody as a report names her, or None when it does not."""
    prefix = "" if role == "person" else f"{role}_"
    name = getattr(report, f"{prefix}name")
    if name is None:
        return None
    return Named(
        name=name,
        id_number=number_in(report, role, tx),
        person_id=getattr(report, f"{role}_id"),
        **reports.hints_of(report, tx).get(role, {}),
    )


def spouses_of(report: MarriageReport, tx: Tx) -> list[Spouse]:
    text = reports.opened(report.spouses_sealed, "spouses", report, tx)
    return [Spouse.model_validate(each) for each in json.loads(str(text))]


async def birth_report_view(report: BirthReport, tx: Tx) -> BirthReportView:
    mother, father = named_in(report, "mother", tx), named_in(report, "father", tx)
    saw([report.mother_id, report.father_id], "birth", tx)
    return BirthReportView(
        **_common(report, BirthReportView, tx),
        mother=reports.named_view(mother or Named(name=report.mother_name), tx),
        father=reports.named_view(father, tx) if father else None,
    )


async def death_report_view(report: DeathReport, tx: Tx) -> DeathReportView:
    saw([report.person_id], "death", tx)
    person = named_in(report, "person", tx) or Named(name=report.name)
    return DeathReportView(
        **_common(report, DeathReportView, tx), person=reports.named_view(person, tx)
    )


async def marriage_report_view(report: MarriageReport, tx: Tx) -> MarriageReportView:
    spouses = spouses_of(report, tx)
    saw([each.person_id for each in spouses], "marriage", tx)
    office = reports.is_office(tx)
    return MarriageReportView(
        **_common(report, MarriageReportView, tx),
        spouses=[
            reports.named_view(each, tx).model_copy(
                update=each.model_dump(include={"home_region", "foreigner"})
            )
            for each in spouses
        ],
        warnings=await warnings_about(report, spouses, tx) if office else [],
    )


async def birth_view(birth: Birth, tx: Tx, *, folded: bool = False) -> BirthView:
    saw([birth.child_id, birth.mother_id, birth.father_id], "birth", tx)
    months = (await limits_of(tx.actor.region, tx))[Limit.BIRTH_MONTHS]
    return BirthView(**_event(birth, BirthView, birth.born_on, months, tx), folded=folded)


async def death_view(death: Death, tx: Tx) -> DeathView:
    saw([death.person_id], "death", tx)
    months = (await limits_of(tx.actor.region, tx))[Limit.DEATH_MONTHS]
    return DeathView(**_event(death, DeathView, death.died_on, months, tx))


async def marriage_view(marriage: Marriage, spouse_ids: list[UUID], tx: Tx) -> MarriageView:
    """No law gives a time within which the register must hear of a marriage: none is late."""
    saw(spouse_ids, "marriage", tx)
    return MarriageView(
        **_event(marriage, MarriageView, marriage.happened_on, None, tx), spouse_ids=spouse_ids
    )


async def get_birth(report_id: UUID, tx: Tx) -> BirthView:
    """What was registered from a report. Raises NotFound, NotRegistered."""
    _, event_id = await reports.require_registered(BirthReport, report_id, tx, lock=False)
    return await birth_view(await tx.require(Birth, event_id), tx)


async def get_death(report_id: UUID, tx: Tx) -> DeathView:
    """What was registered from a report. Raises NotFound, NotRegistered."""
    _, event_id = await reports.require_registered(DeathReport, report_id, tx, lock=False)
    return await death_view(await tx.require(Death, event_id), tx)


def _common(report: Report, view: type[ReportView], tx: Tx) -> dict[str, Any]:
    """What all reports show. A person is not told that somebody else reported the same."""
    shown = report.model_dump(include=set(view.model_fields))
    shown["late_reason"] = reports.late_reason_of(report, tx)
    if reports.is_person(tx):
        if report.status == ReportStatus.FOLDED:
            done = report.event_id is not None
            shown["status"] = ReportStatus.REGISTERED if done else ReportStatus.REPORTED
        shown["folded_into"] = shown["event_id"] = None
    return shown


def _event(
    event: Registered, view: type[BaseModel], happened_on: Any, months: int | None, tx: Tx
) -> dict[str, Any]:
    """What all registered events show; late after `months`, or never."""
    registered_on = event.registered_at.astimezone(CHINA).date()
    late = months is not None and is_late(happened_on, registered_on, months)
    return event.model_dump(include=set(view.model_fields)) | {
        "days": (registered_on - happened_on).days,
        "late": late,
        "late_reason": reports.late_reason_of_event(event, tx),
    }


async def _some(
    model: type[Kind], wanted: Wanted, limit: int, cursor: str | None, tx: Tx
) -> Sequence[Kind]:
    """One more than a page of reports, in the order they came; a reporter's own only. A person's
    reports are listed by the state she sees."""
    person_id = await reports.own_id(tx) if reports.is_person(tx) else None
    org = tx.actor.org if person_id is None and not reports.is_office(tx) else None
    days = (await limits_of(tx.actor.region, tx))[Limit.QUEUE_DAYS]
    return await tx.find(
        model,
        f"SELECT * FROM {model.__tablename__} WHERE starts_with(region, $2)"  # noqa: S608 our own
        " AND ($1::text IS NULL OR $1 = CASE WHEN $4::uuid IS NULL OR status <> 'folded'"
        "  THEN status WHEN event_id IS NULL THEN 'reported' ELSE 'registered' END)"
        " AND ($3::text IS NULL OR reporter_org = $3)"
        " AND ($4::uuid IS NULL OR reporter_id = $4)"
        " AND ($5::text IS NULL OR reporter_kind = $5)"
        " AND (NOT $6 OR status = 'reported'"
        "  AND reported_at < $7::timestamptz - $8 * interval '1 day')"
        " AND id > $9 ORDER BY id LIMIT $10",
        wanted.status,
        narrow(tx.actor, wanted.region),
        org,
        person_id,
        wanted.reporter,
        wanted.overdue,
        tx.now,
        days,
        id_in(cursor) or BEFORE_ALL,
        limit + 1,
    )


async def _page(
    found: Sequence[Kind], limit: int, view_of: Callable[[Kind, Tx], Awaitable[View]], tx: Tx
) -> Page[View]:
    items = [await view_of(report, tx) for report in found[:limit]]
    return Page(items=items, next=encode_cursor(str(items[-1].id)) if found[limit:] else None)


def saw(persons: Sequence[UUID | None], kind: str, tx: Tx) -> None:
    for person_id in persons:
        if person_id is not None:
            tx.saw(person_id, kind)
