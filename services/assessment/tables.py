"""All tables of the assessment database, for the migrations."""

from services.assessment.appeals import models as appeals
from services.assessment.base import Row
from services.assessment.facts import models as facts
from services.assessment.feedback import models as feedback
from services.assessment.improvement import models as improvement
from services.assessment.indicators import models as indicators
from services.assessment.reviews import models as reviews
from services.assessment.runs import models as runs
from services.assessment.schemes import models as schemes
from services.assessment.scorecards import models as scorecards
from services.assessment.signs import models as signs
from services.assessment.spot_checks import models as spot_checks
from services.assessment.targets import models as targets
from services.assessment.whatifs import models as what_ifs

metadata = Row.metadata
__all__ = [
    "appeals",
    "facts",
    "feedback",
    "improvement",
    "indicators",
    "metadata",
    "reviews",
    "runs",
    "schemes",
    "scorecards",
    "signs",
    "spot_checks",
    "targets",
    "what_ifs",
]
