"""What others build against: valid, unchanged, and compatible with what was published before."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from shared.contracts import FOLDER, SERVICES, asyncapi, events, openapi, render


@pytest.mark.parametrize("service", SERVICES)
def test_openapi_is_valid_and_as_published(service: str) -> None:
    document = openapi(service)
    validate(document)
    assert (FOLDER / f"{service}.openapi.json").read_text() == render(document)


def test_asyncapi_is_as_published() -> None:
    assert (FOLDER / "events.asyncapi.json").read_text() == render(asyncapi())


def incompatibilities(before: dict[str, Any], now: dict[str, Any]) -> Iterator[str]:
    """What an old consumer would stumble over: a type gone, a field gone, its shape changed, or
    one that is no longer always there."""
    for name, schema in before.items():
        if name not in now:
            yield f"{name} is gone"
            continue
        for field, shape in schema.get("properties", {}).items():
            if now[name].get("properties", {}).get(field) != shape:
                yield f"{name}.{field} changed or is gone"
        for field in set(schema.get("required", [])) - set(now[name].get("required", [])):
            yield f"{name}.{field} may be missing now"


def test_events_stay_compatible_within_their_version() -> None:
    published = json.loads((FOLDER / "events.asyncapi.json").read_text())["components"]["schemas"]
    assert list(incompatibilities(published, asyncapi()["components"]["schemas"])) == []


def test_the_compatibility_check_sees_each_kind_of_break() -> None:
    before = {"A": {"properties": {"x": {"type": "string"}}, "required": ["x"]}}
    assert list(incompatibilities(before, {}))
    assert list(incompatibilities(before, {"A": {"properties": {}, "required": []}}))
    assert list(incompatibilities(before, {"A": {"properties": {"x": {"type": "integer"}}}}))
    wider = {"x": {"type": "string"}, "y": {}}
    extended = {"A": {"properties": wider, "required": ["x", "y"]}}
    assert list(incompatibilities(before, extended)) == []


def test_every_event_says_what_it_is() -> None:
    for event in events():
        assert event.__doc__, event
        assert event.event_type.startswith(event.topic + ".")
        assert event.event_type.rsplit(".", 1)[1].startswith("v")
        Draft202012Validator.check_schema(event.model_json_schema())
