"""assessment (考核). Wiring only."""

from fastapi import FastAPI

from services.assessment.consumer import consumer
from services.assessment.settings import Settings
from shared.app import create_app
from shared.bus import Bus


def create(settings: Settings, bus: Bus | None = None) -> FastAPI:
    return create_app(
        service="assessment",
        title="Yipan assessment (考核)",
        summary="Scores of offices, from what the other side saw",
        settings=settings,
        routers=[],
        consumer=consumer,
        bus=bus,
    )
