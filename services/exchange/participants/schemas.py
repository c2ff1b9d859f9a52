"""The record of a participant, as its city signs it, and views."""

from datetime import datetime
from typing import Annotated, Self

from cryptography import x509
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from services.exchange.participants.models import Level
from shared.codes import RegionCode
from shared.signing import JsonObject, check_jwks
from shared.text import clean


def _keys(jwks: JsonObject) -> JsonObject:
    check_jwks(jwks)
    return jwks


def _certificate(pem: str) -> str:
    try:
        x509.load_pem_x509_certificate(pem.encode())
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
    """A node among its peers. Address without a final slash; `certificate_pem` is pinned."""

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
    record = Record.model_validate(raw)
    if record.admitted_by is None or record.admitted_at is None:
        raise ValueError("登记书应写明由谁何时接入 / a record says who admitted it, and when")
    return raw


class SignedRecord(BaseModel):
    """A record with the admitting city's detached JWS over its RFC 8785 bytes. The record stays
    as it was written: another system may write the same moment in another way."""

    model_config = ConfigDict(extra="forbid")

    record: Annotated[JsonObject, AfterValidator(_record)]
    signature: Annotated[str, Field(max_length=2000)]

    @property
    def parsed(self) -> Record:
        return Record.model_validate(self.record)


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
