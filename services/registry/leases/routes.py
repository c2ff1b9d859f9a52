"""HTTP door of leases."""

from uuid import UUID

from fastapi import APIRouter, Response

from services.registry.auth import CanFileLease, CanReadLeases
from services.registry.leases import handlers, queries
from services.registry.leases.schemas import (
    CorrectLease,
    EndLease,
    FileLease,
    InformationSheet,
    LeaseView,
    RenewLease,
)
from shared.codes import RegionCode
from shared.http import Cursor, IfMatch, Language, Limit, PersonalTransaction, Route, etag
from shared.pages import Page
from shared.text import CalendarDay

router = APIRouter(tags=["leases"], route_class=Route)


@router.post("/leases", status_code=201, summary="File a lease")
async def file_lease(
    command: FileLease, actor: CanFileLease, tx: PersonalTransaction, response: Response
) -> LeaseView:
    view = await handlers.file_lease(command, tx)
    response.headers["Location"] = f"/registry/v1/leases/{view.id}"
    response.headers["ETag"] = etag(view.version)
    return view


@router.get("/leases", summary="Leases filed: one's own, or those of a region")
async def list_leases(
    actor: CanReadLeases,
    tx: PersonalTransaction,
    region: RegionCode | None = None,
    room_id: UUID | None = None,
    landlord_id: UUID | None = None,
    on: CalendarDay | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[LeaseView]:
    return await queries.list_leases(
        region=region,
        room_id=room_id,
        landlord_id=landlord_id,
        on=on,
        limit=limit,
        cursor=cursor,
        tx=tx,
    )


@router.get("/leases/{lease_id}", summary="A lease, or the receipt of a filing")
async def get_lease(
    lease_id: UUID, actor: CanReadLeases, tx: PersonalTransaction, response: Response
) -> LeaseView:
    view = await queries.get_lease(lease_id, tx)
    response.headers["ETag"] = etag(view.version)
    return view


@router.patch("/leases/{lease_id}", summary="Correct a filing")
async def correct_lease(
    lease_id: UUID,
    command: CorrectLease,
    version: IfMatch,
    actor: CanFileLease,
    tx: PersonalTransaction,
    response: Response,
) -> LeaseView:
    view = await handlers.correct_lease(command, lease_id, version, tx)
    response.headers["ETag"] = etag(view.version)
    return view


@router.post("/leases/{lease_id}/renewal", status_code=201, summary="Renew a lease")
async def renew_lease(
    lease_id: UUID, command: RenewLease, actor: CanFileLease, tx: PersonalTransaction
) -> LeaseView:
    return await handlers.renew_lease(command, lease_id, tx)


@router.post("/leases/{lease_id}/end", summary="End a lease")
async def end_lease(
    lease_id: UUID, command: EndLease, actor: CanFileLease, tx: PersonalTransaction
) -> LeaseView:
    return await handlers.end_lease(command, lease_id, tx)


@router.get("/landlord-information-sheet", summary="What a landlord should know, as text")
async def read_information_sheet(actor: CanReadLeases, language: Language) -> InformationSheet:
    return queries.information_sheet(language)
