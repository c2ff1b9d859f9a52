"""What a campaign says: the template versions behind it, filled in, and what they cost."""

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from typing import TypedDict

from services.notify.campaigns.audience import count_by_language
from services.notify.campaigns.models import Campaign
from services.notify.campaigns.rules import shown_count, total_of
from services.notify.campaigns.schemas import PreviewView, SampleView
from services.notify.errors import NoApprovedTemplate, PurposeMismatch
from services.notify.settings import Sending
from services.notify.templates.languages import DEFAULT_LANGUAGE
from services.notify.templates.models import Template
from services.notify.templates.preview import ProviderPreview, previews
from services.notify.templates.queries import Approved, signatures_of
from services.notify.templates.rules import fill
from shared.db import Tx

# The text of a proposed campaign is approved with it: until then its newest versions stand.
_TEXTS = """
SELECT DISTINCT ON (language) * FROM templates
WHERE code = $1 AND withdrawn_at IS NULL AND (approved_at IS NOT NULL OR $2)
ORDER BY language, version DESC
"""


async def texts_of(campaign: Campaign, tx: Tx) -> list[Template]:
    """The versions a campaign would send, one a language. Raises NoApprovedTemplate where there is
    none in Chinese, which everybody can be sent; PurposeMismatch, WrongVariables."""
    own = campaign.occasion is not None and campaign.template == campaign.occasion
    texts = await tx.find(Template, _TEXTS, campaign.template, own)
    if DEFAULT_LANGUAGE not in {each.language for each in texts}:
        raise NoApprovedTemplate()
    for text in texts:
        if text.purpose != campaign.purpose:
            raise PurposeMismatch()
        filled(campaign, text)
    return texts


def ids_of(texts: Sequence[Template]) -> list[str]:
    """What an approval is of: another version of a text, and it falls."""
    return sorted(str(each.id) for each in texts)


def filled(campaign: Campaign, text: Template) -> str:
    """A text without signature and opt-out sentence. Raises WrongVariables."""
    return fill(text.text, text.variables, campaign.variables, text.language, text.choices)


async def preview_of(
    campaign: Campaign, providers: Sequence[str], tx: Tx, sending: Sending
) -> PreviewView:
    """Whom the campaign would reach now, and what each provider would make of its texts."""
    texts = await texts_of(campaign, tx)
    choice = Approved({(each.code, each.language): each for each in texts})
    people: Counter[str] = Counter()
    for language, count in (await count_by_language(campaign, tx)).items():
        chosen = choice.choose(campaign.template, language)
        people[chosen.language if chosen else DEFAULT_LANGUAGE] += count
    signatures = await signatures_of([each.id for each in texts], tx)
    samples = [
        SampleView(
            language=each.language,
            people=shown_count(people[each.language]),
            providers=previews(
                each, filled(campaign, each), list(providers), signatures.get(each.id, {}), sending
            ),
        )
        for each in texts
    ]
    return PreviewView(
        audience=shown_count(people.total()),
        samples=samples,
        **_totals([(people[each.language], each.providers) for each in samples]),
    )


class _Totals(TypedDict):
    parts: int | None
    cost_fen: Decimal | None


def _totals(shares: Sequence[tuple[int, Sequence[ProviderPreview]]]) -> _Totals:
    """Of the provider that makes the most of each text, so that it never costs more."""
    parts = total_of([(people, max(len(each.parts) for each in ways)) for people, ways in shares])
    prices = [
        max((each.cost_fen for each in ways if each.cost_fen), default=None) for _, ways in shares
    ]
    known = [price for price in prices if price is not None]
    if len(known) < len(prices):
        return {"parts": parts, "cost_fen": None}
    cost = total_of([(people, price) for (people, _), price in zip(shares, known, strict=True)])
    return {"parts": parts, "cost_fen": cost}
