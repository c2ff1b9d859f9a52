"""Certificates of another county, checked here: offline, with an old list, forged."""

import time
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from joserfc.jwk import ECKey

from services.migrant.certificates import sdjwt, statuslist
from services.migrant.certificates.rules import VCT
from shared.ids import new_id
from shared.testing import Issuer
from tests.conftest import parts_of
from tests.migrant.conftest import bearer
from tests.migrant.test_certificates_routes import check

LIST = "https://b.test/migrant/v1/status-lists/1"  # where that county publishes


class Elsewhere:
    """Another county, reduced to its key, its lists and a clock."""

    def __init__(self) -> None:
        self.key = ECKey.generate_key("P-256", {"kid": "b-1", "alg": "ES256", "use": "sig"})
        self.base = LIST.removesuffix("1")
        self.revoked: list[int] = []
        self.fetched = 0
        self.reachable = True

    def certificate(self, **overrides: Any) -> str:
        now = int(time.time())
        payload: dict[str, Any] = {
            "iss": "county-500101",
            "vct": VCT,
            "jti": str(new_id()),
            "iat": now - 100,
            "exp": now + 1000,
            "status": {"status_list": {"idx": 7, "uri": f"{self.base}1"}},
        }
        return sdjwt.issue(payload | overrides, {"name": "刘小梅"}, self.key, digests=8)

    def status_list(self, age: int = 0, ttl: int = 600, lifetime: int = 10_000) -> str:
        now = int(time.time()) - age
        return statuslist.sign(
            f"{self.base}1", self.revoked, 1024, self.key, now=now, ttl=ttl, lifetime=lifetime
        )

    async def fetch(self, uri: str) -> str | None:
        self.fetched += 1
        return self.status_list() if self.reachable else None

    async def trusted_by(
        self, client: httpx.AsyncClient, issuer: Issuer, *lists: str
    ) -> httpx.Response:
        jwk = {name: value for name, value in self.key.as_dict(private=False).items()}
        return await client.put(
            "/migrant/v1/trusted-issuers/county-500101",
            json={
                "jwks": {"keys": [jwk]},
                "status_base": self.base,
                "status_lists": [{"uri": f"{self.base}1", "token": token} for token in lists],
            },
            headers=bearer(issuer, scope="migrant:admin"),
        )


@pytest.fixture
def elsewhere(app: FastAPI) -> Elsewhere:
    there = Elsewhere()
    app.state.known_issuers.fetch = there.fetch
    return there


async def test_offline_with_what_was_cached(
    client: httpx.AsyncClient, issuer: Issuer, elsewhere: Elsewhere
) -> None:
    credential = elsewhere.certificate()
    unknown = await check(client, credential)
    assert (unknown["outcome"], unknown["issuer"]) == ("unknown-issuer", None)
    await elsewhere.trusted_by(client, issuer, elsewhere.status_list())
    answer = await check(client, credential)
    assert (answer["outcome"], answer["issuer"]) == ("genuine", "county-500101")
    assert answer["disclosed"] == {"name": "刘小梅"}
    assert elsewhere.fetched == 0


async def test_an_old_list_is_asked_for_anew(
    client: httpx.AsyncClient, issuer: Issuer, elsewhere: Elsewhere, app: FastAPI
) -> None:
    await elsewhere.trusted_by(client, issuer)
    assert (await check(client, elsewhere.certificate()))["outcome"] == "genuine"
    assert (await check(client, elsewhere.certificate()))["outcome"] == "genuine"
    assert elsewhere.fetched == 1
    elsewhere.revoked = [7]
    await grow_old(app, "601 seconds")
    assert (await check(client, elsewhere.certificate()))["outcome"] == "revoked"
    assert elsewhere.fetched == 2


async def test_offline_with_an_old_list(
    client: httpx.AsyncClient, issuer: Issuer, elsewhere: Elsewhere, app: FastAPI
) -> None:
    elsewhere.reachable = False
    credential = elsewhere.certificate()
    await elsewhere.trusted_by(client, issuer)
    none = await check(client, credential)
    assert (none["outcome"], none["signature_valid"]) == ("stale-status", True)
    assert none["disclosed"] == {"name": "刘小梅"} and none["status_as_of"] is None
    await elsewhere.trusted_by(client, issuer, elsewhere.status_list(lifetime=10_000_000))
    await grow_old(app, "2 days")
    assert (await check(client, credential))["outcome"] == "genuine"
    await grow_old(app, "2 days")
    stale = await check(client, credential)
    assert stale["outcome"] == "stale-status" and stale["status_as_of"] is not None


async def test_a_revocation_once_seen_stays(
    client: httpx.AsyncClient, issuer: Issuer, elsewhere: Elsewhere, app: FastAPI
) -> None:
    elsewhere.reachable = False
    elsewhere.revoked = [7]
    await elsewhere.trusted_by(client, issuer, elsewhere.status_list())
    await grow_old(app, "30 days")
    assert (await check(client, elsewhere.certificate()))["outcome"] == "revoked"


@pytest.mark.parametrize(
    ("overrides", "outcome"),
    [
        ({"exp": 1_700_000_000}, "expired"),
        ({"vct": "https://example.test/other"}, "malformed"),
        ({"status": None}, "malformed"),
        ({"status": {"status_list": {"idx": 4096, "uri": LIST}}}, "malformed"),
        ({"jti": "刘小梅"}, "malformed"),
        ({"iss": "county-420325"}, "unknown-issuer"),
        ({"iss": "a\x00b"}, "unknown-issuer"),
        ({"status": {"status_list": {"idx": 7, "uri": "https://evil.test/1"}}}, "stale-status"),
    ],
)  # fmt: skip
async def test_other_outcomes(
    client: httpx.AsyncClient,
    issuer: Issuer,
    elsewhere: Elsewhere,
    overrides: dict[str, Any],
    outcome: str,
) -> None:
    await elsewhere.trusted_by(client, issuer, elsewhere.status_list())
    assert (await check(client, elsewhere.certificate(**overrides)))["outcome"] == outcome
    assert elsewhere.fetched == 0


async def test_a_list_that_the_issuer_did_not_sign_is_refused(
    client: httpx.AsyncClient, issuer: Issuer, elsewhere: Elsewhere
) -> None:
    answer = await elsewhere.trusted_by(client, issuer, Elsewhere().status_list())
    assert answer.status_code == 422
    listed = await client.get("/migrant/v1/trusted-issuers")
    assert listed.json() == []
    await elsewhere.trusted_by(client, issuer)
    listed = await client.get("/migrant/v1/trusted-issuers")
    assert [(each["issuer"], each["key_ids"]) for each in listed.json()] == [
        ("county-500101", ["b-1"])
    ]


@pytest.mark.parametrize(
    "key",
    [
        {"kty": "EC", "crv": "P-256", "x": "A" * 43},
        {"kty": "EC", "crv": "P-256", "x": "A" * 43, "y": "A" * 43},
        {"kty": "EC", "crv": "Ed25519", "x": "A" * 43, "y": "A" * 43},
        {"kty": "OKP", "crv": "P-256", "x": "A" * 43},
        {"kty": "oct", "k": "AAAA"},
        {"kty": "OKP", "crv": "Ed25519", "x": "A" * 43, "d": "A" * 43},
    ],
)
async def test_a_key_that_is_none_is_refused(
    client: httpx.AsyncClient, issuer: Issuer, key: dict[str, str]
) -> None:
    answer = await client.put(
        "/migrant/v1/trusted-issuers/county-500101",
        json={"jwks": {"keys": [key]}, "status_base": "https://b.test/lists/"},
        headers=bearer(issuer, scope="migrant:admin"),
    )
    assert answer.status_code == 422


async def grow_old(app: FastAPI, interval: str) -> None:
    async with parts_of(app).database.acquire() as connection:
        await connection.execute(
            f"UPDATE cached_status_lists SET fetched_at = fetched_at - interval '{interval}'"
        )
