"""Commands and views of what-ifs."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from services.assessment.periods import PeriodText
from services.assessment.whatifs.models import WhatIfStatus
from shared.commands import Command


class TryScheme(Command):
    """Try a version of a scheme, usually a draft, on what has been (试算). Without periods: the
    twelve months that ended last."""

    version: Annotated[int, Field(ge=1, le=1_000_000)]
    first_period: PeriodText | None = None
    last_period: PeriodText | None = None


class WhatIfView(BaseModel):
    """How far a what-if is: `done` of `total` cards. `draft` says that the version is not in
    force; whatever its state, nothing of it is published."""

    id: UUID
    scheme: str
    scheme_version: int
    draft: bool
    first_period: str
    last_period: str
    status: WhatIfStatus
    total: int
    done: int
    asked_at: datetime
    asked_by: str
    ended_at: datetime | None


class WhatIfLineView(BaseModel):
    """A subject and period: its score by the version in force, by the one tried, and the
    difference, from the same facts; null where nothing could be judged."""

    period: str
    area: str
    area_name: str | None
    office: str | None
    now_version: int | None
    now_score: Decimal | None
    then_score: Decimal | None
    then_judged: Decimal
    difference: Decimal | None
