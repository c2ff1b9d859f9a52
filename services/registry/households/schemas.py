"""Commands and views of households."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from services.registry.households.rules import fault_of_members
from shared.codes import FamilyRelation
from shared.commands import Command, CountyCode
from shared.text import FreeText


class MemberInput(Command):
    """A member and how she is related to the head (GB/T 4761)."""

    person_id: UUID
    relation: FamilyRelation


class FormHousehold(Command):
    """Form a household (立户) of registered persons. Whoever is in another household leaves it."""

    region: CountyCode
    number: Annotated[FreeText | None, Field(max_length=40)] = None
    head: UUID
    members: Annotated[list[MemberInput], Field(max_length=100, default_factory=list)]

    @model_validator(mode="after")
    def _one_head(self) -> Self:
        fault = fault_of_members(self.head, [(m.person_id, m.relation) for m in self.members])
        if fault is not None:
            raise ValueError(f"{fault.zh} / {fault.en}")
        return self


class MemberView(BaseModel):
    person_id: UUID
    name: str
    relation: FamilyRelation


class HouseholdView(BaseModel):
    """A household; the head comes first among its members."""

    id: UUID
    version: int
    region: str
    number: str | None
    head: UUID | None
    members: list[MemberView]
