"""Views of delivery: counts of texts, never a number, a text or a person."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from pydantic import BaseModel

from services.notify.messages.rules import Lane
from services.notify.watching.rules import AlertKind


class LaneView(BaseModel):
    """What waits in a lane (通道). `due` of the `queued` may go now, the rest waits for a decent
    hour; `held` waits for its campaign. `oldest_unsent_seconds` counts only time in which the
    lane was open."""

    lane: Lane
    queued: int = 0
    due: int = 0
    held: int = 0
    oldest_unsent_seconds: int | None = None


class FlowView(BaseModel):
    """The texts of one provider and lane; `provider` is null for those that no provider had.

    Now: `in_flight` (handed over, no answer yet), `unknown` (the call broke off),
    `awaiting_receipt`. Of the last 24 hours: the others. `segments` (计费条数) are those the
    provider accepted, `cost_fen` what they cost where the county entered a price. Success rates
    are delivered texts of those that ended at the provider, in percent; null where none did.
    """

    provider: str | None
    lane: Lane
    in_flight: int = 0
    unknown: int = 0
    awaiting_receipt: int = 0
    delivered: int = 0
    failed: dict[str, int] = {}
    unconfirmed: int = 0
    cancelled: int = 0
    segments: int = 0
    cost_fen: Decimal | None = None
    success_last_hour: float | None = None
    success_last_day: float | None = None


class ProviderView(BaseModel):
    """How the least lucky of the sending processes finds a provider: `points` of `weight`."""

    provider: str
    weight: int
    points: float
    low_since: datetime | None
    last_error: str | None
    last_error_at: datetime | None


class HourView(BaseModel):
    """How many texts ended in an hour, and how."""

    hour: datetime
    delivered: int = 0
    failed: int = 0
    unconfirmed: int = 0


class DeliveryView(BaseModel):
    """Delivery as it is (发送概况)."""

    at: datetime
    lanes: list[LaneView]
    flows: list[FlowView]
    providers: list[ProviderView]
    hours: list[HourView]


class AlertView(BaseModel):
    """An alert; open while `cleared_at` is null. `value` and `limit` are percent for
    provider-failing, receipts-missing and opt-out-rate, minutes for unsent-too-long."""

    id: UUID
    kind: AlertKind
    provider: str | None
    campaign_id: UUID | None
    value: int
    limit: int
    raised_at: datetime
    cleared_at: datetime | None
