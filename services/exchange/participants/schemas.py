"""The record of a participant, as its city signs it, and views."""

from datetime import datetime
from typing import Annotated, Self

from cryptography import x509
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    model_validator,
)

from services.exchange.participants.levels import Level
from services.exchange.participants.validity import Reason, check_periods
from shared.codes import RegionCode
from shared.commands import Command
from shared.signing import JsonObject, check_jwks
from shared.text import clean


def _keys(jwks: JsonObject) -> JsonObject:
    check_jwks(jwks)
    check_periods(jwks)
    return jwks


def _certificate(pem: str) -> str:
    if not pem.isascii():
        raise ValueError("不是 PEM 证书 / not a PEM certificate")
    try:
        x509.load_pem_x509_certificates(pem.encode())
    except ValueError as error:
        raise ValueError("不是 PEM 证书 / not a PEM certificate") from error
    return pem


NodeId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{1,62}$")]
PublicKeys = Annotated[JsonObject, AfterValidator(_keys)]
Certificate = Annotated[str, Field(max_length=8000), AfterValidator(_certificate)]
Address = Annotated[str, Field(max_length=200, pattern=r"^https?://[^\s/?#@]+(/[^\s?#]*)?$")]


def _short(role: str) -> str:
    if len(role) > 60:
        raise ValueError("角色名过长 / the name of a role is too long")
    return clean(role)


Role = Annotated[str, AfterValidator(_short)]


class Record(BaseModel):
    """A node among its peers. Address without a final slash. `certificate_pem` is pinned; while a
    certificate is being changed it holds both. Keys may say when they count: see validity.py."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    id: NodeId
    name: Annotated[str, Field(min_length=1, max_length=100), AfterValidator(clean)]
    level: Level
    region_prefixes: Annotated[list[RegionCode], Field(min_length=1, max_length=50)]
    address: Address
    jwks: PublicKeys
    certificate_pem: Certificate | None = None
    roles: Annotated[list[Role], Field(max_length=20)] = []
    version: Annotated[int, Field(ge=1, le=2**31 - 1)]
    admitted_by: NodeId | None = None
    admitted_at: datetime | None = None
    revoked_at: datetime | None = None

    @model_validator(mode="after")
    def _zoned(self) -> Self:
        for moment in (self.admitted_at, self.revoked_at):
            if moment is not None and moment.tzinfo is None:
                raise ValueError("时间应带时区 / a time needs its zone")
        return self


def _record(raw: JsonObject) -> JsonObject:
    Record.model_validate(raw)
    return raw


def _admitted(raw: JsonObject) -> JsonObject:
    if raw.get("admitted_by") is None or raw.get("admitted_at") is None:
        raise ValueError("登记书应写明由谁何时接入 / a record says who admitted it, and when")
    return raw


RawRecord = Annotated[JsonObject, AfterValidator(_record)]


class Renewal(BaseModel):
    """A node's next record with its own detached JWS over the RFC 8785 bytes, for its city
    (登记书更新). The record stays as it was written: another system may write the same moment in
    another way."""

    model_config = ConfigDict(extra="forbid")

    record: RawRecord
    signature: Annotated[str, Field(max_length=2000)]

    @property
    def parsed(self) -> Record:
        return Record.model_validate(self.record)


class SignedRecord(Renewal):
    """A record with the signature of the city that admitted it."""

    record: Annotated[RawRecord, AfterValidator(_admitted)]


class DirectoryPage(BaseModel):
    """Signed records in the order they came. `next` is always given: come back with it as `since`,
    at once when there is `more`."""

    items: list[SignedRecord]
    next: str
    more: bool


class MakeKey(Command):
    """Make the next signing key; it counts in a day, where no other moment is asked for."""

    not_before: AwareDatetime | None = None


class RevokeKey(Command):
    """Give up a signing key. The reasons are those of OpenID Federation 1.0 §8.7.3."""

    reason: Reason


class KeyView(BaseModel):
    """A signing key of ours. `signs`: it is the one that signs now. `admitted`: our record as the
    city signed it names the key, so peers can know it."""

    kid: str
    created_at: datetime
    made_by: str | None
    not_before: datetime
    retired_at: datetime | None
    revoked_at: datetime | None
    revocation_reason: str | None
    ended_by: str | None
    signs: bool
    admitted: bool


class ParticipantView(BaseModel):
    """A participant as we know it now."""

    id: str
    name: str
    level: Level
    region_prefixes: list[str]
    address: str
    jwks: JsonObject
    certificate_pem: str | None
    roles: list[str]
    version: int
    admitted_by: str
    admitted_at: datetime
    revoked_at: datetime | None
    signature: str
