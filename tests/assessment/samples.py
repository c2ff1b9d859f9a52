"""Samples for the assessment's tests: declarations, facts, events; all made up."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from services.assessment.facts.handlers import record_facts
from services.assessment.facts.kinds import Kind
from services.assessment.facts.schemas import RecordFact
from services.assessment.schemes.handlers import declare_scheme, publish_scheme
from services.assessment.schemes.schemas import DeclareScheme, PublishScheme, SchemeView
from shared.bus import Received
from shared.db import Tx
from shared.events.base import Event
from shared.ids import new_id
from shared.testing import event_message, make_actor

HOME = "420325"
PEER = "420381"
ALL_SCOPES = "assessment:read assessment:write assessment:oversight"
TOWNSHIP = "420325100"
OTHER = "420325101"
NOON = datetime(2026, 10, 12, 4, tzinfo=UTC)

judge = make_actor(scopes=frozenset({"assessment:read", "assessment:write"}))


def make_fact(kind: Kind, outcome: str, count: int, **overrides: Any) -> RecordFact:
    fact = RecordFact(kind, outcome, HOME, date(2026, 10, 12), str(new_id()), count=count)
    return replace(fact, **overrides)


WHAT_IF_SPAN = {"first_period": "2026-09", "last_period": "2026-10"}


def make_target(**overrides: Any) -> dict[str, Any]:
    """The body of POST /annual-targets."""
    return {
        "code": "services",
        "name": {"zh": "服务人次", "en": "Services delivered"},
        "year": 2026,
        "counted": {"kinds": ["service_delivered"]},
        "total": 12_001,
        "offices": [{"area": TOWNSHIP, "served": 30_000}, {"area": OTHER, "served": 10_000}],
    } | overrides


async def in_force(tx: Tx, body: dict[str, Any]) -> SchemeView:
    """A scheme, drafted by the actor and published by a colleague."""
    drafted = await declare_scheme(DeclareScheme.model_validate(body), tx)
    actor, tx.actor = tx.actor, make_actor(sub="head-of-assessment")
    published = await publish_scheme(PublishScheme(version=drafted.version), drafted.code, tx)
    tx.actor = actor
    return published


async def record(tx: Tx, *facts: RecordFact) -> None:
    await record_facts(facts, str(new_id()), NOON, tx)


def make_share(**overrides: Any) -> dict[str, Any]:
    """The body of POST /indicators."""
    return {
        "code": "answered-in-time",
        "name": {"zh": "按时答复率", "en": "Answered in time"},
        "form": "share",
        "numerator": {"kinds": ["inquiry_answer"], "outcomes": ["in_time"]},
        "denominator": {"kinds": ["inquiry_answer"]},
    } | overrides


def make_item(indicator: str, weight: int | float | str = 100, **overrides: Any) -> dict[str, Any]:
    return {
        "indicator": indicator,
        "weight": weight,
        "target": "95",
        "floor": "50",
    } | overrides


def make_scheme(*items: dict[str, Any], **overrides: Any) -> dict[str, Any]:
    """The body of POST /schemes."""
    return {
        "code": "county-2026",
        "name": {"zh": "县级考核方案", "en": "County scheme"},
        "valid_from": "2026-01-01",
        "items": list(items)
        or [
            make_item("inquiry-answered-in-time", 60),
            make_item("help-settled-in-time", "40.0"),
        ],
    } | overrides


def message_at(event: Event, at: datetime, event_id: UUID | None = None) -> Received:
    """The event as the bus brings it, with the moment it happened."""
    received = event_message(event, event_id=event_id)
    members = json.loads(received.value) | {"time": at.isoformat()}
    return replace(received, value=json.dumps(members).encode())
