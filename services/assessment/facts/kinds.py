"""Which kinds of facts are counted, where they come from, and what may be done with them.

A kind that is not on this list is not counted at all. `Use` is the rights line as data: the
platform scores how well an office serves, never how many were born, came, asked or were checked.
"""

from dataclasses import dataclass
from enum import StrEnum

from shared.problems import Text


class Use(StrEnum):
    """What an indicator may do with a kind."""

    SCORED = "scored"  # the office's own service: may be scored
    OWN = "own"  # only its quality: a share of its own outcomes, or the mean of its measure
    BASE = "base"  # only as what a service is measured against; its number is nobody's target
    DESCRIBED = "described"  # an anonymous statistic and nothing else


class SeenBy(StrEnum):
    """Whose view counts: that of the judged place itself, of another place, or any."""

    ANY = "any"
    SELF = "self"
    OTHER = "other"


class Kind(StrEnum):
    BIRTH_REGISTERED = "birth_registered"
    DEATH_REGISTERED = "death_registered"
    MARRIAGE_REGISTERED = "marriage_registered"
    ROSTER_LINE = "roster_line"
    FEED_LINE = "feed_line"
    RECORD_COMPARED = "record_compared"
    BIRTH_COMPARED = "birth_compared"
    RECORD_CORRECTED = "record_corrected"
    RECORD_UPDATED = "record_updated"
    RECORD_USE = "record_use"
    BLIND_ZONE_FOUND = "blind_zone_found"
    MIGRANT_ARRIVED = "migrant_arrived"
    ARRIVAL_DOUBTED = "arrival_doubted"
    EMPLOYMENT_FILED = "employment_filed"
    EMPLOYMENT_ENDED = "employment_ended"
    SERVICE_DELIVERED = "service_delivered"
    REFERRAL_MADE = "referral_made"
    REFERRAL_ENDED = "referral_ended"
    CLAIM_HANDLED = "claim_handled"
    CLAIM_ANSWERED = "claim_answered"
    BENEFIT_LINE = "benefit_line"
    BENEFIT_LIST = "benefit_list"
    HELP_REQUESTED = "help_requested"
    HELP_SETTLED = "help_settled"
    HELP_DEADLINE = "help_deadline"
    HELP_OPINION = "help_opinion"
    CERTIFICATE_REQUEST = "certificate_request"
    CERTIFICATE_CHECKED = "certificate_checked"
    NOTICE_SENT = "notice_sent"
    NOTICE_OWED = "notice_owed"
    NOTICE_CONFIRMED = "notice_confirmed"
    NOTICE_FEEDBACK = "notice_feedback"
    NOTICE_RECEIVED = "notice_received"
    INQUIRY_OPENED = "inquiry_opened"
    INQUIRY_ANSWER = "inquiry_answer"
    INQUIRY_CLOSED = "inquiry_closed"
    NOTICE_OWED_SEEN = "notice_owed_seen"
    NOTICE_FEEDBACK_SEEN = "notice_feedback_seen"
    INQUIRY_ANSWER_SEEN = "inquiry_answer_seen"
    INQUIRY_CLOSED_SEEN = "inquiry_closed_seen"
    MESSAGE_RECONCILED = "message_reconciled"
    MESSAGE = "message"


@dataclass(frozen=True, slots=True)
class KindSpec:
    """`outcomes` empty means any; `unit` is what the measure of a fact is in, where it has one."""

    name: Text
    use: Use
    events: tuple[str, ...]
    outcomes: tuple[str, ...] = ()
    unit: Text | None = None


DAYS = Text("天", "days")
_TIMELY = ("within_30_days", "later")
_IN_TIME = ("in_time", "late")
_FEED = ("yipan.registry.feed-reconciled.v1", "yipan.registry.feed-withdrawn.v1")

_SEEN = ("yipan.exchange.seen-by-peer.v1",)


def _events(service: str, *names: str) -> tuple[str, ...]:
    return tuple(f"yipan.{service}.{name}.v1" for name in names)


KINDS: dict[Kind, KindSpec] = {
    Kind.BIRTH_REGISTERED: KindSpec(
        Text("出生登记", "births registered"),
        Use.OWN,
        _events(
            "registry", "birth-registered", "birth-corrected", "birth-annulled", "birth-reinstated"
        ),
        _TIMELY,
        DAYS,
    ),
    Kind.DEATH_REGISTERED: KindSpec(
        Text("死亡登记", "deaths registered"),
        Use.OWN,
        _events("registry", "death-registered", "death-corrected", "death-annulled"),
        _TIMELY,
        DAYS,
    ),
    Kind.MARRIAGE_REGISTERED: KindSpec(
        Text("婚姻登记", "marriages and divorces registered"),
        Use.DESCRIBED,
        _events(
            "registry",
            "marriage-registered",
            "divorce-registered",
            "marriage-corrected",
            "marriage-annulled",
            "marriage-reinstated",
        ),
        ("marriage", "divorce"),
    ),
    Kind.ROSTER_LINE: KindSpec(
        Text("导入名册行", "lines of imported rosters"),
        Use.SCORED,
        ("yipan.registry.roster-imported.v1",),
        ("accepted", "rejected"),
    ),
    Kind.FEED_LINE: KindSpec(
        Text("部门月报行", "lines of departments' monthly batches"),
        Use.OWN,
        _FEED,
        ("new", "changed", "unchanged", "conflicting", "rejected"),
    ),
    Kind.RECORD_COMPARED: KindSpec(
        Text("部门所知记录", "records that a department knows of"),
        Use.OWN,
        _FEED,
        ("in_both", "only_there"),
    ),
    # Whether the register has them all, never how many there were.
    Kind.BIRTH_COMPARED: KindSpec(
        Text("出生登记核对", "birth records compared with the hospitals'"),
        Use.OWN,
        _FEED,
        ("in_both", "only_there", "only_here"),
    ),
    Kind.RECORD_UPDATED: KindSpec(
        Text("变更登记", "changes entered in records"),
        Use.OWN,
        ("yipan.registry.person-corrected.v1",),
        _TIMELY,
        DAYS,
    ),
    # Whether what was entered served anybody; never how often somebody was looked up.
    Kind.RECORD_USE: KindSpec(
        Text("录入信息使用", "records entered, by whether a service used them"),
        Use.OWN,
        ("yipan.registry.record-use-counted.v1",),
        ("used", "unused"),
    ),
    # Who finds one should not be the worse for it.
    Kind.BLIND_ZONE_FOUND: KindSpec(
        Text("发现盲区", "places found that nobody takes care of"),
        Use.DESCRIBED,
        ("yipan.registry.blind-zone-found.v1",),
    ),
    # Scoring corrections would make an office refuse them, and the person has a right to them.
    Kind.RECORD_CORRECTED: KindSpec(
        Text("记录更正", "records corrected"),
        Use.DESCRIBED,
        ("yipan.registry.person-corrected.v1",),
        ("corrected",),
    ),
    Kind.MIGRANT_ARRIVED: KindSpec(
        Text("流入登记", "arrivals registered"),
        Use.BASE,
        _events("migrant", "migrant-arrived", "stay-corrected", "arrival-annulled"),
        ("from_elsewhere", "from_here"),
    ),
    # A desk that writes down what it is told is not to blame for what the register holds.
    Kind.ARRIVAL_DOUBTED: KindSpec(
        Text("流入登记存疑", "arrivals that do not agree with the register"),
        Use.DESCRIBED,
        ("yipan.registry.arrival-doubted.v1", "yipan.migrant.arrival-annulled.v1"),
    ),
    # Employers are no offices: what they file is a statistic.
    Kind.EMPLOYMENT_FILED: KindSpec(
        Text("用工备案", "hires filed"),
        Use.DESCRIBED,
        _events("migrant", "employment-filed", "employment-corrected", "employment-withdrawn"),
        ("filed",),
    ),
    Kind.EMPLOYMENT_ENDED: KindSpec(
        Text("离职备案", "ended jobs filed"),
        Use.DESCRIBED,
        _events("migrant", "employment-ended", "employment-corrected", "employment-withdrawn"),
        ("ended",),
    ),
    Kind.SERVICE_DELIVERED: KindSpec(
        Text("服务提供", "services delivered"),
        Use.SCORED,
        _events("migrant", "service-delivered", "service-record-annulled"),
        ("migrant", "local"),
    ),
    Kind.REFERRAL_MADE: KindSpec(
        Text("转介", "referrals made"),
        Use.BASE,
        _events("migrant", "referral-made"),
        ("migrant", "local"),
    ),
    Kind.REFERRAL_ENDED: KindSpec(
        Text("转介办结", "referrals ended"),
        Use.SCORED,
        _events("migrant", "referral-ended"),
        ("migrant_in_time", "migrant_late", "local_in_time", "local_late"),
        DAYS,
    ),
    Kind.CLAIM_HANDLED: KindSpec(
        Text("报销代办", "claims handled at the residence"),
        Use.OWN,
        _events("migrant", "claim-settled"),
        _IN_TIME,
    ),
    Kind.CLAIM_ANSWERED: KindSpec(
        Text("报销答复", "claims answered by the place that pays"),
        Use.OWN,
        _events("migrant", "claim-settled"),
        _IN_TIME,
    ),
    Kind.BENEFIT_LINE: KindSpec(
        Text("奖励扶助发放", "lines of benefit lists"),
        Use.OWN,
        _events("migrant", "benefit-list-paid"),
        ("paid", "returned"),
    ),
    Kind.BENEFIT_LIST: KindSpec(
        Text("奖励扶助清单", "benefit lists paid"),
        Use.OWN,
        _events("migrant", "benefit-list-paid"),
        ("paid",),
        DAYS,
    ),
    # Nobody is told to have fewer requests for help (petition counts are never a target).
    Kind.HELP_REQUESTED: KindSpec(
        Text("求助受理", "requests for help"),
        Use.BASE,
        ("yipan.migrant.help-requested.v1",),
        ("requested",),
    ),
    Kind.HELP_SETTLED: KindSpec(
        Text("求助办结", "requests for help settled"),
        Use.SCORED,
        _events("migrant", "help-settled", "help-overdue"),
        ("in_time", "late", "overdue"),
    ),
    Kind.HELP_DEADLINE: KindSpec(
        Text("求助受理、复核超期", "late acceptances and reviews of requests for help"),
        Use.DESCRIBED,
        _events("migrant", "help-overdue"),
        ("acceptance", "review"),
    ),
    Kind.HELP_OPINION: KindSpec(
        Text("求助人评价", "opinions of those who asked for help"),
        Use.SCORED,
        ("yipan.migrant.help-settled.v1", "yipan.migrant.help-rated.v1"),
        ("satisfied", "dissatisfied"),
    ),
    # How many ask is nobody's target; whether the office keeps its time is its own duty.
    Kind.CERTIFICATE_REQUEST: KindSpec(
        Text("证明申请办理", "requests for a certificate dealt with"),
        Use.OWN,
        (
            "yipan.migrant.certificate-request-decided.v1",
            "yipan.migrant.certificate-request-overdue.v1",
        ),
        ("in_time", "late"),
    ),
    Kind.CERTIFICATE_CHECKED: KindSpec(
        Text("证明核验", "certificates checked"),
        Use.DESCRIBED,
        ("yipan.migrant.certificate-checked.v1",),
    ),
    Kind.NOTICE_SENT: KindSpec(
        Text("通报发出", "notices sent"), Use.SCORED, ("yipan.exchange.notice-sent.v1",)
    ),
    Kind.NOTICE_OWED: KindSpec(
        Text("应反馈通报", "notices that ask the receiver for feedback"),
        Use.BASE,
        ("yipan.exchange.notice-sent.v1",),
    ),
    Kind.NOTICE_CONFIRMED: KindSpec(
        Text("通报获确认", "notices confirmed by the other place"),
        Use.SCORED,
        ("yipan.exchange.notice-confirmed.v1",),
    ),
    Kind.NOTICE_FEEDBACK: KindSpec(
        Text("通报反馈", "feedback given to notices"),
        Use.SCORED,
        ("yipan.exchange.notice-confirmed.v1",),
        ("agrees", "differs"),
    ),
    Kind.NOTICE_RECEIVED: KindSpec(
        Text("通报收到", "notices received"),
        Use.OWN,
        _events("exchange", "notice-received", "notice-amended"),
        (),
        DAYS,
    ),
    Kind.INQUIRY_OPENED: KindSpec(
        Text("协查发起", "inquiries opened"),
        Use.BASE,
        ("yipan.exchange.inquiry-opened.v1",),
        ("out", "in"),
    ),
    Kind.INQUIRY_ANSWER: KindSpec(
        Text("协查答复", "inquiries answered or overdue"),
        Use.SCORED,
        _events("exchange", "inquiry-answered", "inquiry-overdue", "inquiry-overdue-annulled"),
        ("in_time", "late", "partial", "overdue"),
    ),
    Kind.INQUIRY_CLOSED: KindSpec(
        Text("协查结案", "inquiries closed"),
        Use.SCORED,
        ("yipan.exchange.inquiry-closed.v1",),
        ("correct", "incorrect"),
    ),
    # What peers counted of our offices (双向考核): their word, signed, and theirs to put right.
    Kind.NOTICE_OWED_SEEN: KindSpec(
        Text("对方所计:应反馈通报", "as a peer counted: notices that asked for feedback"),
        Use.BASE,
        _SEEN,
        ("asked",),
    ),
    Kind.NOTICE_FEEDBACK_SEEN: KindSpec(
        Text("对方所计:通报反馈", "as a peer counted: feedback given to notices"),
        Use.SCORED,
        _SEEN,
        ("agrees", "differs"),
    ),
    Kind.INQUIRY_ANSWER_SEEN: KindSpec(
        Text("对方所计:协查答复", "as a peer counted: inquiries answered or overdue"),
        Use.SCORED,
        _SEEN,
        ("in_time", "late", "overdue"),
    ),
    Kind.INQUIRY_CLOSED_SEEN: KindSpec(
        Text("对方所计:协查结案", "as a peer counted: inquiries closed"),
        Use.SCORED,
        _SEEN,
        ("correct", "incorrect"),
    ),
    # Whether two places hold the same, never how much they told each other.
    Kind.MESSAGE_RECONCILED: KindSpec(
        Text("对账报文", "messages reconciled with a peer"),
        Use.OWN,
        ("yipan.exchange.reconciliation-concluded.v1",),
        ("agreeing", "differing"),
    ),
    Kind.MESSAGE: KindSpec(
        Text("短信", "text messages"),
        Use.SCORED,
        ("yipan.notify.message-delivered.v1", "yipan.notify.message-failed.v1"),
        ("delivered", "failed"),
    ),
}
