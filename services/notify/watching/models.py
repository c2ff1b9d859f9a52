"""Tables: how providers are doing, and the alerts of delivery."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from services.notify.base import Row
from shared.columns import Timestamp


class ProviderState(Row, table=True):
    """How one process that sends finds one provider (服务商状态). `share_left` are its
    points, of its weight; `low_since` is since when they have been less than half; `last_error` is
    a code."""

    __tablename__ = "provider_states"

    provider: str = Field(primary_key=True)
    worker: UUID = Field(primary_key=True)
    weight: int
    share_left: float
    low_since: datetime | None = Field(default=None, sa_type=Timestamp)
    last_error: str | None = None
    last_error_at: datetime | None = Field(default=None, sa_type=Timestamp)
    seen_at: datetime = Field(sa_type=Timestamp)


class DeliveryAlert(Row, table=True):
    """Something about delivery that somebody should look at (发送告警), open until `cleared_at`.
    `subject` tells apart alerts of one kind: a provider, a lane or a campaign. `value` and
    `threshold` are percent or minutes, by kind."""

    __tablename__ = "delivery_alerts"
    __table_args__ = (
        Index(
            "delivery_alerts_open",
            "kind",
            "subject",
            unique=True,
            postgresql_where="cleared_at IS NULL",
        ),
    )

    id: UUID = Field(primary_key=True)
    kind: str
    subject: str
    provider: str | None = None
    campaign_id: UUID | None = None
    value: int
    threshold: int
    raised_at: datetime = Field(sa_type=Timestamp)
    cleared_at: datetime | None = Field(default=None, sa_type=Timestamp)
