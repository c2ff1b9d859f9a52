"""The catalogue of entitlements: data of the service, which a county edits as a file."""

from collections.abc import Iterable, Sequence
from functools import cache
from importlib.resources import files

from pydantic import TypeAdapter

from services.migrant.entitlements.rules import Entitlement, Situation, suits
from services.migrant.entitlements.schemas import EntitlementView


@cache
def catalogue() -> tuple[Entitlement, ...]:
    """Read once. Raises ValidationError when the file is not in form."""
    text = files("services.migrant.entitlements").joinpath("catalogue.json").read_bytes()
    return tuple(TypeAdapter(list[Entitlement]).validate_json(text))


def list_entitlements(situation: Situation, language: str) -> Sequence[EntitlementView]:
    return told(catalogue(), situation, language)


def told(
    catalogue: Iterable[Entitlement], situation: Situation, language: str
) -> Sequence[EntitlementView]:
    return [
        EntitlementView(
            id=each.id,
            title=getattr(each.title, language),
            who=getattr(each.who, language),
            where=getattr(each.where, language),
            papers=getattr(each.papers, language),
            cost=getattr(each.cost, language),
            source=each.source,
            from_months=each.from_months,
            open_now=None
            if situation.months_here is None
            else situation.months_here >= each.from_months,
        )
        for each in catalogue
        if suits(each, situation)
    ]
