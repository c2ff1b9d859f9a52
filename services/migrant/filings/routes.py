"""HTTP door of spreadsheets."""

from services.migrant.filings.kinds import KINDS
from shared.auth import requires
from shared.filings.routes import filing, filing_router

# Employers and offices, as CanEmploy; a sheet of arrivals asks for an office.
router = filing_router("migrant", KINDS, requires("migrant:employ", "migrant:write"))
filing_sheets = filing(KINDS)
