"""The words people agree to, and when they may be asked."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from services.migrant.consents import rules
from services.migrant.consents.rules import (
    LONGEST_PEACE_DAYS,
    PURPOSES,
    Children,
    ConsentPurpose,
    ask_again_on,
    fourteenth_birthday,
    leans_on_texts,
    read_purposes,
)

SHIPPED: list[dict[str, Any]] = json.loads(
    Path(rules.__file__).with_name("purposes.json").read_text("utf-8")
)


def test_every_version_has_words_in_two_languages_and_a_way_out() -> None:
    assert set(PURPOSES) == set(ConsentPurpose)
    for words in PURPOSES.values():
        for each in words.versions:
            assert "可随时撤回,不影响办理其他任何事项" in each.zh
            assert "take this back at any time; nothing else depends on it" in each.en


def test_what_is_recorded_of_a_voluntary_service_is_said_last() -> None:
    for purpose in (ConsentPurpose.HEALTH_CHECK, ConsentPurpose.FOLLOW_UP):
        now = PURPOSES[purpose].said(PURPOSES[purpose].version)
        assert now.en.endswith("is recorded here, never a result.")
        assert now.zh.endswith("结果。") and "只记录" in now.zh.split("。")[-2]


def test_a_stop_to_texts_leaves_the_rest() -> None:
    leaning = {each for each in ConsentPurpose if leans_on_texts(each)}
    assert set(ConsentPurpose) - leaning == {
        ConsentPurpose.HEALTH_CHECK,
        ConsentPurpose.FOLLOW_UP,
        ConsentPurpose.TELL_HOME,
        ConsentPurpose.BENEFIT_SHARING,
    }


def test_what_goes_by_text_is_not_for_children() -> None:
    for words in PURPOSES.values():
        assert (words.children is Children.NEVER) == words.needs_phone


def test_an_older_version_keeps_its_own_words() -> None:
    words = PURPOSES[ConsentPurpose.HEALTH_CHECK]
    assert words.version == 2
    assert words.said(1) != words.said(2)
    assert words.stands_from == 1  # the order of the sentences changed, not what they say


@pytest.mark.parametrize(
    "change",
    [
        {"stands_from": 2},
        {"versions": []},
        {"versions": [{"version": 2, "zh": "一", "en": "one"}]},
        {"ask_again_days": 7},
        {"purpose": "compliance"},
        {"children": "always"},
        {"score": 1},
    ],
)
def test_words_that_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_purposes(json.dumps([SHIPPED[0] | change, *SHIPPED[1:]]))


def test_no_purpose_without_words() -> None:
    with pytest.raises(ValueError, match="every purpose"):
        read_purposes(json.dumps(SHIPPED[1:]))


def test_she_is_left_in_peace_for_as_long_as_the_county_says() -> None:
    late = datetime(2026, 1, 1, 17, tzinfo=UTC)  # the second of January in China
    assert ask_again_on(ConsentPurpose.FOLLOW_UP, late) == date(2027, 1, 2)
    assert LONGEST_PEACE_DAYS == 365


@pytest.mark.parametrize(
    ("born", "grown"),
    [(date(2012, 5, 1), date(2026, 5, 1)), (date(2012, 2, 29), date(2026, 3, 1))],
)
def test_from_which_day_she_agrees_for_herself(born: date, grown: date) -> None:
    assert fourteenth_birthday(born) == grown
