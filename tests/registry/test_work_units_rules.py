"""Tiers of work units, and standards that make sense together."""

import pytest

from services.registry.limits.rules import SHIPPED, Limit, in_order
from services.registry.work_units.rules import Tier, responsible_region, tier_of


@pytest.mark.parametrize(
    ("staff", "tier"),
    [
        (None, Tier.COMMUNITY),
        (0, Tier.COMMUNITY),
        (99, Tier.COMMUNITY),
        (100, Tier.TOWNSHIP),
        (999, Tier.TOWNSHIP),
        (1000, Tier.COUNTY),
        (50_000, Tier.COUNTY),
    ],
)
def test_the_tier_follows_from_the_size(staff: int | None, tier: Tier) -> None:
    found = tier_of(staff, bureau_level=False, county_from=1000, township_from=100)
    assert found is tier


@pytest.mark.parametrize("staff", [None, 3, 100, 1000])
def test_a_bureau_level_unit_is_the_countys_at_any_size(staff: int | None) -> None:
    tier = tier_of(staff, bureau_level=True, county_from=1000, township_from=100)
    assert tier is Tier.COUNTY


def test_the_shipped_standards_are_those_of_the_sources() -> None:
    assert {code: each.value for code, each in SHIPPED.items()} | {
        Limit.UNIT_COUNTY_STAFF: 1000,
        Limit.UNIT_TOWNSHIP_STAFF: 100,
        Limit.LIAISON_HOUSEHOLDS_LEAST: 8,
        Limit.LIAISON_HOUSEHOLDS_MOST: 15,
        Limit.COORDINATOR_HOUSEHOLDS: 2000,
        Limit.BIRTH_MONTHS: 1,
        Limit.DEATH_MONTHS: 1,
    } == {code: each.value for code, each in SHIPPED.items()}
    assert set(SHIPPED) == set(Limit)
    assert all(each.source for each in SHIPPED.values())


def test_whose_office_it_is() -> None:
    village = "420325100001"
    assert responsible_region(Tier.COUNTY, village) == "420325"
    assert responsible_region(Tier.TOWNSHIP, village) == "420325100"
    assert responsible_region(Tier.COMMUNITY, village) == village


def test_limits_that_contradict_each_other() -> None:
    shipped = {code: each.value for code, each in SHIPPED.items()}
    assert in_order(shipped)
    assert not in_order(shipped | {Limit.LIAISON_HOUSEHOLDS_LEAST: 15})
    assert not in_order(shipped | {Limit.UNIT_COUNTY_STAFF: 100})
