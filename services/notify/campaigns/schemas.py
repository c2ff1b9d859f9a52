"""Commands and views of campaigns. People appear only as counts, and none under 10."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field, model_validator

from services.notify.campaigns.rules import CampaignStatus
from services.notify.messages.schemas import VariableValue
from services.notify.templates.rules import OFFICIAL
from services.notify.templates.schemas import MessagePurpose, TemplateCode, VariableName
from shared.codes import RegionCode
from shared.commands import Command

PeopleCount = Annotated[int | str, Field(description='a count, or "fewer than 10"')]


class Schedule(Command):
    """When the campaign's texts may start to go, and when they are stale."""

    start_at: AwareDatetime
    expires: AwareDatetime | None = None

    @model_validator(mode="after")
    def _order(self) -> Self:
        if self.expires is not None and self.expires <= self.start_at:
            raise ValueError("expires 应晚于 start_at / expires comes after start_at")
        return self


class PlanCampaign(Command):
    """Plan a campaign (群发任务). Nothing goes out before it is started."""

    template: TemplateCode
    variables: dict[VariableName, VariableValue] = Field(default_factory=dict, max_length=20)
    purpose: MessagePurpose
    region: RegionCode
    schedule: Schedule

    @model_validator(mode="after")
    def _to_persons(self) -> Self:
        if self.purpose == OFFICIAL:
            raise ValueError("群发只面向同意接收的人 / campaigns go to people who agreed")
        return self


class CampaignView(BaseModel):
    """A campaign, its audience as it is now, and how far it is."""

    id: UUID
    template: str
    purpose: str
    region: str
    start_at: datetime
    expires_at: datetime | None
    status: CampaignStatus
    audience: PeopleCount
    accepted: PeopleCount
    refused: PeopleCount
    created_at: datetime
    created_by: str


class ProgressView(CampaignView):
    """With the number of texts in each state."""

    texts: dict[str, PeopleCount]
