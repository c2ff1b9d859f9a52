"""Issuing and revoking certificates."""

import secrets
from datetime import timedelta
from io import BytesIO
from uuid import UUID

import segno

from services.migrant.certificates.keys import signing_key
from services.migrant.certificates.models import Certificate, StatusEntry, StatusList
from services.migrant.certificates.queries import view_of
from services.migrant.certificates.rules import VCT, Claim, IssuerHere, claims_of
from services.migrant.certificates.schemas import (
    CertificateView,
    IssueCertificate,
    IssuedView,
    RevokeCertificate,
)
from services.migrant.certificates.sdjwt import Json, issue
from services.migrant.errors import AlreadyRevoked
from services.migrant.people.queries import current_id
from services.migrant.people.rules import OFFICES
from shared.clock import CHINA
from shared.db import Tx
from shared.events.migrant import CertificateIssued, CertificateRevoked
from shared.ids import new_id
from shared.problems import IdempotencyConflict, NotFound, OutsideJurisdiction
from shared.subjects import require_own

LIST_SIZE = 2**17
_LOCK = 0x4C495354  # "LIST": one process at a time opens a status list


async def issue_certificate(
    command: IssueCertificate, here: IssuerHere, request_key: str | None, tx: Tx
) -> IssuedView:
    """Sign what the holder chose and hand it over; only its id, dates and the names of its claims
    stay here. A repeated request (same key, same body) gets the same certificate made anew, since
    answers with claims are not stored. Raises OutsideJurisdiction, FactsDoNotFit,
    IdempotencyConflict."""
    if not tx.actor.covers(command.facts.home_region):
        raise OutsideJurisdiction()
    facts = command.facts.model_dump(mode="json", exclude_none=True)
    claims = claims_of(command.claims, facts, tx.today)
    certificate = await _issued_before(command, request_key, tx)
    if certificate is None:
        certificate = await _enter(command, request_key, tx)
        tx.emit(
            CertificateIssued(
                certificate_id=certificate.id,
                person_id=certificate.person_id,
                region=certificate.region,
                valid_until=certificate.valid_until,
            )
        )
    credential = issue(
        _open_claims(certificate, command, here),
        claims,
        await signing_key(tx),
        digests=len(Claim),
    )
    tx.saw(certificate.person_id, "certificate")
    return IssuedView(
        certificate_id=certificate.id,
        credential=credential,
        valid_until=certificate.valid_until,
        qr_svg=_qr(credential) if command.with_qr else None,
    )


async def revoke_certificate(
    certificate_id: UUID, command: RevokeCertificate, tx: Tx
) -> CertificateView:
    """Revoke (撤销). The office does it, or the holder herself. Raises AlreadyRevoked."""
    certificate = await tx.get(Certificate, certificate_id, lock=True)
    if certificate is None:
        raise NotFound()
    await require_own(certificate.person_id, tx, *OFFICES)
    if certificate.revoked_at is not None:
        raise AlreadyRevoked()
    certificate.revoked_at = tx.now
    certificate.revocation_reason = command.reason
    await tx.save(certificate)
    await tx.execute(
        'UPDATE status_entries SET revoked = true WHERE list_id = $1 AND "index" = $2',
        certificate.status_list_id,
        certificate.status_index,
    )
    tx.emit(
        CertificateRevoked(
            certificate_id=certificate.id, person_id=certificate.person_id, reason=command.reason
        )
    )
    tx.saw(certificate.person_id, "certificate")
    return view_of(certificate)


async def _issued_before(
    command: IssueCertificate, request_key: str | None, tx: Tx
) -> Certificate | None:
    """The certificate that the same request made. Raises IdempotencyConflict, AlreadyRevoked."""
    if request_key is None:
        return None
    found = await tx.find(
        Certificate,
        "SELECT * FROM certificates WHERE issued_by = $1 AND request_key = $2",
        tx.actor.sub,
        request_key,
    )
    if not found:
        return None
    if found[0].request_index != _request_index(command, tx):
        raise IdempotencyConflict()
    if found[0].revoked_at is not None:
        raise AlreadyRevoked()
    return found[0]


async def _enter(command: IssueCertificate, request_key: str | None, tx: Tx) -> Certificate:
    list_id, index = await _take_index(tx)
    certificate = Certificate(
        id=new_id(),
        person_id=await current_id(command.person_id, tx),
        region=command.facts.home_region,
        claim_names=list(command.claims),
        holder_bound=command.holder_key is not None,
        status_list_id=list_id,
        status_index=index,
        issued_at=tx.now,
        issued_by=tx.actor.sub,
        office=tx.actor.org,
        valid_until=(tx.now + timedelta(days=command.valid_days)).astimezone(CHINA).date(),
        request_key=request_key,
        request_index=_request_index(command, tx) if request_key else None,
    )
    await tx.add(certificate)
    return certificate


def _request_index(command: IssueCertificate, tx: Tx) -> bytes:
    return tx.vault.index(command.model_dump_json(), "certificate-request")


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


def _open_claims(
    certificate: Certificate, command: IssueCertificate, here: IssuerHere
) -> dict[str, Json]:
    """What every checker sees: nothing of it is about the person."""
    issued_at = int(certificate.issued_at.timestamp())
    payload: dict[str, Json] = {
        "iss": here.name,
        "vct": VCT,
        "jti": str(certificate.id),
        "iat": issued_at,
        "exp": issued_at + command.valid_days * 86400,
        "status": {
            "status_list": {
                "idx": certificate.status_index,
                "uri": f"{here.status_base}{certificate.status_list_id}",
            }
        },
    }
    if command.holder_key is not None:
        payload["cnf"] = {"jwk": command.holder_key.model_dump(exclude_none=True)}
    return payload


def _qr(credential: str) -> str:
    """The whole certificate as a QR code (SVG), for paper."""
    drawn = BytesIO()
    segno.make_qr(credential, error="L").save(drawn, kind="svg", border=4)
    return drawn.getvalue().decode()
