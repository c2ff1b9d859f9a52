"""Wherever a caller writes a day, it is written out: a number, which would be read as seconds since
1970, is refused by every parameter and in every body."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from deploy.box.databases import SERVICES
from tests.shared.test_solving import dependants_of, routes_of, service_app

NUMBERS: list[object] = [0, "0", 86400, "86400", "-86400"]


def places_of(service: str, folder: Path) -> Iterator[tuple[str, FieldInfo]]:
    """Every parameter of every operation, and every field of every body."""
    for route in routes_of(service_app(service, folder)):
        for each in dependants_of(route.dependant):
            for field in [*each.query_params, *each.path_params, *each.body_params]:
                place = f"{route.name} {field.name}"
                yield place, field.field_info
                for model in models_in(field.field_info.annotation):
                    for name, info in model.model_fields.items():
                        yield f"{place} {model.__name__}.{name}", info


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """Every model that an annotation speaks of, and those inside it."""
    found, ahead = set(), [annotation]
    while ahead:
        each = ahead.pop()
        if isinstance(each, type) and issubclass(each, BaseModel) and each not in found:
            found.add(each)
            yield each
            ahead += [field.annotation for field in each.model_fields.values()]
        ahead += getattr(each, "__args__", ())


def takes_days(annotation: Any) -> bool:
    return annotation is date or any(map(takes_days, getattr(annotation, "__args__", ())))


def taken(field: FieldInfo, value: object) -> Any:
    """What the field alone makes of a value. Raises ValidationError."""
    declared: Any = field.annotation
    for rule in field.metadata:
        declared = Annotated[declared, rule]
    return TypeAdapter(declared).validate_python(value)


def takes_a_number(field: FieldInfo) -> bool:
    for number in NUMBERS:
        with suppress(ValidationError):
            if isinstance(taken(field, number), date):
                return True
    return False


@pytest.mark.parametrize("service", SERVICES)
def test_a_day_is_no_number(service: str, tmp_path: Path) -> None:
    wrong, seen = [], 0
    for place, field in places_of(service, tmp_path):
        if takes_days(field.annotation):
            seen += 1
            if takes_a_number(field):
                wrong.append(place)
    assert seen
    assert not wrong, "\n".join(wrong)
