"""Decisions about filings, without any I/O."""

from services.migrant.errors import NotYourFiling


def check_filer(org: str, employer_code: str, *, office: bool) -> None:
    """An employer (its token's org is its credit code) files for itself only; an office may file
    for an employer that comes to the desk. Raises NotYourFiling."""
    if not office and org != employer_code:
        raise NotYourFiling()
