"""Reading what a week was like, and what offices were told."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from uuid import UUID

from services.assessment.facts.kinds import KINDS, Kind, Use
from services.assessment.feedback.errors import FeedbackNotFound
from services.assessment.feedback.models import WeeklyFeedback
from services.assessment.feedback.rules import BEFORE, WEEK, Counted
from services.assessment.feedback.schemas import FeedbackView, LineView
from services.assessment.fields import Words
from shared.db import Tx
from shared.pages import Page, encode_cursor, id_in

_COUNTED = """
SELECT area, office, kind, outcome, (($2::date - day) / 7)::int AS ago, sum(n)::int AS n,
       sum(measured)::int AS measured, sum(sum_measure)::bigint AS sum_measure
FROM tallies WHERE span = 'day' AND day BETWEEN $1 AND $2 AND starts_with(area, $3)
  AND kind = ANY ($4::text[])
GROUP BY 1, 2, 3, 4, 5
"""
_PAGE = """
SELECT * FROM weekly_feedback WHERE ($1::text IS NULL OR starts_with(area, $1))
  AND ($2::text IS NULL OR office = $2) AND ($3::date IS NULL OR week = $3)
  AND ($4::uuid IS NULL OR id < $4) ORDER BY id DESC LIMIT $5
"""
# What an office does; how many were born, came or were checked is none of its work.
_KINDS = sorted(kind for kind, spec in KINDS.items() if spec.use in (Use.SCORED, Use.OWN))


async def counted_by_office(
    week: date, home: str, tx: Tx
) -> Mapping[tuple[str, str], list[Counted]]:
    """By area and office of the county: five weeks, the last of which begins on `week`."""
    found: dict[tuple[str, str], list[Counted]] = defaultdict(list)
    last = week + WEEK - date.resolution
    rows = await tx.fetch(_COUNTED, week - BEFORE * WEEK, last, home, _KINDS)
    for row in rows:
        found[row["area"], row["office"]].append(
            Counted(*(row[name] for name in Counted.__dataclass_fields__))
        )
    return found


async def list_feedback(
    area: str | None,
    office: str | None,
    week: date | None,
    limit: int,
    cursor: str | None,
    tx: Tx,
) -> Page[FeedbackView]:
    """Newest first; `area` takes in all inside it."""
    found = await tx.find(WeeklyFeedback, _PAGE, area, office, week, id_in(cursor), limit + 1)
    more, found = len(found) > limit, found[:limit]
    return Page(
        items=[_view(each) for each in found],
        next=encode_cursor(str(found[-1].id)) if more else None,
    )


async def get_feedback(feedback_id: UUID, tx: Tx) -> FeedbackView:
    """Raises FeedbackNotFound, also for one outside the caller's jurisdiction."""
    feedback = await tx.get(WeeklyFeedback, feedback_id)
    if feedback is None:
        raise FeedbackNotFound()
    return _view(feedback)


def _view(feedback: WeeklyFeedback) -> FeedbackView:
    return FeedbackView(
        **feedback.model_dump(include={"id", "area", "office", "week", "made_at"}),
        lines=[
            LineView(
                name=Words(
                    zh=KINDS[Kind(line["kind"])].name.zh, en=KINDS[Kind(line["kind"])].name.en
                ),
                **line,
            )
            for line in feedback.lines
        ],
    )
