"""Leases filed by spreadsheet."""

from shared.filings.migration import create_filing_tables

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    create_filing_tables("registry")
