"""How an event is declared: frozen pydantic, past tense, its docstring the published description.

    class BirthRegistered(Event, key="birth_id"):
        '''A birth was entered in the civil register (出生登记).'''
        birth_id: UUID

declared in shared/events/registry.py becomes type `yipan.registry.birth-registered.v1` on topic
`yipan.registry`, keyed by `birth_id`; registry_vital.py declares more of the registry's. A field of
type `Personal` is sealed before the event leaves the service and opened when another consumes it.
"""

import base64
import re
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict

from shared.crypto import Vault


@dataclass(frozen=True)
class PersonalField:
    """Marks a field as personal data: sealed in transit, absent from logs."""


Personal = Annotated[str, PersonalField()]

CATALOGUE: dict[str, type["Event"]] = {}


def _kebab(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()


class Event(BaseModel):
    """A fact another service may want to know. Unknown fields are refused when producing and
    ignored when consuming."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    event_type: ClassVar[str]
    topic: ClassVar[str]
    key_field: ClassVar[str]

    def __init_subclass__(cls, **declared: Any) -> None:
        """Takes the class arguments that pydantic hands on to the method below."""
        super().__init_subclass__()

    @classmethod
    def __pydantic_init_subclass__(cls, **declared: Any) -> None:
        key, version = declared["key"], declared.get("version", 1)
        service = cls.__module__.rpartition(".")[2].partition("_")[0]
        cls.topic = f"yipan.{service}"
        cls.event_type = f"yipan.{service}.{_kebab(cls.__name__)}.v{version}"
        cls.key_field = key
        if key not in cls.model_fields:
            raise TypeError(f"{cls.__name__} has no field {key!r} to be keyed by")
        CATALOGUE[cls.event_type] = cls

    @property
    def key(self) -> str:
        """What orders it: events with the same key arrive in the order they were emitted."""
        return str(getattr(self, self.key_field))

    @classmethod
    @cache
    def personal_fields(cls) -> frozenset[str]:
        return frozenset(
            name
            for name, field in cls.model_fields.items()
            if any(isinstance(each, PersonalField) for each in _metadata(field.annotation, field))
        )

    def sealed(self, vault: Vault) -> dict[str, Any]:
        """The JSON data of the event, its personal fields sealed."""
        data = self.model_dump(mode="json")
        for name in self.personal_fields():
            if data[name] is not None:
                sealed = vault.seal(data[name], f"{self.event_type}.{name}")
                data[name] = base64.b64encode(sealed).decode()
        return data

    @classmethod
    def opened(cls, data: dict[str, Any], vault: Vault) -> Self:
        """The event behind its JSON data. Raises ValidationError or SealBroken."""
        opened = dict(data)
        for name in cls.personal_fields():
            if opened.get(name) is not None:
                sealed = base64.b64decode(opened[name])
                opened[name] = vault.open(sealed, f"{cls.event_type}.{name}")
        return cls.model_validate(opened, extra="ignore")


def _metadata(annotation: Any, field: Any) -> list[Any]:
    """Markers of `Personal` and of `Personal | None` alike."""
    found = list(field.metadata)
    for part in getattr(annotation, "__args__", ()):
        found += getattr(part, "__metadata__", ())
    return found
