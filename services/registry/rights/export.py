"""Everything the register holds about one person, for herself (个人信息副本)."""

from uuid import UUID

from services.registry.duplicates.queries import reasons_of
from services.registry.persons.keeping import keeper_of
from services.registry.persons.models import EarlierFact, Person
from services.registry.persons.past import get_history
from services.registry.persons.queries import id_number_of, require_person, view_of
from services.registry.rights.models import CorrectionAppeal, CorrectionRequest, ErasureRequest
from services.registry.rights.queries import appeal_views, correction_view, erasure_view
from services.registry.rights.schemas import (
    AgreementExport,
    DuplicateExport,
    EarlierFactExport,
    EvidenceExport,
    FeedLineExport,
    HouseholdExport,
    HouseholdMoveExport,
    LeaseExport,
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
_EARLIER = """
SELECT * FROM earlier_facts WHERE person_id = ANY($1::uuid[])
  AND kind IN ('residences', 'hukou_moves', 'workplaces', 'residence_evidence')
ORDER BY superseded_at, id
"""
# A marriage names its spouses by a blind index of their ids at the time.
_VITAL = """
SELECT id, 'birth' AS kind, CASE WHEN child_id = ANY($1::uuid[]) THEN 'child'
         WHEN mother_id = ANY($1::uuid[]) THEN 'mother' ELSE 'father' END AS role,
       region, born_on AS happened_on, registered_at, annulled_at
FROM births WHERE child_id = ANY($1::uuid[]) OR mother_id = ANY($1::uuid[])
               OR father_id = ANY($1::uuid[])
UNION ALL SELECT id, 'death', 'deceased', region, died_on, registered_at, annulled_at
FROM deaths WHERE person_id = ANY($1::uuid[])
UNION ALL SELECT id, kind, 'spouse', region, happened_on, registered_at, annulled_at
FROM marriages WHERE first_index = ANY($2::bytea[]) OR second_index = ANY($2::bytea[])
ORDER BY happened_on, id
"""
_REPORTS = """
SELECT id, 'birth' AS kind,
       CASE WHEN mother_id = ANY($1::uuid[]) OR mother_id_number_index = $3
            THEN 'mother' WHEN father_id = ANY($1::uuid[]) OR father_id_number_index = $3
            THEN 'father' ELSE 'reporter' END AS role,
       status, region, born_on AS happened_on, reporter_org, reported_at, return_reason
FROM birth_reports WHERE mother_id = ANY($1::uuid[]) OR father_id = ANY($1::uuid[])
                      OR mother_id_number_index = $3 OR father_id_number_index = $3
                      OR reporter_id = ANY($1::uuid[])
UNION ALL SELECT id, 'death', CASE WHEN person_id = ANY($1::uuid[]) OR id_number_index = $3
                 THEN 'deceased' ELSE 'reporter' END, status, region, died_on, reporter_org,
                 reported_at, return_reason
FROM death_reports WHERE person_id = ANY($1::uuid[]) OR id_number_index = $3
                      OR reporter_id = ANY($1::uuid[])
UNION ALL SELECT r.id, r.kind, 'spouse', r.status, r.region, r.happened_on, r.reporter_org,
                 r.reported_at, r.return_reason
FROM marriage_reports AS r LEFT JOIN marriages AS m ON r.event_id = m.id
WHERE m.first_index = ANY($2::bytea[]) OR m.second_index = ANY($2::bytea[])
   OR r.reporter_id = ANY($1::uuid[])
ORDER BY reported_at, id
"""
_HOUSEHOLD_MOVES = """
SELECT from_household, from_relation, to_household, to_relation, moved_on, cause, reason,
       recorded_at
FROM household_moves WHERE person_id = ANY($1::uuid[]) ORDER BY moved_on, id
"""
_AGREEMENTS = """
SELECT a.id, a.kind, a.lease_id, a.since, a.until, a.signed_on, a.ended_on
FROM agreements AS a JOIN leases AS l ON l.id = a.lease_id
WHERE l.landlord_id = ANY($1::uuid[]) ORDER BY a.since, a.id
"""
_LEASES = """
SELECT id, 'landlord' AS role, room_id, since, until, filed_at
FROM leases WHERE landlord_id = ANY($1::uuid[])
UNION SELECT l.id, 'tenant', l.room_id, l.since, l.until, l.filed_at
FROM leases AS l JOIN lease_tenants AS t ON t.lease_id = l.id
WHERE t.person_id = ANY($1::uuid[]) ORDER BY since, id
"""
_EVIDENCE = """
SELECT kind, region, since, department, recorded_at FROM residence_evidence
WHERE person_id = ANY($1::uuid[]) ORDER BY since, id
"""
_FEED_LINES = """
SELECT l.id, f.department, f.meaning, f.month, l.happened_on, l.outcome, l.reason, l.effect,
       l.withdrawn_at
FROM feed_lines AS l JOIN feeds AS f ON f.id = l.feed_id
WHERE l.person_id = ANY($1::uuid[]) OR l.other_person_id = ANY($1::uuid[]) ORDER BY l.id
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
    appeals = await tx.find(CorrectionAppeal, _by_person("correction_appeals"), ids)
    history = await get_history(person.id, tx)
    tasks = await tx.find(Task, _by_person("tasks"), ids)
    tx.saw(person.id, "export")
    return RecordExport(
        made_at=tx.now,
        covers=tx.actor.region,
        person=view_of(person, tx),
        other_ids=others,
        import_id=person.import_id,
        created_at=person.created_at,
        kept_by=await keeper_of(person.id, tx),
        household=await _household(person, tx),
        household_moves=[
            HouseholdMoveExport(**row) for row in await tx.fetch(_HOUSEHOLD_MOVES, ids)
        ],
        leases=[LeaseExport(**row) for row in await tx.fetch(_LEASES, ids)],
        agreements=[AgreementExport(**row) for row in await tx.fetch(_AGREEMENTS, ids)],
        residences=[StayExport(**row) for row in await _stays(ids, tx)],
        hukou_moves=history.hukou_moves,
        workplaces=history.workplaces,
        earlier_facts=await _earlier_facts(ids, tx),
        residence_evidence=[EvidenceExport(**row) for row in await tx.fetch(_EVIDENCE, ids)],
        feed_lines=[FeedLineExport(**row) for row in await tx.fetch(_FEED_LINES, ids)],
        versions=history.versions,
        vital_events=[VitalExport(**row) for row in await tx.fetch(_VITAL, ids, spouse)],
        reports=[
            ReportExport(**row) for row in await tx.fetch(_REPORTS, ids, spouse, number_index)
        ],
        tasks=[task_view(each, tx) for each in tasks],
        duplicates=await _duplicates(ids, tx),
        correction_requests=[correction_view(each, tx) for each in corrections],
        correction_appeals=await appeal_views(appeals, tx),
        erasure_requests=[erasure_view(each, tx) for each in erasures],
        usages=await tx.fetch_value(_USAGES, ids, person.id),
    )


def _by_person(table: str) -> str:
    return f"SELECT * FROM {table} WHERE person_id = ANY($1::uuid[]) ORDER BY id"  # noqa: S608 our own names


async def _stays(ids: list[UUID], tx: Tx) -> list[dict[str, object]]:
    kept = StayExport.model_fields
    return [{name: row[name] for name in kept} for row in await tx.fetch(_STAYS, ids)]


async def _earlier_facts(ids: list[UUID], tx: Tx) -> list[EarlierFactExport]:
    found = await tx.find(EarlierFact, _EARLIER, ids)
    return [EarlierFactExport.model_validate(each, from_attributes=True) for each in found]


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
    reasons = await reasons_of([row["id"] for row in rows], tx)
    return [DuplicateExport(**row, reasons=reasons.get(row["id"], [])) for row in rows]
