"""HTTP door of requests for a certificate."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from services.migrant.auth import CanActForSelf, CanReadOwn, CanRequest, CanWrite
from services.migrant.certificates import request_queries, requesting
from services.migrant.certificates.door import Here, UnkeptTransaction
from services.migrant.certificates.request_rules import RequestStatus
from services.migrant.certificates.request_schemas import (
    CertificateRequestView,
    CollectCertificate,
    DecideRequest,
    ObjectToDecision,
    RequestCertificate,
)
from services.migrant.certificates.schemas import IssuedView
from shared.http import Cursor, Language, Limit, PersonalTransaction, Route
from shared.pages import Page

router = APIRouter(tags=["certificate requests"], route_class=Route)


@router.post("/certificate-requests", status_code=201, summary="Ask for one's certificate")
async def request_certificate(
    command: RequestCertificate,
    actor: CanRequest,
    tx: PersonalTransaction,
    here: Here,
    language: Language,
    response: Response,
) -> CertificateRequestView:
    view = await requesting.request_certificate(command, here, language, tx)
    response.headers["Location"] = f"/migrant/v1/certificate-requests/{view.id}"
    return view


@router.get("/certificate-requests", summary="Requests, those due first at the top")
async def list_requests(
    actor: CanReadOwn,
    tx: PersonalTransaction,
    language: Language,
    status: RequestStatus | None = None,
    person_id: Annotated[UUID | None, Query(description="whose; a person sees her own")] = None,
    limit: Limit = 25,
    cursor: Cursor = None,
) -> Page[CertificateRequestView]:
    return await request_queries.list_requests(status, person_id, limit, cursor, language, tx)


@router.get("/certificate-requests/{request_id}", summary="How a request stands")
async def get_request(
    request_id: UUID, actor: CanReadOwn, tx: PersonalTransaction, language: Language
) -> CertificateRequestView:
    return await request_queries.get_request(request_id, language, tx)


@router.post("/certificate-requests/{request_id}/withdrawal", summary="Take a request back")
async def withdraw_request(
    request_id: UUID, actor: CanActForSelf, tx: PersonalTransaction, language: Language
) -> CertificateRequestView:
    return await requesting.withdraw_request(request_id, language, tx)


@router.post(
    "/certificate-requests/{request_id}/decision",
    summary="Decide what the records do not answer, with reasons",
)
async def decide_request(
    request_id: UUID,
    command: DecideRequest,
    actor: CanWrite,
    tx: PersonalTransaction,
    here: Here,
    language: Language,
) -> CertificateRequestView:
    return await requesting.decide_request(request_id, command, here, language, tx)


@router.post("/certificate-requests/{request_id}/objection", summary="Object to a decision")
async def object_to_decision(
    request_id: UUID,
    command: ObjectToDecision,
    actor: CanActForSelf,
    tx: PersonalTransaction,
    language: Language,
) -> CertificateRequestView:
    return await requesting.object_to_decision(request_id, command, language, tx)


@router.post("/certificate-requests/{request_id}/collection", summary="Collect the certificate")
async def collect_certificate(
    request_id: UUID,
    command: CollectCertificate,
    actor: CanActForSelf,
    tx: UnkeptTransaction,
    here: Here,
    response: Response,
) -> IssuedView:
    response.headers["Cache-Control"] = "no-store"
    return await requesting.collect_certificate(request_id, command, here, tx)
