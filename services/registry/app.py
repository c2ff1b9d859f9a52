"""The registry: people, homes, vital events. Wiring only."""

from fastapi import FastAPI

from services.registry.changes.routes import router as changes
from services.registry.consumer import consumer
from services.registry.duplicates.routes import router as duplicates
from services.registry.dwellings.routes import router as dwellings
from services.registry.households.routes import router as households
from services.registry.imports.routes import router as imports
from services.registry.imports.worker import importing
from services.registry.persons.routes import router as persons
from services.registry.regions.routes import router as regions
from services.registry.rights.routes import router as rights
from services.registry.settings import Settings
from services.registry.statistics.routes import router as statistics
from services.registry.tasks.routes import router as tasks
from services.registry.vital.routes import router as vital
from shared.app import create_app
from shared.bus import Bus


def create(settings: Settings, bus: Bus | None = None) -> FastAPI:
    return create_app(
        service="registry",
        title="Yipan registry (人口登记)",
        summary="People, homes and vital events of a county",
        settings=settings,
        routers=[
            persons,
            regions,
            dwellings,
            households,
            imports,
            statistics,
            changes,
            vital,
            tasks,
            duplicates,
            rights,
        ],
        consumer=consumer,
        extras=[importing],
        bus=bus,
    )
