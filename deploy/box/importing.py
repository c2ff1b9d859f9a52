"""`yipan import FILE`: a roster from the shell, with its progress and its rejects.

The import itself runs in the service: Ctrl-C here leaves it running, and `yipan import --follow ID`
looks again.
"""

import json
import time
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import click
import httpx

from deploy.box.errors import BoxError
from deploy.box.keys import load_keys, make_token

_PAUSE_SECONDS = 0.5
_PATIENCE = 20  # looks in a row that may fail, e.g. while the service starts anew


def box_client(data: Path, url: str | None, token: str | None) -> httpx.Client:
    """A caller of the registry at `url` with `token`; of the box in `data`, as a clerk of its
    county, where they are None. Raises BoxError where no box runs."""
    if url is None or token is None:
        try:
            note = json.loads((data / "box.json").read_text())
        except FileNotFoundError:
            raise BoxError(f"No box runs on {data}.", f"{data} 上没有运行中的一体机。") from None
        url = url or note["url"]
        token = token or make_token(
            load_keys(data),
            sub="shell",
            region=note["region"],
            scope="registry:read registry:write",
            org="shell",
            name="",
        )
    headers = {
        "Authorization": f"Bearer {token}",
        "Purpose": "registration",
        "Accept-Language": "zh",
    }
    return httpx.Client(base_url=f"{url}/registry/v1", headers=headers, timeout=300)


class Importer:
    """A caller of the registry who imports. `client` has its base address and its token."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def send(self, file: Path, as_of: date | None) -> str:
        """Upload a file; returns the import's id. Raises BoxError with the service's words."""
        form = {"kind": "roster"} | ({"as_of": as_of.isoformat()} if as_of else {})
        with file.open("rb") as content:
            answer = self._client.post("/imports", data=form, files={"file": (file.name, content)})
        return str(_said(answer)["id"])

    def follow(self, import_id: str) -> dict[str, Any]:
        """Show the progress until the import is over; returns its last state."""
        failures = 0
        with click.progressbar(length=100, label="导入 import", item_show_func=_rate) as bar:
            while True:
                try:
                    state = _said(self._client.get(f"/imports/{import_id}"))
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
                _said(answer)
            number = f"-{len(files) + 1}" if files else ""
            files.append(target.with_name(f"{target.stem}{number}{target.suffix}"))
            files[-1].write_bytes(answer.content)
            cursor = answer.headers.get("Next-Cursor")
            if cursor is None:
                return files


def _said(answer: httpx.Response) -> dict[str, Any]:
    """The body of an answer. Raises BoxError with the title and detail of a problem."""
    try:
        body: dict[str, Any] = answer.json()
    except ValueError:
        body = {"title": f"HTTP {answer.status_code}"}
    if answer.is_error:
        text = " ".join(str(body[part]) for part in ("title", "detail") if body.get(part))
        raise BoxError(f"The registry refuses: {text}", f"登记服务拒绝:{text}")
    return body


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
