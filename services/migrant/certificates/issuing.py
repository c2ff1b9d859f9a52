"""Making a certificate: its row here, its place in a status list, the signed text she carries.

Shared by issue over the counter (handlers.py) and by request (requesting.py)."""

import asyncio
import secrets
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO
from uuid import UUID

import segno

from services.migrant.certificates.keys import signing_key
from services.migrant.certificates.models import Certificate, StatusEntry, StatusList
from services.migrant.certificates.rules import VCT, Claim, IssuerHere, RevocationReason
from services.migrant.certificates.schemas import HolderKey, IssuedView
from services.migrant.certificates.sdjwt import Json, issue
from shared.clock import CHINA
from shared.db import Tx
from shared.events.migrant import CertificateIssued, CertificateRevoked
from shared.ids import new_id

LIST_SIZE = 2**17
_LOCK = 0x4C495354  # "LIST": one process at a time opens a status list


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a certificate is to be: the same again when the answer was lost on its way."""

    person_id: UUID
    region: str
    claims: dict[str, Json]
    valid_days: int
    holder_key: HolderKey | None


async def enter(
    wanted: Wanted, tx: Tx, *, request_key: str | None = None, request_index: bytes | None = None
) -> Certificate:
    """Keep that there is a certificate, never what it says."""
    list_id, index = await _take_index(tx)
    certificate = Certificate(
        id=new_id(),
        person_id=wanted.person_id,
        region=wanted.region,
        claim_names=list(wanted.claims),
        holder_bound=wanted.holder_key is not None,
        status_list_id=list_id,
        status_index=index,
        issued_at=tx.now,
        issued_by=tx.actor.sub,
        office=tx.actor.org,
        valid_until=(tx.now + timedelta(days=wanted.valid_days)).astimezone(CHINA).date(),
        request_key=request_key,
        request_index=request_index,
    )
    await tx.add(certificate)
    tx.emit(
        CertificateIssued(
            certificate_id=certificate.id,
            person_id=certificate.person_id,
            region=certificate.region,
            valid_until=certificate.valid_until,
        )
    )
    return certificate


async def hand_over(
    certificate: Certificate, wanted: Wanted, here: IssuerHere, with_qr: bool, tx: Tx
) -> IssuedView:
    """Sign it. The text leaves with the answer and is not kept."""
    credential = issue(
        _open_claims(certificate, wanted, here),
        wanted.claims,
        await signing_key(tx),
        digests=len(Claim),
    )
    tx.saw(certificate.person_id, "certificate")
    return IssuedView(
        certificate_id=certificate.id,
        credential=credential,
        valid_until=certificate.valid_until,
        qr_svg=await asyncio.to_thread(qr_of, credential) if with_qr else None,
    )


async def set_revoked(certificate: Certificate, reason: RevocationReason, tx: Tx) -> None:
    """Revoke it, at once: the next status list says so."""
    certificate.revoked_at = tx.now
    certificate.revocation_reason = reason
    await tx.save(certificate)
    await tx.execute(
        'UPDATE status_entries SET revoked = true WHERE list_id = $1 AND "index" = $2',
        certificate.status_list_id,
        certificate.status_index,
    )
    tx.emit(
        CertificateRevoked(
            certificate_id=certificate.id, person_id=certificate.person_id, reason=reason
        )
    )


def qr_of(text: str) -> str:
    """A whole text as a QR code (SVG), for paper: with 15 % that may be lost (level M) where it has
    the room, for long texts with 7 % (L). Raises segno.DataOverflowError."""
    drawn = BytesIO()
    try:
        code = segno.make_qr(text, error="M")
    except segno.DataOverflowError:
        code = segno.make_qr(text, error="L")
    code.save(drawn, kind="svg", border=4)
    return drawn.getvalue().decode()


async def _take_index(tx: Tx) -> tuple[int, int]:
    """A free place in a status list, at random so that neighbours tell nothing. A list that is
    half full makes way for a new one: free places stay quick to find."""
    await tx.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
    found = await tx.find(StatusList, "SELECT * FROM status_lists ORDER BY id DESC LIMIT 1")
    current = found[0] if found else None
    if current is None or current.used * 2 >= current.size:
        last = current.id if current else 0
        current = StatusList(id=last + 1, size=LIST_SIZE, used=0, created_at=tx.now)
        await tx.add(current)
    while True:
        entry = StatusEntry(list_id=current.id, index=secrets.randbelow(current.size))
        tag = await tx.execute(
            'INSERT INTO status_entries (list_id, "index", revoked) VALUES ($1, $2, false)'
            " ON CONFLICT DO NOTHING",
            entry.list_id,
            entry.index,
        )
        if tag == "INSERT 0 1":
            current.used += 1
            await tx.save(current)
            return entry.list_id, entry.index


def _open_claims(certificate: Certificate, wanted: Wanted, here: IssuerHere) -> dict[str, Json]:
    """What every checker sees: nothing of it is about the person."""
    issued_at = int(certificate.issued_at.timestamp())
    payload: dict[str, Json] = {
        "iss": here.name,
        "vct": VCT,
        "jti": str(certificate.id),
        "iat": issued_at,
        "exp": issued_at + wanted.valid_days * 86400,
        "status": {
            "status_list": {
                "idx": certificate.status_index,
                "uri": f"{here.status_base}{certificate.status_list_id}",
            }
        },
    }
    if wanted.holder_key is not None:
        payload["cnf"] = {"jwk": wanted.holder_key.model_dump(exclude_none=True)}
    return payload
