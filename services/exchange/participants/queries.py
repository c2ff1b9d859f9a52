"""Reading participants."""

from collections.abc import Sequence

from services.exchange.errors import ParticipantNotFound
from services.exchange.participants.levels import Level
from services.exchange.participants.models import Participant, ParticipantRecord
from services.exchange.participants.node import our_keys, our_node, own_row
from services.exchange.participants.rules import says_the_same
from services.exchange.participants.schemas import (
    DirectoryPage,
    ParticipantView,
    Record,
    SignedRecord,
)
from shared.db import Tx
from shared.pages import Page, encode_cursor, number_in, text_in
from shared.signing import sign_detached

_FOR_REGION = """
SELECT participants.* FROM participants, unnest(region_prefixes) AS prefix
WHERE starts_with($1, prefix) AND level = ANY($2::text[]) AND revoked_at IS NULL
ORDER BY length(prefix) DESC, id LIMIT 1
"""
_RECORDS = """
SELECT record.* FROM participant_records AS record
JOIN participants ON participants.id = record.node_id
  AND participants.record_version = record.version
WHERE sequence > $1 ORDER BY sequence LIMIT $2
"""


async def find_for_region(code: str, tx: Tx) -> Participant | None:
    """The county or city node that answers for a region: the longest prefix wins."""
    return await _covering(code, [Level.COUNTY, Level.CITY], tx)


async def find_city_of(code: str, tx: Tx) -> Participant | None:
    """The city node over a region (市级节点)."""
    return await _covering(code, [Level.CITY], tx)


async def _covering(code: str, levels: list[Level], tx: Tx) -> Participant | None:
    found = await tx.find(Participant, _FOR_REGION, code, [level.value for level in levels])
    return found[0] if found else None


async def find_active(node_id: str, tx: Tx) -> Participant | None:
    """A participant that is not revoked."""
    participant = await tx.get(Participant, node_id)
    return participant if participant is not None and participant.revoked_at is None else None


async def find_issuer(issuer: str, tx: Tx) -> Participant | None:
    """The participant that a certificate names as its issuer: by node id, or by an address
    inside its own."""
    found = await tx.find(
        Participant,
        "SELECT * FROM participants WHERE revoked_at IS NULL"
        " AND (id = $1 OR address = $1 OR starts_with($1, address || '/'))"
        " ORDER BY length(address) DESC LIMIT 1",
        issuer,
    )
    return found[0] if found else None


async def get_participant(node_id: str, tx: Tx) -> ParticipantView:
    participant = await tx.get(Participant, node_id)
    if participant is None:
        raise ParticipantNotFound()
    return view_of(participant)


async def list_participants(limit: int, cursor: str | None, tx: Tx) -> Page[ParticipantView]:
    """By id."""
    after = text_in(cursor) if cursor else ""
    rows = await tx.find(
        Participant,
        "SELECT * FROM participants WHERE id > $1 ORDER BY id LIMIT $2",
        after,
        limit + 1,
    )
    more = encode_cursor(rows[limit - 1].id) if len(rows) > limit else None
    return Page(items=[view_of(row) for row in rows[:limit]], next=more)


async def get_own_record(tx: Tx) -> Record:
    """Who we say we are, unsigned: what a city needs in order to admit us. What only the city can
    say (further regions, roles) is as it last said; the version is the next one where anything
    differs from the record that it signed."""
    own, known = await own_row(tx), await own_participant(tx)
    regions = known.region_prefixes if known and own.region in known.region_prefixes else None
    record = Record(
        id=own.id,
        name=own.name,
        level=Level(own.level),
        region_prefixes=regions or [own.region],
        address=own.address,
        jwks=await our_keys(tx),
        certificate_pem=own.certificate_pem,
        roles=known.roles if known else [],
        version=known.record_version if known else 1,
    )
    if known is None or says_the_same(record, Record.model_validate(known.record)):
        return record
    return record.model_copy(update={"version": known.record_version + 1})


async def own_signature(record: Record, tx: Tx) -> str:
    """Our detached JWS over our own record, for a city that is to admit us: it compares the key's
    id with our operator, which proves the rest."""
    return sign_detached(record.model_dump(mode="json"), (await our_node(tx)).key)


async def own_participant(tx: Tx) -> Participant | None:
    """Our own record as our city signed it; None before we are admitted."""
    found = await tx.find(
        Participant, "SELECT participants.* FROM participants JOIN own_node USING (id)"
    )
    return found[0] if found else None


async def list_records(limit: int, since: str | None, tx: Tx) -> DirectoryPage:
    """The newest signed record of each node, in the order they came."""
    after = number_in(since) or 0
    rows = await tx.find(ParticipantRecord, _RECORDS, after, limit + 1)
    shown = rows[:limit]
    last = shown[-1].sequence if shown else after
    return DirectoryPage(
        items=[SignedRecord(record=row.record, signature=row.signature) for row in shown],
        next=encode_cursor(last or 0),
        more=len(rows) > limit,
    )


async def list_cities(tx: Tx) -> Sequence[Participant]:
    """The cities whose directories we follow."""
    return await tx.find(
        Participant,
        "SELECT * FROM participants WHERE level = 'city' AND revoked_at IS NULL"
        " AND id <> (SELECT id FROM own_node)",
    )


def view_of(participant: Participant) -> ParticipantView:
    fields = participant.model_dump(
        exclude={"key_history", "record", "record_version", "stored_at"}
    )
    return ParticipantView(**fields, version=participant.record_version)
