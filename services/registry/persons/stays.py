"""Stays (居住) as the database keeps them apart: no two of a person overlap (migration 0016)."""

from collections.abc import Iterator
from contextlib import contextmanager

from asyncpg import ExclusionViolationError, UniqueViolationError

from services.registry.errors import OverlappingStays

_KEPT_APART = ("residences_apart", "residences_open")


@contextmanager
def kept_apart() -> Iterator[None]:
    """Around what writes stays. Raises OverlappingStays where the database refuses one, because
    somebody else wrote another at the same time; the transaction is then to be rolled back."""
    try:
        yield
    except (ExclusionViolationError, UniqueViolationError) as error:
        if error.constraint_name in _KEPT_APART:
            raise OverlappingStays() from error
        raise
