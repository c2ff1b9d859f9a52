"""HTTP door of spreadsheets."""

from services.exchange.filings.kinds import KINDS
from shared.auth import requires
from shared.filings.routes import filing, filing_router

router = filing_router("exchange", KINDS, requires("exchange:write", at_home=True))
filing_sheets = filing(KINDS)
