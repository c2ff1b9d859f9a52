"""Reading equal-service figures."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date

from services.migrant.parity.models import PopulationCount, ServiceBudget
from services.migrant.parity.rules import (
    median,
    per_head,
    per_thousand,
    period_of,
    ratio,
    share_in_time,
)
from services.migrant.parity.schemas import (
    AnswersView,
    AnswerView,
    BasesView,
    BaseView,
    BudgetParityView,
    BudgetView,
    EqualServiceView,
    HeadingFigures,
    PopulationView,
    ServedView,
    ServiceFigures,
    SpentView,
)
from services.migrant.services.rules import SERVICE_WORDS, ResidentKind, Service
from shared.actors import narrow
from shared.db import Tx
from shared.problems import Text
from shared.suppression import published

_SERVED = """
SELECT service, resident_kind, count(*) AS deliveries, count(DISTINCT person_id) AS people
FROM service_records WHERE starts_with(region, $1) AND delivered_on BETWEEN $2 AND $3
 AND annulled_at IS NULL GROUP BY service, resident_kind
"""
_ANSWERED = """
SELECT resident_kind, ended_on - made_on AS days, ended_on <= due_on AS in_time
FROM referrals WHERE starts_with(region, $1) AND ended_on BETWEEN $2 AND $3
 AND state IN ('served', 'not-possible')
"""
_BASES = """
SELECT DISTINCT ON (resident_kind) * FROM population_counts
WHERE area = $1 AND on_day <= $2 ORDER BY resident_kind, on_day DESC
"""
TOTAL = Text("合计", "Total")


async def get_equal_service(
    region: str | None, period: str, language: str, tx: Tx
) -> EqualServiceView:
    """What offices recorded about services of an area in a period. Raises OutsideJurisdiction."""
    area, span = narrow(tx.actor, region), period_of(period)
    bases = await _bases(area, span.until, tx)
    served: dict[tuple[str, str], tuple[int, int]] = {
        (row["service"], row["resident_kind"]): (row["people"], row["deliveries"])
        for row in await tx.fetch(_SERVED, area, span.since, span.until)
    }
    return EqualServiceView(
        region=area,
        period=span.name,
        since=span.since,
        until=span.until,
        bases=bases,
        services=[
            _figures(service, served, bases, language)
            for service in Service
            if any((service, kind) in served for kind in ResidentKind)
        ],
        referrals=await _answers(area, span.since, span.until, tx),
    )


async def get_budget_parity(
    region: str | None, year: int, language: str, tx: Tx
) -> BudgetParityView:
    """What was entered for an area itself. Raises OutsideJurisdiction."""
    area = narrow(tx.actor, region)
    bases = await _bases(area, date(year, 12, 31), tx)
    spent: dict[str, dict[str, ServiceBudget]] = defaultdict(dict)
    for row in await _budgets(area, year, tx):
        spent[row.heading][row.resident_kind] = row
    headings = [_heading(name, kinds, bases) for name, kinds in spent.items()]
    return BudgetParityView(
        area=area,
        year=year,
        bases=bases,
        headings=headings,
        total=_total(headings, bases, TOTAL.say(language)),
    )


async def list_populations(region: str | None, tx: Tx) -> Sequence[PopulationView]:
    """Newest day first. Raises OutsideJurisdiction."""
    found = await tx.find(
        PopulationCount,
        "SELECT * FROM population_counts WHERE area = $1"
        " ORDER BY on_day DESC, resident_kind LIMIT 500",
        narrow(tx.actor, region),
    )
    return [PopulationView.model_validate(each.model_dump()) for each in found]


async def list_budgets(region: str | None, year: int, tx: Tx) -> Sequence[BudgetView]:
    """Raises OutsideJurisdiction."""
    found = await _budgets(narrow(tx.actor, region), year, tx)
    return [BudgetView.model_validate(each.model_dump()) for each in found]


async def _budgets(area: str, year: int, tx: Tx) -> list[ServiceBudget]:
    return await tx.find(
        ServiceBudget,
        "SELECT * FROM service_budgets WHERE area = $1 AND year = $2"
        " ORDER BY heading, resident_kind",
        area,
        year,
    )


async def _bases(area: str, on: date, tx: Tx) -> BasesView:
    found = {
        each.resident_kind: BaseView(people=each.people, on_day=each.on_day, source=each.source)
        for each in await tx.find(PopulationCount, _BASES, area, on)
    }
    return BasesView(usual=found.get(ResidentKind.USUAL), migrant=found.get(ResidentKind.MIGRANT))


def _figures(
    service: Service,
    served: Mapping[tuple[str, str], tuple[int, int]],
    bases: BasesView,
    language: str,
) -> ServiceFigures:
    usual = _served(served.get((service, ResidentKind.USUAL)), bases.usual)
    migrant = _served(served.get((service, ResidentKind.MIGRANT)), bases.migrant)
    return ServiceFigures(
        service=service,
        name=SERVICE_WORDS[service].say(language),
        usual=usual,
        migrant=migrant,
        ratio=ratio(migrant.per_1000, usual.per_1000),
    )


def _served(counted: tuple[int, int] | None, base: BaseView | None) -> ServedView:
    """Fewer than ten people hide how many services they had as well."""
    people, deliveries = counted or (0, 0)
    shown = published(people)
    return ServedView(
        people=shown,
        deliveries=None if shown is None else published(deliveries),
        per_1000=per_thousand(shown, base.people if base else None),
    )


async def _answers(area: str, since: date, until: date, tx: Tx) -> AnswersView:
    days: dict[str, list[int]] = defaultdict(list)
    times: dict[str, list[bool]] = defaultdict(list)
    for row in await tx.fetch(_ANSWERED, area, since, until):
        days[row["resident_kind"]].append(row["days"])
        times[row["resident_kind"]].append(row["in_time"])
    usual, migrant = (
        AnswerView(
            answered=published(len(days[kind])),
            median_days=median(days[kind]),
            in_time_percent=share_in_time(times[kind]),
        )
        for kind in (ResidentKind.USUAL, ResidentKind.MIGRANT)
    )
    return AnswersView(usual=usual, migrant=migrant)


def _heading(name: str, kinds: Mapping[str, ServiceBudget], bases: BasesView) -> HeadingFigures:
    usual, migrant = (
        _spent(kinds.get(kind), base)
        for kind, base in (
            (ResidentKind.USUAL, bases.usual),
            (ResidentKind.MIGRANT, bases.migrant),
        )
    )
    return HeadingFigures(
        heading=name,
        usual=usual,
        migrant=migrant,
        ratio=ratio(migrant.per_head_fen, usual.per_head_fen),
    )


def _spent(row: ServiceBudget | None, base: BaseView | None) -> SpentView:
    if row is None:
        return SpentView(amount_fen=None, per_head_fen=None, source=None)
    return SpentView(
        amount_fen=row.amount_fen,
        per_head_fen=per_head(row.amount_fen, base.people if base else None),
        source=row.source,
    )


def _total(headings: Sequence[HeadingFigures], bases: BasesView, name: str) -> HeadingFigures:
    usual = _sum([each.usual for each in headings], bases.usual)
    migrant = _sum([each.migrant for each in headings], bases.migrant)
    return HeadingFigures(
        heading=name,
        usual=usual,
        migrant=migrant,
        ratio=ratio(migrant.per_head_fen, usual.per_head_fen),
    )


def _sum(spent: Sequence[SpentView], base: BaseView | None) -> SpentView:
    amounts = [each.amount_fen for each in spent if each.amount_fen is not None]
    whole = sum(amounts)
    return SpentView(
        amount_fen=whole if amounts else None,
        per_head_fen=per_head(whole, base.people if base else None) if amounts else None,
        source=None,
    )
