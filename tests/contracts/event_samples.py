"""One plausible instance of any declared event, made from its fields' names and types."""

from datetime import UTC, date, datetime
from typing import Any, get_args
from uuid import UUID

from pydantic import BaseModel

from shared.codes import resident_id_check_digit
from shared.events.base import Event
from shared.ids import new_id

# By the field's name. The claim is one and the same: steps come after it.
GIVEN: dict[str, Any] = {
    "claim_id": UUID("01a20000-0000-7000-8000-000000000001"),
    "month": "2026-10",
    "content": "5LiA55uY",  # base64: a piece of a file
    "step": "objected",
    "region": "420325100001",
    "hukou_region": "420325100001",
    "residence_region": "420325100001",
    "from_region": "420325200002",
    "to_region": "420325100001",
    "was_region": "420325200002",
    "payer_region": "420325",
    "asked_region": "420325100",
    "origin_region": "420381",
    "mother_home_region": None,
    "mother_id_number": None,
    "area": "420325",
    "residence_kind": "usual",
    "resident_kind": "migrant",
    "kind": "arrival",
    "name": "王芳",
    "phone": "13900000001",
    "stay_purpose": "work",
    "purpose": "vital-events",
    "language": "zh",
    "outcome": "genuine",
    "direction": "out",
    "department": "human-resources",
    "employer_code": "91350100M000100Y43",
    "period": "2026-11",
    "score": "97.50",
    "from_node": "county-420381",
    "to_node": "county-420381",
    "peer": "county-420381",
    "issuer": "county-420381",
    "office": "welcome-desk",
    "standing": "accepted",
}
_count = 0


def sample(event: type[Event], **overrides: Any) -> Event:
    """A valid instance; `overrides` replace fields."""
    values = {name: _value(name, field.annotation) for name, field in event.model_fields.items()}
    return event(**(values | overrides))


def _value(name: str, annotation: Any) -> Any:
    kinds = get_args(annotation) or (annotation,)
    first = kinds[0]
    if name == "id_number":
        return _id_number()
    if first is datetime:
        return datetime(2026, 11, 2, 3, 0, tzinfo=UTC)
    if first is date:
        return date(2026, 11, 2)
    if name in GIVEN:
        return GIVEN[name]
    if first is UUID:
        return [new_id(), new_id()] if getattr(annotation, "__origin__", None) is list else new_id()
    if first is bool:
        return True
    if first is int:
        return 3
    if getattr(annotation, "__origin__", None) is list:
        if isinstance(first, type) and issubclass(first, BaseModel):
            fields = first.model_fields.items()
            return [{field: _value(field, told.annotation) for field, told in fields}]
        return ["name"]
    return "sample"


def _id_number() -> str:
    """A new one each time: an event about somebody nobody knows yet."""
    global _count
    _count += 1
    first17 = f"42038119900101{_count % 500 * 2:03d}"
    return first17 + resident_id_check_digit(first17)
