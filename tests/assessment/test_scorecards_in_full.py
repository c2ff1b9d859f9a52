"""Worked cases: targets by type of area, the discount for poor data, a scheme revised within a
period, and what the card says of each."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from services.assessment.appeals.handlers import decide_appeal, file_appeal
from services.assessment.appeals.schemas import DecideAppeal, FileAppeal
from services.assessment.facts.areas import AreaChange
from services.assessment.facts.kinds import Kind
from services.assessment.facts.mapping import change_map
from services.assessment.facts.queries import Span
from services.assessment.indicators.handlers import declare_indicator, load_standard
from services.assessment.indicators.schemas import DeclareIndicator, Level, Status
from services.assessment.output.paper import paper_of
from services.assessment.output.queries import get_card, get_comparison
from services.assessment.output.schemas import Tongue
from services.assessment.periods import PeriodKind, period_on
from services.assessment.schemes.handlers import declare_scheme
from services.assessment.schemes.schemas import DeclareScheme
from services.assessment.scorecards.assessing import Subject, assess
from services.assessment.scorecards.handlers import (
    compute_scorecard,
    find_yardstick,
    publish_scorecard,
)
from services.assessment.scorecards.queries import get_evidence, shown_parts
from services.assessment.scorecards.schemas import ComputeScorecard, ItemPart, ScorecardView
from shared.db import Tx
from shared.ids import new_id
from shared.testing import make_actor
from tests.assessment.samples import (
    HOME,
    TOWNSHIP,
    in_force,
    make_fact,
    make_item,
    make_scheme,
    make_share,
    record,
)
from tests.conftest import TxFactory

pytestmark = pytest.mark.usefixtures("emptied")

CODE = "inquiry-answered-in-time"
OTHER_TOWNSHIP = "420325101"


async def compute(tx: Tx, **overrides: Any) -> ScorecardView:
    body = {"scheme": "county-2026", "period": "2026-10", "area": HOME} | overrides
    return await compute_scorecard(ComputeScorecard.model_validate(body), HOME, tx)


async def answers(tx: Tx, in_time: int, late: int, **overrides: Any) -> None:
    await record(
        tx,
        make_fact(Kind.INQUIRY_ANSWER, "in_time", in_time, **overrides),
        make_fact(Kind.INQUIRY_ANSWER, "late", late, **overrides),
    )


TYPED = make_scheme(
    make_item(
        CODE, by_area_type=[{"area_type": "mountain", "target": "80", "floor": "40", "steps": []}]
    ),
    area_types=[
        {"code": "mountain", "name": {"zh": "山区", "en": "Mountains"}, "areas": [TOWNSHIP]}
    ],
)


async def test_areas_of_a_type_have_their_own_target_and_their_own_places(
    open_tx: TxFactory,
) -> None:
    """60 %: (60−40)/(80−40) = 50 points in the mountains, (60−50)/(95−50) = 22.22 elsewhere."""
    async with open_tx("assessment") as tx:
        await load_standard(tx)
        await in_force(tx, TYPED)
        scores = {}
        for area in (TOWNSHIP, OTHER_TOWNSHIP, "420325102"):
            await answers(tx, 60, 40, area=area)
            card = await publish_scorecard((await compute(tx, area=area)).id, tx)
            scores[area] = card.score, card.area_type
        assert scores[TOWNSHIP] == (Decimal("50.00"), "mountain")
        assert scores[OTHER_TOWNSHIP] == (Decimal("22.22"), None)
        view = await get_comparison("county-2026", "2026-10", Level.TOWNSHIP, 80, tx)
        places = {each.area: (each.area_type, each.place) for each in view.areas}
        # alone of its type it has nobody to be set beside
        assert places == {
            OTHER_TOWNSHIP: (None, 1),
            "420325102": (None, 1),
            TOWNSHIP: ("mountain", None),
        }
        line = (await get_card(card.id, tx)).lines[0]
        assert (line.target, line.floor) == (Decimal(95), Decimal(50))


async def discounted(tx: Tx, **overrides: Any) -> ScorecardView:
    """80 of 100 lines of the departments are in the register: 95 takes nothing, 75 takes 10 %."""
    await load_standard(tx)
    item = {"indicator": "entry-completeness", "target": "95", "floor": "75", "most": "10"}
    await in_force(tx, make_scheme(make_item(CODE), quality=[item | overrides]))
    await answers(tx, 92, 8)
    await record(
        tx,
        make_fact(Kind.RECORD_COMPARED, "in_both", 80),
        make_fact(Kind.RECORD_COMPARED, "only_there", 20),
    )
    return await compute(tx)


async def test_poor_data_is_a_line_of_its_own_with_its_reason(open_tx: TxFactory) -> None:
    """(92−50)/45 × 100 = 93.33; 80 % complete takes 7.5 % of it: 86.33."""
    async with open_tx("assessment") as tx:
        card = await discounted(tx)
        scored, line = card.items
        assert (scored.points, scored.taken) == (Decimal("93.33"), None)
        assert (line.value, line.weight, line.points) == (Decimal(80), Decimal(0), None)
        assert line.taken == Decimal("7.50")
        assert card.score == Decimal("86.33") and card.judged == 100
        evidence = (await get_evidence(card.id, tx)).items[1]
        assert {side.side: side.count for side in evidence.sides} == {
            "numerator": 80,
            "denominator": 100,
        }
        view = await get_card(card.id, tx)
        assert [each.lost for each in view.lines] == [Decimal("6.67"), Decimal("7.00")]
        assert view.lines[1].meaning is not None
        said = dict(paper_of(view, Tongue.EN)["notes"])  # type: ignore[call-overload]
        assert said["Discount for poor data"].endswith("75 or worse, in proportion between)")
        assert "−7.5 %" in said["Discount for poor data"]


async def test_no_cases_of_the_data_take_nothing_and_say_so(open_tx: TxFactory) -> None:
    async with open_tx("assessment") as tx:
        card = await discounted(tx, indicator="feed-lines-accepted")
        assert card.items[1].status == Status.NO_CASES
        assert card.items[1].taken == 0 and card.score == Decimal("93.33")


def quarter_ahead(today: date) -> tuple[str, date, date]:
    """A quarter with a month yet to begin: its name, its first day, and that of its last month."""
    quarter = period_on(today, PeriodKind.QUARTER)
    last = quarter.end.replace(day=1)
    if last <= today:  # the quarter's last month has begun: the next one
        quarter = period_on(quarter.end + timedelta(days=1), PeriodKind.QUARTER)
        last = quarter.end.replace(day=1)
    return quarter.text, quarter.start, last


async def revised(tx: Tx, splits: bool) -> tuple[str, date, date]:
    """60 % in the first two months, 80 % in the last; the target falls to 80 for the last."""
    await load_standard(tx)
    await in_force(tx, make_scheme(make_item(CODE)))
    text, start, last = quarter_ahead(tx.today)
    easier = make_scheme(
        make_item(CODE, target="80", floor="40"),
        valid_from=last.isoformat(),
        splits_periods=splits,
    )
    await in_force(tx, easier)
    await answers(tx, 60, 40, day=start)
    await answers(tx, 80, 20, day=last)
    return text, start, last


async def test_a_period_in_progress_keeps_the_scheme_it_began_with(open_tx: TxFactory) -> None:
    async with open_tx("assessment") as tx:
        text, _, _ = await revised(tx, splits=False)
        card = await compute(tx, period=text)
        assert (card.scheme_version, card.items[0].parts) == (1, [])
        assert card.score == Decimal("44.44")  # 70 % of 200 by the first version alone


async def test_a_revision_from_a_day_on_shows_both_parts(open_tx: TxFactory) -> None:
    async with open_tx("assessment") as tx:
        text, start, last = await revised(tx, splits=True)
        card = await compute(tx, period=text)
        (item,) = card.items
        days = [(part.ends_on - part.starts_on).days + 1 for part in item.parts]
        assert [(part.scheme_version, part.starts_on, part.points) for part in item.parts] == [
            (1, start, Decimal("22.22")),
            (2, last, Decimal("100.00")),
        ]
        expected = (Decimal("22.22") * days[0] + 100 * days[1]) / sum(days)
        assert card.score == item.points == expected.quantize(Decimal("0.01"))
        assert (item.numerator, item.denominator, item.value) == (140, 200, Decimal("70.00"))
        assert card.scheme_version == 2 and card.judged == 100
        sides = (await get_evidence(card.id, tx)).items[0].sides
        assert {each.side: each.count for each in sides} == {"numerator": 140, "denominator": 200}
        paper = str(paper_of(await get_card(card.id, tx), Tongue.EN)["notes"])
        assert f"{last} – {item.parts[1].ends_on}, v2" in paper and "22.22 / 100" in paper


async def test_what_one_part_scores_the_other_does_not_take_again(open_tx: TxFactory) -> None:
    async with open_tx("assessment") as tx:
        await load_standard(tx)
        both = make_item(CODE, 60), make_item("entry-completeness", 40)
        await in_force(tx, make_scheme(*both))
        text, start, last = quarter_ahead(tx.today)
        poor = {"indicator": "entry-completeness", "target": "95", "floor": "75", "most": "10"}
        revision = make_scheme(
            make_item(CODE), quality=[poor], valid_from=last.isoformat(), splits_periods=True
        )
        await in_force(tx, revision)
        await answers(tx, 95, 5, day=start)
        await answers(tx, 95, 5, day=last)
        await record(tx, make_fact(Kind.RECORD_COMPARED, "only_there", 50, day=last))
        card = await compute(tx, period=text)
        assert [(item.indicator, item.taken) for item in card.items] == [
            (CODE, None),
            ("entry-completeness", None),
        ]


async def test_an_upheld_appeal_judges_both_parts_again(open_tx: TxFactory) -> None:
    async with open_tx("assessment") as tx:
        text, start, _ = await revised(tx, splits=True)
        card = await publish_scorecard((await compute(tx, period=text)).id, tx)
        await answers(tx, 100, 0 + 1, day=start)
        command = FileAppeal(scorecard_id=card.id, indicator=CODE, reason="漏计了一百件")
        appeal = await file_appeal(command, tx)
        tx.actor = make_actor(sub="head-1")
        decided = await decide_appeal(DecideAppeal(upheld=True, reason="属实"), appeal.id, tx)
        assert isinstance(decided.new_scorecard_id, UUID)
        again = (await get_card(decided.new_scorecard_id, tx)).lines[0]
        assert [part.denominator for part in again.parts] == [201, 100]


def part(**overrides: Any) -> ItemPart:
    values: dict[str, Any] = {
        "scheme_version": 1,
        "starts_on": date(2026, 10, 1),
        "ends_on": date(2026, 11, 30),
        "status": Status.OK,
        "numerator": 40,
        "denominator": 50,
        "value": Decimal(80),
        "weight": Decimal(100),
        "target": Decimal(95),
        "floor": Decimal(50),
        "points": Decimal(66),
    }
    return ItemPart(**values | overrides)


def test_a_small_part_is_hidden_and_so_is_what_would_tell_it() -> None:
    few = part(status=Status.TOO_FEW_CASES, numerator=4, denominator=5, value=None, points=None)
    assert [(each.numerator, each.denominator) for each in shown_parts([part(), few])] == [
        (None, None),
        (None, None),
    ]
    shown = shown_parts([part(), part(numerator=30)])
    assert [each.numerator for each in shown] == [40, 30]


@pytest.mark.parametrize("seen_by", ["any", "self", "other"])
@pytest.mark.parametrize("office", [None, "health"])
async def test_counts_by_day_and_by_month_make_the_same_figures(
    open_tx: TxFactory, seen_by: str, office: str | None
) -> None:
    async with open_tx("assessment", actor=make_actor(region="42")) as tx:
        await load_standard(tx)
        await declare_indicator(
            DeclareIndicator.model_validate(make_share(seen_by=seen_by, office=office)), tx
        )
        await in_force(tx, make_scheme(make_item("answered-in-time")))
        for observer, kept, where in (
            (HOME, 30, "health"),
            (HOME, 14, ""),
            (TOWNSHIP, 20, "health"),
            ("420381", 50, "health"),
        ):
            tx.actor = make_actor(region=observer)
            await answers(tx, kept, 10, office=where, day=date(2026, 10, 3))
            await answers(tx, kept, 5, office=where, day=date(2026, 10, 30))
        period = period_on(date(2026, 10, 1), PeriodKind.MONTH)
        yardstick = await find_yardstick("county-2026", period.text, tx)
        subject = Subject(HOME, None, period)
        by_day, by_month = [
            (await assess(subject, yardstick, (), tx, span)).items[0].value
            for span in (Span.DAY, Span.MONTH)
        ]
        assert by_day == by_month and by_day.denominator > 0
        counted = {
            (None, "any"): 288,
            (None, "self"): 118,
            (None, "other"): 170,
            ("health", "any"): 245,
            ("health", "self"): 75,
            ("health", "other"): 170,
        }
        assert by_day.denominator == counted[office, seen_by]


async def test_the_card_calls_the_area_as_the_map_of_the_period_does(open_tx: TxFactory) -> None:
    async with open_tx("assessment") as tx:
        await load_standard(tx)
        await in_force(tx, make_scheme(make_item(CODE)))
        for effective_on, name in ((date(2026, 3, 1), "城关镇"), (date(2026, 11, 1), "城关街道")):
            renamed = AreaChange(
                new_id(),
                "rename",
                effective_on,
                ((TOWNSHIP, TOWNSHIP),),
                names=((TOWNSHIP, name),),
            )
            await change_map(renamed, tx)
        await answers(tx, 92, 8, area=TOWNSHIP)
        names = {}
        for period in ("2026-02", "2026-10", "2026-11"):
            card = await compute(tx, period=period, area=TOWNSHIP)
            names[period] = (await get_card(card.id, tx)).area_name
        assert names == {"2026-02": None, "2026-10": "城关镇", "2026-11": "城关街道"}
        facts = str(paper_of(await get_card(card.id, tx), Tongue.ZH)["facts"])
        assert f"城关街道 {TOWNSHIP}" in facts


async def test_a_draft_judges_nobody(open_tx: TxFactory) -> None:
    async with open_tx("assessment") as tx:
        await load_standard(tx)
        await in_force(tx, make_scheme(make_item(CODE)))
        ahead = (tx.today.replace(day=1) + timedelta(days=40)).replace(day=1)
        draft = make_scheme(make_item(CODE, target="60"), valid_from=ahead.isoformat())
        drafted = await declare_scheme(DeclareScheme.model_validate(draft), tx)
        assert (drafted.version, drafted.status) == (2, "draft")
        tx.now = datetime(ahead.year, ahead.month, 5, tzinfo=UTC)
        assert (await compute(tx, period=f"{ahead:%Y-%m}")).scheme_version == 1
