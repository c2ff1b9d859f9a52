"""Who may call back: a provider that cannot sign, by the token in the address we gave it."""

import hmac
from typing import Annotated

from fastapi import Depends, Query, Request

from services.notify.callbacks.reading import Caller
from services.notify.errors import BadSignature
from services.notify.providers.cloud.shapes import shape_of
from services.notify.providers.kannel import INBOUND, RECEIPTS
from services.notify.receipts.auth import ProviderName
from services.notify.settings import CloudSettings, KannelSettings, Settings

# Without a default a call without one would be malformed (400) instead of refused (401).
Token = Annotated[str, Query(max_length=200)]


def _caller(request: Request, provider: ProviderName, token: Token = "") -> Caller:
    """Raises BadSignature, the same for a provider we do not know."""
    settings: Settings = request.app.state.settings
    for each in settings.providers:
        if not isinstance(each, CloudSettings | KannelSettings) or each.name != provider:
            continue
        if hmac.compare_digest(each.callback_token.get_secret_value().encode(), token.encode()):
            return _reading(each)
    raise BadSignature()


def _reading(settings: CloudSettings | KannelSettings) -> Caller:
    if isinstance(settings, KannelSettings):
        return Caller(settings.name, RECEIPTS, INBOUND)
    shape = shape_of(settings.shape)
    return Caller(settings.name, shape.receipts, shape.inbound)


KnownCaller = Annotated[Caller, Depends(_caller)]
