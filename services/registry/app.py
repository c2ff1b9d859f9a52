"""The registry: people, homes, vital events. Wiring only."""

from fastapi import FastAPI

from services.registry.agreements.routes import router as agreements
from services.registry.blind_zones.routes import router as blind_zones
from services.registry.blind_zones.scanning import scanning_zones
from services.registry.cards.routes import router as cards
from services.registry.changes.routes import router as changes
from services.registry.consumer import consumer
from services.registry.duplicates.routes import router as duplicates
from services.registry.duplicates.worker import looking_for_duplicates
from services.registry.dwellings.drawing_routes import router as drawings
from services.registry.dwellings.estate_routes import router as estates
from services.registry.dwellings.routes import router as dwellings
from services.registry.exports.routes import router as exports
from services.registry.exports.worker import exporting
from services.registry.feeds.routes import router as feeds
from services.registry.feeds.worker import reconciling
from services.registry.field.routes import router as field
from services.registry.filings.routes import filing_sheets
from services.registry.filings.routes import router as filings
from services.registry.grid.routes import router as grid
from services.registry.households.routes import router as households
from services.registry.imports.routes import router as imports
from services.registry.imports.worker import importing
from services.registry.leases.routes import router as leases
from services.registry.limits.routes import router as limits
from services.registry.persons.routes import router as persons
from services.registry.record_use.worker import counting_use
from services.registry.region_changes.routes import router as region_changes
from services.registry.region_changes.worker import changing_regions
from services.registry.regions.routes import router as regions
from services.registry.rights.routes import router as rights
from services.registry.settings import Settings
from services.registry.statistics.routes import router as statistics
from services.registry.tasks.routes import router as tasks
from services.registry.vital.event_routes import router as vital_events
from services.registry.vital.routes import router as vital
from services.registry.work_units.routes import router as work_units
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
            region_changes,
            blind_zones,
            estates,
            dwellings,
            drawings,
            leases,
            filings,
            households,
            cards,
            imports,
            exports,
            feeds,
            statistics,
            changes,
            vital,
            vital_events,
            tasks,
            duplicates,
            rights,
            limits,
            work_units,
            grid,
            agreements,
            field,
        ],
        consumer=consumer,
        extras=[
            importing,
            exporting,
            reconciling,
            looking_for_duplicates,
            changing_regions,
            scanning_zones,
            filing_sheets,
            counting_use,
        ],
        bus=bus,
    )
