"""What peers say of our offices, what two nodes compared, and notices that were taken back."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from fastapi import FastAPI

from services.assessment.facts.exchange_facts import notice_amended, seen_by_peer
from services.assessment.facts.kinds import KINDS, Kind, Use
from services.exchange.figures.rules import SEEN_CELLS
from shared.events.base import Event
from shared.events.exchange import NoticeAmended, NoticeReceived
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
