"""HTTP door of spreadsheets."""

from services.registry.filings.kinds import KINDS
from shared.auth import requires
from shared.filings.routes import filing, filing_router

# Landlords, agents and offices, as CanFileLease.
router = filing_router("registry", KINDS, requires("registry:lease", "registry:write"))
filing_sheets = filing(KINDS)
