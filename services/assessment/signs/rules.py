"""What in an office's figures makes one ask (疑点检验). Pure.

Each check compares what was counted with what chance would show if the figures had come about one
by one, and gives the probability of so much by chance alone. None knows why: a campaign day, a
sheet entered at once or a rule of the house may explain it, and the office is asked.

Benford's law is not among them. It needs figures over several orders of magnitude; those of one
county's offices lie within one or two, and honest ones would fail it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from importlib.resources import files
from math import prod
from typing import Final, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from services.assessment.facts.kinds import Kind
from services.assessment.statistics import (
    benjamini_hochberg,
    binomial_tail,
    poisson_tail,
    same_count,
)

Value = TypeVar("Value")

_WORKING_MINUTES: Final = 22 * 8 * 60  # of a month
_MOST_MONTHS: Final = 12  # that are made up for after a long pause
_NIGHT: Final = frozenset({22, 23, 0, 1, 2, 3, 4, 5})  # hours in China
_TELLING: Final = 10  # a number of days below ten has no last digit of its own
_WRITTEN: Final = 100  # the last of three digits is as good as random in an honest count
_DAYS_ALIKE: Final = 5  # days with something to count, for a series to be anybody's own


class Check(StrEnum):
    HEAPING = "heaping"  # 数字堆积
    AT_ONCE = "at_once"  # 当日即结
    SAME_MINUTE = "same_minute"  # 同一分钟
    AT_NIGHT = "at_night"  # 夜间办理
    COPIED = "copied"  # 数据雷同
    LAST_DIGITS = "last_digits"  # 末位数字


class CheckData(BaseModel):
    """One check of checks.json: of which kinds of facts, from how many cases on, the share that
    chance would show where the check leans on one, and the least share worth asking about."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kinds: frozenset[Kind]
    least_cases: int = Field(ge=10)
    expected: float = Field(default=0.5, gt=0, lt=1)
    least_share: float = Field(gt=0, le=1)


class Checks(BaseModel):
    """The file. `tolerated` is the expected share of false ones among the questions of a month;
    `after_days` leaves late facts time to come."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: str
    tolerated: float = Field(gt=0, lt=0.5)
    after_days: int = Field(ge=0, le=27)
    checks: Mapping[Check, CheckData]


@cache
def checks() -> Checks:
    """Read once. Raises ValidationError when the file is not in form."""
    text = files("services.assessment.signs").joinpath("checks.json").read_bytes()
    return Checks.model_validate_json(text)


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose figures: an office of an area, and one kind of facts ("" for all of a check's)."""

    area: str
    office: str
    kind: str


@dataclass(frozen=True, slots=True)
class Bar:
    """A part of the figure: how many there were, and how many chance would show (None: unknown)."""

    label: str
    seen: int
    expected: float | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a check came to. `same_as` is whose series is the same: an area and office, or the
    office's own month before."""

    check: Check
    subject: Subject
    p: float
    cases: int
    share: float
    bars: tuple[Bar, ...]
    same_as: str = ""


@dataclass(frozen=True, slots=True)
class Figures:
    """What is looked at, of one month: for each subject how many took how many days, happened in
    which hour in China and at most in one minute; how many there were on each day of the month
    and of the one before (index 0 is the first); and all monthly counts of a year."""

    days: Mapping[Subject, Mapping[int, int]]
    hours: Mapping[Subject, Mapping[int, int]]
    fullest_minute: Mapping[Subject, int]
    series: Mapping[Subject, tuple[int, ...]]
    series_before: Mapping[Subject, tuple[int, ...]]
    counts: Mapping[Subject, Sequence[int]]


def month_to_search(settled_by: date, newest: date | None) -> date | None:
    """The first day of the oldest month that had ended by a day and was not looked at; at most
    twelve are made up for. `newest` is the last one looked at."""
    last = _months_after(settled_by, -1)
    if newest is None:
        return last
    following = max(_months_after(newest, 1), _months_after(last, 1 - _MOST_MONTHS))
    return following if following <= last else None


def _months_after(day: date, months: int) -> date:
    """The first day of the month so many months after that of `day`."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, 1)


def ask(figures: Figures, data: Checks) -> tuple[int, list[Outcome]]:
    """How many tests were made, and those that are worth a question."""
    tested = list(_tested(figures, data))
    named = benjamini_hochberg([each.p for each in tested], data.tolerated) if tested else []
    least = {check: each.least_share for check, each in data.checks.items()}
    asked = [
        each
        for each, stands_out in zip(tested, named, strict=True)
        if stands_out and each.share >= least[each.check]
    ]
    return len(tested), asked


def _tested(figures: Figures, data: Checks) -> Iterator[Outcome]:
    for check, rule in data.checks.items():
        yield from _CHECKS[check](figures, rule)


def _heaping(figures: Figures, rule: CheckData) -> Iterator[Outcome]:
    """Days taken that end in 0 or 5 (as Whipple's index asks of ages)."""
    for subject, days in _of_kinds(figures.days, rule):
        digits = Counter[int]()
        for taken, n in days.items():
            if taken >= _TELLING:
                digits[taken % 10] += n
        cases, heaped = digits.total(), digits[0] + digits[5]
        if cases >= rule.least_cases:
            p = binomial_tail(heaped, cases, rule.expected)
            bars = tuple(Bar(str(digit), digits[digit], cases / 10) for digit in range(10))
            yield Outcome(Check.HEAPING, subject, p, cases, heaped / cases, bars)


def _at_once(figures: Figures, rule: CheckData) -> Iterator[Outcome]:
    """Far more settled on the day they came than with all other offices together."""
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for subject, days in _of_kinds(figures.days, rule):
        sums[subject.kind][0] += days.get(0, 0)
        sums[subject.kind][1] += sum(days.values())
    for subject, days in _of_kinds(figures.days, rule):
        at_once, cases = days.get(0, 0), sum(days.values())
        elsewhere = sums[subject.kind][1] - cases
        if cases < rule.least_cases or elsewhere < rule.least_cases:
            continue
        others = (sums[subject.kind][0] - at_once + 1) / (elsewhere + 2)
        usual = max(others, rule.expected)
        p = binomial_tail(at_once, cases, usual)
        bars = (Bar("0", at_once, cases * usual), Bar("1+", cases - at_once, cases * (1 - usual)))
        yield Outcome(Check.AT_ONCE, subject, p, cases, at_once / cases, bars)


def _same_minute(figures: Figures, rule: CheckData) -> Iterator[Outcome]:
    """Cases that one person deals with one by one, all entered in a minute. Any minute of the
    month may be the fullest, so each is counted as a test."""
    for subject, most in _of_kinds(figures.fullest_minute, rule):
        cases = sum(figures.hours[subject].values())
        if cases >= rule.least_cases:
            p = min(1.0, _WORKING_MINUTES * poisson_tail(most, cases / _WORKING_MINUTES))
            bars = (Bar("max", most, None), Bar("rest", cases - most, None))
            yield Outcome(Check.SAME_MINUTE, subject, p, cases, most / cases, bars)


def _at_night(figures: Figures, rule: CheckData) -> Iterator[Outcome]:
    """Dealt with between ten in the evening and six in the morning."""
    for subject, hours in _of_kinds(figures.hours, rule):
        cases = sum(hours.values())
        if cases >= rule.least_cases:
            night = sum(n for hour, n in hours.items() if hour in _NIGHT)
            p = binomial_tail(night, cases, rule.expected)
            bars = tuple(Bar(f"{hour:02}", hours.get(hour, 0), None) for hour in range(24))
            yield Outcome(Check.AT_NIGHT, subject, p, cases, night / cases, bars)


def _copied(figures: Figures, rule: CheckData) -> Iterator[Outcome]:
    """The same number on every day as another office, or as a month before. By chance that is as
    likely as two Poisson counts agreeing on each day, for each of the others compared with."""
    own = {each: series for each, series in figures.series.items() if _is_own(each, series, rule)}
    alike: dict[tuple[str, tuple[int, ...]], list[Subject]] = defaultdict(list)
    for subject, series in own.items():
        alike[subject.kind, series].append(subject)
    compared = Counter(subject.kind for subject in own)
    for subject, series in own.items():
        twins = [each for each in alike[subject.kind, series] if each != subject]
        before = figures.series_before.get(subject)
        same_as = _name(twins[0]) if twins else ("-1" if _repeats(series, before) else "")
        chance = prod(same_count(n) for n in series if n) * compared[subject.kind]
        p = min(1.0, chance) if same_as else 1.0
        bars = tuple(Bar(str(day), n, None) for day, n in enumerate(series, start=1))
        share = 1.0 if same_as else 0.0
        yield Outcome(Check.COPIED, subject, p, sum(series), share, bars, same_as)


def _is_own(subject: Subject, series: tuple[int, ...], rule: CheckData) -> bool:
    enough = sum(series) >= rule.least_cases and sum(map(bool, series)) >= _DAYS_ALIKE
    return enough and subject.kind in rule.kinds


def _repeats(series: tuple[int, ...], before: tuple[int, ...] | None) -> bool:
    """Whether all days that both months have are the same."""
    return before is not None and all(
        one == other for one, other in zip(series, before, strict=False)
    )


def _name(subject: Subject) -> str:
    return f"{subject.area} {subject.office}".rstrip()


def _last_digits(figures: Figures, rule: CheckData) -> Iterator[Outcome]:
    """Last digits of counts of a hundred and more (Beber and Scacco, 2012): one digit far more
    often than a tenth of the time. Any of the ten may be it."""
    gathered: dict[Subject, list[int]] = defaultdict(list)
    for subject, counts in _of_kinds(figures.counts, rule):
        whole = Subject(subject.area, subject.office, "")
        gathered[whole] += [n for n in counts if n >= _WRITTEN]
    for subject, written in gathered.items():
        if len(written) >= rule.least_cases:
            digits = Counter(n % 10 for n in written)
            most = max(digits.values())
            p = min(1.0, 10 * binomial_tail(most, len(written), rule.expected))
            bars = tuple(Bar(str(each), digits[each], len(written) / 10) for each in range(10))
            share = most / len(written)
            yield Outcome(Check.LAST_DIGITS, subject, p, len(written), share, bars)


def _of_kinds(
    by_subject: Mapping[Subject, Value], rule: CheckData
) -> Iterator[tuple[Subject, Value]]:
    return ((each, value) for each, value in by_subject.items() if each.kind in rule.kinds)


_CHECKS: Final = {
    Check.HEAPING: _heaping,
    Check.AT_ONCE: _at_once,
    Check.SAME_MINUTE: _same_minute,
    Check.AT_NIGHT: _at_night,
    Check.COPIED: _copied,
    Check.LAST_DIGITS: _last_digits,
}
