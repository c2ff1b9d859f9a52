"""Alembic's entry for the assessment database."""

from services.assessment.tables import metadata
from shared.migrations import run_migrations

run_migrations(metadata)
