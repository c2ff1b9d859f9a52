"""Issuers' keys from the exchange's directory: listed, looked up at their door, followed."""

import asyncio
import ssl
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from joserfc.jwk import ECKey

from services.migrant.certificates.directory import Directory, over_tls
from services.migrant.certificates.fetching import StatusFetcher
from services.migrant.certificates.models import DirectoryIssuer
from shared.events.exchange import ParticipantListed
from shared.testing import Issuer
from tests.migrant.certificate_requests import hear, rows
from tests.migrant.test_certificates_elsewhere import Elsewhere
from tests.migrant.test_certificates_elsewhere import elsewhere as elsewhere
from tests.migrant.test_certificates_routes import check

COUNTY = "county-500101"


def listed(**overrides: Any) -> ParticipantListed:
    """Far away: an address that nothing answers at, should the service itself look."""
    values: dict[str, Any] = {
        "node_id": COUNTY,
        "level": "county",
        "address": "https://127.0.0.1:9",
        "certificate_pem": None,
        "version": 1,
        "revoked": False,
    }
    return ParticipantListed(**(values | overrides))


class Door:
    """That county's door: publishes its keys, and counts who asks."""

    def __init__(self, app: FastAPI, there: Elsewhere) -> None:
        self.there = there
        self.asked = 0
        self.answer: Any = None
        self.app = app
        directory = app.state.issuer_directory
        assert isinstance(directory, Directory)
        self.directory = directory
        directory.open_client = self._open

    def _open(self, county: DirectoryIssuer) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            transport=httpx.MockTransport(self._handle), base_url=county.address
        )

    def _handle(self, request: httpx.Request) -> httpx.Response:
        assert request.url.path == "/migrant/v1/issuer-keys"
        self.asked += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        keys = [self.there.key.as_dict(private=False)]
        told = {"issuer": COUNTY, "status_base": self.there.base, "keys": keys}
        return httpx.Response(200, json=self.answer or told)

    async def due(self) -> None:
        """The day has come to look again."""
        await rows(self.app, "UPDATE directory_issuers SET next_look_at = now() RETURNING 1")

    async def look(self) -> None:
        """Have it looked up now, by us or by the service that runs."""
        asked = self.asked
        await self.due()
        await self.directory.look_once()
        await self.answered(asked + 1)

    async def answered(self, times: int) -> None:
        """The service may look on its own: until it has taken note."""
        for _ in range(100):
            (row,) = await rows(
                self.app,
                "SELECT looked_at > now() - interval '1 minute' AS noted FROM directory_issuers",
            )
            if self.asked >= times and row["noted"]:
                return
            await asyncio.sleep(0.05)
        raise AssertionError("it was never asked")


@pytest.fixture
def door(app: FastAPI, elsewhere: Elsewhere) -> Door:
    return Door(app, elsewhere)


async def test_a_listed_county_needs_no_keys_by_hand(
    client: httpx.AsyncClient, app: FastAPI, elsewhere: Elsewhere, door: Door
) -> None:
    credential = elsewhere.certificate()
    assert (await check(client, credential))["outcome"] == "unknown-issuer"
    await hear(app, listed())
    await door.look()
    assert (await check(client, credential))["outcome"] == "genuine"
    known = (await client.get("/migrant/v1/trusted-issuers")).json()
    assert [(each["issuer"], each["key_ids"]) for each in known] == [(COUNTY, ["b-1"])]
    assert await door.directory.look_once() is False  # once a day is enough
    (row,) = await rows(app, "SELECT problem FROM directory_issuers")
    assert row["problem"] is None


async def test_a_new_key_is_asked_for_when_a_certificate_names_it(
    client: httpx.AsyncClient, app: FastAPI, elsewhere: Elsewhere, door: Door
) -> None:
    await hear(app, listed())
    await door.look()
    asked = door.asked
    elsewhere.key = ECKey.generate_key("P-256", {"kid": "b-2", "alg": "ES256", "use": "sig"})
    credential = elsewhere.certificate()
    assert (await check(client, credential))["reason"]["code"] == "unknown-key"
    assert await door.directory.look_once() is False  # it looked moments ago
    await rows(
        app, "UPDATE directory_issuers SET looked_at = now() - interval '11 minutes' RETURNING 1"
    )
    assert (await check(client, credential))["reason"]["code"] == "unknown-key"
    await door.directory.look_once()
    await door.answered(asked + 1)
    assert door.asked == asked + 1
    assert (await check(client, credential))["outcome"] == "genuine"


async def test_a_county_that_left_is_unknown(
    client: httpx.AsyncClient, app: FastAPI, elsewhere: Elsewhere, door: Door
) -> None:
    await hear(app, listed())
    await door.look()
    await hear(app, listed(version=2, revoked=True))
    await hear(app, listed())  # the first record once more, late
    assert (await check(client, elsewhere.certificate()))["outcome"] == "unknown-issuer"
    await door.due()
    assert await door.directory.look_once() is False


@pytest.mark.parametrize(
    "answer",
    [
        httpx.ConnectError("away"),
        {"issuer": "county-420381", "status_base": "https://b.test/lists/", "keys": []},
        {"issuer": COUNTY, "status_base": "file:///etc", "keys": []},
        {"issuer": COUNTY, "status_base": "https://b.test/l/", "keys": [{"kty": "oct", "k": "A"}]},
        {"keys": "none"},
    ],
)
async def test_what_is_no_answer_enters_nothing(
    client: httpx.AsyncClient, app: FastAPI, door: Door, answer: Any
) -> None:
    await hear(app, listed())
    door.answer = answer
    await door.look()
    assert (await client.get("/migrant/v1/trusted-issuers")).json() == []
    (row,) = await rows(app, "SELECT problem, next_look_at > now() AS later FROM directory_issuers")
    assert row["problem"] and row["later"]


@pytest.mark.parametrize("change", [{"level": "city"}, {"node_id": "Not an issuer"}])
async def test_only_counties_issue(app: FastAPI, change: dict[str, str]) -> None:
    await hear(app, listed(**change))
    assert await rows(app, "SELECT * FROM directory_issuers") == []


def test_plain_http_is_refused_unless_allowed() -> None:
    county = DirectoryIssuer(
        issuer=COUNTY,
        address="http://b.test",
        version=1,
        revoked=False,
        next_look_at=datetime.now(UTC),
    )
    with pytest.raises(ValueError, match="plain http"):
        over_tls(False)(county)
    assert str(over_tls(True)(county).base_url) == "http://b.test"


def test_a_pinned_certificate_is_the_only_one_trusted() -> None:
    county = DirectoryIssuer(
        issuer=COUNTY,
        address="https://b.test",
        certificate_pem="not a certificate",
        version=1,
        revoked=False,
        next_look_at=datetime.now(UTC),
    )
    with pytest.raises((ssl.SSLError, ValueError)):
        over_tls(False)(county)


async def test_the_trust_of_an_administrator_still_works(
    client: httpx.AsyncClient, issuer: Issuer, elsewhere: Elsewhere
) -> None:
    await elsewhere.trusted_by(client, issuer, elsewhere.status_list())
    assert (await check(client, elsewhere.certificate()))["outcome"] == "genuine"


async def test_its_lists_are_fetched_behind_the_same_certificate(
    client: httpx.AsyncClient, app: FastAPI, elsewhere: Elsewhere, door: Door
) -> None:
    asked: list[tuple[str, str]] = []

    async def pinned(uri: str, certificate_pem: str) -> str | None:
        asked.append((uri, certificate_pem))
        return elsewhere.status_list()

    elsewhere.reachable = False
    app.state.known_issuers.fetch_pinned = pinned
    await hear(app, listed(address="https://b.test", certificate_pem="PEM"))
    await door.look()
    assert (await check(client, elsewhere.certificate()))["outcome"] == "genuine"
    assert asked == [(f"{elsewhere.base}1", "PEM")]
    assert elsewhere.fetched == 0


async def test_a_door_with_an_unreadable_certificate_is_not_asked() -> None:
    async with httpx.AsyncClient() as nobody:
        fetcher = StatusFetcher(nobody)
        assert await fetcher.pinned("https://b.test/lists/1", "not a certificate") is None
