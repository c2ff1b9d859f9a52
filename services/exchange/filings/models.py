"""Tables of filings: those that every service with spreadsheets has."""

from services.exchange.base import Row
from shared.filings.tables import add_filing_tables

add_filing_tables(Row.metadata)
