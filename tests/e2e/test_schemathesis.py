"""Schemathesis puts the published data tracker (specs/ee_data_tracker_v2.1.0.yaml) to every
service of a running box, and to the joined one, and finds nothing."""

import asyncio
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

pytestmark = pytest.mark.slow

SPEC = Path(__file__).parents[1] / "contracts" / "specs" / "ee_data_tracker_v2.1.0.yaml"
TRACKERS = [*(f"{service}/datatracker" for service in SERVICES), "exchange/datatracker/joined"]
EXAMPLES = 20  # an operation and phase
# The specification says of `offset` and `limit` that they are integers and of `userCode` that it is
# a text, and keeps 400 for what does not do: a negative number is such, and schema-valid.
UNPROMISED = "positive_data_acceptance"


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
    folder: Path, box: Box, tracker: str, her: str
) -> subprocess.CompletedProcess[str]:
    """Every check on every operation; the same questions each time."""
    settings = folder / "schemathesis.toml"
    settings.write_text(f'[parameters]\n"query.userCode" = "{her}"\n')
    return subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "--config-file", settings, "run", SPEC),
            *("--url", f"{box.url}/{tracker}", "--seed", "1", "-n", str(EXAMPLES)),
            *("--header", f"Authorization: Bearer {token(box, 'usage:read')}"),
            *("--phases", "examples,coverage,fuzzing", "--continue-on-failure"),
            *("--checks", "all", "--exclude-checks", UNPROMISED),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=folder,
    )


@pytest.mark.parametrize("tracker", TRACKERS)
async def test_the_tracker_is_as_published(
    box: Box, her: str, tracker: str, tmp_path: Path
) -> None:
    done = await asyncio.to_thread(schemathesis, tmp_path, box, tracker, her)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-1000:]
    assert "Tested: 3" in done.stdout
