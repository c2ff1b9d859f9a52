"""Batches from the field and their results."""

from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from services.registry.field.models import ItemKind, Outcome
from services.registry.vital.schemas import CaptureTime
from shared.commands import Command

MOST_ITEMS = 200


class FieldItemInput(Command):
    """One thing taken down (一条采集). `item_id` is the device's own and makes sending it twice
    harmless. A correction names the person and the version the device had of her record."""

    item_id: UUID
    kind: ItemKind
    captured_at: CaptureTime
    body: dict[str, Any]
    person_id: UUID | None = None
    version: Annotated[int | None, Field(ge=1, lt=2**31)] = None

    @model_validator(mode="after")
    def _aimed(self) -> Self:
        aimed = self.person_id is not None and self.version is not None
        if aimed != (self.kind == ItemKind.CORRECT_PERSON):
            raise ValueError(
                "更正须注明人员编号和版本,其他采集不得注明"
                " / a correction, and nothing else, names person_id and version"
            )
        return self


class FieldBatch(Command):
    """What a device kept while it was offline, in the order it was taken down."""

    items: Annotated[list[FieldItemInput], Field(min_length=1, max_length=MOST_ITEMS)]


class Words(BaseModel):
    zh: str
    en: str


class FieldFault(BaseModel):
    """A field of an item that is not as it should be; what was typed is not repeated."""

    field: str
    code: str
    reason: Words


class ItemProblem(BaseModel):
    """Why an item was not taken: the type and words of the problem its own route would answer."""

    type: str
    status: int
    title: Words
    detail: Words | None = None
    errors: list[FieldFault] = []


class ItemResult(BaseModel):
    """What became of one item. Applied: the record's `id` and `version`, and with `merged` true
    when others had changed other fields of it since. Conflict: `fields` were changed by both;
    read the record, ask the person, and send what is right as a new item against `version`."""

    item_id: UUID
    outcome: Outcome
    id: UUID | None = None
    version: int | None = None
    merged: bool = False
    fields: list[str] = []
    problem: ItemProblem | None = None
    repeated: bool = False


class BatchResult(BaseModel):
    """The results in the order of the items, and how many there are of each outcome."""

    items: list[ItemResult]
    applied: int
    conflicts: int
    refused: int
