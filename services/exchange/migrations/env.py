"""Alembic's entry for the exchange database."""

from services.exchange.tables import metadata
from shared.migrations import run_migrations

run_migrations(metadata)
