"""HTTP door of the joined data tracker: the operations of every service's own, for all together."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request

from services.exchange.looks.joining import Asked, Trackers
from services.exchange.looks.schemas import (
    JoinedHeartbeatResponse,
    JoinedPeriodResponse,
    JoinedUsageResponse,
)
from shared.auth import CurrentActor
from shared.datatracker import MOST_ENTRIES, Most, Offset, require_tracked
from shared.http import Route, opened, request_language

router = APIRouter(
    prefix="/exchange/datatracker/joined/v2", tags=["data tracker"], route_class=Route
)

_PASSED_ON = ("authorization", "x-road-userid")


@router.get("/findUsage", summary="Who looked at a person's records, in all services")
async def find_joined_usage(
    request: Request,
    actor: CurrentActor,
    user_code: Annotated[UUID, Query(alias="userCode", description="the person's id")],
    x_road_user_id: Annotated[str, Header(alias="X-Road-UserId", max_length=100)],
    period_start: Annotated[datetime | None, Query(alias="periodStart")] = None,
    period_end: Annotated[datetime | None, Query(alias="periodEnd")] = None,
    offset: Offset = 0,
    limit: Most = MOST_ENTRIES,
) -> JoinedUsageResponse:
    async with opened(request) as tx:  # closed before anybody else is asked
        await require_tracked(user_code, request.app.state.settings.region, tx)
    period = {"periodEnd": (period_end or datetime.now(UTC)).isoformat()}
    if period_start is not None:
        period["periodStart"] = period_start.isoformat()
    asked = Asked(str(user_code), _own(request), offset, min(limit, MOST_ENTRIES), period)
    return await _trackers(request).find_usage(asked)


@router.get("/usagePeriod", summary="Since when entries are kept")
async def joined_usage_period(request: Request, actor: CurrentActor) -> JoinedPeriodResponse:
    return await _trackers(request).usage_period(_own(request))


@router.get("/heartbeat", summary="Whether all trackers answer")
async def joined_heartbeat(request: Request, actor: CurrentActor) -> JoinedHeartbeatResponse:
    return await _trackers(request).heartbeat(_own(request))


def _own(request: Request) -> Mapping[str, str]:
    """The caller's own headers, which go on to each service: who she is, and her language."""
    given = {name: request.headers[name] for name in _PASSED_ON if name in request.headers}
    sent = {name: value.encode("ascii", "replace").decode() for name, value in given.items()}
    return sent | {"accept-language": request_language(request)}


def _trackers(request: Request) -> Trackers:
    found: Trackers = request.app.state.trackers
    return found
