"""What the assessment hears of a claim, and whose step was late."""

from datetime import date

from services.migrant.claims.models import Claim
from services.migrant.claims.rules import PAYERS_STEPS, Step
from shared.db import Tx
from shared.events.migrant_claims import ClaimSettled


def note_lateness(claim: Claim, step: Step | None, day: date) -> None:
    """Whose step was late: the payer's or the office's. Never anything of hers."""
    late = claim.due_on is not None and day > claim.due_on
    if late and step in PAYERS_STEPS:
        claim.payer_in_time = False
    elif late:
        claim.office_in_time = False


def settle(claim: Claim, *, paid: bool, tx: Tx) -> None:
    """Said where the service was given and nowhere else, so that a claim counts once."""
    tx.emit(
        ClaimSettled(
            claim_id=claim.id,
            region=claim.region,
            payer=claim.payer,
            payer_region=claim.payer_region,
            service=claim.service,
            paid=paid,
            in_time=claim.payer_in_time,
            office_in_time=claim.office_in_time,
        )
    )
