"""Requests for help, as decisions: days, routing, urgency, what a text message means, figures."""

from datetime import date, timedelta

import pytest

from services.migrant.help.catalogue import catalogue
from services.migrant.help.openness import published
from services.migrant.help.rules import (
    HelpCategory,
    Route,
    Step,
    after,
    chosen_route,
    counted,
    deadline,
    guessed_category,
    has_word,
    in_time,
    is_urgent,
    mean_days,
    office_of,
    rating_in,
)

START = date(2026, 1, 1)
COUNTY, TOWN, VILLAGE = "420325", "420325100", "420325100001"


def test_the_days_are_those_of_the_petition_rules() -> None:
    limits = catalogue().limits
    assert after(START, limits.accept_days.value) == date(2026, 1, 16)
    assert after(START, limits.settle_days.value) == date(2026, 3, 2)
    assert after(date(2026, 3, 2), limits.extend_days.value) == date(2026, 4, 1)
    assert limits.review_ask_days.value == limits.review_days.value == 30
    assert limits.passes_most.value == 2
    assert all(limit["source"] for limit in limits.model_dump().values())


@pytest.mark.parametrize(
    ("settled", "accepted", "expected"),
    [(61, 10, False), (60, 10, True), (60, 16, False), (15, None, True), (16, None, False)],
)
def test_in_time(settled: int, accepted: int | None, expected: bool) -> None:
    assert (
        in_time(
            START + timedelta(days=settled),
            START + timedelta(days=60),
            accepted_on=None if accepted is None else START + timedelta(days=accepted),
            accept_limit=START + timedelta(days=15),
        )
        is expected
    )


def test_which_deadline_counts() -> None:
    accept, due = date(2026, 1, 16), date(2026, 3, 2)
    assert deadline(accept, due, None, date(2026, 2, 1)) == accept
    assert deadline(accept, due, date(2026, 1, 9), date(2026, 2, 1)) == due
    assert deadline(accept, due, None, date(2026, 3, 3)) == due


def test_the_catalogue_is_whole() -> None:
    data = catalogue()
    assert set(data.by_code) == set(HelpCategory)
    assert set(data.steps) == set(Step)
    named = {each.department for each in data.categories}
    named |= {each.employer_known for each in data.categories if each.employer_known}
    named |= {data.oversight, data.review.department, data.review.or_else}
    assert named <= data.department_codes
    assert data.review.department != data.review.or_else
    shown = published()
    assert len(shown.categories) == len(HelpCategory)
    assert len(shown.page.procedures) >= 7
    assert len(shown.page.never) == 7  # 七不准


def route(region: str, category: str | None, known: bool | None, office: str) -> Route:
    return Route(region, category, known, "education", office)


def test_the_most_exact_line_is_chosen() -> None:
    lines = [
        route(COUNTY, "wages", None, "county"),
        route(TOWN, "wages", None, "town"),
        route(TOWN, "wages", True, "town-known"),
        route(COUNTY, None, None, "education-county"),
        route(TOWN, None, None, "education-town"),
    ]

    def chosen(region: str, *, known: bool) -> str | None:
        found = chosen_route(lines, region, HelpCategory.WAGES, employer_known=known)
        return None if found is None else found.office

    assert chosen(VILLAGE, known=True) == "town-known"
    assert chosen(VILLAGE, known=False) == "town"
    assert chosen("420325101001", known=True) == "county"
    assert chosen("420381", known=True) is None
    assert office_of(lines, VILLAGE, "education") == "education-town"
    assert office_of(lines, "420325101001", "education") == "education-county"
    assert office_of(lines, VILLAGE, "housing") == "housing"


@pytest.mark.parametrize(
    ("text", "by_category", "people", "expected"),
    [
        ("工资没发", False, 1, False),
        ("工资没发", False, 9, False),
        ("工资没发", False, 10, True),
        ("老板打人", False, 1, True),
        ("we are in DANGER here", False, 1, True),
        ("dangerous? no, an endangered bird", False, 1, False),
        ("丢了东西", True, 1, True),
    ],
)
def test_urgent(text: str, by_category: bool, people: int, expected: bool) -> None:
    danger = catalogue().danger_words
    said = is_urgent(text, by_category=by_category, people=people, urgent_people=10, danger=danger)
    assert said is expected


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("求助 老板欠薪三个月", HelpCategory.WAGES),
        ("HELP unpaid wage", HelpCategory.WAGES),
        ("孩子上学的事", HelpCategory.SCHOOLING),
        ("身份证丢失了", HelpCategory.DOCUMENTS),
        ("欠薪还威胁我", HelpCategory.SAFETY),
        ("I am still here", HelpCategory.OTHER),
        ("求助", HelpCategory.OTHER),
        ("ＨＥＬＰ ｓｃｈｏｏｌ", HelpCategory.SCHOOLING),
    ],
)
def test_what_a_text_asks_for(text: str, category: HelpCategory) -> None:
    words = {each.code: each.words for each in catalogue().categories}
    assert guessed_category(text, words) is category


def test_words_are_whole_in_latin_script_only() -> None:
    assert has_word("他在医院里", ["医院"])
    assert not has_word("still", ["ill"])
    assert has_word("I am ill.", ["ill"])


@pytest.mark.parametrize(
    ("text", "rating"),
    [("5", 5), (" ５ ", 5), ("3分。", 3), ("0", None), ("6", None), ("5个月", None), ("", None)],
)
def test_a_digit_alone_is_a_rating(text: str, rating: int | None) -> None:
    assert rating_in(text) == rating


def test_nothing_under_ten_and_nothing_exact_is_published() -> None:
    assert [counted(n) for n in (0, 1, 9, 10, 14, 15, 104)] == [
        None, None, None, 10, 10, 20, 100,
    ]  # fmt: skip
    assert mean_days(90, 9) is None
    assert mean_days(95, 10) == 9.5
