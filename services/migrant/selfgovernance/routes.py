"""HTTP door of charters and commitments."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from services.migrant.auth import CanReadOwn, CanWrite
from services.migrant.selfgovernance import handlers, queries
from services.migrant.selfgovernance.schemas import (
    AdoptCharter,
    CharterView,
    CheckCharter,
    CommitmentView,
    Finding,
    Promise,
    Report,
    Review,
)
from shared.codes import RegionCode
from shared.http import Cursor, Limit, Route, Transaction
from shared.pages import Page

router = APIRouter(tags=["self-governance"], route_class=Route)
Place = Annotated[RegionCode | None, Query(description="only in this area")]


@router.post("/charter-checks", summary="Look for what a charter cannot do")
async def check_charter(command: CheckCharter, actor: CanWrite) -> Sequence[Finding]:
    return queries.findings_in(command.text)


@router.post("/charters", status_code=201, summary="Residents adopted a charter")
async def adopt_charter(command: AdoptCharter, actor: CanWrite, tx: Transaction) -> CharterView:
    return await handlers.adopt_charter(command, tx)


@router.get("/charters", summary="Charters in force")
async def list_charters(
    actor: CanReadOwn,
    tx: Transaction,
    region: Place = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[CharterView]:
    return await queries.list_charters(region, cursor, limit, tx)


@router.get("/charters/{charter_id}/versions", summary="Every version of a charter")
async def list_versions(
    charter_id: UUID, actor: CanReadOwn, tx: Transaction
) -> Sequence[CharterView]:
    return await queries.list_versions(charter_id, tx)


@router.post("/commitments", status_code=201, summary="An office promises residents something")
async def promise(command: Promise, actor: CanWrite, tx: Transaction) -> CommitmentView:
    return await handlers.promise(command, tx)


@router.get("/commitments", summary="What offices promised, and what became of it")
async def list_commitments(
    actor: CanReadOwn,
    tx: Transaction,
    region: Place = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[CommitmentView]:
    return await queries.list_commitments(region, cursor, limit, tx)


@router.post("/commitments/{commitment_id}/report", summary="Report what became of a promise")
async def report(
    commitment_id: UUID, command: Report, actor: CanWrite, tx: Transaction
) -> CommitmentView:
    return await handlers.report(commitment_id, command, tx)


@router.post("/commitments/{commitment_id}/review", summary="What residents said of it")
async def review(
    commitment_id: UUID, command: Review, actor: CanWrite, tx: Transaction
) -> CommitmentView:
    return await handlers.review(commitment_id, command, tx)
