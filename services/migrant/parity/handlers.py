"""Entering the numbers that equal service is measured by."""

from services.migrant.parity.schemas import (
    BudgetView,
    EnterBudget,
    EnterPopulation,
    PopulationView,
)
from shared.db import Tx
from shared.problems import OutsideJurisdiction


async def enter_population(command: EnterPopulation, tx: Tx) -> PopulationView:
    """Raises OutsideJurisdiction."""
    _require_covered(command.area, tx)
    await tx.execute(
        "INSERT INTO population_counts"
        " (area, resident_kind, on_day, people, source, entered_at, entered_by)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (area, resident_kind, on_day)"
        " DO UPDATE SET people = excluded.people, source = excluded.source,"
        " entered_at = excluded.entered_at, entered_by = excluded.entered_by",
        *command.model_dump().values(),
        tx.now,
        tx.actor.sub,
    )
    return PopulationView(entered_at=tx.now, **command.model_dump())


async def enter_budget(command: EnterBudget, tx: Tx) -> BudgetView:
    """Raises OutsideJurisdiction."""
    _require_covered(command.area, tx)
    await tx.execute(
        "INSERT INTO service_budgets"
        " (area, year, heading, resident_kind, amount_fen, source, entered_at, entered_by)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
        " ON CONFLICT (area, year, heading, resident_kind)"
        " DO UPDATE SET amount_fen = excluded.amount_fen, source = excluded.source,"
        " entered_at = excluded.entered_at, entered_by = excluded.entered_by",
        *command.model_dump().values(),
        tx.now,
        tx.actor.sub,
    )
    return BudgetView(entered_at=tx.now, **command.model_dump())


def _require_covered(area: str, tx: Tx) -> None:
    if not tx.actor.covers(area):
        raise OutsideJurisdiction()
