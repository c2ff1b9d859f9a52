"""Selective disclosure for JWTs (RFC 9901), as far as the certificate needs it: flat claims.

An issued text is `<issuer-signed JWT>~<disclosure>~…~`. The holder shows a part of herself by
leaving disclosures out; where the certificate is bound to her key she adds a key-binding JWT at
the end. Pure: no I/O, no clock; times are seconds since 1970.
"""

import base64
import hmac
import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, KeySet

from services.migrant.certificates.faults import (
    Forged,
    Malformed,
    Reason,
    UnknownKey,
    WronglyBound,
)

TYPE: Final = "dc+sd-jwt"  # draft-ietf-oauth-sd-jwt-vc
ACCEPTED_TYPES: Final = frozenset({TYPE, "vc+sd-jwt"})  # the second until draft 05
KEY_BINDING_TYPE: Final = "kb+jwt"
ALGORITHMS: Final = ("ES256", "ES384", "Ed25519", "EdDSA")
CLOCKS: Final = 600  # seconds by which the clocks of issuer, holder and checker may differ

# What the JOSE library raises for odd headers and keys: beside its own errors it trips over types.
ODD: Final = (JoseError, ValueError, TypeError, KeyError)

_BASE64URL: Final = re.compile(r"[A-Za-z0-9_-]+")
_SALT_BYTES: Final = 16
_OBJECT: Final = "ey"  # how base64url of a JSON object begins

Json = str | int | bool | None | list["Json"] | dict[str, "Json"]


@dataclass(frozen=True, slots=True)
class Presentation:
    """What was shown, taken apart but not yet believed."""

    jwt: str
    header: dict[str, Json]
    payload: dict[str, Json]
    disclosures: tuple[str, ...]
    key_binding: str | None

    @property
    def bound_text(self) -> str:
        """What a key-binding JWT signs the hash of (RFC 9901, 4.3.1)."""
        return "~".join((self.jwt, *self.disclosures, ""))


def encode(data: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """Strict base64url without padding. Raises Malformed."""
    if not _BASE64URL.fullmatch(text):
        raise Malformed(Reason.UNREADABLE)
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError as error:
        raise Malformed(Reason.UNREADABLE) from error


def digest(text: str) -> str:
    """SHA-256 of an ASCII text, base64url: of a disclosure, or of what is bound."""
    return encode(sha256(text.encode()).digest())


def issue(
    payload: Mapping[str, Json],
    claims: Mapping[str, Json],
    key: ECKey,
    *,
    digests: int = 0,
) -> str:
    """The signed text over an open `payload` and selectively disclosable `claims`.

    Decoy digests fill up to `digests`, so that nobody can count what was left out (RFC 9901,
    4.2.5)."""
    disclosures = [
        encode(
            json.dumps(
                [encode(secrets.token_bytes(_SALT_BYTES)), name, value], ensure_ascii=False
            ).encode()
        )
        for name, value in claims.items()
    ]
    signed = [digest(each) for each in disclosures]
    signed += [
        encode(sha256(secrets.token_bytes(32)).digest()) for _ in range(digests - len(signed))
    ]
    body = dict(payload) | {"_sd": sorted(signed), "_sd_alg": "sha-256"}
    header = {"alg": "ES256", "typ": TYPE, "kid": key.kid}
    jwt = jws.serialize_compact(header, json.dumps(body, ensure_ascii=False), key, ["ES256"])
    return "~".join([jwt, *disclosures, ""])


def parse(text: str) -> Presentation:
    """Take a shown text apart. Spaces and line breaks that a printer or a mail put in are no part
    of it. Raises Malformed: what does not end in `~` or in a proof was cut off."""
    jwt, *rest = "".join(text.split()).split("~")
    if not rest or (rest[-1] and rest[-1].count(".") != 2):
        raise Malformed(Reason.TRUNCATED if jwt.startswith(_OBJECT) else Reason.UNREADABLE)
    *disclosures, last = rest
    return Presentation(
        jwt=jwt,
        header=_object(_part(jwt, 0)),
        payload=_object(_part(jwt, 1)),
        disclosures=tuple(disclosures),
        key_binding=last or None,
    )


def verify_signature(shown: Presentation, keys: KeySet) -> None:
    """Raises Forged, or Malformed for another kind of token; UnknownKey when the issuer has no
    such key as far as we know."""
    if str(shown.header.get("typ")) not in ACCEPTED_TYPES:
        raise Malformed(Reason.OTHER_KIND)
    _verify(shown.jwt, _candidates(keys, shown.header.get("kid")))


def disclosed(shown: Presentation) -> dict[str, Json]:
    """The claims that were shown. Call it after verify_signature. Raises Malformed, or Forged for
    a disclosure that the issuer did not sign or that comes twice (RFC 9901, 7.1)."""
    if shown.payload.get("_sd_alg", "sha-256") != "sha-256":
        raise Malformed(Reason.OTHER_KIND)
    digests = shown.payload.get("_sd", [])
    if not isinstance(digests, list) or not all(isinstance(each, str) for each in digests):
        raise Malformed(Reason.OTHER_KIND)
    if len(set(map(str, digests))) != len(digests):
        raise Malformed(Reason.REPEATED_CLAIM)
    claims: dict[str, Json] = {}
    for text in shown.disclosures:
        name, value = _disclosure(text)
        if digest(text) not in digests:
            raise Forged(Reason.DISCLOSURE)
        if name in claims or name in shown.payload:
            raise Forged(Reason.REPEATED_CLAIM)
        claims[name] = value
    return claims


def claim_in(disclosure: str) -> str:
    """The name of the claim that a disclosure shows. Raises Malformed."""
    return _disclosure(disclosure)[0]


def verify_key_binding(
    shown: Presentation, *, now: int, nonce: str | None, audience: str | None
) -> bool:
    """Whether the holder proved that she holds the key the certificate is bound to; False when
    she did not try and nobody asked. Raises WronglyBound (RFC 9901, 7.3)."""
    if shown.key_binding is None:
        if nonce is not None or audience is not None:
            raise WronglyBound(Reason.NO_PROOF)
        return False
    confirmation = shown.payload.get("cnf")
    jwk = confirmation.get("jwk") if isinstance(confirmation, dict) else None
    if not isinstance(jwk, dict):
        raise WronglyBound(Reason.NO_HOLDER_KEY)
    try:
        header = _object(_part(shown.key_binding, 0))
        claims = _object(_part(shown.key_binding, 1))
    except Malformed as error:
        raise WronglyBound(Reason.PROOF_UNREADABLE) from error
    try:
        keys = KeySet.import_key_set({"keys": [jwk]})  # type: ignore[list-item]
        _verify(shown.key_binding, keys.keys)
    except ODD as error:
        raise WronglyBound(Reason.PROOF_SIGNATURE) from error
    issued_at = claims.get("iat")
    if header.get("typ") != KEY_BINDING_TYPE or not isinstance(issued_at, int):
        raise WronglyBound(Reason.PROOF_UNREADABLE)
    told, right = str(claims.get("sd_hash")), digest(shown.bound_text)
    if not hmac.compare_digest(told.encode(errors="replace"), right.encode()):
        raise WronglyBound(Reason.PROOF_OF_OTHER)
    if abs(now - issued_at) > CLOCKS:
        raise WronglyBound(Reason.PROOF_NOT_NOW)
    if nonce is not None and claims.get("nonce") != nonce:
        raise WronglyBound(Reason.REPLAYED)
    if audience is not None and claims.get("aud") != audience:
        raise WronglyBound(Reason.PROOF_FOR_OTHERS)
    return True


def _candidates(keys: KeySet, kid: Json) -> list[Key]:
    found = [key for key in keys.keys if kid is None or key.kid == kid]
    if not found:
        raise UnknownKey(Reason.UNKNOWN_KEY)
    return found


def _verify(jwt: str, keys: list[Key]) -> None:
    for key in keys:
        try:
            jws.deserialize_compact(jwt, key, list(ALGORITHMS))
            return
        except ODD:
            continue
    raise Forged(Reason.SIGNATURE)


def _part(jwt: str, place: int) -> bytes:
    parts = jwt.split(".")
    if len(parts) != 3:
        raise Malformed(Reason.UNREADABLE)
    return decode(parts[place])


def _load(data: bytes) -> Json:
    try:
        loaded: Json = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise Malformed(Reason.UNREADABLE) from error
    return loaded


def _object(data: bytes) -> dict[str, Json]:
    loaded = _load(data)
    if not isinstance(loaded, dict):
        raise Malformed(Reason.UNREADABLE)
    return loaded


def _disclosure(text: str) -> tuple[str, Json]:
    parts = _load(decode(text))
    if not isinstance(parts, list) or len(parts) != 3:
        raise Malformed(Reason.UNREADABLE)
    _, name, value = parts
    if not isinstance(name, str) or name in ("_sd", "..."):
        raise Malformed(Reason.UNREADABLE)
    return name, value
