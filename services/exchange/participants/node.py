"""This node's own identity and signing keys."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from services.exchange.participants.models import NodeKey, OwnNode
from services.exchange.settings import Settings
from shared.db import Tx
from shared.problems import Unavailable
from shared.signing import JsonObject, SigningKey, check_jwks, key_set

_LOCK = 0x594B4559  # "YKEY"


@dataclass(frozen=True)
class Node:
    """Who we are, with which roles our city admitted us, and the key that signs for us."""

    id: str
    level: str
    region: str
    roles: Sequence[str]
    key: SigningKey


# Of the keys that count, one that our admitted record names: peers cannot know another yet. Before
# we are admitted, and when no such key is left, the newest.
_NODE = """
SELECT node.id, node.level, node.region, coalesce(admitted.roles, '{}') AS roles,
  key.kid, key.private_sealed
FROM own_node AS node CROSS JOIN node_keys AS key
LEFT JOIN participants AS admitted ON admitted.id = node.id
WHERE key.not_before <= $1 AND key.revoked_at IS NULL
  AND (key.retired_at IS NULL OR key.retired_at > $1)
ORDER BY admitted.jwks -> 'keys' @> jsonb_build_array(jsonb_build_object('kid', key.kid)) DESC,
  key.not_before DESC, key.created_at DESC
LIMIT 1
"""
# Who asks for a change of a record shows that it is whoever the record describes: with a key of
# the record, if need be the very one it gives up.
_PROVING = """
SELECT key.kid, key.private_sealed
FROM node_keys AS key JOIN participants AS admitted ON admitted.id = (SELECT id FROM own_node)
WHERE key.not_before <= $1
  AND admitted.jwks -> 'keys' @> jsonb_build_array(jsonb_build_object('kid', key.kid))
ORDER BY key.revoked_at IS NULL DESC, key.retired_at IS NULL DESC, key.not_before DESC
LIMIT 1
"""


async def our_node(tx: Tx) -> Node:
    """Raises Unavailable before `settle` has run."""
    row = await tx.fetch_row(_NODE, tx.now)
    if row is None:
        raise Unavailable()
    key = secret_half(row["kid"], row["private_sealed"], tx)
    return Node(row["id"], row["level"], row["region"], row["roles"], key)


async def proving_key(tx: Tx) -> SigningKey | None:
    """The key that signs our own next record. None before we are admitted."""
    row = await tx.fetch_row(_PROVING, tx.now)
    return None if row is None else secret_half(row["kid"], row["private_sealed"], tx)


async def own_row(tx: Tx) -> OwnNode:
    """Who the settings say we are. Raises Unavailable before `settle` has run."""
    rows = await tx.find(OwnNode, "SELECT * FROM own_node")
    if not rows:
        raise Unavailable()
    return rows[0]


async def our_keys(tx: Tx) -> JsonObject:
    """Our public keys with their periods, ended ones too: what they signed stays verifiable."""
    keys = await tx.find(NodeKey, "SELECT * FROM node_keys ORDER BY created_at DESC, kid")
    return key_set(*(published(key) for key in keys))


async def settle(settings: Settings, tx: Tx) -> None:
    """At start-up: write down who the settings say we are, and make a key if there is none."""
    await keys_in_turn(tx)
    await tx.execute("DELETE FROM own_node")
    await tx.add(
        OwnNode(
            id=settings.node_id,
            name=settings.node_name or settings.node_id,
            level=settings.node_level,
            region=settings.region,
            address=(settings.node_address or settings.public_url).rstrip("/"),
            certificate_pem=settings.certificate_pem or _text_of(settings.certificate_file),
            anchor=_anchor(settings.city_jwks),
        )
    )
    if not await tx.fetch_value("SELECT 1 FROM node_keys"):
        await tx.add(new_key(whole(tx.now), tx))


async def keys_in_turn(tx: Tx) -> None:
    """One changes our keys at a time; replicas that start together make one."""
    await tx.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)


def new_key(not_before: datetime, tx: Tx) -> NodeKey:
    """A fresh key, counting from a moment (whole seconds), not stored yet."""
    key = SigningKey.generate()
    return NodeKey(
        kid=key.kid,
        public=key.public_jwk(),
        private_sealed=tx.vault.seal(key.to_text(), _place(key.kid)),
        created_at=tx.now,
        made_by=tx.actor.sub,
        not_before=not_before,
    )


def secret_half(kid: str, sealed: bytes, tx: Tx) -> SigningKey:
    return _signing_key(tx.vault.open(sealed, _place(kid)))


@lru_cache(maxsize=8)
def _signing_key(text: str) -> SigningKey:
    """Ours change a few times a year, and every message asks for one."""
    return SigningKey.from_text(text)


def published(key: NodeKey) -> JsonObject:
    """The public half with its period, as participants/validity.py reads it."""
    jwk = key.public | {"nbf": _seconds(key.not_before)}
    if key.retired_at is not None:
        jwk["exp"] = _seconds(key.retired_at)
    if key.revoked_at is not None:
        jwk["revoked"] = {"revoked_at": _seconds(key.revoked_at), "reason": key.revocation_reason}
    return jwk


def whole(at: datetime) -> datetime:
    """The second a moment lies in: published periods have no fractions."""
    return at.replace(microsecond=0)


def _seconds(at: datetime) -> int:
    return int(at.timestamp())


def _place(kid: str) -> str:
    return f"node_keys.private:{kid}"


def _text_of(file: str | None) -> str | None:
    return None if file is None else Path(file).read_text()


def _anchor(configured: str | None) -> JsonObject | None:
    if configured is None:
        return None
    text = configured if configured.lstrip().startswith("{") else Path(configured).read_text()
    jwks: JsonObject = json.loads(text)
    check_jwks(jwks)
    return jwks
