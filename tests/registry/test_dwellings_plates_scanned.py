"""The code on a door plate, read from a bad picture of it (tests/scanning.py)."""

import pytest

from services.registry.dwellings.plates import plate_of
from shared.printing import pdf_of_svg
from tests.scanning import BY_HAND, read_codes, scanned, taken


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_a_door_plate(seed: int) -> None:
    code = "420325100001/12/3/502"
    plate = plate_of("东街社区东门小区", "12-3-502", code)
    page = await scanned(await pdf_of_svg(plate.svg()), dpi=75)  # seen from a step away
    assert await read_codes(taken(page, BY_HAND, seed)) == [code]
