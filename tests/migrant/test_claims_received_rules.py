"""What becomes of a claim another county sent; no database."""

from datetime import date

import pytest

from services.migrant.claims.received_rules import (
    after_decision,
    after_step,
    pay_by,
    takes_correction,
)
from services.migrant.claims.rules import (
    STATUS_OF,
    ClaimStatus,
    Standing,
    TellStep,
    check_decision,
)
from shared.problems import Problem


@pytest.mark.parametrize(
    ("standing", "step", "paid_fen", "becomes"),
    [
        (Standing.RECEIVED, TellStep.WITHDRAWN, None, Standing.WITHDRAWN),
        (Standing.ACCEPTED, TellStep.WITHDRAWN, None, Standing.WITHDRAWN),
        (Standing.PAID, TellStep.WITHDRAWN, 4000, Standing.PAID),
        (Standing.OBJECTED, TellStep.WITHDRAWN, 4000, Standing.OBJECTED),
        (Standing.REFUSED, TellStep.OBJECTED, None, Standing.OBJECTED),
        (Standing.PAID, TellStep.OBJECTED, 4000, Standing.OBJECTED),
        (Standing.RECEIVED, TellStep.OBJECTED, None, Standing.RECEIVED),
        (Standing.PAID, TellStep.CONFIRMED, 4000, Standing.CONFIRMED),
        (Standing.ACCEPTED, TellStep.CONFIRMED, None, Standing.ACCEPTED),
        (Standing.REFUSED, TellStep.DISPUTED, None, Standing.REFUSED),
        (Standing.WITHDRAWN, TellStep.OBJECTED, None, Standing.WITHDRAWN),
    ],
)
def test_a_step_of_the_residence(
    standing: Standing, step: TellStep, paid_fen: int | None, becomes: Standing
) -> None:
    assert after_step(standing, step, paid_fen) is becomes


def test_what_is_paid_or_over_is_not_decided_anew() -> None:
    assert takes_correction(Standing.REFUSED, None)
    assert takes_correction(Standing.ACCEPTED, None)
    assert not takes_correction(Standing.OBJECTED, 4000)
    assert not takes_correction(Standing.WITHDRAWN, None)
    assert not takes_correction(Standing.CONFIRMED, 4000)


@pytest.mark.parametrize(
    ("granted", "granted_fen", "reason", "paid_fen", "problem"),
    [
        (True, 4550, None, None, None),
        (True, 4000, "挂号费不在范围内", None, None),
        (True, 4000, None, None, "reason-needed"),  # a part is told why
        (False, None, None, None, "reason-needed"),
        (True, None, "有", None, "reason-needed"),
        (False, 4000, "有", None, "reason-needed"),
        (True, 4551, None, None, "grant-too-high"),
        (True, 3999, "少付", 4000, "grant-too-low"),
        (False, None, "不付", 4000, "grant-too-low"),
    ],
)
def test_a_decision(
    granted: bool,
    granted_fen: int | None,
    reason: str | None,
    paid_fen: int | None,
    problem: str | None,
) -> None:
    values = (granted, granted_fen, reason, 4550, 4550, paid_fen)
    if problem is None:
        check_decision(*values)
        return
    with pytest.raises(Problem, match=problem):
        check_decision(*values)


def test_after_a_decision() -> None:
    assert after_decision(None, None) is Standing.REFUSED
    assert after_decision(4000, None) is Standing.ACCEPTED
    assert after_decision(4550, 4000) is Standing.ACCEPTED
    assert after_decision(4000, 4000) is Standing.PAID
    assert pay_by(date(2026, 1, 31), 30) == date(2026, 3, 2)


def test_both_counties_have_a_word_for_each_standing() -> None:
    assert STATUS_OF[Standing.RECEIVED] is ClaimStatus.SENT
    assert {STATUS_OF[each] for each in Standing} == set(ClaimStatus) - {
        ClaimStatus.FILED,
        ClaimStatus.CHECKED,
    }
