"""Places and appointments for tests."""

from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

import httpx

from shared.clock import CHINA, today
from tests.migrant.places import PLACES

APPOINTMENTS = "/migrant/v1/appointments"
BOOKING = ("days_ahead", "hold_minutes", "windows", "exceptions")
EVERY_DAY = [1, 2, 3, 4, 5, 6, 7]


def make_hours(**overrides: Any) -> dict[str, Any]:
    """Two people every half hour from nine to noon."""
    return {
        "opens": "09:00",
        "closes": "12:00",
        "minutes": 30,
        "capacity": 2,
        "services": ["legal-aid", "health-check", "child-vaccination"],
    } | overrides


def make_window(**overrides: Any) -> dict[str, Any]:
    return make_hours() | {"weekdays": EVERY_DAY} | overrides


def make_place(**overrides: Any) -> dict[str, Any]:
    """A hall of the clerk's own office; what is said of `booking` goes there."""
    said = {name: overrides.pop(name) for name in BOOKING if name in overrides}
    return {
        "area": "420325",
        "kind": "service-hall",
        "org": "org-test",
        "name_zh": "县便民服务中心二楼",
        "name_en": "County Service Centre, 2nd floor",
        "address": "人民路1号",
        "booking": {"windows": [make_window()]} | said,
    } | overrides


async def open_place(client: httpx.AsyncClient, **overrides: Any) -> str:
    answer = await client.post(PLACES, json=make_place(**overrides))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def in_days(days: int, at: time = time(9)) -> str:
    """A time of a coming day, as a clerk in China types it."""
    return datetime.combine(today() + timedelta(days=days), at, CHINA).isoformat()


def make_appointment(person_id: UUID | str, place_id: str, **overrides: Any) -> dict[str, Any]:
    return {
        "person_id": str(person_id),
        "place_id": place_id,
        "service": "legal-aid",
        "at": in_days(2),
    } | overrides


async def book(
    client: httpx.AsyncClient, person_id: UUID | str, place_id: str | None = None, **overrides: Any
) -> dict[str, Any]:
    """An appointment, at a place of its own where none is named."""
    place = place_id or await open_place(client)
    answer = await client.post(APPOINTMENTS, json=make_appointment(person_id, place, **overrides))
    assert answer.status_code == 201, answer.text
    return dict(answer.json())
