"""Commands and views of campaigns. People appear only as counts, rounded, and none under 10."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field, model_validator

from services.notify.campaigns.rules import CampaignStatus, Step
from services.notify.messages.schemas import VariableValue
from services.notify.templates.preview import ProviderPreview
from services.notify.templates.rules import OFFICIAL
from services.notify.templates.schemas import (
    LanguageTag,
    MessagePurpose,
    TemplateCode,
    VariableName,
)
from shared.codes import RegionCode
from shared.commands import Command
from shared.text import CalendarDay, MobileNumber

PeopleCount = Annotated[int | str, Field(description='a count to the five, or "fewer than 10"')]
Languages = Annotated[list[LanguageTag], Field(max_length=20)]
RestDays = Annotated[int, Field(ge=0, le=90, description="people texted so lately are left alone")]


class StayPurpose(StrEnum):
    """Why somebody came, in the migrant service's words (流入事由)."""

    WORK = "work"
    BUSINESS = "business"
    STUDY = "study"
    FAMILY = "family"
    OTHER = "other"


Areas = Annotated[list[RegionCode], Field(max_length=50)]
Provinces = Annotated[list[Annotated[str, Field(pattern=r"^[1-8][0-9]$")]], Field(max_length=34)]


class Facts(Command):
    """By what an audience may be narrowed, besides its purpose and region: nothing else. It is
    about how she agreed to be reached, and where she registered to live after she came; who asks
    for anything of that reaches people who came, and stay, alone."""

    languages: Languages = Field(default_factory=list, description="empty: all")
    agreed_from: CalendarDay | None = Field(default=None, description="agreed on this day or later")
    agreed_to: CalendarDay | None = Field(default=None, description="agreed on this day or earlier")
    arrived_from: CalendarDay | None = Field(default=None, description="came on this day or later")
    arrived_to: CalendarDay | None = Field(default=None, description="came on this day or earlier")
    origins: Provinces = Field(default_factory=list, description="provinces of home; empty: all")
    areas: Areas = Field(default_factory=list, description="where she lives; empty: anywhere")
    stay_purposes: list[StayPurpose] = Field(default_factory=list, description="empty: any")

    @model_validator(mode="after")
    def _order(self) -> Self:
        if self.agreed_from and self.agreed_to and self.agreed_to < self.agreed_from:
            raise ValueError("agreed_to 不能早于 agreed_from / agreed_to is before agreed_from")
        if self.arrived_from and self.arrived_to and self.arrived_to < self.arrived_from:
            raise ValueError("arrived_to 不能早于 arrived_from / arrived_to is before arrived_from")
        return self

    @property
    def by_stay(self) -> bool:
        """Whether it matters where somebody lives since she came."""
        dates = (self.arrived_from, self.arrived_to)
        return any(dates) or any((self.origins, self.areas, self.stay_purposes))


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
    """Plan a campaign (群发任务), or change the plan of one that has not started. Nothing goes out
    before somebody else has approved it and it is started."""

    template: TemplateCode
    variables: dict[VariableName, VariableValue] = Field(default_factory=dict, max_length=20)
    purpose: MessagePurpose
    region: RegionCode
    facts: Facts = Field(default_factory=Facts)
    rest_days: RestDays = 0
    schedule: Schedule

    @model_validator(mode="after")
    def _to_persons(self) -> Self:
        if self.purpose == OFFICIAL:
            raise ValueError("群发只面向同意接收的人 / campaigns go to people who agreed")
        return self


class TryCampaign(Command):
    """Send the text to work phones first (试发), in each language it has. They are phones of the
    digest's recipients, who agreed to be texted: no others."""

    phones: Annotated[list[MobileNumber], Field(min_length=1, max_length=3)]


class CampaignView(BaseModel):
    """A campaign, its audience as it is now, and how far it is."""

    id: UUID
    template: str
    purpose: str
    region: str
    facts: Facts
    rest_days: int
    start_at: datetime
    expires_at: datetime | None
    status: CampaignStatus
    occasion: str | None
    audience: PeopleCount
    accepted: PeopleCount
    refused: PeopleCount
    created_at: datetime
    created_by: str
    changed_at: datetime | None
    changed_by: str | None
    approved_at: datetime | None
    approved_by: str | None


class CampaignLine(BaseModel):
    """A campaign in a list."""

    id: UUID
    template: str
    purpose: str
    region: str
    start_at: datetime
    status: CampaignStatus
    occasion: str | None
    accepted: PeopleCount
    created_at: datetime
    created_by: str


class ProgressView(CampaignView):
    """With the number of texts in each state, why some did not go or arrive (codes), and how many
    people said stop within seven days of it."""

    texts: dict[str, PeopleCount]
    failures: dict[str, PeopleCount]
    refusals: dict[str, PeopleCount]
    unsubscribed: PeopleCount
    unsubscribe_rate: float | None = Field(description="of the texts sent; null under 10 people")


class SampleView(BaseModel):
    """What people read who get it in this language, as each provider would send it."""

    language: str
    people: PeopleCount
    providers: list[ProviderPreview]


class PreviewView(BaseModel):
    """Whom a campaign would reach now, with what, and what it takes at most: short messages, and
    fen where the prices are known. Both are null for an audience under 10."""

    audience: PeopleCount
    samples: list[SampleView]
    parts: int | None
    cost_fen: Decimal | None


class TriedView(BaseModel):
    """The texts of a trial: how many were queued."""

    texts: int


class StepView(BaseModel):
    """One entry of a campaign's history."""

    step: Step
    at: datetime
    by: str
    reason: str | None
