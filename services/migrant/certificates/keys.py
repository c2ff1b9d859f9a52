"""The signing keys of this county: made here, sealed here, published by their public half."""

import json
from datetime import timedelta

from joserfc.jwk import ECKey, KeySet

from services.migrant.certificates.models import IssuerKey
from shared.db import Tx

_LOCK = 0x43455254  # "CERT": one process at a time makes a key
# A retired key stays published as long as the longest certificate it may have signed.
_PUBLISHED_AFTER_RETIREMENT = timedelta(days=366)


async def signing_key(tx: Tx) -> ECKey:
    """The key that signs today; the first one is made when it is first needed."""
    current = await _current(tx)
    if current is None:
        await tx.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
        current = await _current(tx) or await _make(tx)
    private = tx.vault.open(current.private_sealed, f"issuer_keys.private:{current.kid}")
    return ECKey.import_key(json.loads(private))


async def rotate_key(tx: Tx) -> None:
    """Sign with a new key from now on; what older keys signed stays good."""
    await tx.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
    await tx.execute("UPDATE issuer_keys SET retired_at = $1 WHERE retired_at IS NULL", tx.now)
    await _make(tx)


async def public_keys(tx: Tx) -> KeySet:
    """Every key that a certificate still in force may have been signed with."""
    await signing_key(tx)
    found = await tx.find(
        IssuerKey,
        "SELECT * FROM issuer_keys WHERE retired_at IS NULL OR retired_at > $1"
        " ORDER BY created_at DESC",
        tx.now - _PUBLISHED_AFTER_RETIREMENT,
    )
    return KeySet([ECKey.import_key(each.public_jwk) for each in found])


async def _current(tx: Tx) -> IssuerKey | None:
    found = await tx.find(
        IssuerKey,
        "SELECT * FROM issuer_keys WHERE retired_at IS NULL ORDER BY created_at DESC LIMIT 1",
    )
    return found[0] if found else None


async def _make(tx: Tx) -> IssuerKey:
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
    )
    await tx.add(row)
    return row
