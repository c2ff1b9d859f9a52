"""Tables: templates, one row a version and language; and what providers call them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.notify.base import Row
from services.notify.templates.variables import VariableType
from shared.columns import Timestamp


class Template(Row, table=True):
    """A text with places for variables (短信模板). It is never changed: a new wording is a new
    version, and the newest approved one that is not withdrawn is used."""

    __tablename__ = "templates"
    __table_args__ = (Index("templates_version", "code", "language", "version", unique=True),)

    id: UUID = Field(primary_key=True)
    code: str
    language: str
    version: int
    text: str
    variables: dict[str, VariableType] = Field(sa_column=Column(JSONB, nullable=False))
    choices: dict[str, dict[str, str]] = Field(sa_column=Column(JSONB, nullable=False))
    purpose: str
    signature: str
    kind: str
    created_at: datetime = Field(sa_type=Timestamp)
    created_by: str
    approved_at: datetime | None = Field(default=None, sa_type=Timestamp)
    approved_by: str | None = None
    withdrawn_at: datetime | None = Field(default=None, sa_type=Timestamp)
    withdrawn_by: str | None = None
    withdrawal_reason: str | None = None


class ProviderWording(Row, table=True):
    """What a provider calls a version (报备编号) and signs it with (签名), where it differs."""

    __tablename__ = "provider_wordings"

    template_id: UUID = Field(primary_key=True, foreign_key="templates.id")
    provider: str = Field(primary_key=True)
    code: str | None = None
    signature: str | None = None
    recorded_at: datetime = Field(sa_type=Timestamp)
    recorded_by: str
