"""migrant service (流动人口服务). Wiring only."""

from fastapi import FastAPI

from services.migrant.arrivals.routes import router as arrivals
from services.migrant.certificates.fetching import status_fetcher
from services.migrant.certificates.routes import router as certificates
from services.migrant.consents.routes import router as consents
from services.migrant.consumer import consumer
from services.migrant.employments.routes import router as employments
from services.migrant.entitlements.routes import router as entitlements
from services.migrant.help.routes import router as help_requests
from services.migrant.people.routes import router as people
from services.migrant.rights.routes import router as rights
from services.migrant.services.routes import router as services
from services.migrant.settings import Settings
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
            certificates,
            employments,
            entitlements,
            services,
            help_requests,
            rights,
        ],
        consumer=consumer,
        extras=[status_fetcher],
        bus=bus,
    )
