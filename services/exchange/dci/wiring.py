"""What runs beside the service for partners: the desk, and the callers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.exchange.dci.calling import OpenPartner, calling, open_partner
from services.exchange.dci.desk import Desk
from services.exchange.dci.service_tokens import service_tokens
from services.exchange.dci.sources import OpenSources, Sources, open_sources
from services.exchange.settings import Settings
from shared.app import Extra, Parts


def partner_desk(
    open_partner_: OpenPartner | None = None, open_sources_: OpenSources | None = None
) -> Extra:
    """The desk, at `app.state.desk`, and the callers. By default partners are called over TLS and
    the services at the address in the settings."""

    @asynccontextmanager
    async def extra(parts: Parts) -> AsyncIterator[None]:
        settings = parts.settings_as(Settings)
        open_ = open_sources_ or open_sources(settings.services_url or settings.public_url)
        sources = Sources(open_, service_tokens(settings))
        desk = Desk(parts.database, parts.actor, sources)
        parts.app.state.desk = desk
        caller = open_partner_ or open_partner(settings.allow_plain_http)
        try:
            async with calling(parts, desk, caller):
                yield
        finally:
            await sources.close()

    return extra
