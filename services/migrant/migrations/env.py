"""Alembic's entry for the migrant database."""

from services.migrant.tables import metadata
from shared.migrations import run_migrations

run_migrations(metadata)
