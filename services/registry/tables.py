"""All tables of the registry database, for the migrations."""

from services.registry.base import Row
from services.registry.persons import models as persons

metadata = Row.metadata
__all__ = ["metadata", "persons"]
