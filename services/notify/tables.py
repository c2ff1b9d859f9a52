"""All tables of the notify database, for the migrations."""

from services.notify.base import Row

metadata = Row.metadata
__all__ = ["metadata"]
