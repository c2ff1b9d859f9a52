"""What a county may want otherwise about requests for help, as a file with the source of each line:
categories, departments, times, and the sentences that the person reads."""

from functools import cache, cached_property
from importlib.resources import files

from pydantic import BaseModel, ConfigDict, PositiveInt

from services.migrant.help.rules import HelpCategory, Step


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Limit(_Data):
    """A number, and the rule it comes from. Days are calendar days (自然日)."""

    value: PositiveInt
    source: str


class Words(_Data):
    """The same in Chinese and English."""

    zh: str
    en: str


class Limits(_Data):
    """Times and counts (期限)."""

    accept_days: Limit
    settle_days: Limit
    extend_days: Limit
    review_ask_days: Limit
    review_days: Limit
    passes_most: Limit
    remind_days: Limit
    rating_days: Limit
    satisfied_from: Limit
    urgent_people: Limit
    joined_days: Limit
    joined_texts_most: Limit


class Department(Words):
    """Who settles requests (承办部门). Its office is called by the same code until the county says
    otherwise (help_routes)."""

    code: str


class Category(Words):
    """What is asked for, who settles it (where another does when the employer is known), and by
    which words a text message tells of it."""

    code: HelpCategory
    department: str
    employer_known: str | None = None
    urgent: bool = False
    words: tuple[str, ...]
    source: str


class ReviewRouting(_Data):
    """Who decides reviews (复查), and who does where that one settled the request itself."""

    department: str
    or_else: str


class Catalogue(_Data):
    """The whole file. `oversight` is told what passed its deadline (督办)."""

    limits: Limits
    oversight: str
    review: ReviewRouting
    danger_words: tuple[str, ...]
    departments: tuple[Department, ...]
    categories: tuple[Category, ...]
    steps: dict[Step, Words]

    @cached_property
    def by_code(self) -> dict[HelpCategory, Category]:
        return {each.code: each for each in self.categories}

    @cached_property
    def department_codes(self) -> frozenset[str]:
        return frozenset(each.code for each in self.departments)


@cache
def catalogue() -> Catalogue:
    """Read once. Raises ValidationError when the file is not in form."""
    text = files("services.migrant.help").joinpath("catalogue.json").read_bytes()
    return Catalogue.model_validate_json(text)
