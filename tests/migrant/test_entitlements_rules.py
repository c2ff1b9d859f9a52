"""The catalogue of entitlements as shipped, what of it is told, and why. Pure."""

import re
from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from services.migrant.entitlements.answering import DEPARTMENTS, PHASES, missing, reasons
from services.migrant.entitlements.queries import shipped, told
from services.migrant.entitlements.rules import (
    AgeGroup,
    Department,
    Entitlement,
    Housing,
    Phase,
    Situation,
    Work,
    suits,
)
from services.migrant.entitlements.versions import Approved, catalogue_of, in_force
from services.migrant.services.rules import Service

# Row of the inventory → entries that stand for it.
ROWS = {
    "S1": {"free-family-planning-services"},
    "S3": {"health-check"},
    "S4": {"cancer-screening", "health-check"},
    "S5": {"basic-public-health", "family-doctor"},
    "S6": {"informed-choice"},
    "S7": {"maternal-and-child-care", "preconception-counselling", "childcare-service"},
    "S8": {"teen-health-education"},
    "S9": {"talk-in-private", "population-school"},
    "S10": {"compulsory-education", "wage-recovery", "reading-room", "medical-aid"},
    "S11": {
        *("employment-service", "vacancies", "skills-training", "reemployment-card"),
        *("employment-hardship", "start-up-loan", "small-business-relief", "social-insurance"),
    },
    "S12": {"online-hall", "population-school"},
    "S13": {"girls-education-aid", "hiv-counselling"},
    "S14": {"self-service-health-corner"},
    "U5": {"market-service-point"},
    "M7": {"birth-service-registration", "maternal-and-child-care"},
    "C3": {"migrant-association"},
    "C5": {"help-request"},
    "F4": {
        *("hardship-help", "subsistence-allowance", "small-loan-hardship", "student-aid"),
        *("medical-aid", "rescue-station"),
    },
    "Decree 663 art. 12": {
        *("compulsory-education", "employment-service", "basic-public-health"),
        *("culture-and-sport", "legal-aid", "social-insurance", "housing-fund"),
    },
    "Decree 663 art. 13": {
        *("exit-papers", "id-card-renewal", "vehicle-registration", "driving-licence"),
        *("professional-exams", "birth-service-registration"),
    },
}


def entry(code: str) -> Entitlement:
    return next(each for each in shipped() if each.id == code)


def ids(**situation: Any) -> set[str]:
    return {each.id for each in told(shipped(), Situation(**situation), "zh")}


def made(**changes: Any) -> dict[str, Any]:
    return entry("legal-aid").model_dump(mode="json") | changes


def test_the_catalogue_is_in_form_and_sourced() -> None:
    entries = shipped()
    assert len({each.id for each in entries}) == len(entries)
    document = re.compile("法|条例|办法|规定|规范|意见|通知|公告|计划")
    assert [each.id for each in entries if not document.search(each.source)] == []


@pytest.mark.parametrize(("row", "codes"), ROWS.items())
def test_every_row_has_its_entries(row: str, codes: set[str]) -> None:
    assert codes <= {each.id for each in shipped()}


def test_every_department_and_phase_has_a_name_and_every_phase_an_entry() -> None:
    assert DEPARTMENTS.keys() == set(Department)
    assert PHASES.keys() == set(Phase)
    assert {phase for each in shipped() for phase in each.phases} == set(Phase)


@pytest.mark.parametrize(
    ("field", "zh", "en"),
    [
        ("papers", "居民身份证、流动人口婚育证明", "Id card"),
        ("papers", "生育登记证", "Id card"),
        ("papers", "身份证、出生医学证明", "Id card"),
        ("papers", "身份证", "Id card and the marriage-and-birth certificate"),
        ("who", "独生子女家庭", "Families"),
        ("who", "有两孩的家庭", "Families"),
        ("who", "只有一个孩子的家庭", "Families"),
        ("who", "家庭", "Families by number of children"),
        ("where", "凭计划生育证明到窗口", "The desk"),
        ("time_limit", "按积分排队", "In turn"),
        ("cost", "免费", "Free for those who score 60"),
        ("title", "准生登记", "Registration"),
    ],
)
def test_no_entry_may_hang_on_a_certificate_a_birth_paper_children_or_points(
    field: str, zh: str, en: str
) -> None:
    with pytest.raises(ValidationError, match="no service depends"):
        Entitlement.model_validate(made(**{field: {"zh": zh, "en": en}}))
    with pytest.raises(ValidationError, match="no service depends"):
        Entitlement.model_validate(made(steps=[{"zh": zh, "en": en}]))
    assert Entitlement.model_validate(made()).id == "legal-aid"


@pytest.mark.parametrize(
    "changes",
    [
        {"source": None},
        {"source": "法"},
        {"steps": []},
        {"from_months": -1},
        {"department": "secret-office"},
        {"service": "pregnancy-check"},
        {"children": 2},
        {"id": "Legal Aid"},
    ],
)
def test_an_entry_has_to_be_in_form(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Entitlement.model_validate(made(**changes))


def test_an_entry_without_a_source_is_not_one() -> None:
    body = made()
    del body["source"]
    with pytest.raises(ValidationError):
        Entitlement.model_validate(body)


def test_what_concerns_body_or_home_is_never_taken_down_by_name() -> None:
    private = {
        *("free-family-planning-services", "informed-choice", "preconception-counselling"),
        *("maternal-and-child-care", "birth-service-registration", "hiv-counselling"),
        *("mental-health-line", "anti-domestic-violence", "self-service-health-corner"),
    }
    assert {code for code in private if entry(code).service is not None} == set()
    by_name = {each.service for each in shipped() if each.service}
    assert by_name <= set(Service) and len(by_name) > 10


def test_words_that_only_look_alike_are_no_gate() -> None:
    for zh, en in (
        ("会计生、统计生均可", "Archives are open"),
        ("带孩子的家长", "At give-away points"),
    ):
        assert Entitlement.model_validate(made(who={"zh": zh, "en": en}))


@pytest.mark.parametrize("zh", ["免费避孕药具", "孕期检查", "艾滋病检测", "HIV检测"])
def test_no_county_may_have_it_taken_down_by_name(zh: str) -> None:
    body = made(title={"zh": zh, "en": "A service"})
    with pytest.raises(ValidationError, match="without a name"):
        Entitlement.model_validate(body)
    assert Entitlement.model_validate(body | {"service": None}).title.zh == zh


def test_what_is_left_unsaid_hides_nothing() -> None:
    assert ids() == {each.id for each in shipped()}
    assert ids(months_here=0) == ids()
    assert all(suits(each, Situation()) for each in shipped())


@pytest.mark.parametrize(
    ("said", "shown", "hidden"),
    [
        ({"has_children": False}, "legal-aid", "child-vaccination"),
        ({"has_children": False}, "legal-aid", "compulsory-education"),
        ({"has_pupils": False}, "child-vaccination", "compulsory-education"),
        ({"age_group": AgeGroup.CHILD}, "kindergarten", "wage-recovery"),
        ({"age_group": AgeGroup.ELDER}, "elder-benefits", "compulsory-education"),
        (
            {"age_group": AgeGroup.ADULT, "has_pupils": True},
            "compulsory-education",
            "elder-benefits",
        ),
        ({"work": Work.LOOKING}, "reemployment-card", "work-injury"),
        ({"work": Work.EMPLOYED}, "work-injury", "reemployment-card"),
        ({"housing": Housing.OWN}, "legal-aid", "lease-filing"),
        ({"insured": True}, "medical-settlement-elsewhere", "medical-insurance"),
        ({"insured": False}, "medical-insurance", "unemployment-benefit"),
        ({"disability": False}, "hardship-help", "disability-services"),
        ({"hardship": False}, "hardship-help", "subsistence-allowance"),
    ],
)
def test_what_is_said_narrows(said: dict[str, Any], shown: str, hidden: str) -> None:
    found = ids(**said)
    assert shown in found and hidden not in found


def test_a_parent_reads_what_is_for_her_child() -> None:
    assert "compulsory-education" in ids(age_group=AgeGroup.ADULT, has_children=True)


@pytest.mark.parametrize(
    ("months", "open_now", "lacking"),
    [(5, False, "In 1 month"), (4, False, "In 2 months"), (6, True, None), (None, None, "After 6")],
)
def test_half_a_year(months: int | None, open_now: bool | None, lacking: str | None) -> None:
    views = told(shipped(), Situation(months_here=months), "en")
    (permit,) = [each for each in views if each.id == "residence-permit"]
    assert permit.open_now is open_now
    assert permit.missing is None if lacking is None else str(permit.missing).startswith(lacking)


@pytest.mark.parametrize(
    ("code", "said", "zh"),
    [
        ("residence-permit", {"months_here": 8}, "您已住8个月,达到6个月"),
        ("legal-aid", {"months_here": 1}, "不要求住满多久"),
        ("reemployment-card", {"work": Work.LOOKING}, "您正在找工作"),
        ("lease-filing", {"housing": Housing.RENTING}, "您租房居住"),
        ("compulsory-education", {"has_pupils": True}, "您有适龄上学的孩子"),
        ("child-vaccination", {"has_children": True}, "您带着孩子"),
        ("medical-insurance", {"insured": False}, "您还没有参保"),
        ("unemployment-benefit", {"insured": True}, "您已参保"),
        ("disability-services", {"disability": True}, "您说到有残疾"),
        ("subsistence-allowance", {"hardship": True}, "您说到有困难"),
        ("elder-benefits", {"age_group": AgeGroup.ELDER}, "适合60岁以上的人"),
        ("legal-aid", {}, "任何人都可以得到"),
    ],
)
def test_each_answer_says_why_it_is_shown(code: str, said: dict[str, Any], zh: str) -> None:
    assert zh in [each.zh for each in reasons(entry(code), Situation(**said))]


def test_where_nothing_was_told_it_says_whom_it_is_for() -> None:
    (why,) = reasons(entry("elder-benefits"), Situation())
    assert why.zh.startswith("适用于:60岁以上")
    assert missing(entry("legal-aid"), Situation(months_here=0)) is None


# versions


def version(area: str, number: int, since: str, found: Entitlement | None, code: str = "") -> Any:
    return Approved(
        area, code or (found.id if found else "legal-aid"), number, date.fromisoformat(since), found
    )


def test_the_smallest_area_and_the_latest_day_hold() -> None:
    county = Entitlement.model_validate(made(days=3))
    later = Entitlement.model_validate(made(days=4))
    town = Entitlement.model_validate(made(days=5))
    versions = [
        version("420325101", 1, "2026-01-01", town),
        version("420325", 2, "2026-06-01", later),
        version("420325", 1, "2026-01-01", county),
    ]
    held = {
        (area, day): in_force(versions, area, date.fromisoformat(day))
        for area in ("420325", "420325100", "420325101001", "420381")
        for day in ("2025-12-31", "2026-05-31", "2026-06-01")
    }
    days = {
        key: each["legal-aid"].entry.days if each and each["legal-aid"].entry else None
        for key, each in held.items()
    }
    assert days["420325", "2025-12-31"] is None
    assert days["420325100", "2026-05-31"] == 3
    assert days["420325100", "2026-06-01"] == 4
    assert days["420325101001", "2026-06-01"] == 5
    assert days["420381", "2026-06-01"] is None


def test_an_area_changes_takes_out_and_adds() -> None:
    changed = Entitlement.model_validate(made(days=9))
    own = Entitlement.model_validate(made(id="tea-harvest-creche"))
    standing = in_force(
        [
            version("420325", 1, "2026-01-01", changed),
            version("420325", 1, "2026-01-01", None, "reading-room"),
            version("420325", 1, "2026-01-01", own),
        ],
        "420325",
        date(2026, 2, 1),
    )
    found = {each.id: each for each in catalogue_of(shipped(), standing)}
    assert found["legal-aid"].days == 9
    assert "reading-room" not in found
    assert list(found)[-1] == "tea-harvest-creche"
    assert len(found) == len(shipped())
