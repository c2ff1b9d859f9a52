"""Everything held here about one person, for herself."""

from uuid import UUID

from services.migrant.accounts.queries import links_of
from services.migrant.appointments.models import Appointment
from services.migrant.appointments.queries import waits_of
from services.migrant.appointments.schemas import AppointmentView
from services.migrant.arrivals.models import Arrival, StayChange
from services.migrant.arrivals.queries import change_view
from services.migrant.arrivals.queries import view_of as arrival_view
from services.migrant.benefits.queries import statements_of
from services.migrant.certificates.models import Certificate
from services.migrant.certificates.queries import view_of as certificate_view
from services.migrant.certificates.request_models import CertificateRequest
from services.migrant.certificates.request_queries import export_of as certificate_request
from services.migrant.claims.models import Claim
from services.migrant.claims.queries import views_of
from services.migrant.claims.received_models import ReceivedClaim
from services.migrant.claims.received_queries import received_views
from services.migrant.consents.models import ConsentRefusal
from services.migrant.consents.queries import list_consents, refusal_view
from services.migrant.contact_choices.queries import list_choices
from services.migrant.conveners.models import Convener
from services.migrant.conveners.queries import view_of as convener_view
from services.migrant.employments.models import Employment
from services.migrant.errors import PersonNotFound
from services.migrant.help.models import HelpCompanion, HelpRequest
from services.migrant.help.queries import seen
from services.migrant.help.schemas import CompanionView
from services.migrant.people.models import PersonHere, RecordedDeath
from services.migrant.people.queries import current_id, get_person
from services.migrant.referrals.queries import list_of as list_referrals
from services.migrant.rights.models import Erasure
from services.migrant.rights.schemas import CheckExport, EmploymentExport, PersonExport
from services.migrant.self_registrations.models import SelfRegistration
from services.migrant.self_registrations.queries import seen as self_registration
from services.migrant.services.models import ServiceRecord
from services.migrant.services.schemas import ServiceRecordView
from shared.db import Row, Tx
from shared.erasure import ErasureView, KindView
from shared.subjects import require_own, require_subject_access

_HELD = """
SELECT EXISTS (SELECT FROM people WHERE person_id = $1)
    OR EXISTS (SELECT FROM arrivals WHERE person_id = $1)
    OR EXISTS (SELECT FROM consents WHERE person_id = $1)
    OR EXISTS (SELECT FROM certificates WHERE person_id = $1)
    OR EXISTS (SELECT FROM certificate_requests WHERE person_id = $1)
    OR EXISTS (SELECT FROM service_records WHERE person_id = $1)
    OR EXISTS (SELECT FROM referrals WHERE person_id = $1)
    OR EXISTS (SELECT FROM appointments WHERE person_id = $1)
    OR EXISTS (SELECT FROM appointment_waits WHERE person_id = $1)
    OR EXISTS (SELECT FROM help_requests WHERE person_id = $1)
    OR EXISTS (SELECT FROM help_companions WHERE person_id = $1)
    OR EXISTS (SELECT FROM conveners WHERE person_id = $1)
    OR EXISTS (SELECT FROM employments WHERE person_id = $1)
    OR EXISTS (SELECT FROM consent_refusals WHERE person_id = $1)
    OR EXISTS (SELECT FROM contact_choices WHERE person_id = $1)
    OR EXISTS (SELECT FROM claims WHERE person_id = $1)
    OR EXISTS (SELECT FROM received_claims WHERE person_id = $1)
    OR EXISTS (SELECT FROM benefit_lines WHERE person_id = $1)
    OR EXISTS (SELECT FROM recorded_deaths WHERE person_id = $1)
    OR EXISTS (SELECT FROM erasures WHERE person_id = $1)
    OR EXISTS (SELECT FROM account_links WHERE person_id = $1)
    OR EXISTS (SELECT FROM self_registrations WHERE person_id = $1)
"""
_CHECKS = """
SELECT certificate_id, office, purpose, outcome, checked_at FROM certificate_checks
WHERE certificate_id = ANY($1::text[]) ORDER BY id
"""
_USAGES = """
SELECT count(*) FROM usage_entries
WHERE subject_id IN (SELECT $1::uuid UNION ALL
                     SELECT alias_id FROM subject_aliases WHERE subject_id = $1)
"""


async def export_person(person_id: UUID, language: str, tx: Tx) -> PersonExport:
    """Raises WrongPurpose; NotFound for another person, or one of whom nothing is held."""
    require_subject_access(tx)
    await require_own(person_id, tx, "migrant:write")
    person_id = await current_id(person_id, tx)
    await anything_held(person_id, tx)
    certificates = await _of(Certificate, person_id, tx)
    ids = [str(each.id) for each in certificates]
    met = await tx.get(PersonHere, person_id)
    tx.saw(person_id, "export")
    return PersonExport(
        made_at=tx.now,
        covers=tx.actor.region,
        person_id=person_id,
        other_ids=[
            row["merged_id"]
            for row in await tx.fetch(
                "SELECT merged_id FROM merged_people WHERE kept_id = $1 ORDER BY 1", person_id
            )
        ],
        person=await get_person(person_id, language, tx) if met else None,
        arrivals=[arrival_view(each) for each in await _of(Arrival, person_id, tx)],
        stay_changes=[change_view(each, tx) for each in await _of(StayChange, person_id, tx)],
        consents=await list_consents(person_id, language, tx),
        certificates=[certificate_view(each) for each in certificates],
        certificate_requests=[
            certificate_request(each, language, tx)
            for each in await _of(CertificateRequest, person_id, tx)
        ],
        certificate_checks=[CheckExport(**row) for row in await tx.fetch(_CHECKS, ids)],
        service_records=[
            ServiceRecordView.model_validate(each.model_dump())
            for each in await _of(ServiceRecord, person_id, tx)
        ],
        referrals=await list_referrals(person_id, language, tx),
        appointments=[
            AppointmentView.model_validate(each.model_dump())
            for each in await _of(Appointment, person_id, tx)
        ],
        appointment_waits=await waits_of(person_id, tx),
        help_requests=[await seen(each, tx) for each in await _of(HelpRequest, person_id, tx)],
        help_companies=[
            CompanionView.model_validate(each.model_dump())
            for each in await _of(HelpCompanion, person_id, tx)
        ],
        convening=[convener_view(each, tx) for each in await _of(Convener, person_id, tx)],
        employments=[
            EmploymentExport.model_validate(each.model_dump())
            for each in await _of(Employment, person_id, tx)
        ],
        consent_refusals=[refusal_view(each) for each in await _of(ConsentRefusal, person_id, tx)],
        contact_choices=await list_choices(person_id, tx),
        claims=await views_of(await _of(Claim, person_id, tx), tx),
        received_claims=await received_views(await _of(ReceivedClaim, person_id, tx), tx),
        benefits=await statements_of(person_id, tx),
        recorded_deaths=[each.died_on for each in await _of(RecordedDeath, person_id, tx)],
        erasures=[erasure_view(each) for each in await _of(Erasure, person_id, tx)],
        logins=await links_of(person_id, tx),
        self_registrations=[
            self_registration(each, tx) for each in await _of(SelfRegistration, person_id, tx)
        ],
        usages=await tx.fetch_value(_USAGES, person_id),
    )


async def anything_held(person_id: UUID, tx: Tx) -> None:
    """Raises PersonNotFound when nothing is held about her in the actor's region."""
    if not await tx.fetch_value(_HELD, person_id):
        raise PersonNotFound()


def erasure_view(erasure: Erasure) -> ErasureView:
    return ErasureView(
        id=erasure.id,
        person_id=erasure.person_id,
        covers=erasure.region,
        decided_at=erasure.decided_at,
        kinds=[KindView.model_validate(kind) for kind in erasure.kinds],
    )


async def _of(model: type[Row], person_id: UUID, tx: Tx) -> list[Row]:
    """Her rows of a table, oldest first."""
    table = model.__tablename__
    return await tx.find(
        model,
        f"SELECT * FROM {table} WHERE person_id = $1 ORDER BY id",  # noqa: S608 our own names
        person_id,
    )
