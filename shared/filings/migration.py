"""The step by which a service's database gets the tables of filings."""

from alembic import op
from sqlalchemy import MetaData

from shared.filings.tables import add_filing_tables
from shared.migrations import grant, restrict_through, restrict_to_jurisdiction


def create_filing_tables(service: str) -> None:
    """A step of the service's migration (frozen: later changes are new steps)."""
    metadata = MetaData()
    add_filing_tables(metadata)
    metadata.create_all(op.get_bind())
    grant(service, "filings", "SELECT, INSERT, UPDATE")
    grant(service, "filing_parts", "SELECT, INSERT, DELETE")
    grant(service, "filing_lines", "SELECT, INSERT, UPDATE")
    restrict_to_jurisdiction("filings", "region")
    restrict_through("filing_parts", "filing_id", "filings")
    restrict_through("filing_lines", "filing_id", "filings")
