"""The limits as shipped, each with its source. A county sets its own as data; none refuses anybody
a registration or a service."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from shared.problems import Text


class Limit(StrEnum):
    """What a limit is about; the value is a whole number."""

    UNIT_COUNTY_STAFF = "unit-county-staff"
    UNIT_TOWNSHIP_STAFF = "unit-township-staff"
    LIAISON_HOUSEHOLDS_LEAST = "liaison-households-least"
    LIAISON_HOUSEHOLDS_MOST = "liaison-households-most"
    COORDINATOR_HOUSEHOLDS = "coordinator-households"
    BIRTH_MONTHS = "birth-months"
    DEATH_MONTHS = "death-months"
    MARRIAGE_AGE_MEN = "marriage-age-men"
    MARRIAGE_AGE_WOMEN = "marriage-age-women"
    MOTHER_YOUNGEST = "mother-youngest"
    MOTHER_OLDEST = "mother-oldest"
    BIRTHS_APART_MONTHS = "births-apart-months"
    QUEUE_DAYS = "queue-days"


@dataclass(frozen=True, slots=True)
class Standard:
    """A shipped value, what it means and where it was taken from."""

    value: int
    words: Text
    source: str


SHIPPED: Final[Mapping[Limit, Standard]] = {
    Limit(each["code"]): Standard(each["value"], Text(each["zh"], each["en"]), each["source"])
    for each in json.loads(Path(__file__).with_name("catalogue.json").read_text("utf-8"))
}
# In each pair the first stays below the second.
ORDERED: Final = (
    (Limit.UNIT_TOWNSHIP_STAFF, Limit.UNIT_COUNTY_STAFF),
    (Limit.LIAISON_HOUSEHOLDS_LEAST, Limit.LIAISON_HOUSEHOLDS_MOST),
    (Limit.MOTHER_YOUNGEST, Limit.MOTHER_OLDEST),
)


def in_order(values: dict[Limit, int]) -> bool:
    """Whether a whole set of values makes sense together."""
    return all(values[low] < values[high] for low, high in ORDERED)
