"""exchange (协作交换). Wiring only."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from services.exchange.consumer import consumer
from services.exchange.evidence.routes import router as evidence
from services.exchange.evidence.witness import witness
from services.exchange.inquiries.calendar import load_calendar
from services.exchange.inquiries.deadlines import deadlines
from services.exchange.inquiries.routes import router as inquiries
from services.exchange.messages.delivery import delivery
from services.exchange.messages.routes import answer_refusals, traffic
from services.exchange.messages.routes import router as peers
from services.exchange.notices.resending import resending
from services.exchange.notices.routes import router as notices
from services.exchange.participants.node import settle
from services.exchange.participants.routes import router as participants
from services.exchange.participants.routes import well_known
from services.exchange.peers import OpenClient, open_client
from services.exchange.queue.routes import router as queue
from services.exchange.settings import Settings
from shared.app import Parts, create_app
from shared.bus import Bus


def create(
    settings: Settings, bus: Bus | None = None, *, open_peer: OpenClient | None = None
) -> FastAPI:
    """`open_peer` replaces how peers are called; by default over TLS with pinned certificates."""
    open_ = open_peer or open_client(settings.allow_plain_http)

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
        routers=[participants, well_known, peers, traffic, queue, notices, inquiries, evidence],
        consumer=consumer,
        extras=[prepare, delivery(open_), resending, deadlines, witness(open_)],
        bus=bus,
    )
    answer_refusals(app)
    return app
