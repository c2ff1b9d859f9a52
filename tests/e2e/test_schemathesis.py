"""Schemathesis puts the published data tracker (specs/ee_data_tracker_v2.1.0.yaml) to every
service of a running box, and to the joined one, and to each service what its own document says of
it, and finds nothing.

tests/e2e/test_bad_input.py spoils every field of every operation by a list of ours; this one makes
up its own values, from what a stranger can read.
"""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from deploy.box.fleet import free_ports
from deploy.box.keys import make_token
from shared.contracts import SERVICES
from tests.chaos.box import Box
from tests.chaos.load import PATHS, PERSON, body
from tests.e2e.trial import scopes

pytestmark = pytest.mark.slow

SPEC = Path(__file__).parents[1] / "contracts" / "specs" / "ee_data_tracker_v2.1.0.yaml"
TRACKERS = [*(f"{service}/datatracker" for service in SERVICES), "exchange/datatracker/joined"]
EXAMPLES = 20  # an operation and phase
# The specification says of `offset` and `limit` that they are integers and of `userCode` that it is
# a text, and keeps 400 for what does not do: a negative number is such, and schema-valid.
# Our own documents tell the form of a value, and no document tells all there is to it: a check
# digit, a region that exists, one of two members and not both, the cursor of another page. Such a
# value is refused with its reason, which the same check would call a fault.
UNPROMISED = "positive_data_acceptance"
OWN_EXAMPLES = 3  # of our own documents there are thirty times as many operations


@pytest.fixture(scope="module")
async def box(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Box]:
    """A county without anybody in it."""
    started = Box(tmp_path_factory.mktemp("box"), free_ports(1)[0])
    await started.start()
    yield started
    await started.stop()


@pytest.fixture(scope="module")
async def her(box: Box) -> str:
    """The id of somebody whom the registry holds and a clerk has looked at."""
    headers = {
        "Authorization": f"Bearer {token(box, 'registry:read registry:write')}",
        "Purpose": "registration",
    }
    async with httpx.AsyncClient(base_url=box.url, headers=headers, timeout=30) as client:
        made = await client.post(PATHS[PERSON], json=body(PERSON, 1))
        seen = await client.get(f"{PATHS[PERSON]}/{made.raise_for_status().json()['id']}")
    return str(seen.raise_for_status().json()["id"])


def token(box: Box, scope: str) -> str:
    return make_token(
        box.keys, sub="clerk-1", region="420325", scope=scope, org="desk", name="窗口"
    )


def schemathesis(
    folder: Path, spec: Path, url: str, scope_token: str, settings: str, *options: str
) -> subprocess.CompletedProcess[str]:
    """Every check on every operation; the same questions each time."""
    file = folder / "schemathesis.toml"
    file.write_text(settings)
    return subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "--config-file", file, "run", spec),
            *("--url", url, "--seed", "1", "--header", f"Authorization: Bearer {scope_token}"),
            *("--continue-on-failure", "--checks", "all", "--exclude-checks", UNPROMISED, *options),
        ],
        capture_output=True,
        text=True,
        timeout=600,
        cwd=folder,
    )


@pytest.mark.parametrize("tracker", TRACKERS)
async def test_the_tracker_is_as_published(
    box: Box, her: str, tracker: str, tmp_path: Path
) -> None:
    settings = f'[parameters]\n"query.userCode" = "{her}"\n'
    phases = ("--phases", "examples,coverage,fuzzing", "-n", str(EXAMPLES))
    url, bearer = f"{box.url}/{tracker}", token(box, "usage:read")
    done = await asyncio.to_thread(schemathesis, tmp_path, SPEC, url, bearer, settings, *phases)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-1000:]
    assert "Tested: 3" in done.stdout


# A version that is not the record's is told before a body is read (412), to whoever may write.
REFUSED = """[checks.negative_data_rejection]
expected-statuses = ["400", "401", "403", "404", "405", "406", "409", "412", "413", "415", "422",
  "428", "429"]
"""


@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_is_as_its_document_says(box: Box, service: str, tmp_path: Path) -> None:
    """With a token that may all and with one that may nothing, both at once."""
    document = tmp_path / "openapi.json"
    async with httpx.AsyncClient(base_url=box.url, timeout=60) as client:
        document.write_bytes((await client.get(f"/{service}/openapi.json")).content)
    operations = sum(map(len, json.loads(document.read_bytes())["paths"].values()))

    async def explored(name: str, scope: str) -> subprocess.CompletedProcess[str]:
        folder = tmp_path / name
        folder.mkdir()
        phases = ("--phases", "examples,fuzzing", "-n", str(OWN_EXAMPLES))
        bearer = token(box, scope)
        return await asyncio.to_thread(
            schemathesis, folder, document, box.url, bearer, REFUSED, *phases
        )

    for done in await asyncio.gather(explored("all", scopes()), explored("nothing", "")):
        assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-1000:]
        assert f"Tested: {operations}" in done.stdout
