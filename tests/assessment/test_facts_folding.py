"""What counts of all that was said about one record, and what the events of corrections say."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.assessment.facts import migrant_facts, registry_facts
from services.assessment.facts.folding import Role, Statement, fold
from services.assessment.facts.kinds import Kind
from shared.events.migrant import HelpOverdue, ReferralEnded
from shared.events.migrant_claims import ClaimSettled
from shared.events.registry import FeedReconciled, FeedWithdrawn, PersonCorrected
from shared.ids import new_id
from tests.assessment.samples import HOME, NOON, PEER, TOWNSHIP

DAY = date(2026, 10, 12)


def said(minute: int, role: Role = Role.COUNTED, **given: Any) -> Statement:
    values: dict[str, Any] = {
        "source": b"",
        "outcome": "within_30_days",
        "area": HOME,
        "office": "",
        "day": DAY,
        "n": 1 if role == Role.COUNTED else 0,
        "measure": None,
        "since": None,
    } | given
    return Statement(NOON + timedelta(minutes=minute), f"e{minute}", 0, role, **values)


def test_the_later_of_two_counts() -> None:
    assert fold([said(2, outcome="b"), said(1, outcome="a")]) == said(2, outcome="b")


def test_taken_back_and_restored() -> None:
    back, again = said(2, Role.TAKEN_BACK), said(3, Role.RESTORED)
    assert fold([back, said(1)]) is None
    assert fold([again, back, said(1)]) == said(1)
    assert fold([said(4, Role.TAKEN_BACK), again, back, said(1)]) is None


def test_what_is_amended_before_it_came_counts_only_then() -> None:
    amendment = said(2, Role.AMENDED, area=PEER, outcome="", since=DAY - timedelta(days=40))
    assert fold([amendment]) is None
    counted = fold([amendment, said(1, measure=10)])
    assert counted is not None
    assert (counted.area, counted.measure, counted.outcome) == (PEER, 40, "later")


def test_a_birth_said_to_be_after_its_registration_took_no_days() -> None:
    amendment = said(2, Role.AMENDED, outcome="", since=DAY + timedelta(days=4))
    counted = fold([said(1, measure=10), amendment])
    assert counted is not None
    assert (counted.measure, counted.outcome) == (0, "within_30_days")


def test_of_batches_of_a_month_the_first_that_stands_counts() -> None:
    first, second = said(1, n=3, source=b"one"), said(2, n=9, source=b"two")
    assert fold([first, second]) == first
    withdrawn = said(3, Role.TAKEN_BACK, source=b"one")
    assert fold([withdrawn, second, first]) == second
    assert fold([withdrawn, said(4, Role.TAKEN_BACK, source=b"two"), second, first]) is None


def test_a_count_of_none_takes_the_place_of_one() -> None:
    assert fold([said(1, n=3), said(2, n=0)]) is None


everything = st.lists(
    st.builds(
        lambda minute, role, source, n: said(minute, role, source=source, n=n),
        st.integers(0, 50),
        st.sampled_from(Role),
        st.sampled_from([b"", b"x"]),
        st.integers(0, 2),
    ),
    max_size=7,
    unique_by=lambda each: each.order,
)


@given(given_said=everything, data=st.data())
def test_the_order_of_arrival_says_nothing(
    given_said: list[Statement], data: st.DataObject
) -> None:
    assert fold(given_said) == fold(data.draw(st.permutations(given_said)))


# ---- What events say ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed_on", "kind", "outcome", "measure"),
    [
        (None, Kind.RECORD_CORRECTED, "corrected", None),
        (DAY - timedelta(days=30), Kind.RECORD_UPDATED, "within_30_days", 30),
        (DAY - timedelta(days=31), Kind.RECORD_UPDATED, "later", 31),
    ],
)
def test_a_change_counts_by_how_soon_it_was_entered(
    changed_on: date | None, kind: Kind, outcome: str, measure: int | None
) -> None:
    event = PersonCorrected(
        person_id=new_id(), region=TOWNSHIP, fields=["name"], changed_on=changed_on
    )
    (fact,) = registry_facts.person_corrected(event, HOME, NOON)
    assert (fact.kind, fact.outcome, fact.measure) == (kind, outcome, measure)
    assert str(event.person_id) not in repr(fact)


@pytest.mark.parametrize(("meaning", "facts"), [("birth", 8), ("death", 7)])
def test_a_withdrawal_speaks_of_all_that_its_batch_counted(meaning: str, facts: int) -> None:
    feed = {
        "feed_id": new_id(),
        "department": "health",
        "kind": meaning,
        "region": HOME,
        "month": date(2026, 9, 1),
    }
    counts = dict.fromkeys(
        ("new", "changed", "unchanged", "conflicting", "rejected", "in_both", "only_there"), 2
    )
    batch = FeedReconciled(only_here=None, **feed, **counts)
    counted = registry_facts.feed_reconciled(batch, HOME, NOON)
    withdrawal = FeedWithdrawn(restored=1, left_over=0, **feed)
    back = registry_facts.feed_withdrawn(withdrawal, HOME, NOON)
    about = [(fact.kind, fact.record, fact.source, fact.day) for fact in counted]
    assert about == [(fact.kind, fact.record, fact.source, fact.day) for fact in back]
    assert len(about) == len(set(about)) == facts
    assert {fact.role for fact in back} == {Role.TAKEN_BACK}


@pytest.mark.parametrize(
    ("resident", "outcome", "in_time", "said_as"),
    [
        ("migrant", "served", True, ["migrant_in_time"]),
        ("migrant", "not-possible", False, ["migrant_late"]),
        ("usual", "served", False, ["local_late"]),
        ("usual", "withdrawn", False, []),
    ],
)
def test_referrals_tell_migrants_and_locals_apart(
    resident: str, outcome: str, in_time: bool, said_as: list[str]
) -> None:
    event = ReferralEnded(
        referral_id=new_id(),
        region=TOWNSHIP,
        office="clinic",
        department="health",
        service="advice",
        outcome=outcome,
        reason=None,
        days=4,
        in_time=in_time,
        resident_kind=resident,
    )
    facts = migrant_facts.referral_ended(event, HOME, NOON)
    assert [(fact.outcome, fact.measure) for fact in facts] == [(each, 4) for each in said_as]


@pytest.mark.parametrize(
    ("payer", "payer_region", "judged"),
    [
        ("home", PEER, [(Kind.CLAIM_HANDLED, HOME), (Kind.CLAIM_ANSWERED, PEER)]),
        ("insurance", None, [(Kind.CLAIM_HANDLED, HOME)]),
        ("employer", PEER, [(Kind.CLAIM_HANDLED, HOME)]),
    ],
)
def test_a_claim_judges_both_places_and_no_employer(
    payer: str, payer_region: str | None, judged: list[tuple[Kind, str]]
) -> None:
    event = ClaimSettled(
        claim_id=new_id(),
        region=HOME,
        payer=payer,
        payer_region=payer_region,
        service="check-up",
        paid=False,
        in_time=True,
        office_in_time=True,
    )
    facts = migrant_facts.claim_settled(event, HOME, NOON)
    assert [(fact.kind, fact.area) for fact in facts] == judged


@pytest.mark.parametrize(
    ("deadline", "kind"),
    [
        ("settlement", Kind.HELP_SETTLED),
        ("acceptance", Kind.HELP_DEADLINE),
        ("review", Kind.HELP_DEADLINE),
    ],
)
def test_only_a_missed_settlement_is_judged(deadline: str, kind: Kind) -> None:
    event = HelpOverdue(
        request_id=new_id(), region=HOME, office="desk", kind=deadline, due_on=DAY, days=1
    )
    (fact,) = migrant_facts.help_overdue(event, HOME, NOON)
    assert (fact.kind, fact.day, fact.office) == (kind, DAY, "desk")
