"""Declaring schemes."""

from services.assessment.errors import UnknownIndicator
from services.assessment.indicators.queries import definition_of, find_indicator
from services.assessment.indicators.rules import check_topics
from services.assessment.schemes.models import Scheme
from services.assessment.schemes.queries import latest_scheme, view_of
from services.assessment.schemes.rules import check_effect, check_item
from services.assessment.schemes.schemas import (
    DeclareScheme,
    PinnedItem,
    SchemeItem,
    SchemeView,
)
from shared.db import Tx


async def declare_scheme(command: DeclareScheme, tx: Tx) -> SchemeView:
    """Add a scheme, or a version of one that takes effect with a period yet to begin.
    Raises NeverScored, UnknownIndicator, WrongBounds, TakesEffectNextPeriod."""
    words = [command.code, command.name.zh, command.name.en]
    check_topics([*words, *(item.indicator for item in command.items)], scored=True)
    latest = await latest_scheme(command.code, tx)
    check_effect(command.valid_from, tx.today, changes=latest is not None)
    items = [await _pin(item, tx) for item in command.items]
    scheme = Scheme(
        code=command.code,
        version=latest.version + 1 if latest else 1,
        name=command.name.model_dump(),
        valid_from=command.valid_from,
        items=[item.model_dump(mode="json") for item in items],
        created_at=tx.now,
    )
    await tx.add(scheme)
    return view_of(scheme)


async def _pin(item: SchemeItem, tx: Tx) -> PinnedItem:
    indicator = await find_indicator(item.indicator, tx)
    if indicator is None:
        raise UnknownIndicator(indicator=item.indicator)
    check_item(item, indicator.scored, definition_of(indicator).direction)
    return PinnedItem(**item.model_dump(), indicator_version=indicator.version)
