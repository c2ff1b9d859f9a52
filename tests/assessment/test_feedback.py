"""The weekly page of an office: beside its own past, no place in a row, no number under ten."""

from datetime import UTC, date, datetime
from decimal import Decimal

import httpx
import pytest
from fastapi import FastAPI

from services.assessment.facts.kinds import Kind
from services.assessment.feedback.handlers import tell_due, tell_week
from services.assessment.feedback.models import WeeklyFeedback
from services.assessment.feedback.rules import Counted, lines_of, week_to_tell
from shared.db import Tx
from shared.testing import Issuer
from tests.assessment.calls import API, as_, get
from tests.assessment.samples import HOME, PEER, TOWNSHIP, judge, make_fact, record
from tests.conftest import TxFactory, parts_of

SUNDAY = date(2026, 10, 18)
MONDAY = date(2026, 10, 12)


def counted(outcome: str, ago: int, n: int, days: int = 0, kind: str = "help_settled") -> Counted:
    return Counted(kind, outcome, ago, n, n, n * days)


def test_a_week_beside_its_last_four() -> None:
    (line,) = lines_of(
        [
            counted("in_time", 0, 18, 4),
            counted("late", 0, 2, 40),
            counted("in_time", 1, 10, 6),
            counted("late", 2, 10, 20),
            counted("overdue", 4, 5),
        ]
    )
    assert line.weeks == (None, 0, 10, 10, 20)  # five is between one and nine
    assert (line.in_time, line.in_time_before) == (Decimal("90.00"), Decimal("40.00"))
    assert (line.days, line.days_before) == (Decimal("7.60"), Decimal("10.40"))


def test_few_cases_tell_nothing() -> None:
    (line,) = lines_of([counted("in_time", 0, 9, 3)])
    assert (line.weeks[-1], line.in_time, line.days, line.in_time_before) == (None,) * 4


def test_kinds_stay_apart() -> None:
    lines = lines_of([counted("in_time", 0, 12), counted("x", 0, 12, kind="notice_sent")])
    assert [(each.kind, each.weeks[-1]) for each in lines] == [
        ("help_settled", 12),
        ("notice_sent", 12),
    ]
    assert lines[1].in_time is None


@pytest.mark.parametrize(
    ("today", "newest", "expected"),
    [
        (date(2026, 10, 18), None, date(2026, 10, 5)),  # a Sunday: its own week goes on
        (date(2026, 10, 19), None, MONDAY),
        (date(2026, 10, 19), MONDAY, None),
        (date(2026, 10, 25), date(2026, 10, 5), MONDAY),
        (date(2026, 12, 31), MONDAY, date(2026, 11, 30)),  # the last four alone
    ],
)
def test_which_week_is_due(today: date, newest: date | None, expected: date | None) -> None:
    assert week_to_tell(today, newest) == expected


async def worked(tx: Tx) -> None:
    await record(
        tx,
        make_fact(Kind.HELP_SETTLED, "in_time", 20, area=TOWNSHIP, office="desk", day=SUNDAY),
        make_fact(Kind.HELP_SETTLED, "late", 20, area=TOWNSHIP, office="desk", day=MONDAY),
        make_fact(
            Kind.HELP_SETTLED, "late", 12, area=TOWNSHIP, office="desk", day=date(2026, 10, 11)
        ),
        make_fact(
            Kind.HELP_SETTLED, "late", 12, area=TOWNSHIP, office="desk", day=date(2026, 9, 13)
        ),
        make_fact(Kind.MIGRANT_ARRIVED, "from_here", 50, area=TOWNSHIP, office="desk", day=MONDAY),
        make_fact(Kind.HELP_SETTLED, "in_time", 20, area=f"{PEER}100", office="desk", day=MONDAY),
    )


async def test_an_office_is_told_once_of_its_own_work(open_tx: TxFactory) -> None:
    async with open_tx("assessment") as tx:
        await worked(tx)
        tx.now = datetime(2026, 10, 19, 1, tzinfo=UTC)
        assert [await tell_due(HOME, tx) for _ in range(2)] == [1, 0]
        await tell_week(MONDAY, HOME, tx)
        (page,) = await tx.find(WeeklyFeedback, "SELECT * FROM weekly_feedback")
        assert (page.area, page.office, page.week) == (TOWNSHIP, "desk", MONDAY)
        (line,) = page.lines  # how many came is no work of an office
        # the Sunday before belongs to the week before; five weeks and a day ago to none
        assert (line["weeks"], line["in_time"], line["in_time_before"]) == (
            [0, 0, 0, 12, 40],
            "50.00",
            "0.00",
        )


async def test_the_office_reads_its_page_and_no_other(
    client: httpx.AsyncClient, app: FastAPI, issuer: Issuer
) -> None:
    async with parts_of(app).database.transaction(judge) as tx:
        await worked(tx)
        await tell_week(MONDAY, HOME, tx)
    query = {"week": str(MONDAY), "area": TOWNSHIP, "office": "desk"}
    (page,) = (await get(client, "/weekly-feedback", **query))["items"]
    assert page["lines"][0]["name"]["zh"] == "求助办结"
    path = f"{API}/weekly-feedback/{page['id']}"
    own = await client.get(path, headers=as_(issuer, region=TOWNSHIP, scope="assessment:read"))
    assert own.json() == page
    for language in ("zh", "en"):
        picture = await client.get(path, params={"format": "svg", "language": language})
        assert "50.00" in picture.text and picture.headers["content-type"] == "image/svg+xml"
    elsewhere = as_(issuer, region="420325999")
    assert (await client.get(path, headers=elsewhere)).status_code == 404
    answer = await client.get(f"{API}/weekly-feedback", headers=elsewhere)
    assert answer.json()["items"] == []
    assert (await client.get(path, headers=as_(issuer, scope="notify:read"))).status_code == 403
