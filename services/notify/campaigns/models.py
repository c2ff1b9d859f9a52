"""Table: campaigns."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.notify.base import Row
from services.notify.campaigns.rules import CampaignStatus
from shared.columns import Timestamp


class Campaign(Row, table=True):
    """A text to all who agreed to its purpose in a region. `reached` is the last person the
    runner has come to; it goes through them in the order of their ids."""

    __tablename__ = "campaigns"
    __table_args__ = (
        Index("campaigns_running", "start_at", postgresql_where="status = 'running'"),
    )

    id: UUID = Field(primary_key=True)
    template: str
    variables: dict[str, str | int] = Field(sa_column=Column(JSONB, nullable=False))
    purpose: str
    region: str
    start_at: datetime = Field(sa_type=Timestamp)
    expires_at: datetime | None = Field(default=None, sa_type=Timestamp)
    status: str = CampaignStatus.DRAFT
    reached: UUID | None = None
    accepted: int = 0
    refused: int = 0
    created_at: datetime = Field(sa_type=Timestamp)
    created_by: str
