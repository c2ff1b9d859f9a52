"""Which region a code means, decided over what the registry listed."""

from datetime import date
from typing import Any

import pytest

from services.migrant.regions.rules import standing, unknown
from shared.events.registry import RegionVersion, list_digest
from tests.migrant.samples import OTHER_VILLAGE, VILLAGE

TODAY = date(2026, 11, 22)
MERGED_ON = date(2026, 6, 1)


def version(**changes: Any) -> RegionVersion:
    values = {"code": VILLAGE, "name": "东街社区", "valid_from": None, "valid_to": None}
    return RegionVersion.model_validate(values | changes)


MERGED = version(valid_to=MERGED_ON, became=[OTHER_VILLAGE])
SPLIT = version(valid_to=MERGED_ON, became=[OTHER_VILLAGE, "420325101003"])
GONE = version(valid_to=MERGED_ON)


@pytest.mark.parametrize(
    ("versions", "on", "code"),
    [
        ([version()], TODAY, VILLAGE),
        ([version(valid_from=MERGED_ON)], date(2020, 1, 1), VILLAGE),  # she lives there today
        ([version(valid_from=date(2027, 1, 1))], TODAY, None),
        ([MERGED], date(2026, 5, 31), OTHER_VILLAGE),  # true on the day that she came
        ([MERGED], MERGED_ON, None),
        ([SPLIT], date(2026, 5, 31), None),  # into which part is for her to say
        ([GONE], date(2026, 5, 31), None),
        ([GONE, version(valid_from=MERGED_ON, name="新东街")], TODAY, VILLAGE),
        ([], TODAY, None),
    ],
)
def test_the_code_by_which_a_place_goes_today(
    versions: list[RegionVersion], on: date, code: str | None
) -> None:
    assert standing(versions, on, TODAY) == code


@pytest.mark.parametrize(
    ("versions", "reason", "on", "became"),
    [
        ([], "unknown", None, []),
        ([GONE], "abolished", "2026-06-01", []),
        ([MERGED], "abolished", "2026-06-01", [{"code": OTHER_VILLAGE, "name": "南街社区"}]),
        ([version(valid_from=date(2027, 1, 1))], "not-yet", "2027-01-01", []),
    ],
)
def test_what_is_wrong_with_a_code(
    versions: list[RegionVersion], reason: str, on: str | None, became: list[dict[str, str]]
) -> None:
    problem = unknown("region", VILLAGE, versions, {OTHER_VILLAGE: "南街社区"}, TODAY)
    assert problem.status == 422
    assert problem.extra == {"field": "region", "reason": reason, "on": on, "became": became}
    body = problem.body("zh")
    assert VILLAGE in body["detail"]
    assert (OTHER_VILLAGE in body["detail"]) == bool(became)


def test_a_digest_does_not_hang_on_the_order() -> None:
    assert list_digest([MERGED, SPLIT]) == list_digest([SPLIT, MERGED]) != list_digest([MERGED])
