"""Which services there are, and which need the person's consent first. Pure."""

from enum import StrEnum

from services.migrant.consents.rules import ConsentPurpose


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


_ON_CONSENT = {
    Service.HEALTH_CHECK: ConsentPurpose.HEALTH_CHECK,
    Service.FOLLOW_UP: ConsentPurpose.FOLLOW_UP,
}


class ResidentKind(StrEnum):
    """Usual resident (常住) or migrant (流动), so that equality of service can be shown."""

    USUAL = "usual"
    MIGRANT = "migrant"


class AppointmentStatus(StrEnum):
    BOOKED = "booked"
    CANCELLED = "cancelled"
    KEPT = "kept"


def consent_for(service: Service) -> ConsentPurpose | None:
    """The consent that a service runs on, if it is one of the voluntary ones."""
    return _ON_CONSENT.get(service)
