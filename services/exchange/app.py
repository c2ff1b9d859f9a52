"""exchange (协作交换). Wiring only."""

from fastapi import FastAPI

from services.exchange.consumer import consumer
from services.exchange.settings import Settings
from shared.app import create_app
from shared.bus import Bus


def create(settings: Settings, bus: Bus | None = None) -> FastAPI:
    return create_app(
        service="exchange",
        title="Yipan exchange (协作交换)",
        summary="Signed notices and inquiries between counties, departments and employers",
        settings=settings,
        routers=[],
        consumer=consumer,
        bus=bus,
    )
