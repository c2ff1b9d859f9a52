"""`yipan import FILE`: a roster from the shell, with its progress and its rejects.

The import itself runs in the service: Ctrl-C here leaves it running, and `yipan import --follow ID`
looks again.
"""

import time
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import click
import httpx

from deploy.box.client import said
from deploy.box.errors import BoxError

_PAUSE_SECONDS = 0.5
_PATIENCE = 20  # looks in a row that may fail, e.g. while the service starts anew


class Importer:
    """A caller of the registry who imports. `client` has its base address and its token."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def send(self, file: Path, as_of: date | None) -> str:
        """Upload a file; returns the import's id. Raises BoxError with the service's words."""
        form = {"kind": "roster"} | ({"as_of": as_of.isoformat()} if as_of else {})
        with file.open("rb") as content:
            answer = self._client.post("/imports", data=form, files={"file": (file.name, content)})
        return str(said(answer)["id"])

    def follow(self, import_id: str) -> dict[str, Any]:
        """Show the progress until the import is over; returns its last state."""
        failures = 0
        with click.progressbar(length=100, label="导入 import", item_show_func=_rate) as bar:
            while True:
                try:
                    state: dict[str, Any] = said(self._client.get(f"/imports/{import_id}"))
                    failures = 0
                except httpx.TransportError:
                    failures += 1
                    if failures > _PATIENCE:
                        raise
                    state = {"status": "waiting", "percent": bar.pos}
                bar.update(max(state["percent"] - bar.pos, 0), state)
                if state["status"] not in ("waiting", "running"):
                    return state
                time.sleep(_PAUSE_SECONDS)

    def fetch_rejects(self, import_id: str, target: Path) -> list[Path]:
        """The refused lines as workbooks, `target` and, past 20,000 lines, target-2 and so on."""
        files: list[Path] = []
        cursor: str | None = None
        while True:
            query = {"format": "xlsx"} | ({"cursor": cursor} if cursor else {})
            answer = self._client.get(f"/imports/{import_id}/rejects", params=query)
            if answer.is_error:
                said(answer)
            number = f"-{len(files) + 1}" if files else ""
            files.append(target.with_name(f"{target.stem}{number}{target.suffix}"))
            files[-1].write_bytes(answer.content)
            cursor = answer.headers.get("Next-Cursor")
            if cursor is None:
                return files


def _rate(state: dict[str, Any] | None) -> str:
    if not state or not state.get("lines_per_second"):
        return ""
    left = (datetime.fromisoformat(state["estimated_end"]) - datetime.now(UTC)).total_seconds()
    said = f"{state['lines_read']:,} 行 {state['lines_per_second']:,}/s"
    return f"{said} 约剩 {max(left, 0):.0f}s" if state["status"] == "running" else said


def run_import(
    client: httpx.Client, file: Path | None, follow: str | None, as_of: date | None, rejects: Path
) -> bool:
    """Send `file`, or look at the import `follow` again. Writes the rejects where there are some.
    Returns whether every line was taken."""
    importer = Importer(client)
    import_id = follow or (importer.send(file, as_of) if file else None)
    if import_id is None:
        raise BoxError("A file is needed, or --follow.", "请给出文件,或 --follow。")
    click.echo(f"import {import_id}")
    state = importer.follow(import_id)
    click.echo(
        f"{state['status']}: {state['accepted']:,} 导入 taken, {state['unchanged']:,} 无变化"
        f" unchanged, {state['rejected']:,} 拒收 refused, {state['flagged']:,} 待核对 to look at"
    )
    if state["failure"]:
        click.echo(state["failure"]["reason"], err=True)
        for column in state["failure"]["columns"]:
            click.echo(f"  {column}", err=True)
    if state["rejected"]:
        for path in importer.fetch_rejects(import_id, rejects):
            click.echo(f"拒收行 refused lines: {path}")
    return state["status"] == "finished" and not state["rejected"]
