"""What the register answered to a request for a certificate. Each is applied once: a request that
has moved on meanwhile is left alone."""

import json
from uuid import UUID

from pydantic import ValidationError

from services.migrant.certificates.request_models import CertificateRequest
from services.migrant.certificates.request_rules import Problem, RequestStatus, lacking_of
from services.migrant.certificates.requesting import keep_open, make_ready, say_decided
from services.migrant.certificates.rules import Claim
from services.migrant.certificates.schemas import Facts
from services.migrant.certificates.sdjwt import Json
from shared.db import Tx


async def note_facts(request_id: UUID, facts: str, tx: Tx) -> None:
    """The register answers all of it: it can be collected."""
    request = await _waiting(request_id, tx)
    if request is None:
        return
    told: dict[str, Json] = json.loads(facts)
    try:
        told = Facts.model_validate(told).model_dump(mode="json", exclude_none=True)
    except ValidationError:  # the number says another birth date: no certificate says both
        told = {name: value for name, value in told.items() if name == Claim.HOME_REGION}
        keep_open(request, [Problem.INCONSISTENT], told, tx)
    else:
        if lacking_of(request.claims, told):
            keep_open(request, [Problem.MISSING], told, tx)
        else:
            make_ready(request, told, tx)
            request.decided_at = tx.now
            say_decided(request, request.office, tx)
    await _settle(request, told, tx)


async def note_problems(request_id: UUID, problems: list[str], facts: str | None, tx: Tx) -> None:
    """The register answers a part of it, or nothing: the desk decides."""
    request = await _waiting(request_id, tx)
    if request is None:
        return
    told: dict[str, Json] = json.loads(facts) if facts else {}
    keep_open(request, problems, told, tx)
    await _settle(request, told, tx)


async def _settle(request: CertificateRequest, told: dict[str, Json], tx: Tx) -> None:
    """From now on her home township deals with it, where the register knows one in this county."""
    home = str(told.get(Claim.HOME_REGION, ""))
    if tx.actor.covers(home):
        request.region = home
    await tx.save(request)
    tx.saw(request.person_id, "certificate-request")


async def _waiting(request_id: UUID, tx: Tx) -> CertificateRequest | None:
    """The request, if it still waits for the register."""
    request = await tx.get(CertificateRequest, request_id, lock=True)
    waits = request is not None and request.status == RequestStatus.ASKED
    return request if waits else None
