"""`make contracts`: writes what others build against to tests/contracts/ — the OpenAPI document
of each service and one AsyncAPI 3 document of all events. A test fails on any difference, and on
an incompatible change of an event without a new version."""

import json
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

from pydantic.json_schema import models_json_schema

import shared.events
from shared.events.base import CATALOGUE, Event

SERVICES = ("registry", "migrant", "exchange", "assessment", "notify")
FOLDER = Path(__file__).parent.parent / "tests" / "contracts"

_ENVELOPE = {
    "type": "object",
    "description": "CloudEvents 1.0, structured JSON",
    "required": ["specversion", "id", "source", "type", "time", "subject", "data"],
    "properties": {
        "specversion": {"const": "1.0"},
        "id": {"type": "string", "format": "uuid"},
        "source": {"type": "string", "format": "uri-reference"},
        "time": {"type": "string", "format": "date-time"},
        "subject": {"type": "string", "description": "the key that orders events"},
        "datacontenttype": {"const": "application/json"},
        "actor": {"type": "string"},
        "correlationid": {"type": "string"},
        "causationid": {"type": "string"},
        "traceparent": {"type": "string"},
    },
}


def events() -> list[type[Event]]:
    """Every declared event, by type."""
    for module in iter_modules(shared.events.__path__):
        import_module(f"shared.events.{module.name}")
    return [CATALOGUE[name] for name in sorted(CATALOGUE) if _is_ours(CATALOGUE[name])]


def _is_ours(event: type[Event]) -> bool:
    return event.__module__.startswith("shared.events.")


def asyncapi() -> dict[str, Any]:
    """The events as an AsyncAPI 3.0.0 document: a channel a topic, a message an event type."""
    declared = events()
    _, schemas = models_json_schema(
        [(event, "validation") for event in declared],
        ref_template="#/components/schemas/{model}",
    )
    definitions = schemas["$defs"]
    for event in declared:
        for name in event.personal_fields():
            definitions[event.__name__]["properties"][name] |= {
                "x-personal": True,
                "description": "sealed (AES-256-GCM), base64",
            }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Yipan events (一盘事件)",
            "version": "1",
            "description": "What the five services say. Personal fields are sealed.",
        },
        "defaultContentType": "application/cloudevents+json",
        "channels": _channels(declared),
        "operations": _operations(declared),
        "components": {
            "schemas": {"CloudEvent": _ENVELOPE} | definitions,
            "messages": {event.event_type: _message(event) for event in declared},
        },
    }


def _channels(declared: list[type[Event]]) -> dict[str, Any]:
    channels: dict[str, Any] = {}
    for event in declared:
        channel = channels.setdefault(event.topic, {"address": event.topic, "messages": {}})
        reference = {"$ref": f"#/components/messages/{event.event_type}"}
        channel["messages"][event.event_type] = reference
    return channels


def _operations(declared: list[type[Event]]) -> dict[str, Any]:
    topics = sorted({event.topic for event in declared})
    return {
        f"send-{topic}": {"action": "send", "channel": {"$ref": f"#/channels/{topic}"}}
        for topic in topics
    }


def _message(event: type[Event]) -> dict[str, Any]:
    data = {"$ref": f"#/components/schemas/{event.__name__}"}
    return {
        "name": event.event_type,
        "title": event.__name__,
        "description": (event.__doc__ or "").strip(),
        "x-key": event.key_field,
        "payload": {
            "allOf": [
                {"$ref": "#/components/schemas/CloudEvent"},
                {"properties": {"type": {"const": event.event_type}, "data": data}},
            ]
        },
    }


def openapi(service: str) -> dict[str, Any]:
    """The OpenAPI document of a service, made without starting it."""
    settings = import_module(f"services.{service}.settings").Settings(**_placeholders())
    document: dict[str, Any] = import_module(f"services.{service}.app").create(settings).openapi()
    return document


def _placeholders() -> dict[str, Any]:
    """Settings that let an app be put together; nothing is opened with them."""
    key = "A" * 43 + "="
    return {
        "database_url": "postgresql:///none",
        "node_id": "county-000000",
        "region": "000000",
        "oidc_issuer": "https://issuer.invalid",
        "oidc_jwks": "/none",
        "field_key": key,
        "index_key": key,
        "event_key": key,
    }


def documents() -> dict[str, dict[str, Any]]:
    """File name → document."""
    found = {f"{service}.openapi.json": openapi(service) for service in SERVICES}
    return found | {"events.asyncapi.json": asyncapi()}


def render(document: dict[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def main() -> None:
    for name, document in documents().items():
        (FOLDER / name).write_text(render(document))


if __name__ == "__main__":
    main()
