"""What peers say of our offices, what two nodes compared, and notices that were taken back."""

from datetime import UTC, date, datetime
from itertools import permutations
from typing import Any
from uuid import UUID

from fastapi import FastAPI

from services.assessment.facts.exchange_facts import notice_amended, seen_by_peer
from services.assessment.facts.kinds import KINDS, Kind, Use
from services.exchange.figures.rules import SEEN_CELLS
from shared.events.base import Event
from shared.events.exchange import (
    InquiryAnswered,
    InquiryOverdue,
    InquiryOverdueAnnulled,
    NoticeAmended,
    NoticeReceived,
)
from shared.events.exchange_monthly import ReconciliationConcluded, SeenByPeer, SeenCount
from shared.ids import new_id
from shared.testing import make_actor
from tests.assessment.heard import SEEN
from tests.assessment.samples import HOME, NOON, PEER, message_at
from tests.conftest import parts_of

STATEMENT = new_id()
LATER = datetime(2026, 11, 5, tzinfo=UTC)


def statement(late: int, **overrides: Any) -> SeenByPeer:
    counts = [
        SeenCount(kind=kind, outcome=outcome, count=late if outcome == "late" else 0)
        for kind, outcome in SEEN
    ]
    values: dict[str, Any] = {
        "statement_id": STATEMENT,
        "from_node": f"county-{PEER}",
        "region": HOME,
        "month": "2026-09",
        "counts": counts,
    }
    return SeenByPeer(**(values | overrides))


async def hear(app: FastAPI, event: Event, at: datetime = NOON) -> None:
    message = message_at(event, at)
    for _ in range(2):
        assert await parts_of(app).loop.deliver(message)


async def tallies(app: FastAPI) -> list[tuple[Any, ...]]:
    async with parts_of(app).database.transaction(make_actor()) as tx:
        rows = await tx.fetch(
            "SELECT kind, outcome, area, day, n FROM tallies WHERE span = 'month' ORDER BY 1, 2"
        )
    return [tuple(row) for row in rows]


async def test_a_peers_statement_counts_in_its_month_and_a_later_one_replaces_it(
    app: FastAPI,
) -> None:
    month = date(2026, 9, 1)
    await hear(app, statement(3))
    expected = ("inquiry_answer_seen", "late", HOME, month)
    assert await tallies(app) == [(*expected, 3)]
    await hear(app, statement(2), LATER)
    assert await tallies(app) == [(*expected, 2)]
    await hear(app, statement(9), NOON)  # an older one that comes late
    assert await tallies(app) == [(*expected, 2)]
    await hear(app, statement(0), datetime(2026, 11, 6, tzinfo=UTC))
    assert await tallies(app) == []


async def test_two_peers_and_two_months_stand_beside_each_other(app: FastAPI) -> None:
    await hear(app, statement(3))
    await hear(app, statement(4, from_node="county-420382", statement_id=new_id()))
    await hear(app, statement(5, month="2026-08", statement_id=new_id()))
    assert [(day, n) for _, _, _, day, n in await tallies(app)] == [
        (date(2026, 8, 1), 5),
        (date(2026, 9, 1), 7),
    ]


async def test_a_reconciliation_done_again_replaces_the_first(app: FastAPI) -> None:
    values: dict[str, Any] = {
        "peer": f"county-{PEER}",
        "since": date(2026, 9, 1),
        "until": date(2026, 9, 30),
        "sent": 60,
        "received": 40,
        "confirmed": 0,
        "disagreeing": 0,
    }
    for differing, at in ((4, NOON), (1, LATER)):
        event = ReconciliationConcluded(reconciliation_id=new_id(), differing=differing, **values)
        await hear(app, event, at)
    assert [(outcome, n) for _, outcome, _, _, n in await tallies(app)] == [
        ("agreeing", 99),
        ("differing", 1),
    ]


async def test_a_notice_taken_back_was_never_received(app: FastAPI) -> None:
    notice_id = new_id()
    received = NoticeReceived(
        notice_id=notice_id,
        kind="arrival",
        from_node=f"county-{PEER}",
        region=PEER,
        happened_on=date(2026, 10, 2),
    )
    await hear(app, amendment(notice_id, void=True), LATER)
    await hear(app, received)
    assert await tallies(app) == []
    await hear(app, amendment(notice_id, void=False), datetime(2026, 11, 6, tzinfo=UTC))
    assert [n for *_, n in await tallies(app)] == [1]


def amendment(notice_id: UUID, *, void: bool, kind: str = "arrival") -> NoticeAmended:
    day = date(2026, 10, 2)
    return NoticeAmended(
        amendment_id=new_id(),
        notice_id=notice_id,
        kind=kind,
        from_node=f"county-{PEER}",
        void=void,
        was_region=PEER,
        was_happened_on=day,
        region=PEER,
        happened_on=day,
    )


def test_certificate_checks_are_counted_for_nobody() -> None:
    event = amendment(new_id(), void=True, kind="certificate-checked")
    assert notice_amended(event, HOME, NOON) == []


def test_what_is_no_figure_of_ours_is_left_out() -> None:
    odd = [
        SeenCount(kind="births", outcome="planned", count=7),
        SeenCount(kind="inquiry_answer", outcome="quota", count=7),
    ]
    assert seen_by_peer(statement(0, counts=odd), HOME, NOON) == []


def test_both_services_know_the_same_cells() -> None:
    assert tuple(SEEN) == SEEN_CELLS
    facts = seen_by_peer(statement(1), HOME, NOON)
    assert len(facts) == len(SEEN_CELLS) and {fact.day for fact in facts} == {date(2026, 9, 30)}
    for kind in (Kind.NOTICE_FEEDBACK_SEEN, Kind.INQUIRY_ANSWER_SEEN, Kind.INQUIRY_CLOSED_SEEN):
        assert KINDS[kind].use is Use.SCORED


INQUIRY: dict[str, Any] = {
    "direction": "out",
    "kind": "address-confirmation",
    "to_node": f"county-{PEER}",
    "asked_region": PEER,
}


def overdue(inquiry_id: UUID, due_on: date) -> InquiryOverdue:
    return InquiryOverdue(inquiry_id=inquiry_id, due_on=due_on, **INQUIRY)


def annulled(inquiry_id: UUID, part_answered_at: datetime | None = None) -> InquiryOverdueAnnulled:
    return InquiryOverdueAnnulled(
        inquiry_id=inquiry_id,
        due_on=date(2026, 10, 20),
        part_answered_at=part_answered_at,
        **INQUIRY,
    )


def answer(inquiry_id: UUID, at: datetime, **overrides: Any) -> InquiryAnswered:
    said: dict[str, Any] = {"in_time": True, "complete": True, "answered_at": at}
    return InquiryAnswered(
        inquiry_id=inquiry_id, from_node=f"county-{HOME}", **(INQUIRY | said | overrides)
    )


def day_of(month: int, day: int) -> datetime:
    return datetime(2026, month, day, 4, tzinfo=UTC)


async def all_orders(
    app: FastAPI, events: list[tuple[Event, datetime]], inquiries: list[UUID]
) -> set[tuple[Any, ...]]:
    """What is counted at the end, for each order in which what happened to one inquiry arrives;
    each order is tried with an inquiry of its own."""
    orders = list(permutations(events))
    assert len(orders) <= len(inquiries)
    for inquiry_id, order in zip(inquiries, orders, strict=False):
        for event, at in order:
            await hear(app, event.model_copy(update={"inquiry_id": inquiry_id}), at)
    return {(outcome, day, n / len(orders)) for _, outcome, _, day, n in await tallies(app)}


async def test_what_was_not_overdue_is_counted_as_such_once_in_any_order(app: FastAPI) -> None:
    """Said to be overdue in September, not so after all, and answered in October in time."""
    ids = [new_id() for _ in range(6)]
    said: list[tuple[Event, datetime]] = [
        (overdue(ids[0], date(2026, 9, 28)), day_of(9, 29)),
        (annulled(ids[0]), day_of(10, 3)),
        (answer(ids[0], day_of(10, 9)), day_of(10, 9)),
    ]
    assert await all_orders(app, said, ids) == {("in_time", date(2026, 10, 1), 1)}


async def test_an_inquiry_that_went_to_the_wrong_place_counts_for_nothing_there(
    app: FastAPI,
) -> None:
    ids = [new_id() for _ in range(2)]
    said: list[tuple[Event, datetime]] = [
        (overdue(ids[0], date(2026, 9, 28)), day_of(9, 29)),
        (annulled(ids[0]), day_of(10, 3)),
    ]
    assert await all_orders(app, said, ids) == set()
    # and one that is overdue by the new deadline is overdue
    for inquiry_id in ids:
        await hear(app, overdue(inquiry_id, date(2026, 10, 20)), day_of(10, 21))
    assert [(row[1], row[4]) for row in await tallies(app)] == [("overdue", 2)]


async def test_a_part_of_the_answer_still_counts(app: FastAPI) -> None:
    ids = [new_id() for _ in range(6)]
    part = answer(ids[0], day_of(9, 20), complete=False)
    said: list[tuple[Event, datetime]] = [
        (part, day_of(9, 20)),
        (overdue(ids[0], date(2026, 9, 28)), day_of(9, 29)),
        (annulled(ids[0], day_of(9, 20)), day_of(10, 3)),
    ]
    assert await all_orders(app, said, ids) == {("partial", date(2026, 9, 1), 1)}


async def test_an_answer_that_was_not_late_after_all_is_counted_anew(app: FastAPI) -> None:
    ids = [new_id() for _ in range(6)]
    said: list[tuple[Event, datetime]] = [
        (overdue(ids[0], date(2026, 9, 28)), day_of(9, 29)),
        (answer(ids[0], day_of(10, 2), in_time=False), day_of(10, 2)),
        (answer(ids[0], day_of(10, 2)), day_of(10, 8)),  # by the deadline that was counted anew
    ]
    assert await all_orders(app, said, ids) == {("in_time", date(2026, 10, 1), 1)}
