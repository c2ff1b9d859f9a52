"""All tables of the migrant database, for the migrations."""

from services.migrant.base import Row

metadata = Row.metadata
__all__ = ["metadata"]
