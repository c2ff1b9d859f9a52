"""What is compared of two records, and what each outcome weighs (比对项目与权重).

Weights follow Fellegi and Sunter (1969): log2(m / u), where m is how often records of one person
come out at the level and u how often records of two persons do. They are set by counting, with
the count beside each where it is not plain, and not learned from a county's records: the same pair
weighs the same in every county, and a clerk can be told why. Where comparisons depend on each
other (an id number holds the birth date), the later one is counted among pairs that agree on the
earlier. How common a name is counts in each search (term frequency): 王伟 twice says less than
欧阳知夏 twice.
"""

from typing import Final

from services.registry.duplicates.levels import Comparison, Level, absent, always, equal, same
from services.registry.duplicates.name_comparison import CUT_SHORT_SQL, cut_short
from services.registry.duplicates.rules import Record, one_slip_apart
from shared.problems import Text

_DAYS: Final = 30_000  # birthdays of the living, about

BIRTH: Final = Comparison(
    "birth_date",
    Text("出生日期", "Birth date"),
    (
        Level(
            "same-birth-date",
            Text("同出生日期", "same birth date"),
            equal("born"),
            same("born"),
            m=0.90,
            u=1 / _DAYS,
        ),
        Level(
            "birth-date-one-slip-apart",
            Text("出生日期仅一处不同（或月日颠倒）", "birth dates one slip apart"),
            "damerau_levenshtein(born_l, born_r) <= 1"
            " OR (substr(born_l, 1, 4) = substr(born_r, 1, 4)"
            " AND substr(born_l, 5, 2) = substr(born_r, 7, 2)"
            " AND substr(born_l, 7, 2) = substr(born_r, 5, 2))",
            lambda one, other: (
                one_slip_apart(one.born, other.born)
                or one.born == other.born[:4] + other.born[6:] + other.born[4:6]
            ),
            m=0.05,
            u=40 / _DAYS,  # dates that one digit, or two, make of another
        ),
        Level(
            "birth-date-near",
            Text("出生日期相差不足两月（公历、农历）", "birth dates less than two months apart"),
            "abs(day_number_l - day_number_r) <= 60",
            lambda one, other: abs(one.day_number - other.day_number) <= 60,
            m=0.03,
            u=120 / _DAYS,
        ),
        Level(
            "birth-dates-differ",
            Text("出生日期不同", "birth dates differ"),
            "ELSE",
            always,
            m=0.02,
            u=0.995,
        ),
    ),
)


def _same_digits(one: Record, other: Record, part: slice) -> bool:
    return one.id17 is not None and other.id17 is not None and one.id17[part] == other.id17[part]


ID_NUMBER: Final = Comparison(
    "id_number",
    Text("证件号码", "Id number"),
    (
        Level(
            "same-id-number",
            Text("证件号码相同（新旧位数）", "same id number, old or new form"),
            equal("id17"),
            same("id17"),
            m=0.02,
            u=1e-6,
        ),
        Level(
            "id-numbers-one-slip-apart",
            Text("证件号码仅一处不同", "id numbers one slip apart"),
            "substr(id17_l, 15) = substr(id17_r, 15) AND damerau_levenshtein(id17_l, id17_r) <= 1",
            lambda one, other: (
                _same_digits(one, other, slice(14, 17))
                and one_slip_apart(one.id17 or "", other.id17 or "")
            ),
            m=0.47,
            u=1e-3,  # one serial in a thousand, the date counted above and the county a given
        ),
        Level(
            "id-serials-one-slip-apart",
            Text("证件号码顺序码仅一处不同", "serials of the id numbers one slip apart"),
            "substr(id17_l, 1, 14) = substr(id17_r, 1, 14)"
            " AND damerau_levenshtein(substr(id17_l, 15), substr(id17_r, 15)) <= 1",
            lambda one, other: (
                _same_digits(one, other, slice(0, 14))
                and one_slip_apart((one.id17 or "")[14:], (other.id17 or "")[14:])
            ),
            m=0.35,
            u=0.10,  # one in eighteen by chance, more from one police station
        ),
        Level(
            "id-areas-differ",
            Text("证件号码仅地区码不同", "id numbers equal but for the area"),
            "substr(id17_l, 7) = substr(id17_r, 7)",
            lambda one, other: _same_digits(one, other, slice(6, 17)),
            m=0.15,
            u=2e-3,  # one serial in five hundred of a sex
        ),
        Level(
            "id-numbers-differ",
            Text("证件号码不同", "id numbers differ"),
            "ELSE",
            always,
            m=0.01,
            u=0.897,  # who has two numbers was registered twice, which is rarer than a namesake
        ),
    ),
    missing=Level(
        "id-number-missing",
        Text("一方无证件号码", "one has no id number"),
        *absent("id17"),
        m=1,
        u=1,
    ),
)

SEX: Final = Comparison(
    "sex",
    Text("性别", "Sex"),
    (
        Level("same-sex", Text("同性别", "same sex"), equal("sex"), same("sex"), m=0.99, u=0.5),
        Level("sexes-differ", Text("性别不同", "sexes differ"), "ELSE", always, m=0.01, u=0.5),
    ),
)

PHONE: Final = Comparison(
    "phone",
    Text("手机号", "Phone"),
    (
        Level(
            "same-phone",
            Text("同手机号", "same phone"),
            equal("phone"),
            same("phone"),
            m=0.5,
            u=1e-3,  # rarer among strangers, but one phone serves a family
        ),
        Level("phones-differ", Text("手机号不同", "phones differ"), "ELSE", always, m=0.5, u=0.999),
    ),
    missing=Level(
        "phone-missing", Text("一方无手机号", "one has no phone"), *absent("phone"), m=1, u=1
    ),
)


def _twins(one: Record, other: Record) -> bool:
    together = same("household")(one, other) or same("mother")(one, other)
    if not (together and same("born")(one, other)) or one.name == other.name:
        return False
    two_numbers = one.id17 is not None and other.id17 is not None and one.id17 != other.id17
    alike = (
        one.sound == other.sound
        or one.unordered == other.unordered
        or one.shape == other.shape
        or one.unreadable
        or other.unreadable
        or cut_short(one, other)
    )
    return two_numbers or not alike


_TWINS_SQL: Final = (
    "(household_l = household_r OR mother_l = mother_r) AND born_l = born_r"
    " AND name_l <> name_r AND (id17_l <> id17_r OR NOT (sound_l = sound_r"
    " OR unordered_l = unordered_r OR shape_l = shape_r OR unreadable_l = 1 OR unreadable_r = 1"
    f" OR ({CUT_SHORT_SQL})))"
)

FAMILY: Final = Comparison(
    "family",
    Text("家庭", "Family"),
    (
        Level(
            "twins",
            Text("同户（同母）同日出生而名字不同：双胞胎", "of one family and day: twins"),
            _TWINS_SQL,
            _twins,
            m=2e-8,  # set so that nothing outweighs it: what speaks for one person here (the day,
            u=1.0,  # the phone, the village, the serial beside it) is what twins have in common
        ),
        Level(
            "same-household",
            Text("同户", "same household"),
            equal("household"),
            same("household"),
            m=0.38,
            u=0.01,  # rarer among strangers; who is compared is often of one family
        ),
        Level(
            "households-differ", Text("不同户", "other households"), "ELSE", always, m=0.62, u=0.99
        ),
    ),
    missing=Level(
        "household-unknown",
        Text("一方户别不明", "one has no household here"),
        "(household_l IS NULL OR household_r IS NULL) AND (mother_l IS NULL OR mother_r IS NULL)",
        lambda one, other: (
            None in (one.household, other.household) and None in (one.mother, other.mother)
        ),
        m=1,
        u=1,
    ),
)


def _same_region(one: Record, other: Record, digits: int) -> bool:
    return len(one.region) >= digits and one.region[:digits] == other.region[:digits]


def _within(digits: int) -> str:
    return (
        f"length(region_l) >= {digits}"
        f" AND substr(region_l, 1, {digits}) = substr(region_r, 1, {digits})"
    )


HUKOU: Final = Comparison(
    "hukou",
    Text("户籍地", "Household register"),
    (
        Level(
            "same-village",
            Text("户籍同村（社区）", "registered in one village"),
            _within(12),
            lambda one, other: _same_region(one, other, 12),
            m=0.5,
            u=5e-3,  # a county has about two hundred
        ),
        Level(
            "same-township",
            Text("户籍同乡镇", "registered in one township"),
            _within(9),
            lambda one, other: _same_region(one, other, 9),
            m=0.15,
            u=0.05,
        ),
        Level(
            "same-county",
            Text("户籍同县", "registered in one county"),
            _within(6),
            lambda one, other: _same_region(one, other, 6),
            m=0.25,
            u=0.6,
        ),
        Level(
            "counties-differ",
            Text("户籍不同县", "registered in two counties"),
            "ELSE",
            always,
            m=0.10,
            u=0.345,
        ),
    ),
)
