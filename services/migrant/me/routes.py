"""HTTP door of what is mine. Every call says `Purpose: subject-access`: the contract lets nobody
look at a person without saying why, and that is why she looks. A new list of hers joins here, read
by its own feature."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Annotated

from fastapi import APIRouter, Header, Response

from services.migrant.accounts.queries import list_links
from services.migrant.accounts.schemas import AccountLinkView
from services.migrant.appointments.queries import list_appointments, waits_of
from services.migrant.appointments.schemas import AppointmentView, WaitView
from services.migrant.arrivals.queries import list_stays
from services.migrant.arrivals.schemas import ArrivalView
from services.migrant.auth import CanBeHerself
from services.migrant.certificates.request_queries import list_requests
from services.migrant.certificates.request_schemas import CertificateRequestView
from services.migrant.certificates.schemas import CertificateView
from services.migrant.claims.queries import list_claims
from services.migrant.claims.received_queries import list_received
from services.migrant.claims.received_schemas import Inbox, ReceivedClaimView
from services.migrant.claims.schemas import ClaimView
from services.migrant.consents.queries import list_consents
from services.migrant.consents.schemas import ConsentView
from services.migrant.help.lists import list_of_person
from services.migrant.help.schemas import HelpLine
from services.migrant.me import queries
from services.migrant.me.queries import own_id
from services.migrant.me.schemas import LooksPage, MeView
from services.migrant.referrals.queries import list_referrals
from services.migrant.referrals.rules import Direction
from services.migrant.referrals.schemas import ReferralView
from services.migrant.rights.handlers import erase_held
from services.migrant.rights.queries import export_person
from services.migrant.rights.schemas import EmploymentExport, PersonExport
from services.migrant.self_registrations.schemas import SelfRegistrationView
from services.migrant.services.queries import list_records
from services.migrant.services.schemas import ServiceRecordView
from shared.erasure import ErasureView
from shared.http import Cursor, Language, Limit, PersonalTransaction, Route
from shared.pages import Page

router = APIRouter(tags=["mine"], route_class=Route)


@router.get(
    "/me",
    summary="My registration, my half-year, what is waiting",
    response_model=MeView,
    responses={304: {"description": "as the app has it already"}},
)
async def get_me(
    actor: CanBeHerself,
    language: Language,
    tx: PersonalTransaction,
    if_none_match: Annotated[str, Header(max_length=1000)] = "",
) -> Response:
    content = (await queries.get_me(language, tx)).model_dump_json()
    tag = f'"{sha256(content.encode()).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache", "Vary": "Accept-Language"}
    if tag in if_none_match:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type="application/json", headers=headers)


@router.get("/me/stays", summary="My stays")
async def list_my_stays(
    actor: CanBeHerself, tx: PersonalTransaction, limit: Limit = 25, cursor: Cursor = None
) -> Page[ArrivalView]:
    return await list_stays(await own_id(tx), limit, cursor, tx)


@router.get("/me/certificates", summary="My certificates")
async def list_my_certificates(
    actor: CanBeHerself, tx: PersonalTransaction, limit: Limit = 25, cursor: Cursor = None
) -> Page[CertificateView]:
    return await queries.list_my_certificates(limit, cursor, tx)


@router.get("/me/certificate-requests", summary="My requests for certificates")
async def list_my_certificate_requests(
    actor: CanBeHerself,
    language: Language,
    tx: PersonalTransaction,
    limit: Limit = 25,
    cursor: Cursor = None,
) -> Page[CertificateRequestView]:
    await own_id(tx)
    return await list_requests(None, None, limit, cursor, language, tx)


@router.get("/me/consents", summary="My consents")
async def list_my_consents(
    actor: CanBeHerself, language: Language, tx: PersonalTransaction
) -> Sequence[ConsentView]:
    return await list_consents(await own_id(tx), language, tx)


@router.get("/me/appointments", summary="My appointments")
async def list_my_appointments(
    actor: CanBeHerself, tx: PersonalTransaction
) -> Sequence[AppointmentView]:
    return await list_appointments(await own_id(tx), tx)


@router.get("/me/appointment-waits", summary="What I wait for")
async def list_my_waits(actor: CanBeHerself, tx: PersonalTransaction) -> Sequence[WaitView]:
    return await waits_of(await own_id(tx), tx)


@router.get("/me/help-requests", summary="My requests for help")
async def list_my_help_requests(
    actor: CanBeHerself, tx: PersonalTransaction, limit: Limit = 25, cursor: Cursor = None
) -> Page[HelpLine]:
    return await list_of_person(await own_id(tx), cursor, limit, tx)


@router.get("/me/service-records", summary="Services I got")
async def list_my_service_records(
    actor: CanBeHerself, tx: PersonalTransaction, limit: Limit = 25, cursor: Cursor = None
) -> Page[ServiceRecordView]:
    return await list_records(await own_id(tx), None, None, None, limit, cursor, tx)


@router.get("/me/referrals", summary="Where I was referred, and how far it is")
async def list_my_referrals(
    actor: CanBeHerself,
    language: Language,
    tx: PersonalTransaction,
    limit: Limit = 25,
    cursor: Cursor = None,
) -> Page[ReferralView]:
    return await list_referrals(
        Direction.OUT, await own_id(tx), None, None, False, limit, cursor, language, tx
    )


@router.get("/me/claims", summary="My claims")
async def list_my_claims(
    actor: CanBeHerself, tx: PersonalTransaction, limit: Limit = 25, cursor: Cursor = None
) -> Page[ClaimView]:
    return await list_claims(None, None, False, False, await own_id(tx), limit, cursor, tx)


@router.get("/me/received-claims", summary="Claims that another county sent here for me")
async def list_my_received_claims(
    actor: CanBeHerself, tx: PersonalTransaction, limit: Limit = 25, cursor: Cursor = None
) -> Page[ReceivedClaimView]:
    return await list_received(Inbox(person_id=await own_id(tx)), limit, cursor, tx)


@router.get("/me/employments", summary="What employers filed about me")
async def list_my_employments(
    actor: CanBeHerself, tx: PersonalTransaction, limit: Limit = 25, cursor: Cursor = None
) -> Page[EmploymentExport]:
    return await queries.list_my_employments(limit, cursor, tx)


@router.get("/me/logins", summary="My logins")
async def list_my_logins(actor: CanBeHerself, tx: PersonalTransaction) -> Sequence[AccountLinkView]:
    return await list_links(await own_id(tx), tx)


@router.get("/me/self-registration", summary="My last registration by phone")
async def get_my_self_registration(
    actor: CanBeHerself, tx: PersonalTransaction
) -> SelfRegistrationView:
    return await queries.get_my_self_registration(tx)


@router.get("/me/looks", summary="Who looked at my data")
async def list_my_looks(
    actor: CanBeHerself,
    language: Language,
    tx: PersonalTransaction,
    limit: Limit = 25,
    cursor: Cursor = None,
) -> LooksPage:
    return await queries.list_my_looks(limit, cursor, language, tx)


@router.get("/me/export", summary="Everything held about me")
async def export_mine(
    actor: CanBeHerself, language: Language, tx: PersonalTransaction, response: Response
) -> PersonExport:
    response.headers["Cache-Control"] = "no-store"
    return await export_person(await own_id(tx), language, tx)


@router.post("/me/erasure", summary="Erase what no duty holds")
async def erase_mine(actor: CanBeHerself, tx: PersonalTransaction) -> ErasureView:
    return await erase_held(await own_id(tx), tx)
