"""The roster of a township (花名册): an invented one with exact totals, as a file to import.

One line is one person. The lines of a household stand together, the head (户主) first. The totals
of ``R7`` were counted in a real street, and every identity between them holds exactly.
"""

import csv
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum, auto
from operator import attrgetter
from pathlib import Path
from typing import Final, NamedTuple

import xlsxwriter

from deploy.box.families import AS_OF, Families, Member
from deploy.box.housing import Employers, Home, Housing, Places, split
from shared.codes import (
    SEX_TEXT,
    FamilyRelation,
    RegionLevel,
    Sex,
    contains,
    level_of,
    resident_id_check_digit,
)

HEADERS: Final = (  # the file's columns, in this order
    *("户号", "与户主关系", "姓名", "性别", "民族", "身份证号", "出生日期", "户籍地"),
    *("居住地", "居住类型", "房屋编号", "房间号", "房屋用途", "流出地", "工作单位", "手机号"),
)
RESIDENT: Final = "常住"  # 居住类型
MIGRANT: Final = "流动"
OWN: Final = "自住"  # 房屋用途
RENTED: Final = "出租"
DORMITORY: Final = "宿舍"
SITE: Final = "工地"
SHOP: Final = "商铺"

LAST_SEQUENCE: Final = 899  # of an id number: what lies above is left to lines made up to be wrong


@dataclass(frozen=True, slots=True)
class RosterLine:
    """One person as the file says it: every cell a string, in the order of HEADERS.

    ``relation`` is a digit of GB/T 4761, ``sex`` 男 or 女, ``nationality`` two digits of GB/T 3304,
    ``birth_date`` ISO 8601. ``hukou`` and ``residence`` are a village of the township (12 digits)
    or a county elsewhere (6). Someone absent has no dwelling and no room; ``origin`` is the county
    a migrant came from, empty for everyone else.
    """

    household: str
    relation: str
    name: str
    sex: str
    nationality: str
    resident_id: str
    birth_date: str
    hukou: str
    residence: str
    kind: str
    dwelling: str
    room: str
    use: str
    origin: str
    employer: str
    mobile: str


@dataclass(frozen=True, slots=True)
class Margins:
    """The totals of a roster, in persons, houses and rooms. Raises ValueError where impossible.

    ``hukou`` registered here, ``absent`` of them living elsewhere, ``settled`` living here with
    their hukou elsewhere (人在户不在), ``migrants`` here for work (流动人口), and the rented houses
    and rooms, each of which somebody lives in.
    """

    hukou: int
    absent: int
    settled: int
    migrants: int
    rental_houses: int
    rental_rooms: int

    def __post_init__(self) -> None:
        """Check that a population can have these totals."""
        people = 0 <= self.absent <= self.hukou and self.settled >= 0
        rooms = self.rental_houses <= self.rental_rooms <= 10 * self.rental_houses
        if not (people and rooms and self.rental_rooms <= self.migrants):
            raise ValueError("no population has these margins")

    @property
    def usual(self) -> int:
        """Usual residents (常住人口): registered and present, or settled."""
        return self.hukou - self.absent + self.settled

    @property
    def total(self) -> int:
        """Lines of the roster: usual residents, migrants and the absent."""
        return self.usual + self.migrants + self.absent

    def scaled(self, divisor: int) -> "Margins":
        """About one in ``divisor`` of everything, rounded down; the identities stay exact."""
        houses = self.rental_houses // divisor
        return Margins(
            self.hukou // divisor,
            self.absent // divisor,
            self.settled // divisor,
            self.migrants // divisor,
            houses,
            self.rental_rooms // divisor if houses else 0,
        )


# The population bridge and the rental register of a real street: 97,872 = 61,220 usual residents
# + 30,478 migrants + 6,174 absent, and 61,220 = 32,363 - 6,174 + 35,031.
R7: Final = Margins(
    hukou=32_363,
    absent=6_174,
    settled=35_031,
    migrants=30_478,
    rental_houses=2_766,
    rental_rooms=11_149,
)


def generate(
    seed: int,
    township: str,
    villages: Sequence[str],
    counties: Sequence[str],
    margins: Margins = R7,
) -> Iterator[RosterLine]:
    """Draw up the roster of a township (9 digits) with exactly these margins.

    ``villages`` are twelve-digit codes in it, ``counties`` six-digit codes of places people come
    from and go to; the township's own county among them is passed over. The same arguments give
    the same lines. Raises ValueError for other codes, or where one of the lists has nothing fit.
    """
    if level_of(township) is not RegionLevel.TOWNSHIP:
        raise ValueError("the township needs nine digits")
    if not villages or not all(len(one) == 12 and contains(township, one) for one in villages):
        raise ValueError("villages need twelve digits and lie in the township")
    if any(level_of(one) is not RegionLevel.COUNTY for one in counties):
        raise ValueError("counties need six digits")
    return _Township(random.Random(seed), township, villages, counties, margins).lines()  # noqa: S311 - not a secret


class _Stay(Enum):
    """How a member of a family registered here lives."""

    HERE = auto()
    AWAY = auto()  # registered here, living elsewhere
    JOINED = auto()  # living here, registered elsewhere


class _Where(NamedTuple):
    """Where a person is registered, lives and came from."""

    hukou: str
    residence: str
    kind: str
    home: Home
    origin: str = ""


_NO_HOME: Final = Home("", "", OWN)


class _Township:
    """One roster being drawn up."""

    def __init__(
        self,
        rng: random.Random,
        township: str,
        villages: Sequence[str],
        counties: Sequence[str],
        margins: Margins,
    ) -> None:
        self._rng = rng
        self._township = township
        self._margins = margins
        self._settled_left = margins.settled
        self._families = Families(rng)
        self._places = Places(rng, township, counties)
        self._housing = Housing(rng, villages)
        self._employers = Employers(rng)
        self._taken: set[str] = set()
        self._households = 0
        self._mobiles = 0

    def lines(self) -> Iterator[RosterLine]:
        """Families registered here, settled families, then migrants by how they live."""
        yield from self._registered()
        yield from self._settled()
        rooms = self._margins.rental_rooms
        renting = min(self._margins.migrants, rooms * 3 // 2)
        others = self._margins.migrants - renting
        in_dormitories, on_sites = others * 60 // 100, others * 25 // 100
        yield from self._renting(renting)
        yield from self._crews(in_dormitories, DORMITORY)
        yield from self._crews(on_sites, SITE)
        yield from self._shopkeepers(others - in_dormitories - on_sites)

    def _registered(self) -> Iterator[RosterLine]:
        hukou, absent = self._margins.hukou, self._margins.absent
        while hukou:
            family = self._families.resident(self._township[:2])[:hukou]
            stays = self._stays(family, hukou, absent)
            hukou -= len(stays) - stays.count(_Stay.JOINED)
            absent -= stays.count(_Stay.AWAY)
            yield from self._registered_family(family, stays)

    def _registered_family(
        self, family: Sequence[Member], stays: Sequence[_Stay]
    ) -> Iterator[RosterLine]:
        household, home = self._next_household(), self._housing.owned(OWN)
        village = home.dwelling[:12]
        # Some live in another village of the township than the one that keeps their register.
        hukou = village if self._rng.random() < 0.95 else self._housing.village()
        elsewhere = self._places.origin()
        where = {
            _Stay.HERE: _Where(hukou, village, RESIDENT, home),
            _Stay.AWAY: _Where(hukou, elsewhere, RESIDENT, _NO_HOME),
            _Stay.JOINED: _Where(self._places.nearby(), village, RESIDENT, home),
        }
        for member, stay in zip(family, stays, strict=True):
            yield self._line(household, member, where[stay])

    def _stays(self, family: Sequence[Member], hukou: int, absent: int) -> list[_Stay]:
        """Who of a family is here, with so many still to be registered and so many of them away."""
        stays = [_Stay.HERE] * len(family)
        married = len(family) > 1 and family[1].relation is FamilyRelation.SPOUSE
        if married and self._settled_left and self._rng.random() < 0.05:
            stays[1] = _Stay.JOINED
            self._settled_left -= 1
        own = [at for at, stay in enumerate(stays) if stay is _Stay.HERE]
        for at in self._leavers(family, own, hukou, absent):
            stays[at] = _Stay.AWAY
        return stays

    def _leavers(
        self, family: Sequence[Member], own: list[int], hukou: int, absent: int
    ) -> list[int]:
        """Which of ``own``, places in ``family``, live elsewhere: everyone, or some who work."""
        rate = absent / hukou
        leavers = own
        if self._rng.random() >= 0.35 * rate:
            leavers = [at for at in own if family[at].works and self._rng.random() < 1.1 * rate]
            if all(family[at].age < 16 for at in own if at not in leavers):
                leavers = own  # no child stays behind alone
        # Towards the end of the register the total decides: so many at least have to go.
        least = max(0, absent - (hukou - len(own)))
        return leavers if least <= len(leavers) <= absent else own[:least]

    def _settled(self) -> Iterator[RosterLine]:
        while self._settled_left:
            county = self._places.nearby()
            family = self._families.resident(county[:2])[: self._settled_left]
            self._settled_left -= len(family)
            home = self._housing.owned(OWN)
            yield from self._together(
                family, _Where(county, home.dwelling[:12], RESIDENT, home), None
            )

    def _renting(self, people: int) -> Iterator[RosterLine]:
        margins = self._margins
        rooms = self._housing.rented(margins.rental_houses, margins.rental_rooms, RENTED)
        sizes = split(self._rng, people, margins.rental_rooms, (62, 26, 9, 3))
        for home, size in zip(rooms, sizes, strict=True):
            yield from self._migrants(home, size, None)

    def _crews(self, people: int, use: str) -> Iterator[RosterLine]:
        rooms = -(-people // 6)
        sizes = split(self._rng, people, rooms, (1, 1, 2, 6, 10, 12, 8, 6))
        for home, size in zip(self._housing.shared(use, rooms), sizes, strict=True):
            county = self._places.origin()
            crew = self._families.crew(county[:2], size, men_only=use == SITE)
            where = _Where(county, home.dwelling[:12], MIGRANT, home, county)
            firm = self._employers.site() if use == SITE else self._employers.firm()
            yield from self._together(crew, where, firm)

    def _shopkeepers(self, people: int) -> Iterator[RosterLine]:
        for size in split(self._rng, people, -(-people // 2), (25, 45, 22, 8)):
            yield from self._migrants(self._housing.apart(SHOP), size, "个体工商户")

    def _migrants(self, home: Home, size: int, employer: str | None) -> Iterator[RosterLine]:
        county = self._places.origin()
        where = _Where(county, home.dwelling[:12], MIGRANT, home, county)
        return self._together(self._families.migrant(county[:2], size), where, employer)

    def _together(
        self, family: Sequence[Member], where: _Where, employer: str | None
    ) -> Iterator[RosterLine]:
        household = self._next_household()
        for member in family:
            yield self._line(household, member, where, employer)

    def _line(
        self, household: str, member: Member, where: _Where, employer: str | None = None
    ) -> RosterLine:
        if not member.works:
            employer = ""
        elif employer is None:
            employer = self._employers.firm() if self._rng.random() < 0.7 else ""
        return RosterLine(
            household,
            member.relation.value,
            member.name,
            SEX_TEXT[member.sex].zh,
            member.nationality,
            self._resident_id(member, where.hukou[:6]),
            member.birth_date.isoformat(),
            where.hukou,
            where.residence,
            where.kind,
            *where.home,
            where.origin,
            employer,
            self._mobile(member),
        )

    def _resident_id(self, member: Member, county: str) -> str:
        """A valid number nobody has yet; some grown people got theirs in another county."""
        region = county
        if member.age > 20 and self._rng.random() < 0.1:
            region = self._places.nearby()
        first = 1 if member.sex is Sex.MALE else 2
        while True:
            sequence = self._rng.randrange(first, LAST_SEQUENCE + 1, 2)
            digits = f"{region}{member.birth_date.isoformat().replace('-', '')}{sequence:03}"
            if digits not in self._taken:
                self._taken.add(digits)
                return digits + resident_id_check_digit(digits)

    def _mobile(self, member: Member) -> str:
        """A number of the right form, under 154: a prefix no operator has been given."""
        if member.age < 14 or self._rng.random() < (0.5 if member.age > 75 else 0.05):
            return ""
        self._mobiles += 1
        # A stride prime to 10^8 visits every number once, in an order that looks like chance.
        return f"154{self._mobiles * 73_939_133 % 100_000_000:08}"

    def _next_household(self) -> str:
        self._households += 1
        return f"{self._township}-{self._households:06}"


_CELLS: Final = attrgetter(*RosterLine.__slots__)


def cells(line: RosterLine) -> tuple[str, ...]:
    """The line's cells in the order of HEADERS."""
    values: tuple[str, ...] = _CELLS(line)
    return values


def write_csv(lines: Iterable[RosterLine], path: Path, *, encoding: str = "utf-8-sig") -> int:
    """Write a CSV file as Excel does: UTF-8 with BOM, or ``gb18030``. Returns the lines written."""
    count = 0
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADERS)
        for line in lines:
            writer.writerow(cells(line))
            count += 1
    return count


def write_xlsx(lines: Iterable[RosterLine], path: Path) -> int:
    """Write a workbook of one sheet, every cell text. Returns the lines written."""
    count = 0
    with xlsxwriter.Workbook(str(path), {"constant_memory": True}) as book:
        book.set_properties({"created": datetime(AS_OF.year, AS_OF.month, AS_OF.day, tzinfo=UTC)})
        text = book.add_format({"num_format": "@"})
        sheet = book.add_worksheet("花名册")
        for column, header in enumerate(HEADERS):
            sheet.write_string(0, column, header)
        for line in lines:
            count += 1
            for column, cell in enumerate(cells(line)):
                if cell:
                    sheet.write_string(count, column, cell, text)
    return count
