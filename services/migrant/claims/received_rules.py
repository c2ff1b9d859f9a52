"""What becomes of a claim that another county sent: by its steps, by our decision, by payment.
Pure. Money that was paid is a fact: nothing the other side says later makes it unpaid."""

from collections.abc import Mapping
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from services.migrant.claims.errors import GrantTooHigh, GrantTooLow, ReasonNeeded
from services.migrant.claims.rules import Standing, TellStep

OPEN: Final = frozenset({Standing.RECEIVED, Standing.OBJECTED})  # to be decided on
CLOSED: Final = frozenset({Standing.CONFIRMED, Standing.WITHDRAWN})
MOST_ON_A_LIST: Final = 500


class ClaimListStatus(StrEnum):
    """Where a list of payments stands (支付清单状态)."""

    DRAWN_UP = "drawn-up"  # 拟定,待第二人批准
    APPROVED = "approved"  # 已批准,待支付
    PAID = "paid"  # 已支付
    WITHDRAWN = "withdrawn"  # 撤回


# Step of the residence → what the claim becomes here, and the standings it changes.
_BECOMES: Final[Mapping[TellStep, tuple[Standing, frozenset[Standing]]]] = {
    TellStep.OBJECTED: (
        Standing.OBJECTED,
        frozenset({Standing.ACCEPTED, Standing.REFUSED, Standing.PAID}),
    ),
    TellStep.CONFIRMED: (Standing.CONFIRMED, frozenset({Standing.PAID})),
    TellStep.WITHDRAWN: (
        Standing.WITHDRAWN,
        frozenset({Standing.RECEIVED, Standing.ACCEPTED, Standing.REFUSED, Standing.OBJECTED}),
    ),
}


def after_step(standing: Standing, step: TellStep, paid_fen: int | None) -> Standing:
    """Where a claim stands after a step of the residence; where it stood, if ours was faster."""
    becomes, from_ = _BECOMES.get(step, (standing, frozenset[Standing]()))
    if standing not in from_ or (step is TellStep.WITHDRAWN and paid_fen):
        return standing
    return becomes


def takes_correction(standing: Standing, paid_fen: int | None) -> bool:
    """Whether what the residence put right is decided anew."""
    return not paid_fen and standing not in CLOSED


def after_decision(granted_fen: int | None, paid_fen: int | None) -> Standing:
    """A grant of what was paid already leaves nothing to pay."""
    if granted_fen is None:
        return Standing.REFUSED
    return Standing.PAID if granted_fen == paid_fen else Standing.ACCEPTED


def check_decision(
    granted: bool,
    granted_fen: int | None,
    reason: str | None,
    most_fen: int,
    amount_fen: int,
    paid_fen: int | None,
) -> None:
    """A part of what was asked, or nothing, needs its reason. Raises ReasonNeeded, GrantTooHigh,
    GrantTooLow."""
    if granted is (granted_fen is None):
        raise ReasonNeeded()
    if (granted_fen or 0) < (paid_fen or 0):
        raise GrantTooLow(paid_fen=paid_fen or 0)
    if (granted_fen or 0) > most_fen:
        raise GrantTooHigh(most_fen=most_fen)
    if (granted_fen or 0) < amount_fen and not reason:
        raise ReasonNeeded()


def pay_by(decided_on: date, pay_days: int) -> date:
    return decided_on + timedelta(days=pay_days)
