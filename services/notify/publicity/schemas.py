"""Commands and views of publicity."""

from datetime import date, datetime
from typing import Annotated, Final, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field, model_validator

from services.notify.publicity.rules import PURPOSE, fits_a_screen
from services.notify.templates.rules import Kind
from services.notify.templates.schemas import Signature, WriteTemplate
from shared.codes import RegionCode
from shared.commands import Command
from shared.text import CalendarDay, FreeText

_LONGEST: Final = 366  # days


def _one_screen(text: str) -> str:
    """A text for many, under the rules of templates: no places, nobody's numbers, no strange
    links."""
    if not fits_a_screen(text):
        raise ValueError("应不超过一屏(两条短信) / at most one screen, two short messages")
    WriteTemplate(code="screen", text=text, purpose=PURPOSE, signature="签名", kind=Kind.PROMOTION)
    return text


OneScreen = Annotated[FreeText, Field(max_length=320), AfterValidator(_one_screen)]
Hour = Annotated[int, Field(ge=8, le=20, description="in China's time")]
AheadDays = Annotated[int, Field(ge=1, le=28, description="a draft is proposed so long before")]
Source = Annotated[FreeText, Field(max_length=200)]


class EnterNews(Command):
    """Enter something useful to know (便民消息), in both languages."""

    region: RegionCode
    text_zh: OneScreen
    text_en: OneScreen
    from_on: CalendarDay
    to_on: CalendarDay

    @model_validator(mode="after")
    def _order(self) -> Self:
        if not 0 <= (self.to_on - self.from_on).days <= _LONGEST:
            raise ValueError("起止日期不符 / to_on is on or within a year after from_on")
        return self


class NewsView(BaseModel):
    id: UUID
    region: str
    text_zh: str
    text_en: str
    from_on: date
    to_on: date
    created_at: datetime
    created_by: str
    approved_at: datetime | None
    approved_by: str | None
    withdrawn_at: datetime | None


class SetPublicityDay(Command):
    """Enter a publicity day (宣传日), or change what is said on it. `active` false: no draft."""

    region: RegionCode
    month: Annotated[int, Field(ge=1, le=12)]
    day: Annotated[int, Field(ge=1, le=31)]
    title_zh: Annotated[FreeText, Field(max_length=40)]
    title_en: Annotated[FreeText, Field(max_length=80)]
    text_zh: OneScreen
    text_en: OneScreen
    hour: Hour = 10
    ahead_days: AheadDays = 14
    active: bool = True
    source: Source

    @model_validator(mode="after")
    def _there_is_such_a_day(self) -> Self:
        date(2024, self.month, self.day)  # a leap year; raises ValueError
        return self


class PublicityDayView(BaseModel):
    id: UUID
    region: str
    month: int
    day: int
    title_zh: str
    title_en: str
    text_zh: str
    text_en: str
    hour: int
    ahead_days: int
    active: bool
    source: str
    changed_at: datetime
    changed_by: str


class SetGreetingRule(Command):
    """When the monthly greeting (每月温情问候) goes and how it begins."""

    region: RegionCode
    day: Annotated[int, Field(ge=1, le=28)] = 15
    hour: Hour = 10
    ahead_days: AheadDays = 7
    most_news: Annotated[int, Field(ge=1, le=3)] = 2
    rest_days: Annotated[int, Field(ge=0, le=90)] = 3
    opening_zh: OneScreen = "您好，本月便民消息："
    opening_en: OneScreen = "Hello, useful to know this month:"
    signature_zh: Signature = "一盘民生服务"
    signature_en: Signature = "Yipan Services"
    active: bool = True
    source: Source = "inventory P1：每月一次问候，须本人同意，可随时退订"


class GreetingRuleView(BaseModel):
    """`changed_at` is null where the county has not changed what comes with the service."""

    region: str
    day: int
    hour: int
    ahead_days: int
    most_news: int
    rest_days: int
    opening_zh: str
    opening_en: str
    signature_zh: str
    signature_en: str
    active: bool
    source: str
    changed_at: datetime | None
    changed_by: str | None
