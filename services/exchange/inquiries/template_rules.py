"""What a placeholder of a template may stand for, and where. Pure."""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from services.exchange.inquiries.catalogue import (
    FieldSpec,
    FieldType,
    Kind,
    Value,
    check_answer,
    check_question,
)
from services.exchange.inquiries.errors import PlaceholderRefused


class Part(StrEnum):
    QUESTION = "question"
    ANSWER = "answer"


_PLACE: Final = re.compile(r"\{([^{}]*)\}")
# Of which type each is. None of them names a person.
PLACEHOLDERS: Final[Mapping[str, FieldType]] = {
    "today": FieldType.DATE,
    "opened_on": FieldType.DATE,
    "due_on": FieldType.DATE,
    "our_region": FieldType.REGION,
    "their_region": FieldType.REGION,
    "reference": FieldType.TEXT,
}
_ASKED = "question."  # of an answer: what was asked, e.g. {question.on}


def check_template(kind: Kind, part: Part, fields: Mapping[str, Value]) -> dict[str, Value]:
    """The fields in their canonical form. Raises FieldsRefused for what the kind does not have or
    cannot hold, PlaceholderRefused for one that is unknown or of another type."""
    specs = {spec.name: spec for spec in (kind.question if part is Part.QUESTION else kind.answer)}
    types = _types(kind, part)
    wrong = [
        {"field": name, "code": code}
        for name, value in fields.items()
        if name in specs and (code := _fault_of(specs[name], value, types))
    ]
    if wrong:
        raise PlaceholderRefused(errors=wrong)
    plain = {name: value for name, value in fields.items() if not _places_in(value)}
    unknown = {name: value for name, value in fields.items() if name not in specs}
    return {**fields, **_checked(kind, part, plain | unknown)}


def fill(
    kind: Kind, part: Part, fields: Mapping[str, Value], known: Mapping[str, Value]
) -> tuple[dict[str, Value], list[str]]:
    """The values with what is known in the places, and the fields for which something is missing.
    Raises FieldsRefused for what became too long."""
    values: dict[str, Value] = {}
    missing: list[str] = []
    for name, value in fields.items():
        places = _places_in(value)
        if any(place not in known for place in places):
            missing.append(name)
        elif places and value == f"{{{places[0]}}}":
            values[name] = known[places[0]]
        elif isinstance(value, str):
            values[name] = _PLACE.sub(lambda place: str(known[place[1]]), value)
        else:
            values[name] = value
    return _checked(kind, part, values), missing


def _types(kind: Kind, part: Part) -> dict[str, FieldType]:
    if part is Part.QUESTION:
        return {
            name: type for name, type in PLACEHOLDERS.items() if name not in ("opened_on", "due_on")
        }
    asked = {_ASKED + spec.name: spec.type for spec in kind.question}
    return {**PLACEHOLDERS, **asked}


def _places_in(value: Value) -> list[str]:
    return _PLACE.findall(value) if isinstance(value, str) else []


def _fault_of(spec: FieldSpec, value: Value, types: Mapping[str, FieldType]) -> str | None:
    places = _places_in(value)
    if any(place not in types for place in places):
        return "unknown-placeholder"
    if spec.type is FieldType.TEXT or not places:
        return None
    alone = value == f"{{{places[0]}}}"
    return None if alone and types[places[0]] is spec.type else "placeholder-type"


def _checked(kind: Kind, part: Part, values: Mapping[str, Value]) -> dict[str, Value]:
    if part is Part.QUESTION:
        return check_question(kind, values, complete=False)
    return check_answer(kind, values, complete=False)


def known_of_question(values: Mapping[str, Value]) -> dict[str, Value]:
    """What was asked, by the placeholders of an answer."""
    return {_ASKED + name: value for name, value in values.items()}
