"""Looking up who looked: each service's usage entries in the shape of the Estonian data tracker
(Andmejälgija 2.1.0).

`userCode` is the person's id in the registry, never an id number: this is a URL. The person reads
her own entries (token with sub = that id and scope `self`); an auditor needs `usage:read`.
"""

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request
from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from shared.auth import CurrentActor, require_home
from shared.db import Tx
from shared.http import Language, Route, Transaction
from shared.problems import Forbidden
from shared.subjects import current_subject, is_own
from shared.usage import PURPOSE_WORDS, Purpose

MOST_ENTRIES: Final = 1000  # in one answer, however many are asked for: so says the specification
_INT32: Final = 2**31 - 1
Offset = Annotated[int, Query(ge=0, le=_INT32, description="how many of the newest to leave out")]
Most = Annotated[int, Query(ge=0, le=_INT32, description="at most so many, and never over 1000")]


class _Shape(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class UsageView(_Shape):
    """One look: when, for what, by which office."""

    logtime: datetime
    action: str
    receiver_code: str
    receiver_system: str


class FindUsageResponse(_Shape):
    total_usages: int
    usages: list[UsageView]


class UsagePeriodResponse(_Shape):
    period_start: datetime


class HeartbeatResponse(_Shape):
    status: str
    message: str


_OF_SUBJECT = """
FROM usage_entries
WHERE subject_id IN (SELECT $1::uuid UNION ALL
                     SELECT alias_id FROM subject_aliases WHERE subject_id = $1)
  AND ($2::timestamptz IS NULL OR at >= $2) AND ($3::timestamptz IS NULL OR at <= $3)
"""
_FIND = (
    f"SELECT at, actor_org, purpose, kind {_OF_SUBJECT}ORDER BY at DESC, id DESC OFFSET $4 LIMIT $5"
)
_COUNT = f"SELECT count(*) {_OF_SUBJECT}"
# The first entry is the oldest but for looks of the same moment.
FIRST = "SELECT coalesce((SELECT at FROM usage_entries ORDER BY id LIMIT 1), now())"


async def require_tracked(subject: UUID, home: str, tx: Tx) -> None:
    """She herself may see who looked, and an auditor, who is one of this installation's region.
    Raises Forbidden, OutsideJurisdiction."""
    if await is_own(subject, tx):
        return
    if "usage:read" not in tx.actor.scopes:
        raise Forbidden()
    require_home(tx.actor, home)


def tracker_router(service: str) -> APIRouter:
    """The three operations under /<service>/datatracker/v2."""
    router = APIRouter(
        prefix=f"/{service}/datatracker/v2", tags=["data tracker"], route_class=Route
    )

    @router.get("/findUsage", summary="Who looked at a person's records", operation_id="findUsage")
    async def find_usage(
        request: Request,
        actor: CurrentActor,
        tx: Transaction,
        language: Language,
        user_code: Annotated[UUID, Query(alias="userCode", description="the person's id")],
        x_road_user_id: Annotated[str, Header(alias="X-Road-UserId", max_length=100)],
        period_start: Annotated[datetime | None, Query(alias="periodStart")] = None,
        period_end: Annotated[datetime | None, Query(alias="periodEnd")] = None,
        offset: Offset = 0,
        limit: Most = MOST_ENTRIES,
    ) -> FindUsageResponse:
        await require_tracked(user_code, request.app.state.settings.region, tx)
        subject = await current_subject(user_code, tx)
        most = min(limit, MOST_ENTRIES)
        rows = await tx.fetch(_FIND, subject, period_start, period_end, offset, most)
        total = await tx.fetch_value(_COUNT, subject, period_start, period_end)
        return FindUsageResponse(
            total_usages=total,
            usages=[
                UsageView(
                    logtime=row["at"],
                    action=_words(row["purpose"], row["kind"], language),
                    receiver_code=row["actor_org"],
                    receiver_system=f"yipan-{service}",
                )
                for row in rows
            ],
        )

    @router.get("/usagePeriod", summary="Since when entries are kept", operation_id="usagePeriod")
    async def usage_period(actor: CurrentActor, tx: Transaction) -> UsagePeriodResponse:
        start = await tx.fetch_value(FIRST)
        return UsagePeriodResponse(period_start=start)

    @router.get("/heartbeat", summary="Whether the tracker answers", operation_id="heartbeat")
    async def heartbeat(actor: CurrentActor) -> HeartbeatResponse:
        return HeartbeatResponse(status="OK", message="API is ready")

    return router


def _words(purpose: str, kind: str, language: str) -> str:
    chinese, english = PURPOSE_WORDS[Purpose(purpose)]
    return f"{chinese}: {kind}" if language == "zh" else f"{english}: {kind}"
