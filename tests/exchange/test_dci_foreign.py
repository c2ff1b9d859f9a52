"""A partner that nobody here wrote: jose and canonicalize (npm) make its keys and signatures and
check ours; python-openapi's validator holds the contracts."""

import json
import subprocess
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from shared.testing import Issuer
from tests.conftest import Cluster
from tests.exchange.dci_samples import (
    WANG,
    County,
    Partner,
    by_id,
    check_answer,
    county,
    item,
    wish,
)
from tests.exchange.federation import eventually
from tests.npm import program
from tests.registry.conftest import fresh_regions as fresh_regions

pytestmark = pytest.mark.foreign

FOLDER = Path(__file__).parent / "foreign"
Foreign = Callable[[dict[str, Any]], dict[str, Any]]


@pytest.fixture(scope="session")
def foreign() -> Foreign:
    """Runs one request in the foreign software."""
    path = program(FOLDER, "dci.mjs")

    def run(request: dict[str, Any]) -> dict[str, Any]:
        done = subprocess.run(
            ["node", str(path)],
            input=json.dumps(request),
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        return dict(json.loads(done.stdout))

    return run


class ForeignPartner(Partner):
    """Signs with the foreign software."""

    software: Foreign
    keys: dict[str, Any]

    @property
    def jwks(self) -> dict[str, Any]:
        return {"keys": [self._pair["public"]]}

    @property
    def _pair(self) -> dict[str, Any]:
        return dict(self.keys["ed" if self.signature == "detached" else "rsa"])

    def signed(self, body: dict[str, Any]) -> dict[str, Any]:
        request = {"do": "sign", "form": self.signature, "body": body}
        return self.software(request | {"key": self._pair["private"]}) | body

    def believes(self, envelope: dict[str, Any], keys: dict[str, Any]) -> bool:
        request = {"do": "verify", "form": self.signature, "envelope": envelope}
        return bool(self.software(request | {"keys": keys})["fits"])


@pytest.fixture
async def here(cluster: Cluster, issuer: Issuer) -> AsyncIterator[County]:
    async with county(cluster, issuer) as made:
        yield made


@pytest.mark.parametrize("form", ["detached", "attached"])
async def test_foreign_software_asks_follows_and_believes_the_answers(
    here: County, foreign: Foreign, form: str
) -> None:
    partner = here.partner
    partner.__class__ = ForeignPartner
    assert isinstance(partner, ForeignPartner)
    partner.signature, partner.software = form, foreign
    partner.keys = foreign({"do": "keys"})
    await here.enter()
    await here.person(WANG)
    message = {"transaction_id": "交易-1", "search_request": [item(by_id(WANG["id_number"]))]}
    answer = await partner.post("/sync/search", partner.envelope("search", message))
    check_answer("crvs", "/registry/sync/search", answer)
    keys = await here.jwks()
    assert partner.believes(answer.json(), keys)
    assert answer.json()["message"]["search_response"][0]["data"]["reg_records"]
    altered = answer.json()
    altered["message"]["transaction_id"] = "another"
    with pytest.raises((AssertionError, subprocess.CalledProcessError)):
        assert partner.believes(altered, keys)
    death = wish("spdci-common:RegistryEventType:Death", by_id(WANG["id_number"]))
    asked = {"transaction_id": "s", "subscribe_request": [death]}
    await partner.post("/subscribe", partner.envelope("subscribe", asked))

    async def told() -> list[Any]:
        return partner.told

    ((_, body),) = await eventually(told)
    assert partner.believes(body, keys)
