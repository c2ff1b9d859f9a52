"""Bad tokens of every kind are refused with 401 and a reason; good ones act as their claims say."""

import base64
import json
import time
from collections.abc import AsyncIterator, Callable

import httpx
import pytest
from joserfc.jwk import ECKey

from shared.testing import Issuer, client_of
from tests.conftest import ServiceFactory

PATH = "/registry/v1/persons/00000000-0000-7000-8000-000000000000"


def unsigned(issuer: Issuer) -> str:
    """A token that says `alg: none` and carries no signature."""
    payload = issuer.token(scope="registry:read").split(".")[1]
    header = base64.urlsafe_b64encode(json.dumps({"alg": "none"}).encode()).decode().rstrip("=")
    return f"{header}.{payload}."


def signed_with_public_key(issuer: Issuer) -> str:
    """The confusion attack: HMAC with the public key as the secret."""
    import hmac

    header = {"alg": "HS256", "kid": "test-1"}
    head = base64.urlsafe_b64encode(json.dumps(header).encode()).decode().rstrip("=")
    body = issuer.token(scope="registry:read").split(".")[1]
    mac = hmac.digest(issuer.jwks.read_bytes(), f"{head}.{body}".encode(), "sha256")
    return f"{head}.{body}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"


BAD: dict[str, Callable[[Issuer], str]] = {
    "expired": lambda issuer: issuer.token(scope="registry:read", exp=int(time.time()) - 60),
    "wrong audience": lambda issuer: issuer.token(scope="registry:read", aud="other"),
    "wrong issuer": lambda issuer: issuer.token(scope="registry:read", iss="https://evil.test"),
    "wrong key": lambda issuer: issuer.token(key=ECKey.generate_key("P-256")),
    "alg none": unsigned,
    "public key as secret": signed_with_public_key,
    "no expiry": lambda issuer: issuer.token(exp=None),
    "no region": lambda issuer: issuer.token(region="everywhere"),
    "not a token": lambda _: "abc",
    "cut": lambda issuer: issuer.token()[:-10],
}


@pytest.fixture
async def client(start_service: ServiceFactory) -> AsyncIterator[httpx.AsyncClient]:
    async with (
        start_service("registry") as app,
        client_of(app, headers={"Purpose": "service", "Accept-Language": "en"}) as client,
    ):
        yield client


@pytest.mark.parametrize("fault", BAD)
async def test_bad_tokens_are_refused(
    client: httpx.AsyncClient, issuer: Issuer, fault: str
) -> None:
    answer = await client.get(PATH, headers={"Authorization": f"Bearer {BAD[fault](issuer)}"})
    assert answer.status_code == 401
    assert answer.json()["type"].endswith("/unauthenticated")
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_no_token_is_refused_in_the_callers_language(client: httpx.AsyncClient) -> None:
    answer = await client.get(PATH, headers={"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.5"})
    assert (answer.status_code, answer.json()["title"]) == (401, "请先登录")


async def test_a_token_without_the_scope_is_forbidden(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    token = issuer.token(scope="notify:read")
    answer = await client.get(PATH, headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 403


async def test_a_good_token_passes(client: httpx.AsyncClient, issuer: Issuer) -> None:
    token = issuer.token(scope="registry:read")
    for _ in range(2):  # the second time from memory
        answer = await client.get(PATH, headers={"Authorization": f"Bearer {token}"})
        assert answer.json()["type"].endswith("/not-found")


async def test_the_first_of_several_tokens_counts(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    """As for whoever stands before us and looks at it."""
    good = ("Authorization", f"Bearer {issuer.token(scope='registry:read')}")
    bad = ("Authorization", "Bearer abc")
    for sent, status in (([good, bad], 404), ([bad, good], 401)):
        answer = await client.get(PATH, headers=sent)
        assert answer.status_code == status
