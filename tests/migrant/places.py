"""Places: offices to be referred to, and who administers them."""

from typing import Any

import httpx

from shared.testing import Issuer
from tests.migrant.conftest import bearer

PLACES = "/migrant/v1/places"
OFFICE = "legal-aid-office"


def make_office(**overrides: Any) -> dict[str, Any]:
    return {
        "area": "420325",
        "kind": "legal-aid-office",
        "department": "justice",
        "org": OFFICE,
        "name_zh": "县法律援助中心",
        "name_en": "County legal aid centre",
        "address": "人民路1号",
        "office_phone": "0719-12348",
        "hours": [{"days": [1, 2, 3, 4, 5], "opens": "09:00", "closes": "17:00"}],
        "features": ["private-room", "step-free"],
    } | overrides


def admin(issuer: Issuer, **claims: Any) -> dict[str, str]:
    defaults = {"scope": "migrant:admin migrant:read", "sub": "admin-1", "org": "bureau"}
    return bearer(issuer, **(defaults | claims))


async def place(client: httpx.AsyncClient, issuer: Issuer, **overrides: Any) -> dict[str, Any]:
    made = await client.post(PLACES, json=make_office(**overrides), headers=admin(issuer))
    assert made.status_code == 201, made.text
    view: dict[str, Any] = made.json()
    return view
