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
    ROSTER_LINE = "roster_line"
    RECORD_CORRECTED = "record_corrected"
    MIGRANT_ARRIVED = "migrant_arrived"
    SERVICE_DELIVERED = "service_delivered"
    HELP_REQUESTED = "help_requested"
    HELP_SETTLED = "help_settled"
    HELP_OPINION = "help_opinion"
    CERTIFICATE_CHECKED = "certificate_checked"
    NOTICE_SENT = "notice_sent"
    NOTICE_OWED = "notice_owed"
    NOTICE_CONFIRMED = "notice_confirmed"
    NOTICE_FEEDBACK = "notice_feedback"
    NOTICE_RECEIVED = "notice_received"
    INQUIRY_OPENED = "inquiry_opened"
    INQUIRY_ANSWER = "inquiry_answer"
    INQUIRY_CLOSED = "inquiry_closed"
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

KINDS: dict[Kind, KindSpec] = {
    Kind.BIRTH_REGISTERED: KindSpec(
        Text("出生登记", "births registered"),
        Use.OWN,
        ("yipan.registry.birth-registered.v1",),
        _TIMELY,
        DAYS,
    ),
    Kind.DEATH_REGISTERED: KindSpec(
        Text("死亡登记", "deaths registered"),
        Use.OWN,
        ("yipan.registry.death-registered.v1",),
        _TIMELY,
        DAYS,
    ),
    Kind.ROSTER_LINE: KindSpec(
        Text("导入名册行", "lines of imported rosters"),
        Use.SCORED,
        ("yipan.registry.roster-imported.v1",),
        ("accepted", "rejected"),
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
        ("yipan.migrant.migrant-arrived.v1",),
        ("from_elsewhere", "from_here"),
    ),
    Kind.SERVICE_DELIVERED: KindSpec(
        Text("服务提供", "services delivered"),
        Use.SCORED,
        ("yipan.migrant.service-delivered.v1",),
        ("migrant", "local"),
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
        ("yipan.migrant.help-settled.v1",),
        ("in_time", "late"),
    ),
    Kind.HELP_OPINION: KindSpec(
        Text("求助人评价", "opinions of those who asked for help"),
        Use.SCORED,
        ("yipan.migrant.help-settled.v1",),
        ("satisfied", "dissatisfied"),
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
        ("yipan.exchange.notice-received.v1",),
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
        ("yipan.exchange.inquiry-answered.v1", "yipan.exchange.inquiry-overdue.v1"),
        ("in_time", "late", "partial", "overdue"),
    ),
    Kind.INQUIRY_CLOSED: KindSpec(
        Text("协查结案", "inquiries closed"),
        Use.SCORED,
        ("yipan.exchange.inquiry-closed.v1",),
        ("correct", "incorrect"),
    ),
    Kind.MESSAGE: KindSpec(
        Text("短信", "text messages"),
        Use.SCORED,
        ("yipan.notify.message-delivered.v1", "yipan.notify.message-failed.v1"),
        ("delivered", "failed"),
    ),
}
