"""Signed JSON: JWS (RFC 7515) with Ed25519 over RFC 8785 canonical bytes.

A detached signature (`header..signature`, RFC 7515 appendix F) travels beside the body it signs;
a compact one carries its claims. Signed bodies hold no floats: two systems rarely agree on how a
float is written, so numbers are integers or strings. Pure: no I/O.
"""

import base64
import binascii
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from hashlib import sha256

import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from pydantic import JsonValue

JsonObject = dict[str, JsonValue]
Jwks = Mapping[str, JsonValue]

_ALGORITHMS = ("EdDSA", "Ed25519")  # RFC 8037 and its fully specified name (RFC 9864)
_LONGEST_HEADER = 1024
_GREATEST = 2**53 - 1  # of the integers that every JSON reader keeps
# For what `_is_plain`, the bytes of RFC 8785, written many times faster than by rfc8785.
_plain = json.JSONEncoder(
    ensure_ascii=False, check_circular=False, sort_keys=True, separators=(",", ":")
)


class NotCanonical(ValueError):
    """A value has no canonical form: a float, an integer beyond 2^53, or broken text."""


class SignatureInvalid(ValueError):
    """A signature is malformed, of an unknown key, or does not fit what it stands beside."""


def canonical(value: JsonValue) -> bytes:
    """The RFC 8785 bytes of a JSON value. Raises NotCanonical, for any float as well."""
    try:
        return _plain.encode(value).encode() if _is_plain(value) else rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, UnicodeError) as error:
        raise NotCanonical("no canonical form") from error


def digest(value: JsonValue) -> bytes:
    """SHA-256 (32 bytes) of the canonical bytes. Raises NotCanonical."""
    return sha256(canonical(value)).digest()


def _is_plain(value: JsonValue) -> bool:
    """Whether Python's own encoder writes the value as RFC 8785 demands: its members have ASCII
    names, which sort alike by code point and by UTF-16, and its integers are in range. Raises
    NotCanonical for a float, wherever it is."""
    waiting, plain = [value], True
    for each in waiting:  # which grows meanwhile
        kind = type(each)
        if kind is str or kind is bool or each is None:
            continue
        if isinstance(each, dict):
            waiting.extend(each.values())
            plain = plain and all(type(name) is str and name.isascii() for name in each)
        elif isinstance(each, list):
            waiting.extend(each)
        elif isinstance(each, float):
            raise NotCanonical("a signed body holds no floats")
        elif isinstance(each, int) and kind is int:
            plain = plain and -_GREATEST <= each <= _GREATEST
        else:  # an enumeration's member, say
            plain = False
    return plain


@dataclass(frozen=True)
class SigningKey:
    """An Ed25519 key pair; `kid` is the RFC 7638 thumbprint of its public part."""

    private: Ed25519PrivateKey

    @classmethod
    def generate(cls) -> "SigningKey":
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def from_text(cls, text: str) -> "SigningKey":
        """From `to_text`. Raises ValueError."""
        return cls(Ed25519PrivateKey.from_private_bytes(_decode(text)))

    def to_text(self) -> str:
        """The private key, base64url: keep it sealed."""
        return _encode(self.private.private_bytes_raw())

    @cached_property
    def kid(self) -> str:
        return thumbprint(self._x)

    @cached_property
    def _x(self) -> str:
        return _encode(self.private.public_key().public_bytes_raw())

    def public_jwk(self) -> JsonObject:
        """The public part as a JWK (RFC 8037)."""
        return {
            "kty": "OKP",
            "crv": "Ed25519",
            "x": self._x,
            "kid": self.kid,
            "alg": "EdDSA",
            "use": "sig",
        }


def thumbprint(x: str) -> str:
    """RFC 7638 thumbprint of the Ed25519 public key `x` (base64url)."""
    return _encode(digest({"crv": "Ed25519", "kty": "OKP", "x": x}))


def key_set(*keys: JsonObject) -> JsonObject:
    """A JWK set of public keys."""
    return {"keys": list(keys)}


def check_jwks(jwks: Jwks) -> None:
    """Raises ValueError unless it is a set of one or more Ed25519 public keys, each named by its
    thumbprint and without any private part."""
    keys = jwks.get("keys")
    if not isinstance(keys, list) or not keys:
        raise ValueError("密钥集为空 / the key set holds no keys")
    for key in keys:
        if not isinstance(key, dict) or "d" in key:
            raise ValueError("密钥集只应包含公钥 / a key set holds public keys only")
        x = key.get("x")
        if key.get("crv") != "Ed25519" or not isinstance(x, str) or key.get("kid") != thumbprint(x):
            raise ValueError(
                "应为 Ed25519 公钥,kid 为其指纹 / Ed25519 keys named by their thumbprint are needed"
            )
        _public_key(x)


def sign_detached(body: JsonValue, key: SigningKey) -> str:
    """The detached JWS of a body's canonical bytes. Raises NotCanonical."""
    header, payload = _header(key, None), _encode(canonical(body))
    return f"{header}..{_sign(header, payload, key)}"


def verify_detached(signature: str, body: JsonValue, jwks: Jwks) -> str:
    """The kid of the key that signed. Raises SignatureInvalid, NotCanonical."""
    header, value = _split_detached(signature)
    return _verify(header, _encode(canonical(body)), value, jwks, None)


def verify_bytes(signature: str, content: bytes, x: str) -> None:
    """That the holder of the public key `x` (base64url) made this detached JWS over canonical
    bytes, whichever key it names. Raises SignatureInvalid."""
    header, value = _split_detached(signature)
    _check_header(header, None)
    _check_value(header, _encode(content), value, x)


def kid_of(signature: str) -> str | None:
    """Which key a signature says it is of; None where it says nothing. Proves nothing."""
    try:
        kid = _members(_split(signature)[0]).get("kid")
    except SignatureInvalid:
        return None
    return kid if isinstance(kid, str) else None


def sign_compact(claims: JsonObject, key: SigningKey, typ: str) -> str:
    """A compact JWS whose payload is the canonical form of `claims`; `typ` keeps statements of
    different meaning apart. Raises NotCanonical."""
    header, payload = _header(key, typ), _encode(canonical(claims))
    return f"{header}.{payload}.{_sign(header, payload, key)}"


def verify_compact(token: str, jwks: Jwks, typ: str) -> JsonObject:
    """The claims of a token of this `typ`. Raises SignatureInvalid."""
    header, payload, value = _split(token)
    _verify(header, payload, value, jwks, typ)
    claims = _parse(payload)
    if not isinstance(claims, dict):
        raise SignatureInvalid("the claims are not an object")
    return claims


def unproved(token: str) -> JsonObject:
    """The claims of a token as they stand, to learn whose key should have made it. Proves nothing.
    Raises SignatureInvalid."""
    claims = _parse(_split(token)[1])
    if not isinstance(claims, dict):
        raise SignatureInvalid("the claims are not an object")
    return claims


def sign_bytes(content: bytes, key: SigningKey) -> bytes:
    """A bare Ed25519 signature (64 bytes, RFC 8032), for what stands in a table of ours."""
    return key.private.sign(content)


def is_signed(signature: bytes, content: bytes, jwks: Jwks) -> bool:
    """Whether one of the keys made this bare signature."""
    for key in _keys(jwks):
        x = key.get("x")
        try:
            if isinstance(x, str):
                _public_key(x).verify(signature, content)
                return True
        except (InvalidSignature, ValueError):
            continue
    return False


def _header(key: SigningKey, typ: str | None) -> str:
    return _header_of(key.kid, typ)


@lru_cache(maxsize=256)
def _header_of(kid: str, typ: str | None) -> str:
    members: JsonObject = {"alg": "EdDSA", "kid": kid}
    if typ is not None:
        members["typ"] = typ
    return _encode(canonical(members))


def _sign(header: str, payload: str, key: SigningKey) -> str:
    return _encode(key.private.sign(f"{header}.{payload}".encode()))


def _split(token: str) -> tuple[str, str, str]:
    parts = token.split(".")
    if len(parts) != 3 or len(parts[0]) > _LONGEST_HEADER:
        raise SignatureInvalid("not a JWS in compact form")
    return parts[0], parts[1], parts[2]


def _split_detached(signature: str) -> tuple[str, str]:
    header, payload, value = _split(signature)
    if payload:
        raise SignatureInvalid("the signature is not detached")
    return header, value


def _verify(header: str, payload: str, value: str, jwks: Jwks, typ: str | None) -> str:
    kid = _check_header(header, typ)
    for key in _keys(jwks):
        x = key.get("x")
        if key.get("kid") == kid and isinstance(kid, str) and isinstance(x, str):
            _check_value(header, payload, value, x)
            return kid
    raise SignatureInvalid("the key is not known")


def _check_header(header: str, typ: str | None) -> JsonValue:
    """The kid that a header of ours names."""
    members = _members(header)
    if members.get("alg") not in _ALGORITHMS:
        raise SignatureInvalid("the algorithm is not Ed25519")
    if "crit" in members or "b64" in members or members.get("typ") != typ:
        raise SignatureInvalid("the header is not one of ours")
    return members.get("kid")


def _check_value(header: str, payload: str, value: str, x: str) -> None:
    try:
        _public_key(x).verify(_decode(value), f"{header}.{payload}".encode())
    except (InvalidSignature, ValueError) as error:
        raise SignatureInvalid("the signature does not fit") from error


@lru_cache(maxsize=256)
def _members(header: str) -> Jwks:
    """What a header says: the same for everything that one key signs."""
    members = _parse(header)
    if not isinstance(members, dict):
        raise SignatureInvalid("the header is not an object")
    return members


def _keys(jwks: Jwks) -> Iterable[JsonObject]:
    keys = jwks.get("keys")
    return [key for key in keys if isinstance(key, dict)] if isinstance(keys, list) else []


@lru_cache(maxsize=1024)
def _public_key(x: str) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(_decode(x))


def _parse(part: str) -> JsonValue:
    try:
        parsed: JsonValue = json.loads(_decode(part))
    except (ValueError, RecursionError) as error:
        raise SignatureInvalid("a part is not JSON") from error
    return parsed


def _encode(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")


def _decode(text: str) -> bytes:
    """Raises ValueError for what is not the one base64url form of some bytes."""
    try:
        value = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError("not base64url") from error
    if _encode(value) != text:
        raise ValueError("not base64url")
    return value
