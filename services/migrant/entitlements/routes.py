"""HTTP door of entitlements. Public: the ranges of services are published by law (居住证暂行条例
art. 14), and nobody has to say who she is to learn what she can get."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query

from services.migrant.entitlements import queries
from services.migrant.entitlements.rules import AgeGroup, Situation
from services.migrant.entitlements.schemas import EntitlementView
from shared.http import Language, Route

router = APIRouter(tags=["entitlements"], route_class=Route)


@router.get("/entitlements", summary="What a migrant can get here; nothing asked is kept")
async def list_entitlements(
    language: Language,
    months_here: Annotated[int | None, Query(ge=0, le=1200)] = None,
    age_group: AgeGroup | None = None,
    has_children: bool | None = None,
) -> Sequence[EntitlementView]:
    situation = Situation(months_here=months_here, age_group=age_group, has_children=has_children)
    return queries.list_entitlements(situation, language)
