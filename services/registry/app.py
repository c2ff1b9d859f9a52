"""The registry: people, homes, vital events. Wiring only."""

from fastapi import FastAPI

from services.registry.consumer import consumer
from services.registry.persons.routes import router as persons
from services.registry.settings import Settings
from shared.app import create_app
from shared.bus import Bus


def create(settings: Settings, bus: Bus | None = None) -> FastAPI:
    return create_app(
        service="registry",
        title="Yipan registry (人口登记)",
        summary="People, homes and vital events of a county",
        settings=settings,
        routers=[persons],
        consumer=consumer,
        bus=bus,
    )
