"""Every example of the README runs, in its order, against a box as `make run` starts it."""

import asyncio
import os
import re
import subprocess
from pathlib import Path

import pytest

from deploy.box.fleet import running_fleet

ROOT = Path(__file__).parents[2]


def examples() -> str:
    """The shell blocks of the section on the APIs, as one script."""
    section = (ROOT / "README.md").read_text().split("## Using the APIs")[1].split("\n## ")[0]
    return "\n".join(re.findall(r"```sh\n(.*?)```", section, re.DOTALL))


@pytest.mark.timeout(180)
async def test_the_readme_works(tmp_path: Path) -> None:
    async with running_fleet(["420325"], tmp_path, "embedded", ["--any-hour"]) as (box,):
        script = examples().replace("BASE=http://127.0.0.1:8000", f"BASE={box.url}")
        script = script.replace("yipan token", f"yipan token --data {box.data}")
        # the text waits for the consent to come by event, as a reader's typing would
        script = script.replace(
            "api $BASE/notify/v1/messages", "sleep 3; api $BASE/notify/v1/messages"
        )
        done = await asyncio.to_thread(
            subprocess.run,
            ["bash", "-eu", "-o", "pipefail", "-c", script],
            cwd=ROOT,
            capture_output=True,
            text=True,
            env=os.environ | {"LC_ALL": "C.UTF-8"},
            check=False,
        )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert done.stdout.count("{") > 20
    assert "张小梅" in done.stdout
