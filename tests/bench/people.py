"""Made-up people by number: the same number is always the same person, and no two share an id
number or a phone (up to 17,900,000). For load, where the roster's families would be too slow."""

from datetime import date, timedelta
from typing import Any

from shared.codes import resident_id_check_digit

COUNTY = "420325"
VILLAGE = "420325100001"
REGIONS = (
    ("42", "湖北省"),
    ("4203", "十堰市"),
    (COUNTY, "房县"),
    ("420325100", "城关镇"),
    (VILLAGE, "东街社区"),
)
FIRST_DAY = date(1960, 1, 1)
DAYS = 18_000
# Rare enough that none of them turns up in a log by chance.
RARE = "翀翾彧昶珩玥琰璟瑄晔晟曦烨煊皓睿祺禛筠箫绮翎翊芮芷苒荻菀萱葳"


def name(number: int) -> str:
    """Three characters; not unique."""
    first, second = number // len(RARE), number % len(RARE)
    return "王" + RARE[first % len(RARE)] + RARE[second]


def id_number(number: int) -> str:
    """A valid resident id number (GB 11643) of the county."""
    day = birth_date(number)
    first17 = f"{COUNTY}{day:%Y%m%d}{number // DAYS + 1:03d}"
    return first17 + resident_id_check_digit(first17)


def birth_date(number: int) -> date:
    return FIRST_DAY + timedelta(days=number % DAYS)


def sex(number: int) -> str:
    """1 male, 2 female: an odd sequence number is a man's."""
    return "1" if (number // DAYS + 1) % 2 else "2"


def phone(number: int) -> str:
    return f"139{number:08d}"


def person(number: int) -> dict[str, Any]:
    """The body of POST /registry/v1/persons."""
    return {
        "name": name(number),
        "sex": sex(number),
        "birth_date": birth_date(number).isoformat(),
        "id_number": id_number(number),
        "phone": phone(number),
        "hukou_region": VILLAGE,
        "residence": {"region": VILLAGE, "kind": "usual", "since": "2020-05-01"},
    }
