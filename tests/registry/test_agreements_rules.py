"""Where an agreement stands on a day, and which clauses it can have."""

from datetime import date

import pytest

from services.registry.agreements.catalogue import AgreementKind, clauses, templates
from services.registry.agreements.rules import AgreementState, state_of, text_of

SINCE, UNTIL = date(2026, 1, 1), date(2027, 1, 1)


@pytest.mark.parametrize(
    ("signed", "ended_on", "on", "state"),
    [
        (False, None, date(2026, 5, 1), AgreementState.DRAFTED),
        (False, date(2026, 4, 1), date(2026, 3, 1), AgreementState.ENDED),
        (True, None, date(2025, 12, 31), AgreementState.AGREED),
        (True, None, SINCE, AgreementState.RUNNING),
        (True, None, date(2026, 12, 31), AgreementState.RUNNING),
        (True, None, UNTIL, AgreementState.EXPIRED),
        (True, date(2026, 4, 1), date(2026, 3, 31), AgreementState.RUNNING),
        (True, date(2026, 4, 1), date(2026, 4, 1), AgreementState.ENDED),
    ],
)
def test_the_state_on_a_day(
    signed: bool, ended_on: date | None, on: date, state: AgreementState
) -> None:
    assert state_of(signed=signed, since=SINCE, until=UNTIL, ended_on=ended_on, on=on) is state


def test_clauses_come_in_the_order_of_the_catalogue_and_once() -> None:
    assert text_of(["a", "b"], ["c", "d"], ["d", "c", "d"]) == ["a", "b", "c", "d"]
    with pytest.raises(ValueError, match="not a clause"):
        text_of(["a"], ["c"], ["no-compensation"])


def test_every_kind_has_an_edition_in_both_languages() -> None:
    assert templates().keys() == set(AgreementKind)
    for template in templates().values():
        numbers = [version.version for version in template.versions]
        assert numbers == sorted(set(numbers))
        for code in [*template.versions[-1].clauses, *template.optional]:
            assert clauses()[code].zh
            assert clauses()[code].en
