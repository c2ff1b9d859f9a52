"""What the yipan command calls a running node with."""

import json
from pathlib import Path
from typing import Any

import httpx

from deploy.box.errors import BoxError
from deploy.box.keys import load_keys, make_token


def box_client(
    data: Path, url: str | None, token: str | None, *, service: str, scope: str, purpose: str
) -> httpx.Client:
    """A caller of a service at `url` with `token`; of the box in `data`, as somebody of its county
    with `scope`, where they are None. Raises BoxError where no box runs."""
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
            scope=scope,
            org="shell",
            name="",
        )
    headers = {
        "Authorization": f"Bearer {token}",
        "Purpose": purpose,
        "Accept-Language": "zh",
    }
    return httpx.Client(base_url=f"{url}/{service}/v1", headers=headers, timeout=300)


def said(answer: httpx.Response) -> Any:
    """The body of an answer, None where there is none. Raises BoxError with the title and detail of
    a problem."""
    try:
        body = answer.json() if answer.content else None
    except ValueError:
        body = {"title": f"HTTP {answer.status_code}"}
    if answer.is_error:
        problem = body if isinstance(body, dict) else {}
        text = " ".join(str(problem[part]) for part in ("title", "detail") if problem.get(part))
        raise BoxError(f"The service refuses: {text}", f"服务拒绝:{text}")
    return body
