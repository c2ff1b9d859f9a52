"""What a text that was shown proves (核验): the steps of a check, in their order. Pure: the same
steps are taken by the service and by the offline checker.

Readable, known issuer, signature, form, disclosures, holder, time, status: the first step that
fails decides the outcome, and the reason says exactly what failed.
"""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final
from uuid import UUID

from joserfc.jwk import KeySet
from pydantic import BaseModel, Field, StrictInt, TypeAdapter, ValidationError

from services.migrant.certificates import sdjwt
from services.migrant.certificates.faults import (
    Fault,
    Forged,
    Malformed,
    Reason,
    UnknownKey,
    WronglyBound,
)
from services.migrant.certificates.rules import VCT, Claim, Outcome
from services.migrant.certificates.statuslist import LATEST


class StatusReference(BaseModel):
    """Where the issuer says whether the certificate still stands."""

    idx: StrictInt = Field(ge=0, lt=2**31)
    uri: str = Field(max_length=500, pattern=r"^https?://[\x21-\x7e]+$")


class _Status(BaseModel):
    status_list: StatusReference


class Body(BaseModel):
    """What a certificate of our type says openly."""

    iss: str
    vct: str = Field(pattern=f"^{re.escape(VCT)}$")
    jti: UUID
    iat: StrictInt = Field(ge=0, le=LATEST)
    exp: StrictInt = Field(ge=0, le=LATEST)
    status: _Status


_CLAIMS: Final = TypeAdapter(dict[Claim, str | int | bool])
_OUTCOMES: Final[dict[type[Fault], Outcome]] = {
    Malformed: Outcome.MALFORMED,
    Forged: Outcome.FORGED,
    UnknownKey: Outcome.UNKNOWN_ISSUER,
    WronglyBound: Outcome.WRONGLY_BOUND,
}


@dataclass(frozen=True, slots=True)
class Question:
    """What the holder's device was asked to prove, if anything."""

    nonce: str | None = None
    audience: str | None = None


@dataclass(frozen=True, slots=True)
class KnownStatus:
    """The status of a certificate as far as it can be known: `current` is False when it is read
    from a list that is too old to rely on; `value` is None when there is none at all, or none
    that can be read (`unreadable`)."""

    value: int | None
    current: bool
    as_of: datetime | None
    unreadable: bool = False


@dataclass
class Finding:
    """What is known so far; `outcome` is None until a step ends the check. `proof` names the
    holder's proof, so that it is taken once."""

    outcome: Outcome | None = None
    reason: Reason | None = None
    signature_valid: bool = False
    holder_proven: bool = False
    issuer: str | None = None
    certificate_id: UUID | None = None
    valid_until: datetime | None = None
    status: StatusReference | None = None
    status_as_of: datetime | None = None
    disclosed: dict[Claim, str | int | bool] = field(default_factory=dict)
    proof: bytes | None = None

    def end(self, outcome: Outcome, reason: Reason | None) -> None:
        self.outcome, self.reason = outcome, reason


def read(text: str, finding: Finding) -> sdjwt.Presentation | None:
    """Take apart what was shown; None when that ended the check."""
    try:
        return sdjwt.parse(text)
    except Malformed as fault:
        finding.end(Outcome.MALFORMED, fault.reason)
        return None


def claimed(shown: sdjwt.Presentation) -> Body | None:
    """What it says of itself before anything of it is believed; None for another type."""
    try:
        return Body.model_validate(shown.payload)
    except ValidationError:
        return None


def examine(
    shown: sdjwt.Presentation,
    keys: KeySet | None,
    question: Question,
    now: datetime,
    finding: Finding,
) -> None:
    """Every step but the status. `keys` are those of the issuer it names, None for an unknown
    one: nothing that an unvouched text says is taken over."""
    if keys is None:
        finding.end(Outcome.UNKNOWN_ISSUER, Reason.UNKNOWN_ISSUER)
        return
    finding.issuer = str(shown.payload["iss"])
    try:
        _verify(shown, keys, question, now, finding)
    except Fault as fault:
        finding.end(_OUTCOMES[type(fault)], fault.reason)
    except ValidationError:
        finding.end(Outcome.MALFORMED, Reason.OTHER_KIND)


def conclude(status: KnownStatus, finding: Finding) -> None:
    """The last step. A revocation stays one however old the list that told of it."""
    finding.status_as_of = status.as_of
    if status.value:
        finding.end(Outcome.REVOKED, Reason.REVOKED)
    elif status.current:
        finding.end(Outcome.GENUINE, None)
    elif status.unreadable:
        finding.end(Outcome.STALE_STATUS, Reason.BAD_STATUS)
    elif status.value is None:
        finding.end(Outcome.STALE_STATUS, Reason.NO_STATUS)
    else:
        finding.end(Outcome.STALE_STATUS, Reason.OLD_STATUS)


def _verify(
    shown: sdjwt.Presentation,
    keys: KeySet,
    question: Question,
    now: datetime,
    finding: Finding,
) -> None:
    """Raises a Fault, or ValidationError for what is no certificate of our type."""
    sdjwt.verify_signature(shown, keys)
    finding.signature_valid = True
    body = Body.model_validate(shown.payload)
    finding.certificate_id = body.jti
    finding.valid_until = datetime.fromtimestamp(body.exp, UTC)
    claims = _CLAIMS.validate_python(sdjwt.disclosed(shown), strict=False)
    seconds = int(now.timestamp())
    finding.holder_proven = sdjwt.verify_key_binding(
        shown, now=seconds, nonce=question.nonce, audience=question.audience
    )
    if finding.holder_proven and question.nonce is not None and shown.key_binding:
        signed_part = shown.key_binding.rpartition(".")[0]  # a signature has several spellings
        finding.proof = sha256(signed_part.encode()).digest()
    finding.disclosed = claims
    finding.status = body.status.status_list
    if body.iat > seconds + sdjwt.CLOCKS:
        finding.end(Outcome.NOT_YET_VALID, Reason.NOT_YET)
    elif seconds >= body.exp + sdjwt.CLOCKS:
        finding.end(Outcome.EXPIRED, Reason.EXPIRED)
