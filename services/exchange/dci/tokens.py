"""Tokens of partners (specs: dci_authz_core_api v1.0.0; RFC 6749 section 4.4): client credentials
in, a short-lived bearer token out, signed with this node's own key."""

import base64
import binascii
import hmac
import secrets
from datetime import timedelta
from hashlib import sha256
from typing import Final
from urllib.parse import unquote_plus

from services.exchange.dci.errors import TokenDenied, TokenRefused
from services.exchange.dci.models import Partner
from services.exchange.dci.partner_queries import find_active_partner
from services.exchange.dci.schemas import TokenView
from services.exchange.participants.node import our_node
from shared.db import Tx
from shared.signing import JsonObject, SignatureInvalid, key_set, sign_compact, verify_compact

LIFETIME: Final = timedelta(minutes=10)
_TYPE: Final = "dci+jwt"


def new_secret() -> str:
    """256 random bits, base64url: shown once, kept as a hash."""
    return secrets.token_urlsafe(32)


def hash_of_secret(secret: str) -> bytes:
    """SHA-256; a secret of 256 random bits needs no slow hash."""
    return sha256(secret.encode()).digest()


async def issue_token(
    grant_type: str, client_id: str, client_secret: str, authorization: str, tx: Tx
) -> TokenView:
    """The partner proves itself by the form's members or by HTTP Basic. Raises TokenDenied."""
    if authorization:
        client_id, client_secret = _basic(authorization)
    partner = await find_active_partner(client_id, tx) if client_id else None
    known = partner.secret_hash if partner is not None else b""
    if partner is None or not hmac.compare_digest(known, hash_of_secret(client_secret)):
        raise TokenDenied("invalid_client", 401)
    if grant_type != "client_credentials":
        raise TokenDenied("unsupported_grant_type" if grant_type else "invalid_request", 400)
    node, seconds = await our_node(tx), int(LIFETIME.total_seconds())
    now = int(tx.now.timestamp())
    claims: JsonObject = {
        "iss": node.id,
        "aud": node.id,
        "sub": partner.sender_id,
        "iat": now,
        "exp": now + seconds,
    }
    return TokenView(access_token=sign_compact(claims, node.key, _TYPE), expires_in=str(seconds))


async def bearer_of(authorization: str, tx: Tx) -> Partner:
    """Whose token it is. Raises TokenRefused."""
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise TokenRefused()
    node = await our_node(tx)
    try:
        claims = verify_compact(token.strip(), key_set(node.key.public_jwk()), _TYPE)
    except SignatureInvalid as error:
        raise TokenRefused() from error
    sub, until = claims.get("sub"), claims.get("exp")
    if not isinstance(sub, str) or not isinstance(until, int) or until < tx.now.timestamp():
        raise TokenRefused()
    partner = await find_active_partner(sub, tx)
    if partner is None:
        raise TokenRefused()
    return partner


def _basic(authorization: str) -> tuple[str, str]:
    """Client id and secret of RFC 6749 section 2.3.1. Raises TokenDenied."""
    scheme, _, value = authorization.partition(" ")
    try:
        text = base64.b64decode(value.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise TokenDenied("invalid_client", 401) from error
    client_id, colon, secret = text.partition(":")
    if scheme.lower() != "basic" or not colon:
        raise TokenDenied("invalid_client", 401)
    return unquote_plus(client_id), unquote_plus(secret)
