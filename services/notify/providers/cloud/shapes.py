"""How a cloud is called, what it answers and what it calls back with, as data (shapes.json).

A field, header or address may hold places in braces; services/notify/providers/cloud/filling.py
lists them. A pointer is a JSON pointer (RFC 6901) into an answer or a call.
"""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, TypeAdapter

from services.notify.providers.cloud.signing import Signature
from services.notify.providers.schemas import Outcome

Pointer = Annotated[str, Field(pattern=r"^(/[^/]*)*$")]
Filled = Mapping[str, JsonValue]


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Answer(_Data):
    """How an answer to a call is read. `codes`: where its code may stand, the first that is there
    counts. A code that is in no list means `otherwise`; without any code nobody knows."""

    codes: tuple[Pointer, ...]
    accepted: frozenset[str]
    permanent: frozenset[str] = frozenset()
    unknown: frozenset[str] = frozenset()
    otherwise: Literal[Outcome.TEMPORARY, Outcome.PERMANENT] = Outcome.TEMPORARY
    ids: tuple[Pointer, ...]


class Entries(_Data):
    """A call of theirs: JSON, a form or a query, of one or many entries. `reply` is what they want
    to hear. A text without an id is known by its number, words and time."""

    items: Pointer | None = Field(default=None, description="where the list is; none: one entry")
    phone: Pointer | None = None
    text: Pointer | None = None
    id: Pointer | None = None
    reference: Pointer | None = None
    state: Pointer | None = None
    delivered: frozenset[str] = frozenset()
    pending: frozenset[str] = frozenset()
    code: Pointer | None = None
    reply: JsonValue = "ok"


class Shape(_Data):
    """One cloud. `texts`: whether it takes whole texts; otherwise only templates it has approved,
    by code and parameters."""

    source: str = Field(description="where this is documented")
    url: str
    method: Literal["GET", "POST"] = "POST"
    body: Literal["query", "form", "json"] = "json"
    texts: bool = False
    headers: Mapping[str, str] = Field(default_factory=dict)
    fields: Filled
    signature: Signature
    answer: Answer
    receipts: Entries
    inbound: Entries | None = None


@cache
def shapes() -> Mapping[str, Shape]:
    """Those the service comes with. Raises ValidationError when the file is not in form."""
    text = files("services.notify.providers.cloud").joinpath("shapes.json").read_bytes()
    return TypeAdapter(dict[str, Shape]).validate_json(text)


@cache
def shape_of(name: str) -> Shape:
    """One by name, or from a file of the county's own where the name ends in .json. Raises
    KeyError, OSError and ValidationError."""
    if name.endswith(".json"):
        return Shape.model_validate_json(Path(name).read_bytes())
    return shapes()[name]


def at(value: JsonValue, pointer: str) -> JsonValue:
    """What a pointer points at; None where there is nothing."""
    for step in pointer.split("/")[1:]:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value


def word_at(value: JsonValue, pointer: str | None) -> str | None:
    """What a pointer points at as a word: `true`, `7`, `OK`; None for anything else."""
    found = at(value, pointer) if pointer is not None else None
    if isinstance(found, bool):
        return str(found).lower()
    return str(found) if isinstance(found, str | int | float) and found != "" else None
