"""Whatever a caller sends, no service breaks: a 4xx problem or a proper answer, and what was
refused left nothing behind."""

import pytest

from shared.contracts import SERVICES, openapi
from shared.testing import Issuer
from tests.conftest import Cluster
from tests.e2e.bad_requests import operations
from tests.e2e.odd_values import CITY, GIVEN, SETTINGS
from tests.e2e.trial import given_ids, trial


@pytest.mark.parametrize("service", SERVICES)
async def test_nothing_breaks(service: str, cluster: Cluster, issuer: Issuer) -> None:
    found = operations(openapi(service), given_ids(), GIVEN)
    async with trial(service, cluster, issuer, SETTINGS.get(service, {})) as tried:
        for operation in found:
            await tried.try_good(operation)
        for operation in found:
            await tried.try_all(operation)
    assert not tried.wrong, "\n".join(tried.wrong[:40])


async def test_a_city_is_not_broken_by_a_record(cluster: Cluster, issuer: Issuer) -> None:
    (operation,) = (
        each
        for each in operations(openapi("exchange"), {}, GIVEN)
        if each.id == "POST /exchange/v1/participants"
    )
    async with trial("exchange", cluster, issuer, CITY) as tried:
        await tried.try_good(operation)
        assert tried.last.status == 201
        await tried.try_all(operation)
    assert not tried.wrong, "\n".join(tried.wrong[:40])
