"""Design §1.2: no API, event or score says "refuse", and nothing depends on a certificate."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from shared.contracts import SERVICES, asyncapi, openapi

REFUSING = re.compile(
    r"refuse|deny|denied|reject(?!ed$|s$)|forbid|ineligib|not_?allowed|block", re.I
)
CERTIFICATE = re.compile(r"certificate|credential|presentation|permit", re.I)


def enums(schema: object) -> Iterator[str]:
    if isinstance(schema, dict):
        yield from map(str, schema.get("enum", []))
        for inner in schema.values():
            yield from enums(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from enums(inner)


def body_fields(document: dict[str, Any], path: str) -> set[str]:
    """Names of the fields a POST takes, nested ones too."""
    operation = document["paths"][path]["post"]
    found: set[str] = set()
    waiting = [operation.get("requestBody", {})]
    seen: set[str] = set()
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            reference = part.get("$ref")
            if reference and reference not in seen:
                seen.add(reference)
                waiting.append(document["components"]["schemas"][reference.rsplit("/", 1)[1]])
            found |= set(part.get("properties", {}))
            waiting.extend(part.values())
        elif isinstance(part, list):
            waiting.extend(part)
    return found


def test_no_outcome_of_a_check_is_a_refusal() -> None:
    schemas = openapi("migrant")["components"]["schemas"]
    outcomes = [name for name in schemas if "Outcome" in name]
    assert outcomes
    for name in outcomes:
        values = list(enums(schemas[name]))
        assert values
        assert not [value for value in values if REFUSING.search(value)]


def test_no_event_says_refuse() -> None:
    said = [*enums(asyncapi()), *asyncapi()["components"]["messages"]]
    assert not [each for each in said if REFUSING.search(each)]


NEEDS_NO_CERTIFICATE = {
    "registry": ["/registry/v1/persons", "/registry/v1/birth-reports", "/registry/v1/households"],
    "migrant": [
        "/migrant/v1/arrivals",
        "/migrant/v1/arrival-groups",
        "/migrant/v1/moves",
        "/migrant/v1/departures",
        "/migrant/v1/employments",
        "/migrant/v1/service-records",
        "/migrant/v1/referrals",
        "/migrant/v1/appointments",
        "/migrant/v1/help-requests",
        "/migrant/v1/consents",
    ],
}


@pytest.mark.parametrize(("service", "paths"), NEEDS_NO_CERTIFICATE.items())
def test_no_registration_or_service_asks_for_a_certificate(service: str, paths: list[str]) -> None:
    document = openapi(service)
    for path in paths:
        fields = body_fields(document, path)
        assert len(fields) > 2, path
        assert not [field for field in fields if CERTIFICATE.search(field)], path


def test_the_walk_finds_nested_fields() -> None:
    assert "region" in body_fields(openapi("registry"), "/registry/v1/persons")


# She asks, her own register answers, she collects, and is told before it expires: nobody else
# learns of it.
THE_HOLDERS_OWN = {
    "yipan.migrant.certificate-expiring.v1",
    "yipan.migrant.certificate-requested.v1",
    "yipan.registry.certificate-facts-found.v1",
    "yipan.registry.certificate-facts-missing.v1",
}


@pytest.mark.parametrize("service", SERVICES)
def test_no_service_reads_anothers_checks(service: str) -> None:
    """Only the exchange (to tell the issuer) and the assessment (to describe, never score) may
    listen to certificate events; no registration or service decision can hang on one."""
    from importlib import import_module

    consumer = import_module(f"services.{service}.consumer").consumer
    listens = [
        name
        for name in consumer.handlers
        if ".certificate-" in name and name not in THE_HOLDERS_OWN
    ]
    assert not listens or service in ("exchange", "assessment")
