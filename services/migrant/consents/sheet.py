"""What a person has agreed to, on one page in her language (同意清单)."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final
from uuid import UUID

from services.migrant.consents.queries import list_consents, stands
from services.migrant.consents.rules import PURPOSES, ConsentPurpose
from services.migrant.consents.schemas import ConsentView
from services.migrant.people.queries import current_id
from shared.clock import CHINA
from shared.db import Tx
from shared.printing import pdf_of
from shared.problems import Text

_TEMPLATE: Final = Path(__file__).with_name("sheet.typ")
_TITLE: Final = Text("我同意了什么", "What I have agreed to")
_LEAD: Final = Text(
    "以下同意目前有效,均为自愿。不同意或撤回,不影响登记、就学、就医、社保等任何事项。",
    "These consents stand today; all are voluntary. Saying no, or taking one back, has no effect"
    " on registration, school, medical care, insurance or anything else.",
)
_NONE: Final = Text("目前没有有效的同意。", "No consent stands today.")
_ELSEWHERE: Final = Text("在本县另一窗口同意", "agreed at another desk of the county")
_WAY_OUT: Final = Text("怎样撤回", "How to take a consent back")
_WAYS: Final = (
    Text(
        "回复收到的任何一条短信:TD,停止全部短信。",
        "Answer any text with TD: all texts stop.",
    ),
    Text(
        "打电话给本县任一便民服务窗口,说明姓名和证件号码。",
        "Call any service desk of the county and say your name and id number.",
    ),
    Text(
        "到本县任一便民服务窗口,或用自己的账号在线撤回。",
        "Come to any service desk of the county, or use your own login.",
    ),
    Text("立即生效,免费,不问原因。", "It takes effect at once, is free, and nobody asks why."),
)


async def print_sheet(person_id: UUID, language: str, tx: Tx) -> bytes:
    """The PDF. What she agreed to at a desk whose records the caller does not see is told by its
    words alone. Raises NotFound for another person's."""
    standing = [each for each in await list_consents(person_id, language, tx) if each.stands]
    current = await current_id(person_id, tx)
    elsewhere = [
        purpose
        for purpose in ConsentPurpose
        if purpose not in {each.purpose for each in standing} and await stands(current, purpose, tx)
    ]
    tx.saw(current, "consent")
    return await pdf_of(_TEMPLATE, sheet_of(standing, elsewhere, language, str(tx.today)))


def sheet_of(
    standing: Sequence[ConsentView],
    elsewhere: Sequence[ConsentPurpose],
    language: str,
    today: str,
) -> dict[str, object]:
    """What the page says."""
    told = [
        {"words": words.said(words.version).say(language), "facts": _ELSEWHERE.say(language)}
        for words in (PURPOSES[each] for each in elsewhere)
    ]
    return {
        "title": _TITLE.say(language),
        "made": today,
        "lead": _LEAD.say(language),
        "none": _NONE.say(language),
        "consents": [
            {"words": each.words, "facts": _facts(each, language)}
            for each in sorted(standing, key=lambda each: each.given_at)
        ]
        + told,
        "way_out_title": _WAY_OUT.say(language),
        "ways_out": [each.say(language) for each in _WAYS],
    }


def _facts(consent: ConsentView, language: str) -> str:
    day = consent.given_at.astimezone(CHINA).date()
    facts = [Text(f"{day} 同意", f"agreed on {day}").say(language)]
    if consent.phone:
        facts.append(consent.phone)
    if consent.guardian and consent.until:
        name = consent.guardian.name
        words = Text(
            f"由监护人{name}同意,至 {consent.until} 止",
            f"agreed by the guardian {name}, until {consent.until}",
        )
        facts.append(words.say(language))
    return " · ".join(facts)
