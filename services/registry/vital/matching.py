"""Finding whom a report speaks of where no id number says it. The register offers candidates with
what speaks for them; a clerk decides, and weak evidence alone matches nobody."""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from services.registry.persons.models import Person
from services.registry.persons.queries import id_number_of, require_person
from services.registry.vital import births, deaths, folding, marriages, queries, reports
from services.registry.vital.models import BirthReport, DeathReport, MarriageReport
from services.registry.vital.schemas import (
    BirthReportView,
    DeathReportView,
    MarriageReportView,
    Named,
    Spouse,
)
from services.registry.vital.unions import seal_spouses
from shared.commands import Command
from shared.crypto import mask
from shared.db import Tx

MOST = 20  # candidates; more say that the report is too vague


class BirthRole(StrEnum):
    MOTHER = "mother"
    FATHER = "father"


class SpouseRole(StrEnum):
    FIRST = "first"
    SECOND = "second"


class Evidence(StrEnum):
    """What report and record have in common, the strongest first."""

    ID_NUMBER = "id-number"  # 证件号码
    PHONE = "phone"  # 手机号
    NAME = "name"  # 姓名
    BIRTH_DATE = "birth-date"  # 出生日期


class CandidateView(BaseModel):
    """Somebody who may be meant. The number is masked for every purpose: to tell two people apart
    its ends are enough."""

    person_id: UUID
    name: str
    birth_date: date
    id_number: str | None
    hukou_region: str
    residence_region: str | None
    evidence: list[Evidence]


class MatchParent(Command):
    """Say whose record a report of a birth means."""

    role: BirthRole
    person_id: UUID


class MatchDead(Command):
    """Say whose record a report of a death means."""

    person_id: UUID


class MatchSpouse(Command):
    """Say whose record a report of a marriage means."""

    role: SpouseRole
    person_id: UUID


_CANDIDATES = """
SELECT * FROM persons WHERE status IN ('active', 'deceased')
  AND (id_number_index = $1 OR phone_index = $2 OR (name = $3 AND birth_date = $4))
ORDER BY id_number_index = $1 DESC NULLS LAST, name = $3 DESC, id LIMIT $5
"""


async def candidates_for_birth(report_id: UUID, role: BirthRole, tx: Tx) -> Sequence[CandidateView]:
    """Raises NotFound."""
    report = await reports.require_report(BirthReport, report_id, tx)
    return await _candidates(queries.named_in(report, role, tx), tx)


async def candidates_for_death(report_id: UUID, tx: Tx) -> Sequence[CandidateView]:
    """Raises NotFound."""
    report = await reports.require_report(DeathReport, report_id, tx)
    return await _candidates(queries.named_in(report, "person", tx), tx)


async def candidates_for_marriage(
    report_id: UUID, role: SpouseRole, tx: Tx
) -> Sequence[CandidateView]:
    """Raises NotFound."""
    report = await reports.require_report(MarriageReport, report_id, tx)
    return await _candidates(queries.spouses_of(report, tx)[_place(role)], tx)


async def match_parent(command: MatchParent, report_id: UUID, tx: Tx) -> BirthReportView:
    """A mother matched now may show that the birth was reported before: then it is folded. Raises
    NotFound, ReportClosed, PersonNotFound."""
    report = await reports.require_open(BirthReport, report_id, tx)
    person = await require_person(command.person_id, tx)
    setattr(report, f"{command.role}_id", person.id)
    if getattr(report, f"{command.role}_id_number_index") is None:
        setattr(report, f"{command.role}_id_number_index", person.id_number_index)
    await tx.save(report)
    first = await births.reported_before(report, tx)
    if first is not None:
        await folding.fold(report, first, tx)
    return await queries.birth_report_view(report, tx)


async def match_dead(command: MatchDead, report_id: UUID, tx: Tx) -> DeathReportView:
    """Raises NotFound, ReportClosed, PersonNotFound."""
    report = await reports.require_open(DeathReport, report_id, tx)
    person = await require_person(command.person_id, tx)
    report.person_id = person.id
    report.id_number_index = report.id_number_index or person.id_number_index
    await tx.save(report)
    first = await deaths.reported_before(report, tx)
    if first is not None:
        await folding.fold(report, first, tx)
    return await queries.death_report_view(report, tx)


async def match_spouse(command: MatchSpouse, report_id: UUID, tx: Tx) -> MarriageReportView:
    """Raises NotFound, ReportClosed, PersonNotFound."""
    report = await reports.require_open(MarriageReport, report_id, tx)
    person = await require_person(command.person_id, tx)
    spouses: list[Spouse] = queries.spouses_of(report, tx)
    place = _place(command.role)
    spouses[place] = spouses[place].model_copy(update={"person_id": person.id})
    report.spouses_sealed = seal_spouses(spouses, reports.place_of("spouses", report), tx)
    report.pair_index = marriages.pair_index(spouses, tx)
    await tx.save(report)
    first = await marriages.reported_before(report, tx)
    if first is not None:
        await folding.fold(report, first, tx)
    return await queries.marriage_report_view(report, tx)


async def _candidates(named: Named | None, tx: Tx) -> list[CandidateView]:
    if named is None:
        return []
    number = tx.vault.index(named.id_number, "id_number") if named.id_number else None
    phone = tx.vault.index(named.phone, "phone") if named.phone else None
    found = await tx.find(Person, _CANDIDATES, number, phone, named.name, named.birth_date, MOST)
    return [_candidate(each, named, number, phone, tx) for each in found]


def _candidate(
    person: Person, named: Named, number: bytes | None, phone: bytes | None, tx: Tx
) -> CandidateView:
    tx.saw(person.id, "candidate")
    own = id_number_of(person, tx)
    common: dict[Evidence, Any] = {
        Evidence.ID_NUMBER: number is not None and person.id_number_index == number,
        Evidence.PHONE: phone is not None and person.phone_index == phone,
        Evidence.NAME: person.name == named.name,
        Evidence.BIRTH_DATE: person.birth_date == named.birth_date,
    }
    return CandidateView(
        person_id=person.id,
        name=person.name,
        birth_date=person.birth_date,
        id_number=mask(own, 6, 2) if own else None,
        hukou_region=person.hukou_region,
        residence_region=person.residence_region,
        evidence=[each for each, there in common.items() if there],
    )


def _place(role: SpouseRole) -> int:
    return 0 if role is SpouseRole.FIRST else 1
