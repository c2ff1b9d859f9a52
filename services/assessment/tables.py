"""All tables of the assessment database, for the migrations."""

from services.assessment.base import Row

metadata = Row.metadata
__all__ = ["metadata"]
