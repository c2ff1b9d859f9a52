"""The languages that texts are written in (语种): one file each under texts/, named by its tag.

A file has the language's own words (how it writes a day and a moment, how it says that one may
refuse) and the templates the service comes with. Another language is one more file.
"""

from collections.abc import Mapping
from datetime import date, time
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

from pydantic import BaseModel, ConfigDict, JsonValue

DEFAULT_LANGUAGE: Final = "zh-CN"
_ELSEWHERE: Final = "en"  # whose words stand around a text in a language without a file


class Language(BaseModel):
    """A file. `opt_out` ends every promotion; `templates` are read as WriteTemplate with a
    version."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    opt_out: str
    day: str
    moment: str
    templates: tuple[dict[str, JsonValue], ...] = ()

    def write_date(self, day: date) -> str:
        return self.day.format(year=day.year, month=day.month, day=day.day)

    def write_moment(self, day: date, at: time) -> str:
        return self.moment.format(day=self.write_date(day), time=f"{at:%H:%M}")


def read_languages(folder: Traversable) -> Mapping[str, Language]:
    """The files of a folder by language tag. Raises ValidationError for one not in form."""
    return {
        each.name.removesuffix(".json"): Language.model_validate_json(each.read_bytes())
        for each in sorted(folder.iterdir(), key=lambda each: each.name)
        if each.name.endswith(".json")
    }


@cache
def languages() -> Mapping[str, Language]:
    """Those the service comes with, read once."""
    return read_languages(files("services.notify.templates.texts"))


def language_of(tag: str, known: Mapping[str, Language] | None = None) -> Language:
    """The words of a language: its own, those of another form of it (zh-HK, zh-CN), or English."""
    known = languages() if known is None else known
    if tag in known:
        return known[tag]
    stem = tag.partition("-")[0]
    like = [each for each in known if each.partition("-")[0] == stem]
    return known[like[0] if like else _ELSEWHERE]
