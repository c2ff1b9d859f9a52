"""The limits as shipped, each with its bounds and its source. A county sets its own as data."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, TypeAdapter

from services.migrant.limits.errors import ContradictoryLimits, OutOfBounds


class Limit(StrEnum):
    """What a limit is about; the value is a whole number."""

    ANSWER_FROM_HOUR = "answer-from-hour"
    ANSWER_UNTIL_HOUR = "answer-until-hour"
    WAITS_EACH = "waits-each"
    FORMS_EACH_DAY = "forms-each-day"
    FORMS_ADDRESS_DAY = "forms-address-day"
    FORMS_WAITING = "forms-waiting"


class Shipped(BaseModel):
    """A limit as shipped: its value, what it may be set to, what it means and why it is so."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: Limit
    value: int
    least: int
    most: int
    zh: str
    en: str
    source: str


SHIPPED: Final[Mapping[Limit, Shipped]] = {
    each.code: each
    for each in TypeAdapter(list[Shipped]).validate_json(
        Path(__file__).with_name("catalogue.json").read_bytes()
    )
}


def check_limits(code: Limit, values: Mapping[Limit, int]) -> None:
    """Whether `code` may be set as it is in `values`, which hold all that apply. Raises
    OutOfBounds; ContradictoryLimits where nobody could answer at any hour."""
    bounds = SHIPPED[code]
    if not bounds.least <= values[code] <= bounds.most:
        raise OutOfBounds(least=bounds.least, most=bounds.most)
    if values[Limit.ANSWER_FROM_HOUR] >= values[Limit.ANSWER_UNTIL_HOUR]:
        raise ContradictoryLimits()
