"""Giving, declining and withdrawing consents."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from services.migrant.appointments.planned import announce, cancel_leaning
from services.migrant.consents.errors import (
    AskedTooSoon,
    GuardianNeeded,
    NoGuardianDue,
    NotForChildren,
)
from services.migrant.consents.models import Consent, ConsentRefusal
from services.migrant.consents.queries import (
    child_until,
    refusal_view,
    refusals_of,
    region_for,
    view_of,
)
from services.migrant.consents.rules import (
    PURPOSES,
    Channel,
    Children,
    ConsentPurpose,
    leans_on_texts,
)
from services.migrant.consents.schemas import (
    ConsentView,
    DeclineConsent,
    GiveConsent,
    RefusalView,
    WithdrawConsent,
    WithdrawConsents,
    WithdrawnView,
)
from services.migrant.errors import AlreadyConsented, PersonNotFound
from services.migrant.people.queries import current_id, find_known
from services.migrant.people.rules import OFFICES, is_office, same_name
from shared.db import Tx
from shared.events.migrant import ConsentGiven, ConsentWithdrawn
from shared.ids import new_id
from shared.problems import NotFound
from shared.subjects import require_own


async def give_consent(command: GiveConsent, language: str, tx: Tx) -> ConsentView:
    """Record a consent in today's words, at any desk or by the person herself. It belongs to where
    she lives, or to the desk's own area for somebody the desk has not met. One that stands in
    older words is replaced. Raises AlreadyConsented, AskedTooSoon, GuardianNeeded, NoGuardianDue,
    NotForChildren, RegionNeeded, OutsideJurisdiction, NotFound."""
    await require_own(command.person_id, tx, *OFFICES)
    person_id = await current_id(command.person_id, tx)
    region = await region_for(person_id, command.region, tx)
    until = await _as_of_age(command, person_id, tx)
    await _not_asked_too_soon(command, person_id, tx)
    await _replace_older(person_id, command.purpose, tx)
    consent_id, guardian = new_id(), command.guardian
    seal = tx.vault.seal
    consent = Consent(
        id=consent_id,
        person_id=person_id,
        region=region,
        purpose=command.purpose,
        text_version=PURPOSES[command.purpose].version,
        language=command.language,
        phone_sealed=seal(command.phone, f"consents.phone:{consent_id}") if command.phone else None,
        given_at=tx.now,
        recorded_by=tx.actor.sub,
        channel=_channel(command.channel, tx),
        guardian_sealed=seal(guardian.name, f"consents.guardian:{consent_id}")
        if guardian
        else None,
        guardian_relation=guardian.relation if guardian else None,
        until=until,
    )
    await tx.add(consent)
    tx.emit(
        ConsentGiven(
            consent_id=consent_id,
            person_id=person_id,
            region=region,
            purpose=command.purpose,
            language=command.language,
            phone=command.phone,
            for_child=until is not None,
        )
    )
    if command.purpose is ConsentPurpose.SMS_REMINDERS:
        await announce(person_id, tx)
    tx.saw(person_id, "consent")
    return view_of(consent, language, tx)


async def decline_consent(command: DeclineConsent, tx: Tx) -> RefusalView:
    """She was asked and said no: she is left in peace about it for some time. Nothing else follows
    from it. Raises RegionNeeded, OutsideJurisdiction, NotFound."""
    await require_own(command.person_id, tx, *OFFICES)
    person_id = await current_id(command.person_id, tx)
    refusal = ConsentRefusal(
        id=new_id(),
        person_id=person_id,
        region=await region_for(person_id, command.region, tx),
        purpose=command.purpose,
        text_version=PURPOSES[command.purpose].version,
        channel=_channel(command.channel, tx),
        declined_at=tx.now,
        recorded_by=tx.actor.sub,
    )
    await tx.add(refusal)
    tx.saw(person_id, "consent")
    return refusal_view(refusal)


async def withdraw_consent(command: WithdrawConsent, language: str, tx: Tx) -> ConsentView:
    """Take one consent back, at once, at whichever desk of the county. Taking back what is already
    taken back changes nothing. Raises NotFound."""
    consent = await _county_consent(command.consent_id, tx)
    await require_own(consent.person_id, tx, *OFFICES)
    if consent.withdrawn_at is None:
        channel = _channel(Channel.DESK, tx)
        await _end(consent.person_id, [ConsentPurpose(consent.purpose)], channel, tx)
        consent = await _county_consent(command.consent_id, tx)
    tx.saw(consent.person_id, "consent")
    return view_of(consent, language, tx)


async def withdraw_consents(command: WithdrawConsents, tx: Tx) -> WithdrawnView:
    """Take consents back without knowing which stand. Raises PersonNotFound where name and id
    number belong to nobody here, NotFound for another person's."""
    person_id = await _meant(command, tx)
    await require_own(person_id, tx, *OFFICES)
    ended = await _end(
        person_id, command.purposes or list(ConsentPurpose), _channel(command.channel, tx), tx
    )
    if ended:
        tx.saw(person_id, "consent")
    return WithdrawnView(purposes=ended, at=tx.now)


async def withdraw_opted_out(person_id: UUID, purpose: str | None, tx: Tx) -> None:
    """She said stop to text messages: what leans on them is taken back; with a purpose, that one
    alone. Somebody without consents has nothing to take back."""
    meant = [
        each
        for each in ConsentPurpose
        if each == purpose or (purpose is None and leans_on_texts(each))
    ]
    await _end(await current_id(person_id, tx), meant, Channel.SMS, tx)


async def _end(
    person_id: UUID, purposes: Sequence[ConsentPurpose], channel: Channel, tx: Tx
) -> list[ConsentPurpose]:
    """End what stands of some purposes, tell every service, and cancel what was planned on it."""
    rows = await tx.fetch(
        "SELECT * FROM end_consents($1, $2, $3, $4, $5)",
        person_id,
        purposes,
        tx.now,
        tx.actor.sub,
        channel,
    )
    for row in rows:
        tx.emit(ConsentWithdrawn(consent_id=row["id"], person_id=person_id, purpose=row["purpose"]))
        await cancel_leaning(person_id, ConsentPurpose(row["purpose"]), tx)
    return sorted(ConsentPurpose(row["purpose"]) for row in rows)


async def _replace_older(person_id: UUID, purpose: ConsentPurpose, tx: Tx) -> None:
    """Raises AlreadyConsented where one stands in today's words. One in older words ends, and no
    service is told: the new one takes its place."""
    words = PURPOSES[purpose]
    if await tx.fetch_value(
        "SELECT consent_stands($1, $2, $3, $4)", person_id, purpose, words.version, tx.today
    ):
        raise AlreadyConsented()
    await tx.execute(
        "SELECT end_consents($1, $2, $3, $4, $5)",
        person_id,
        [purpose],
        tx.now,
        tx.actor.sub,
        Channel.RENEWED,
    )


async def _as_of_age(command: GiveConsent, person_id: UUID, tx: Tx) -> date | None:
    """The day until which a consent holds because a guardian gave it (PIPL art. 31); None for
    somebody of 14 and over, or whose age is not known here."""
    until = await child_until(person_id, tx)
    if until is None:
        if command.guardian is not None:
            raise NoGuardianDue()
        return None
    if PURPOSES[command.purpose].children is Children.NEVER:
        raise NotForChildren()
    if command.guardian is None or not is_office(tx.actor) or command.channel != "desk":
        raise GuardianNeeded()
    return until


async def _not_asked_too_soon(command: GiveConsent, person_id: UUID, tx: Tx) -> None:
    """A person who comes by herself, or brings it up herself, was not asked."""
    if command.at_her_request or not is_office(tx.actor):
        return
    not_before = (await refusals_of(person_id, tx)).get(command.purpose)
    if not_before is not None and tx.today < not_before:
        raise AskedTooSoon(ask_again_on=not_before.isoformat())


async def _county_consent(consent_id: UUID, tx: Tx) -> Consent:
    found = await tx.find(Consent, "SELECT * FROM county_consent($1)", consent_id)
    if not found:
        raise NotFound()
    return found[0]


async def _meant(command: WithdrawConsents, tx: Tx) -> UUID:
    if command.person_id is not None:
        return await current_id(command.person_id, tx)
    known = await find_known(command.id_number or "", tx) if is_office(tx.actor) else None
    if known is None or not same_name(known.name, command.name or ""):
        raise PersonNotFound()
    return known.person_id


def _channel(said: str, tx: Tx) -> Channel:
    return Channel(said) if is_office(tx.actor) else Channel.APP
