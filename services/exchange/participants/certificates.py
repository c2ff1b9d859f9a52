"""The certificates that nodes show each other (双向 TLS). A node's record pins its own, or both
while one follows the other; there is no authority above them. Pure."""

from functools import lru_cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from services.exchange.errors import CertificateRefused
from services.exchange.participants.models import Participant


@lru_cache(maxsize=1024)
def fingerprints(pem: str) -> frozenset[bytes]:
    """SHA-256 (32 bytes) over the DER of each certificate in a PEM text. Raises ValueError."""
    return frozenset(
        each.fingerprint(hashes.SHA256()) for each in x509.load_pem_x509_certificates(pem.encode())
    )


def check_shown(shown: bytes | None, sender: Participant) -> None:
    """That the certificate a caller showed is the sender's own; nothing where none can be seen.
    Raises CertificateRefused."""
    if shown is None:
        return
    if sender.certificate_pem is None or shown not in fingerprints(sender.certificate_pem):
        raise CertificateRefused()
