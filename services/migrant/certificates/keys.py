"""The signing keys of this county: made here, sealed here, published by their public half."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache

from joserfc.jwk import ECKey, KeySet

from services.migrant.certificates.models import IssuerKey
from services.migrant.certificates.schemas import RotateKey
from shared.db import Tx

_LOCK = 0x43455254  # "CERT": one process at a time makes a key
# A retired key stays published as long as the longest certificate it may have signed.
_PUBLISHED_AFTER_RETIREMENT = timedelta(days=366)

# As a part of a statement, so that a check of a certificate asks for all it needs at once.
PUBLISHED = (
    "(SELECT array_agg(public_jwk::text ORDER BY starts_at DESC) FROM issuer_keys"
    " WHERE retired_at IS NULL OR retired_at > $1)"
)


async def signing_key(tx: Tx) -> ECKey:
    """The key that signs now; the first one is made when it is first needed."""
    current = await _current(tx)
    if current is None:
        await tx.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
        current = await _current(tx) or await _make(tx.now, tx)
    private = tx.vault.open(current.private_sealed, f"issuer_keys.private:{current.kid}")
    return ECKey.import_key(json.loads(private))


async def rotate_key(command: RotateKey, tx: Tx) -> None:
    """A new key (轮换密钥), published at once. It signs after `starts_after_days`: by then every
    checker that caches our keys has it. What older keys signed stays good."""
    await tx.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
    starts_at = tx.now + timedelta(days=command.starts_after_days)
    # A key that waited and has not begun by then makes way for the new one.
    await tx.execute(
        "UPDATE issuer_keys SET retired_at = $1 WHERE retired_at IS NULL OR retired_at > $1",
        starts_at,
    )
    await _make(starts_at, tx)


async def public_keys(tx: Tx) -> KeySet:
    """Every key that a certificate still in force may have been signed with, and the next."""
    found = await _published(tx)
    if not found:
        await signing_key(tx)
        found = await _published(tx)
    return key_set(found)


def key_set(jwks: Sequence[str]) -> KeySet:
    """From public keys as JSON texts."""
    return KeySet([_imported(each) for each in jwks])


async def _published(tx: Tx) -> list[str]:
    found: list[str] | None = await tx.fetch_value(f"SELECT {PUBLISHED}", published_since(tx))
    return found or []


def published_since(tx: Tx) -> datetime:
    """$1 of PUBLISHED."""
    return tx.now - _PUBLISHED_AFTER_RETIREMENT


@lru_cache(maxsize=64)
def _imported(jwk: str) -> ECKey:
    return ECKey.import_key(json.loads(jwk))


async def _current(tx: Tx) -> IssuerKey | None:
    found = await tx.find(
        IssuerKey,
        "SELECT * FROM issuer_keys WHERE starts_at <= $1"
        " AND (retired_at IS NULL OR retired_at > $1) ORDER BY starts_at DESC LIMIT 1",
        tx.now,
    )
    return found[0] if found else None


async def _make(starts_at: datetime, tx: Tx) -> IssuerKey:
    made = ECKey.generate_key("P-256")
    kid = made.thumbprint()  # RFC 7638
    key = ECKey.import_key(made.as_dict(private=True), {"kid": kid, "use": "sig", "alg": "ES256"})
    row = IssuerKey(
        kid=kid,
        public_jwk=dict(key.as_dict(private=False)),
        private_sealed=tx.vault.seal(
            json.dumps(key.as_dict(private=True)), f"issuer_keys.private:{kid}"
        ),
        created_at=tx.now,
        starts_at=starts_at,
    )
    await tx.add(row)
    return row
