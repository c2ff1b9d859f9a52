"""Why somebody looks, and the entry that a look leaves behind (使用记录)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class Purpose(StrEnum):
    """The closed list of reasons for touching an identifiable record (PIPL arts. 5, 6).

    Each service decides which fields a purpose shows; none shows more than its task needs.
    """

    REGISTRATION = "registration"  # 登记: entering and keeping the register
    SERVICE = "service"  # 服务: delivering a service the person asked for
    CERTIFICATE = "certificate"  # 证明: issuing the person's own credential
    VERIFICATION = "verification"  # 核验: checking what the person chose to show
    INQUIRY = "inquiry"  # 协查: answering another county's question
    CORRECTION = "correction"  # 更正: acting on the person's request for correction
    NOTIFICATION = "notification"  # 通知: sending what the person agreed to get
    EMPLOYMENT = "employment"  # 用工: an employer's own filing
    DATA_QUALITY = "data-quality"  # 数据质量: duplicates and conflicts
    SUBJECT_ACCESS = "subject-access"  # 本人查阅: the person's own look
    OVERSIGHT = "oversight"  # 监督: audit and complaint


PURPOSE_WORDS: dict[Purpose, tuple[str, str]] = {
    Purpose.REGISTRATION: ("登记", "Keeping the register"),
    Purpose.SERVICE: ("服务", "Delivering a service"),
    Purpose.CERTIFICATE: ("证明", "Issuing the person's certificate"),
    Purpose.VERIFICATION: ("核验", "Checking a certificate"),
    Purpose.INQUIRY: ("协查", "Answering an inquiry"),
    Purpose.CORRECTION: ("更正", "Acting on a correction request"),
    Purpose.NOTIFICATION: ("通知", "Sending an agreed message"),
    Purpose.EMPLOYMENT: ("用工", "An employer's filing"),
    Purpose.DATA_QUALITY: ("数据质量", "Resolving duplicates and conflicts"),
    Purpose.SUBJECT_ACCESS: ("本人查阅", "The person's own look"),
    Purpose.OVERSIGHT: ("监督", "Audit or complaint"),
}


@dataclass(frozen=True, slots=True)
class Usage:
    """One look at one person's record: who, for which office, when, why, and which kind of data."""

    subject_id: UUID
    at: datetime
    actor_sub: str
    actor_org: str
    purpose: Purpose
    case_reference: str | None
    kind: str
