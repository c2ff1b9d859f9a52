"""The invented roster: exact totals, plausible families, and lines known to be wrong."""

import csv
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date
from itertools import groupby
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from deploy.box import roster
from deploy.box.bad_lines import BadLine, with_bad_lines
from deploy.box.divisions import read_divisions
from deploy.box.families import AS_OF
from deploy.box.roster import R7, Margins, RosterLine, generate
from shared.codes import (
    NATIONALITIES,
    CodeError,
    CodeFault,
    Sex,
    contains,
    parse_resident_id,
)

DIVISIONS = Path(__file__).parents[2] / "data" / "divisions.csv.xz"
TOWNSHIP = "420325100"
SMALL = R7.scaled(100)
SEX = {"男": Sex.MALE, "女": Sex.FEMALE}


@pytest.fixture(scope="module")
def regions() -> dict[str, str]:
    return dict(read_divisions(DIVISIONS, village_prefixes=[TOWNSHIP]))


def draw(regions: dict[str, str], margins: Margins, seed: int = 1) -> list[RosterLine]:
    villages = [code for code in regions if len(code) == 12]
    counties = [code for code in regions if len(code) == 6]
    return list(generate(seed, TOWNSHIP, villages, counties, margins))


@pytest.fixture(scope="module")
def full(regions: dict[str, str]) -> list[RosterLine]:
    return draw(regions, R7)


@pytest.fixture(scope="module")
def small(regions: dict[str, str]) -> list[RosterLine]:
    return draw(regions, SMALL)


def counted(lines: Iterable[RosterLine]) -> Margins:
    """The margins as an importer finds them, from the cells alone."""
    bridge: Counter[tuple[bool, bool, str]] = Counter()
    rooms: set[tuple[str, str]] = set()
    for line in lines:
        here = contains(TOWNSHIP, line.hukou), contains(TOWNSHIP, line.residence)
        bridge[(*here, line.kind)] += 1
        if line.use == roster.RENTED:
            rooms.add((line.dwelling, line.room))
    return Margins(
        hukou=sum(count for (hukou, _, _), count in bridge.items() if hukou),
        absent=bridge[True, False, roster.RESIDENT] + bridge[True, False, roster.MIGRANT],
        settled=bridge[False, True, roster.RESIDENT],
        migrants=bridge[False, True, roster.MIGRANT],
        rental_houses=len({dwelling for dwelling, _ in rooms}),
        rental_rooms=len(rooms),
    )


def households(lines: Iterable[RosterLine]) -> list[list[RosterLine]]:
    return [list(group) for _, group in groupby(lines, key=lambda line: line.household)]


def born(line: RosterLine) -> date:
    return date.fromisoformat(line.birth_date)


def years(older: RosterLine, younger: RosterLine) -> float:
    return (born(younger) - born(older)).days / 365.2425


def test_the_published_totals_agree_with_each_other() -> None:
    assert R7.usual == 61_220
    assert R7.total == 97_872 == R7.usual + R7.migrants + R7.absent


def test_full_scale_has_the_published_totals(full: list[RosterLine]) -> None:
    assert len(full) == R7.total
    assert counted(full) == R7
    renting = [line for line in full if line.use == roster.RENTED]
    assert len(renting) > 10_000
    assert {line.kind for line in renting} == {roster.MIGRANT}


@pytest.mark.parametrize("divisor", [40, 100, 999, 5_000])
def test_scaled_totals_are_exact(regions: dict[str, str], divisor: int) -> None:
    margins = R7.scaled(divisor)
    for seed in range(3):
        lines = draw(regions, margins, seed)
        assert len(lines) == margins.total
        assert counted(lines) == margins


@pytest.mark.parametrize(
    "margins",
    [
        Margins(0, 0, 0, 0, 0, 0),
        Margins(50, 50, 0, 0, 0, 0),
        Margins(50, 0, 0, 0, 0, 0),
        Margins(0, 0, 50, 0, 0, 0),
        Margins(0, 0, 0, 50, 50, 50),
        Margins(0, 0, 0, 50, 1, 10),
    ],
)
def test_lopsided_totals_are_exact(regions: dict[str, str], margins: Margins) -> None:
    assert counted(draw(regions, margins)) == margins


@pytest.mark.parametrize(
    "margins", [(1, 2, 0, 0, 0, 0), (0, 0, -1, 0, 0, 0), (0, 0, 0, 1, 1, 2), (0, 0, 0, 20, 1, 11)]
)
def test_impossible_totals_are_refused(margins: tuple[int, int, int, int, int, int]) -> None:
    with pytest.raises(ValueError, match="margins"):
        Margins(*margins)


def test_the_same_seed_gives_the_same_lines(
    regions: dict[str, str], small: list[RosterLine]
) -> None:
    assert draw(regions, SMALL) == small
    assert draw(regions, SMALL, seed=2) != small


def test_codes_that_do_not_fit_are_refused(regions: dict[str, str]) -> None:
    village, county = TOWNSHIP + "001", "420322"
    for township, villages, counties in (
        ("420325", [village], [county]),
        ("420325101", [village], [county]),
        (TOWNSHIP, [], [county]),
        (TOWNSHIP, [village], ["4203"]),
        (TOWNSHIP, [village], ["420325"]),
    ):
        with pytest.raises(ValueError):
            generate(1, township, villages, counties, SMALL)


def test_id_numbers_are_valid_unique_and_agree_with_the_line(full: list[RosterLine]) -> None:
    for line in full:
        parsed = parse_resident_id(line.resident_id, today=AS_OF)
        assert parsed.number == line.resident_id
        assert (parsed.birth_date, parsed.sex) == (born(line), SEX[line.sex])
    assert len({line.resident_id for line in full}) == len(full)


def test_mobile_numbers_are_unique_and_nobody_s(full: list[RosterLine]) -> None:
    numbers = [line.mobile for line in full if line.mobile]
    assert len(set(numbers)) == len(numbers) > len(full) / 2
    assert all(len(one) == 11 and one.startswith("154") and one.isdecimal() for one in numbers)


def test_cells_hold_what_the_contract_says(full: list[RosterLine], regions: dict[str, str]) -> None:
    uses = {roster.OWN, roster.RENTED, roster.DORMITORY, roster.SITE, roster.SHOP}
    for line in full:
        assert line.hukou in regions and line.residence in regions
        assert len(line.hukou) == (12 if contains(TOWNSHIP, line.hukou) else 6)
        assert len(line.residence) == (12 if contains(TOWNSHIP, line.residence) else 6)
        assert line.nationality in NATIONALITIES and line.relation in "012345678"
        assert line.name and line.name.isprintable() and line.use in uses
        present = len(line.residence) == 12
        assert bool(line.dwelling) == bool(line.room) == present
        assert line.origin == (line.hukou if line.kind == roster.MIGRANT else "")
    assert {line.use for line in full} == uses


def test_a_home_has_one_place_and_one_use(full: list[RosterLine]) -> None:
    homes: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
    for line in full:
        if line.dwelling:
            homes[line.dwelling].add((line.residence, line.use))
    assert all(len(found) == 1 for found in homes.values())


def test_households_stand_together_with_one_head_first(full: list[RosterLine]) -> None:
    groups = households(full)
    assert len({group[0].household for group in groups}) == len(groups)
    for group in groups:
        assert [line.relation for line in group].count("0") == 1
        assert group[0].relation == "0"
        assert len({line.room for line in group if line.dwelling}) <= 1


def test_families_are_plausible(full: list[RosterLine]) -> None:
    with_children = 0
    for group in households(full):
        head, by_relation = group[0], defaultdict(list)
        for line in group:
            by_relation[line.relation].append(line)
        children = by_relation["2"] + by_relation["3"]
        couple = [head, *by_relation["1"]]
        assert len(couple) <= 2
        if len(couple) == 2:
            assert {line.sex for line in couple} == {"男", "女"}
            assert all(years(line, line_of(AS_OF)) >= 19 for line in couple)
            assert abs(years(*couple)) < 15
        for child in children:
            assert child.sex == ("男" if child.relation == "2" else "女")
            for parent in couple:
                assert 15 <= years(parent, child) <= (50 if parent.sex == "女" else 70)
        for parent in by_relation["5"]:
            assert 15 <= years(parent, head) <= (50 if parent.sex == "女" else 70)
        for grandchild in by_relation["4"]:
            assert min(years(line, grandchild) for line in couple) >= 30
        with_children += bool(children)
    assert with_children > 5_000


def line_of(day: date) -> RosterLine:
    """A line for the day itself, to measure an age against."""
    return RosterLine(*("",) * 6, day.isoformat(), *("",) * 9)


def test_surnames_come_mostly_from_the_father(full: list[RosterLine]) -> None:
    same = total = 0
    for group in households(full):
        if group[0].sex == "男" and group[0].nationality == "01":
            children = [line for line in group if line.relation in "23"]
            total += len(children)
            same += sum(line.name[0] == group[0].name[0] for line in children)
    assert 0.88 < same / total < 0.98


def test_no_child_is_left_alone(full: list[RosterLine]) -> None:
    alone = 0
    for group in households(full):
        present = [line for line in group if line.dwelling]
        alone += bool(present) and all(years(line, line_of(AS_OF)) < 16 for line in present)
    assert alone == 0


def test_migrants_are_mostly_of_working_age(full: list[RosterLine]) -> None:
    ages = [years(line, line_of(AS_OF)) for line in full if line.kind == roster.MIGRANT]
    assert sum(17 <= age < 60 for age in ages) / len(ages) > 0.85
    provinces = Counter(line.origin[:2] for line in full if line.origin)
    assert provinces["42"] > len(ages) / 2
    assert provinces["41"] > provinces["34"] > provinces["33"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_csv_reads_back(small: list[RosterLine], tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "roster.csv"
    assert roster.write_csv(small, path, encoding=encoding) == len(small)
    with path.open(encoding=encoding, newline="") as file:
        rows = list(csv.reader(file))
    assert tuple(rows[0]) == roster.HEADERS
    assert [RosterLine(*row) for row in rows[1:]] == small
    assert path.read_bytes().startswith(b"\xef\xbb\xbf") == (encoding == "utf-8-sig")


def test_xlsx_reads_back_as_text(small: list[RosterLine], tmp_path: Path) -> None:
    path = tmp_path / "roster.xlsx"
    assert roster.write_xlsx(small, path) == len(small)
    rows = CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()
    assert tuple(rows[0]) == roster.HEADERS
    assert rows[1:] == [list(roster.cells(line)) for line in small]


def test_bad_lines_leave_the_good_ones_as_they_were(small: list[RosterLine]) -> None:
    mixed = list(with_bad_lines(small, seed=3, count=100))
    assert [line for line, reason in mixed if reason is None] == small
    assert Counter(reason for _, reason in mixed if reason) == dict.fromkeys(BadLine, 10)
    assert mixed == list(with_bad_lines(small, seed=3, count=100))
    assert len(households([line for line, _ in mixed])) == len(households(small)) + 100


def test_more_bad_lines_than_households_are_refused(small: list[RosterLine]) -> None:
    with pytest.raises(ValueError):
        list(with_bad_lines(small, seed=3, count=len(small)))


def faults(line: RosterLine, regions: dict[str, str], seen: set[str]) -> set[BadLine]:
    """Everything wrong with a line, found independently of how it was made."""
    found: set[BadLine] = set()
    try:
        parsed = parse_resident_id(line.resident_id, today=AS_OF)
    except CodeError as error:
        found.add(
            {
                CodeFault.CHECK_DIGIT: BadLine.CHECK_DIGIT,
                CodeFault.BIRTH_DATE: BadLine.BIRTH_DATE,
                CodeFault.FUTURE: BadLine.FUTURE,
            }[error.reason]
        )
        # The one fault of the number; what the other columns say agrees with it.
        if line.resident_id[6:14] != line.birth_date.replace("-", ""):
            found.add(BadLine.BIRTH_DATE_CONTRADICTS_ID)
    else:
        if parsed.birth_date.isoformat() != line.birth_date:
            found.add(BadLine.BIRTH_DATE_CONTRADICTS_ID)
    if (int(line.resident_id[16]) % 2 == 1) != (line.sex == "男"):
        found.add(BadLine.SEX_CONTRADICTS_ID)
    if line.resident_id in seen:
        found.add(BadLine.DUPLICATE_ID)
    if not line.name:
        found.add(BadLine.NAME_MISSING)
    elif not line.name.isprintable():
        found.add(BadLine.CONTROL_CHARACTERS)
    if line.hukou not in regions or line.residence not in regions:
        found.add(BadLine.UNKNOWN_REGION)
    return found


def test_a_bad_line_has_its_one_fault(full: list[RosterLine], regions: dict[str, str]) -> None:
    mixed = list(with_bad_lines(full, seed=4, count=2_000))
    heads = {line.household for line, _ in mixed if line.relation == "0"}
    seen: set[str] = set()
    for line, reason in mixed:
        found = faults(line, regions, seen)
        if line.household not in heads:
            found.add(BadLine.HEAD_MISSING)
        assert found == ({reason} if reason else set())
        seen.add(line.resident_id)
