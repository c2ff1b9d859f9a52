"""Checking what a holder showed (证明核验).

The answer says whether it is genuine and current, and nothing more: no outcome refuses anybody
anything. Kept are the certificate's id, its issuer, the office, the purpose and the outcome.

A check has two halves. What another county's certificate proves is found out first, with no
transaction open (`look_up`); then the check is recorded in one (`check_certificate`), where a
certificate of our own is looked at too.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from services.migrant.certificates import sdjwt
from services.migrant.certificates.examining import (
    Finding,
    KnownStatus,
    Question,
    StatusReference,
    claimed,
    conclude,
    examine,
    read,
)
from services.migrant.certificates.faults import WORDS, Reason
from services.migrant.certificates.keys import PUBLISHED, key_set, published_since
from services.migrant.certificates.known import KnownIssuers
from services.migrant.certificates.models import CertificateCheck
from services.migrant.certificates.rules import HELP, ISSUER, Claim, IssuerHere, Outcome
from services.migrant.certificates.schemas import CheckCertificate, CheckView, ReasonView
from services.migrant.certificates.statuslist import BadStatusList
from services.migrant.people.queries import find_known
from shared.codes import CodeError, parse_resident_id
from shared.db import Tx
from shared.events.migrant import CertificateChecked
from shared.ids import new_id
from shared.usage import Purpose

_OWN = f"""
SELECT {PUBLISHED} AS keys, certificate_holder($2) AS holder,
       (SELECT revoked FROM status_entries WHERE list_id = $3 AND "index" = $4) AS revoked
"""  # noqa: S608 parts of our own

UNKNOWN = "unknown"  # what is written for an id or issuer that no signature vouches for


@dataclass(frozen=True, slots=True)
class Looked:
    """What was found before the transaction; `own` is a certificate that says it is ours."""

    finding: Finding
    own: sdjwt.Presentation | None


async def look_up(command: CheckCertificate, here: str, known: KnownIssuers) -> Looked:
    """Everything about another county's certificate. Never raises for what was shown. A status
    list is asked for only for what its issuer has signed."""
    finding = Finding()
    if command.presentation is None:
        finding.end(Outcome.NOTHING_SHOWN, None)
        return Looked(finding, None)
    shown = read(command.presentation, finding)
    if shown is None:
        return Looked(finding, None)
    name = shown.payload.get("iss")
    if name == here:
        return Looked(finding, shown)
    if not isinstance(name, str) or not ISSUER.fullmatch(name):
        finding.end(Outcome.UNKNOWN_ISSUER, Reason.UNKNOWN_ISSUER)
        return Looked(finding, None)
    issuer = await known.issuer(name, _list_of(shown))
    question = Question(command.nonce, command.audience)
    examine(shown, issuer.keys if issuer else None, question, datetime.now(UTC), finding)
    if issuer is not None and finding.reason is Reason.UNKNOWN_KEY:
        await known.look_soon(issuer)
    if issuer is not None and finding.outcome is None and finding.status is not None:
        try:
            conclude(await known.status(issuer, finding.status), finding)
        except BadStatusList:
            finding.end(Outcome.MALFORMED, Reason.BAD_STATUS)
    return Looked(finding, None)


async def check_certificate(
    command: CheckCertificate, looked: Looked, here: IssuerHere, language: str, tx: Tx
) -> CheckView:
    """Finish and record a check. Always answers; never raises for what was shown."""
    finding = looked.finding
    holder: UUID | None = None
    if looked.own is not None:
        holder = await _examine_own(looked.own, command, finding, tx)
    if finding.proof is not None and not await _first_time(finding.proof, tx):
        finding.end(Outcome.WRONGLY_BOUND, Reason.REPLAYED)
        finding.disclosed, finding.holder_proven = {}, False
    outcome = finding.outcome or Outcome.MALFORMED
    check = CertificateCheck(
        id=new_id(),
        certificate_id=str(finding.certificate_id or UNKNOWN),
        issuer=finding.issuer or UNKNOWN,
        region=tx.actor.region,
        office=tx.actor.org,
        purpose=tx.purpose or Purpose.VERIFICATION,
        outcome=outcome,
        checked_at=tx.now,
        checked_by=tx.actor.sub,
    )
    tx.add_last(check)
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
    holder = holder or await _known_by_number(finding, tx)
    if holder is not None:
        tx.saw(holder, "certificate")
    return CheckView(
        check_id=check.id,
        outcome=outcome,
        reason=_reason(finding.reason, language),
        signature_valid=finding.signature_valid,
        holder_proven=finding.holder_proven,
        certificate_id=str(finding.certificate_id) if finding.certificate_id else None,
        issuer=finding.issuer,
        valid_until=finding.valid_until,
        status_as_of=finding.status_as_of,
        disclosed=finding.disclosed,
        help=HELP[outcome].say(language),
    )


async def _examine_own(
    shown: sdjwt.Presentation, command: CheckCertificate, finding: Finding, tx: Tx
) -> UUID | None:
    """Ours is looked up where we keep it, by what it says of itself; that counts for nothing, and
    so does whose it is, until a signature vouches for it."""
    said = claimed(shown)
    row = await tx.peek(
        _OWN,
        published_since(tx),
        said.jti if said else None,
        _own_list(said.status.status_list) if said else None,
        said.status.status_list.idx if said else None,
    )
    assert row is not None  # one row, whatever is there
    question = Question(command.nonce, command.audience)
    examine(shown, key_set(row["keys"] or ()), question, tx.now, finding)
    if finding.certificate_id is None:
        return None
    if finding.outcome is None and row["revoked"] is None:
        finding.end(Outcome.MALFORMED, Reason.BAD_STATUS)
    elif finding.outcome is None:
        conclude(KnownStatus(int(row["revoked"]), True, tx.now), finding)
    holder: UUID | None = row["holder"]
    return holder


def _own_list(reference: StatusReference) -> int | None:
    """The list's number, which ends its address (the address before it may have changed)."""
    number = reference.uri.rpartition("/")[2]
    if not number.isascii() or not number.isdigit() or len(number) > 9:
        return None
    return int(number)


async def _first_time(proof: bytes, tx: Tx) -> bool:
    """Whether a holder's proof is taken for the first time (防重放)."""
    tag = await tx.execute(
        "INSERT INTO used_proofs (digest, used_at) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        proof,
        tx.now,
    )
    return tag == "INSERT 0 1"


async def _known_by_number(finding: Finding, tx: Tx) -> UUID | None:
    """Whose entry the look belongs to, where she chose to show an id number that we know: a check
    leaves an entry that she can see."""
    if not (number := finding.disclosed.get(Claim.ID_NUMBER)):
        return None
    try:
        known = await find_known(parse_resident_id(str(number)).number, tx)
    except CodeError:
        return None
    return known.person_id if known else None


def _list_of(shown: sdjwt.Presentation) -> str:
    """The address of the status list that it names, before anything of it is believed."""
    status = shown.payload.get("status")
    listed = status.get("status_list") if isinstance(status, dict) else None
    uri = listed.get("uri") if isinstance(listed, dict) else None
    return uri if isinstance(uri, str) and uri.isascii() and uri.isprintable() else ""


def _reason(reason: Reason | None, language: str) -> ReasonView | None:
    if reason is None:
        return None
    return ReasonView(code=reason, words=WORDS[reason].say(language))
