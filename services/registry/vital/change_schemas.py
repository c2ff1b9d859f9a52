"""Commands and views of what happens to an event after it was registered."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from services.registry.persons.schemas import PastDate
from services.registry.vital.models import AnnulmentGround
from services.registry.vital.rules import Doubt
from services.registry.vital.schemas import Reason, Spouse
from shared.codes import ResidentId, Sex
from shared.commands import Command, CountyCode
from shared.text import PersonName

Change = Literal["corrected", "annulled", "reinstated"]


class Correction(Command):
    """What is left out stays; the reason is kept sealed beside what was registered before."""

    reason: Reason
    region: CountyCode | None = None


Confirmed = Annotated[list[Doubt], Field(default_factory=list, max_length=len(Doubt))]


class CorrectBirth(Correction):
    """Correct a registered birth (更正), or name a child that had no name (变更). The child's own
    record follows. `without_father` takes a wrongly recorded father out."""

    born_on: PastDate | None = None
    sex: Sex | None = None
    multiple_index: Annotated[int | None, Field(ge=1, le=9)] = None
    child_name: PersonName | None = None
    child_id_number: ResidentId | None = None
    mother_id: UUID | None = None
    father_id: UUID | None = None
    without_father: bool = False
    late_reason: Reason | None = None
    confirmed: Confirmed


class CorrectDeath(Correction):
    """Correct a registered death (更正): its day and place. A wrong person is an annulment."""

    died_on: PastDate | None = None
    late_reason: Reason | None = None


class CorrectMarriage(Correction):
    """Correct a registered marriage or divorce (更正): its day, place and spouses."""

    happened_on: PastDate | None = None
    abroad: bool | None = None
    spouses: Annotated[list[Spouse] | None, Field(min_length=2, max_length=2)] = None
    confirmed: Confirmed


class Annul(Command):
    """Take a registration back, with the reason (撤销)."""

    reason: Reason


class AnnulBirth(Annul):
    """Take a registered birth back. A child that was registered twice is `same_as` another one:
    its records become one. Otherwise there was no such birth, and the child's record is closed."""

    same_as: UUID | None = None


class AnnulMarriage(Annul):
    """Take a registered marriage or divorce back: entered in error, or void or revoked by the
    court (无效、撤销). As if it had never been (Civil Code art. 1054)."""

    ground: AnnulmentGround = AnnulmentGround.ERROR


class Reinstate(Command):
    """An annulment was itself an error: what was registered stands again, with the reason."""

    reason: Reason


class VitalVersionView(BaseModel):
    """What changed with a version of a registered event, when, by whom and why."""

    version: int
    change: Change
    fields: list[str]
    reason: str
    recorded_at: datetime
    recorded_by: str
