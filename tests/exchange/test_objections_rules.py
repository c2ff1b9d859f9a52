"""What can be objected to, what an upheld objection puts right, and who reviews."""

import json
from datetime import date
from itertools import product
from pathlib import Path

import pytest

from services.exchange.errors import FieldsRefused
from services.exchange.objections import rules
from services.exchange.objections.rules import About, check_remedy, decide_by, review_by
from shared.testing import make_actor

MAY = {
    About.NOTICE: {"void", "region", "happened_on"},
    About.QUESTION: set(),
    About.ANSWER: {"answer"},
    About.LINK: set(),
}


@pytest.mark.parametrize(
    ("about", "field"), list(product(About, ("void", "region", "happened_on", "answer")))
)
def test_each_kind_puts_right_its_own_fields_alone(about: About, field: str) -> None:
    if field in MAY[about]:
        check_remedy(about, True, frozenset({field}))
    else:
        with pytest.raises(FieldsRefused):
            check_remedy(about, True, frozenset({field}))
    with pytest.raises(FieldsRefused):  # what is refused changes nothing
        check_remedy(about, False, frozenset({field}))


@pytest.mark.parametrize("about", About)
def test_an_upheld_one_says_what_it_puts_right(about: About) -> None:
    check_remedy(about, False, frozenset())
    if MAY[about]:
        with pytest.raises(FieldsRefused):
            check_remedy(about, True, frozenset())
    else:
        check_remedy(about, True, frozenset())


def test_a_reviewer_is_of_the_county_and_did_not_refuse_it() -> None:
    county, township = make_actor(region="420325"), make_actor(region="420325100")
    assert rules.why_not_reviewer(county, "somebody-else") is None
    assert rules.why_not_reviewer(county, county.sub) == "decided-it-first"
    assert rules.why_not_reviewer(township, "somebody-else") == "not-of-the-county"


def test_the_days_are_data_with_their_source() -> None:
    limits = json.loads(Path(rules.__file__).with_name("limits.json").read_text("utf-8"))
    assert decide_by(date(2026, 1, 1)) == date(2026, 1, 31)
    assert review_by(date(2026, 1, 1)) == date(2026, 1, 31)
    assert all(each["source"] and each["zh"] and each["en"] for each in limits.values())
