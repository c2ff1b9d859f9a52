"""The answer to "what can I get": why something is shown, and what is still missing. Pure."""

from collections.abc import Iterator
from typing import Final

from services.migrant.entitlements.rules import (
    AgeGroup,
    Department,
    Entitlement,
    Housing,
    Phase,
    Situation,
    Work,
)
from shared.problems import Text

DEPARTMENTS: Final[dict[Department, Text]] = {
    Department.HUMAN_RESOURCES: Text(
        "人力资源和社会保障部门", "Human resources and social security"
    ),
    Department.EDUCATION: Text("教育部门", "Education"),
    Department.HEALTH: Text("卫生健康部门", "Health"),
    Department.MEDICAL_INSURANCE: Text("医疗保障部门", "Medical insurance"),
    Department.CIVIL_AFFAIRS: Text("民政部门", "Civil affairs"),
    Department.JUSTICE: Text("司法行政部门", "Justice"),
    Department.POLICE: Text("公安机关", "Police"),
    Department.HOUSING: Text("住房和城乡建设部门", "Housing"),
    Department.CULTURE_SPORT: Text("文化和体育部门", "Culture and sport"),
    Department.MARKET: Text("市场监督管理部门", "Market supervision"),
    Department.FINANCE: Text("财税、金融部门", "Finance and taxation"),
    Department.TRADE_UNION: Text("工会", "Trade union"),
    Department.YOUTH_LEAGUE: Text("共青团", "Youth league"),
    Department.WOMENS_FEDERATION: Text("妇联", "Women's federation"),
    Department.DISABLED_FEDERATION: Text("残联", "Disabled persons' federation"),
    Department.SUPERVISION: Text("监督机构", "Supervision"),
    Department.MIGRANT_OFFICE: Text("流动人口服务机构", "Migrant services"),
}
PHASES: Final[dict[Phase, Text]] = {
    Phase.ARRIVING: Text("初来本地", "Newly come"),
    Phase.EARLY_CHILDHOOD: Text("婴幼儿", "Small children"),
    Phase.SCHOOL_AGE: Text("孩子上学", "School"),
    Phase.YOUTH: Text("青少年", "Youth"),
    Phase.WORKING_LIFE: Text("就业", "Work"),
    Phase.FAMILY: Text("成家", "Family"),
    Phase.LATER_LIFE: Text("老年", "Later life"),
    Phase.HARD_TIMES: Text("遇到困难", "Hard times"),
}
_AGES: Final = {
    AgeGroup.CHILD: Text("适合未成年人", "It is for those under 18"),
    AgeGroup.ADULT: Text("适合成年人", "It is for adults"),
    AgeGroup.ELDER: Text("适合60岁以上的人", "It is for those of 60 and over"),
}
_WORK: Final = {
    Work.EMPLOYED: Text("您在单位工作", "You work for an employer"),
    Work.SELF_EMPLOYED: Text("您自己经营或灵活就业", "You work for yourself"),
    Work.LOOKING: Text("您正在找工作", "You are looking for work"),
    Work.STUDYING: Text("您正在读书", "You are studying"),
    Work.NOT_WORKING: Text("您目前不工作", "You are not working"),
}
_HOUSING: Final = {
    Housing.RENTING: Text("您租房居住", "You rent your home"),
    Housing.DORMITORY: Text("您住在宿舍或工地", "You live in a dormitory or on site"),
    Housing.OWN: Text("您住自己的房子", "You live in a home of your own"),
    Housing.NONE: Text("您目前没有住处", "You have no home at present"),
}
EVERYBODY: Final = Text("任何人都可以得到", "Anybody can have it")
_ANY_STAY: Final = Text("不要求住满多久", "However long you have been here")


def speaks_for(entitlement: Entitlement, situation: Situation) -> bool:
    """Whether something she told speaks for it in particular."""
    return any(each is not _ANY_STAY for each in _told_reasons(entitlement, situation))


def reasons(entitlement: Entitlement, situation: Situation) -> list[Text]:
    """Why it is shown, from what she told; where nothing she told speaks for it, that anybody can
    have it, or for whom it is meant."""
    found = list(_told_reasons(entitlement, situation))
    if found:
        return found
    narrow = (entitlement.ages, entitlement.work, entitlement.housing)
    flags = (
        entitlement.with_children,
        entitlement.with_pupils,
        entitlement.insured is not None,
        entitlement.for_disability,
        entitlement.for_hardship,
    )
    if any(narrow) or any(flags) or entitlement.from_months:
        return [Text(f"适用于:{entitlement.who.zh}", f"It is for: {entitlement.who.en}")]
    return [EVERYBODY]


def _told_reasons(entitlement: Entitlement, situation: Situation) -> Iterator[Text]:
    months = situation.months_here
    if months is not None and entitlement.from_months and months >= entitlement.from_months:
        yield Text(
            f"您已住{months}个月,达到{entitlement.from_months}个月",
            f"You have been here {months} months; {entitlement.from_months} are needed",
        )
    if months is not None and months < 6 and not entitlement.from_months:
        yield _ANY_STAY
    if situation.age_group is not None and situation.age_group in entitlement.ages:
        yield _AGES[situation.age_group]
    if situation.has_children and entitlement.with_children:
        yield Text("您带着孩子", "You have children with you")
    if situation.has_pupils and entitlement.with_pupils:
        yield Text("您有适龄上学的孩子", "You have children of school age")
    if situation.work is not None and situation.work in entitlement.work:
        yield _WORK[situation.work]
    if situation.housing is not None and situation.housing in entitlement.housing:
        yield _HOUSING[situation.housing]
    if situation.insured is not None and situation.insured == entitlement.insured:
        yield (
            Text("您已参保", "You are insured")
            if situation.insured
            else Text("您还没有参保", "You are not insured yet")
        )
    if situation.disability and entitlement.for_disability:
        yield Text("您说到有残疾", "You spoke of a disability")
    if situation.hardship and entitlement.for_hardship:
        yield Text("您说到有困难", "You spoke of hardship")


def missing(entitlement: Entitlement, situation: Situation) -> Text | None:
    """What still has to come, and when; None where nothing has."""
    if not entitlement.from_months:
        return None
    if situation.months_here is None:
        return Text(
            f"住满{entitlement.from_months}个月后可办",
            f"After {entitlement.from_months} months here",
        )
    left = entitlement.from_months - situation.months_here
    return Text(f"再过{left}个月可办", f"In {left} month{'s' * (left > 1)}") if left > 0 else None


def open_now(entitlement: Entitlement, situation: Situation) -> bool | None:
    """Whether the time she has been here suffices; None when she did not say."""
    months = situation.months_here
    return None if months is None else months >= entitlement.from_months
