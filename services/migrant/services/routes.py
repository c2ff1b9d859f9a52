"""HTTP door of services delivered."""

from uuid import UUID

from fastapi import APIRouter

from services.migrant.auth import CanReadOwn, CanWrite
from services.migrant.services import handlers, queries
from services.migrant.services.rules import Service
from services.migrant.services.schemas import (
    AnnulRecord,
    CorrectRecord,
    RecordService,
    ServiceRecordView,
)
from shared.http import Cursor, Limit, PersonalTransaction, Route
from shared.pages import Page
from shared.text import CalendarDay

router = APIRouter(tags=["services"], route_class=Route)


@router.post("/service-records", status_code=201, summary="Record a service delivered")
async def record_service(
    command: RecordService, actor: CanWrite, tx: PersonalTransaction
) -> ServiceRecordView:
    return await handlers.record_service(command, tx)


@router.get("/service-records", summary="What an office recorded, or everything of one's own")
async def list_records(
    actor: CanReadOwn,
    tx: PersonalTransaction,
    person_id: UUID | None = None,
    service: Service | None = None,
    since: CalendarDay | None = None,
    until: CalendarDay | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[ServiceRecordView]:
    return await queries.list_records(person_id, service, since, until, limit, cursor, tx)


@router.get("/service-records/{record_id}", summary="Read a service record")
async def get_record(
    record_id: UUID, actor: CanReadOwn, tx: PersonalTransaction
) -> ServiceRecordView:
    return await queries.get_record(record_id, tx)


@router.post("/service-records/{record_id}/annulment", summary="A record was made in error")
async def annul_record(
    record_id: UUID, command: AnnulRecord, actor: CanWrite, tx: PersonalTransaction
) -> ServiceRecordView:
    return await handlers.annul_record(command, record_id, tx)


@router.post(
    "/service-records/{record_id}/correction", status_code=201, summary="Put a record right"
)
async def correct_record(
    record_id: UUID, command: CorrectRecord, actor: CanWrite, tx: PersonalTransaction
) -> ServiceRecordView:
    return await handlers.correct_record(command, record_id, tx)
