"""Alembic's entry for the registry database."""

from services.registry.tables import metadata
from shared.migrations import run_migrations

run_migrations(metadata)
