"""The token with which this service asks the register and the migrant service: from the OpenID
provider by client credentials or, where the settings hold the issuer's key (the box), made here."""

import asyncio
import json
import time
from collections.abc import Callable
from typing import Final, Protocol

import httpx
from joserfc import jwt
from joserfc.jwk import ECKey
from pydantic import BaseModel, SecretStr, ValidationError

from services.exchange.settings import Settings

_SCOPES: Final = "registry:read migrant:read"
_SECONDS: Final = 600
_EARLY: Final = 60.0  # seconds before its end at which a token is fetched anew


OpenClient = Callable[[], httpx.AsyncClient]


class TokenAway(Exception):
    """No token is to be had: the settings name no source of one, or it does not answer."""


class _Granted(BaseModel):
    access_token: str
    expires_in: int = _SECONDS


class ServiceTokens(Protocol):
    """Gives a bearer token with reading scopes. Two ways there are: a provider's, and the box's."""

    async def token(self) -> str:
        """Raises TokenAway."""
        ...


class GrantedTokens:
    """By client credentials (RFC 6749 section 4.4), kept until shortly before its end."""

    def __init__(
        self, open_: OpenClient, url: str, client_id: str, secret: SecretStr, scope: str = ""
    ) -> None:
        self._open = open_
        self._url = url
        self._form = {
            "grant_type": "client_credentials",
            "client_id": client_id,
            "client_secret": secret.get_secret_value(),
        } | ({"scope": scope} if scope else {})
        self._known: tuple[str, float] | None = None
        self._asking = asyncio.Lock()

    async def token(self) -> str:
        async with self._asking:
            if self._known is None or self._known[1] <= time.monotonic():
                granted = await self._ask()
                self._known = granted.access_token, time.monotonic() + granted.expires_in - _EARLY
            return self._known[0]

    async def _ask(self) -> _Granted:
        try:
            async with self._open() as client:
                answer = await client.post(self._url, data=self._form)
            return _Granted.model_validate_json(answer.raise_for_status().content)
        except (httpx.HTTPError, OSError, ValidationError) as error:
            raise TokenAway(type(error).__name__) from error


class OwnTokens:
    """Signed with the issuer's own key: for a box, which is its own issuer."""

    def __init__(self, settings: Settings, key: SecretStr) -> None:
        self._settings = settings
        self._key = ECKey.import_key(json.loads(key.get_secret_value()))

    async def token(self) -> str:
        now = int(time.time())
        claims = {
            "iss": self._settings.oidc_issuer,
            "aud": self._settings.oidc_audience,
            "sub": "service:exchange",
            "name": "exchange",
            "org": self._settings.node_id,
            "region": self._settings.region,
            "scope": _SCOPES,
            "iat": now,
            "exp": now + _SECONDS,
        }
        return jwt.encode({"alg": "ES256", "kid": self._key.kid}, claims, self._key)


class NoTokens:
    """The settings name no source: partners are told that the register does not answer."""

    async def token(self) -> str:
        raise TokenAway("YIPAN_SERVICE_TOKEN_URL is not set")


def service_tokens(settings: Settings) -> ServiceTokens:
    if settings.service_signing_key is not None:
        return OwnTokens(settings, settings.service_signing_key)
    if settings.service_token_url and settings.service_client_secret is not None:
        return GrantedTokens(
            lambda: httpx.AsyncClient(timeout=10),
            settings.service_token_url,
            settings.service_client_id,
            settings.service_client_secret,
            _SCOPES,
        )
    return NoTokens()
