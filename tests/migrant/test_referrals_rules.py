"""Referrals: numbers, days, words. Pure."""

from datetime import date
from itertools import cycle

from services.migrant.referrals.rules import (
    OPEN,
    ReferralState,
    consent_words,
    due_on,
    is_overdue,
    new_number,
)
from shared.problems import Text


def test_a_number_has_no_look_alikes_and_comes_from_chance_alone() -> None:
    letters = cycle("A9")
    assert new_number(lambda _: next(letters)) == "A9A9A9A9"
    drawn = {new_number() for _ in range(200)}
    assert len(drawn) == 200
    assert not set("".join(drawn)) & set("0O1IL")


def test_days_are_calendar_days_and_only_an_open_referral_is_late() -> None:
    due = due_on(date(2026, 1, 30), 5)
    assert due == date(2026, 2, 4)
    for state in ReferralState:
        assert not is_overdue(state, due, due)
        assert is_overdue(state, due, date(2026, 2, 5)) is (state in OPEN)


def test_the_words_name_the_office_the_matter_and_the_way_out() -> None:
    words = consent_words(
        Text("县法律援助中心", "the legal aid centre"), Text("法律援助", "Legal aid")
    )
    for said in ("县法律援助中心", "法律援助", "只用于", "随时撤回", "不影响", "不同意也可转介"):
        assert said in words.zh
    for said in ("the legal aid centre", "Legal aid", "take this back at any time", "no more"):
        assert said in words.en
