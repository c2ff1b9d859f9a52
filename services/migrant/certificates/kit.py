"""Checking with no network (离线核验): a kit of issuers' keys and status lists, fetched beforehand,
and the same steps over it as the service takes. Pure but for `make_kit`, which reads the database.

A kit is public knowledge and holds nothing of anybody.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from pydantic import AwareDatetime, BaseModel

from services.migrant.certificates import sdjwt
from services.migrant.certificates.examining import (
    Finding,
    KnownStatus,
    Question,
    StatusReference,
    conclude,
    examine,
    read,
)
from services.migrant.certificates.faults import Reason
from services.migrant.certificates.models import CachedStatusList, StatusList, TrustedIssuer
from services.migrant.certificates.queries import get_issuer_keys, get_status_list
from services.migrant.certificates.rules import IssuerHere, Outcome
from services.migrant.certificates.statuslist import BadStatusList
from services.migrant.certificates.trust import in_force, key_set, read_list, signed_at
from shared.db import Tx

_UNSTATED_TTL: Final = 3600


class KitList(BaseModel):
    """A status list as its issuer signed it."""

    uri: str
    token: str
    fetched_at: AwareDatetime


class KitIssuer(BaseModel):
    """A county's public keys (a JWK set's keys), where its lists are, and those at hand."""

    issuer: str
    status_base: str
    keys: list[dict[str, str]]
    lists: Sequence[KitList]


class Kit(BaseModel):
    """What a checker needs with no network. `grace_seconds` is for how long past its time a list
    is used."""

    made_at: AwareDatetime
    grace_seconds: int
    issuers: Sequence[KitIssuer]


async def make_kit(here: IssuerHere, grace: int, tx: Tx) -> Kit:
    """Ourselves and every issuer we know."""
    own = await get_issuer_keys(here, tx)
    numbers = [
        row.id for row in await tx.find(StatusList, "SELECT * FROM status_lists ORDER BY id")
    ]
    lists = [
        KitList(
            uri=f"{here.status_base}{number}",
            token=await get_status_list(number, here, tx),
            fetched_at=tx.now,
        )
        for number in numbers
    ]
    ourselves = KitIssuer(
        issuer=here.name, status_base=here.status_base, keys=own.keys, lists=lists
    )
    return Kit(
        made_at=tx.now,
        grace_seconds=grace,
        issuers=[ourselves, *await _others(tx)],
    )


async def _others(tx: Tx) -> list[KitIssuer]:
    issuers = await tx.find(TrustedIssuer, "SELECT * FROM trusted_issuers ORDER BY issuer")
    lists = await tx.find(CachedStatusList, "SELECT * FROM cached_status_lists ORDER BY uri")
    return [
        KitIssuer(
            issuer=each.issuer,
            status_base=each.status_base,
            keys=each.jwks["keys"],
            lists=[
                KitList(uri=held.uri, token=held.token, fetched_at=held.fetched_at)
                for held in lists
                if held.issuer == each.issuer
            ],
        )
        for each in issuers
    ]


def check_offline(text: str, kit: Kit, question: Question, now: datetime) -> Finding:
    """The check of a text with a kit alone. A proof that was shown before is not told apart here:
    whoever checks offline asks each time with a nonce of its own."""
    finding = Finding()
    shown = read(text, finding)
    if shown is None:
        return finding
    issuer = next((each for each in kit.issuers if each.issuer == shown.payload.get("iss")), None)
    keys = key_set({"keys": issuer.keys}) if issuer else None
    examine(shown, keys, question, now, finding)
    if issuer is None or finding.outcome is not None or finding.status is None:
        return finding
    try:
        conclude(_status(issuer, finding.status, kit.grace_seconds, now), finding)
    except BadStatusList:
        finding.end(Outcome.MALFORMED, Reason.BAD_STATUS)
    return finding


def _status(
    issuer: KitIssuer, reference: StatusReference, grace: int, now: datetime
) -> KnownStatus:
    """Raises BadStatusList for an index that is not in the list."""
    held = next((each for each in issuer.lists if each.uri == reference.uri), None)
    if held is None:
        return KnownStatus(None, False, None)
    try:
        keys = key_set({"keys": issuer.keys})
        token = read_list(held.token, keys, issuer.status_base, held.uri, now)
    except BadStatusList:
        return KnownStatus(None, False, None, unreadable=True)
    ttl = token.ttl if token.ttl is not None else _UNSTATED_TTL
    until = held.fetched_at + timedelta(seconds=ttl + grace + sdjwt.CLOCKS)
    current = in_force(token, now) and now < until
    return KnownStatus(token.at(reference.idx), current, signed_at(token))
