"""Referring somebody, and what the office makes of it."""

from uuid import UUID

from services.migrant.consents.queries import require_consent
from services.migrant.people.queries import current_id
from services.migrant.people.rules import OFFICES, is_office
from services.migrant.places.models import Place
from services.migrant.referrals.errors import (
    AlreadyReferred,
    NothingShared,
    ReferralOver,
    ServedTooEarly,
)
from services.migrant.referrals.models import Referral
from services.migrant.referrals.queries import chosen, require_party, route_of, seen
from services.migrant.referrals.rules import (
    CONSENT_VERSION,
    HERSELF,
    OPEN,
    ReferralState,
    due_on,
    new_number,
)
from services.migrant.referrals.schemas import (
    EndReferral,
    MakeReferral,
    ReferralView,
    ServeReferral,
    Share,
)
from services.migrant.services.handlers import record_referred
from services.migrant.services.rules import Service, consent_for
from services.migrant.services.schemas import RecordService
from shared.db import Tx
from shared.events.migrant import ReferralEnded, ReferralMade
from shared.ids import new_id
from shared.problems import NotFound
from shared.subjects import require_own

_STANDING = """
SELECT 1 FROM referrals
WHERE person_id = $1 AND service = $2 AND office = $3 AND ended_on IS NULL
"""


async def make_referral(command: MakeReferral, language: str, tx: Tx) -> ReferralView:
    """Refer a person to the office that serves; by a desk, or by herself. Raises
    OutsideJurisdiction, NotFound, NoNameTaken, NoOfficeThere, ConsentNeeded, AlreadyReferred."""
    await require_own(command.person_id, tx, *OFFICES)
    entry, service, taking = await route_of(command.entitlement, command.region, tx)
    place = chosen(command.place_id, taking)
    person_id = await current_id(command.person_id, tx)
    await require_consent(person_id, consent_for(service), tx)
    await _require_new(person_id, service, place, tx)
    by_herself = not is_office(tx.actor)
    referral = Referral(
        id=new_id(),
        number=new_number(),
        person_id=person_id,
        region=command.region,
        office_region=place.area,
        service=service,
        department=entry.department,
        office=str(place.org),
        place_id=place.id,
        from_office=HERSELF if by_herself else tx.actor.org,
        by_herself=by_herself,
        resident_kind=command.resident_kind,
        state=ReferralState.MADE,
        made_on=tx.today,
        due_on=due_on(tx.today, entry.days),
        recorded_at=tx.now,
        recorded_by=tx.actor.sub,
    )
    if command.share is not None:
        _share(command.share, referral, tx)
    await tx.add(referral)
    tx.emit(
        ReferralMade(
            referral_id=referral.id,
            region=referral.region,
            from_office=referral.from_office,
            office=referral.office,
            department=referral.department,
            service=referral.service,
            due_on=referral.due_on,
            resident_kind=referral.resident_kind,
        )
    )
    return await seen(referral, language, tx)


async def accept_referral(referral_id: UUID, language: str, tx: Tx) -> ReferralView:
    """The office takes it up. Raises NotFound, ReferralOver."""
    referral = await _for_office(referral_id, tx)
    if referral.accepted_on is None:
        referral.accepted_on = tx.today
        referral.state = ReferralState.ACCEPTED
        await tx.save(referral)
    return await seen(referral, language, tx)


async def serve_referral(
    command: ServeReferral, referral_id: UUID, language: str, tx: Tx
) -> ReferralView:
    """She was served: the service is recorded too. Raises NotFound, ReferralOver, ServedTooEarly,
    ConsentNeeded, OutsideJurisdiction."""
    referral = await _for_office(referral_id, tx)
    if command.delivered_on < referral.made_on:
        raise ServedTooEarly()
    record = await record_referred(
        RecordService.model_validate(
            {
                "person_id": referral.person_id,
                "region": referral.office_region,
                "service": referral.service,
                "resident_kind": referral.resident_kind,
                "delivered_on": command.delivered_on,
            }
        ),
        referral.id,
        tx,
    )
    referral.record_id = record.id
    return await _end(referral, ReferralState.SERVED, language, tx)


async def end_referral(
    command: EndReferral, referral_id: UUID, language: str, tx: Tx
) -> ReferralView:
    """It was not possible; she reads why. Raises NotFound, ReferralOver."""
    referral = await _for_office(referral_id, tx)
    referral.reason = command.reason
    referral.answer_sealed = tx.vault.seal(command.answer, f"referrals.answer:{referral.id}")
    return await _end(referral, ReferralState.NOT_POSSIBLE, language, tx)


async def withdraw_referral(referral_id: UUID, language: str, tx: Tx) -> ReferralView:
    """She no longer wants it; no reason is asked. By herself, or at the desk that referred her.
    Raises NotFound, ReferralOver."""
    referral = await require_party(referral_id, tx, lock=True)
    if is_office(tx.actor) and tx.actor.org != referral.from_office:
        raise NotFound()
    _require_open(referral)
    return await _end(referral, ReferralState.WITHDRAWN, language, tx)


async def unshare(referral_id: UUID, language: str, tx: Tx) -> ReferralView:
    """She takes back that her name goes to the office: at once, told to any party of it. The
    referral goes on without. Raises NotFound, NothingShared."""
    referral = await require_party(referral_id, tx, lock=True)
    if referral.name_sealed is None:
        raise NothingShared()
    _forget_shared(referral)
    referral.consent_withdrawn_at = tx.now
    await tx.save(referral)
    return await seen(referral, language, tx)


async def _require_new(person_id: UUID, service: Service, place: Place, tx: Tx) -> None:
    """One open referral for a kind of service with an office; two desks at once wait for each
    other. Raises AlreadyReferred."""
    key = f"referral:{person_id}:{service}:{place.org}"
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", key)
    if await tx.fetch_value(_STANDING, person_id, service, place.org):
        raise AlreadyReferred()


def _share(share: Share, referral: Referral, tx: Tx) -> None:
    for name in ("name", "phone", "note"):
        value: str | None = getattr(share, name)
        if value is not None:
            sealed = tx.vault.seal(value, f"referrals.{name}:{referral.id}")
            setattr(referral, f"{name}_sealed", sealed)
    referral.consent_version = CONSENT_VERSION
    referral.consent_language = share.language


def _forget_shared(referral: Referral) -> None:
    referral.name_sealed = referral.phone_sealed = referral.note_sealed = None


async def _for_office(referral_id: UUID, tx: Tx) -> Referral:
    """Open, locked, and the caller's to serve. Raises NotFound, ReferralOver."""
    referral = await require_party(referral_id, tx, lock=True)
    if not is_office(tx.actor) or tx.actor.org != referral.office:
        raise NotFound()
    _require_open(referral)
    return referral


def _require_open(referral: Referral) -> None:
    if ReferralState(referral.state) not in OPEN:
        raise ReferralOver()


async def _end(referral: Referral, state: ReferralState, language: str, tx: Tx) -> ReferralView:
    """End it and forget what was shared: nothing needs it any more (个人信息保护法 art. 19)."""
    referral.state, referral.ended_on = state, tx.today
    _forget_shared(referral)
    await tx.save(referral)
    tx.emit(
        ReferralEnded(
            referral_id=referral.id,
            region=referral.region,
            office=referral.office,
            department=referral.department,
            service=referral.service,
            outcome=state,
            reason=referral.reason,
            days=(tx.today - referral.made_on).days,
            in_time=tx.today <= referral.due_on,
            resident_kind=referral.resident_kind,
        )
    )
    return await seen(referral, language, tx)
