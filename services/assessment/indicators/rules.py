"""What may be declared as an indicator, what its value is, and how it reads in words."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Final

from services.assessment.errors import NeverHeld, NeverScored, UnknownKind
from services.assessment.facts.kinds import KINDS, Kind, SeenBy, Use
from services.assessment.facts.schemas import Cell, PlacedCell
from services.assessment.indicators.schemas import (
    LEAST_CASES,
    DeclareIndicator,
    Form,
    Level,
    Selection,
    Status,
)
from services.assessment.periods import PeriodKind
from shared.problems import Text

HUNDREDTH: Final = Decimal("0.01")

# ---- The rights line ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Topic:
    """Something no office is judged by; `held` says whether we hold even a figure of it."""

    code: str
    words: re.Pattern[str]
    held: bool
    why: Text


def _topic(code: str, words: str, held: bool, zh: str, en: str) -> Topic:
    return Topic(code, re.compile(words, re.IGNORECASE), held, Text(zh, en))


TOPICS: Final = (
    _topic(
        "contraception",
        r"contracep|(?<![a-z])iuds?(?![a-z])|condom|long[ _-]?acting|避孕|节育|上环|长效",
        False,
        "避孕由本人自主选择,平台不采集,也不得作为目标",
        "contraception is a person's own choice: it is not collected and is nobody's target",
    ),
    _topic(
        "surgery",
        r"steril[ia]|vasectom|abortion|surger|结扎|引产|流产|手术|绝育",
        False,
        "手术信息不采集,也不得作为目标",
        "surgery is not collected and is nobody's target",
    ),
    _topic(
        "pregnancy",
        r"pregnan|孕情|孕检|康检|三查|妊娠|怀孕|透环",
        False,
        "孕情检查已废止,不采集,也不得作为目标",
        "pregnancy checks are abolished: not collected and nobody's target",
    ),
    _topic(
        "fees",
        r"(?<![a-z])fees?(?![a-z])|(?<![a-z])fines?(?![a-z])|penalt|社会抚养费|罚款|征收",
        False,
        "社会抚养费和罚款已废止",
        "fees and fines were abolished",
    ),
    _topic(
        "quotas",
        r"quota|complian|人口计划|生育指标|政策内|政策外|符合政策|超生|计划外",
        False,
        "生育指标和政策符合率已废止",
        "birth quotas and compliance rates were abolished",
    ),
    _topic(
        "births",
        r"(?<![a-z])births?[ _-]*(rate|count|number|total|plan|target)s?|number[ _-]of[ _-]births"
        r"|fertility|(?<![a-z])births$|natural[ _-]growth|population[ _-]growth"
        r"|出生率|出生数|出生人口|出生人数|生育率|多孩|自然增长|人口增长",
        True,
        "出生多少不是任何单位的目标,只能作为匿名统计描述",
        "how many are born is nobody's target; it may only be described as an anonymous figure",
    ),
    _topic(
        "sex-ratio",
        r"sex[ _-]*ratio|gender[ _-]*ratio|性别比",
        True,
        "性别比只能作为匿名统计描述",
        "the sex ratio may only be described as an anonymous figure",
    ),
    _topic(
        "certificates",
        # whether the office keeps its time with those who ask is its own duty
        r"certificate(?![ _-]?requests?)|持证|办证|发证|验证率|查验|婚育证明|证明核验|证明办理",
        True,
        "办证、验证的数量不得作为目标:证明由本人自愿申领和出示",
        "certificates are asked for and shown at the holder's own will: their count is no target",
    ),
    _topic(
        "petitions",
        r"(petition|complaint|request)s?[ _-]*(count|number|volume)|零上访|信访量|上访数|求助量",
        True,
        "信访和求助的数量不得作为目标,否则会有人不敢开口",
        "the number of petitions or requests is no target, or people would be kept from speaking",
    ),
)


def check_topics(texts: Iterable[str], *, scored: bool) -> None:
    """Raises NeverScored, or NeverHeld for a mere description of what we do not hold."""
    said = list(texts)
    for topic in TOPICS:
        if not any(topic.words.search(text) for text in said):
            continue
        if scored:
            raise NeverScored(topic.why, topic=topic.code)
        if not topic.held:
            raise NeverHeld(topic.why, topic=topic.code)


def check_declaration(command: DeclareIndicator) -> None:
    """Raises NeverScored, NeverHeld, UnknownKind."""
    selections = command.selections()
    words = [word for each in selections for word in (*each.kinds, *each.outcomes)]
    check_topics([command.code, command.name.zh, command.name.en, *words], scored=command.scored)
    for selection in selections:
        _check_known(selection)
    if command.scored:
        _check_scorable(command)


def _check_known(selection: Selection) -> None:
    unknown = [kind for kind in selection.kinds if kind not in KINDS]
    if unknown:
        raise UnknownKind(
            Text("可用的事实种类见 /fact-kinds", "See /fact-kinds for those there are"),
            kinds=unknown,
        )
    specs = [KINDS[Kind(kind)] for kind in selection.kinds]
    if all(spec.outcomes for spec in specs):
        allowed = {outcome for spec in specs for outcome in spec.outcomes}
        wrong = [outcome for outcome in selection.outcomes if outcome not in allowed]
        if wrong:
            raise UnknownKind(outcomes=wrong)


def _check_scorable(command: DeclareIndicator) -> None:
    if command.form == Form.COUNT:
        raise NeverScored(
            Text(
                "数量不是质量:计分指标应为比例或均值",
                "A number is not a quality: a scored indicator is a share or a mean",
            ),
            topic="counts",
        )
    for place, selection in (
        ("counted", command.numerator or command.of),
        ("base", command.denominator),
    ):
        for kind in selection.kinds if selection else ():
            _check_use(Kind(kind), place, command)


def _check_use(kind: Kind, place: str, command: DeclareIndicator) -> None:
    spec = KINDS[kind]
    if spec.use == Use.DESCRIBED or (spec.use == Use.BASE and place == "counted"):
        raise NeverScored(
            Text(
                f"“{spec.name.zh}”的数量不得作为任何单位的目标",
                f"The number of {spec.name.en} is nobody's target",
            ),
            topic=kind.value,
        )
    if spec.use == Use.OWN and command.form == Form.SHARE and not _of_its_own(command):
        raise NeverScored(
            Text(
                f"“{spec.name.zh}”只能考核自身的及时性,不得与其他数量相比",
                f"For {spec.name.en} only their own timeliness counts,"
                " never their number against another",
            ),
            topic=kind.value,
        )


def _of_its_own(command: DeclareIndicator) -> bool:
    """Whether a share is one of the same facts: some outcomes out of all."""
    above, below = command.numerator, command.denominator
    return (
        above is not None
        and below is not None
        and set(above.kinds) == set(below.kinds)
        and bool(above.outcomes)
        and not below.outcomes
    )


# ---- Applicability ------------------------------------------------------------------------------

_DEPTH = {Level.COUNTY: 0, Level.TOWNSHIP: 1, Level.COMMUNITY: 2, Level.OFFICE: 3}
_AREA_LEVEL = {9: Level.TOWNSHIP, 12: Level.COMMUNITY}


def is_applicable(
    definition: DeclareIndicator, area: str, office: str | None, period: PeriodKind
) -> bool:
    """Whether it is computed for such a subject and period."""
    subject = Level.OFFICE if office else _AREA_LEVEL.get(len(area), Level.COUNTY)
    return _DEPTH[subject] <= _DEPTH[definition.level] and period in definition.periods


# ---- Values -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Value:
    """`value` is percent, a mean or a count, to the hundredth; None unless the status is ok."""

    status: Status
    value: Decimal | None
    numerator: int
    denominator: int


def matches(cell: Cell, selection: Selection) -> bool:
    return cell.kind in selection.kinds and (
        not selection.outcomes or cell.outcome in selection.outcomes
    )


def asked_of(
    definition: DeclareIndicator, placed: Iterable[PlacedCell], office: str | None
) -> list[Cell]:
    """Those cells of a subject that an indicator asks for: seen by the side it names, of the
    office it names (unless the subject is an office itself), one for each kind, outcome, day."""
    wanted = {kind for each in definition.selections() for kind in each.kinds}
    side = {SeenBy.SELF: True, SeenBy.OTHER: False}.get(definition.seen_by)
    named = definition.office if office is None else None
    sums: dict[tuple[str, str, date | None], list[int]] = {}
    for each in placed:
        cell = each.cell
        if cell.kind not in wanted or (side is not None and each.own != side):
            continue
        if named is not None and each.office != named:
            continue
        held = sums.setdefault((cell.kind, cell.outcome, cell.day), [0, 0, 0])
        for place, number in enumerate((cell.n, cell.measured, cell.sum_measure)):
            held[place] += number
    return [Cell(*key, *held) for key, held in sums.items()]


def sides_of(definition: DeclareIndicator) -> dict[str, Selection]:
    """The selections whose cells are the evidence of a value, by side."""
    if definition.form == Form.SHARE:
        assert definition.numerator is not None and definition.denominator is not None
        return {"numerator": definition.numerator, "denominator": definition.denominator}
    assert definition.of is not None
    return {"of": definition.of}


def evaluate(definition: DeclareIndicator, cells: Iterable[Cell]) -> Value:
    """The value from its cells, exactly: integers divided once and rounded half up at the end.

    Nothing to divide by is "no cases", not zero. The number of cases is the denominator, for a
    mean the facts that carry a measure, for a count the count.
    """
    held = list(cells)
    sums = {
        side: [cell for cell in held if matches(cell, selection)]
        for side, selection in sides_of(definition).items()
    }
    if definition.form == Form.SHARE:
        above = sum(cell.n for cell in sums["numerator"])
        below = sum(cell.n for cell in sums["denominator"])
        factor = 100
    elif definition.form == Form.MEAN:
        above = sum(cell.sum_measure for cell in sums["of"])
        below = sum(cell.measured for cell in sums["of"])
        factor = 1
    else:
        above = below = sum(cell.n for cell in sums["of"])
        factor = below
    if below == 0:
        return Value(Status.NO_CASES, None, above, below)
    if below < definition.minimum_cases:
        return Value(Status.TOO_FEW_CASES, None, above, below)
    return Value(Status.OK, hundredth(Fraction(above * factor, below)), above, below)


def hundredth(number: Fraction | Decimal) -> Decimal:
    """Rounded half up, away from zero, to the hundredth; exact until then."""
    exact = Fraction(number)
    cents = (abs(exact) * 200 + 1) // 2
    return (Decimal(cents) / 100 * (1 if exact >= 0 else -1)).quantize(HUNDREDTH)


def visible(counts: Sequence[int]) -> list[bool]:
    """Which cells of one total may be shown. One to nine are hidden; while what is hidden could
    be worked out from the total to fewer than ten, the smallest shown cell is hidden as well."""
    shown = [count == 0 or count >= LEAST_CASES for count in counts]
    by_size = sorted((count, place) for place, count in enumerate(counts) if count)
    for _, place in by_size:
        hidden = sum(count for count, seen in zip(counts, shown, strict=True) if not seen)
        if hidden == 0 or hidden >= LEAST_CASES:
            break
        shown[place] = False
    return shown
