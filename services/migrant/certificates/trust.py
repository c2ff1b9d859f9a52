"""Other counties whose certificates can be checked here: entering their keys and status lists."""

from collections.abc import Sequence
from datetime import UTC, datetime

from joserfc.jwk import KeySet

from services.migrant.certificates.models import TrustedIssuer
from services.migrant.certificates.schemas import TrustedIssuerView, TrustIssuer
from services.migrant.certificates.sdjwt import CLOCKS
from services.migrant.certificates.statuslist import BadStatusList, StatusListToken, read
from services.migrant.errors import FactsDoNotFit
from shared.db import Tx
from shared.problems import Text

# A list that the issuer signed earlier than the one at hand never takes its place: whoever plays
# an old list again cannot undo a revocation.
_KEEP = """
INSERT INTO cached_status_lists (uri, issuer, token, issued_at, fetched_at)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (uri) DO UPDATE SET issuer = excluded.issuer, token = excluded.token,
  issued_at = excluded.issued_at, fetched_at = excluded.fetched_at
WHERE cached_status_lists.issued_at <= excluded.issued_at
   OR cached_status_lists.issuer <> excluded.issuer
"""
_TRUST = """
INSERT INTO trusted_issuers (issuer, jwks, status_base, updated_at, updated_by)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (issuer) DO UPDATE SET jwks = excluded.jwks, status_base = excluded.status_base,
  updated_at = excluded.updated_at, updated_by = excluded.updated_by
"""


async def trust_issuer(issuer: str, command: TrustIssuer, tx: Tx) -> TrustedIssuerView:
    """Enter or replace an issuer. Raises FactsDoNotFit for a status list it has not signed."""
    row = TrustedIssuer(
        issuer=issuer,
        jwks=command.jwks.model_dump(exclude_none=True),
        status_base=command.status_base,
        updated_at=tx.now,
        updated_by=tx.actor.sub,
    )
    await tx.execute(_TRUST, row.issuer, row.jwks, row.status_base, row.updated_at, row.updated_by)
    keys = key_set(row.jwks)
    for given in command.status_lists:
        try:
            token = read_list(given.token, keys, row.status_base, given.uri, tx.now)
        except BadStatusList as error:
            raise FactsDoNotFit(
                Text("状态列表不是该签发地签署的", "A status list is not signed by this issuer")
            ) from error
        await keep_list(issuer, given.uri, given.token, token, tx)
    return _view(row)


async def list_trusted(tx: Tx) -> Sequence[TrustedIssuerView]:
    found = await tx.find(TrustedIssuer, "SELECT * FROM trusted_issuers ORDER BY issuer")
    return [_view(each) for each in found]


async def keep_list(issuer: str, uri: str, text: str, token: StatusListToken, tx: Tx) -> None:
    """Keep a verified list as the newest of its address, if it is that."""
    await tx.execute(_KEEP, uri, issuer, text, token.issued_at, tx.now)


def read_list(
    text: str, keys: KeySet, status_base: str, uri: str, now: datetime
) -> StatusListToken:
    """A list as this issuer publishes it at `uri`, in force now. Raises BadStatusList."""
    if not uri.startswith(status_base):
        raise BadStatusList("not where this issuer publishes")
    token = read(text, keys, uri)
    if token.issued_at > now.timestamp() + CLOCKS:
        raise BadStatusList("signed in the future")
    return token


def in_force(token: StatusListToken, now: datetime) -> bool:
    """Whether the list may still be believed, whichever of the two clocks is wrong."""
    return token.expires_at is None or now.timestamp() < token.expires_at + CLOCKS


def signed_at(token: StatusListToken) -> datetime:
    return datetime.fromtimestamp(token.issued_at, UTC)


def key_set(jwks: dict[str, list[dict[str, str]]]) -> KeySet:
    """Keys of an issuer from their JWK set."""
    return KeySet.import_key_set({"keys": jwks["keys"]})  # type: ignore[typeddict-item]


def _view(issuer: TrustedIssuer) -> TrustedIssuerView:
    return TrustedIssuerView(
        issuer=issuer.issuer,
        status_base=issuer.status_base,
        key_ids=[str(key.get("kid", "")) for key in issuer.jwks["keys"]],
        updated_at=issuer.updated_at,
    )
