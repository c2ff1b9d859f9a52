"""Settings of the notify service."""

from datetime import time
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, SecretStr, Tag

from services.notify.providers.smpp.reading import IdForm
from shared.settings import ServiceSettings


class ProviderSettings(BaseModel):
    """One SMS provider (短信服务商) that speaks the shape of docs/guide/sms-provider.md."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["http"] = "http"
    name: str = Field(pattern=r"^[a-z][a-z0-9-]{1,30}$", description="names its receipt address")
    url: str = Field(description="its base address, no final slash")
    secret: SecretStr = Field(min_length=16, description="shared key of the signatures")
    rate: int = Field(default=500, ge=1, le=100_000, description="texts a second, per process")
    weight: int = Field(default=100, ge=1, le=1000, description="its share beside the others")
    timeout: float = Field(default=10, gt=0, le=30, description="seconds a call may take")


class SmppSettings(BaseModel):
    """One SMS provider that is a message centre (SMSC) spoken to in SMPP 3.4."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["smpp"]
    name: str = Field(pattern=r"^[a-z][a-z0-9-]{1,30}$")
    host: str
    port: int = Field(ge=1, le=65535)
    system_id: str = Field(min_length=1, max_length=15)
    password: SecretStr = Field(max_length=8, description="SMPP takes no longer one")
    system_type: str = Field(default="", max_length=12)
    tls: bool = Field(default=True, description="switch off only inside a private network")
    ca_file: str | None = Field(default=None, description="whose certificates to believe")
    number: str = Field(max_length=20, description="what texts come from, e.g. 10690000")
    country: str = Field(default="86", pattern=r"^[0-9]{1,3}$", description="before the numbers")
    ids: IdForm = Field(default=IdForm.SAME, description="how it writes the ids of messages")
    rate: int = Field(default=100, ge=1, le=100_000, description="texts a second, per process")
    weight: int = Field(default=100, ge=1, le=1000, description="its share beside the others")
    window: int = Field(default=10, ge=1, le=1000, description="requests under way at once")
    timeout: float = Field(default=10, gt=0, le=60, description="seconds an answer may take")
    enquire_seconds: float = Field(default=30, gt=0, le=600)


def _kind(value: object) -> str:
    """Settings without a kind are of the first one there was."""
    kind = value.get("kind") if isinstance(value, dict) else getattr(value, "kind", None)
    return str(kind or "http")


AnyProvider = Annotated[
    Annotated[ProviderSettings, Tag("http")] | Annotated[SmppSettings, Tag("smpp")],
    Discriminator(_kind),
]


class Sending(BaseModel):
    """When, how often and how long: the rules of sending that a county may tighten."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    open_from: time = Field(default=time(8), description="China time; equal to open_to: always")
    open_to: time = Field(default=time(21), description="nothing but urgent texts after it")
    remind_at: time = Field(default=time(10), description="reminders go the day before, then")
    daily_per_number: int = Field(default=20, ge=1, description="texts a number gets a day")
    daily_per_template: int = Field(default=5, ge=1, description="of one template, per number")
    lifetime_hours: int = Field(default=24, ge=1, le=240, description="a text is stale after it")
    max_parts: int = Field(default=6, ge=1, le=20)
    max_tries: int = Field(default=6, ge=1, le=20, description="after temporary refusals")
    retry_seconds: float = Field(default=10, ge=0, description="first pause; doubles, at most 600")
    query_after_seconds: float = Field(
        default=60, ge=0, description="a call without an outcome is asked about after this"
    )
    batch: int = Field(default=200, ge=1, le=1000, description="texts a call to the provider")
    poll_seconds: float = Field(default=0.25, ge=0.05, description="how often an idle lane looks")
    receipt_hours: int = Field(default=72, ge=1, description="after it, no receipt is expected")
    content_days: int = Field(default=7, ge=1, description="texts and numbers are erased after it")
    reply_days: int = Field(default=7, ge=1, description="texts people sent are erased after it")
    contact_days: int = Field(
        default=180, ge=1, description="a withdrawn contact's number; consent proof: 5 months"
    )
    fact_days: int = Field(default=400, ge=30, description="that a text went, without its content")


class Settings(ServiceSettings):
    """YIPAN_PROVIDERS and YIPAN_SENDING are JSON. Without a provider texts wait until stale."""

    providers: tuple[AnyProvider, ...] = ()
    sending: Sending = Sending()
