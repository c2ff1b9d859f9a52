"""Reading changes in an order in which nothing can appear behind the reader.

Ids commit out of order: whoever reads "greater than the last" misses what was slower. Rows carry
the transaction that wrote them, and only those of transactions older than any still running are
given out. A database restored into another cluster numbers its transactions anew: set
`changes.transaction` to 0 there, and have clients begin again.
"""

from uuid import UUID

from services.registry.changes.schemas import ChangePage, ChangeView
from shared.db import Tx
from shared.pages import decode_cursor, encode_cursor
from shared.problems import MalformedRequest, Text

_SINCE = """
SELECT transaction, person_id, version, kind, at FROM changes
WHERE (transaction, person_id, version) > ($1, $2, $3)
  AND transaction < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
ORDER BY transaction, person_id, version LIMIT $4
"""
_Key = tuple[int, UUID, int]
_START: _Key = (0, UUID(int=0), 0)


async def list_changes(since: str | None, limit: int, tx: Tx) -> ChangePage:
    """What changed, in the actor's jurisdiction, after the cursor `since`. Raises
    MalformedRequest."""
    last = _key_in(since) if since else _START
    rows = await tx.fetch(_SINCE, *last, limit + 1)
    items = [ChangeView(**{name: row[name] for name in ChangeView.model_fields}) for row in rows]
    more = len(rows) > limit
    if rows:
        end = rows[min(limit, len(rows)) - 1]
        last = end["transaction"], end["person_id"], end["version"]
    cursor = encode_cursor(last[0], str(last[1]), last[2])
    return ChangePage(items=items[:limit], next=cursor, more=more)


def _key_in(cursor: str) -> _Key:
    key = decode_cursor(cursor)
    try:
        transaction, person, version = key
        if not (isinstance(transaction, int) and isinstance(version, int)):
            raise ValueError
        if not (0 <= transaction < 2**63 and 0 <= version < 2**31):
            raise ValueError
        return transaction, UUID(str(person)), version
    except ValueError as error:
        raise MalformedRequest(Text("cursor 无效", "The cursor is not valid")) from error
