"""The shipped indicators over the facts that follow every service (inventory §9, "keep")."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from services.assessment.consumer import consumer
from services.assessment.errors import NeverScored
from services.assessment.facts.kinds import KINDS, Kind, Use
from services.assessment.indicators.handlers import load_standard, standard_indicators
from services.assessment.indicators.queries import get_value
from services.assessment.indicators.rules import check_declaration
from services.assessment.indicators.schemas import DeclareIndicator, Form
from services.assessment.indicators.wording import explanation_of
from services.assessment.periods import parse_period
from shared.db import Tx
from shared.events.base import Event
from shared.events.migrant import (
    CertificateRequestDecided,
    CertificateRequestOverdue,
    HelpOverdue,
    HelpRated,
    HelpSettled,
    ReferralEnded,
)
from shared.events.registry import FeedReconciled, FeedWithdrawn, PersonCorrected
from shared.ids import new_id
from tests.assessment.samples import HOME, NOON, make_fact, make_share, record
from tests.conftest import TxFactory

pytestmark = pytest.mark.usefixtures("emptied")

OCTOBER = parse_period("2026-10")
DAY = NOON.date()
COUNTS = dict.fromkeys(("new", "changed", "unchanged", "conflicting", "rejected"), 0)


async def hear(tx: Tx, *events: Event, at: datetime = NOON) -> None:
    for event in events:
        tx.happened_at, tx.causation_id = at, str(new_id())
        await consumer.handlers[type(event).event_type](event, tx)


async def value(code: str, tx: Tx) -> Decimal | None:
    return (await get_value(code, OCTOBER, HOME, None, HOME, tx)).value


def batch(kind: str, **counts: int) -> FeedReconciled:
    return FeedReconciled(
        feed_id=new_id(),
        department="health",
        kind=kind,
        region=HOME,
        month=OCTOBER.start,
        **COUNTS | {"in_both": 0, "only_there": 0, "only_here": 0} | counts,
    )


async def test_the_figures_of_the_field(open_tx: TxFactory) -> None:
    """Entry 85 % (002) and a birth error of 3.89 % (001§3) from the counts behind them; a batch
    that is withdrawn takes its figures along."""
    async with open_tx("assessment") as tx:
        await load_standard(tx)
        births = batch("birth", in_both=2470, only_there=60, only_here=40)
        await hear(tx, batch("death", in_both=850, only_there=150, only_here=77), births)
        assert await value("entry-completeness", tx) == Decimal("85.00")
        assert await value("birth-record-error", tx) == Decimal("3.89")
        about = births.model_dump(include={"feed_id", "department", "kind", "region", "month"})
        withdrawal = FeedWithdrawn(restored=1, left_over=0, **about)
        await hear(tx, withdrawal, at=NOON + timedelta(hours=1))
        assert await value("birth-record-error", tx) is None


async def test_departments_are_judged_by_their_lines(open_tx: TxFactory) -> None:
    async with open_tx("assessment") as tx:
        await load_standard(tx)
        lines = {"new": 10, "changed": 20, "unchanged": 60, "conflicting": 4, "rejected": 6}
        await hear(tx, batch("marriage", **lines))
        assert await value("feed-lines-accepted", tx) == Decimal("90.00")


async def test_freshness(open_tx: TxFactory) -> None:
    async with open_tx("assessment") as tx:
        await load_standard(tx)
        for days in [10] * 15 + [50] * 5:
            changed_on = DAY - timedelta(days=days)
            await hear(
                tx,
                PersonCorrected(
                    person_id=new_id(), region=HOME, fields=["name"], changed_on=changed_on
                ),
            )
        assert await value("updated-within-30-days", tx) == Decimal("75.00")
        assert await value("days-to-update", tx) == Decimal("20.00")


async def test_migrants_and_locals_side_by_side(open_tx: TxFactory) -> None:
    async with open_tx("assessment") as tx:
        await load_standard(tx)
        for kind, days, in_time, times in (
            ("migrant", 12, False, 4),
            ("migrant", 4, True, 12),
            ("usual", 2, True, 10),
        ):
            for _ in range(times):
                await hear(tx, referral(kind, days, in_time))
        assert await value("referrals-in-time-migrants", tx) == Decimal("75.00")
        assert await value("referrals-in-time-locals", tx) == Decimal("100.00")
        assert await value("referrals-in-time", tx) == Decimal("84.62")  # 22 of 26
        assert await value("days-of-referrals-migrants", tx) == Decimal("6.00")
        assert await value("days-of-referrals-locals", tx) == Decimal("2.00")


def referral(kind: str, days: int, in_time: bool) -> ReferralEnded:
    return ReferralEnded(
        referral_id=new_id(),
        region=HOME,
        office="clinic",
        department="health",
        service="advice",
        outcome="served",
        reason=None,
        days=days,
        in_time=in_time,
        resident_kind=kind,
    )


async def test_a_request_left_lying_counts_until_it_is_settled(open_tx: TxFactory) -> None:
    async with open_tx("assessment") as tx:
        await load_standard(tx)
        asked = [{"request_id": new_id(), "region": HOME} for _ in range(20)]
        about = {"department": "wages", "category": "pay"}
        for each in asked[:5]:
            overdue = HelpOverdue(office="desk", kind="settlement", due_on=DAY, days=1, **each)
            await hear(tx, overdue)
        for each in asked[5:]:
            await hear(tx, HelpSettled(in_time=True, satisfied=None, **about, **each))
            await hear(tx, HelpRated(satisfaction=5, satisfied=True, **about, **each))
        assert await value("help-settled-in-time", tx) == Decimal("75.00")
        assert await value("help-satisfaction", tx) == Decimal("100.00")
        later = datetime(2026, 11, 2, tzinfo=UTC)
        for each in asked[:5]:  # late, and in the month it was done
            late = HelpSettled(in_time=False, satisfied=None, **about, **each)
            await hear(tx, late, at=later)
        assert await value("help-settled-in-time", tx) == Decimal("100.00")


async def test_certificate_requests_count_by_their_time_and_never_by_their_number(
    open_tx: TxFactory,
) -> None:
    async with open_tx("assessment") as tx:
        await load_standard(tx)
        for times in (1, 1, 3):  # twice as many, then more again: the same figure
            for number in range(20 * times):
                about = {"request_id": new_id(), "region": HOME, "office": "desk", "due_on": DAY}
                late = number % 20 == 0
                if late:
                    await hear(tx, CertificateRequestOverdue(**about))
                decided = CertificateRequestDecided(
                    ready=number % 2 == 0, in_time=not late, **about
                )
                await hear(tx, decided, at=NOON + timedelta(minutes=1))
            assert await value("certificate-requests-in-time", tx) == Decimal("95.00")


@pytest.mark.parametrize(
    ("kind", "outcomes"), [("certificate_request", ["in_time"]), ("certificate_checked", [])]
)
def test_their_number_against_another_stays_refused(kind: str, outcomes: list[str]) -> None:
    command = make_share(
        numerator={"kinds": [kind], "outcomes": outcomes}, denominator={"kinds": ["message"]}
    )
    with pytest.raises(NeverScored):
        check_declaration(DeclareIndicator.model_validate(command))


async def test_claims_and_benefits(open_tx: TxFactory) -> None:
    async with open_tx("assessment") as tx:
        await load_standard(tx)
        await record(
            tx,
            make_fact(Kind.CLAIM_HANDLED, "in_time", 19),
            make_fact(Kind.CLAIM_HANDLED, "late", 1),
            make_fact(Kind.CLAIM_ANSWERED, "in_time", 9),
            make_fact(Kind.CLAIM_ANSWERED, "late", 3),
            make_fact(Kind.BENEFIT_LINE, "paid", 98),
            make_fact(Kind.BENEFIT_LINE, "returned", 2),
            make_fact(Kind.BENEFIT_LIST, "paid", 10, measure=14),
        )
        assert await value("claims-handled-in-time", tx) == Decimal("95.00")
        assert await value("claims-answered-in-time", tx) == Decimal("75.00")
        assert await value("benefit-lines-paid", tx) == Decimal("98.00")
        assert await value("days-to-pay-benefits", tx) == Decimal("14.00")


def test_every_fact_that_may_be_judged_has_an_indicator() -> None:
    """What no indicator reads would be collected for nothing."""
    used = {
        kind for each in standard_indicators() for one in each.selections() for kind in one.kinds
    }
    judged = {kind for kind, spec in KINDS.items() if spec.use in (Use.SCORED, Use.OWN)}
    assert judged <= used


@pytest.mark.parametrize(
    "kind",
    [
        "marriage_registered",
        "arrival_doubted",
        "blind_zone_found",
        "employment_filed",
        "employment_ended",
        "help_deadline",
        "referral_made",
    ],
)
def test_what_people_do_and_offices_find_is_nobodys_target(kind: str) -> None:
    for form in ({"form": "count"}, {"form": "mean"}):
        command: dict[str, Any] = make_share(of={"kinds": [kind]}, **form)
        command |= {"numerator": None, "denominator": None}
        with pytest.raises(NeverScored):
            check_declaration(DeclareIndicator.model_validate(command))


def test_every_outcome_of_the_set_reads_in_chinese() -> None:
    for each in standard_indicators():
        if each.form != Form.COUNT:
            said = explanation_of(each).zh
            assert "_" not in said, said
