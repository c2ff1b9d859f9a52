"""Bearer tokens of an OpenID provider: who calls, for which region, with which scopes.

Claims: `sub`, `name`, `org`, `region` (jurisdiction prefix), `scope` (space separated). Only
asymmetric algorithms are accepted, so neither `alg: none` nor a public key used as a shared
secret can pass.
"""

import asyncio
import json
import time
from pathlib import Path
from typing import Annotated, Any

import httpx
from fastapi import Depends, Request
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from shared.actors import Actor
from shared.problems import Forbidden, OutsideJurisdiction, Text, Unauthenticated, Unavailable

ALGORITHMS = ["ES256", "ES384", "Ed25519", "EdDSA", "RS256", "PS256"]
_LEEWAY = 30  # seconds of clock difference that are forgiven
_REFRESH_AT_MOST_EVERY = 30.0
_REMEMBERED = 4096


class TokenVerifier:
    """Checks tokens of one issuer. Tokens already verified are remembered until they expire."""

    def __init__(self, *, issuer: str, audience: str, jwks: str) -> None:
        self._jwks = jwks
        self._keys: KeySet | None = None
        self._read_at = 0.0
        self._reading = asyncio.Lock()
        self._remembered: dict[str, tuple[Actor, float]] = {}
        self._claims = jwt.JWTClaimsRegistry(
            leeway=_LEEWAY,
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": audience},
            exp={"essential": True},
            sub={"essential": True},
        )

    async def actor(self, token: str) -> Actor:
        """Who bears the token. Raises Unauthenticated, with the reason."""
        known = self._remembered.get(token)
        if known is not None and known[1] > time.time():
            return known[0]
        claims = await self._verified_claims(token)
        actor = _actor(claims)
        if len(self._remembered) >= _REMEMBERED:
            self._remembered.clear()
        self._remembered[token] = (actor, float(claims["exp"]) + _LEEWAY)
        return actor

    async def _verified_claims(self, token: str) -> dict[str, Any]:
        try:
            decoded = jwt.decode(token, await self._keys_for(token), algorithms=ALGORITHMS)
        except (JoseError, ValueError) as error:
            raise Unauthenticated(
                Text("令牌签名无效", "The token's signature is not valid")
            ) from error
        try:
            self._claims.validate(decoded.claims)
        except JoseError as error:
            raise Unauthenticated(
                Text("令牌已过期或不是发给本系统的", "The token is expired or not meant for us")
            ) from error
        return decoded.claims

    async def _keys_for(self, token: str) -> KeySet:
        """The issuer's keys, read anew when the token names one that is not among them."""
        kid = jws.extract_compact(token.encode()).headers().get("kid")
        async with self._reading:
            known = self._keys is not None and any(key.kid == kid for key in self._keys.keys)
            stale = time.monotonic() - self._read_at > _REFRESH_AT_MOST_EVERY
            if self._keys is None or (not known and stale):
                self._keys = KeySet.import_key_set(json.loads(await self._read()))
                self._read_at = time.monotonic()
            return self._keys

    async def _read(self) -> str:
        if not self._jwks.startswith(("http://", "https://")):
            return await asyncio.to_thread(Path(self._jwks).read_text)
        try:
            async with httpx.AsyncClient(timeout=5) as client:
                return (await client.get(self._jwks)).raise_for_status().text
        except httpx.HTTPError as error:
            raise Unavailable(
                Text("登录服务暂不可用", "The identity provider does not answer")
            ) from error


def _actor(claims: dict[str, Any]) -> Actor:
    try:
        return Actor(
            sub=claims["sub"],
            name=str(claims.get("name", "")),
            org=str(claims["org"]),
            region=str(claims["region"]),
            scopes=frozenset(str(claims.get("scope", "")).split()),
        )
    except (KeyError, ValueError) as error:
        raise Unauthenticated(
            Text("令牌缺少单位或区域", "The token lacks a usable org or region claim")
        ) from error


def header(request: Request, name: bytes) -> str | None:
    """The first header of a name (in lower case), as `request.headers` has it; to make that mapping
    for a few names costs every request more."""
    for each, value in request.scope["headers"]:
        if each == name:
            return str(value, "latin-1")
    return None


async def current_actor(request: Request) -> Actor:
    """The caller, from the Authorization header. Raises Unauthenticated."""
    known = getattr(request.state, "actor", None)
    if isinstance(known, Actor):
        return known
    scheme, _, token = (header(request, b"authorization") or "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated(
            Text("请在 Authorization 头中提供 Bearer 令牌", "Send Authorization: Bearer <token>")
        )
    verifier: TokenVerifier = request.app.state.verifier
    actor = await verifier.actor(token.strip())
    request.state.actor = actor
    return actor


CurrentActor = Annotated[Actor, Depends(current_actor)]


def require_home(actor: Actor, region: str) -> None:
    """An office of another county may hold a token of the same issuer. What it does here would be
    done in a region this installation does not answer for. Raises OutsideJurisdiction."""
    if not (actor.covers(region) or actor.region.startswith(region)):
        raise OutsideJurisdiction()


def requires(*scopes: str, at_home: bool = False) -> Any:
    """A dependency: the caller, if the token has one of `scopes`. For each service's auth.py:

    CanReadPersons = Annotated[Actor, requires("registry:read")]

    `at_home` is for what takes effect on somebody the caller need not be able to see: only an
    office of this installation's region may do it.
    """

    async def check(request: Request) -> Actor:
        actor = await current_actor(request)  # a nested dependency would cost every request more
        if actor.scopes.isdisjoint(scopes):
            raise Forbidden(
                Text(f"需要权限 {' 或 '.join(scopes)}", f"Needs scope {' or '.join(scopes)}")
            )
        if at_home:
            require_home(actor, request.app.state.settings.region)
        return actor

    return Depends(check)
