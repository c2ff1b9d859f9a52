"""Which campaigns are to be proposed today, and what they say. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Protocol

from services.notify.messages.segments import split
from shared.clock import CHINA

PURPOSE: Final = "monthly-greeting"  # the consent that greetings and publicity lean on
SCREEN_PARTS: Final = 2  # what a phone shows without scrolling
_GAP: Final = {"zh-CN": "", "en": " "}


class News(Protocol):
    @property
    def text_zh(self) -> str: ...

    @property
    def text_en(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """A campaign to propose: what for, when it goes, when it is stale, and its text by language.
    `occasion` is the code of its template as well."""

    occasion: str
    start_at: datetime
    expires_at: datetime
    texts: dict[str, str]
    rest_days: int = 0


def fits_a_screen(text: str) -> bool:
    """Whether a text is short enough to be read at a glance (一屏)."""
    return len(split(text).parts) <= SCREEN_PARTS


def months_ahead(today: date, day: int, ahead_days: int) -> date | None:
    """The coming day `day` of a month, where today lies in the days before it (both included)."""
    this = today.replace(day=day)
    following = (today.replace(day=1) + timedelta(days=31)).replace(day=day)
    coming = this if this >= today else following
    return coming if (coming - today).days <= ahead_days else None


def years_ahead(today: date, month: int, day: int, ahead_days: int) -> date | None:
    """The coming such day of a year, where today lies in the days before it. 29 February comes in
    leap years only."""
    for year in (today.year, today.year + 1):
        try:
            coming = date(year, month, day)
        except ValueError:
            continue
        if 0 <= (coming - today).days <= ahead_days:
            return coming
    return None


def greeting_texts(
    opening_zh: str, opening_en: str, news: Sequence[News], most: int
) -> dict[str, str] | None:
    """The greeting of a month in each language; None without news: then nothing is said."""
    if not news:
        return None
    items = news[:most]
    return {
        "zh-CN": _joined("zh-CN", opening_zh, [each.text_zh for each in items]),
        "en": _joined("en", opening_en, [each.text_en for each in items]),
    }


def moment_of(day: date, hour: int) -> datetime:
    """An hour of a day in China; UTC."""
    return datetime.combine(day, time(hour), CHINA).astimezone(UTC)


def end_of(day: date) -> datetime:
    """When a day ends in China; UTC."""
    return moment_of(day + timedelta(days=1), 0)


def _joined(language: str, opening: str, texts: Sequence[str]) -> str:
    return _GAP[language].join([opening, *texts])
