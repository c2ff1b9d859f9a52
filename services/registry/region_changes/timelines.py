"""Re-coding a person's past without any I/O: before the day everything stays as it was called
then, from the day on it has the new code."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Span:
    """A stay or a workplace: `until` is the first day it was no more, None while it lasts."""

    id: UUID
    region: str
    since: date
    until: date | None


@dataclass(frozen=True, slots=True)
class RecodedSpan:
    """The span has another code now and begins on `since`; `earlier` is the part before the day,
    under the old code, or None when there is no such part."""

    id: UUID
    region: str
    since: date
    earlier: Span | None


def recode_span(span: Span, to_region: str, day: date) -> RecodedSpan | None:
    """None when the span ended by the day, or keeps its code."""
    if to_region == span.region or (span.until is not None and span.until <= day):
        return None
    if span.since >= day:
        return RecodedSpan(span.id, to_region, span.since, None)
    return RecodedSpan(span.id, to_region, day, Span(span.id, span.region, span.since, day))


@dataclass(frozen=True, slots=True)
class Move:
    """A move of the household register."""

    id: UUID
    from_region: str
    to_region: str
    moved_on: date


@dataclass(frozen=True, slots=True)
class RecodedHukou:
    """The present place of registration, the moves that read otherwise now, and the move that the
    change itself is (from, to), if she was registered there on the day."""

    region: str
    moves: tuple[Move, ...]
    added: tuple[str, str] | None


def hukou_on(day: date, current: str, moves: Sequence[Move]) -> str:
    """Where somebody was registered on a day: where the first move after it began."""
    return next((each.from_region for each in moves if each.moved_on > day), current)


def recode_hukou(
    current: str,
    moves: Sequence[Move],
    place: Callable[[str], str | None],
    day: date,
    born: date,
) -> RecodedHukou:
    """`moves` in the order they happened; `place` gives the new code of a place, the same where it
    is not concerned, None where nothing tells."""
    regions = [*(each.from_region for each in moves), current]
    starts = [born, *(each.moved_on for each in moves)]
    ends: list[date | None] = [*(each.moved_on for each in moves), None]
    added: tuple[str, str] | None = None
    new = list(regions)
    arrived: dict[int, str] = {}
    for n, (region, start, end) in enumerate(zip(regions, starts, ends, strict=True)):
        to = place(region)
        if to is None or to == region or (end is not None and end <= day):
            continue
        new[n] = to
        if start < day:
            added = (region, to)
        elif n and moves[n - 1].to_region == region:
            arrived[n - 1] = to
    changed = tuple(
        Move(each.id, new[n], arrived.get(n, each.to_region), each.moved_on)
        for n, each in enumerate(moves)
        if new[n] != each.from_region or n in arrived
    )
    return RecodedHukou(new[-1], changed, added)
