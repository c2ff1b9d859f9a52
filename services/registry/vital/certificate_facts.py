"""What the register says for a person's own certificate (证明信息核实): the facts she asked for,
and no other.

The register answers with what it knows and says what it does not: a field that she contests, a
fact that was never registered here, somebody it does not know. Nothing is guessed: where no birth
is registered here, it does not say that there are no children.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from services.registry.persons.models import Person, PersonStatus
from services.registry.persons.queries import contested_fields, find_person, id_number_of
from services.registry.vital.rules import marital_status
from services.registry.vital.unions import all_ids, unions_of
from shared.codes import MaritalStatus
from shared.db import Tx
from shared.events.registry import CertificateFactsFound, CertificateFactsMissing
from shared.usage import Purpose

HOME: Final = "home_region"
# Claim → the field of the record it is made from. A certificate has no others (design.md §2).
_RECORD_FIELDS: Final = {
    "name": "name",
    "sex": "sex",
    "birth_date": "birth_date",
    "over_18": "birth_date",
    "id_number": "id_number",
    HOME: "hukou_region",
}
# A birth whose child died since is no child of hers now.
_CHILDREN: Final = """
SELECT count(DISTINCT b.child_id) AS registered,
       count(DISTINCT b.child_id) FILTER (WHERE p.status <> 'deceased') AS living
FROM births AS b JOIN persons AS p ON p.id = b.child_id
WHERE b.annulled_at IS NULL AND (b.mother_id = ANY($1::uuid[]) OR b.father_id = ANY($1::uuid[]))
"""


@dataclass
class _Answer:
    """What the register says so far."""

    facts: dict[str, str | int] = field(default_factory=dict)
    problems: set[str] = field(default_factory=set)


async def answer_request(request_id: UUID, person_id: UUID, claims: Sequence[str], tx: Tx) -> None:
    """Look the facts up for the person herself, and say them by event. A look for a certificate
    leaves its entry like any other."""
    tx.purpose = Purpose.CERTIFICATE
    person = await find_person(person_id, tx)
    if person is None or person.status not in (PersonStatus.ACTIVE, PersonStatus.DECEASED):
        _say_missing(request_id, person_id, _Answer(problems={"unknown-person"}), tx)
        return
    tx.saw(person.id, "certificate")
    answer = await _answer(person, claims, tx)
    if answer.problems:
        _say_missing(request_id, person_id, answer, tx)
    else:
        tx.emit(
            CertificateFactsFound(
                request_id=request_id, person_id=person_id, facts=json.dumps(answer.facts)
            )
        )


async def _answer(person: Person, claims: Sequence[str], tx: Tx) -> _Answer:
    if person.status == PersonStatus.DECEASED:
        return _Answer(problems={"deceased"})
    if not tx.actor.covers(person.hukou_region):
        return _Answer(problems={"home-elsewhere"})
    answer = _Answer()
    contested = set(await contested_fields(person.id, tx) or ())
    for claim in {*claims, HOME}:
        if name := _RECORD_FIELDS.get(claim):
            _take(answer, claim, _field_of(person, name, tx), contested=name in contested)
    if "marital_status" in claims:
        status = marital_status(await unions_of(person.id, tx), tx.today)
        known = None if status is MaritalStatus.UNSTATED else status.value
        _take(answer, "marital_status", known)
    if "children" in claims:
        row = await tx.fetch_row(_CHILDREN, await all_ids(person.id, tx))
        known_children = row["living"] if row and row["registered"] else None
        _take(answer, "children", known_children)
    return answer


def _take(answer: _Answer, claim: str, value: str | int | None, *, contested: bool = False) -> None:
    if contested:
        answer.problems.add("contested-field")
    elif value is None:
        answer.problems.add("missing-field")
    else:
        answer.facts["birth_date" if claim == "over_18" else claim] = value


def _field_of(person: Person, name: str, tx: Tx) -> str | None:
    if name == "id_number":
        return id_number_of(person, tx)
    return str(getattr(person, name))


def _say_missing(request_id: UUID, person_id: UUID, answer: _Answer, tx: Tx) -> None:
    tx.emit(
        CertificateFactsMissing(
            request_id=request_id,
            person_id=person_id,
            problems=sorted(answer.problems),
            facts=json.dumps(answer.facts) if answer.facts else None,
        )
    )
