"""What the migrant service (流动人口服务) says."""

from datetime import date, datetime
from uuid import UUID

from shared.events.base import Event, Personal


class MigrantArrived(Event, key="person_id"):
    """Somebody registered at the welcome desk (流入登记). `person_id` is new when the desk has not
    met her before; the registry keeps it, or answers with persons-merged when it already knows
    her. `origin_region` is her home (hukou) county."""

    arrival_id: UUID
    person_id: UUID
    region: str
    origin_region: str
    arrived_on: date
    stay_purpose: str
    room_id: UUID | None = None
    name: Personal
    id_number: Personal


class MigrantDeparted(Event, key="person_id"):
    """A migrant left (流出)."""

    departure_id: UUID
    person_id: UUID
    region: str
    to_region: str | None
    departed_on: date


class StayCorrected(Event, key="person_id"):
    """What a stay had always said wrong was put right (居住登记更正). It was known by `was_region`
    and `was_arrived_on`; the other values are what it says now, `fields` names what changed."""

    arrival_id: UUID
    person_id: UUID
    was_region: str
    was_arrived_on: date
    region: str
    origin_region: str
    arrived_on: date
    until: date | None
    room_id: UUID | None
    fields: list[str]


class ArrivalAnnulled(Event, key="person_id"):
    """An arrival was registered in error and is taken back (撤销流入登记). `region` and
    `arrived_on` are the stay's; the stay `resumed_id`, which it had ended as a move, goes on."""

    arrival_id: UUID
    person_id: UUID
    region: str
    arrived_on: date
    annulled_at: datetime
    resumed_id: UUID | None


class EmploymentFiled(Event, key="person_id"):
    """An employer filed a hire (用工备案)."""

    employment_id: UUID
    person_id: UUID
    region: str
    employer_code: str
    started_on: date


class EmploymentEnded(Event, key="person_id"):
    """An employer filed that somebody left (离职备案); `ended_on` is her last day there."""

    employment_id: UUID
    person_id: UUID
    region: str
    employer_code: str
    ended_on: date


class EmploymentCorrected(Event, key="person_id"):
    """An employer corrected a filing of its own (用工备案更正): what it says now. `ended_on` is
    null where the job goes on."""

    employment_id: UUID
    person_id: UUID
    region: str
    employer_code: str
    started_on: date
    ended_on: date | None


class EmploymentWithdrawn(Event, key="person_id"):
    """An employer took a filing back that should not have been made (撤回备案)."""

    employment_id: UUID
    person_id: UUID
    region: str


class CertificateIssued(Event, key="certificate_id"):
    """A certificate was issued at its holder's request (证明签发)."""

    certificate_id: UUID
    person_id: UUID
    region: str
    valid_until: date


class CertificateRequested(Event, key="request_id"):
    """A person asked for her certificate (证明申请). `claims` are what she wants in: the register
    of her home county is asked for these and for nothing else."""

    request_id: UUID
    person_id: UUID
    claims: list[str]


class CertificateRequestDecided(Event, key="request_id"):
    """Whether a certificate can be collected was decided (审核办结), `in_time` by the day it was
    due. For the duty log of the agency: tells of nobody."""

    request_id: UUID
    region: str
    office: str
    ready: bool
    in_time: bool
    due_on: date


class CertificateRequestOverdue(Event, key="request_id"):
    """A request for a certificate was not decided by the day it was due (逾期未办)."""

    request_id: UUID
    region: str
    office: str
    due_on: date


class CertificateChecked(Event, key="certificate_id"):
    """What a holder showed was checked (证明核验). Tells the outcome, never a claim."""

    check_id: UUID
    certificate_id: str
    issuer: str
    region: str
    office: str
    outcome: str


class CertificateExpiring(Event, key="certificate_id"):
    """A certificate expires soon (证明即将到期), and its holder agreed to be reminded of such
    things. Said once of each; nothing depends on a new one."""

    certificate_id: UUID
    person_id: UUID
    region: str
    valid_until: date


class CertificateRevoked(Event, key="certificate_id"):
    """A certificate was revoked (证明撤销)."""

    certificate_id: UUID
    person_id: UUID
    reason: str


class ConsentGiven(Event, key="person_id"):
    """A person agreed to a purpose (同意). `phone` is where she agreed to be reached; `for_child`
    is said where a guardian agreed for a child under 14, who is sent no texts."""

    consent_id: UUID
    person_id: UUID
    region: str
    purpose: str
    language: str
    phone: Personal | None = None
    for_child: bool = False


class ConsentWithdrawn(Event, key="person_id"):
    """A person took a consent back (撤回同意); what leaned on it stops."""

    consent_id: UUID
    person_id: UUID
    purpose: str


class ContactChoicesChanged(Event, key="person_id"):
    """A person said how she wants to be reached (联系方式选择): `channel` is sms, call, letter or
    none, the hours are whole hours in China (from, until). `phone` is null where the numbers of
    her consents go on being used."""

    choice_id: UUID
    person_id: UUID
    region: str
    channel: str
    language: str
    from_hour: int
    to_hour: int
    phone: Personal | None = None


class AppointmentBooked(Event, key="person_id"):
    """A time is kept free for a person (预约), or she has now agreed to be reminded of one. Tells
    where and when, never what for: these words go into a text. Of two events the one with the
    higher `revision` holds."""

    appointment_id: UUID
    person_id: UUID
    region: str
    at: datetime
    place_zh: str
    place_en: str
    revision: int


class AppointmentChanged(Event, key="person_id"):
    """An appointment has another time (改期)."""

    appointment_id: UUID
    person_id: UUID
    region: str
    at: datetime
    place_zh: str
    place_en: str
    revision: int


class AppointmentOffered(Event, key="person_id"):
    """A time came free that she waits for (候补有号): it is held for her until `held_until`. Tells
    where and when, never what for."""

    wait_id: UUID
    person_id: UUID
    region: str
    at: datetime
    held_until: datetime
    place_zh: str
    place_en: str


class AppointmentCancelled(Event, key="person_id"):
    """An appointment was cancelled (取消预约), by whoever; no reason is asked."""

    appointment_id: UUID
    person_id: UUID
    revision: int


class ServiceDelivered(Event, key="record_id"):
    """A service was delivered (服务记录)."""

    record_id: UUID
    person_id: UUID
    region: str
    office: str
    service: str
    delivered_on: date
    resident_kind: str


class ServiceRecordAnnulled(Event, key="record_id"):
    """A service record was made in error (服务记录作废): what was counted of it counts no more. Its
    correction, if there is one, is a service delivered of its own."""

    record_id: UUID
    region: str
    office: str
    service: str
    delivered_on: date
    resident_kind: str
    reason: str


class ReferralMade(Event, key="referral_id"):
    """Somebody was referred to the office that serves (转介), at a desk or by herself. Names the
    offices and no person."""

    referral_id: UUID
    region: str
    from_office: str
    office: str
    department: str
    service: str
    due_on: date
    resident_kind: str


class ReferralEnded(Event, key="referral_id"):
    """A referral ended (转介办结): served, not possible with a reason, or withdrawn. `days` are
    those since it was made, `in_time` is false when its day had passed."""

    referral_id: UUID
    region: str
    office: str
    department: str
    service: str
    outcome: str
    reason: str | None
    days: int
    in_time: bool
    resident_kind: str


class HelpRequested(Event, key="request_id"):
    """Somebody asked for help (求助); routed to a department with a date to settle by. `people`
    counts all it concerns."""

    request_id: UUID
    region: str
    department: str
    category: str
    due_on: date
    office: str | None = None
    urgent: bool = False
    people: int = 1


class HelpSettled(Event, key="request_id"):
    """A request for help was settled (办结), or settled again after a review. `satisfied` is null:
    she is asked afterwards, and HelpRated tells what she said."""

    request_id: UUID
    region: str
    department: str
    category: str
    in_time: bool
    satisfied: bool | None


class HelpRatingAsked(Event, key="request_id"):
    """She is to be asked, by a text she agreed to, whether it helped (满意度征询)."""

    request_id: UUID
    person_id: UUID
    region: str


class HelpRated(Event, key="request_id"):
    """Who asked for help said how content she is (求助评价), from 5 to 1; no answer is no event."""

    request_id: UUID
    region: str
    department: str
    category: str
    satisfaction: int
    satisfied: bool


class HelpOverdue(Event, key="request_id"):
    """An office passed a deadline of a request for help (求助超期), of which `kind` says."""

    request_id: UUID
    region: str
    office: str
    kind: str
    due_on: date
    days: int


class AccountLinked(Event, key="login_id"):
    """A login, known by `login_id` alone, was linked to the person whose id card a desk saw
    (账号绑定): it opens her records everywhere. Said again when a merge is taken back."""

    login_id: UUID
    person_id: UUID


class AccountUnlinked(Event, key="login_id"):
    """A login no longer opens anybody's records (解除绑定)."""

    login_id: UUID
    person_id: UUID


class BenefitListPaid(Event, key="list_id"):
    """Every line of a list of benefits was paid or came back (清单发放完毕). Counts of lines."""

    list_id: UUID
    region: str
    programme: str
    period: str
    lines: int
    paid: int
    returned: int
    days_to_approve: int
    days_to_pay: int
