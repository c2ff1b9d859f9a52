"""The welcome sheet (欢迎页): after registering, a page to take home with what she can get now and
later, where, and her rights. Nothing personal is on it but her name, and that only if she wants."""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Final
from uuid import UUID

from services.migrant.arrivals.models import Arrival
from services.migrant.arrivals.rules import full_months
from services.migrant.entitlements.queries import list_entitlements
from services.migrant.entitlements.rules import Situation
from services.migrant.entitlements.schemas import EntitlementView
from services.migrant.people.queries import permit_rule, require_person
from services.migrant.people.rules import OFFICES, PermitOf
from shared.db import Tx
from shared.printing import pdf_of, png_of
from shared.problems import Text
from shared.subjects import require_own

PDF, PNG = "application/pdf", "image/png"
Sheet = dict[str, object]

_TEMPLATE: Final = Path(__file__).with_name("welcome.typ")
_TITLE: Final = Text("欢迎您来到这里", "Welcome")
_NOW: Final = Text("现在就可以办", "You can have now")
_LATER: Final = Text("住满一段时间后可以办", "You can have after some time here")
_MONTHS: Final = Text("住满 {} 个月", "after {} months")
_PERMIT: Final = Text("居住证怎么办", "About the residence permit")
_RIGHTS_TITLE: Final = Text("您的权利", "Your rights")
_RIGHTS: Final = (
    Text(
        "登记和办事都不需要婚育证明或任何生育材料。",
        "No marriage-and-birth certificate and no birth paper is needed for anything here.",
    ),
    Text(
        "健康检查、随访、短信都由您自己决定;同意了可随时撤回,不影响任何服务。",
        "Health checks, follow-up and texts are your choice; take a consent back at any time and"
        " lose nothing.",
    ),
    Text(
        "您可以查看谁查过您的信息,要求更正、导出,以及删除没有法定义务保存的信息。",
        "You can see who looked at your data, have it corrected, take a copy, and have erased what"
        " no law keeps.",
    ),
    Text(
        "没有人会给您评分或排名;求助多少次都不会有坏处。",
        "Nobody scores or ranks you, and asking for help never counts against you.",
    ),
    Text(
        "工资被拖欠、孩子上学、证件丢失、生病,都可以到服务窗口求助。",
        "Unpaid wages, a school place, lost papers, illness: ask at the desk.",
    ),
)


class SheetForm(StrEnum):
    """To print, or as a picture for her phone."""

    PDF = "pdf"
    PNG = "png"


MEDIA: Final = {SheetForm.PDF: PDF, SheetForm.PNG: PNG}


async def get_sheet(arrival_id: UUID, language: str, with_name: bool, tx: Tx) -> Sheet:
    """What the page says, for offices and the person herself. Raises NotFound, and PersonNotFound
    where her name is asked for and she lives elsewhere now."""
    stay = await tx.require(Arrival, arrival_id)
    await require_own(stay.person_id, tx, *OFFICES)
    name = (await require_person(stay.person_id, tx)).name if with_name else None
    tx.saw(stay.person_id, "arrival")
    situation = Situation(months_here=full_months(stay.in_county_since, tx.today))
    views = await list_entitlements(situation, language, tx, stay.region)
    permit = permit_rule().of(stay.origin_region)
    return _sheet(views, permit, name, language, tx.today)


async def printed(sheet: Sheet, form: SheetForm) -> bytes:
    """A5 paper, or its first page as a picture."""
    if form is SheetForm.PNG:
        return await png_of(_TEMPLATE, sheet, dpi=144)
    return await pdf_of(_TEMPLATE, sheet)


def _sheet(
    views: Sequence[EntitlementView],
    permit: PermitOf,
    name: str | None,
    language: str,
    today: date,
) -> Sheet:
    later = sorted((each for each in views if each.open_now is False), key=lambda e: e.from_months)
    return {
        "title": _TITLE.say(language),
        "name": name,
        "now_title": _NOW.say(language),
        "now": [_line(each, None) for each in views if each.open_now is not False],
        "later_title": _LATER.say(language),
        "later": [_line(each, _MONTHS.say(language).format(each.from_months)) for each in later],
        "permit_title": _PERMIT.say(language),
        "permit": permit.referral.say(language),
        "rights_title": _RIGHTS_TITLE.say(language),
        "rights": [each.say(language) for each in _RIGHTS],
        "printed_on": today.isoformat(),
    }


def _line(view: EntitlementView, when: str | None) -> dict[str, str | None]:
    """What, where (the nearest office, or who serves it), and from when."""
    office = view.offices[0] if view.offices else None
    where = " ".join(filter(None, (office.name, office.address, office.phone))) if office else ""
    return {"what": view.title, "where": where or view.where, "when": when}
