"""When a key counts (密钥有效期). Pure.

A key in a record is a JWK that may say from when (`nbf`) until when (`exp`) it signs, and that it
was given up (`revoked`: `revoked_at` and a `reason`): the members of OpenID Federation 1.0 §8.7,
moments in whole seconds since 1970. A key that says nothing counts while it is listed.

New messages are judged by the keys that count now; what was signed earlier by the key that counted
then, so a key's end takes no proof away.
"""

from datetime import datetime, timedelta
from typing import Final, Literal, get_args

from pydantic import JsonValue

from services.exchange.errors import KeyNotInForce, KeyRevoked, KeyUnknown, SignatureRefused
from shared.signing import (
    JsonObject,
    Jwks,
    NotCanonical,
    SignatureInvalid,
    key_set,
    kid_of,
    verify_compact,
    verify_detached,
)

Reason = Literal["unspecified", "compromised", "superseded"]
# A transaction that is under way when a key ends still signs with it, and clocks differ.
SLACK: Final = timedelta(seconds=60)


def check_periods(jwks: Jwks) -> None:
    """Raises ValueError where a key's period or revocation is not in the form above."""
    for key in keys_of(jwks):
        for name in ("nbf", "exp"):
            if name in key and not _is_moment(key[name]):
                raise ValueError("密钥有效期应为整秒 / a key's period is in whole seconds")
        if "revoked" in key and not _is_revocation(key["revoked"]):
            raise ValueError("密钥吊销信息有误 / a key's revocation says when and why")


def _is_moment(value: JsonValue) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53


def _is_revocation(value: JsonValue) -> bool:
    return (
        isinstance(value, dict)
        and value.keys() <= {"revoked_at", "reason"}
        and _is_moment(value.get("revoked_at"))
        and value.get("reason", "unspecified") in get_args(Reason)
    )


def keys_of(jwks: Jwks) -> list[JsonObject]:
    keys = jwks.get("keys")
    return [key for key in keys if isinstance(key, dict)] if isinstance(keys, list) else []


def revoked_at(key: JsonObject) -> float | None:
    """When the key was given up, in seconds since 1970."""
    said = key.get("revoked")
    at = said.get("revoked_at") if isinstance(said, dict) else None
    return float(at) if isinstance(at, int) else None


def counted_at(key: JsonObject, at: datetime) -> bool:
    """Whether what a key signed at a moment is good: it had begun, had not ended, and had not been
    revoked by then."""
    moment, slack = at.timestamp(), SLACK.total_seconds()
    begun, ended, revoked = key.get("nbf"), key.get("exp"), revoked_at(key)
    return (
        (not isinstance(begun, int) or begun - slack <= moment)
        and (not isinstance(ended, int) or moment < ended + slack)
        and (revoked is None or moment < revoked + slack)
    )


def check_signature(
    signature: str, body: JsonObject, jwks: Jwks, signed_at: datetime, now: datetime
) -> None:
    """That a message was signed by a key that counts. Raises KeyUnknown, KeyRevoked, KeyNotInForce,
    or SignatureRefused where the signature itself does not fit."""
    key_in_force(signature, jwks, signed_at, now)
    try:
        verify_detached(signature, body, jwks)
    except (SignatureInvalid, NotCanonical) as error:
        raise SignatureRefused() from error


def key_in_force(signature: str, jwks: Jwks, signed_at: datetime, now: datetime) -> JsonObject:
    """The key that a signature names, which counts; whether it made the signature is not looked at.
    Raises KeyUnknown, KeyRevoked, KeyNotInForce."""
    kid = kid_of(signature)
    key = next((each for each in keys_of(jwks) if each.get("kid") == kid), None)
    if key is None:
        raise KeyUnknown()
    if _is_revoked(key, now):
        raise KeyRevoked()
    if not counted_at(key, signed_at):
        raise KeyNotInForce()
    return key


def verify_dated(token: str, jwks: Jwks, typ: str) -> JsonObject:
    """The claims of a receipt, head or countersignature, verified by the key that counted when it
    says it was signed. Raises SignatureInvalid."""
    claims = verify_compact(token, jwks, typ)
    at, kid = _signed_at(claims), kid_of(token)
    if not any(key.get("kid") == kid and counted_at(key, at) for key in keys_of(jwks)):
        raise SignatureInvalid("the key did not count then")
    return claims


def _signed_at(claims: JsonObject) -> datetime:
    said = claims.get("timestamp", claims.get("received_at"))
    try:
        at = datetime.fromisoformat(str(said))
    except ValueError as error:
        raise SignatureInvalid("no moment of signing") from error
    if at.tzinfo is None:
        raise SignatureInvalid("a moment without its zone")
    return at


def with_history(jwks: Jwks, earlier: Jwks, now: datetime) -> JsonObject:
    """A new record's keys with all that earlier records named: one that is not listed any more has
    ended now, and what was revoked or ended stays so."""
    names = {key.get("kid") for key in keys_of(jwks)}
    dropped = (key for key in keys_of(earlier) if key.get("kid") not in names)
    ended = (_never_longer(key, {"exp": int(now.timestamp())}) for key in dropped)
    return key_set(*keys_of(limited_by(jwks, earlier)), *ended)


def left_at(history: Jwks, now: datetime) -> JsonObject:
    """The keys that have not ended; one that is yet to begin is among them."""
    moment = now.timestamp()

    def left(key: JsonObject) -> bool:
        ended = key.get("exp")
        return not _is_revoked(key, now) and (not isinstance(ended, int) or moment < ended)

    return key_set(*filter(left, keys_of(history)))


def limited_by(jwks: Jwks, other: Jwks) -> JsonObject:
    """The keys of `jwks`, none counting longer than `other` says of it."""
    known = {key.get("kid"): key for key in keys_of(other)}
    return key_set(*(_never_longer(key, known.get(key.get("kid"), {})) for key in keys_of(jwks)))


def _never_longer(key: JsonObject, limit: JsonObject) -> JsonObject:
    """The key with whichever end comes first."""
    ends = [end for end in (key.get("exp"), limit.get("exp")) if isinstance(end, int)]
    until: JsonObject = {"exp": min(ends)} if ends else {}
    stays: JsonObject = {"revoked": limit["revoked"]} if "revoked" in limit else {}
    return key | until | stays


def _is_revoked(key: JsonObject, now: datetime) -> bool:
    at = revoked_at(key)
    return at is not None and at <= now.timestamp()
