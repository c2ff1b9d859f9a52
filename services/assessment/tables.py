"""All tables of the assessment database, for the migrations."""

from services.assessment.appeals import models as appeals
from services.assessment.base import Row
from services.assessment.facts import models as facts
from services.assessment.improvement import models as improvement
from services.assessment.indicators import models as indicators
from services.assessment.runs import models as runs
from services.assessment.schemes import models as schemes
from services.assessment.scorecards import models as scorecards

metadata = Row.metadata
__all__ = [
    "appeals",
    "facts",
    "improvement",
    "indicators",
    "metadata",
    "runs",
    "schemes",
    "scorecards",
]
