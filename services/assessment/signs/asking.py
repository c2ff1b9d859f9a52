"""The question behind a sign, in words. Pure."""

from collections.abc import Mapping
from typing import Final

from services.assessment.facts.kinds import KINDS, Kind
from services.assessment.fields import Words
from services.assessment.signs.rules import Check
from shared.problems import Text

_QUESTIONS: Final[Mapping[Check, Text]] = {
    Check.HEAPING: Text(
        "“{kind}”{cases}件中,{share}的用时(天)以0或5结尾,通常约为20%。原因是什么?",
        "Of {cases} {kind}, {share} took a number of days that ends in 0 or 5; about 20% is usual."
        " Why?",
    ),
    Check.AT_ONCE: Text(
        "“{kind}”{cases}件中,{share}在当天办结,明显多于其他单位。原因是什么?",
        "Of {cases} {kind}, {share} were settled on the day they came, far more than elsewhere."
        " Why?",
    ),
    Check.SAME_MINUTE: Text(
        "“{kind}”{cases}件中,{share}记在同一分钟。是否为集中录入?",
        "Of {cases} {kind}, {share} are recorded in one and the same minute. Were they entered"
        " together?",
    ),
    Check.AT_NIGHT: Text(
        "“{kind}”{cases}件中,{share}记在22时至次日6时。原因是什么?",
        "Of {cases} {kind}, {share} are recorded between 22:00 and 06:00. Why?",
    ),
    Check.COPIED: Text(
        "“{kind}”{cases}件,每天的数量与{same}完全相同。是否为重复录入?",
        "{cases} {kind}: each day has as many as {same}. Was something entered twice?",
    ),
    Check.LAST_DIGITS: Text(
        "一年内{cases}个三位以上的月度数字中,{share}末位相同,通常约为10%。原因是什么?",
        "Of {cases} monthly numbers of a hundred and more in a year, {share} end in the same digit;"
        " about 10% is usual. Why?",
    ),
}
_OWN_MONTH_BEFORE: Final = Text("上月", "the same day a month before")
_ELSEWHERE: Final = Text("{name}的同月", "the same day of {name}")


def question(check: Check, kind: str, cases: int, share: float, same_as: str) -> Words:
    """What the office is asked, in both languages."""
    name = KINDS[Kind(kind)].name if kind else Text("", "")
    same = _OWN_MONTH_BEFORE if same_as == "-1" else _ELSEWHERE
    words = _QUESTIONS[check]
    given = {"cases": cases, "share": f"{100 * share:.0f}%"}
    return Words(
        zh=words.zh.format(**given, kind=name.zh, same=same.zh.format(name=same_as)),
        en=words.en.format(**given, kind=name.en, same=same.en.format(name=same_as)),
    )
