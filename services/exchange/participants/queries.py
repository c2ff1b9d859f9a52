"""Reading participants."""

from services.exchange.errors import ParticipantNotFound
from services.exchange.participants.models import Level, OwnNode, Participant
from services.exchange.participants.schemas import ParticipantView, Record
from shared.db import Tx
from shared.pages import Page, encode_cursor, text_in
from shared.problems import Unavailable
from shared.signing import JsonObject, key_set

_FOR_REGION = """
SELECT participants.* FROM participants, unnest(region_prefixes) AS prefix
WHERE starts_with($1, prefix) AND level = ANY($2::text[]) AND revoked_at IS NULL
ORDER BY length(prefix) DESC, id LIMIT 1
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
    """Who we say we are, unsigned: what a city needs in order to admit us."""
    rows = await tx.find(OwnNode, "SELECT * FROM own_node")
    if not rows:
        raise Unavailable()
    own = rows[0]
    return Record(
        id=own.id,
        name=own.name,
        level=Level(own.level),
        region_prefixes=[own.region],
        address=own.address,
        jwks=key_set(*await _active_keys(tx)),
        certificate_pem=own.certificate_pem,
        version=1,
    )


async def _active_keys(tx: Tx) -> list[JsonObject]:
    rows = await tx.fetch(
        "SELECT public FROM node_keys WHERE retired_at IS NULL ORDER BY created_at DESC"
    )
    return [row["public"] for row in rows]


def view_of(participant: Participant) -> ParticipantView:
    fields = participant.model_dump(exclude={"record", "record_version", "stored_at"})
    return ParticipantView(**fields, version=participant.record_version)
