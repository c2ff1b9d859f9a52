"""Declaring indicators, and loading the shipped set."""

import json
from importlib import resources
from typing import Any

from services.assessment.indicators.models import STANDARD, Indicator
from services.assessment.indicators.queries import find_indicator, view_of
from services.assessment.indicators.rules import check_declaration
from services.assessment.indicators.schemas import DeclareIndicator, IndicatorView
from shared.db import Tx


async def declare_indicator(command: DeclareIndicator, tx: Tx) -> IndicatorView:
    """Add an indicator, or a version of one; declaring what already stands changes nothing.
    Raises NeverScored, NeverHeld, UnknownKind. Schemes keep the version they were made with."""
    check_declaration(command)
    return view_of(await _declare(command, "county", tx))


async def load_standard(tx: Tx) -> None:
    """Bring in the shipped indicators. A county's own version of one is left alone."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended('standard-indicators', 0))")
    for command in standard_indicators():
        check_declaration(command)
        latest = await find_indicator(command.code, tx)
        if latest is None or latest.origin == STANDARD:
            await _declare(command, STANDARD, tx)


def standard_indicators() -> list[DeclareIndicator]:
    text = (resources.files(__package__) / "standard.json").read_text(encoding="utf-8")
    return [DeclareIndicator.model_validate(each) for each in json.loads(text)]


async def _declare(command: DeclareIndicator, origin: str, tx: Tx) -> Indicator:
    definition: dict[str, Any] = command.model_dump(mode="json")
    latest = await find_indicator(command.code, tx)
    if latest is not None and latest.definition == definition:
        return latest
    indicator = Indicator(
        code=command.code,
        version=latest.version + 1 if latest else 1,
        origin=origin,
        scored=command.scored,
        definition=definition,
        created_at=tx.now,
    )
    await tx.add(indicator)
    return indicator
