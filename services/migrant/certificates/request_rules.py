"""Decisions about requests for a certificate, without any I/O."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from services.migrant.certificates.rules import Claim, fact_of
from services.migrant.certificates.sdjwt import Json
from services.migrant.errors import (
    AlreadyDecided,
    FactsDoNotFit,
    NotReadyYet,
    RecordsToBeSettled,
    RequestOver,
    SameDecider,
)
from shared.limits import shipped_limits
from shared.problems import Text

_LIMITS: Final = shipped_limits(__file__)
DECIDE: Final = timedelta(days=_LIMITS["decide_days"])
OBJECTION: Final = timedelta(days=_LIMITS["objection_days"])
COLLECT: Final = timedelta(days=_LIMITS["collect_days"])
AGAIN: Final = timedelta(minutes=_LIMITS["again_minutes"])
REMIND_DAYS: Final = _LIMITS["remind_days"]


class RequestStatus(StrEnum):
    ASKED = "asked"  # 已申请: the register is being asked
    OPEN = "open"  # 待办: the register did not answer all of it, the desk decides
    READY = "ready"  # 待领取
    DECLINED = "declined"  # 不予签发, with reasons in writing
    COLLECTED = "collected"  # 已领取
    WITHDRAWN = "withdrawn"  # 已撤回
    LAPSED = "lapsed"  # 逾期未领, the facts are erased


UNDECIDED: Final = (RequestStatus.ASKED, RequestStatus.OPEN)
UNDER_WAY: Final = (*UNDECIDED, RequestStatus.READY)


class Form(StrEnum):
    FILE = "file"  # 电子: a file on her phone
    PAPER = "paper"  # 纸质: a sheet with a QR code


class Because(StrEnum):
    """Why she wants another one."""

    LOST = "lost"  # 遗失补发: phone or paper lost; the old one is revoked at once
    RENEWAL = "renewal"  # 换发: before or after it expires; the old one holds until collection


class Problem(StrEnum):
    """Why the register did not answer all of it."""

    UNKNOWN_PERSON = "unknown-person"  # 查无此人
    DECEASED = "deceased"  # 已登记死亡
    HOME_ELSEWHERE = "home-elsewhere"  # 户籍不在本县
    CONTESTED = "contested-field"  # 该项有争议
    MISSING = "missing-field"  # 登记中没有该项
    INCONSISTENT = "inconsistent-record"  # 登记内容相互矛盾


# No desk can decide over these: the register is put right first, or another county issues.
SETTLED_FIRST: Final = frozenset({Problem.DECEASED, Problem.HOME_ELSEWHERE})

NEXT_STEP: Final[dict[RequestStatus, Text]] = {
    RequestStatus.ASKED: Text(
        "正在向登记核实,通常只需片刻。", "The register is being asked; it usually takes moments."
    ),
    RequestStatus.OPEN: Text(
        "登记中有的内容不全或有争议,窗口将在期限内答复。",
        "The register does not answer all of it; the desk will decide in time.",
    ),
    RequestStatus.READY: Text(
        "已核实,请在期限内领取;逾期内容即删除,可重新申请。",
        "Ready: collect it in time. After that its content is erased, and you can ask again.",
    ),
    RequestStatus.DECLINED: Text(
        "理由见书面答复。可提出异议由他人复核,也可随时重新申请;任何服务都不以此证明为前提。",
        "The reasons are in writing. You can object and somebody else decides, or ask again at"
        " any time; no service depends on this certificate.",
    ),
    RequestStatus.COLLECTED: Text("已领取,可随时撤销。", "Collected; revoke it at any time."),
    RequestStatus.WITHDRAWN: Text(
        "已按您的要求撤回,可重新申请。", "Withdrawn as you wished; you can ask again."
    ),
    RequestStatus.LAPSED: Text(
        "逾期未领,内容已删除,可重新申请。", "Not collected in time and erased; you can ask again."
    ),
}


def in_time(day: date, due_on: date) -> bool:
    return day <= due_on


def lacking_of(claims: Iterable[str], known: Mapping[str, Json]) -> list[str]:
    """The facts that the chosen claims need and the register did not give."""
    needed = {fact_of(Claim(each)) for each in claims} | {str(Claim.HOME_REGION)}
    return sorted(needed - set(known))


def completed(
    known: Mapping[str, Json], given: Mapping[str, Json], lacking: Iterable[str], county: str
) -> dict[str, Json]:
    """What the records say, and from the desk what they do not. Raises FactsDoNotFit for a gap
    that is left, for an answer to what nobody asked, and for a home in another county."""
    gaps = set(lacking)
    if set(given) != gaps:
        listed = ", ".join(sorted(gaps)) or "-"
        raise FactsDoNotFit(
            Text(
                f"只补充登记没有的项目: {listed}", f"Give what the records lack, and only: {listed}"
            )
        )
    facts = dict(known) | dict(given)
    if not str(facts[Claim.HOME_REGION]).startswith(county):
        raise FactsDoNotFit(
            Text("户籍不在本县,请向户籍地申请", "Her home is in another county, which issues it")
        )
    return facts


def check_decidable(
    status: str, problems: Iterable[str], declined_by: str | None, actor: str, *, issue: bool
) -> None:
    """Raises AlreadyDecided, SameDecider after an objection, RecordsToBeSettled."""
    if status not in UNDECIDED:
        raise AlreadyDecided()
    if declined_by == actor:
        raise SameDecider()
    if issue and (stuck := SETTLED_FIRST & set(problems)):
        listed = ", ".join(sorted(stuck))
        raise RecordsToBeSettled(Text(f"登记情况: {listed}", f"The register says: {listed}"))


def check_collectable(
    status: str, collect_by: datetime | None, collected_at: datetime | None, now: datetime
) -> None:
    """Raises NotReadyYet; RequestOver once the time for it is over."""
    if status in UNDECIDED:
        raise NotReadyYet()
    ready = status == RequestStatus.READY and collect_by is not None and now < collect_by
    again = status == RequestStatus.COLLECTED and collected_at is not None
    if not ready and not (again and collected_at is not None and now < collected_at + AGAIN):
        raise RequestOver()
