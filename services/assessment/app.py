"""Assessment (考核) of offices by how they serve. Wiring only."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from services.assessment.appeals.routes import router as appeals
from services.assessment.consumer import consumer
from services.assessment.facts.routes import router as facts
from services.assessment.feedback.routes import router as feedback
from services.assessment.feedback.worker import telling_weeks
from services.assessment.improvement.routes import router as improvement
from services.assessment.indicators.handlers import load_standard
from services.assessment.indicators.routes import router as indicators
from services.assessment.open_data.routes import public_router as public_open_data
from services.assessment.open_data.routes import router as open_data
from services.assessment.output.routes import router as output
from services.assessment.reviews.routes import router as reviews
from services.assessment.runs.routes import router as runs
from services.assessment.runs.worker import computing_scorecards
from services.assessment.schemes.routes import router as schemes
from services.assessment.scorecards.routes import router as scorecards
from services.assessment.settings import Settings
from services.assessment.signs.routes import router as signs
from services.assessment.signs.worker import looking_for_signs
from services.assessment.spot_checks.routes import router as spot_checks
from services.assessment.targets.routes import router as targets
from services.assessment.whatifs.routes import router as what_ifs
from services.assessment.whatifs.worker import trying_schemes
from shared.app import Parts, create_app
from shared.bus import Bus


@asynccontextmanager
async def _standard_indicators(parts: Parts) -> AsyncIterator[None]:
    """The shipped indicators are there before the first request."""
    async with parts.database.transaction(parts.actor) as tx:
        await load_standard(tx)
    yield


def create(settings: Settings, bus: Bus | None = None) -> FastAPI:
    return create_app(
        service="assessment",
        title="Yipan assessment (考核)",
        summary="Scores of offices, from what the other side saw",
        settings=settings,
        routers=[
            facts,
            indicators,
            schemes,
            what_ifs,
            targets,
            scorecards,
            output,
            appeals,
            improvement,
            runs,
            feedback,
            reviews,
            signs,
            spot_checks,
            open_data,
            # Anybody may fetch what is open where the county says so, and only there.
            *([public_open_data] if settings.open_data else []),
        ],
        consumer=consumer,
        extras=[
            _standard_indicators,
            computing_scorecards,
            trying_schemes,
            looking_for_signs,
            telling_weeks,
        ],
        bus=bus,
    )
