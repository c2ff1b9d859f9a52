"""Why two places hold something different of a message."""

from datetime import date
from typing import Any

import pytest

from services.exchange.reconciliations.rules import (
    PASSING,
    WORDS,
    Held,
    Reason,
    explain,
    month_before,
    monthly_id,
    portions,
)

HASH, OTHER_HASH = "a" * 64, "b" * 64


def held(**overrides: Any) -> Held:
    values = {"payload": HASH, "state": "delivered", "feedback": "", "late": False}
    return Held.model_validate(values | overrides)


SENT, CAME = held(), held(state="applied")


@pytest.mark.parametrize(
    ("sent", "received", "reason"),
    [
        (SENT, CAME, None),
        (held(state="queued"), CAME, None),  # the receipt is on its way: both have the message
        (held(state="queued"), None, Reason.IN_FLIGHT),
        (held(state="sending"), None, Reason.IN_FLIGHT),
        (held(state="given-up"), None, Reason.GIVEN_UP),
        (held(state="failed", code="400 err.request.bad"), None, Reason.REFUSED),
        (held(state="diverted"), None, Reason.DIVERTED),
        (SENT, None, Reason.NEVER_RECEIVED),
        (None, CAME, Reason.NEVER_SENT),
        (SENT, held(payload=OTHER_HASH), Reason.ALTERED),
        (SENT, held(feedback="agrees"), Reason.FEEDBACK_IN_FLIGHT),
        (held(feedback="agrees"), CAME, Reason.FEEDBACK_DIFFERS),
        (held(feedback="agrees"), held(feedback="differs"), Reason.FEEDBACK_DIFFERS),
        (held(feedback="agrees"), held(feedback="agrees"), None),
        (held(feedback="differs"), held(feedback="differs"), Reason.RECORDS_DIFFER),
        (SENT, held(late=True), Reason.SINCE_THE_CUT),
        (held(late=True), CAME, Reason.SINCE_THE_CUT),
    ],
)
def test_each_difference_has_one_reason(
    sent: Held | None, received: Held | None, reason: Reason | None
) -> None:
    assert explain(sent, received) is reason


def test_each_reason_is_put_in_words_and_the_passing_ones_pass() -> None:
    assert set(WORDS) == set(Reason)
    assert {Reason.IN_FLIGHT, Reason.FEEDBACK_IN_FLIGHT, Reason.SINCE_THE_CUT} == PASSING


def test_both_sides_give_a_month_the_same_id() -> None:
    first = date(2026, 10, 1)
    assert monthly_id("a", "b", first) == monthly_id("b", "a", first)
    assert monthly_id("a", "b", first) != monthly_id("a", "b", date(2026, 11, 1))
    assert monthly_id("a", "b", first) != monthly_id("a", "c", first)


def test_the_month_before() -> None:
    assert month_before(date(2026, 1, 31)) == (date(2025, 12, 1), date(2025, 12, 31))
    assert month_before(date(2024, 3, 1)) == (date(2024, 2, 1), date(2024, 2, 29))


def test_portions_say_which_is_the_last() -> None:
    assert list(portions([1, 2, 3], 2)) == [([1, 2], False), ([3], True)]
    assert list(portions([1, 2], 2)) == [([1, 2], True)]
    assert list(portions([], 2)) == [([], True)]
