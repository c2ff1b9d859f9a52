"""Read the five levels of regions that ship with Yipan (data/divisions.csv.xz)."""

import csv
import lzma
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final

from shared.codes import RegionLevel, level_of, parse_region

# Where a province has counties without a city between, statistics put one of these in the gap.
_CITY_PLACEHOLDERS: Final = frozenset(
    {"市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划"}
)


def read_divisions(
    path: Path,
    *,
    levels: Collection[RegionLevel] = tuple(RegionLevel),
    village_prefixes: Collection[str] | None = (),
) -> Iterator[tuple[str, str]]:
    """Stream (code, name) sorted by code, so that a parent comes before all it contains.

    ``levels`` are the levels wanted; of villages only those inside one of ``village_prefixes``,
    none by default, all 620,573 with None. A city that stands for a gap (市辖区 of Beijing, 县 of
    Chongqing, 省直辖县级行政区划) takes the name of its province, as Dongguan's one county already
    repeats its city: an address leaves out a name equal to the one before it.

    Raises shared.codes.CodeError for a prefix that is no region code, OSError or lzma.LZMAError
    for a file that cannot be read.
    """
    wanted = frozenset(levels)
    inside = None if village_prefixes is None else tuple(map(parse_region, village_prefixes))
    return _stream(path, wanted, inside)


def _stream(
    path: Path, wanted: frozenset[RegionLevel], inside: tuple[str, ...] | None
) -> Iterator[tuple[str, str]]:
    villages = RegionLevel.VILLAGE in wanted
    province = ""
    with lzma.open(path, "rt", encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        next(rows)
        for code, name in rows:
            if len(code) == 12:  # nine rows in ten: decided without parsing the code
                if villages and (inside is None or code.startswith(inside)):
                    yield code, name
                continue
            level = level_of(code)
            if level is RegionLevel.PROVINCE:
                province = name
            elif level is RegionLevel.CITY and name in _CITY_PLACEHOLDERS:
                name = province
            if level in wanted:
                yield code, name
