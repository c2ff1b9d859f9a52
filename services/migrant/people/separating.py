"""Taking a merge back (撤销合并): each id gets what was its own when the registry merged them.

What was recorded since the merge stays with the kept id, and a consent that the merge ended stays
ended: she can give it anew.
"""

from uuid import UUID

from services.migrant.accounts.handlers import give_back_links
from services.migrant.people.handlers import CLOSED_STAYS, REFERRING, rekey
from services.migrant.people.models import PersonHere
from shared.db import Tx
from shared.subjects import merge_subject

_PLACES = """
UPDATE people SET region = arrivals.region FROM arrivals
WHERE people.person_id = ANY($1::uuid[]) AND arrivals.person_id = people.person_id
  AND arrivals.until IS NULL
"""
# The stay that a merge had ended led to one of the other person's.
_UNLINK = """
UPDATE arrivals AS next SET moved_from_id = NULL FROM arrivals AS stay
WHERE stay.id = ANY($1::uuid[]) AND next.moved_from_id = stay.id
  AND next.person_id <> stay.person_id
"""
_REOPEN = """
UPDATE arrivals AS stay SET until = NULL, ended_by = NULL, to_region = NULL
WHERE id = ANY($1::uuid[]) AND ended_by = 'move' AND NOT EXISTS (
  SELECT FROM arrivals WHERE person_id = stay.person_id AND until IS NULL)
"""


async def separate_people(kept_id: UUID, merged_id: UUID, tx: Tx) -> None:
    """The two ids are two people after all. Applying it twice, or to ids that are not merged
    here, changes nothing. Runs as the service, over the whole county."""
    kept = await tx.fetch_value("SELECT kept_id FROM merged_people WHERE merged_id = $1", merged_id)
    if kept != kept_id:
        return
    await tx.execute("DELETE FROM merged_people WHERE merged_id = $1", merged_id)
    followed = await _moved("merged_people", kept_id, merged_id, tx)
    await tx.execute(
        "UPDATE merged_people SET kept_id = $1 WHERE merged_id = ANY($2::uuid[])",
        merged_id,
        followed,
    )
    await _give_back_record(kept_id, merged_id, tx)
    for table in ("arrivals", "consents", *REFERRING):
        await tx.execute(
            f"UPDATE {table} SET person_id = $1"  # noqa: S608 our own names
            " WHERE person_id = $2 AND id = ANY($3::uuid[])",
            merged_id,
            kept_id,
            await _moved(table, kept_id, merged_id, tx),
        )
    closed = await _moved(CLOSED_STAYS, kept_id, merged_id, tx)
    await tx.execute(_UNLINK, closed)
    await tx.execute(_REOPEN, closed)
    for each in (kept_id, merged_id):
        await tx.execute("SELECT recount_stays($1)", each)
    await tx.execute(_PLACES, [kept_id, merged_id])
    links = await _moved("account_links", kept_id, merged_id, tx)
    await give_back_links(merged_id, links, tx)
    await tx.execute(
        "DELETE FROM merged_rows WHERE merged_id = $1 AND kept_id = $2", merged_id, kept_id
    )
    for each in (merged_id, *followed):
        await merge_subject(merged_id, each, tx)


async def _give_back_record(kept_id: UUID, merged_id: UUID, tx: Tx) -> None:
    if not await _moved("people", kept_id, merged_id, tx):
        return
    person = await tx.get(PersonHere, kept_id, lock=True)
    if person is not None and await tx.get(PersonHere, merged_id) is None:
        await rekey(person, merged_id, tx)


async def _moved(table: str, kept_id: UUID, merged_id: UUID, tx: Tx) -> list[UUID]:
    rows = await tx.fetch(
        "SELECT row_id FROM merged_rows"
        " WHERE merged_id = $1 AND kept_id = $2 AND table_name = $3 ORDER BY row_id",
        merged_id,
        kept_id,
        table,
    )
    return [row["row_id"] for row in rows]
