"""What is waiting for her, and what looks are called, in words. A new kind of record joins here:
a line of WAITING if she can wait for it, a word in KINDS if somebody can look at it. Pure."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from services.migrant.certificates.request_rules import REMIND_DAYS
from shared.problems import Text


class WaitingKind(StrEnum):
    """What she may be waiting for, or somebody for her."""

    APPOINTMENT = "appointment"  # 预约
    APPOINTMENT_OFFER = "appointment-offer"  # 候补有号待确认
    SELF_REGISTRATION = "self-registration"  # 自助登记待确认
    FORM_RETURNED = "form-returned"  # 自助登记退回补正
    HELP = "help"  # 求助办理中
    HELP_QUESTION = "help-question"  # 求助待本人补充
    CERTIFICATE_REQUEST = "certificate-request"  # 证明办理中
    CERTIFICATE_READY = "certificate-ready"  # 证明待领取
    CERTIFICATE_EXPIRING = "certificate-expiring"  # 证明即将到期
    REFERRAL = "referral"  # 转介办理中
    CLAIM = "claim"  # 报销办理中
    CLAIM_PAID = "claim-paid"  # 报销待确认收款


@dataclass(frozen=True, slots=True)
class Waiting:
    """`sql` gives id and day of each, of the person $1 at the moment $2; `path` is where she reads
    it, `{id}` being its id."""

    kind: WaitingKind
    text: Text
    path: str
    sql: str


WAITING: Final = (
    Waiting(
        WaitingKind.APPOINTMENT,
        Text("您有预约", "You have an appointment"),
        "appointments/{id}",
        "SELECT id, (at AT TIME ZONE 'Asia/Shanghai')::date AS day FROM appointments"
        " WHERE person_id = $1 AND status = 'booked' AND at >= $2",
    ),
    Waiting(
        WaitingKind.APPOINTMENT_OFFER,
        Text("您候补的预约有空号,请确认", "A time you wait for is held for you; take it or not"),
        "me/appointment-waits",
        "SELECT id, (held_until AT TIME ZONE 'Asia/Shanghai')::date AS day FROM appointment_waits"
        " WHERE person_id = $1 AND status = 'offered' AND held_until > $2",
    ),
    Waiting(
        WaitingKind.FORM_RETURNED,
        Text("您的自助登记被退回,请补正", "Your registration came back; put it right"),
        "self-registrations/{id}",
        "SELECT id, expires_at::date AS day FROM self_registrations"
        " WHERE person_id = $1 AND status = 'returned' AND expires_at > $2",
    ),
    Waiting(
        WaitingKind.SELF_REGISTRATION,
        Text("请带身份证到窗口确认自助登记", "Bring your id card to the desk to be registered"),
        "self-registrations/{id}",
        "SELECT id, expires_at::date AS day FROM self_registrations"
        " WHERE person_id = $1 AND status = 'open' AND expires_at > $2",
    ),
    Waiting(
        WaitingKind.HELP_QUESTION,
        Text("您的求助需要您补充情况", "The office has a question about your request for help"),
        "help-requests/{id}",
        "SELECT id, due_on AS day FROM help_requests WHERE person_id = $1"
        " AND settled_at IS NULL AND asked_back_on IS NOT NULL",
    ),
    Waiting(
        WaitingKind.HELP,
        Text("您的求助正在办理", "Your request for help is under way"),
        "help-requests/{id}",
        "SELECT id, due_on AS day FROM help_requests WHERE settled_at IS NULL AND ("
        " (person_id = $1 AND asked_back_on IS NULL) OR id IN (SELECT request_id"
        " FROM help_companions WHERE person_id = $1 AND left_at IS NULL))",
    ),
    Waiting(
        WaitingKind.CERTIFICATE_READY,
        Text("您的证明可以领取", "Your certificate is ready"),
        "certificate-requests/{id}",
        "SELECT id, due_on AS day FROM certificate_requests WHERE person_id = $1"
        " AND status = 'ready'",
    ),
    Waiting(
        WaitingKind.CERTIFICATE_EXPIRING,
        Text(
            "您的证明即将到期,需要的可申请换发",
            "Your certificate expires soon; renew it if you like",
        ),
        "certificates/{id}",
        "SELECT id, valid_until AS day FROM certificates AS held"  # noqa: S608 our own number
        " WHERE person_id = $1"
        " AND revoked_at IS NULL AND valid_until - ($2 AT TIME ZONE 'Asia/Shanghai')::date"
        f" BETWEEN 0 AND {REMIND_DAYS} AND NOT EXISTS (SELECT FROM certificates AS newer"
        " WHERE newer.person_id = $1 AND newer.revoked_at IS NULL"
        " AND newer.valid_until > held.valid_until)",
    ),
    Waiting(
        WaitingKind.CERTIFICATE_REQUEST,
        Text("您的证明正在办理", "Your certificate is under way"),
        "certificate-requests/{id}",
        "SELECT id, due_on AS day FROM certificate_requests WHERE person_id = $1"
        " AND status IN ('asked', 'open')",
    ),
    Waiting(
        WaitingKind.REFERRAL,
        Text("另一部门正在为您办理", "Another office is working for you"),
        "referrals/{id}",
        "SELECT id, due_on AS day FROM referrals WHERE person_id = $1"
        " AND state IN ('made', 'accepted')",
    ),
    Waiting(
        WaitingKind.CLAIM_PAID,
        Text("报销款已支付,请确认收到", "Your claim was paid; say whether it reached you"),
        "claims/{id}",
        "SELECT id, paid_on AS day FROM claims WHERE person_id = $1 AND status = 'paid'",
    ),
    Waiting(
        WaitingKind.CLAIM,
        Text("您的报销正在办理", "Your claim is under way"),
        "claims/{id}",
        "SELECT id, due_on AS day FROM claims WHERE person_id = $1"
        " AND status IN ('filed', 'checked', 'sent', 'accepted', 'objected')",
    ),
)

# What each kind of look was at. A kind without words is shown as it is.
KINDS: Final = {
    "appointment": Text("预约", "an appointment"),
    "arrival": Text("居住登记", "where you live and lived"),
    "benefit": Text("补助发放", "a benefit paid to you"),
    "certificate": Text("证明", "your certificates"),
    "certificate-request": Text("证明申请", "a request for a certificate"),
    "claim": Text("报销", "a claim"),
    "consent": Text("同意记录", "what you agreed to"),
    "contact-choice": Text("联系方式", "how you want to be reached"),
    "convener": Text("召集人", "your appointment as a convener"),
    "employment": Text("用工备案", "an employer's filing"),
    "erasure": Text("删除决定", "a decision on erasure"),
    "export": Text("个人信息副本", "a copy of everything"),
    "help": Text("求助", "a request for help"),
    "login": Text("登录账号", "your logins"),
    "person": Text("基本信息", "your basic record"),
    "referral": Text("转介", "a referral"),
    "self-registration": Text("自助登记", "your registration by phone"),
    "service": Text("服务记录", "a service you got"),
}

# Who else keeps entries of looks; assessment and the gateway hold nobody.
OTHER_TRACKERS: Final = ("registry", "exchange", "notify")


def kind_words(kind: str, language: str) -> str:
    words = KINDS.get(kind)
    return kind if words is None else words.say(language)
