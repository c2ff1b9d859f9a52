"""What partners may ask (profiles.json): per profile which attributes exist and where they come
from, which events can be followed, and which purpose discloses what. Pure, but for the file.

The list is closed: an attribute, event or purpose that is not in it is not asked, not filtered by
and not answered. A purpose needs her consent, or names the law that is its basis (`source`).
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator

from shared.usage import Purpose

Source = Literal["person", "vital", "marital", "stay", "benefits"]
Event = Literal["birth", "death", "marriage", "divorce", "arrival"]
_Text = Annotated[str, Field(min_length=1)]


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Attribute(_Data):
    """Where an attribute comes from. With `words` only the values listed there are told, in the
    standard's words."""

    source: Source
    field: _Text
    words: Mapping[str, str] | None = None


class Followed(_Data):
    """An event as we know it, and as the standard writes it."""

    event: Event
    wire: _Text


class AskedFor(_Data):
    """A purpose: ours that it stands for, the consent it needs (null: the law in `source` is
    enough), what it discloses and which events may be followed for it."""

    zh: _Text
    en: _Text
    purpose: Purpose
    consent: str | None
    attributes: tuple[str, ...]
    events: tuple[Event, ...]
    source: Annotated[str, Field(min_length=5)]


class Profile(_Data):
    """One registry as the standard sees it. Names on the wire are compared by their last part."""

    zh: _Text
    en: _Text
    registry_types: tuple[str, ...]
    registry_type: _Text
    identifiers: tuple[str, ...]
    record_types: tuple[str, ...]
    record_type: _Text
    context: _Text
    type: _Text
    attributes: Mapping[str, Attribute]
    events: Mapping[str, Followed]
    purposes: Mapping[str, AskedFor]

    @model_validator(mode="after")
    def _closed(self) -> Self:
        followed = {each.event for each in self.events.values()}
        for code, asked in self.purposes.items():
            if unknown := set(asked.attributes) - set(self.attributes):
                raise ValueError(f"{code} discloses what the profile does not have: {unknown}")
            if not set(asked.events) <= followed:
                raise ValueError(f"{code} follows events that the profile does not have")
        return self


def read_profiles(text: str) -> dict[str, Profile]:
    """Profiles by name. Raises ValueError where the file is malformed."""
    return TypeAdapter(dict[str, Profile]).validate_json(text)


PROFILES: Final = read_profiles(Path(__file__).with_name("profiles.json").read_text("utf-8"))
PURPOSES: Final = sorted({code for each in PROFILES.values() for code in each.purposes})


def last_part(name: str) -> str:
    """`Civil` of `ns:org:RegistryType:Civil`."""
    return name.rpartition(":")[2]
