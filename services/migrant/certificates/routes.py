"""HTTP door of certificates."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Path, Response

from services.migrant.auth import CanActForSelf, CanAdminister, CanRead, CanReadOwn, CanWrite
from services.migrant.certificates import checking, handlers, keys, kit, queries, trust
from services.migrant.certificates.door import CheckSettings, Here, LookedUp, UnkeptTransaction
from services.migrant.certificates.kit import Kit
from services.migrant.certificates.rules import ISSUER
from services.migrant.certificates.schemas import (
    CertificateView,
    CheckCertificate,
    CheckView,
    IssueCertificate,
    IssuedView,
    IssuerKeysView,
    RevokeCertificate,
    RotateKey,
    TrustedIssuerView,
    TrustIssuer,
)
from services.migrant.certificates.statuslist import MEDIA_TYPE
from shared.http import Language, PersonalTransaction, PublicTransaction, Route, Transaction

router = APIRouter(tags=["certificates"], route_class=Route)


@router.post("/certificates", status_code=201, summary="Issue a certificate its holder asked for")
async def issue_certificate(
    command: IssueCertificate,
    actor: CanWrite,
    tx: UnkeptTransaction,
    here: Here,
    response: Response,
    idempotency_key: Annotated[
        str | None,
        Header(max_length=200, description="the same key and body give the same certificate"),
    ] = None,
) -> IssuedView:
    view = await handlers.issue_certificate(command, here, idempotency_key, tx)
    response.headers["Location"] = f"/migrant/v1/certificates/{view.certificate_id}"
    response.headers["Cache-Control"] = "no-store"
    return view


@router.get("/certificates/{certificate_id}", summary="What is kept of a certificate")
async def get_certificate(
    certificate_id: UUID, actor: CanReadOwn, tx: PersonalTransaction
) -> CertificateView:
    return await queries.get_certificate(certificate_id, tx)


@router.post("/certificates/{certificate_id}/revocation", summary="Revoke a certificate")
async def revoke_certificate(
    certificate_id: UUID,
    command: RevokeCertificate,
    actor: CanActForSelf,
    tx: PersonalTransaction,
) -> CertificateView:
    return await handlers.revoke_certificate(certificate_id, command, tx)


@router.post("/certificate-checks", summary="Check what a holder showed")
async def check_certificate(
    command: CheckCertificate,
    actor: CanRead,
    looked: LookedUp,  # before the transaction: it may ask another county
    tx: UnkeptTransaction,
    here: Here,
    language: Language,
    response: Response,
) -> CheckView:
    response.headers["Cache-Control"] = "no-store"
    return await checking.check_certificate(command, looked, here, language, tx)


@router.get(
    "/status-lists/{list_id}",
    summary="A published status list (signed token)",
    response_class=Response,
    responses={200: {"content": {MEDIA_TYPE: {}}}},
)
async def get_status_list(
    list_id: Annotated[int, Path(ge=1, le=2**31 - 1)], here: Here, tx: PublicTransaction
) -> Response:
    token = await queries.get_status_list(list_id, here, tx)
    return Response(
        token, media_type=MEDIA_TYPE, headers={"Cache-Control": f"max-age={here.status_ttl}"}
    )


@router.get("/issuer-keys", summary="This county's public keys")
async def get_issuer_keys(here: Here, tx: PublicTransaction) -> IssuerKeysView:
    return await queries.get_issuer_keys(here, tx)


@router.post("/issuer-keys", status_code=201, summary="Sign with a new key from now on")
async def rotate_key(
    actor: CanAdminister, here: Here, tx: Transaction, command: RotateKey | None = None
) -> IssuerKeysView:
    await keys.rotate_key(command or RotateKey(), tx)
    return await queries.get_issuer_keys(here, tx)


@router.get("/checking-kit", summary="Keys and status lists, for checking with no network")
async def get_kit(actor: CanRead, here: Here, settings: CheckSettings, tx: Transaction) -> Kit:
    return await kit.make_kit(here, settings.status_grace_seconds, tx)


@router.get("/trusted-issuers", summary="Counties whose certificates can be checked here")
async def list_trusted(actor: CanRead, tx: Transaction) -> Sequence[TrustedIssuerView]:
    return await trust.list_trusted(tx)


@router.put("/trusted-issuers/{issuer}", summary="Enter or replace a county's keys and lists")
async def trust_issuer(
    issuer: Annotated[str, Path(pattern=f"^{ISSUER.pattern}$")],
    command: TrustIssuer,
    actor: CanAdminister,
    tx: Transaction,
) -> TrustedIssuerView:
    return await trust.trust_issuer(issuer, command, tx)
