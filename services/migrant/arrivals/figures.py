"""How many migrants are present (在住流动人口统计): counted over people, published as figures."""

from datetime import date

from services.migrant.arrivals.models import StayPurpose
from services.migrant.arrivals.rules import publishable
from services.migrant.arrivals.schemas import MigrantCountsView, OriginCount, PurposeCount
from shared.actors import narrow
from shared.db import Tx
from shared.problems import MalformedRequest, Text

# Who moved on the day itself has two stays that touch it: the later one is where she is.
_PRESENT = """
SELECT left(origin_region, 2) AS province, stay_purpose, count(*) AS people FROM (
  SELECT DISTINCT ON (person_id) origin_region, stay_purpose FROM arrivals
  WHERE region LIKE $1 || '%' AND arrived_on <= $2 AND (until IS NULL OR until > $2)
  ORDER BY person_id, arrived_on DESC, id DESC
) AS present GROUP BY 1, 2
"""


async def count_migrants(region: str | None, on: date | None, tx: Tx) -> MigrantCountsView:
    """Migrants present in a region at the end of a day (default: today), by the province they
    came from and by purpose; each once, however often she moved. Raises OutsideJurisdiction, and
    MalformedRequest for a day to come."""
    area, day = narrow(tx.actor, region), on or tx.today
    if day > tx.today:
        raise MalformedRequest(Text("日期不能晚于今天", "The day is still to come"))
    by_origin: dict[str, int] = {}
    by_purpose = {each.value: 0 for each in StayPurpose}
    for row in await tx.fetch(_PRESENT, area, day):
        by_origin[row["province"]] = by_origin.get(row["province"], 0) + row["people"]
        by_purpose[row["stay_purpose"]] += row["people"]
    figures = publishable(by_origin, by_purpose)
    return MigrantCountsView(
        region=area,
        on=day,
        total=figures.total,
        by_origin=[
            OriginCount(province=code, people=people)
            for code, people in sorted(figures.by_origin.items())
        ],
        others=figures.others,
        by_purpose=[
            PurposeCount(stay_purpose=StayPurpose(code), people=people)
            for code, people in figures.by_purpose.items()
        ],
    )
