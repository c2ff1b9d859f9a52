"""Which region a code means, decided over what the registry listed. Pure."""

from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import Final

from services.migrant.regions.errors import UnknownRegion
from shared.events.registry import RegionVersion
from shared.problems import Text


class Reason(StrEnum):
    UNKNOWN = "unknown"
    ABOLISHED = "abolished"
    NOT_YET = "not-yet"


_WORDS: Final = {
    Reason.UNKNOWN: Text("没有区划代码 {code}", "There is no region {code}"),
    Reason.ABOLISHED: Text("区划 {code} 已于 {on} 撤销", "Region {code} was abolished on {on}"),
    Reason.NOT_YET: Text("区划 {code} 自 {on} 起设立", "Region {code} begins on {on}"),
}
_NOW: Final = Text(",现为 {names}", ": it is now {names}")


def standing(versions: Sequence[RegionVersion], on: date, today: date) -> str | None:
    """The code by which a place goes today: its own while it exists, or that of the one place it
    became, for somebody who was there on a day when it existed. None where it is neither."""
    if any(_existed(each, today) for each in versions):
        return versions[0].code
    there = [each for each in versions if _existed(each, on)]
    return there[-1].became[0] if there and len(there[-1].became) == 1 else None


def home_today(versions: Sequence[RegionVersion], today: date) -> str | None:
    """The code by which a home goes today: its own while it exists, or that of the one place it
    became, whenever she left it. None where it is neither."""
    if any(_existed(each, today) for each in versions):
        return versions[0].code
    became = _became(versions)
    return became[0] if has_ended(versions, today) and len(became) == 1 else None


def has_ended(versions: Sequence[RegionVersion], today: date) -> bool:
    """Whether it was a region once, of a code that is none today."""
    return not any(_existed(each, today) for each in versions) and any(
        each.valid_to and each.valid_to <= today for each in versions
    )


def unknown(
    field: str, code: str, versions: Sequence[RegionVersion], names: Mapping[str, str], today: date
) -> UnknownRegion:
    """The problem to raise for a code that is no region today; `names` are those of the regions
    that it became."""
    reason, on = _reason(versions, today)
    became = [{"code": each, "name": names.get(each, each)} for each in _became(versions)]
    zh, en = _filled(_WORDS[reason], code=code, on=on)
    if became:
        zh_now, en_now = _filled(_NOW, names=", ".join(f"{x['name']} {x['code']}" for x in became))
        zh, en = zh + zh_now, en + en_now
    return UnknownRegion(
        Text(zh, en),
        field=field,
        reason=reason.value,
        on=on.isoformat() if on else None,
        became=became,
    )


def _existed(version: RegionVersion, day: date) -> bool:
    begun = version.valid_from is None or version.valid_from <= day
    return begun and (version.valid_to is None or version.valid_to > day)


def _reason(versions: Sequence[RegionVersion], today: date) -> tuple[Reason, date | None]:
    ended = [each.valid_to for each in versions if each.valid_to and each.valid_to <= today]
    if ended:
        return Reason.ABOLISHED, max(ended)
    begins = [each.valid_from for each in versions if each.valid_from and each.valid_from > today]
    return (Reason.NOT_YET, min(begins)) if begins else (Reason.UNKNOWN, None)


def _became(versions: Sequence[RegionVersion]) -> Sequence[str]:
    return versions[-1].became if versions else ()


def _filled(words: Text, **values: object) -> tuple[str, str]:
    return words.zh.format(**values), words.en.format(**values)
