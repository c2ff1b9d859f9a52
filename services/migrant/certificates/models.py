"""Tables: certificates issued (never their claims), status bits, keys, trust, checks."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Index, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

from services.migrant.base import Row
from shared.columns import Timestamp


class Certificate(Row, table=True):
    """That a certificate was issued, over which kinds of claim. What the claims say is known to
    its holder alone."""

    __tablename__ = "certificates"
    __table_args__ = (
        Index("certificates_person", "person_id"),
        Index("certificates_status", "status_list_id", "status_index", unique=True),
        Index("certificates_request", "issued_by", "request_key", unique=True),
    )

    id: UUID = Field(primary_key=True)
    person_id: UUID
    region: str
    claim_names: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    holder_bound: bool
    status_list_id: int
    status_index: int
    issued_at: datetime = Field(sa_type=Timestamp)
    issued_by: str
    office: str
    valid_until: date
    revoked_at: datetime | None = Field(default=None, sa_type=Timestamp)
    revocation_reason: str | None = None
    request_key: str | None = None
    request_index: bytes | None = None
    reminded_on: date | None = None


class StatusList(Row, table=True):
    """A published list of `size` status bits (Token Status List)."""

    __tablename__ = "status_lists"

    id: int = Field(primary_key=True)
    size: int
    used: int
    created_at: datetime = Field(sa_type=Timestamp)


class StatusEntry(Row, table=True):
    """A bit in use. Says nothing about whom."""

    __tablename__ = "status_entries"

    list_id: int = Field(primary_key=True, foreign_key="status_lists.id")
    index: int = Field(primary_key=True)
    revoked: bool = False


class IssuerKey(Row, table=True):
    """A signing key of this county: public half published, private half sealed. It is published
    from `created_at`, signs from `starts_at` until `retired_at`, and stays published after that
    for as long as what it signed may be in force."""

    __tablename__ = "issuer_keys"

    kid: str = Field(primary_key=True)
    public_jwk: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    private_sealed: bytes
    created_at: datetime = Field(sa_type=Timestamp)
    starts_at: datetime = Field(sa_type=Timestamp)
    retired_at: datetime | None = Field(default=None, sa_type=Timestamp)


class TrustedIssuer(Row, table=True):
    """Another county whose certificates can be checked here: its keys, and the address prefix
    under which its status lists are published."""

    __tablename__ = "trusted_issuers"

    issuer: str = Field(primary_key=True)
    jwks: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    status_base: str
    updated_at: datetime = Field(sa_type=Timestamp)
    updated_by: str


class DirectoryIssuer(Row, table=True):
    """A county of the exchange's directory (名录): where its certificate keys are published, and
    when to look there next. `certificate_pem` is the one its door shows and no other is trusted."""

    __tablename__ = "directory_issuers"
    __table_args__ = (Index("directory_issuers_due", "next_look_at"),)

    issuer: str = Field(primary_key=True)
    address: str
    certificate_pem: str | None = None
    version: int
    revoked: bool
    looked_at: datetime | None = Field(default=None, sa_type=Timestamp)
    next_look_at: datetime = Field(sa_type=Timestamp)
    problem: str | None = None


class CachedStatusList(Row, table=True):
    """The newest status list seen of a trusted issuer, as signed: a check needs no network.
    `issued_at` is its own time, in seconds since 1970: an older one never takes its place."""

    __tablename__ = "cached_status_lists"

    uri: str = Field(primary_key=True)
    issuer: str = Field(foreign_key="trusted_issuers.issuer")
    token: str
    issued_at: int = Field(sa_type=BigInteger)
    fetched_at: datetime = Field(sa_type=Timestamp)


class UsedProof(Row, table=True):
    """That a holder's proof was taken once (防重放): a hash that tells of nobody."""

    __tablename__ = "used_proofs"
    __table_args__ = (Index("used_proofs_age", "used_at"),)

    digest: bytes = Field(primary_key=True)
    used_at: datetime = Field(sa_type=Timestamp)


class CertificateCheck(Row, table=True):
    """That a certificate was checked: which, by which office, why, with which outcome. Never a
    claim."""

    __tablename__ = "certificate_checks"
    __table_args__ = (Index("certificate_checks_certificate", "certificate_id"),)

    id: UUID = Field(primary_key=True)
    certificate_id: str
    issuer: str
    region: str
    office: str
    purpose: str
    outcome: str
    checked_at: datetime = Field(sa_type=Timestamp)
    checked_by: str
