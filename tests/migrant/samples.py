"""Sample commands for the migrant service's tests; all people are made up."""

from datetime import date, timedelta
from itertools import count
from typing import Any

from shared.codes import resident_id_check_digit
from shared.testing import make_actor

VILLAGE = "420325100001"
OTHER_VILLAGE = "420325101002"
HOME = "500101100001"


def id_number(first17: str = "50010119920304212") -> str:
    return first17 + resident_id_check_digit(first17)


_DAYS = count()


def fresh_id_number() -> str:
    """An id number that no other test uses: events of other tests may still be on the bus."""
    born = date(1960, 1, 1) + timedelta(days=next(_DAYS))
    return id_number(f"500101{born:%Y%m%d}212")


def make_arrival(**overrides: Any) -> dict[str, Any]:
    """The body of POST /migrant/v1/arrivals."""
    return {
        "name": "刘小梅",
        "id_number": id_number(),
        "origin_region": HOME,
        "region": VILLAGE,
        "arrived_on": "2026-03-02",
        "stay_purpose": "work",
        "phone": "13900000002",
    } | overrides


def clerk(**overrides: Any) -> Any:
    return make_actor(scopes=frozenset({"migrant:read", "migrant:write"}), **overrides)
