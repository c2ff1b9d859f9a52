"""Other counties whose certificates can be checked here: their keys and status lists."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from joserfc.jwk import KeySet

from services.migrant.certificates.models import CachedStatusList, TrustedIssuer
from services.migrant.certificates.rules import IssuerHere
from services.migrant.certificates.schemas import TrustedIssuerView, TrustIssuer
from services.migrant.certificates.statuslist import BadStatusList, StatusListToken, read
from services.migrant.errors import FactsDoNotFit
from shared.db import Tx
from shared.problems import Text

Fetch = Callable[[str], Awaitable[str | None]]  # the text at an address, or None

_UNSTATED_TTL = 3600


@dataclass(frozen=True, slots=True)
class KnownStatus:
    """The status of a certificate as far as it can be known: `current` is False when it is read
    from a list that is too old to rely on; `value` is None when there is none at all."""

    value: int | None
    current: bool
    as_of: datetime | None


async def trust_issuer(issuer: str, command: TrustIssuer, tx: Tx) -> TrustedIssuerView:
    """Enter or replace an issuer. Raises FactsDoNotFit for a status list it has not signed."""
    row = TrustedIssuer(
        issuer=issuer,
        jwks=command.jwks.model_dump(exclude_none=True),
        status_base=command.status_base,
        updated_at=tx.now,
        updated_by=tx.actor.sub,
    )
    await tx.execute(
        "INSERT INTO trusted_issuers (issuer, jwks, status_base, updated_at, updated_by)"
        " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (issuer) DO UPDATE SET jwks = excluded.jwks,"
        " status_base = excluded.status_base, updated_at = excluded.updated_at,"
        " updated_by = excluded.updated_by",
        row.issuer,
        row.jwks,
        row.status_base,
        row.updated_at,
        row.updated_by,
    )
    for given in command.status_lists:
        try:
            _read(row, given.uri, given.token)
        except BadStatusList as error:
            raise FactsDoNotFit(
                Text("状态列表不是该签发地签署的", "A status list is not signed by this issuer")
            ) from error
        await _keep(row, given.uri, given.token, tx)
    return _view(row)


async def list_trusted(tx: Tx) -> Sequence[TrustedIssuerView]:
    found = await tx.find(TrustedIssuer, "SELECT * FROM trusted_issuers ORDER BY issuer")
    return [_view(each) for each in found]


async def status_of(
    issuer: TrustedIssuer, uri: str, index: int, here: IssuerHere, fetch: Fetch, tx: Tx
) -> KnownStatus:
    """What the issuer's list says, asked for anew when the one at hand is old. Raises
    BadStatusList for an index that is not in it."""
    cached = await tx.get(CachedStatusList, uri)
    token = _still_good(issuer, cached)
    if token is not None and cached is not None and _fresh(token, cached, tx.now, 0):
        return _known(token, index, current=True)
    if uri.startswith(issuer.status_base) and (text := await fetch(uri)) is not None:
        try:
            fetched = _read(issuer, uri, text)
        except BadStatusList:
            fetched = None
        if fetched is not None and _unexpired(fetched, tx.now):
            await _keep(issuer, uri, text, tx)
            return _known(fetched, index, current=True)
    if token is None or cached is None:
        return KnownStatus(None, False, None)
    return _known(token, index, current=_fresh(token, cached, tx.now, here.status_grace))


def key_set(issuer: TrustedIssuer) -> KeySet:
    return KeySet.import_key_set({"keys": issuer.jwks["keys"]})


def _read(issuer: TrustedIssuer, uri: str, text: str) -> StatusListToken:
    if not uri.startswith(issuer.status_base):
        raise BadStatusList("not where this issuer publishes")
    return read(text, key_set(issuer), uri)


def _still_good(issuer: TrustedIssuer, cached: CachedStatusList | None) -> StatusListToken | None:
    """The list at hand, unless the issuer's keys have changed since."""
    if cached is None:
        return None
    try:
        return _read(issuer, cached.uri, cached.token)
    except BadStatusList:
        return None


def _unexpired(token: StatusListToken, now: datetime) -> bool:
    return token.expires_at is None or now.timestamp() < token.expires_at


def _fresh(token: StatusListToken, cached: CachedStatusList, now: datetime, grace: int) -> bool:
    ttl = token.ttl if token.ttl is not None else _UNSTATED_TTL
    return _unexpired(token, now) and now < cached.fetched_at + timedelta(seconds=ttl + grace)


def _known(token: StatusListToken, index: int, *, current: bool) -> KnownStatus:
    return KnownStatus(token.at(index), current, datetime.fromtimestamp(token.issued_at, UTC))


async def _keep(issuer: TrustedIssuer, uri: str, text: str, tx: Tx) -> None:
    await tx.execute(
        "INSERT INTO cached_status_lists (uri, issuer, token, fetched_at) VALUES ($1, $2, $3, $4)"
        " ON CONFLICT (uri) DO UPDATE SET issuer = excluded.issuer, token = excluded.token,"
        " fetched_at = excluded.fetched_at",
        uri,
        issuer.issuer,
        text,
        tx.now,
    )


def _view(issuer: TrustedIssuer) -> TrustedIssuerView:
    return TrustedIssuerView(
        issuer=issuer.issuer,
        status_base=issuer.status_base,
        key_ids=[str(key.get("kid", "")) for key in issuer.jwks["keys"]],
        updated_at=issuer.updated_at,
    )
