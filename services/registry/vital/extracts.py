"""What is registered of a person: an extract of her events (登记摘录), for herself or for a purpose
that needs it; and her marital status (婚姻状况), which no list shows."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from pydantic import BaseModel

from services.registry.persons.models import PersonStatus
from services.registry.persons.queries import find_person, require_person
from services.registry.vital import reports
from services.registry.vital.kin import is_kin
from services.registry.vital.models import Birth, Death, EventKind, Registered
from services.registry.vital.rules import marital_status, standing_since
from services.registry.vital.unions import all_ids, registrations_of, unions_of
from shared.codes import MARITAL_STATUS_TEXT, MaritalStatus
from shared.db import Tx
from shared.problems import NotFound, Text, WrongPurpose
from shared.usage import Purpose

# What an office may ask for an extract for, and what for a marital status (PIPL art. 6).
FOR_EXTRACTS: Final = frozenset(
    {
        Purpose.REGISTRATION,
        Purpose.CERTIFICATE,
        Purpose.CORRECTION,
        Purpose.SUBJECT_ACCESS,
        Purpose.OVERSIGHT,
    }
)
FOR_MARITAL_STATUS: Final = FOR_EXTRACTS - {Purpose.OVERSIGHT}
# What a relative may ask for the extract of a death for.
FOR_RELATIVES: Final = frozenset({Purpose.SUBJECT_ACCESS, Purpose.CERTIFICATE, Purpose.SERVICE})


class Role(StrEnum):
    CHILD = "child"  # 子女
    MOTHER = "mother"  # 母亲
    FATHER = "father"  # 父亲
    DECEASED = "deceased"  # 死者
    SPOUSE = "spouse"  # 配偶


class PartyView(BaseModel):
    """Somebody in an event, by name alone."""

    role: Role
    name: str


class ExtractView(BaseModel):
    """A registered event as a certificate would say it. `kind` of a marriage is marriage or
    divorce. An annulled event is listed with the day of that."""

    id: UUID
    kind: str
    region: str
    place: str | None
    happened_on: date
    registered_at: datetime
    office: str | None
    annulled_at: datetime | None
    parties: Sequence[PartyView]


class MaritalStatusView(BaseModel):
    """GB/T 2261.2, as far as the register knows; `unstated` where nothing is registered here.
    `since` is the day of what it follows from."""

    status: MaritalStatus
    zh: str
    en: str
    since: date | None


async def list_vital_events(person_id: UUID, tx: Tx) -> Sequence[ExtractView]:
    """Her births, death, marriages and divorces, the earliest first. A relative of somebody who
    died sees the death, and nothing else of her. Raises WrongPurpose, PersonNotFound; NotFound for
    anybody else's."""
    person = await require_person(person_id, tx)
    whole = await _may_see_all(person.id, tx)
    if not whole and not (
        person.status == PersonStatus.DECEASED
        and tx.purpose in FOR_RELATIVES
        and await is_kin(await reports.own_id(tx), person.id, tx)
    ):
        raise NotFound()
    ids = await all_ids(person.id, tx)
    found = [await _death(each, tx) for each in await _deaths_of(ids, tx)]
    if whole:
        found += [await _birth(each, tx) for each in await _births_of(ids, tx)]
        found += await _marriages(person.id, tx)
    tx.saw(person.id, "extract")
    return sorted(found, key=lambda each: (each.happened_on, each.id))


async def get_marital_status(person_id: UUID, tx: Tx) -> MaritalStatusView:
    """Raises WrongPurpose, PersonNotFound; NotFound for another person's."""
    person = await require_person(person_id, tx)
    if tx.purpose not in FOR_MARITAL_STATUS:
        raise _wrong_purpose(FOR_MARITAL_STATUS)
    if reports.is_person(tx) and await reports.own_id(tx) != person.id:
        raise NotFound()
    unions = await unions_of(person.id, tx)
    status = marital_status(unions, tx.today)
    text = MARITAL_STATUS_TEXT[status]
    tx.saw(person.id, "marital-status")
    return MaritalStatusView(
        status=status, zh=text.zh, en=text.en, since=standing_since(unions, tx.today)
    )


async def _may_see_all(person_id: UUID, tx: Tx) -> bool:
    """Herself, and an office for a purpose that needs it. Raises WrongPurpose."""
    if reports.is_person(tx):
        return await reports.own_id(tx) == person_id
    if tx.purpose not in FOR_EXTRACTS:
        raise _wrong_purpose(FOR_EXTRACTS)
    return True


def _wrong_purpose(allowed: Iterable[Purpose]) -> WrongPurpose:
    listed = ", ".join(sorted(allowed))
    return WrongPurpose(Text(f"仅限以下目的: {listed}", f"Only for: {listed}"))


async def _births_of(ids: list[UUID], tx: Tx) -> list[Birth]:
    return await tx.find(
        Birth,
        "SELECT * FROM births WHERE child_id = ANY($1::uuid[]) OR mother_id = ANY($1::uuid[])"
        " OR father_id = ANY($1::uuid[])",
        ids,
    )


async def _deaths_of(ids: list[UUID], tx: Tx) -> list[Death]:
    return await tx.find(Death, "SELECT * FROM deaths WHERE person_id = ANY($1::uuid[])", ids)


async def _birth(birth: Birth, tx: Tx) -> ExtractView:
    parties = [
        await _party(role, id_, tx)
        for role, id_ in (
            (Role.CHILD, birth.child_id),
            (Role.MOTHER, birth.mother_id),
            (Role.FATHER, birth.father_id),
        )
        if id_ is not None
    ]
    return await _extract(birth, EventKind.BIRTH, birth.born_on, parties, tx)


async def _death(death: Death, tx: Tx) -> ExtractView:
    parties = [await _party(Role.DECEASED, death.person_id, tx)]
    return await _extract(death, EventKind.DEATH, death.died_on, parties, tx)


async def _marriages(person_id: UUID, tx: Tx) -> list[ExtractView]:
    found = []
    for marriage, spouses in await registrations_of(person_id, tx):
        for each in spouses:
            if each.person_id is not None:
                tx.saw(each.person_id, "marriage")
        parties = [PartyView(role=Role.SPOUSE, name=each.name) for each in spouses]
        found.append(await _extract(marriage, marriage.kind, marriage.happened_on, parties, tx))
    return found


async def _party(role: Role, person_id: UUID, tx: Tx) -> PartyView:
    """By the name in her record, as far as it is to be seen here."""
    person = await find_person(person_id, tx)
    tx.saw(person_id, "extract")
    return PartyView(role=role, name=person.name if person else "…")


async def _extract(
    event: Registered, kind: str, happened_on: date, parties: Sequence[PartyView], tx: Tx
) -> ExtractView:
    place = await tx.fetch_value("SELECT name FROM regions WHERE code = $1", event.region)
    return ExtractView(
        id=event.id,
        kind=kind,
        region=event.region,
        place=place,
        happened_on=happened_on,
        registered_at=event.registered_at,
        office=event.registered_org,
        annulled_at=event.annulled_at,
        parties=parties,
    )
