"""exchange (协作交换). Wiring only."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from services.exchange.agreements.routes import router as agreements
from services.exchange.attachments.fetching import fetching
from services.exchange.attachments.routes import peers as attachment_door
from services.exchange.attachments.routes import router as attachments
from services.exchange.consumer import consumer
from services.exchange.dci.calling import OpenPartner
from services.exchange.dci.routes import answer_denials, dci, oauth2
from services.exchange.dci.routes import router as partners
from services.exchange.dci.sources import OpenSources
from services.exchange.dci.wiring import partner_desk
from services.exchange.evidence.routes import router as evidence
from services.exchange.evidence.witness import witness
from services.exchange.figures.routes import router as figures
from services.exchange.figures.worker import telling_seen
from services.exchange.filings.routes import filing_sheets
from services.exchange.filings.routes import router as filings
from services.exchange.handovers.routes import router as handovers
from services.exchange.inbound import door
from services.exchange.inquiries.calendar import load_calendar
from services.exchange.inquiries.calendar_routes import router as calendar
from services.exchange.inquiries.calendar_watch import calendar_watch
from services.exchange.inquiries.case_routes import router as cases
from services.exchange.inquiries.deadlines import deadlines
from services.exchange.inquiries.desk_routes import router as desks
from services.exchange.inquiries.routes import router as inquiries
from services.exchange.inquiries.template_routes import router as templates
from services.exchange.looks.joining import trackers
from services.exchange.looks.routes import router as looks
from services.exchange.messages.delivery import delivery
from services.exchange.messages.intake import intake
from services.exchange.messages.routes import answer_refusals, traffic
from services.exchange.messages.routes import router as peers
from services.exchange.notices.resending import resending
from services.exchange.notices.routes import router as notices
from services.exchange.objections.routes import router as objections
from services.exchange.participants.directory import directory
from services.exchange.participants.node import settle
from services.exchange.participants.routes import router as participants
from services.exchange.participants.routes import well_known
from services.exchange.peers import DoorContext, OpenClient, believing, open_client, own_files
from services.exchange.queue.routes import router as queue
from services.exchange.reconciliations.routes import router as reconciliations
from services.exchange.reconciliations.worker import monthly_reconciling, reconciling
from services.exchange.refusals.ledger import refusals
from services.exchange.refusals.routes import router as refusal_proofs
from services.exchange.rights.routes import router as rights
from services.exchange.settings import Settings
from shared.app import Parts, create_app
from shared.bus import Bus


def create(
    settings: Settings,
    bus: Bus | None = None,
    *,
    open_peer: OpenClient | None = None,
    open_partner: OpenPartner | None = None,
    open_sources: OpenSources | None = None,
) -> FastAPI:
    """`open_peer`, `open_partner` and `open_sources` replace how peers, DCI partners and our own
    services are called; by default peers over TLS with pinned certificates. The
    TLS side of our own door is at `app.state.door_context`."""
    own, plain = own_files(settings), settings.allow_plain_http
    open_ = open_peer or open_client(plain, own)
    unshown = open_peer or open_client(plain)

    @asynccontextmanager
    async def prepare(parts: Parts) -> AsyncIterator[None]:
        async with parts.database.transaction(parts.actor) as tx:
            await settle(settings, tx)
            await load_calendar(tx)
        yield

    app = create_app(
        service="exchange",
        title="Yipan exchange (协作交换)",
        summary="Signed notices and inquiries between counties, departments and employers",
        settings=settings,
        routers=[
            participants,
            well_known,
            peers,
            attachment_door,
            dci,
            oauth2,
            partners,
            traffic,
            queue,
            notices,
            agreements,
            figures,
            reconciliations,
            desks,
            cases,
            templates,
            calendar,
            inquiries,
            filings,
            handovers,
            attachments,
            evidence,
            refusal_proofs,
            rights,
            objections,
            looks,
        ],
        consumer=consumer,
        extras=[
            prepare,
            refusals,
            intake(door),
            trackers(open_sources),
            believing,
            directory(unshown),
            delivery(open_),
            resending,
            reconciling,
            monthly_reconciling,
            telling_seen,
            deadlines,
            calendar_watch,
            filing_sheets,
            witness(open_),
            fetching(open_),
            partner_desk(open_partner, open_sources),
        ],
        bus=bus,
    )
    app.state.door_context = DoorContext(own) if own else None
    answer_refusals(app)
    answer_denials(app)
    return app
