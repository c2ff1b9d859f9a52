"""The regions that ship with Yipan: complete, connected, and read level by level."""

from collections import Counter
from pathlib import Path

import pytest

from deploy.box.divisions import read_divisions
from shared.codes import CodeError, RegionLevel, parent_of

DIVISIONS = Path(__file__).parents[2] / "data" / "divisions.csv.xz"


@pytest.fixture(scope="module")
def all_regions() -> dict[str, str]:
    return dict(read_divisions(DIVISIONS, village_prefixes=None))


def test_every_level_is_complete(all_regions: dict[str, str]) -> None:
    assert Counter(map(len, all_regions)) == {2: 31, 4: 342, 6: 2_978, 9: 41_352, 12: 620_573}


def test_every_region_has_its_parent_before_it(all_regions: dict[str, str]) -> None:
    seen: set[str] = set()
    for code, name in all_regions.items():
        parent = parent_of(code)
        assert name and (parent is None or parent in seen)
        seen.add(code)


def test_gaps_take_the_name_of_the_province(all_regions: dict[str, str]) -> None:
    assert all_regions["1101"] == "北京市"
    assert all_regions["5001"] == all_regions["5002"] == "重庆市"
    assert all_regions["4290"] == "湖北省"
    assert all_regions["6590"] == "新疆维吾尔自治区"
    assert all_regions["4419"] == all_regions["441900"] == "东莞市"
    assert all_regions["110101"] == "东城区"
    assert not {"市辖区", "县"} & set(all_regions.values())


def test_villages_only_where_asked() -> None:
    regions = dict(read_divisions(DIVISIONS, village_prefixes=["420325100", "110101001"]))
    villages = [code for code in regions if len(code) == 12]
    assert {code[:9] for code in villages} == {"420325100", "110101001"}
    assert len(regions) == 31 + 342 + 2_978 + 41_352 + len(villages)


def test_no_villages_unless_asked() -> None:
    assert not any(len(code) == 12 for code, _ in read_divisions(DIVISIONS))


def test_levels_are_chosen() -> None:
    wanted = (RegionLevel.PROVINCE, RegionLevel.VILLAGE)
    regions = dict(read_divisions(DIVISIONS, levels=wanted, village_prefixes=["420325100"]))
    assert Counter(map(len, regions))[2] == 31
    assert set(map(len, regions)) == {2, 12}
    counties = dict(read_divisions(DIVISIONS, levels=[RegionLevel.COUNTY], village_prefixes=None))
    assert len(counties) == 2_978
    assert counties["420325"] == "房县"


def test_a_prefix_that_is_no_region_is_refused() -> None:
    with pytest.raises(CodeError):
        read_divisions(DIVISIONS, village_prefixes=[""])
