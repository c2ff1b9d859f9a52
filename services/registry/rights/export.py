"""Everything the register holds about one person, for herself (个人信息副本)."""

from uuid import UUID

from services.registry.persons.models import Person
from services.registry.persons.queries import get_history, id_number_of, require_person, view_of
from services.registry.rights.models import CorrectionRequest, ErasureRequest
from services.registry.rights.queries import correction_view, erasure_view
from services.registry.rights.schemas import (
    DuplicateExport,
    HouseholdExport,
    RecordExport,
    ReportExport,
    StayExport,
    VitalExport,
)
from services.registry.tasks.models import Task
from services.registry.tasks.queries import view_of as task_view
from shared.db import Tx
from shared.subjects import require_own, require_subject_access

_OTHER_IDS = """
SELECT id FROM persons WHERE merged_into = $1
UNION SELECT alias_id FROM person_aliases WHERE person_id = $1 ORDER BY 1
"""
_STAYS = "SELECT * FROM residences WHERE person_id = ANY($1::uuid[]) ORDER BY since, recorded_at"
# A marriage names its spouses by a blind index of their ids at the time.
_VITAL = """
SELECT id, 'birth' AS kind, CASE WHEN child_id = ANY($1::uuid[]) THEN 'child'
         WHEN mother_id = ANY($1::uuid[]) THEN 'mother' ELSE 'father' END AS role,
       region, born_on AS happened_on, registered_at, NULL::timestamptz AS annulled_at
FROM births WHERE child_id = ANY($1::uuid[]) OR mother_id = ANY($1::uuid[])
               OR father_id = ANY($1::uuid[])
UNION ALL SELECT id, 'death', 'deceased', region, died_on, registered_at, annulled_at
FROM deaths WHERE person_id = ANY($1::uuid[])
UNION ALL SELECT id, kind, 'spouse', region, happened_on, registered_at, NULL
FROM marriages WHERE first_index = ANY($2::bytea[]) OR second_index = ANY($2::bytea[])
ORDER BY happened_on, id
"""
_REPORTS = """
SELECT id, 'birth' AS kind,
       CASE WHEN mother_id = ANY($1::uuid[]) OR mother_id_number_index = $3
            THEN 'mother' ELSE 'father' END AS role,
       status, region, born_on AS happened_on, reporter_org, reported_at, return_reason
FROM birth_reports WHERE mother_id = ANY($1::uuid[]) OR father_id = ANY($1::uuid[])
                      OR mother_id_number_index = $3 OR father_id_number_index = $3
UNION ALL SELECT id, 'death', 'deceased', status, region, died_on, reporter_org, reported_at,
                 return_reason
FROM death_reports WHERE person_id = ANY($1::uuid[]) OR id_number_index = $3
UNION ALL SELECT r.id, r.kind, 'spouse', r.status, r.region, r.happened_on, r.reporter_org,
                 r.reported_at, r.return_reason
FROM marriage_reports AS r JOIN marriages AS m ON r.event_id = m.id
WHERE m.first_index = ANY($2::bytea[]) OR m.second_index = ANY($2::bytea[])
ORDER BY reported_at, id
"""
_USAGES = """
SELECT count(*) FROM usage_entries WHERE subject_id = ANY($1::uuid[])
   OR subject_id IN (SELECT alias_id FROM subject_aliases WHERE subject_id = $2)
"""


async def export_record(person_id: UUID, tx: Tx) -> RecordExport:
    """Raises WrongPurpose, PersonNotFound; NotFound for another person's record."""
    require_subject_access(tx)
    await require_own(person_id, tx, "registry:write")
    person = await require_person(person_id, tx)
    others = [row["id"] for row in await tx.fetch(_OTHER_IDS, person.id)]
    ids = [person.id, *others]
    spouse = [tx.vault.index(str(each), "spouse") for each in ids]
    number = id_number_of(person, tx)
    number_index = tx.vault.index(number, "id_number") if number else None
    corrections = await tx.find(CorrectionRequest, _by_person("correction_requests"), ids)
    erasures = await tx.find(ErasureRequest, _by_person("erasure_requests"), ids)
    tasks = await tx.find(Task, _by_person("tasks"), ids)
    tx.saw(person.id, "export")
    return RecordExport(
        made_at=tx.now,
        covers=tx.actor.region,
        person=view_of(person, tx),
        other_ids=others,
        import_id=person.import_id,
        created_at=person.created_at,
        household=await _household(person, tx),
        residences=[StayExport(**row) for row in await _stays(ids, tx)],
        versions=(await get_history(person.id, tx)).versions,
        vital_events=[VitalExport(**row) for row in await tx.fetch(_VITAL, ids, spouse)],
        reports=[
            ReportExport(**row) for row in await tx.fetch(_REPORTS, ids, spouse, number_index)
        ],
        tasks=[task_view(each, tx) for each in tasks],
        duplicates=await _duplicates(ids, tx),
        correction_requests=[correction_view(each, tx) for each in corrections],
        erasure_requests=[erasure_view(each, tx) for each in erasures],
        usages=await tx.fetch_value(_USAGES, ids, person.id),
    )


def _by_person(table: str) -> str:
    return f"SELECT * FROM {table} WHERE person_id = ANY($1::uuid[]) ORDER BY id"  # noqa: S608 our own names


async def _stays(ids: list[UUID], tx: Tx) -> list[dict[str, object]]:
    kept = StayExport.model_fields
    return [{name: row[name] for name in kept} for row in await tx.fetch(_STAYS, ids)]


async def _household(person: Person, tx: Tx) -> HouseholdExport | None:
    row = await tx.fetch_row(
        "SELECT id, region, number FROM households WHERE id = $1", person.household_id
    )
    return None if row is None else HouseholdExport(**row, relation=person.household_relation)


async def _duplicates(ids: list[UUID], tx: Tx) -> list[DuplicateExport]:
    rows = await tx.fetch(
        "SELECT id, status, evidence, found_at, decided_at FROM duplicates"
        " WHERE first_id = ANY($1::uuid[]) OR second_id = ANY($1::uuid[]) ORDER BY id",
        ids,
    )
    return [DuplicateExport(**row) for row in rows]
