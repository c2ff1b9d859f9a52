"""Which client certificate a request came with.

Our own TLS door says it in the ASGI `tls` extension (asgiref, TLS Extension 0.2). Behind a gateway
that ends TLS, in the header that the settings name; nothing else may be able to set it. Without
either, requests come from this machine or a trial, and the signature alone is looked at.
"""

from typing import Annotated
from urllib.parse import unquote

from fastapi import Depends, Request

from services.exchange.errors import CertificateMissing
from services.exchange.participants.certificates import fingerprints
from services.exchange.settings import Settings


async def certificate_shown(request: Request) -> bytes | None:
    """The SHA-256 fingerprint of the client's certificate; None where TLS is not ours to see.
    Raises CertificateMissing where it is, and no certificate came."""
    settings: Settings = request.app.state.settings
    tls = request.scope.get("extensions", {}).get("tls")
    if tls is not None:
        return _only(tls["client_cert_chain"][0] if tls["client_cert_chain"] else "")
    if settings.peer_certificate_header is not None:
        return _only(unquote(request.headers.get(settings.peer_certificate_header, "")))
    return None


def _only(pem: str) -> bytes:
    try:
        (shown,) = fingerprints(pem)
    except ValueError as error:
        raise CertificateMissing() from error
    return shown


ShownCertificate = Annotated[bytes | None, Depends(certificate_shown)]
