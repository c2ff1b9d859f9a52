"""What people ask for, and how offices answer (需求统计、办件台账): counts of offices and areas."""

from collections.abc import Sequence
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from asyncpg import Record
from pydantic import BaseModel

from services.migrant.help.catalogue import catalogue
from services.migrant.help.rules import HelpCategory, counted, mean_days
from shared.actors import narrow
from shared.db import Tx
from shared.drawing import FAINT, PALETTE, Drawing
from shared.problems import MalformedRequest, Text
from shared.suppression import SMALLEST

MONTHS_MOST: Final = 36
MONTHS_UNSAID: Final = 12


class By(StrEnum):
    """What requests are counted by. Areas are the townships of the region asked for."""

    CATEGORY = "category"
    MONTH = "month"
    AREA = "area"


class NeedsLine(BaseModel):
    """Requests, rounded to ten; null under ten. `people` are all they concern, likewise."""

    key: str
    zh: str
    en: str
    requests: int | None
    people: int | None


class NeedsView(BaseModel):
    """What people asked for (需求), from the first of one month to the last day of another."""

    region: str
    since: date
    until: date
    by: By
    requests: int | None
    people: int | None
    lines: list[NeedsLine]


class DutyLine(BaseModel):
    """How an office kept its times (履职台账); of offices, never of people or members of staff.

    `received` are with it now or were settled by it; `without_word` passed the day to accept by
    with neither acceptance nor an answer. Means are in days from the request. Figures are rounded
    to ten and null under ten; means of fewer than ten are null.
    """

    office: str
    received: int | None
    accepted_in_time: int | None
    settled: int | None
    settled_in_time: int | None
    without_word: int | None
    days_to_accept: float | None
    days_to_settle: float | None


_KEYS = {
    By.CATEGORY: "category",
    By.MONTH: "to_char(requested_on, 'YYYY-MM')",
    By.AREA: "left(region, 9)",
}
_NEEDS = """
SELECT {key} AS key, count(*)::int AS requests, sum(people)::int AS people FROM help_requests
WHERE requested_on >= $1 AND requested_on < $2 AND starts_with(region, $3)
GROUP BY 1 ORDER BY 1
"""
_DUTY = """
SELECT office, count(*)::int AS received,
  count(*) FILTER (WHERE accepted_on <= accept_by)::int AS accepted_in_time,
  count(settled_at)::int AS settled,
  count(*) FILTER (WHERE in_time)::int AS settled_in_time,
  count(*) FILTER (WHERE accept_by < $4 AND accepted_on IS NULL AND settled_at IS NULL)::int
    AS without_word,
  count(accepted_on)::int AS accepted,
  coalesce(sum(accepted_on - requested_on), 0)::int AS days_to_accept,
  coalesce(sum((settled_at AT TIME ZONE 'Asia/Shanghai')::date - requested_on), 0)::int
    AS days_to_settle
FROM help_requests
WHERE requested_on >= $1 AND requested_on < $2 AND starts_with(region, $3)
GROUP BY office ORDER BY office
"""


async def needs(
    region: str | None, since: str | None, until: str | None, by: By, tx: Tx
) -> NeedsView:
    """Whole months only, `until` included: two tables of nearly the same days would tell of one
    person. Raises OutsideJurisdiction, MalformedRequest."""
    first, after_last = months(since, until, tx.today)
    place = narrow(tx.actor, region)
    rows = await tx.fetch(_NEEDS.format(key=_KEYS[by]), first, after_last, place)
    return NeedsView(
        region=place,
        since=first,
        until=after_last - timedelta(days=1),
        by=by,
        requests=counted(sum(row["requests"] for row in rows)),
        people=_people(rows),
        lines=[
            NeedsLine(
                key=row["key"],
                requests=counted(row["requests"]),
                people=_people([row]),
                **_words(by, row["key"]),
            )
            for row in rows
        ],
    )


async def duty_log(
    region: str | None, since: str | None, until: str | None, tx: Tx
) -> Sequence[DutyLine]:
    """Requests of whole months, by the office that has or settled them. Raises
    OutsideJurisdiction, MalformedRequest."""
    first, after_last = months(since, until, tx.today)
    rows = await tx.fetch(_DUTY, first, after_last, narrow(tx.actor, region), tx.today)
    return [
        DutyLine(
            office=row["office"],
            received=counted(row["received"]),
            accepted_in_time=counted(row["accepted_in_time"]),
            settled=counted(row["settled"]),
            settled_in_time=counted(row["settled_in_time"]),
            without_word=counted(row["without_word"]),
            days_to_accept=mean_days(row["days_to_accept"], row["accepted"]),
            days_to_settle=mean_days(row["days_to_settle"], row["settled"]),
        )
        for row in rows
    ]


def months(since: str | None, until: str | None, today: date) -> tuple[date, date]:
    """The first day of one month, and the first after another; unsaid, the year that ends with this
    month. Raises MalformedRequest."""
    try:
        after_last = _months_later(_first_of(until) if until else today, 1)
        first = _first_of(since) if since else _months_later(after_last, -MONTHS_UNSAID)
    except ValueError as error:
        raise _wrong_months() from error
    if not 0 < (after_last - first).days <= MONTHS_MOST * 31:
        raise _wrong_months()
    return first, after_last


def _first_of(month: str) -> date:
    return date.fromisoformat(f"{month}-01")


def _months_later(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, 1)


def needs_chart(view: NeedsView) -> str:
    """The lines as bars, the longest first but for months; what is hidden is a dot."""
    lines = (
        view.lines
        if view.by is By.MONTH
        else sorted(view.lines, key=lambda each: -(each.requests or 0))
    )
    height = 96 + 26 * max(len(lines), 1) + 24
    drawing = Drawing(720, height, "求助需求 / What people ask for", f"{view.region} {view.since}")
    drawing.text(24, 34, "求助需求 / What people ask for", size=18, bold=True)
    drawing.text(24, 58, f"{view.region}  {view.since} – {view.until}", fill=FAINT)
    largest = max((each.requests or 0 for each in lines), default=0) or 1
    for place, each in enumerate(lines):
        y = 84 + 26 * place
        drawing.text(24, y + 14, f"{each.zh} {each.en}"[:34])
        if each.requests is None:
            drawing.text(290, y + 14, "·", fill=FAINT)
            continue
        length = 340 * each.requests / largest
        drawing.rect(290, y, length, 18, fill=PALETTE[0], hint=f"{each.requests}")
        drawing.text(296 + length, y + 14, f"{each.requests:,}", size=11)
    drawing.text(
        24,
        height - 16,
        f"· 少于 {SMALLEST} 件不公布,数字取整到 10 / nothing under {SMALLEST}; rounded to 10",
        size=11,
        fill=FAINT,
    )
    return drawing.svg()


def _people(rows: Sequence[Record]) -> int | None:
    """People behind some requests: nothing where the requests are too few to be told."""
    few = sum(row["requests"] for row in rows) < SMALLEST
    return None if few else counted(sum(row["people"] for row in rows))


def _words(by: By, key: str) -> dict[str, str]:
    if by is not By.CATEGORY:
        return {"zh": key, "en": ""}
    words = catalogue().by_code[HelpCategory(key)]
    return {"zh": words.zh, "en": words.en}


def _wrong_months() -> MalformedRequest:
    return MalformedRequest(
        Text(
            f"请给出起止月份(如 2026-01),最多 {MONTHS_MOST} 个月",
            f"Give the first and the last month as 2026-01, at most {MONTHS_MOST} of them",
        )
    )
