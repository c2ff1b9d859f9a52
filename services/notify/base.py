"""The base of this service's tables: its own registry, so that services share no metadata; and
the base of its commands."""

from pydantic import BaseModel, ConfigDict
from sqlalchemy.orm import registry
from sqlmodel import SQLModel

from shared.tables import add_common_tables


class Row(SQLModel, registry=registry()):
    """Base class of the tables in the notify database."""


class Command(BaseModel):
    """Base of commands: unknown fields are refused, so that a typo is not silently dropped."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


add_common_tables(Row.metadata)
