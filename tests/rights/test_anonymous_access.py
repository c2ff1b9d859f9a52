"""Every operation of every service, called without a token: 401, but for a list that may only
shrink."""

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest

from shared.contracts import SERVICES, openapi
from shared.testing import client_of
from tests.conftest import ServiceFactory

PUBLIC = {
    *(
        f"GET /{service}/{path}"
        for service in SERVICES
        for path in ("healthz", "readyz", "metrics")
    ),
    # other nodes: authenticated by the signature of the message itself
    "POST /exchange/dci/registry/notify",
    "POST /exchange/dci/registry/notify/batch",
    "POST /exchange/v1/evidence/cosignatures",
    # partners: by their secret, which gets them the token that every other DCI door asks for
    "POST /exchange/dci/oauth2/client/token",
    "POST /exchange/v1/renewals",
    # keys and lists that a checker needs, and proofs about hashes
    "GET /exchange/.well-known/jwks.json",
    "GET /exchange/.well-known/participant.json",
    "GET /exchange/.well-known/participants",
    "GET /exchange/v1/evidence/head",
    "GET /exchange/v1/evidence/consistency",
    "GET /migrant/v1/issuer-keys",
    "GET /migrant/v1/status-lists/{list_id}",
    # what anybody may get here, answered from what she tells and nothing else
    "GET /migrant/v1/entitlements",
    # the form of the welcome desk on a phone: registers nobody, and shows what was filled in to
    # whoever holds the key of that very form
    "GET /migrant/v1/self-registration",
    "POST /migrant/v1/self-registration",
    # what offices promise, their days, and how to complain (政务公开): a page of text
    "GET /migrant/v1/openness",
    # providers: authenticated by an HMAC over the body
    "POST /notify/v1/receipts/{provider}",
    "POST /notify/v1/inbound/{provider}",
    # providers that cannot sign: authenticated by the token in the address they were given
    "POST /notify/v1/callbacks/{provider}/receipts",
    "GET /notify/v1/callbacks/{provider}/receipts",
    "POST /notify/v1/callbacks/{provider}/inbound",
    "GET /notify/v1/callbacks/{provider}/inbound",
}
METHODS = ("get", "put", "post", "patch", "delete")


def operations(service: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in openapi(service)["paths"].items():
        for method in METHODS:
            if method in methods:
                yield method.upper(), path, methods[method]


def filled(path: str) -> str:
    """The path with a plausible value in each place."""
    parts = path.split("/")
    return "/".join(
        "00000000-0000-7000-8000-000000000000" if p.startswith("{") else p for p in parts
    )


@pytest.mark.parametrize("service", SERVICES)
async def test_nothing_answers_without_a_token(start_service: ServiceFactory, service: str) -> None:
    open_ones = []
    async with start_service(service) as app, client_of(app) as client:
        for method, path, _ in operations(service):
            answer = await client.request(method, filled(path))
            if answer.status_code != 401:
                open_ones.append(f"{method} {path}")
    assert set(open_ones) <= PUBLIC


def test_the_public_list_names_only_what_exists() -> None:
    real = {f"{m} {p}" for service in SERVICES for m, p, _ in operations(service)}
    assert real >= PUBLIC


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_has_operations_to_check(service: str) -> None:
    assert import_module(f"services.{service}.app")
    assert len(list(operations(service))) > 8
