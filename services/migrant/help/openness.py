"""What anybody may read (政务公开): procedures with their days, promises, what no office may do,
how to complain; and the categories and departments of requests for help."""

from functools import cache
from importlib.resources import files

from pydantic import BaseModel, ConfigDict

from services.migrant.help.catalogue import catalogue
from services.migrant.help.rules import HelpCategory


class Line(BaseModel):
    """A sentence in both languages, and the rule it comes from."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    zh: str
    en: str
    source: str


class OpenPage(BaseModel):
    """The page that a county edits as a file. `never` is what no office may do (不准)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    procedures: tuple[Line, ...]
    promises: tuple[Line, ...]
    never: tuple[Line, ...]
    complaints: tuple[Line, ...]


class CategoryView(BaseModel):
    """What one can ask for, who settles it, and by which rule."""

    code: HelpCategory
    zh: str
    en: str
    department_zh: str
    department_en: str
    source: str


class LimitView(BaseModel):
    """A time or count that offices are held to; days are calendar days."""

    name: str
    value: int
    source: str


class OpennessView(BaseModel):
    """The page, the categories, and the times offices are held to."""

    page: OpenPage
    categories: list[CategoryView]
    limits: list[LimitView]


@cache
def published() -> OpennessView:
    """Read once. Raises ValidationError when a file is not in form."""
    text = files("services.migrant.help").joinpath("openness.json").read_bytes()
    data = catalogue()
    departments = {each.code: each for each in data.departments}
    return OpennessView(
        page=OpenPage.model_validate_json(text),
        categories=[
            CategoryView(
                code=each.code,
                zh=each.zh,
                en=each.en,
                department_zh=departments[each.department].zh,
                department_en=departments[each.department].en,
                source=each.source,
            )
            for each in data.categories
        ],
        limits=[LimitView(name=name, **limit) for name, limit in data.limits.model_dump().items()],
    )
