"""Giving and withdrawing consents."""

from uuid import UUID

from services.migrant.consents.models import Consent
from services.migrant.consents.queries import stands, view_of
from services.migrant.consents.rules import WORDS, ConsentPurpose, leans_on_texts
from services.migrant.consents.schemas import ConsentView, GiveConsent, WithdrawConsent
from services.migrant.errors import AlreadyConsented, RegionNeeded
from services.migrant.people.queries import current_id, region_of
from services.migrant.people.rules import OFFICES
from services.migrant.types import COUNTY_DIGITS
from shared.db import Tx
from shared.events.migrant import ConsentGiven, ConsentWithdrawn
from shared.ids import new_id
from shared.problems import OutsideJurisdiction
from shared.subjects import require_own


async def give_consent(command: GiveConsent, language: str, tx: Tx) -> ConsentView:
    """Record a consent in today's words. It belongs to where the person lives, or to the desk's
    own area for somebody the desk has not met. Raises AlreadyConsented,
    RegionNeeded, OutsideJurisdiction."""
    person_id = await current_id(command.person_id, tx)
    if await stands(person_id, command.purpose, tx):
        raise AlreadyConsented()
    consent_id = new_id()
    consent = Consent(
        id=consent_id,
        person_id=person_id,
        region=await region_of(person_id, tx) or _region_said(command, tx),
        purpose=command.purpose,
        text_version=WORDS[command.purpose].version,
        language=command.language,
        phone_sealed=tx.vault.seal(command.phone, f"consents.phone:{consent_id}")
        if command.phone
        else None,
        given_at=tx.now,
        recorded_by=tx.actor.sub,
    )
    await tx.add(consent)
    tx.emit(
        ConsentGiven(
            consent_id=consent_id,
            person_id=person_id,
            region=consent.region,
            purpose=command.purpose,
            language=command.language,
            phone=command.phone,
        )
    )
    tx.saw(person_id, "consent")
    return view_of(consent, language, tx)


async def withdraw_consent(command: WithdrawConsent, language: str, tx: Tx) -> ConsentView:
    """Take a consent back, at once. Taking back what is already taken back changes nothing."""
    consent = await tx.require(Consent, command.consent_id, lock=True)
    await require_own(consent.person_id, tx, *OFFICES)
    await _withdraw(consent, tx)
    tx.saw(consent.person_id, "consent")
    return view_of(consent, language, tx)


async def withdraw_opted_out(person_id: UUID, purpose: str | None, tx: Tx) -> None:
    """She said stop to text messages: what leans on them is taken back; with a purpose, that one
    alone. Somebody without consents has nothing to take back."""
    standing = await tx.find(
        Consent,
        "SELECT * FROM consents WHERE person_id = $1 AND withdrawn_at IS NULL ORDER BY id"
        " FOR UPDATE",
        await current_id(person_id, tx),
    )
    for consent in standing:
        named = purpose == consent.purpose
        if named or (purpose is None and leans_on_texts(ConsentPurpose(consent.purpose))):
            await _withdraw(consent, tx)


def _region_said(command: GiveConsent, tx: Tx) -> str:
    """The named region, or that of the desk where it is a county's or smaller."""
    region = command.region or tx.actor.region
    if not tx.actor.covers(region):
        raise OutsideJurisdiction()
    if len(region) < COUNTY_DIGITS:
        raise RegionNeeded()
    return region


async def _withdraw(consent: Consent, tx: Tx) -> None:
    if consent.withdrawn_at is not None:
        return
    consent.withdrawn_at = tx.now
    consent.withdrawn_by = tx.actor.sub
    await tx.save(consent)
    tx.emit(
        ConsentWithdrawn(
            consent_id=consent.id, person_id=consent.person_id, purpose=consent.purpose
        )
    )
