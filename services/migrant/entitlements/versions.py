"""Which version of an entry holds, where and on which day. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from services.migrant.entitlements.rules import Entitlement


class VersionState(StrEnum):
    PROPOSED = "proposed"  # 待审
    APPROVED = "approved"  # 已审
    RETURNED = "returned"  # 退回


@dataclass(frozen=True, slots=True)
class Approved:
    """An approved version; `entry` None takes the entry out."""

    area: str
    code: str
    number: int
    effective_from: date
    entry: Entitlement | None


def in_force(versions: Iterable[Approved], area: str, on: date) -> dict[str, Approved]:
    """By id, the version that holds in `area` on a day: of the smallest area around it that set
    one, the latest to take effect."""
    standing: dict[str, Approved] = {}
    for each in sorted(versions, key=lambda v: (len(v.area), v.effective_from, v.number)):
        if area.startswith(each.area) and each.effective_from <= on:
            standing[each.code] = each
    return standing


def catalogue_of(
    shipped: Sequence[Entitlement], standing: Mapping[str, Approved]
) -> list[Entitlement]:
    """The shipped catalogue with what an area changed, took out and added, added ones last."""
    known = {each.id for each in shipped}
    kept = [standing[e.id].entry if e.id in standing else e for e in shipped]
    added = [each.entry for code, each in sorted(standing.items()) if code not in known]
    return [entry for entry in (*kept, *added) if entry is not None]
