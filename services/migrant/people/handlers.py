"""What a merge of records in the registry changes here; separating.py takes it back."""

from collections.abc import Sequence
from uuid import UUID

from services.migrant.people.models import PersonHere
from services.migrant.people.queries import current_id
from shared.db import Tx
from shared.subjects import merge_subject

# Every table that names a person; consents and arrivals have rules of their own (below).
REFERRING = (
    "employments",
    "certificates",
    "certificate_requests",
    "service_records",
    "referrals",
    "appointments",
    "appointment_waits",
    "help_requests",
    "conveners",
    "help_companions",
    "erasures",
    "account_codes",
    "account_links",
    "self_registrations",
    "consent_refusals",
    "contact_choices",
    "stay_changes",
    "claims",
    "received_claims",
    "benefit_lines",
    "recorded_deaths",
)
CLOSED_STAYS = "arrivals.until"  # stays that a merge ended


async def merge_people(kept_id: UUID, merged_id: UUID, tx: Tx) -> None:
    """The registry found that two ids are one person: everything of `merged_id` becomes
    `kept_id`'s. Runs as the service, over the whole county. Applying it twice changes nothing."""
    kept_id = await current_id(kept_id, tx)
    if kept_id == merged_id:
        return
    followed = await tx.fetch(
        "UPDATE merged_people SET kept_id = $1 WHERE kept_id = $2 RETURNING merged_id",
        kept_id,
        merged_id,
    )
    ids = [row["merged_id"] for row in followed]
    await remember(kept_id, merged_id, "merged_people", ids, tx)
    await tx.execute(
        "INSERT INTO merged_people (merged_id, kept_id) VALUES ($2, $1)"
        " ON CONFLICT (merged_id) DO UPDATE SET kept_id = excluded.kept_id",
        kept_id,
        merged_id,
    )
    await _merge_record(kept_id, merged_id, tx)
    await _merge_stays(kept_id, merged_id, tx)
    await _merge_consents(kept_id, merged_id, tx)
    for table in REFERRING:
        await _move(table, kept_id, merged_id, tx)
    await merge_subject(kept_id, merged_id, tx)


async def _merge_record(kept_id: UUID, merged_id: UUID, tx: Tx) -> None:
    """Hand the record over, sealed anew for its new key. Where both ids have a record, the older
    number stays findable through merged_people."""
    merged = await tx.get(PersonHere, merged_id, lock=True)
    if merged is None or await tx.get(PersonHere, kept_id, lock=True) is not None:
        return
    await rekey(merged, kept_id, tx)
    await remember(kept_id, merged_id, "people", [kept_id], tx)


async def rekey(person: PersonHere, person_id: UUID, tx: Tx) -> None:
    """Give a record another person id, and seal its values anew for it."""
    sealed = {"id_number": person.id_number_sealed, "phone": person.phone_sealed}
    values = {
        field: tx.vault.seal(
            tx.vault.open(value, f"people.{field}:{person.person_id}"),
            f"people.{field}:{person_id}",
        )
        for field, value in sealed.items()
        if value is not None
    }
    await tx.execute(
        "UPDATE people SET person_id = $1, id_number_sealed = $3, phone_sealed = $4,"
        " updated_at = $5 WHERE person_id = $2",
        person_id,
        person.person_id,
        values["id_number"],
        values.get("phone"),
        tx.now,
    )


async def _merge_stays(kept_id: UUID, merged_id: UUID, tx: Tx) -> None:
    """She is in one place only: of two open stays the earlier ends where the later begins."""
    closed = await tx.fetch(
        "WITH open AS (SELECT id, arrived_on, region,"
        "  row_number() OVER (ORDER BY arrived_on DESC, id DESC) AS place"
        "  FROM arrivals WHERE person_id IN ($1, $2) AND until IS NULL)"
        " UPDATE arrivals SET until = later.arrived_on, ended_by = 'move',"
        "  to_region = later.region"
        " FROM open AS earlier, open AS later"
        " WHERE arrivals.id = earlier.id AND earlier.place = 2 AND later.place = 1"
        " RETURNING arrivals.id, later.id AS next_id",
        kept_id,
        merged_id,
    )
    for each in closed:
        await tx.execute(
            "UPDATE arrivals SET moved_from_id = $1 WHERE id = $2 AND moved_from_id IS NULL",
            each["id"],
            each["next_id"],
        )
    await remember(kept_id, merged_id, CLOSED_STAYS, [row["id"] for row in closed], tx)
    await _move("arrivals", kept_id, merged_id, tx)
    await tx.execute("SELECT recount_stays($1)", kept_id)
    await tx.execute(
        "UPDATE people SET region = arrivals.region FROM arrivals WHERE people.person_id = $1"
        " AND arrivals.person_id = $1 AND arrivals.until IS NULL",
        kept_id,
    )


async def _merge_consents(kept_id: UUID, merged_id: UUID, tx: Tx) -> None:
    """One standing consent a purpose: the newer one stays. Phones are sealed by consent id, so
    they need no new seal."""
    await tx.execute(
        "UPDATE consents AS older SET withdrawn_at = $3, withdrawn_by = 'merged',"
        " withdrawal_channel = 'merge'"
        " FROM consents AS newer"
        " WHERE older.person_id IN ($1, $2) AND newer.person_id IN ($1, $2)"
        " AND older.purpose = newer.purpose AND older.id < newer.id"
        " AND older.withdrawn_at IS NULL AND newer.withdrawn_at IS NULL",
        kept_id,
        merged_id,
        tx.now,
    )
    await _move("consents", kept_id, merged_id, tx)


async def _move(table: str, kept_id: UUID, merged_id: UUID, tx: Tx) -> None:
    moved = await tx.fetch(
        f"UPDATE {table} SET person_id = $1"  # noqa: S608 our own names
        " WHERE person_id = $2 RETURNING id",
        kept_id,
        merged_id,
    )
    await remember(kept_id, merged_id, table, [row["id"] for row in moved], tx)


async def remember(
    kept_id: UUID, merged_id: UUID, table: str, rows: Sequence[UUID], tx: Tx
) -> None:
    """Keep which rows a merge moved."""
    await tx.execute(
        "INSERT INTO merged_rows (merged_id, kept_id, table_name, row_id)"
        " SELECT $1, $2, $3, unnest($4::uuid[])"
        " ON CONFLICT (merged_id, table_name, row_id) DO UPDATE SET kept_id = excluded.kept_id",
        merged_id,
        kept_id,
        table,
        rows,
    )
