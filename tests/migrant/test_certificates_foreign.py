"""Our certificates with software that is not ours: @sd-jwt/sd-jwt-vc on Node.

The packages are pinned in tests/migrant/foreign/package-lock.json and installed once into the
user's cache. Where node or npm is absent the tests say so and are skipped, unless
YIPAN_REQUIRE_FOREIGN=1.
"""

import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from joserfc.jwk import ECKey

from services.migrant.certificates import sdjwt
from services.migrant.certificates.rules import VCT
from shared.ids import new_id
from shared.testing import Issuer
from tests.migrant.test_certificates_elsewhere import Elsewhere
from tests.migrant.test_certificates_routes import CERTIFICATES, check, issue, only

FOLDER = Path(__file__).parent / "foreign"
Foreign = Callable[[dict[str, Any]], dict[str, Any]]

pytestmark = pytest.mark.foreign


@pytest.fixture(scope="session")
def foreign() -> Foreign:
    """Runs one request in the foreign software."""
    try:
        folder = installed()
    except (OSError, subprocess.SubprocessError) as error:
        reason = f"no foreign SD-JWT software: {type(error).__name__}: {error}"
        if os.environ.get("YIPAN_REQUIRE_FOREIGN") == "1":
            pytest.fail(reason)
        pytest.skip(reason)

    def run(request: dict[str, Any]) -> dict[str, Any]:
        done = subprocess.run(
            ["node", str(folder / "certificate.mjs")],
            input=json.dumps(request),
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        return dict(json.loads(done.stdout))

    return run


def installed() -> Path:
    """The folder with the pinned packages, made when it is not there yet. Raises OSError or
    SubprocessError when it cannot be."""
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            raise FileNotFoundError(program)
    files = [FOLDER / name for name in ("package.json", "package-lock.json", "certificate.mjs")]
    version = sha256(b"".join(each.read_bytes() for each in files)).hexdigest()[:16]
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "yipan"
    target = cache / f"npm-{version}"
    if target.exists():
        return target
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as temporary:
        made = Path(temporary) / "made"
        made.mkdir()
        for each in files:
            shutil.copy(each, made)
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        subprocess.run(command, cwd=made, check=True, capture_output=True, timeout=240)
        try:
            made.rename(target)
        except OSError:
            if not target.exists():  # somebody else was faster
                raise
    return target


async def surroundings(client: httpx.AsyncClient, credential: str) -> dict[str, Any]:
    """What a checker elsewhere reads from us without a token: keys and the status list."""
    status = sdjwt.parse(credential).payload["status"]
    assert isinstance(status, dict) and isinstance(status["status_list"], dict)
    uri = str(status["status_list"]["uri"])
    published = await client.get(uri.removeprefix("http://127.0.0.1:8000"))
    keys = (await client.get("/migrant/v1/issuer-keys")).json()["keys"]
    return {"do": "verify", "keys": keys, "statusLists": {uri: published.text}}


async def test_ours_verifies_there(client: httpx.AsyncClient, foreign: Foreign) -> None:
    credential = (await issue(client))["credential"]
    around = await surroundings(client, credential)
    whole = foreign(around | {"credential": credential})
    assert whole["payload"]["name"] == "王小芳"
    assert whole["payload"]["over_18"] is True
    part = foreign(around | {"credential": only(credential, "over_18")})
    assert part["payload"]["over_18"] is True and "name" not in part["payload"]


async def test_an_altered_one_is_refused_there(client: httpx.AsyncClient, foreign: Foreign) -> None:
    credential = (await issue(client))["credential"]
    around = await surroundings(client, credential)
    jwt, *rest = credential.split("~")
    header, payload, signature = jwt.split(".")
    longer = sdjwt.parse(credential).payload | {"exp": 4_000_000_000}
    altered = ".".join([header, sdjwt.encode(json.dumps(longer).encode()), signature])
    assert "refused" in foreign(around | {"credential": "~".join([altered, *rest])})
    added = sdjwt.encode(json.dumps(["c2FsdA", "children", 0]).encode())
    shown = foreign(around | {"credential": f"{credential}{added}~"})
    assert "refused" in shown or "children" not in shown["payload"]
    assert payload


async def test_a_revoked_one_is_refused_there(client: httpx.AsyncClient, foreign: Foreign) -> None:
    issued = await issue(client)
    await client.post(
        f"{CERTIFICATES}/{issued['certificate_id']}/revocation", json={"reason": "lost"}
    )
    around = await surroundings(client, issued["credential"])
    answer = foreign(around | {"credential": issued["credential"]})
    assert answer == {"refused": "Status is not valid"}


async def test_shown_by_a_foreign_wallet_and_checked_here(
    client: httpx.AsyncClient, foreign: Foreign
) -> None:
    holder = ECKey.generate_key("P-256")
    public = {name: holder.as_dict(private=False)[name] for name in ("kty", "crv", "x", "y")}
    issued = await issue(client, holder_key=public)
    shown = foreign(
        {
            "do": "present",
            "credential": issued["credential"],
            "show": ["name", "over_18"],
            "holderKey": holder.as_dict(private=True),
            "nonce": "nonce-123",
            "audience": "desk-1",
        }
    )["presentation"]
    asked = {"nonce": "nonce-123", "audience": "desk-1"}
    answer = await check(client, shown, **asked)
    assert (answer["outcome"], answer["holder_proven"]) == ("genuine", True)
    assert set(answer["disclosed"]) == {"name", "over_18"}
    around = await surroundings(client, issued["credential"])
    assert "payload" in foreign(around | {"credential": shown, "nonce": "nonce-123"})
    assert (await check(client, shown, nonce="nonce-456"))["outcome"] == "wrongly-bound"


async def test_issued_by_foreign_software_and_checked_here(
    client: httpx.AsyncClient, issuer: Issuer, app: FastAPI, foreign: Foreign
) -> None:
    there = Elsewhere()
    app.state.status_fetcher = there.fetch
    now = int(time.time())
    credential = foreign(
        {
            "do": "issue",
            "payload": {
                "iss": "county-500101",
                "vct": VCT,
                "jti": str(new_id()),
                "iat": now,
                "exp": now + 600,
                "status": {"status_list": {"idx": 7, "uri": f"{there.base}1"}},
            },
            "claims": {"name": "刘小梅", "children": 1},
            "key": there.key.as_dict(private=True),
        }
    )["credential"]
    await there.trusted_by(client, issuer, there.status_list())
    answer = await check(client, credential)
    assert answer["outcome"] == "genuine", answer
    assert answer["disclosed"] == {"name": "刘小梅", "children": 1}
