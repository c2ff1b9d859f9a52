"""Inventory C5: nobody's score falls because more people asked for help."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from services.assessment.facts.kinds import KINDS, Kind, Use
from services.assessment.facts.migrant_facts import help_rated
from services.assessment.indicators.handlers import load_standard
from services.assessment.indicators.queries import get_value
from services.assessment.periods import parse_period
from services.assessment.scorecards.handlers import compute_scorecard
from services.assessment.scorecards.schemas import ComputeScorecard
from shared.db import Tx
from shared.events.migrant import HelpRated
from shared.ids import new_id
from tests.assessment.samples import HOME, NOON, in_force, make_fact, make_item, make_scheme, record
from tests.conftest import TxFactory

pytestmark = pytest.mark.usefixtures("emptied")

SHIPPED: list[dict[str, Any]] = json.loads(
    Path("services/assessment/indicators/standard.json").read_text()
)
HELP = {kind for kind in Kind if kind.value.startswith("help_")}
PERIOD = parse_period("2026-10")


def kinds_in(indicator: dict[str, Any], *parts: str) -> set[str]:
    return {kind for part in parts for kind in indicator.get(part, {}).get("kinds", [])}


def test_no_shipped_indicator_wants_fewer_requests() -> None:
    about_help = [
        each
        for each in SHIPPED
        if kinds_in(each, "numerator", "denominator", "of") & {kind.value for kind in HELP}
    ]
    assert len(about_help) >= 2
    for each in about_help:
        if not each.get("scored", True):
            continue
        assert each["form"] == "share", each["code"]
        assert each.get("direction", "higher") == "higher", each["code"]
        # a share of what was settled or said: not of how many asked
        assert Kind.HELP_REQUESTED not in kinds_in(each, "numerator", "denominator"), each["code"]


def test_no_county_can_declare_one_that_does() -> None:
    assert KINDS[Kind.HELP_REQUESTED].use is Use.BASE


async def facts(tx: Tx, kinds: set[Kind], count: int) -> None:
    for kind in sorted(kinds):
        outcomes = KINDS[kind].outcomes or ("arrival",)
        for place, outcome in enumerate(outcomes):
            await record(tx, make_fact(kind, outcome, count * (place + 1)))


async def values(tx: Tx) -> dict[str, Decimal | None]:
    scored = [each["code"] for each in SHIPPED if each.get("scored", True)]
    return {code: (await get_value(code, PERIOD, HOME, None, HOME, tx)).value for code in scored}


async def score(tx: Tx) -> Decimal | None:
    command = ComputeScorecard(scheme="county-2026", period="2026-10", area=HOME)
    return (await compute_scorecard(command, HOME, tx)).score


async def test_twice_the_requests_leave_every_score_as_it_was(open_tx: TxFactory) -> None:
    async with open_tx("assessment") as tx:
        await load_standard(tx)
        items = [make_item("help-settled-in-time", 50), make_item("help-satisfaction", 50)]
        lenient = [item | {"floor": "0"} for item in items]
        await in_force(tx, make_scheme(*lenient))
        await facts(tx, set(Kind), 30)
        before, scored = await values(tx), await score(tx)
        assert before["help-settled-in-time"] is not None
        assert scored is not None
        assert scored > 0
        await facts(tx, HELP, 30)
        assert await values(tx) == before
        assert await score(tx) == scored
        await facts(tx, {Kind.HELP_REQUESTED}, 1000)  # asked, and not settled yet
        assert await values(tx) == before
        assert await score(tx) == scored


@pytest.mark.parametrize(("satisfied", "outcome"), [(True, "satisfied"), (False, "dissatisfied")])
def test_what_she_says_counts_once_as_her_opinion(satisfied: bool, outcome: str) -> None:
    event = HelpRated(
        request_id=new_id(),
        region=HOME,
        department="wages",
        category="wages",
        satisfaction=4 if satisfied else 2,
        satisfied=satisfied,
    )
    (fact,) = help_rated(event, HOME, NOON)
    assert (fact.kind, fact.outcome, fact.office) == (Kind.HELP_OPINION, outcome, "wages")
