"""Reading how delivery goes. Row-level security narrows the counts of texts to the caller's
region; providers are the county's."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

import asyncpg

from services.notify.messages.rules import Lane, Status
from services.notify.settings import Sending
from services.notify.watching.rules import unsent_seconds
from services.notify.watching.schemas import (
    DeliveryView,
    FlowView,
    HourView,
    LaneView,
    ProviderView,
)
from shared.db import Tx

DAY: Final = timedelta(days=1)
_HOUR: Final = timedelta(hours=1)
SEEN: Final = timedelta(minutes=1)  # a process that said nothing for longer is gone

# Each of these reads an index over what it counts, never the texts of the past.
QUEUED: Final = """
SELECT lane, kind, count(*)::int AS queued, (count(*) FILTER (WHERE due_at <= $1))::int AS due,
       min(due_at) AS oldest
FROM messages WHERE status = 'queued' GROUP BY lane, kind
"""
HELD: Final = "SELECT lane, count(*)::int AS held FROM messages WHERE status = 'held' GROUP BY lane"
UNDER_WAY: Final = """
SELECT a.provider, m.lane, a.state, count(*)::int AS texts
FROM attempts AS a JOIN messages AS m ON m.id = a.message_id
WHERE a.state IN ('submitting', 'unknown') AND a.resolved_at IS NULL
GROUP BY a.provider, m.lane, a.state
"""
AWAITING: Final = """
SELECT provider, lane, count(*)::int AS texts,
       coalesce(sum(parts) FILTER (WHERE submitted_at >= $1), 0)::int AS segments
FROM messages WHERE status = 'submitted' GROUP BY provider, lane
"""
# Hour by hour: sorting a whole day by its hours would cost more than reading it.
ENDED: Final = """
SELECT h.hour, t.* FROM generate_series($1::timestamptz, $3, interval '1 hour') AS h (hour)
CROSS JOIN LATERAL (
  SELECT done_at >= $2 AS fresh, provider, lane, status, reason, count(*)::int AS texts,
         coalesce(sum(parts) FILTER (WHERE submitted_at >= $4), 0)::int AS segments
  FROM messages WHERE done_at >= h.hour AND done_at < h.hour + interval '1 hour' AND done_at >= $4
  GROUP BY 1, 2, 3, 4, 5) AS t
"""
_PROVIDERS: Final = """
SELECT provider, min(weight) AS weight, min(share_left) AS points, min(low_since) AS low_since,
       (array_agg(last_error ORDER BY last_error_at DESC NULLS LAST))[1] AS last_error,
       max(last_error_at) AS last_error_at
FROM provider_states WHERE seen_at >= $1 GROUP BY provider ORDER BY provider
"""
_AT_PROVIDER: Final = (Status.DELIVERED, Status.FAILED, Status.UNCONFIRMED)

Flow = tuple[str | None, Lane]


async def get_delivery(tx: Tx, sending: Sending) -> DeliveryView:
    """Delivery now and over the last 24 hours."""
    since = tx.now - DAY
    first = since.replace(minute=0, second=0, microsecond=0)
    ended = await tx.fetch(ENDED, first, tx.now - _HOUR, tx.now, since)
    flows: dict[Flow, FlowView] = {}
    _count_under_way(await tx.fetch(UNDER_WAY), flows)
    _count_awaiting(await tx.fetch(AWAITING, since), flows)
    _count_ended(ended, flows)
    for flow, view in flows.items():
        view.cost_fen = _cost(view, sending)
        view.success_last_hour = _success(row for row in ended if _of(row) == flow and row["fresh"])
        view.success_last_day = _success(row for row in ended if _of(row) == flow)
    return DeliveryView(
        at=tx.now,
        lanes=await _lanes(tx, sending),
        flows=[flows[key] for key in sorted(flows, key=lambda key: (key[0] or "", key[1]))],
        providers=await list_providers(tx),
        hours=_hours(ended, first),
    )


async def list_providers(tx: Tx) -> list[ProviderView]:
    """Providers that some process has sent to within the last minute."""
    rows = await tx.fetch(_PROVIDERS, tx.now - SEEN)
    return [ProviderView.model_validate(dict(row)) for row in rows]


async def _lanes(tx: Tx, sending: Sending) -> list[LaneView]:
    lanes = {lane: LaneView(lane=lane) for lane in Lane}
    for row in await tx.fetch(QUEUED, tx.now):
        view = lanes[Lane(row["lane"])]
        view.queued += row["queued"]
        view.due += row["due"]
        ages = (
            unsent_seconds(row["oldest"], row["kind"], tx.now, sending),
            view.oldest_unsent_seconds,
        )
        view.oldest_unsent_seconds = max((age for age in ages if age is not None), default=None)
    for row in await tx.fetch(HELD):
        lanes[Lane(row["lane"])].held = row["held"]
    return list(lanes.values())


def _of(row: asyncpg.Record) -> Flow:
    return row["provider"], Lane(row["lane"])


def _view(row: asyncpg.Record, flows: dict[Flow, FlowView]) -> FlowView:
    key = _of(row)
    return flows.setdefault(key, FlowView(provider=key[0], lane=key[1]))


def _count_under_way(rows: Iterable[asyncpg.Record], flows: dict[Flow, FlowView]) -> None:
    for row in rows:
        view = _view(row, flows)
        if row["state"] == "unknown":
            view.unknown += row["texts"]
        else:
            view.in_flight += row["texts"]


def _count_awaiting(rows: Iterable[asyncpg.Record], flows: dict[Flow, FlowView]) -> None:
    for row in rows:
        view = _view(row, flows)
        view.awaiting_receipt += row["texts"]
        view.segments += row["segments"]


def _count_ended(rows: Iterable[asyncpg.Record], flows: dict[Flow, FlowView]) -> None:
    for row in rows:
        view, texts = _view(row, flows), row["texts"]
        view.segments += row["segments"]
        match row["status"]:
            case Status.DELIVERED:
                view.delivered += texts
            case Status.FAILED:
                reason = row["reason"] or "undelivered"
                view.failed[reason] = view.failed.get(reason, 0) + texts
            case Status.UNCONFIRMED:
                view.unconfirmed += texts
            case Status.CANCELLED:
                view.cancelled += texts


def _success(rows: Iterable[asyncpg.Record]) -> float | None:
    ended = delivered = 0
    for row in rows:
        if row["provider"] is not None and row["status"] in _AT_PROVIDER:
            ended += row["texts"]
            delivered += row["texts"] if row["status"] == Status.DELIVERED else 0
    return round(100 * delivered / ended, 1) if ended else None


def _cost(view: FlowView, sending: Sending) -> Decimal | None:
    terms = sending.terms.get(view.provider or "")
    price = terms.fen_per_part if terms else None
    return None if price is None else price * view.segments


def _hours(rows: Iterable[asyncpg.Record], first: datetime) -> list[HourView]:
    """Every hour since `first` of yesterday, also those in which nothing ended."""
    hours = {first + n * _HOUR: HourView(hour=first + n * _HOUR) for n in range(25)}
    for row in rows:
        view = hours.get(row["hour"])
        if view is None:
            continue
        match row["status"]:
            case Status.DELIVERED:
                view.delivered += row["texts"]
            case Status.FAILED:
                view.failed += row["texts"]
            case Status.UNCONFIRMED:
                view.unconfirmed += row["texts"]
    return list(hours.values())
