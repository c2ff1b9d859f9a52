"""Asking for one's certificate, deciding what the records do not answer, collecting it.

The facts come from the home county's own register, by event (answers.py). They are kept sealed
until she collects, and erased then: a certificate is kept by its holder alone.
"""

import json
from collections.abc import Mapping
from uuid import UUID

from services.migrant.certificates.issuing import Wanted, enter, hand_over, set_revoked
from services.migrant.certificates.models import Certificate
from services.migrant.certificates.request_models import CertificateRequest
from services.migrant.certificates.request_queries import (
    facts_of,
    opened,
    place_of,
    require_request,
    view_of,
)
from services.migrant.certificates.request_rules import (
    COLLECT,
    DECIDE,
    OBJECTION,
    UNDER_WAY,
    Because,
    RequestStatus,
    check_collectable,
    check_decidable,
    completed,
    in_time,
    lacking_of,
)
from services.migrant.certificates.request_schemas import (
    CertificateRequestView,
    CollectCertificate,
    DecideRequest,
    ObjectToDecision,
    Replaces,
    RequestCertificate,
)
from services.migrant.certificates.rules import Claim, IssuerHere, RevocationReason, claims_of
from services.migrant.certificates.schemas import Facts, HolderKey, IssuedView
from services.migrant.certificates.sdjwt import Json
from services.migrant.errors import (
    AlreadyAsked,
    AlreadyRevoked,
    FactsDoNotFit,
    NothingToObjectTo,
    RequestOver,
)
from services.migrant.people.queries import current_id
from services.migrant.people.rules import OFFICES
from shared.db import Tx
from shared.events.migrant import (
    CertificateRequestDecided,
    CertificateRequested,
    CertificateRequestOverdue,
)
from shared.ids import new_id
from shared.problems import NotFound, Text
from shared.subjects import require_own


async def request_certificate(
    command: RequestCertificate, here: IssuerHere, language: str, tx: Tx
) -> CertificateRequestView:
    """Ask the register for what she wants in. Raises AlreadyAsked while a request is under way;
    NotFound for another person, or a certificate that is not hers."""
    person_id = await current_id(command.person_id, tx)
    await require_own(person_id, tx, *OFFICES)
    if await _under_way(person_id, tx):
        raise AlreadyAsked()
    if command.replaces is not None:
        await _replace(command.replaces, person_id, tx)
    request = CertificateRequest(
        id=new_id(),
        person_id=person_id,
        region=max(tx.actor.region, here.region, key=len),
        claims=list(command.claims),
        valid_days=command.valid_days,
        form=command.form,
        replaces=command.replaces.certificate_id if command.replaces else None,
        replaces_because=command.replaces.because if command.replaces else None,
        status=RequestStatus.ASKED,
        problems=[],
        lacking=[],
        requested_at=tx.now,
        requested_by=tx.actor.sub,
        office=tx.actor.org,
        due_on=tx.today + DECIDE,
    )
    if command.holder_key is not None:
        request.holder_key_sealed = _sealed(
            request, "holder_key", command.holder_key.model_dump_json(exclude_none=True), tx
        )
    await tx.add(request)
    tx.emit(
        CertificateRequested(
            request_id=request.id, person_id=person_id, claims=list(command.claims)
        )
    )
    tx.saw(person_id, "certificate-request")
    return view_of(request, language, tx)


async def withdraw_request(request_id: UUID, language: str, tx: Tx) -> CertificateRequestView:
    """Take a request back (撤回申请): at once, and what was kept for it is erased. Raises
    RequestOver, NotFound."""
    request = await require_request(request_id, tx, lock=True)
    if request.status not in UNDER_WAY:
        raise RequestOver()
    request.status = RequestStatus.WITHDRAWN
    forget(request)
    await tx.save(request)
    tx.saw(request.person_id, "certificate-request")
    return view_of(request, language, tx)


async def decide_request(
    request_id: UUID, command: DecideRequest, here: IssuerHere, language: str, tx: Tx
) -> CertificateRequestView:
    """Decide what the records do not answer. Raises AlreadyDecided, SameDecider,
    RecordsToBeSettled, FactsDoNotFit, NotFound."""
    request = await require_request(request_id, tx, lock=True)
    check_decidable(
        request.status,
        request.problems,
        request.declined_by,
        tx.actor.sub,
        issue=command.issue,
    )
    request.decided_at, request.decided_by = tx.now, tx.actor.sub
    request.reason_sealed = _sealed(request, "reason", command.reason, tx)
    if command.issue:
        make_ready(request, _decided_facts(request, command, here, tx), tx)
    else:
        if command.facts is not None:
            raise FactsDoNotFit(Text("不予签发时不填内容", "No facts where it is declined"))
        request.status = RequestStatus.DECLINED
        request.declined_by = tx.actor.sub
        forget(request)
    say_decided(request, tx.actor.org, tx)
    await tx.save(request)
    tx.saw(request.person_id, "certificate-request")
    return view_of(request, language, tx)


async def object_to_decision(
    request_id: UUID, command: ObjectToDecision, language: str, tx: Tx
) -> CertificateRequestView:
    """Object (异议): the register is asked anew, and if that is not enough somebody else decides.
    Raises NothingToObjectTo, NotFound."""
    request = await require_request(request_id, tx, lock=True)
    if request.status != RequestStatus.DECLINED or request.objected_at is not None:
        raise NothingToObjectTo()
    request.status = RequestStatus.ASKED
    request.problems, request.lacking = [], []
    request.objected_at = tx.now
    request.objection_sealed = _sealed(request, "objection", command.reason, tx)
    request.due_on, request.overdue_said = tx.today + OBJECTION, False
    await tx.save(request)
    tx.emit(
        CertificateRequested(
            request_id=request.id, person_id=request.person_id, claims=request.claims
        )
    )
    tx.saw(request.person_id, "certificate-request")
    return view_of(request, language, tx)


async def collect_certificate(
    request_id: UUID, command: CollectCertificate, here: IssuerHere, tx: Tx
) -> IssuedView:
    """Sign what was verified and hand it over (领取). The facts stay for a few minutes more, in
    case the answer is lost on its way: the same certificate can then be collected again. Raises
    NotReadyYet, RequestOver, AlreadyRevoked, NotFound."""
    request = await require_request(request_id, tx, lock=True)
    check_collectable(request.status, request.collect_by, request.collected_at, tx.now)
    if request.facts_sealed is None:
        raise RequestOver()
    wanted = _wanted(request, tx)
    if request.certificate_id is None:
        certificate = await enter(wanted, tx)
        request.certificate_id = certificate.id
        request.status, request.collected_at = RequestStatus.COLLECTED, tx.now
        await tx.save(request)
        await _retire(request.replaces, tx)
    else:
        certificate = await tx.require(Certificate, request.certificate_id)
        if certificate.revoked_at is not None:
            raise AlreadyRevoked()
    tx.saw(request.person_id, "certificate-request")
    return await hand_over(certificate, wanted, here, command.with_qr, tx)


def make_ready(request: CertificateRequest, facts: Mapping[str, Json], tx: Tx) -> None:
    """Keep the facts sealed until she collects."""
    request.status = RequestStatus.READY
    request.facts_sealed = _sealed(request, "facts", json.dumps(facts), tx)
    request.lacking = []
    request.collect_by = tx.now + COLLECT


def keep_open(
    request: CertificateRequest, problems: list[str], facts: Mapping[str, Json], tx: Tx
) -> None:
    """The desk decides: keep what the records do say, and what they lack."""
    request.status = RequestStatus.OPEN
    request.problems = problems
    request.lacking = lacking_of(request.claims, facts)
    request.facts_sealed = _sealed(request, "facts", json.dumps(facts), tx)


def forget(request: CertificateRequest) -> None:
    """Erase what was kept to make the certificate."""
    request.facts_sealed = request.holder_key_sealed = None


def say_decided(request: CertificateRequest, office: str, tx: Tx) -> None:
    """For the duty log of the agency (经办时限): whether it kept its time, and nothing of her."""
    timely = in_time(tx.today, request.due_on)
    if not timely and not request.overdue_said:  # the sweep was not there yet
        request.overdue_said = True
        tx.emit(
            CertificateRequestOverdue(
                request_id=request.id, region=request.region, office=office, due_on=request.due_on
            )
        )
    tx.emit(
        CertificateRequestDecided(
            request_id=request.id,
            region=request.region,
            office=office,
            ready=request.status == RequestStatus.READY,
            in_time=timely,
            due_on=request.due_on,
        )
    )


def _decided_facts(
    request: CertificateRequest, command: DecideRequest, here: IssuerHere, tx: Tx
) -> dict[str, Json]:
    """Raises FactsDoNotFit."""
    given = command.facts.model_dump(mode="json", exclude_none=True) if command.facts else {}
    known = facts_of(request, tx)
    facts = completed(known, given, lacking_of(request.claims, known), here.region)
    try:
        checked = Facts.model_validate(facts).model_dump(mode="json", exclude_none=True)
    except ValueError as error:
        raise FactsDoNotFit(
            Text("所填内容与登记内容相互矛盾", "What is given contradicts the records")
        ) from error
    claims_of([Claim(each) for each in request.claims], checked, tx.today)
    return checked


def _wanted(request: CertificateRequest, tx: Tx) -> Wanted:
    facts = facts_of(request, tx)
    home, key = str(facts[Claim.HOME_REGION]), opened(request, "holder_key", tx)
    return Wanted(
        person_id=request.person_id,
        region=home if tx.actor.covers(home) else tx.actor.region,
        claims=claims_of([Claim(each) for each in request.claims], facts, tx.today),
        valid_days=request.valid_days,
        holder_key=HolderKey.model_validate_json(key) if key else None,
    )


async def _under_way(person_id: UUID, tx: Tx) -> bool:
    found = await tx.fetch_value(
        "SELECT EXISTS (SELECT FROM certificate_requests"
        " WHERE person_id = $1 AND status = ANY($2::text[]))",
        person_id,
        list(UNDER_WAY),
    )
    return bool(found)


async def _replace(replaces: Replaces, person_id: UUID, tx: Tx) -> None:
    """What is lost is revoked at once, before there is a new one. Raises NotFound."""
    old = await tx.require(Certificate, replaces.certificate_id, lock=True)
    if await current_id(old.person_id, tx) != person_id:
        raise NotFound()
    if replaces.because is Because.LOST and old.revoked_at is None:
        await set_revoked(old, RevocationReason.LOST, tx)


async def _retire(certificate_id: UUID | None, tx: Tx) -> None:
    """The one that a new one took the place of, unless it is revoked or erased already."""
    if certificate_id is None:
        return
    old = await tx.get(Certificate, certificate_id, lock=True)
    if old is not None and old.revoked_at is None:
        await set_revoked(old, RevocationReason.REPLACED, tx)


def _sealed(request: CertificateRequest, field: str, text: str, tx: Tx) -> bytes:
    return tx.vault.seal(text, place_of(request.id, field))
