"""The sealed columns of a claim, sent or received."""

from services.migrant.claims.models import ClaimBetween
from shared.db import Tx


def opened(claim: ClaimBetween, name: str, tx: Tx) -> str | None:
    """The text of a sealed column, None where it is empty."""
    sealed: bytes | None = getattr(claim, f"{name}_sealed")
    return None if sealed is None else tx.vault.open(sealed, _place(claim, name))


def seal(claim: ClaimBetween, name: str, text: str | None, tx: Tx) -> None:
    """Seal a text into its column; without one the column is empty. The caller saves the claim."""
    sealed = tx.vault.seal(text, _place(claim, name)) if text else None
    setattr(claim, f"{name}_sealed", sealed)


def _place(claim: ClaimBetween, name: str) -> str:
    return f"{claim.__tablename__}.{name}:{claim.id}"
