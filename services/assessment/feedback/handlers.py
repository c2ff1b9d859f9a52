"""Telling offices of a week."""

from dataclasses import asdict
from datetime import date
from decimal import Decimal
from typing import Any

from services.assessment.feedback.models import FeedbackWeek, WeeklyFeedback
from services.assessment.feedback.queries import counted_by_office
from services.assessment.feedback.rules import Line, lines_of, week_to_tell
from shared.db import Tx
from shared.ids import new_id

_CLAIM = """
INSERT INTO feedback_weeks (observer, week, offices, made_at) VALUES ($1, $2, 0, $3)
ON CONFLICT DO NOTHING
"""


async def tell_due(home: str, tx: Tx) -> int:
    """Tell of the oldest week that is due. Returns how many weeks that were."""
    newest = await tx.fetch_value("SELECT max(week) FROM feedback_weeks")
    week = week_to_tell(tx.today, newest)
    if week is None:
        return 0
    await tell_week(week, home, tx)
    return 1


async def tell_week(week: date, home: str, tx: Tx) -> None:
    """Tell the offices of the county of the week that begins on the Monday `week`, once: one that
    another replica is at is waited for and then left alone."""
    if await tx.execute(_CLAIM, home, week, tx.now) != "INSERT 0 1":
        return
    offices = await counted_by_office(week, home, tx)
    for (area, office), counted in sorted(offices.items()):
        await tx.add(
            WeeklyFeedback(
                id=new_id(),
                observer=home,
                area=area,
                office=office,
                week=week,
                lines=[_plain(line) for line in lines_of(counted)],
                made_at=tx.now,
            )
        )
    await tx.save(FeedbackWeek(observer=home, week=week, offices=len(offices), made_at=tx.now))


def _plain(line: Line) -> dict[str, Any]:
    """As JSON keeps it: decimals as texts."""
    return {
        name: str(value) if isinstance(value, Decimal) else value
        for name, value in asdict(line).items()
    }
