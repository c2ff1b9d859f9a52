"""Reading consents. Whether one stands is asked here and nowhere else."""

from collections.abc import Sequence
from datetime import date
from typing import Final
from uuid import UUID

from services.migrant.consents.models import Consent, ConsentRefusal
from services.migrant.consents.rules import (
    PURPOSES,
    Channel,
    Children,
    ConsentPurpose,
    GuardianRelation,
    ask_again_on,
    fourteenth_birthday,
)
from services.migrant.consents.schemas import (
    ConsentPurposeView,
    ConsentView,
    GuardianView,
    QuestionView,
    RefusalView,
    StandingView,
)
from services.migrant.errors import ConsentNeeded, RegionNeeded
from services.migrant.people.queries import current_id, region_of
from services.migrant.people.rules import OFFICES, shown_phone
from services.migrant.types import COUNTY_DIGITS
from shared.codes import parse_resident_id
from shared.db import Tx
from shared.problems import OutsideJurisdiction
from shared.subjects import require_own
from shared.usage import Purpose


def list_purposes() -> Sequence[ConsentPurposeView]:
    return [
        ConsentPurposeView(
            purpose=purpose,
            text_version=words.version,
            zh=words.said(words.version).zh,
            en=words.said(words.version).en,
            needs_phone=words.needs_phone,
            stands_from=words.stands_from,
            ask_again_days=words.ask_again_days,
            for_children=words.children is Children.GUARDIAN,
            source=words.source,
        )
        for purpose, words in PURPOSES.items()
    ]


# `stands` inside a statement over many people: where her id, the purpose, the version since which
# its words mean the same, and today are to be found.
STANDS: Final = "consent_stands({}, {}, {}, {})"


async def stands(person_id: UUID, purpose: ConsentPurpose, tx: Tx) -> bool:
    """Whether the person's consent to `purpose` stands today, at whichever desk of the county she
    gave it, and in words that still mean what is done."""
    return bool(
        await tx.fetch_value(
            f"SELECT {STANDS.format('$1', '$2', '$3', '$4')}",
            person_id,
            purpose,
            PURPOSES[purpose].stands_from,
            tx.today,
        )
    )


async def require_consent(person_id: UUID, purpose: ConsentPurpose | None, tx: Tx) -> None:
    """What a voluntary service calls before it plans or does anything; None is for services that
    need no consent. Raises ConsentNeeded."""
    if purpose is not None and not await stands(person_id, purpose, tx):
        raise ConsentNeeded(purpose=purpose.value)


async def get_standing(person_id: UUID, purpose: ConsentPurpose, tx: Tx) -> StandingView:
    """One yes or no for an office that is about to serve her, wherever in the county she lives."""
    await require_own(person_id, tx, *OFFICES)
    current = await current_id(person_id, tx)
    tx.saw(current, "consent")
    return StandingView(purpose=purpose, stands=await stands(current, purpose, tx))


async def list_consents(person_id: UUID, language: str, tx: Tx) -> Sequence[ConsentView]:
    """Standing and withdrawn, newest first. The person herself reads her own."""
    current = await current_id(person_id, tx)
    await require_own(person_id, tx, *OFFICES)
    found = await tx.find(
        Consent, "SELECT * FROM consents WHERE person_id = $1 ORDER BY id DESC", current
    )
    if found:
        tx.saw(current, "consent")
    return [view_of(each, language, tx) for each in found]


async def list_questions(person_id: UUID, language: str, tx: Tx) -> Sequence[QuestionView]:
    """What a desk may ask her today: not what she has agreed to, and not for some time what she
    has said no to, whether by declining or by taking a consent back."""
    await require_own(person_id, tx, *OFFICES)
    current = await current_id(person_id, tx)
    grown = await child_until(current, tx) is None
    earlier = await refusals_of(current, tx)
    tx.saw(current, "consent")
    return [
        _question(
            purpose,
            await stands(current, purpose, tx),
            earlier.get(purpose),
            grown or words.children is Children.GUARDIAN,
            grown,
            language,
            tx.today,
        )
        for purpose, words in PURPOSES.items()
    ]


async def refusals_of(person_id: UUID, tx: Tx) -> dict[ConsentPurpose, date]:
    """Until which day she is left in peace about a purpose, where she has said no."""
    rows = await tx.fetch("SELECT * FROM said_no($1)", person_id)
    return {
        purpose: ask_again_on(purpose, row["at"])
        for row in rows
        for purpose in [ConsentPurpose(row["purpose"])]
    }


async def child_until(person_id: UUID, tx: Tx) -> date | None:
    """The fourteenth birthday of a person who has not reached it, as far as her id number is
    known in the county; None for anybody else."""
    sealed = await tx.fetch_value("SELECT id_number_held($1)", person_id)
    if sealed is None:
        return None
    number = tx.vault.open(sealed, f"people.id_number:{person_id}")
    birthday = fourteenth_birthday(parse_resident_id(number).birth_date)
    return birthday if birthday > tx.today else None


async def region_for(person_id: UUID, named: str | None, tx: Tx) -> str:
    """Where what she says at a desk belongs: where she lives or, for somebody the desk has not
    met, the named region or the desk's own. Raises OutsideJurisdiction, RegionNeeded."""
    lives = await region_of(person_id, tx)
    if lives is not None:
        return lives
    region = named or tx.actor.region
    if not tx.actor.covers(region):
        raise OutsideJurisdiction()
    if len(region) < COUNTY_DIGITS:
        raise RegionNeeded()
    return region


def view_of(consent: Consent, language: str, tx: Tx) -> ConsentView:
    words = PURPOSES[ConsentPurpose(consent.purpose)]
    phone = (
        tx.vault.open(consent.phone_sealed, f"consents.phone:{consent.id}")
        if consent.phone_sealed
        else None
    )
    made = {"words", "phone", "guardian", "stands", "newer_words"}
    return ConsentView(
        words=words.said(consent.text_version).say(language),
        phone=shown_phone(phone, tx.purpose or Purpose.OVERSIGHT) if phone else None,
        guardian=_guardian(consent, tx),
        stands=consent.withdrawn_at is None
        and consent.text_version >= words.stands_from
        and (consent.until is None or consent.until > tx.today),
        newer_words=consent.text_version < words.version,
        **consent.model_dump(include=set(ConsentView.model_fields) - made),
    )


def refusal_view(refusal: ConsentRefusal) -> RefusalView:
    purpose = ConsentPurpose(refusal.purpose)
    return RefusalView(
        id=refusal.id,
        person_id=refusal.person_id,
        purpose=purpose,
        text_version=refusal.text_version,
        channel=Channel(refusal.channel),
        declined_at=refusal.declined_at,
        ask_again_on=ask_again_on(purpose, refusal.declined_at),
    )


def _guardian(consent: Consent, tx: Tx) -> GuardianView | None:
    if consent.guardian_sealed is None or consent.guardian_relation is None:
        return None
    return GuardianView(
        name=tx.vault.open(consent.guardian_sealed, f"consents.guardian:{consent.id}"),
        relation=GuardianRelation(consent.guardian_relation),
    )


def _question(
    purpose: ConsentPurpose,
    standing: bool,
    not_before: date | None,
    suits: bool,
    grown: bool,
    language: str,
    today: date,
) -> QuestionView:
    words = PURPOSES[purpose]
    waiting = not_before if not_before is not None and not_before > today else None
    return QuestionView(
        purpose=purpose,
        words=words.said(words.version).say(language),
        may_ask=suits and not standing and waiting is None,
        standing=standing,
        ask_again_on=None if standing else waiting,
        guardian_needed=not grown and words.children is Children.GUARDIAN,
    )
