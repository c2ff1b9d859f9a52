"""Made-up people with the cases that are hard: second records of one person, each spoiled in one
way, and pairs of two persons who look like one. Everything follows from the seed."""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from hashlib import sha256
from typing import Final
from uuid import UUID

from opencc import OpenCC
from pypinyin import lazy_pinyin

from deploy.box import names
from deploy.box.families import Families, Member
from services.registry.duplicates.rules import Compared, Record
from services.registry.duplicates.rules import record_of as record_of_compared
from shared.codes import Sex, resident_id_check_digit

COUNTY: Final = "420325"
VILLAGES: Final = [
    f"{COUNTY}{town:03d}{village:03d}" for town in range(100, 112) for village in range(1, 19)
]
AWAY: Final = ("420381", "420302", "610928", "411326")
PROVINCE: Final = "42"
_PHONES: Final = 13_900_000_000


@dataclass(frozen=True, slots=True)
class Person:
    """A made-up record, as the registry would hold it."""

    id: UUID
    name: str
    sex: str
    birth_date: date
    id_number: str | None = None
    phone_index: bytes | None = None
    household_id: UUID | None = None
    mother_id: UUID | None = None
    hukou_region: str = ""


def record_of(person: Person) -> Record:
    """The record that a search makes of it."""
    return record_of_compared(
        Compared(
            name=person.name,
            sex=person.sex,
            born=person.birth_date.strftime("%Y%m%d"),
            day_number=person.birth_date.toordinal(),
            id_number=person.id_number,
            phone=person.phone_index[:8].hex() if person.phone_index else None,
            household=str(person.household_id) if person.household_id else None,
            mother=str(person.mother_id) if person.mother_id else None,
            region=person.hukou_region,
        )
    )


@dataclass
class Case:
    """Two records: whose kind of case it is, and whether they are of one person."""

    kind: str
    one: Person
    other: Person
    same: bool


@dataclass
class Population:
    """Every record, and the pairs whose truth matters. Pairs not listed are of two persons."""

    persons: list[Person]
    cases: list[Case]


class Maker:
    """Draws people and spoils records."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self._families = Families(self.rng)
        self._serials: dict[tuple[str, date], set[int]] = {}
        self._ids = 0
        self._phone = _PHONES

    def new_id(self) -> UUID:
        self._ids += 1
        return UUID(int=self._ids << 64 | self.rng.getrandbits(62))

    def phone(self) -> bytes:
        self._phone += 1
        return sha256(str(self._phone).encode()).digest()

    def id_number(self, born: date, sex: str, area: str, village: str) -> str:
        """A number nobody has yet: each township's police station gives out serials of its own
        range in their order, odd ones to men."""
        taken = self._serials.setdefault((area, born), set())
        start = int(village[6:9] or 0) % 24 * 40 + (1 if sex == "1" else 2)
        serial = next(n % 1000 for n in range(start, start + 1000, 2) if n % 1000 not in taken)
        taken.add(serial)
        first17 = f"{area}{born:%Y%m%d}{serial:03d}"
        return first17 + resident_id_check_digit(first17)

    def number_of(self, person: Person, born: date | None = None) -> str:
        """A fresh number for somebody like `person`."""
        day = born or person.birth_date
        return self.id_number(day, person.sex, COUNTY, person.hukou_region)

    def household(self) -> list[Person]:
        home, village = self.new_id(), self.rng.choice(VILLAGES)
        shared = self.phone()
        return [
            self._person(each, home, village, shared) for each in self._families.resident(PROVINCE)
        ]

    def _person(self, member: Member, home: UUID, village: str, shared: bytes) -> Person:
        own = self.rng.random() < 0.7
        grown = member.age >= 16
        sex = member.sex.value
        area = self.rng.choices((COUNTY, *AWAY), (0.9, *[0.025] * len(AWAY)))[0]
        return Person(
            id=self.new_id(),
            name=member.name,
            sex=sex,
            birth_date=member.birth_date,
            id_number=self.id_number(member.birth_date, sex, area, village),
            phone_index=(self.phone() if own else shared) if grown else None,
            household_id=home,
            hukou_region=village,
        )

    def population(self, size: int, each: int) -> Population:
        """About `size` people, and `each` pairs of every kind of case."""
        persons: list[Person] = []
        while len(persons) < size:
            persons += self.household()
        grown = [p for p in persons if 16 < (date(2026, 6, 30) - p.birth_date).days / 365 < 95]
        han = [p for p in grown if 2 <= len(p.name) <= 3]
        self.rng.shuffle(han)
        cases = []
        for kind, spoil in SECOND_RECORDS.items():
            for person in [han.pop() for _ in range(each)]:
                other = spoil(self, replace(person, id=self.new_id()))
                cases.append(Case(kind, person, other, same=True))
        counts = Counter(person.name for person in han)
        common = sorted(han, key=lambda person: counts[person.name])
        used: set[UUID] = set()
        for kind, pair in TWO_PERSONS.items():
            drawn = common if kind in OF_COMMON_NAMES else han
            for person in self._unused(drawn, each, used):
                cases.append(Case(kind, *pair(self, person), same=False))
        known = {person.id for person in persons}
        for case in cases:
            persons += [p for p in (case.one, case.other) if p.id not in known]
            known |= {case.one.id, case.other.id}
        persons.sort(key=lambda person: person.id)
        return Population(persons, cases)

    def _unused(self, drawn: list[Person], each: int, used: set[UUID]) -> Iterator[Person]:
        """The last of `drawn` that stand in no case yet."""
        for _ in range(each):
            person = drawn.pop()
            while person.id in used:
                person = drawn.pop()
            used.add(person.id)
            yield person

    # what happens to a name

    def given(self, person: Person) -> str:
        return person.name[1:]

    def other_name(self, person: Person) -> str:
        sex = Sex(person.sex)
        while True:
            name = names.full_name(self.rng, person.name[0], sex, person.birth_date.year, names.HAN)
            if name[1:] != person.name[1:] and len(name) == len(person.name):
                return name

    def one_character(self, person: Person) -> str:
        """The last character another one that such names end in, not a homophone."""
        while True:
            last = self.other_name(person)[-1]
            if last != person.name[-1] and lazy_pinyin(last) != lazy_pinyin(person.name[-1]):
                return person.name[:-1] + last

    def homophone(self, person: Person) -> str:
        sound = lazy_pinyin(person.name[-1])[0]
        others = [each for each in _characters()[sound] if each != person.name[-1]]
        return person.name[:-1] + self.rng.choice(others)


@cache
def _characters() -> dict[str, list[str]]:
    """Common characters by their reading."""
    found: dict[str, list[str]] = {}
    for code in range(0x4E00, 0x9FA5):
        try:
            chr(code).encode("gb2312")
        except UnicodeEncodeError:
            continue
        found.setdefault(lazy_pinyin(chr(code))[0], []).append(chr(code))
    return {sound: each for sound, each in found.items() if len(each) > 1} | {
        sound: each * 2 + ["□"] for sound, each in found.items() if len(each) == 1
    }


_traditional = OpenCC("s2t").convert


def _slip(number: str, place: int, rng: random.Random) -> str:
    """One digit wrong, the check digit right again."""
    digit = str((int(number[place]) + rng.randint(1, 9)) % 10)
    first17 = number[:place] + digit + number[place + 1 : 17]
    return first17 + resident_id_check_digit(first17)


def _serial_slip(maker: Maker, person: Person) -> str:
    return _slip(str(person.id_number), maker.rng.choice((14, 15)), maker.rng)


def _swapped(number: str) -> str:
    """The first two neighbours of the serial and the area that differ, changed over."""
    for place in (15, 14, 4, 2, 1):
        a, b = number[place], number[place + 1]
        if a != b:
            first17 = number[:place] + b + a + number[place + 2 : 17]
            return first17 + resident_id_check_digit(first17)
    return number


def _day_slip(maker: Maker, person: Person) -> Person:
    """A wrong day in the id number, and so in the record."""
    born = person.birth_date
    days = [born.day // 10 * 10 + digit for digit in range(10)]
    wrong = born.replace(
        day=maker.rng.choice([day for day in days if 0 < day < 29 and day != born.day])
        if born.day < 29
        else 20 + maker.rng.randint(1, 8)
    )
    number = str(person.id_number)
    first17 = f"{number[:6]}{wrong:%Y%m%d}{number[14:17]}"
    return replace(person, birth_date=wrong, id_number=first17 + resident_id_check_digit(first17))


def _month_for_day(maker: Maker, person: Person) -> Person:
    born = person.birth_date
    swapped = born.replace(month=born.day, day=born.month) if born.day <= 12 else None
    return replace(person, birth_date=swapped or born + timedelta(days=10), id_number=None)


def _apart(maker: Maker, person: Person) -> Person:
    """Entered without her household; with the phone she had, another one, or none."""
    phone = maker.rng.choice((person.phone_index, maker.phone(), None))
    return replace(person, household_id=None, phone_index=phone)


def _moved(maker: Maker, person: Person) -> Person:
    """Registered in another county since, with another phone."""
    return replace(
        person,
        household_id=maker.new_id(),
        hukou_region=maker.rng.choice(AWAY),
        phone_index=maker.phone(),
    )


Spoil = Callable[[Maker, Person], Person]

SECOND_RECORDS: Final[dict[str, Spoil]] = {
    "no id number": lambda m, p: replace(_apart(m, p), id_number=None),
    "one wrong digit in the serial": lambda m, p: replace(
        _apart(m, p), id_number=_serial_slip(m, p)
    ),
    "one wrong digit in the area": lambda m, p: replace(
        _apart(m, p), id_number=_slip(str(p.id_number), m.rng.choice((3, 4, 5)), m.rng)
    ),
    "one wrong day in number and record": lambda m, p: _day_slip(m, _apart(m, p)),
    "two neighbouring digits changed over": lambda m, p: replace(
        _apart(m, p), id_number=_swapped(str(p.id_number))
    ),
    "traditional characters, no id number": lambda m, p: replace(
        _apart(m, p), name=_traditional(p.name), id_number=None
    ),
    "a homophone in the name, no id number": lambda m, p: replace(
        _apart(m, p), name=m.homophone(p), id_number=None
    ),
    "a rare character spelled in pinyin, no id number": lambda m, p: replace(
        _apart(m, p), name=p.name[:-1] + lazy_pinyin(p.name[-1])[0], id_number=None
    ),
    "a rare character as a box, no id number": lambda m, p: replace(
        _apart(m, p), name=p.name[:-1] + "□", id_number=None
    ),
    "whole name in pinyin, no id number": lambda m, p: replace(
        _apart(m, p), name=" ".join(lazy_pinyin(p.name)).upper(), id_number=None
    ),
    "given name first, no id number": lambda m, p: replace(
        _apart(m, p), name=p.name[1:] + p.name[0], id_number=None
    ),
    "one other character, wrong digit in the serial": lambda m, p: replace(
        _apart(m, p), name=m.one_character(p), id_number=_serial_slip(m, p)
    ),
    "one other character, no id number": lambda m, p: replace(
        _apart(m, p), name=m.one_character(p), id_number=None
    ),
    "lunar birthday, no id number": lambda m, p: replace(
        _apart(m, p),
        birth_date=p.birth_date - timedelta(days=m.rng.randint(20, 50)),
        id_number=None,
    ),
    "month and day changed over, no id number": lambda m, p: _month_for_day(m, _apart(m, p)),
    "moved, no id number": lambda m, p: replace(_moved(m, p), id_number=None),
    "moved, wrong digit in the serial": lambda m, p: replace(
        _moved(m, p), id_number=_serial_slip(m, p)
    ),
    "renamed, same village, no id number": lambda m, p: replace(
        _apart(m, p), name=m.other_name(p), id_number=None
    ),
    "moved and renamed, wrong digit in the serial": lambda m, p: replace(
        _moved(m, p), name=m.other_name(p), id_number=_serial_slip(m, p)
    ),
    "moved and renamed, no id number": lambda m, p: replace(
        _moved(m, p), name=m.other_name(p), id_number=None
    ),
    "registered twice with two valid numbers": lambda m, p: replace(
        _moved(m, p), id_number=m.id_number(p.birth_date, p.sex, AWAY[0], "")
    ),
}


def _twins(
    maker: Maker, person: Person, *, numbered: bool, name: Callable[[Person], str]
) -> tuple[Person, Person]:
    """Two children of one household and day, the second named by `name` from the first."""
    born = date(2015, 1, 1) + timedelta(days=maker.rng.randint(0, 4000))
    one = replace(
        person,
        id=maker.new_id(),
        name=maker.other_name(replace(person, birth_date=born)),
        birth_date=born,
        id_number=maker.number_of(person, born) if numbered else None,
    )
    other = replace(
        one,
        id=maker.new_id(),
        name=name(one),
        id_number=maker.number_of(person, born) if numbered else None,
    )
    return one, other


def _namesake(
    maker: Maker, person: Person, village: str, *, numbered: bool
) -> tuple[Person, Person]:
    """Somebody else of one name, sex and birthday."""
    other = replace(
        person,
        id=maker.new_id(),
        id_number=maker.id_number(person.birth_date, person.sex, COUNTY, village)
        if numbered
        else None,
        household_id=maker.new_id(),
        phone_index=maker.phone(),
        hukou_region=village,
    )
    return person, other


def _relative(maker: Maker, person: Person) -> tuple[Person, Person]:
    """A brother or sister two years younger with a name of the same generation."""
    born = person.birth_date + timedelta(days=730 + maker.rng.randint(0, 300))
    other = replace(
        person,
        id=maker.new_id(),
        name=maker.one_character(person),
        birth_date=born,
        id_number=maker.number_of(person, born),
    )
    return person, other


def _neighbour(maker: Maker, person: Person) -> tuple[Person, Person]:
    """Somebody of the village and family name, born the same day; cousins often are."""
    other = replace(
        person,
        id=maker.new_id(),
        name=maker.other_name(person),
        id_number=maker.number_of(person),
        household_id=maker.new_id(),
        phone_index=maker.phone(),
    )
    return person, other


TWO_PERSONS: Final[dict[str, Callable[[Maker, Person], tuple[Person, Person]]]] = {
    "twins, one character differs": lambda m, p: _twins(m, p, numbered=True, name=m.one_character),
    "twins without id numbers yet": lambda m, p: _twins(m, p, numbered=False, name=m.one_character),
    "twins whose names sound the same": lambda m, p: _twins(m, p, numbered=True, name=m.homophone),
    "common name, same birthday, another village": lambda m, p: _namesake(
        m, p, m.rng.choice(VILLAGES), numbered=True
    ),
    "common name, same birthday, one without number": lambda m, p: _namesake(
        m, p, m.rng.choice(VILLAGES), numbered=False
    ),
    "brothers or sisters of one generation": _relative,
    "cousins of one village and day": _neighbour,
}


OF_COMMON_NAMES: Final = frozenset(kind for kind in TWO_PERSONS if kind.startswith("common name"))


def truth(population: Population) -> Iterator[tuple[UUID, UUID]]:
    """The pairs of one person, the smaller id first."""
    for case in population.cases:
        if case.same:
            yield min(case.one.id, case.other.id), max(case.one.id, case.other.id)
