"""How soon events are registered, by office and month: for the assessment of offices. Anonymous,
and of no group of fewer than ten events."""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from typing import Final

from pydantic import BaseModel

from services.registry.limits.queries import limits_of
from services.registry.limits.rules import Limit
from services.registry.vital.rules import Spread, coarsened
from shared.db import Tx


class TimedKind(StrEnum):
    """Events that the law wants registered within a time."""

    BIRTH = "birth"
    DEATH = "death"


class Timeliness(BaseModel):
    """An office's registrations of a month. All figures are null in a group of fewer than ten.
    `spread` counts registrations by how soon they were made; neighbouring steps are joined until
    none of them holds one to nine. `in_time` is null where those steps hide it."""

    office: str | None
    month: str
    events: int | None
    median_days: int | None
    in_time: int | None
    spread: Sequence[Spread]


_TABLES: Final = {
    TimedKind.BIRTH: ("births", "born_on", Limit.BIRTH_MONTHS),
    TimedKind.DEATH: ("deaths", "died_on", Limit.DEATH_MONTHS),
}


async def list_timeliness(
    kind: TimedKind, from_day: date, to_day: date, tx: Tx
) -> list[Timeliness]:
    """Registrations of whole months, from the one of `from_day` to the one of `to_day`, that were
    not annulled, in the caller's own region: asking for parts of it would tell of groups that are
    too small."""
    table, day, code = _TABLES[kind]
    months = (await limits_of(tx.actor.region, tx))[code]
    rows = await tx.fetch(
        "WITH timed AS (SELECT registered_org, registered_on, registered_on - day AS days,"  # noqa: S608 our own names
        " CASE WHEN registered_on <= day + 7 THEN 0"
        "      WHEN registered_on <= day + make_interval(months => $1) THEN 1"
        "      WHEN registered_on <= day + make_interval(months => 3 * $1) THEN 2"
        "      ELSE 3 END AS step"
        f" FROM (SELECT registered_org, {day} AS day,"
        f"   (registered_at AT TIME ZONE 'Asia/Shanghai')::date AS registered_on FROM {table}"
        "   WHERE annulled_at IS NULL AND starts_with(region, $4)) AS event)"
        " SELECT registered_org AS office, to_char(registered_on, 'YYYY-MM') AS month,"
        "  count(*) AS events, percentile_disc(0.5) WITHIN GROUP (ORDER BY days) AS median_days,"
        "  array[count(*) FILTER (WHERE step = 0), count(*) FILTER (WHERE step = 1),"
        "        count(*) FILTER (WHERE step = 2), count(*) FILTER (WHERE step = 3)] AS steps"
        " FROM timed WHERE to_char(registered_on, 'YYYY-MM') BETWEEN $2 AND $3"
        " GROUP BY 1, 2 ORDER BY 2, 1",
        months,
        from_day.isoformat()[:7],
        to_day.isoformat()[:7],
        tx.actor.region,
    )
    return [_shown(row["office"], row["month"], row["median_days"], row["steps"]) for row in rows]


def _shown(office: str | None, month: str, median: int, steps: Sequence[int]) -> Timeliness:
    spread = coarsened(steps)
    in_time = [each for each in spread if each.last in ("week", "in-time")]
    told = any(each.last == "in-time" for each in spread)
    return Timeliness(
        office=office,
        month=month,
        events=sum(steps) if spread else None,
        median_days=median if spread else None,
        in_time=sum(each.events for each in in_time) if told else None,
        spread=spread,
    )
