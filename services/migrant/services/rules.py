"""Which services there are, and which need the person's consent first. Pure."""

from enum import StrEnum
from typing import Final

from services.migrant.consents.rules import ConsentPurpose
from shared.problems import Text


class Service(StrEnum):
    """What an office did for a person. Kinds of service only: no result, method or diagnosis is
    ever recorded (design, rights)."""

    REGISTRATION = "registration"  # 登记办理
    SCHOOL_ENROLMENT = "school-enrolment"  # 子女入学
    EMPLOYMENT_ADVICE = "employment-advice"  # 就业服务
    TRAINING = "training"  # 技能培训
    WAGE_RECOVERY = "wage-recovery"  # 讨薪维权
    LEGAL_AID = "legal-aid"  # 法律援助
    SOCIAL_INSURANCE = "social-insurance"  # 社会保险
    HOUSING = "housing"  # 住房与租赁
    PERMIT_REFERRAL = "permit-referral"  # 居住证引导
    CHILD_VACCINATION = "child-vaccination"  # 儿童预防接种
    PUBLIC_HEALTH = "public-health"  # 公共卫生服务,不记种类
    HEALTH_CHECK = "health-check"  # 自愿健康检查
    FOLLOW_UP = "follow-up"  # 回访
    HARDSHIP_AID = "hardship-aid"  # 困难帮扶
    CULTURE_SPORT = "culture-sport"  # 文化体育
    OTHER = "other"  # 其他


SERVICE_WORDS: Final[dict[Service, Text]] = {
    Service.REGISTRATION: Text("登记办理", "Registration"),
    Service.SCHOOL_ENROLMENT: Text("子女入学", "School enrolment"),
    Service.EMPLOYMENT_ADVICE: Text("就业服务", "Employment advice"),
    Service.TRAINING: Text("技能培训", "Training"),
    Service.WAGE_RECOVERY: Text("讨薪维权", "Recovering wages"),
    Service.LEGAL_AID: Text("法律援助", "Legal aid"),
    Service.SOCIAL_INSURANCE: Text("社会保险", "Social insurance"),
    Service.HOUSING: Text("住房与租赁", "Housing"),
    Service.PERMIT_REFERRAL: Text("居住证引导", "Residence permit"),
    Service.CHILD_VACCINATION: Text("儿童预防接种", "Vaccination of children"),
    Service.PUBLIC_HEALTH: Text("公共卫生服务", "Public health"),
    Service.HEALTH_CHECK: Text("自愿健康检查", "Voluntary health check"),
    Service.FOLLOW_UP: Text("回访", "Follow-up"),
    Service.HARDSHIP_AID: Text("困难帮扶", "Help in hardship"),
    Service.CULTURE_SPORT: Text("文化体育", "Culture and sport"),
    Service.OTHER: Text("其他", "Other"),
}

_ON_CONSENT = {
    Service.HEALTH_CHECK: ConsentPurpose.HEALTH_CHECK,
    Service.FOLLOW_UP: ConsentPurpose.FOLLOW_UP,
}


class ResidentKind(StrEnum):
    """Usual resident (常住) or migrant (流动), so that equality of service can be shown."""

    USUAL = "usual"
    MIGRANT = "migrant"


class AnnulmentReason(StrEnum):
    """Why a record is annulled (作废原因). A list, so that no record tells more of her than it
    did before."""

    WRONG_PERSON = "wrong-person"  # 人员有误
    WRONG_SERVICE = "wrong-service"  # 事项有误
    WRONG_DAY = "wrong-day"  # 日期有误
    WRONG_PLACE = "wrong-place"  # 地区有误
    RECORDED_TWICE = "recorded-twice"  # 重复登记
    NOT_DELIVERED = "not-delivered"  # 未提供服务


def consent_for(service: Service) -> ConsentPurpose | None:
    """The consent that a service runs on, if it is one of the voluntary ones."""
    return _ON_CONSENT.get(service)
