"""Our certificates with software that is not ours: @sd-jwt/sd-jwt-vc on Node."""

import json
import subprocess
import time
from collections.abc import Callable
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
from tests.migrant.certificate_requests import collected, herself
from tests.migrant.conftest import bearer
from tests.migrant.test_certificates_elsewhere import Elsewhere
from tests.migrant.test_certificates_routes import CERTIFICATES, check, issue, only
from tests.migrant.test_certificates_showing import PRESENTATIONS
from tests.npm import program

FOLDER = Path(__file__).parent / "foreign"
Foreign = Callable[[dict[str, Any]], dict[str, Any]]

pytestmark = pytest.mark.foreign


@pytest.fixture(scope="session")
def foreign() -> Foreign:
    """Runs one request in the foreign software."""
    path = program(FOLDER, "certificate.mjs")

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
    app.state.known_issuers.fetch = there.fetch
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


async def test_every_choice_of_claims_verifies_there(
    client: httpx.AsyncClient, foreign: Foreign
) -> None:
    """What a holder without an app shows, made by us and read by software that is not ours."""
    credential = (await issue(client))["credential"]
    around = await surroundings(client, credential)
    for chosen in (["over_18"], ["name", "home_region"], ["id_number"]):
        shown = await client.post(PRESENTATIONS, json={"credential": credential, "claims": chosen})
        answer = foreign(around | {"credential": shown.json()["presentation"]})
        claims = set(answer["payload"]) - {"iss", "vct", "jti", "iat", "exp", "status", "_sd_alg"}
        assert claims == set(chosen)


async def test_an_altered_disclosure_says_nothing_there_or_here(
    client: httpx.AsyncClient, foreign: Foreign
) -> None:
    credential = (await issue(client))["credential"]
    around = await surroundings(client, credential)
    jwt, *disclosures, _ = credential.split("~")
    altered = []
    for each in disclosures:
        salt, name, value = json.loads(sdjwt.decode(each))
        value = "赵六" if name == "name" else value
        altered.append(sdjwt.encode(json.dumps([salt, name, value]).encode()))
    text = "~".join([jwt, *altered, ""])
    there = foreign(around | {"credential": text})
    assert "refused" in there or "name" not in there["payload"]
    here = await check(client, text)
    assert (here["outcome"], here["reason"]["code"]) == ("forged", "disclosure-altered")


async def test_a_replaced_one_there(
    client: httpx.AsyncClient, app: FastAPI, issuer: Issuer, foreign: Foreign
) -> None:
    person = new_id()
    own = herself(issuer, person)
    old = await collected(client, app, own, person_id=person)
    lost = {"certificate_id": old["certificate_id"], "because": "lost"}
    new = await collected(client, app, own, person_id=person, replaces=lost)
    around = await surroundings(client, new["credential"])
    assert foreign(around | {"credential": new["credential"]})["payload"]["over_18"] is True
    assert "refused" in foreign(around | {"credential": old["credential"]})


async def test_certificates_of_before_and_after_a_rotation_there(
    client: httpx.AsyncClient, issuer: Issuer, foreign: Foreign
) -> None:
    old = (await issue(client))["credential"]
    admin = bearer(issuer, scope="migrant:admin")
    next_key = {"starts_after_days": 14}
    for body in (next_key, None):  # one that waits, then one that signs at once
        rotated = await client.post("/migrant/v1/issuer-keys", json=body, headers=admin)
        assert rotated.status_code == 201
    new = (await issue(client))["credential"]
    around = await surroundings(client, new)
    assert len(around["keys"]) == 3
    for credential in (old, new):
        assert "payload" in foreign(around | {"credential": credential})
    assert sdjwt.parse(old).header["kid"] != sdjwt.parse(new).header["kid"]


async def test_a_foreign_wallets_proof_is_taken_once(
    client: httpx.AsyncClient, app: FastAPI, issuer: Issuer, foreign: Foreign
) -> None:
    holder = ECKey.generate_key("P-256")
    public = {name: holder.as_dict(private=False)[name] for name in ("kty", "crv", "x", "y")}
    person = new_id()
    own = herself(issuer, person)
    issued = await collected(client, app, own, person_id=person, holder_key=public)
    shown = foreign(
        {
            "do": "present",
            "credential": issued["credential"],
            "show": ["over_18"],
            "holderKey": holder.as_dict(private=True),
            "nonce": "nonce-789",
            "audience": "desk-1",
        }
    )["presentation"]
    asked = {"nonce": "nonce-789", "audience": "desk-1"}
    first, second = await check(client, shown, **asked), await check(client, shown, **asked)
    assert (first["outcome"], first["disclosed"]) == ("genuine", {"over_18": True})
    assert (second["outcome"], second["reason"]["code"]) == ("wrongly-bound", "replayed")
