"""The main job, whole: two counties and a city on three boxes, over both buses, at a twentieth of
the published figures. The outcome is the same."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from deploy.box.demo import run_in
from deploy.box.roster import R7


async def play(folder: Path, bus: str) -> dict[str, Any]:
    figures: dict[str, Any] = await run_in(folder, bus, R7.scaled(20))
    return figures


def outcome(figures: dict[str, Any]) -> dict[str, Any]:
    """What must not depend on the bus: how much was sent, receipted, applied and refused at each
    node, that its log verifies, and the score."""
    rows = {
        name: {k: row[k] for k in ("sent", "receipted", "applied", "refused", "verified")}
        for name, row in figures["rows"].items()
    }
    return {"rows": rows, "score": figures["scores"]["county-420381"]}


@pytest.fixture(scope="module")
def outcomes() -> dict[str, Any]:
    return {}


@pytest.mark.slow
@pytest.mark.timeout(400)
async def test_the_board_on_the_embedded_bus(tmp_path: Path, outcomes: dict[str, Any]) -> None:
    figures = await play(tmp_path, "embedded")
    outcomes["embedded"] = outcome(figures)
    for row in figures["rows"].values():
        assert row["sent"] == row["receipted"] > 12
        assert row["refused"] == 0
    verify_by_command(tmp_path)


def verify_by_command(folder: Path) -> None:
    """`yipan evidence verify` on the exports the demo left: whole, and with one leaf edited."""
    export, keys = folder / "evidence-420325.jsonl", folder / "jwks-420325.json"
    command = [
        str(Path(sys.executable).parent / "yipan"),
        "evidence",
        "verify",
        str(export),
        "--jwks",
        str(keys),
    ]
    whole = subprocess.run(command, capture_output=True, text=True, check=False)
    assert whole.returncode == 0, whole.stdout + whole.stderr
    lines = export.read_text().splitlines()
    at = next(number for number, line in enumerate(lines) if "message_id" in line)
    edited = json.loads(lines[at])
    target = edited.get("leaf", edited)
    target["message_id"] = "0" + str(target["message_id"])[1:] + "0"
    export.write_text("\n".join([*lines[:at], json.dumps(edited), *lines[at + 1 :]]) + "\n")
    broken = subprocess.run(command, capture_output=True, text=True, check=False)
    assert broken.returncode == 1, broken.stdout


@pytest.mark.slow
@pytest.mark.kafka
@pytest.mark.timeout(400)
async def test_the_board_on_kafka_ends_the_same(
    tmp_path: Path, outcomes: dict[str, Any], own_kafka: None
) -> None:
    figures = await play(tmp_path, "kafka")
    if "embedded" not in outcomes:  # run on its own
        pytest.fail("run the whole module: the outcomes are compared")
    assert outcome(figures) == outcomes["embedded"]
