"""Checking what a holder showed (证明核验).

The answer says whether it is genuine and current, and nothing more: no outcome refuses anybody
anything. Kept are the certificate's id, its issuer, the office, the purpose and the outcome.
"""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from joserfc.jwk import KeySet
from pydantic import BaseModel, Field, StrictInt, TypeAdapter, ValidationError

from services.migrant.certificates import sdjwt
from services.migrant.certificates.keys import public_keys
from services.migrant.certificates.models import CertificateCheck, TrustedIssuer
from services.migrant.certificates.rules import HELP, ISSUER, VCT, Claim, IssuerHere, Outcome
from services.migrant.certificates.schemas import CheckCertificate, CheckView
from services.migrant.certificates.statuslist import LATEST, BadStatusList
from services.migrant.certificates.trust import Fetch, KnownStatus, key_set, status_of
from services.migrant.people.queries import find_known
from shared.codes import CodeError, parse_resident_id
from shared.db import Tx
from shared.events.migrant import CertificateChecked
from shared.ids import new_id
from shared.usage import Purpose

UNKNOWN = "unknown"  # what is written for an id or issuer that no signature vouches for


class _StatusReference(BaseModel):
    idx: StrictInt = Field(ge=0, lt=2**31)
    uri: str = Field(max_length=500, pattern=r"^https?://[\x21-\x7e]+$")


class _Status(BaseModel):
    status_list: _StatusReference


class _Body(BaseModel):
    """What a certificate of our type says openly."""

    iss: str
    vct: str = Field(pattern=f"^{re.escape(VCT)}$")
    jti: UUID
    iat: StrictInt = Field(ge=0)
    exp: StrictInt = Field(ge=0, le=LATEST)
    status: _Status


_CLAIMS = TypeAdapter(dict[Claim, str | int | bool])


@dataclass
class _Finding:
    """What is known so far; the steps of a check fill it until one of them ends it."""

    outcome: Outcome = Outcome.MALFORMED
    signature_valid: bool = False
    holder_proven: bool = False
    issuer: str | None = None
    certificate_id: UUID | None = None
    valid_until: datetime | None = None
    status_as_of: datetime | None = None
    disclosed: dict[Claim, str | int | bool] = field(default_factory=dict)


async def check_certificate(
    command: CheckCertificate, here: IssuerHere, fetch: Fetch, language: str, tx: Tx
) -> CheckView:
    """Check a presentation. Always answers; never raises for what was shown."""
    finding = _Finding()
    finding.outcome = await _examine(command, finding, here, fetch, tx)
    check = CertificateCheck(
        id=new_id(),
        certificate_id=str(finding.certificate_id or UNKNOWN),
        issuer=finding.issuer or UNKNOWN,
        region=tx.actor.region,
        office=tx.actor.org,
        purpose=tx.purpose or Purpose.VERIFICATION,
        outcome=finding.outcome,
        checked_at=tx.now,
        checked_by=tx.actor.sub,
    )
    await tx.add(check)
    tx.emit(
        CertificateChecked(
            check_id=check.id,
            certificate_id=check.certificate_id,
            issuer=check.issuer,
            region=check.region,
            office=check.office,
            outcome=check.outcome,
        )
    )
    await _note_look(finding, here, tx)
    return CheckView(
        check_id=check.id,
        outcome=finding.outcome,
        signature_valid=finding.signature_valid,
        holder_proven=finding.holder_proven,
        certificate_id=str(finding.certificate_id) if finding.certificate_id else None,
        issuer=finding.issuer,
        valid_until=finding.valid_until,
        status_as_of=finding.status_as_of,
        disclosed=finding.disclosed,
        help=HELP[finding.outcome].say(language),
    )


async def _examine(
    command: CheckCertificate, finding: _Finding, here: IssuerHere, fetch: Fetch, tx: Tx
) -> Outcome:
    """The steps in order: readable, known issuer, signature, form, disclosures, holder, time,
    status. The first that fails is the outcome."""
    try:
        shown = sdjwt.parse(command.presentation)
        trusted, keys = await _issuer_of(shown, here, tx)
        if keys is None:
            return Outcome.UNKNOWN_ISSUER
        finding.issuer = str(shown.payload["iss"])
        sdjwt.verify_signature(shown, keys)
        finding.signature_valid = True
        body = _Body.model_validate(shown.payload)
        finding.certificate_id = body.jti
        finding.valid_until = datetime.fromtimestamp(body.exp, UTC)
        claims = _CLAIMS.validate_python(sdjwt.disclosed(shown), strict=False)
        finding.holder_proven = sdjwt.verify_key_binding(
            shown, now=int(tx.now.timestamp()), nonce=command.nonce, audience=command.audience
        )
        finding.disclosed = claims
        if tx.now.timestamp() >= body.exp:
            return Outcome.EXPIRED
        status = await _status(body.status.status_list, trusted, here, fetch, tx)
    except KeyError:
        return Outcome.UNKNOWN_ISSUER
    except sdjwt.Forged:
        return Outcome.FORGED
    except sdjwt.WronglyBound:
        return Outcome.WRONGLY_BOUND
    except (sdjwt.Malformed, ValidationError, BadStatusList):
        return Outcome.MALFORMED
    finding.status_as_of = status.as_of
    if status.value:
        return Outcome.REVOKED
    return Outcome.GENUINE if status.current else Outcome.STALE_STATUS


async def _issuer_of(
    shown: sdjwt.Presentation, here: IssuerHere, tx: Tx
) -> tuple[TrustedIssuer | None, KeySet | None]:
    """The keys of whoever it says it is from: ours, a trusted issuer's, or none."""
    name = shown.payload.get("iss")
    if name == here.name:
        return None, await public_keys(tx)
    if not isinstance(name, str) or not ISSUER.fullmatch(name):
        return None, None
    trusted = await tx.get(TrustedIssuer, name)
    return trusted, key_set(trusted) if trusted else None


async def _status(
    reference: _StatusReference,
    trusted: TrustedIssuer | None,
    here: IssuerHere,
    fetch: Fetch,
    tx: Tx,
) -> KnownStatus:
    if trusted is not None:
        return await status_of(trusted, reference.uri, reference.idx, here, fetch, tx)
    revoked = await tx.fetch_value(
        'SELECT revoked FROM status_entries WHERE list_id = $1 AND "index" = $2',
        _own_list(reference.uri),
        reference.idx,
    )
    if revoked is None:
        raise BadStatusList("not an entry of ours")
    return KnownStatus(int(revoked), True, tx.now)


def _own_list(uri: str) -> int:
    """The list's number, which ends its address (the address before it may have changed)."""
    number = uri.rpartition("/")[2]
    if not number.isascii() or not number.isdigit() or len(number) > 9:
        raise BadStatusList("not a list of ours")
    return int(number)


async def _note_look(finding: _Finding, here: IssuerHere, tx: Tx) -> None:
    """Leave an entry that the person can see, wherever we know who she is: from our own
    certificate, or from the id number that she chose to show."""
    person_id: UUID | None = None
    if finding.issuer == here.name and finding.certificate_id is not None:
        person_id = await tx.fetch_value("SELECT certificate_holder($1)", finding.certificate_id)
    if person_id is None and (number := finding.disclosed.get(Claim.ID_NUMBER)):
        try:
            known = await find_known(parse_resident_id(str(number)).number, tx)
        except CodeError:
            known = None
        person_id = known.person_id if known else None
    if person_id is not None:
        tx.saw(person_id, "certificate")
