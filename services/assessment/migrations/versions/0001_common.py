"""The tables that every service has."""

from shared.migrations import create_common_tables

revision = "0001"
down_revision = None


def upgrade() -> None:
    create_common_tables("assessment")
