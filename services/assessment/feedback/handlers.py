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
    told = FeedbackWeek(observer=home, week=week, offices=0, made_at=tx.now)
    if not await tx.add_if_new(told):
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
    told.offices = len(offices)
    await tx.save(told)


def _plain(line: Line) -> dict[str, Any]:
    """As JSON keeps it: decimals as texts."""
    return {
        name: str(value) if isinstance(value, Decimal) else value
        for name, value in asdict(line).items()
    }
