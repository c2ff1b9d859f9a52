"""Issuing over the counter, and revoking."""

from uuid import UUID

from services.migrant.certificates.issuing import Wanted, enter, hand_over, set_revoked
from services.migrant.certificates.models import Certificate
from services.migrant.certificates.queries import view_of
from services.migrant.certificates.rules import IssuerHere, claims_of
from services.migrant.certificates.schemas import (
    CertificateView,
    IssueCertificate,
    IssuedView,
    RevokeCertificate,
)
from services.migrant.errors import AlreadyRevoked
from services.migrant.people.queries import current_id
from services.migrant.people.rules import OFFICES
from shared.db import Tx
from shared.problems import IdempotencyConflict, NotFound, OutsideJurisdiction
from shared.subjects import require_own


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
    wanted = Wanted(
        person_id=await current_id(command.person_id, tx),
        region=command.facts.home_region,
        claims=claims_of(command.claims, facts, tx.today),
        valid_days=command.valid_days,
        holder_key=command.holder_key,
    )
    certificate = await _issued_before(command, request_key, tx)
    if certificate is None:
        index = _request_index(command, tx) if request_key else None
        certificate = await enter(wanted, tx, request_key=request_key, request_index=index)
    return await hand_over(certificate, wanted, here, command.with_qr, tx)


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
    await set_revoked(certificate, command.reason, tx)
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


def _request_index(command: IssueCertificate, tx: Tx) -> bytes:
    return tx.vault.index(command.model_dump_json(), "certificate-request")
