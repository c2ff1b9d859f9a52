"""All tables of the exchange database, for the migrations."""

from services.exchange.base import Row

metadata = Row.metadata
__all__ = ["metadata"]
