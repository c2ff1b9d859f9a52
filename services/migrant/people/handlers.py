"""What a merge of records in the registry changes here."""

from uuid import UUID

from services.migrant.people.models import PersonHere
from services.migrant.people.queries import current_id
from shared.db import Tx

# Every table that names a person; consents and arrivals have rules of their own (below).
_REFERRING = (
    "employments",
    "certificates",
    "service_records",
    "appointments",
    "help_requests",
    "erasures",
)


async def merge_people(kept_id: UUID, merged_id: UUID, tx: Tx) -> None:
    """The registry found that two ids are one person: everything of `merged_id` becomes
    `kept_id`'s. Runs as the service, over the whole county. Applying it twice changes nothing."""
    kept_id = await current_id(kept_id, tx)
    if kept_id == merged_id:
        return
    await tx.execute("UPDATE merged_people SET kept_id = $1 WHERE kept_id = $2", kept_id, merged_id)
    await tx.execute(
        "INSERT INTO merged_people (merged_id, kept_id) VALUES ($2, $1)"
        " ON CONFLICT (merged_id) DO UPDATE SET kept_id = excluded.kept_id",
        kept_id,
        merged_id,
    )
    await _merge_record(kept_id, merged_id, tx)
    await _merge_stays(kept_id, merged_id, tx)
    await _merge_consents(kept_id, merged_id, tx)
    for table in _REFERRING:
        await tx.execute(
            f"UPDATE {table} SET person_id = $1 WHERE person_id = $2",  # noqa: S608 our own names
            kept_id,
            merged_id,
        )
    await tx.merge_subject(kept_id, merged_id)


async def _merge_record(kept_id: UUID, merged_id: UUID, tx: Tx) -> None:
    """Hand the record over, sealed anew for its new key. Where both ids have a record, the older
    number stays findable through merged_people."""
    merged = await tx.get(PersonHere, merged_id, lock=True)
    if merged is None or await tx.get(PersonHere, kept_id, lock=True) is not None:
        return
    sealed = {"id_number": merged.id_number_sealed, "phone": merged.phone_sealed}
    values = {
        field: tx.vault.seal(
            tx.vault.open(value, f"people.{field}:{merged_id}"), f"people.{field}:{kept_id}"
        )
        for field, value in sealed.items()
        if value is not None
    }
    await tx.execute(
        "UPDATE people SET person_id = $1, id_number_sealed = $3, phone_sealed = $4,"
        " updated_at = $5 WHERE person_id = $2",
        kept_id,
        merged_id,
        values["id_number"],
        values.get("phone"),
        tx.now,
    )


async def _merge_stays(kept_id: UUID, merged_id: UUID, tx: Tx) -> None:
    """She is in one place only: of two open stays the earlier ends where the later begins."""
    await tx.execute(
        "WITH open AS (SELECT id, arrived_on, region,"
        "  row_number() OVER (ORDER BY arrived_on DESC, id DESC) AS place"
        "  FROM arrivals WHERE person_id IN ($1, $2) AND until IS NULL)"
        " UPDATE arrivals SET until = later.arrived_on, ended_by = 'move',"
        "  to_region = later.region"
        " FROM open AS earlier, open AS later"
        " WHERE arrivals.id = earlier.id AND earlier.place = 2 AND later.place = 1",
        kept_id,
        merged_id,
    )
    await tx.execute("UPDATE arrivals SET person_id = $1 WHERE person_id = $2", kept_id, merged_id)
    await tx.execute(
        "UPDATE people SET region = arrivals.region FROM arrivals WHERE people.person_id = $1"
        " AND arrivals.person_id = $1 AND arrivals.until IS NULL",
        kept_id,
    )


async def _merge_consents(kept_id: UUID, merged_id: UUID, tx: Tx) -> None:
    """One standing consent a purpose: the newer one stays. Phones are sealed by consent id, so
    they need no new seal."""
    await tx.execute(
        "UPDATE consents AS older SET withdrawn_at = $3, withdrawn_by = 'merged'"
        " FROM consents AS newer"
        " WHERE older.person_id IN ($1, $2) AND newer.person_id IN ($1, $2)"
        " AND older.purpose = newer.purpose AND older.id < newer.id"
        " AND older.withdrawn_at IS NULL AND newer.withdrawn_at IS NULL",
        kept_id,
        merged_id,
        tx.now,
    )
    await tx.execute("UPDATE consents SET person_id = $1 WHERE person_id = $2", kept_id, merged_id)
