"""notification (通知). Wiring only."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from services.notify.callbacks.routes import router as callbacks
from services.notify.campaigns.routes import router as campaigns
from services.notify.campaigns.runner import campaign_runner
from services.notify.consumer import listen
from services.notify.contacts.routes import router as contacts
from services.notify.digests.routes import router as digests
from services.notify.digests.runner import digest_runner
from services.notify.housekeeping import housekeeping
from services.notify.messages.routes import router as messages
from services.notify.messages.worker import sending_worker
from services.notify.publicity.routes import router as publicity
from services.notify.publicity.runner import proposals
from services.notify.receipts.routes import router as receipts
from services.notify.reminders.runner import reminder_runner
from services.notify.rights.routes import router as rights
from services.notify.settings import Settings
from services.notify.templates.handlers import load_defaults
from services.notify.templates.routes import router as templates
from services.notify.watching.routes import router as watching
from services.notify.watching.watcher import delivery_watcher
from shared.app import Parts, create_app
from shared.bus import Bus


@asynccontextmanager
async def default_templates(parts: Parts) -> AsyncIterator[None]:
    """The templates the service comes with are there before it serves."""
    async with parts.database.transaction(parts.actor) as tx:
        await load_defaults(tx)
    yield


def create(settings: Settings, bus: Bus | None = None) -> FastAPI:
    return create_app(
        service="notify",
        title="Yipan notification (通知)",
        summary="The right text, once, with leave, in Chinese, at a decent hour",
        settings=settings,
        routers=[
            templates,
            messages,
            contacts,
            receipts,
            callbacks,
            campaigns,
            publicity,
            digests,
            rights,
            watching,
        ],
        consumer=listen(settings.sending),
        extras=[
            default_templates,
            sending_worker,
            proposals,
            campaign_runner,
            reminder_runner,
            digest_runner,
            housekeeping,
            delivery_watcher,
        ],
        bus=bus,
    )
