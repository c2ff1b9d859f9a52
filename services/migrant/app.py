"""migrant service (流动人口服务). Wiring only."""

from fastapi import FastAPI

from services.migrant.accounts.routes import router as accounts
from services.migrant.appointments.offering import offering
from services.migrant.appointments.routes import router as appointments
from services.migrant.arrivals.routes import router as arrivals
from services.migrant.benefits.routes import router as benefits
from services.migrant.certificates.directory import issuer_directory
from services.migrant.certificates.door import known_issuers
from services.migrant.certificates.request_routes import router as certificate_requests
from services.migrant.certificates.routes import router as certificates
from services.migrant.certificates.showing_routes import router as certificate_showing
from services.migrant.certificates.sweeping import certificate_sweep
from services.migrant.claims.bank_routes import router as bank_files
from services.migrant.claims.received_routes import router as received_claims
from services.migrant.claims.routes import router as claims
from services.migrant.claims.telling import claim_tidying, paper_telling
from services.migrant.consents.lapsing import consent_lapsing
from services.migrant.consents.routes import router as consents
from services.migrant.consumer import consumer
from services.migrant.contact_choices.routes import router as contact_choices
from services.migrant.conveners.routes import router as conveners
from services.migrant.employments.routes import router as employments
from services.migrant.entitlements.routes import router as entitlements
from services.migrant.filings.routes import filing_sheets
from services.migrant.filings.routes import router as filings
from services.migrant.help.clock import help_clock
from services.migrant.help.routes import router as help_requests
from services.migrant.limits.routes import router as limits
from services.migrant.me.routes import router as me
from services.migrant.parity.routes import router as parity
from services.migrant.people.routes import router as people
from services.migrant.places.routes import router as places
from services.migrant.referrals.routes import router as referrals
from services.migrant.regions.asking import region_list
from services.migrant.rights.routes import router as rights
from services.migrant.self_registrations.expiring import expiry
from services.migrant.self_registrations.page_routes import router as self_registration_page
from services.migrant.self_registrations.routes import router as self_registrations
from services.migrant.selfgovernance.routes import router as selfgovernance
from services.migrant.services.routes import router as services
from services.migrant.settings import Settings
from services.migrant.supplies.door import supply_turnstile
from services.migrant.supplies.routes import router as supplies
from shared.app import create_app
from shared.bus import Bus


def create(settings: Settings, bus: Bus | None = None) -> FastAPI:
    return create_app(
        service="migrant",
        title="Yipan migrant service (流动人口服务)",
        summary="Arrival, the person's own certificate, entitlements, help",
        settings=settings,
        routers=[
            arrivals,
            people,
            consents,
            contact_choices,
            certificates,
            certificate_requests,
            certificate_showing,
            employments,
            filings,
            entitlements,
            places,
            limits,
            referrals,
            parity,
            services,
            appointments,
            help_requests,
            conveners,
            selfgovernance,
            supplies,
            claims,
            received_claims,
            bank_files,
            benefits,
            rights,
            accounts,
            me,
            self_registrations,
            self_registration_page,
        ],
        consumer=consumer,
        extras=[
            known_issuers,
            issuer_directory,
            certificate_sweep,
            supply_turnstile,
            expiry,
            consent_lapsing,
            paper_telling,
            claim_tidying,
            offering,
            help_clock,
            region_list,
            filing_sheets,
        ],
        bus=bus,
    )
