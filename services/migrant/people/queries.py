"""Reading people: who is meant by an id, by an id number, and what is held about her."""

from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from uuid import UUID

from sqlmodel import col, select

from services.migrant.arrivals.models import Arrival
from services.migrant.errors import PersonNotFound
from services.migrant.people.models import PersonHere
from services.migrant.people.rules import (
    OFFICES,
    PERMIT_TEXT,
    PermitRule,
    half_year,
    shown_id_number,
    shown_phone,
)
from services.migrant.people.schemas import (
    AbsenceView,
    PermitInformation,
    PersonHereView,
    StayView,
)
from shared.db import Tx
from shared.subjects import require_own
from shared.usage import Purpose


@dataclass(frozen=True, slots=True)
class Known:
    """A person found by her id number, with her latest stay in this county if there is one."""

    person_id: UUID
    name: str
    died_on: date | None
    arrival_id: UUID | None
    region: str | None
    arrived_on: date | None
    until: date | None
    in_county_since: date | None


async def current_id(person_id: UUID, tx: Tx) -> UUID:
    """The id that stands for this one now: itself, or what the registry merged it into."""
    kept = await tx.fetch_value("SELECT kept_id FROM merged_people WHERE merged_id = $1", person_id)
    return kept if isinstance(kept, UUID) else person_id


async def find_known(id_number: str, tx: Tx) -> Known | None:
    """The person with this id number, wherever in the county she lived; locked meanwhile."""
    row = await tx.fetch_row(
        "SELECT * FROM known_person($1)", tx.vault.index(id_number, "id_number")
    )
    return None if row is None else Known(**row)


async def died_on(person_id: UUID, tx: Tx) -> date | None:
    """The day on which she died, as the registry recorded it, wherever in the county; None when it
    did not. `person_id` is a current one."""
    day = await tx.fetch_value("SELECT recorded_death($1)", person_id)
    return day if isinstance(day, date) else None


async def region_of(person_id: UUID, tx: Tx) -> str | None:
    """Where the person lives, as far as the actor may know."""
    region = await tx.fetch_value("SELECT region FROM people WHERE person_id = $1", person_id)
    return None if region is None else str(region)


async def require_person(person_id: UUID, tx: Tx, *, lock: bool = False) -> PersonHere:
    """Raises PersonNotFound."""
    person = await tx.get(PersonHere, await current_id(person_id, tx), lock=lock)
    if person is None:
        raise PersonNotFound()
    return person


async def open_stay(person_id: UUID, tx: Tx, *, lock: bool = False) -> Arrival | None:
    query = select(Arrival).where(col(Arrival.person_id) == person_id, col(Arrival.until).is_(None))
    found = await tx.find(Arrival, query.with_for_update() if lock else query)
    return found[0] if found else None


def id_number_of(person: PersonHere, tx: Tx) -> str:
    return tx.vault.open(person.id_number_sealed, f"people.id_number:{person.person_id}")


@cache
def permit_rule() -> PermitRule:
    """Read once. Raises ValidationError when the file is not in form."""
    text = files("services.migrant.people").joinpath("half_year.json").read_bytes()
    return PermitRule.model_validate_json(text)


async def permit_information(
    person_id: UUID, origin_region: str, language: str, tx: Tx
) -> PermitInformation | None:
    """How far her stays anywhere in the county have come to the half-year; None when she does not
    live here now."""
    stays = await tx.fetch("SELECT since, until FROM days_in_county($1)", person_id)
    rule, permit = permit_rule(), permit_rule().of(origin_region)
    found = half_year([(row["since"], row["until"]) for row in stays], tx.today, rule)
    if found is None:
        return None
    return PermitInformation(
        counted_since=found.counted_since,
        half_year_on=found.half_year_on,
        days_counted=found.days_counted,
        days_missing=found.days_missing,
        absences=[
            AbsenceView(
                left_on=each.left_on,
                returned_on=each.returned_on,
                days=each.days,
                bridged=each.bridged,
            )
            for each in found.absences
        ],
        information=PERMIT_TEXT.say(language),
        referral=permit.referral.say(language),
        source=permit.source.say(language),
    )


async def get_person(person_id: UUID, language: str, tx: Tx) -> PersonHereView:
    """What is held about her, as the stated purpose needs it; offices and she herself may look.
    Raises PersonNotFound."""
    await require_own(person_id, tx, *OFFICES)
    person = await require_person(person_id, tx)
    stay = await open_stay(person.person_id, tx)
    purpose = tx.purpose or Purpose.SERVICE
    number = id_number_of(person, tx)
    phone = (
        tx.vault.open(person.phone_sealed, f"people.phone:{person.person_id}")
        if person.phone_sealed
        else None
    )
    tx.saw(person.person_id, "person")
    return PersonHereView(
        person_id=person.person_id,
        name=person.name,
        id_number=shown_id_number(number, purpose),
        phone=shown_phone(phone, purpose) if phone else None,
        region=person.region,
        origin_region=person.origin_region,
        died_on=await died_on(person.person_id, tx),
        stay=StayView(**stay.model_dump()) if stay else None,
        residence_permit=await permit_information(
            person.person_id, person.origin_region, language, tx
        ),
        updated_at=person.updated_at,
    )
