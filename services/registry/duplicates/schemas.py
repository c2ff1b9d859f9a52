"""Commands and views of duplicates."""

from datetime import date, datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from services.registry.duplicates.models import Decision
from services.registry.duplicates.rules import Evidence
from shared.codes import RegionCode, Sex
from shared.commands import Command


class SearchDuplicates(Command):
    """Compare one batch of records (查重). Go on with `after` set to `next` of the answer before,
    until it is null."""

    region: RegionCode | None = None
    after: Annotated[str | None, Field(max_length=400)] = None
    blocks: Annotated[int, Field(ge=1, le=500, description="groups of records to compare")] = 200


class SearchView(BaseModel):
    """What a batch did: records are compared inside groups that share a birth date or a name.
    `skipped` groups were too large to compare pair by pair."""

    blocks: int
    skipped: int
    compared: int
    found: int
    next: str | None


class DecideDuplicate(Command):
    """One person or two (认定). Of one person, `keep` is the record that stays."""

    decision: Literal[Decision.SAME, Decision.DIFFERENT]
    keep: UUID | None = None

    @model_validator(mode="after")
    def _kept(self) -> Self:
        if (self.decision == Decision.SAME) != (self.keep is not None):
            raise ValueError(
                "认定为同一人时请注明保留的记录 / say which record to keep when it is one person"
            )
        return self


class SideView(BaseModel):
    """One of the two records; the id number is always masked."""

    person_id: UUID
    name: str
    sex: Sex
    birth_date: date
    id_number: str | None
    hukou_region: str
    residence_region: str | None
    household_id: UUID | None


class DuplicateView(BaseModel):
    id: UUID
    version: int
    status: Decision
    evidence: list[Evidence]
    first: SideView
    second: SideView
    found_at: datetime
    decided_at: datetime | None
