"""Settings of the notify service."""

import re
from datetime import time
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    SecretStr,
    Tag,
    model_validator,
)

from services.notify.providers.ids import IdForm
from services.notify.templates.rules import Kind
from shared.settings import ServiceSettings


class ProviderSettings(BaseModel):
    """One SMS provider (短信服务商) that speaks the shape of docs/guide/sms-provider.md."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["http"] = "http"
    name: str = Field(pattern=r"^[a-z][a-z0-9-]{1,30}$", description="names its receipt address")
    url: str = Field(description="its base address, no final slash")
    secret: SecretStr = Field(min_length=16, description="shared key of the signatures")
    rate: int = Field(default=500, ge=1, le=100_000, description="texts a second, of all replicas")
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
    rate: int = Field(default=100, ge=1, le=100_000, description="texts a second, of all replicas")
    weight: int = Field(default=100, ge=1, le=1000, description="its share beside the others")
    window: int = Field(default=10, ge=1, le=1000, description="requests under way at once")
    timeout: float = Field(default=10, gt=0, le=60, description="seconds an answer may take")
    enquire_seconds: float = Field(default=30, gt=0, le=600)


class CmppSettings(BaseModel):
    """One SMS provider that is a gateway (短信网关, ISMG) spoken to in CMPP 3.0."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["cmpp"]
    name: str = Field(pattern=r"^[a-z][a-z0-9-]{1,30}$")
    host: str
    port: int = Field(default=7890, ge=1, le=65535)
    source_addr: str = Field(pattern=r"^[0-9A-Za-z]{1,6}$", description="企业代码 (SP_Id)")
    secret: SecretStr = Field(min_length=1, description="the shared secret of the protocol")
    service_id: str = Field(default="", pattern=r"^[0-9A-Za-z]{0,10}$", description="业务代码")
    tls: bool = Field(default=True, description="switch off only inside a private network")
    ca_file: str | None = Field(default=None, description="whose certificates to believe")
    number: str = Field(pattern=r"^[0-9]{1,21}$", description="接入号 with extension")
    chinese: Literal["ucs2", "gbk"] = Field(default="ucs2", description="Msg_Fmt 8 or 15")
    rate: int = Field(default=100, ge=1, le=100_000, description="texts a second, of all replicas")
    weight: int = Field(default=100, ge=1, le=1000, description="its share beside the others")
    window: int = Field(default=16, ge=1, le=1000, description="requests under way at once")
    timeout: float = Field(default=60, gt=0, le=180, description="seconds an answer may take")
    enquire_seconds: float = Field(default=180, gt=0, le=600)


def _fits_an_address(token: SecretStr) -> SecretStr:
    if not re.fullmatch(r"[A-Za-z0-9_-]{32,200}", token.get_secret_value()):
        raise ValueError("32 to 200 letters, digits, - and _")
    return token


# In the address at which a provider that cannot sign calls us.
CallbackToken = Annotated[SecretStr, AfterValidator(_fits_an_address)]


class CloudSettings(BaseModel):
    """One SMS provider that is a cloud, called as its shape says (providers/cloud/shapes.json)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["cloud"]
    name: str = Field(pattern=r"^[a-z][a-z0-9-]{1,30}$", description="names its callback address")
    shape: str = Field(description="aliyun, tencent, huawei, …; or a .json file of one's own")
    url: str | None = Field(default=None, description="instead of the shape's")
    key: str = Field(min_length=1, description="AccessKeyId, SecretId, app key")
    secret: SecretStr = Field(min_length=1)
    values: dict[str, str] = Field(default_factory=dict, description="what else the shape asks for")
    template_codes: dict[str, str] = Field(
        default_factory=dict, description="code → the text as the cloud approved it, {name} places"
    )
    callback_token: CallbackToken
    rate: int = Field(default=100, ge=1, le=100_000, description="texts a second, per process")
    weight: int = Field(default=100, ge=1, le=1000, description="its share beside the others")
    timeout: float = Field(default=10, gt=0, le=30, description="seconds a call may take")


class KannelSettings(BaseModel):
    """One SMS provider that is a Kannel, spoken to at its sendsms address."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["kannel"]
    name: str = Field(pattern=r"^[a-z][a-z0-9-]{1,30}$", description="names its callback address")
    url: str = Field(description="of sendsms, e.g. http://127.0.0.1:13013/cgi-bin/sendsms")
    username: str
    password: SecretStr
    number: str = Field(max_length=20, description="what texts come from, e.g. 10690000")
    country: str = Field(default="", pattern=r"^[0-9]{0,3}$", description="before the numbers")
    callback_url: str = Field(
        pattern=r"^https?://[^%?#]+[^%?#/]$",
        description="ours, as Kannel reaches it: …/notify/v1/callbacks/<name>",
    )
    callback_token: CallbackToken
    rate: int = Field(default=100, ge=1, le=100_000, description="texts a second, per process")
    weight: int = Field(default=100, ge=1, le=1000, description="its share beside the others")
    timeout: float = Field(default=10, gt=0, le=30, description="seconds a call may take")


def _kind(value: object) -> str:
    """Settings without a kind are of the first one there was."""
    kind = value.get("kind") if isinstance(value, dict) else getattr(value, "kind", None)
    return str(kind or "http")


AnyProvider = Annotated[
    Annotated[ProviderSettings, Tag("http")]
    | Annotated[SmppSettings, Tag("smpp")]
    | Annotated[CmppSettings, Tag("cmpp")]
    | Annotated[CloudSettings, Tag("cloud")]
    | Annotated[KannelSettings, Tag("kannel")],
    Discriminator(_kind),
]


class Hours(BaseModel):
    """The hours of the day, in China's time, that texts of a kind keep to; equal ends: always."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    open_from: time
    open_to: time

    @model_validator(mode="after")
    def _opens(self) -> Self:
        if self.open_to < self.open_from:
            raise ValueError("open_to comes after open_from; a text waits for the next day")
        return self


class ProviderTerms(BaseModel):
    """What was agreed with one provider: its price, and its ways of refusing (拒收方式)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    fen_per_part: Decimal | None = Field(default=None, ge=0, le=1000, description="by contract")
    opt_out: dict[str, str] = Field(
        default_factory=dict, description="language → the end of a promotion, e.g. ,退订回复QX"
    )
    stop_words: frozenset[str] = Field(
        default=frozenset(), description="what also says stop to texts that come from it"
    )


class Sending(BaseModel):
    """When, how often and how long: the rules of sending that a county may tighten."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    open_from: time = Field(default=time(8), description="China time; equal to open_to: always")
    open_to: time = Field(default=time(21), description="nothing but urgent texts after it")
    hours: dict[Kind, Hours] = Field(
        default_factory=dict, description="of a kind that keeps other hours; urgent keeps none"
    )
    terms: dict[str, ProviderTerms] = Field(default_factory=dict, description="by provider name")
    remind_at: time = Field(default=time(10), description="reminders go the day before, then")
    digests: bool = Field(default=False, description="whether officials get weekly counts")
    digest_at: time = Field(default=time(9), description="on Mondays")
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
    bind_groups: dict[str, str] = Field(
        default_factory=dict,
        description="providers whose message ids come from one centre (several binds or accounts"
        " of it): each with the name of its group; any other provider is a group of its own",
    )
    acknowledge_stops: bool = Field(
        default=False, description="one last text says that a stop is heard"
    )

    def group_of(self, provider: str) -> str:
        """The group of binds within which a provider's message ids mean one text."""
        return self.bind_groups.get(provider, provider)

    def sharing(self, provider: str) -> list[str]:
        """The providers that share their ids with this one, itself among them."""
        group = self.group_of(provider)
        names = {provider, group, *self.bind_groups}
        return sorted(each for each in names if self.group_of(each) == group)


class Watching(BaseModel):
    """When delivery is worth an alert. A county sets what it can live with."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    every_seconds: float = Field(default=15, ge=0.05, le=600, description="how often to look")
    failing_minutes: int = Field(
        default=5, ge=0, description="a provider with less than half of its points for as long"
    )
    unsent_minutes: int = Field(default=15, ge=1, description="a text that may go and has not")
    receipt_hours: int = Field(default=4, ge=1, description="a receipt is late after it")
    missing_percent: int = Field(default=20, ge=1, le=100, description="of texts without receipt")
    missing_least: int = Field(default=50, ge=1, description="texts that a share says something of")
    opt_out_percent: int = Field(default=3, ge=1, le=100, description="of a campaign's texts")
    opt_out_least: int = Field(
        default=100, ge=10, description="texts that a share says something of"
    )
    opt_out_days: int = Field(default=7, ge=1, description="a stop answers a text this long")


class Settings(ServiceSettings):
    """YIPAN_PROVIDERS, YIPAN_SENDING and YIPAN_WATCHING are JSON. Without a provider texts wait
    until stale."""

    providers: tuple[AnyProvider, ...] = ()
    sending: Sending = Sending()
    watching: Watching = Watching()
