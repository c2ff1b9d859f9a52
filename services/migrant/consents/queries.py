"""Reading consents."""

from collections.abc import Sequence
from uuid import UUID

from services.migrant.consents.models import Consent
from services.migrant.consents.rules import WORDS, ConsentPurpose
from services.migrant.consents.schemas import ConsentPurposeView, ConsentView
from services.migrant.people.queries import current_id
from services.migrant.people.rules import OFFICES, shown_phone
from shared.db import Tx
from shared.subjects import require_own
from shared.usage import Purpose


def list_purposes() -> Sequence[ConsentPurposeView]:
    return [
        ConsentPurposeView(
            purpose=purpose,
            text_version=words.version,
            zh=words.text.zh,
            en=words.text.en,
            needs_phone=words.needs_phone,
        )
        for purpose, words in WORDS.items()
    ]


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


async def stands(person_id: UUID, purpose: ConsentPurpose, tx: Tx) -> bool:
    """Whether the person's consent to `purpose` stands, at whichever desk she gave it."""
    return bool(await tx.fetch_value("SELECT consent_stands($1, $2)", person_id, purpose))


def view_of(consent: Consent, language: str, tx: Tx) -> ConsentView:
    purpose = ConsentPurpose(consent.purpose)
    phone = (
        tx.vault.open(consent.phone_sealed, f"consents.phone:{consent.id}")
        if consent.phone_sealed
        else None
    )
    return ConsentView(
        words=WORDS[purpose].text.say(language),
        phone=shown_phone(phone, tx.purpose or Purpose.OVERSIGHT) if phone else None,
        **consent.model_dump(include=set(ConsentView.model_fields) - {"words", "phone"}),
    )
