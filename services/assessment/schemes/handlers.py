"""Drafting schemes, and putting them in force."""

from services.assessment.errors import SchemeNotFound, UnknownIndicator
from services.assessment.indicators.models import Indicator
from services.assessment.indicators.queries import definition_of, find_indicator
from services.assessment.indicators.rules import check_topics
from services.assessment.schemes.models import Scheme
from services.assessment.schemes.queries import find_versions, version_of, view_of
from services.assessment.schemes.rules import check_effect, check_item, check_publication
from services.assessment.schemes.schemas import (
    DeclareScheme,
    PinnedItem,
    PinnedQuality,
    PublishScheme,
    QualityItem,
    SchemeItem,
    SchemeView,
)
from shared.db import Tx

# No two drafts of a scheme, and no draft and a publication, at the same moment.
_ALONE = "SELECT pg_advisory_xact_lock(hashtextextended('scheme ' || $1, 0))"


async def declare_scheme(command: DeclareScheme, tx: Tx) -> SchemeView:
    """Draft a scheme, or a version of one that takes effect with a period yet to begin.
    Raises NeverScored, UnknownIndicator, WrongBounds, TakesEffectNextPeriod."""
    names = [command.name, *(each.name for each in command.area_types)]
    words = [word for name in names for word in (name.zh, name.en)]
    codes = [command.code, *command.indicators(), *(each.code for each in command.area_types)]
    check_topics([*codes, *words], scored=True)
    await tx.execute(_ALONE, command.code)
    versions = await find_versions(command.code, tx)
    check_effect(command.valid_from, tx.today, changes=any(each.published_at for each in versions))
    items = [await _pin(item, tx) for item in command.items]
    quality = [await _pin_quality(item, tx) for item in command.quality]
    scheme = Scheme(
        code=command.code,
        version=max((each.version for each in versions), default=0) + 1,
        name=command.name.model_dump(),
        valid_from=command.valid_from,
        splits_periods=command.splits_periods,
        items=[item.model_dump(mode="json") for item in items],
        quality=[item.model_dump(mode="json") for item in quality],
        area_types=[each.model_dump(mode="json") for each in command.area_types],
        created_at=tx.now,
        created_by=tx.actor.sub,
    )
    await tx.add(scheme)
    return view_of(scheme)


async def publish_scheme(command: PublishScheme, code: str, tx: Tx) -> SchemeView:
    """Put a draft in force, as another person than who drafted it. Raises SchemeNotFound,
    AlreadyInForce, OlderDraft, SecondPersonPublishes, TakesEffectNextPeriod, VersionsOverlap."""
    await tx.execute(_ALONE, code)
    versions = {each.version: each for each in await find_versions(code, tx)}
    scheme = versions.get(command.version)
    if scheme is None:
        raise SchemeNotFound()
    held = [version_of(each) for each in versions.values()]
    check_publication(command.version, held, tx.actor.sub, tx.today)
    scheme.published_at, scheme.published_by = tx.now, tx.actor.sub
    await tx.execute(
        "UPDATE schemes SET published_at = $3, published_by = $4 WHERE code = $1 AND version = $2",
        code,
        command.version,
        tx.now,
        tx.actor.sub,
    )
    return view_of(scheme)


async def _pin(item: SchemeItem, tx: Tx) -> PinnedItem:
    indicator = await _scorable(item, tx)
    return PinnedItem(**item.model_dump(), indicator_version=indicator.version)


async def _pin_quality(item: QualityItem, tx: Tx) -> PinnedQuality:
    indicator = await _scorable(item, tx)
    return PinnedQuality(**item.model_dump(), indicator_version=indicator.version)


async def _scorable(item: SchemeItem | QualityItem, tx: Tx) -> Indicator:
    indicator = await find_indicator(item.indicator, tx)
    if indicator is None:
        raise UnknownIndicator(indicator=item.indicator)
    check_item(item, indicator.scored, definition_of(indicator).direction)
    return indicator
