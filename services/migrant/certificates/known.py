"""What this process knows of other issuers (已知签发地): keys and status lists, taken apart once.

A check reads two moments from the database and, unless something is newer there, everything else
from memory. A list that has grown old is asked for over the network here, before the transaction
of the check is opened: a slow neighbour holds no connection of ours.
"""

import asyncio
from collections import OrderedDict, defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from joserfc.jwk import KeySet

from services.migrant.certificates.examining import KnownStatus, StatusReference
from services.migrant.certificates.fetching import Fetch, FetchPinned
from services.migrant.certificates.statuslist import BadStatusList, StatusListToken
from services.migrant.certificates.trust import in_force, keep_list, key_set, read_list, signed_at
from shared.actors import Actor
from shared.db import Database

_UNSTATED_TTL: Final = 3600
_LISTS_IN_MEMORY: Final = 64

_MOMENTS = """
SELECT i.updated_at, l.fetched_at FROM trusted_issuers AS i
LEFT JOIN cached_status_lists AS l ON l.uri = $2 AND l.issuer = i.issuer
WHERE i.issuer = $1
  AND NOT EXISTS (SELECT FROM directory_issuers AS d WHERE d.issuer = i.issuer AND d.revoked)
"""
_ISSUER = """
SELECT i.jwks, i.status_base, d.certificate_pem FROM trusted_issuers AS i
LEFT JOIN directory_issuers AS d ON d.issuer = i.issuer AND starts_with(i.status_base, d.address)
WHERE i.issuer = $1
"""
# A key that nobody heard of may be a new one; strangers make us look once in ten minutes.
_LOOK_SOON = """
UPDATE directory_issuers SET next_look_at = now()
WHERE issuer = $1 AND looked_at < now() - interval '10 minutes'
"""


@dataclass(frozen=True, slots=True)
class KnownIssuer:
    """An issuer as it was entered at `updated_at`."""

    name: str
    updated_at: datetime
    keys: KeySet
    status_base: str
    certificate_pem: str | None  # of the door where its lists are, if the directory names one


@dataclass(frozen=True, slots=True)
class _KnownList:
    """A list at hand; `token` is None when its issuer's keys do not fit it any more."""

    issuer_updated_at: datetime
    fetched_at: datetime
    token: StatusListToken | None


class KnownIssuers:
    """One a process. `grace` is for how many seconds past its time a list is used when no newer
    one can be had."""

    def __init__(
        self,
        database: Database,
        actor: Actor,
        fetch: Fetch,
        fetch_pinned: FetchPinned,
        grace: int,
    ) -> None:
        self.fetch = fetch
        self.fetch_pinned = fetch_pinned
        self._database = database
        self._actor = actor
        self._grace = grace
        self._issuers: dict[str, KnownIssuer] = {}
        self._lists: OrderedDict[str, _KnownList] = OrderedDict()
        self._asking: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def issuer(self, name: str, uri: str) -> KnownIssuer | None:
        """Who publishes at `uri`, with the list at hand brought up to date in memory."""
        async with self._database.acquire() as connection:
            moments = await connection.fetchrow(_MOMENTS, name, uri)
            if moments is None:
                return None
            known = self._issuers.get(name)
            if known is None or known.updated_at != moments["updated_at"]:
                row = await connection.fetchrow(_ISSUER, name)
                if row is None:
                    return None
                keys = key_set(row["jwks"])
                known = KnownIssuer(
                    name, moments["updated_at"], keys, row["status_base"], row["certificate_pem"]
                )
                self._issuers[name] = known
            held = self._lists.get(uri)
            fetched_at = moments["fetched_at"]
            if fetched_at is not None and (
                held is None
                or held.fetched_at != fetched_at
                or held.issuer_updated_at != known.updated_at
            ):
                text = await connection.fetchval(
                    "SELECT token FROM cached_status_lists WHERE uri = $1", uri
                )
                self._remember(uri, fetched_at, _still_good(known, uri, text), known)
            elif fetched_at is None:
                self._lists.pop(uri, None)
        return known

    async def look_soon(self, issuer: KnownIssuer) -> None:
        """Have its keys asked for anew, where the directory says how."""
        async with self._database.acquire() as connection:
            await connection.execute(_LOOK_SOON, issuer.name)

    async def status(self, issuer: KnownIssuer, reference: StatusReference) -> KnownStatus:
        """What the issuer's list says, asked for anew when the one at hand is old. Raises
        BadStatusList for an index that is not in it."""
        uri, index = reference.uri, reference.idx
        if (good := self._fresh(uri, 0)) is None and uri.startswith(issuer.status_base):
            async with self._asking[uri]:  # a queue of checks asks once
                if (good := self._fresh(uri, 0)) is None:
                    good, unreadable = await self._ask(issuer, uri)
                    if good is None and unreadable and self._held(uri) is None:
                        return KnownStatus(None, False, None, unreadable=True)
        if good is not None:
            return _known(good, index, current=True)
        held = self._held(uri)
        if held is None:
            return KnownStatus(None, False, None)
        return _known(held, index, current=self._fresh(uri, self._grace) is not None)

    async def _ask(self, issuer: KnownIssuer, uri: str) -> tuple[StatusListToken | None, bool]:
        """The list as it is published now, if it can be had and is no older than ours; and
        whether something was there that is no such list."""
        pem = issuer.certificate_pem
        text = await (self.fetch(uri) if pem is None else self.fetch_pinned(uri, pem))
        if text is None:
            return None, False
        now = datetime.now(UTC)
        try:
            token = read_list(text, issuer.keys, issuer.status_base, uri, now)
        except BadStatusList:
            return None, True
        held = self._held(uri)
        if not in_force(token, now) or (held is not None and held.issued_at > token.issued_at):
            return None, False
        async with self._database.transaction(self._actor, now=now) as tx:
            await keep_list(issuer.name, uri, text, token, tx)
        self._remember(uri, now, token, issuer)
        return token, False

    def _remember(
        self, uri: str, fetched_at: datetime, token: StatusListToken | None, issuer: KnownIssuer
    ) -> None:
        self._lists[uri] = _KnownList(issuer.updated_at, fetched_at, token)
        self._lists.move_to_end(uri)
        if len(self._lists) > _LISTS_IN_MEMORY:
            oldest, _ = self._lists.popitem(last=False)
            self._asking.pop(oldest, None)

    def _held(self, uri: str) -> StatusListToken | None:
        known = self._lists.get(uri)
        return known.token if known else None

    def _fresh(self, uri: str, grace: int) -> StatusListToken | None:
        """The list at hand if it may be relied on: its time is counted on our own clock."""
        known, now = self._lists.get(uri), datetime.now(UTC)
        if known is None or known.token is None or not in_force(known.token, now):
            return None
        ttl = known.token.ttl if known.token.ttl is not None else _UNSTATED_TTL
        return known.token if now < known.fetched_at + timedelta(seconds=ttl + grace) else None


def _still_good(issuer: KnownIssuer, uri: str, text: str) -> StatusListToken | None:
    """The list at hand, unless the issuer's keys have changed since."""
    try:
        return read_list(text, issuer.keys, issuer.status_base, uri, datetime.now(UTC))
    except BadStatusList:
        return None


def _known(token: StatusListToken, index: int, *, current: bool) -> KnownStatus:
    return KnownStatus(token.at(index), current, signed_at(token))
