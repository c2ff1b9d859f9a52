"""How tests of her own side log in: with a subject as real providers give it, no person id."""

from typing import Any

import httpx

from shared.testing import Issuer
from tests.migrant.conftest import bearer
from tests.migrant.samples import id_number

OWN = {"Purpose": "subject-access"}
CODES = "/migrant/v1/account-codes"
LINKS = "/migrant/v1/account-links"
SUB = "wx|oG7-f2kQ"


def login(issuer: Issuer, sub: str = SUB, **claims: Any) -> dict[str, str]:
    """Somebody logged in at the county's provider."""
    return bearer(issuer, **({"scope": "self", "sub": sub, "org": "self"} | claims)) | OWN


def make_card(**overrides: Any) -> dict[str, Any]:
    return {"name": "刘小梅", "id_number": id_number()} | overrides


async def code_for(desk: httpx.AsyncClient, **card: Any) -> str:
    """The desk has seen her card."""
    answer = await desk.post(CODES, json=make_card(**card))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["code"])


async def enter(client: httpx.AsyncClient, code: str, her: dict[str, str]) -> httpx.Response:
    return await client.post(LINKS, json={"code": code}, headers=her)


async def link(
    desk: httpx.AsyncClient, issuer: Issuer, sub: str = SUB, **card: Any
) -> dict[str, Any]:
    """Her login is linked with a code from the desk."""
    answer = await enter(desk, await code_for(desk, **card), login(issuer, sub))
    assert answer.status_code == 201, answer.text
    return dict(answer.json())
