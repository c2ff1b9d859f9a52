"""notification (通知). Wiring only."""

from fastapi import FastAPI

from services.notify.consumer import consumer
from services.notify.settings import Settings
from shared.app import create_app
from shared.bus import Bus


def create(settings: Settings, bus: Bus | None = None) -> FastAPI:
    return create_app(
        service="notify",
        title="Yipan notification (通知)",
        summary="The right text, once, with leave, in Chinese, at a decent hour",
        settings=settings,
        routers=[],
        consumer=consumer,
        bus=bus,
    )
