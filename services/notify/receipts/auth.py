"""Who may post receipts: a provider that signs with the key we share with it."""

import time
from typing import Annotated

from fastapi import Depends, Header, Path, Request

from services.notify.errors import BadSignature
from services.notify.providers.rules import SIGNATURE_HEADER, TIMESTAMP_HEADER, is_signed
from services.notify.settings import Settings

ProviderName = Annotated[str, Path(pattern=r"^[a-z][a-z0-9-]{1,30}$")]
# Without a default a call that is not signed would be malformed (400) instead of refused (401).
Timestamp = Annotated[str, Header(alias=TIMESTAMP_HEADER, max_length=20)]
Signature = Annotated[str, Header(alias=SIGNATURE_HEADER, max_length=128)]


async def _check(
    operation: str, request: Request, provider: str, timestamp: str, signature: str
) -> str:
    """The provider's name. Raises BadSignature, the same for a provider we do not know."""
    settings: Settings = request.app.state.settings
    secrets = [
        each.secret.get_secret_value()
        for each in settings.providers
        if each.kind == "http" and each.name == provider
    ]
    body = await request.body()
    if not any(
        is_signed(each, operation, timestamp, body, signature, time.time()) for each in secrets
    ):
        raise BadSignature()
    return provider


async def _signed_receipts(
    request: Request, provider: ProviderName, timestamp: Timestamp = "", signature: Signature = ""
) -> str:
    return await _check("receipts", request, provider, timestamp, signature)


async def _signed_inbound(
    request: Request, provider: ProviderName, timestamp: Timestamp = "", signature: Signature = ""
) -> str:
    return await _check("inbound", request, provider, timestamp, signature)


SignedReceipts = Annotated[str, Depends(_signed_receipts)]
SignedInbound = Annotated[str, Depends(_signed_inbound)]
