"""Tables: campaigns, and what was done with each."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.notify.base import Row
from services.notify.campaigns.rules import CampaignStatus
from shared.columns import Timestamp


class Campaign(Row, table=True):
    """A text to all who agreed to its purpose in a region. `facts` narrow them (schemas.Facts);
    `reached` is the last person the runner has come to, in the order of ids; `refusals` counts
    people by the problem that kept a text from them. `occasion` is what the service proposed it
    for. `approved_texts` are the ids of the template versions that the second person read."""

    __tablename__ = "campaigns"
    __table_args__ = (
        Index("campaigns_running", "start_at", postgresql_where="status = 'running'"),
        Index("campaigns_occasion", "region", "occasion", unique=True),
    )

    id: UUID = Field(primary_key=True)
    template: str
    variables: dict[str, str | int] = Field(sa_column=Column(JSONB, nullable=False))
    purpose: str
    region: str
    facts: dict[str, object] = Field(sa_column=Column(JSONB, nullable=False))
    rest_days: int = 0
    start_at: datetime = Field(sa_type=Timestamp)
    expires_at: datetime | None = Field(default=None, sa_type=Timestamp)
    status: str = CampaignStatus.DRAFT
    reached: UUID | None = None
    accepted: int = 0
    refused: int = 0
    refusals: dict[str, int] = Field(default_factory=dict, sa_column=Column(JSONB, nullable=False))
    occasion: str | None = None
    created_at: datetime = Field(sa_type=Timestamp)
    created_by: str
    changed_at: datetime | None = Field(default=None, sa_type=Timestamp)
    changed_by: str | None = None
    approved_at: datetime | None = Field(default=None, sa_type=Timestamp)
    approved_by: str | None = None
    approved_texts: list[str] | None = Field(default=None, sa_column=Column(JSONB))


class CampaignStep(Row, table=True):
    """Who did what with a campaign, and when (操作记录)."""

    __tablename__ = "campaign_steps"
    __table_args__ = (Index("campaign_steps_campaign", "campaign_id", "id"),)

    id: UUID = Field(primary_key=True)
    campaign_id: UUID = Field(foreign_key="campaigns.id")
    step: str
    at: datetime = Field(sa_type=Timestamp)
    by: str
    reason: str | None = None
