"""The certificate of a box's peer door. Peers pin it: it travels in the participant record, so
no certificate authority is needed between counties that know each other."""

import ipaddress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from deploy.box.keys import write_private

_YEARS = timedelta(days=3 * 365)


def certificate(folder: Path, node_id: str) -> tuple[Path, Path]:
    """Paths of (certificate, private key) in PEM, made when missing; for loopback names."""
    cert_path, key_path = folder / "peer.crt", folder / "peer.key"
    if not (cert_path.exists() and key_path.exists()):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        key = ec.generate_private_key(ec.SECP256R1())
        pem = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        write_private(key_path, pem.decode())
        signed = _self_signed(key, node_id)
        write_private(cert_path, signed.public_bytes(serialization.Encoding.PEM).decode())
    return cert_path, key_path


def _self_signed(key: ec.EllipticCurvePrivateKey, node_id: str) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, node_id)])
    now = datetime.now(UTC)
    loopback = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + _YEARS)
        .add_extension(
            x509.SubjectAlternativeName([loopback, x509.DNSName("localhost")]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
