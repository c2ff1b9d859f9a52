"""Who is married to whom, as far as the register knows. Spouses are sealed: they are found by the
blind index of an id, one person at a time, and stand in no list."""

import json
from collections.abc import Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from services.registry.limits.queries import limits_of
from services.registry.limits.rules import Limit
from services.registry.persons.models import Person
from services.registry.persons.queries import find_person
from services.registry.vital import reports
from services.registry.vital.models import Marriage, MarriageKind, MarriageReport
from services.registry.vital.rules import Doubt, Union, open_union, under_age_of_marriage
from services.registry.vital.schemas import Spouse
from shared.db import Tx


class Registration(NamedTuple):
    """A registered marriage or divorce, and both who are named in it."""

    marriage: Marriage
    spouses: list[Spouse]


async def all_ids(person_id: UUID, tx: Tx) -> list[UUID]:
    """Every id that means this person: her own and those merged into it."""
    merged = await tx.fetch("SELECT id FROM persons WHERE merged_into = $1", person_id)
    return [person_id, *(row["id"] for row in merged)]


async def registrations_of(person_id: UUID, tx: Tx) -> list[Registration]:
    """Her marriages and divorces that stand, the earliest first."""
    indexes = [spouse_index(each, tx) for each in await all_ids(person_id, tx)]
    found = await tx.find(
        Marriage,
        "SELECT * FROM marriages WHERE annulled_at IS NULL"
        " AND (first_index = ANY($1::bytea[]) OR second_index = ANY($1::bytea[]))"
        " ORDER BY happened_on, id",
        indexes,
    )
    return [Registration(each, spouses_in(each, tx)) for each in found]


async def unions_of(person_id: UUID, tx: Tx, *, besides: UUID | None = None) -> list[Union]:
    """The same as one of the two sees it, with what is registered of the other's death; without
    the registration `besides`."""
    ids = set(await all_ids(person_id, tx))
    found = []
    for marriage, spouses in await registrations_of(person_id, tx):
        other = next((each for each in spouses if each.person_id not in ids), None)
        if other is None or marriage.id == besides:
            continue
        divorce = marriage.kind == MarriageKind.DIVORCE
        key, died_on = await _told_apart(other, tx)
        found.append(Union(divorce, marriage.happened_on, key, died_on))
    return found


async def married_to_another(
    person_id: UUID, spouse: Spouse, on: date, tx: Tx, *, besides: UUID | None = None
) -> bool:
    """Whether a marriage with somebody else stands on that day, other than `besides`."""
    standing = open_union(await unions_of(person_id, tx, besides=besides), on)
    return standing is not None and standing.spouse != (await _told_apart(spouse, tx))[0]


async def warnings_about(report: MarriageReport, spouses: Sequence[Spouse], tx: Tx) -> list[Doubt]:
    """Hints for who registers the report: neither is refused here."""
    limits = await limits_of(tx.actor.region, tx)
    found: set[Doubt] = set()
    for spouse, other in zip(spouses, reversed(spouses), strict=True):
        person = await known(spouse, tx)
        if person is None or report.kind != MarriageKind.MARRIAGE:
            continue
        if under_age_of_marriage(
            person.sex,
            person.birth_date,
            report.happened_on,
            men=limits[Limit.MARRIAGE_AGE_MEN],
            women=limits[Limit.MARRIAGE_AGE_WOMEN],
        ):
            found.add(Doubt.UNDER_AGE)
        if await married_to_another(person.id, other, report.happened_on, tx):
            found.add(Doubt.MARRIED_ALREADY)
    return sorted(found)


async def known(spouse: Spouse, tx: Tx) -> Person | None:
    """Her record here, if she has one, whoever asks."""
    if spouse.person_id is not None:
        return await find_person(spouse.person_id, tx)
    return await reports.find_person_named(spouse, tx)


def spouse_index(person_id: UUID, tx: Tx) -> bytes:
    return tx.vault.index(str(person_id), "spouse")


def spouses_in(marriage: Marriage, tx: Tx) -> list[Spouse]:
    text = tx.vault.open(marriage.spouses_sealed, f"marriages.spouses:{marriage.id}")
    return [Spouse.model_validate(each) for each in json.loads(text)]


def seal_spouses(spouses: Sequence[Spouse], place: str, tx: Tx) -> bytes:
    text = json.dumps([each.model_dump(mode="json") for each in spouses], ensure_ascii=False)
    return tx.vault.seal(text, place)


async def _told_apart(spouse: Spouse, tx: Tx) -> tuple[str, date | None]:
    """What tells a spouse apart from others, the same whether she was named by number, by id, or
    by an id that was merged since; and the day of her death, where it is registered here."""
    person = await known(spouse, tx)
    if person is None:
        return spouse.id_number or f"{spouse.name}|{spouse.birth_date}", None
    return str(person.id), (await reports.recorded(person, tx)).died_on
