"""HTTP door of registered vital events: registered, corrected, annulled, counted, extracted."""

from collections.abc import Sequence
from uuid import UUID

from fastapi import APIRouter, Response

from services.registry.auth import CanRead, CanReadOwn, CanWrite
from services.registry.vital import (
    birth_changes,
    births,
    death_changes,
    deaths,
    extracts,
    marriage_changes,
    marriages,
    queries,
    timeliness,
    versions,
)
from services.registry.vital.change_schemas import (
    Annul,
    AnnulBirth,
    AnnulMarriage,
    CorrectBirth,
    CorrectDeath,
    CorrectMarriage,
    Reinstate,
    VitalVersionView,
)
from services.registry.vital.extracts import ExtractView, MaritalStatusView
from services.registry.vital.models import BirthReport, DeathReport, MarriageReport
from services.registry.vital.schemas import (
    BirthView,
    Confirmation,
    DeathView,
    MarriageView,
    RegisterBirth,
)
from services.registry.vital.timeliness import TimedKind, Timeliness
from shared.http import IfMatch, PersonalTransaction, Route, Transaction, etag
from shared.text import CalendarDay

router = APIRouter(tags=["vital events"], route_class=Route)


@router.get("/vital-timeliness", summary="How soon events are registered, by office and month")
async def list_timeliness(
    kind: TimedKind, from_day: CalendarDay, to_day: CalendarDay, actor: CanRead, tx: Transaction
) -> list[Timeliness]:
    return await timeliness.list_timeliness(kind, from_day, to_day, tx)


@router.get("/persons/{person_id}/vital-events", summary="Extract of a person's vital events")
async def list_vital_events(
    person_id: UUID, actor: CanReadOwn, tx: PersonalTransaction, response: Response
) -> Sequence[ExtractView]:
    response.headers["Cache-Control"] = "no-store"
    return await extracts.list_vital_events(person_id, tx)


@router.get("/persons/{person_id}/marital-status", summary="A person's marital status")
async def get_marital_status(
    person_id: UUID, actor: CanReadOwn, tx: PersonalTransaction, response: Response
) -> MaritalStatusView:
    response.headers["Cache-Control"] = "no-store"
    return await extracts.get_marital_status(person_id, tx)


@router.post("/birth-reports/{report_id}/registration", status_code=201, summary="Register a birth")
async def register_birth(
    report_id: UUID, command: RegisterBirth, actor: CanWrite, tx: PersonalTransaction
) -> BirthView:
    return await births.register_birth(command, report_id, tx)


@router.post("/death-reports/{report_id}/registration", status_code=201, summary="Register a death")
async def register_death(
    report_id: UUID,
    actor: CanWrite,
    tx: PersonalTransaction,
    command: Confirmation | None = None,
) -> DeathView:
    return await deaths.register_death(report_id, tx, command)


@router.post(
    "/marriage-reports/{report_id}/registration",
    status_code=201,
    summary="Register a marriage or divorce",
)
async def register_marriage(
    report_id: UUID,
    actor: CanWrite,
    tx: PersonalTransaction,
    command: Confirmation | None = None,
) -> MarriageView:
    return await marriages.register_marriage(report_id, tx, command)


@router.get("/birth-reports/{report_id}/registration", summary="What was registered from a report")
async def get_birth(
    report_id: UUID, actor: CanRead, tx: PersonalTransaction, response: Response
) -> BirthView:
    view = await queries.get_birth(report_id, tx)
    response.headers["ETag"] = etag(view.version)
    return view


@router.patch("/birth-reports/{report_id}/registration", summary="Correct a registered birth")
async def correct_birth(
    report_id: UUID,
    command: CorrectBirth,
    version: IfMatch,
    actor: CanWrite,
    tx: PersonalTransaction,
    response: Response,
) -> BirthView:
    view = await birth_changes.correct_birth(command, report_id, version, tx)
    response.headers["ETag"] = etag(view.version)
    return view


@router.get("/birth-reports/{report_id}/versions", summary="How a registered birth changed")
async def list_birth_versions(
    report_id: UUID, actor: CanRead, tx: PersonalTransaction
) -> Sequence[VitalVersionView]:
    return await versions.list_versions(BirthReport, report_id, tx)


@router.post("/birth-reports/{report_id}/annulment", summary="Take a registered birth back")
async def annul_birth(
    report_id: UUID, command: AnnulBirth, actor: CanWrite, tx: PersonalTransaction
) -> BirthView:
    return await birth_changes.annul_birth(command, report_id, tx)


@router.post("/birth-reports/{report_id}/reinstatement", summary="Undo an annulment")
async def reinstate_birth(
    report_id: UUID, command: Reinstate, actor: CanWrite, tx: PersonalTransaction
) -> BirthView:
    return await birth_changes.reinstate_birth(command, report_id, tx)


@router.get("/death-reports/{report_id}/registration", summary="What was registered from a report")
async def get_death(
    report_id: UUID, actor: CanRead, tx: PersonalTransaction, response: Response
) -> DeathView:
    view = await queries.get_death(report_id, tx)
    response.headers["ETag"] = etag(view.version)
    return view


@router.patch("/death-reports/{report_id}/registration", summary="Correct a registered death")
async def correct_death(
    report_id: UUID,
    command: CorrectDeath,
    version: IfMatch,
    actor: CanWrite,
    tx: PersonalTransaction,
    response: Response,
) -> DeathView:
    view = await death_changes.correct_death(command, report_id, version, tx)
    response.headers["ETag"] = etag(view.version)
    return view


@router.get("/death-reports/{report_id}/versions", summary="How a registered death changed")
async def list_death_versions(
    report_id: UUID, actor: CanRead, tx: PersonalTransaction
) -> Sequence[VitalVersionView]:
    return await versions.list_versions(DeathReport, report_id, tx)


@router.post("/death-reports/{report_id}/annulment", summary="Take a registered death back")
async def annul_death(
    report_id: UUID, command: Annul, actor: CanWrite, tx: PersonalTransaction
) -> DeathView:
    return await death_changes.annul_death(command, report_id, tx)


@router.get(
    "/marriage-reports/{report_id}/registration", summary="What was registered from a report"
)
async def get_marriage(
    report_id: UUID, actor: CanRead, tx: PersonalTransaction, response: Response
) -> MarriageView:
    view = await marriage_changes.get_marriage(report_id, tx)
    response.headers["ETag"] = etag(view.version)
    return view


@router.patch(
    "/marriage-reports/{report_id}/registration", summary="Correct a registered marriage or divorce"
)
async def correct_marriage(
    report_id: UUID,
    command: CorrectMarriage,
    version: IfMatch,
    actor: CanWrite,
    tx: PersonalTransaction,
    response: Response,
) -> MarriageView:
    view = await marriage_changes.correct_marriage(command, report_id, version, tx)
    response.headers["ETag"] = etag(view.version)
    return view


@router.get(
    "/marriage-reports/{report_id}/versions", summary="How a registered marriage or divorce changed"
)
async def list_marriage_versions(
    report_id: UUID, actor: CanRead, tx: PersonalTransaction
) -> Sequence[VitalVersionView]:
    return await versions.list_versions(MarriageReport, report_id, tx)


@router.post(
    "/marriage-reports/{report_id}/annulment", summary="Take a registered marriage or divorce back"
)
async def annul_marriage(
    report_id: UUID, command: AnnulMarriage, actor: CanWrite, tx: PersonalTransaction
) -> MarriageView:
    return await marriage_changes.annul_marriage(command, report_id, tx)


@router.post("/marriage-reports/{report_id}/reinstatement", summary="Undo an annulment")
async def reinstate_marriage(
    report_id: UUID, command: Reinstate, actor: CanWrite, tx: PersonalTransaction
) -> MarriageView:
    return await marriage_changes.reinstate_marriage(command, report_id, tx)
