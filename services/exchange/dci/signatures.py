"""Signatures as each partner can make and check them. Pure, but for the making of keys.

Detached (the default): a JWS without payload, Ed25519 over the RFC 8785 bytes of {header, message}.
Attached: a JWS (RS256) whose payload is {header, message} as JSON; the members beside it must say
the same. None: for trials on one machine.
"""

import json
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, RSAKey
from pydantic import JsonValue

from services.exchange.dci.models import Partner, SignatureForm
from services.exchange.errors import SignatureMissing, SignatureRefused
from shared.signing import (
    JsonObject,
    NotCanonical,
    SignatureInvalid,
    SigningKey,
    check_jwks,
    sign_detached,
    verify_detached,
)

_LEAST_BITS = 2048
_RS256 = "RS256"


@dataclass(frozen=True)
class OurKeys:
    """What signs for us: the node's key, and the RSA key once a partner needs it."""

    node: SigningKey
    rsa: RSAKey | None


def new_rsa_key() -> RSAKey:
    """2048 bits; `kid` is the RFC 7638 thumbprint."""
    return RSAKey.generate_key(_LEAST_BITS, {"use": "sig", "alg": _RS256}, auto_kid=True)


def rsa_key_from(text: str) -> RSAKey:
    return RSAKey.import_key(json.loads(text))


def check_partner_keys(form: SignatureForm, jwks: JsonObject | None) -> None:
    """Raises ValueError unless the key set holds public keys of the kind the form needs, and only
    those."""
    if form is SignatureForm.DETACHED:
        check_jwks(jwks or {})
    elif form is SignatureForm.ATTACHED:
        for key in _rsa_keys(jwks).keys:
            public = key.raw_value
            large = isinstance(public, RSAPublicKey) and public.key_size >= _LEAST_BITS
            if not key.kid or not large:
                raise ValueError(
                    "应为不少于 2048 位的 RSA 公钥,并有 kid"
                    " / RSA public keys of 2048 bits or more with a kid are needed"
                )


def sign(body: JsonObject, form: str, keys: OurKeys) -> str | None:
    """The `signature` beside {header, message}. Raises NotCanonical."""
    if form == SignatureForm.DETACHED:
        return sign_detached(body, keys.node)
    if form == SignatureForm.ATTACHED and keys.rsa is not None:
        payload = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
        return jws.serialize_compact({"alg": _RS256, "kid": keys.rsa.kid}, payload, keys.rsa)
    return None


def verify(envelope: JsonObject, partner: Partner, *, local: bool) -> None:
    """`local` is whether the message came from this machine, to a service that takes unsigned ones
    from there. Raises SignatureMissing, SignatureRefused."""
    if partner.signature == SignatureForm.NONE and local:
        return
    signature = envelope.get("signature")
    if not isinstance(signature, str) or not signature:
        raise SignatureMissing()
    body: JsonObject = {"header": envelope.get("header"), "message": envelope.get("message")}
    try:
        if partner.signature == SignatureForm.ATTACHED:
            _verify_attached(signature, body, partner)
        else:
            verify_detached(signature, body, partner.jwks or {})
    except (SignatureInvalid, NotCanonical, JoseError, ValueError) as error:
        raise SignatureRefused() from error


def _verify_attached(signature: str, body: JsonObject, partner: Partner) -> None:
    keys = _rsa_keys(partner.jwks)
    payload = jws.deserialize_compact(signature, keys, algorithms=[_RS256]).payload
    if payload is None or _uniform(json.loads(payload)) != _uniform(body):
        raise SignatureInvalid("something else was signed")


def _rsa_keys(jwks: JsonObject | None) -> KeySet:
    """Raises ValueError for a set that is empty or holds other keys."""
    listed = jwks.get("keys") if jwks is not None else None
    if not isinstance(listed, list) or not listed:
        raise ValueError("密钥集为空 / the key set holds no keys")
    try:
        return KeySet([RSAKey.import_key(each) for each in listed])  # type: ignore[arg-type]
    except (JoseError, TypeError, KeyError, AttributeError) as error:
        raise ValueError("应为 RSA 公钥 / RSA public keys are needed") from error


def _uniform(value: JsonValue) -> str:
    """One text for one JSON value: in Python alone 1, 1.0 and true would be equal."""
    return json.dumps(value, sort_keys=True)
