"""This node's own identity and signing key."""

import json
from dataclasses import dataclass
from pathlib import Path

from services.exchange.participants.models import NodeKey, OwnNode
from services.exchange.settings import Settings
from shared.db import Tx
from shared.problems import Unavailable
from shared.signing import JsonObject, SigningKey, check_jwks, key_set

_LOCK = 0x594B4559  # "YKEY": replicas starting together make one key


@dataclass(frozen=True)
class Node:
    """Who we are, and the key that signs for us."""

    id: str
    level: str
    region: str
    key: SigningKey


_NODE = """
SELECT node.id, node.level, node.region, key.kid, key.private_sealed
FROM own_node AS node, node_keys AS key
WHERE key.retired_at IS NULL ORDER BY key.created_at DESC LIMIT 1
"""


async def our_node(tx: Tx) -> Node:
    """Raises Unavailable before `settle` has run."""
    row = await tx.fetch_row(_NODE)
    if row is None:
        raise Unavailable()
    private = tx.vault.open(row["private_sealed"], _place(row["kid"]))
    return Node(row["id"], row["level"], row["region"], SigningKey.from_text(private))


async def our_keys(tx: Tx) -> JsonObject:
    """Our public keys, retired ones too: what they signed must stay verifiable."""
    keys = await tx.find(NodeKey, "SELECT * FROM node_keys ORDER BY created_at DESC")
    return key_set(*(key.public for key in keys))


async def settle(settings: Settings, tx: Tx) -> None:
    """At start-up: write down who the settings say we are, and make a key if there is none."""
    await tx.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
    await tx.execute("DELETE FROM own_node")
    await tx.add(
        OwnNode(
            id=settings.node_id,
            name=settings.node_name or settings.node_id,
            level=settings.node_level,
            region=settings.region,
            address=(settings.node_address or settings.public_url).rstrip("/"),
            certificate_pem=settings.certificate_pem,
            anchor=_anchor(settings.city_jwks),
        )
    )
    if not await tx.fetch_value("SELECT 1 FROM node_keys WHERE retired_at IS NULL"):
        await tx.add(_sealed(SigningKey.generate(), tx))


def _sealed(key: SigningKey, tx: Tx) -> NodeKey:
    return NodeKey(
        kid=key.kid,
        public=key.public_jwk(),
        private_sealed=tx.vault.seal(key.to_text(), _place(key.kid)),
        created_at=tx.now,
    )


def _place(kid: str) -> str:
    return f"node_keys.private:{kid}"


def _anchor(configured: str | None) -> JsonObject | None:
    if configured is None:
        return None
    text = configured if configured.lstrip().startswith("{") else Path(configured).read_text()
    jwks: JsonObject = json.loads(text)
    check_jwks(jwks)
    return jwks
