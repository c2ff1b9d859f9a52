"""Worked cases: a scorecard from facts, its editions, its evidence."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from services.assessment.appeals.handlers import decide_appeal, file_appeal
from services.assessment.appeals.schemas import DecideAppeal, FileAppeal
from services.assessment.errors import (
    AlreadyPublished,
    AppealTooLate,
    HeldBack,
    NothingToPublish,
    SamePerson,
    SchemeNotInForce,
    TakesEffectNextPeriod,
)
from services.assessment.facts.kinds import Kind
from services.assessment.indicators.handlers import load_standard
from services.assessment.indicators.queries import get_value
from services.assessment.indicators.schemas import Status
from services.assessment.periods import parse_period
from services.assessment.scorecards.handlers import compute_scorecard, publish_scorecard
from services.assessment.scorecards.queries import get_evidence, get_scorecard
from services.assessment.scorecards.schemas import (
    ComputeScorecard,
    LiftVeto,
    RaiseVeto,
    ScorecardView,
)
from services.assessment.scorecards.vetoing import lift_veto, raise_veto
from shared.db import Tx
from shared.events.assessment import AppealDecided, ScorecardPublished
from shared.testing import emitted, make_actor
from tests.assessment.samples import HOME, PEER, in_force, make_fact, make_item, make_scheme, record
from tests.conftest import TxFactory

pytestmark = pytest.mark.usefixtures("emptied")


async def prepare(tx: Tx, *items: dict[str, Any], **overrides: Any) -> None:
    await load_standard(tx)
    await in_force(tx, make_scheme(*items, **overrides))


async def compute(tx: Tx, **overrides: Any) -> ScorecardView:
    body = {"scheme": "county-2026", "period": "2026-10", "area": HOME} | overrides
    return await compute_scorecard(ComputeScorecard.model_validate(body), HOME, tx)


async def answers(tx: Tx, in_time: int, late: int, **overrides: Any) -> None:
    await record(
        tx,
        make_fact(Kind.INQUIRY_ANSWER, "in_time", in_time, **overrides),
        make_fact(Kind.INQUIRY_ANSWER, "late", late, **overrides),
    )


async def test_the_exchange_loop_of_the_source(open_tx: TxFactory) -> None:
    """Inventory E2: 78,000 registered, exchanged 92 %, confirmed 62 %."""
    async with open_tx("assessment") as tx:
        await prepare(tx)
        await record(
            tx,
            make_fact(Kind.MIGRANT_ARRIVED, "from_elsewhere", 78_000),
            make_fact(Kind.MIGRANT_ARRIVED, "from_here", 900),  # no other county to tell
            make_fact(Kind.NOTICE_SENT, "arrival", 71_760),
            make_fact(Kind.NOTICE_SENT, "birth", 500),  # no arrival: must not raise the share
            make_fact(Kind.NOTICE_CONFIRMED, "arrival", 48_360),
        )
        period = parse_period("2026")
        for code, value in (("notices-exchanged", "92.00"), ("notices-confirmed", "62.00")):
            view = await get_value(code, period, HOME, None, HOME, tx)
            assert (view.status, view.value) == (Status.OK, Decimal(value))
            assert view.denominator == 78_000


async def test_a_scorecard_is_worked_out_by_hand(open_tx: TxFactory) -> None:
    """In time 92 of 100: (92−50)/(95−50) × 60 = 56.00. Settled 30 of 40 = 75 %: 25/45 × 40 =
    22.22. Together 78.22."""
    async with open_tx("assessment") as tx:
        await prepare(tx)
        await answers(tx, 92, 8)
        await answers(tx, 500, 500, area=PEER)
        await record(
            tx,
            make_fact(Kind.HELP_SETTLED, "in_time", 30),
            make_fact(Kind.HELP_SETTLED, "late", 10),
        )
        card = await compute(tx)
        assert [(item.value, item.points) for item in card.items] == [
            (Decimal("92.00"), Decimal("56.00")),
            (Decimal("75.00"), Decimal("22.22")),
        ]
        assert card.score == Decimal("78.22")
        assert (await compute(tx)).id == card.id  # a preliminary one is computed again in place


async def test_we_judge_the_neighbour_by_what_we_saw(open_tx: TxFactory) -> None:
    async with open_tx("assessment") as tx:
        await prepare(tx)
        await answers(tx, 95, 5, area=PEER)
        card = await compute(tx, area=PEER)
        assert (card.area, card.observer, card.score) == (PEER, HOME, Decimal("100.00"))
        assert card.items[1].status == Status.NO_CASES and card.items[1].points is None


async def test_no_cases_and_too_few_cases_are_no_zero(open_tx: TxFactory) -> None:
    async with open_tx("assessment") as tx:
        await prepare(tx)
        await answers(tx, 1, 8)
        card = await compute(tx)
        few, none = card.items
        assert (few.status, few.value, few.points) == (Status.TOO_FEW_CASES, None, None)
        assert (few.numerator, few.denominator) == (None, None)
        assert (none.status, none.value) == (Status.NO_CASES, None)
        assert card.score is None
        with pytest.raises(NothingToPublish):
            await publish_scorecard(card.id, tx)


async def test_the_evidence_leads_down_to_days_and_hides_small_cells(open_tx: TxFactory) -> None:
    async with open_tx("assessment") as tx:
        await prepare(tx, make_item("inquiry-answered-in-time"))
        for day, count in ((1, 50), (2, 3), (3, 20)):
            fact = make_fact(Kind.INQUIRY_ANSWER, "in_time", count, day=date(2026, 10, day))
            await record(tx, fact)
        await record(tx, make_fact(Kind.INQUIRY_ANSWER, "late", 27))
        card = await compute(tx)
        (item,) = (await get_evidence(card.id, tx)).items
        assert item.formula.en.startswith("inquiries answered or overdue [in_time] ÷")
        sides = {side.side: side for side in item.sides}
        assert (sides["numerator"].count, sides["denominator"].count) == (73, 100)
        cells = {(c.outcome, c.day.day): c.count for c in sides["denominator"].cells}
        # the third day is hidden with the second, or 73 − 70 would tell
        assert cells == {
            ("in_time", 1): 50,
            ("in_time", 2): None,
            ("in_time", 3): None,
            ("late", 12): 27,
        }
        assert [c.count for c in sides["numerator"].cells] == [50, None, None]


async def test_a_published_score_and_its_evidence_do_not_change(open_tx: TxFactory) -> None:
    async with open_tx("assessment") as tx:
        await prepare(tx)
        await answers(tx, 92, 8)
        card = await publish_scorecard((await compute(tx)).id, tx)
        (event,) = emitted(tx, ScorecardPublished)
        assert isinstance(event, ScorecardPublished)
        assert (event.area, event.period, event.score) == (HOME, "2026-10", str(card.score))
        evidence = await get_evidence(card.id, tx)
        await answers(tx, 0 + 1, 500)
        assert await get_scorecard(card.id, tx) == card
        assert await get_evidence(card.id, tx) == evidence
        with pytest.raises(AlreadyPublished):
            await compute(tx)
        with pytest.raises(AlreadyPublished):
            await publish_scorecard(card.id, tx)


def veto(period: str, area: str = HOME) -> RaiseVeto:
    return RaiseVeto.model_validate(
        {"area": area, "period": period, "ground": "falsified-data", "reason": "抽查不符"}
    )


@pytest.mark.parametrize(
    ("period", "area", "held"),
    [
        ("2026-10", HOME, True),
        ("2026-Q4", HOME, True),
        ("2026", "4203" + "25", True),
        ("2026-11", HOME, False),
        ("2026-10", PEER, False),
        ("2026-10", HOME + "100", False),
    ],
)
async def test_a_veto_holds_back(open_tx: TxFactory, period: str, area: str, held: bool) -> None:
    async with open_tx("assessment") as tx:
        await prepare(tx)
        await answers(tx, 92, 8)
        card = await compute(tx)
        raised = await raise_veto(veto(period, area), HOME, tx)
        if held:
            with pytest.raises(HeldBack) as refused:
                await publish_scorecard(card.id, tx)
            assert refused.value.extra["vetoes"][0]["id"] == str(raised.id)
            await lift_veto(LiftVeto(reason="已更正"), raised.id, tx)
        assert (await publish_scorecard(card.id, tx)).status == "published"


async def test_a_changed_scheme_waits_for_the_next_period(open_tx: TxFactory) -> None:
    async with open_tx("assessment") as tx:
        await prepare(tx)
        await answers(tx, 92, 8)
        begin = (tx.today.replace(day=1) + timedelta(days=40)).replace(day=1)
        changed = make_scheme(make_item("inquiry-answered-in-time", target="92"))
        with pytest.raises(TakesEffectNextPeriod):
            await in_force(tx, changed)
        changed |= {"valid_from": begin.isoformat()}
        assert (await in_force(tx, changed)).version == 2
        assert (await compute(tx)).scheme_version == 1
        assert (await compute(tx, period=begin.isoformat()[:7])).scheme_version == 2
        with pytest.raises(SchemeNotInForce):
            await compute(tx, period="2025-12")


async def appeal(tx: Tx, card: UUID, code: str = "inquiry-answered-in-time") -> UUID:
    command = FileAppeal(scorecard_id=card, indicator=code, reason="三件协查已按时答复")
    return (await file_appeal(command, tx)).id


async def test_an_upheld_appeal_makes_a_new_edition(open_tx: TxFactory) -> None:
    async with open_tx("assessment") as tx:
        await prepare(tx)
        await answers(tx, 50, 50)
        await record(tx, make_fact(Kind.HELP_SETTLED, "in_time", 100))
        first = await publish_scorecard((await compute(tx)).id, tx)
        appeal_id = await appeal(tx, first.id)
        with pytest.raises(SamePerson):
            await decide_appeal(DecideAppeal(upheld=True, reason="属实"), appeal_id, tx)
        await answers(tx, 900, 1)  # the facts that were missing
        tx.actor = make_actor(sub="head-1")
        decided = await decide_appeal(DecideAppeal(upheld=True, reason="属实"), appeal_id, tx)
        assert decided.new_scorecard_id is not None
        second = await get_scorecard(decided.new_scorecard_id, tx)
        assert (second.edition, second.supersedes) == (2, first.id)
        assert first.score == Decimal("40.00") and second.score is not None
        assert second.score > first.score
        assert (await get_scorecard(first.id, tx)).status == "superseded"
        assert len(emitted(tx, ScorecardPublished)) == 2
        assert emitted(tx, AppealDecided) == [
            AppealDecided(appeal_id=appeal_id, scorecard_id=first.id, upheld=True)
        ]


async def test_a_disputed_indicator_can_be_left_out_and_stays_out(open_tx: TxFactory) -> None:
    async with open_tx("assessment") as tx:
        await prepare(tx)
        await answers(tx, 50, 50)
        await record(
            tx,
            make_fact(Kind.HELP_SETTLED, "in_time", 75),
            make_fact(Kind.HELP_SETTLED, "late", 25),
        )
        card = await publish_scorecard((await compute(tx)).id, tx)
        one, two = await appeal(tx, card.id), await appeal(tx, card.id, "help-settled-in-time")
        tx.actor = make_actor(sub="head-1")
        out = DecideAppeal(upheld=True, reason="系统故障", leave_out=True)
        await decide_appeal(out, one, tx)
        again = await decide_appeal(DecideAppeal(upheld=True, reason="属实"), two, tx)
        assert again.new_scorecard_id is not None
        third = await get_scorecard(again.new_scorecard_id, tx)
        assert third.edition == 3
        assert [item.status for item in third.items] == [Status.LEFT_OUT, Status.OK]
        assert third.score == Decimal("55.55")  # 22.22 of 40


async def test_a_rejected_appeal_changes_nothing(open_tx: TxFactory) -> None:
    async with open_tx("assessment") as tx:
        await prepare(tx)
        await answers(tx, 92, 8)
        card = await publish_scorecard((await compute(tx)).id, tx)
        appeal_id = await appeal(tx, card.id)
        tx.actor = make_actor(sub="head-1")
        decided = await decide_appeal(DecideAppeal(upheld=False, reason="不属实"), appeal_id, tx)
        assert (decided.status, decided.new_scorecard_id) == ("rejected", None)
        assert await get_scorecard(card.id, tx) == card


@pytest.mark.parametrize(("days", "late"), [(15, False), (16, True)])
async def test_appeals_end_after_fifteen_days(open_tx: TxFactory, days: int, late: bool) -> None:
    async with open_tx("assessment") as tx:
        await prepare(tx)
        await answers(tx, 92, 8)
        card = await publish_scorecard((await compute(tx)).id, tx)
        tx.now += timedelta(days=days)
        if late:
            with pytest.raises(AppealTooLate):
                await appeal(tx, card.id)
        else:
            await appeal(tx, card.id)
