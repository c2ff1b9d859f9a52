"""What may go wrong between counties: clocks, lists, keys; each is answered with its reason."""

import asyncio
import json
import time
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
from fastapi import FastAPI
from joserfc import jws
from joserfc.jwk import ECKey

from services.migrant.certificates import sdjwt
from services.migrant.certificates.faults import WORDS, Reason
from services.migrant.certificates.known import KnownIssuers
from shared.testing import Issuer
from tests.conftest import Cluster, parts_of
from tests.migrant.certificate_requests import ask as request_certificate
from tests.migrant.certificate_requests import herself
from tests.migrant.conftest import bearer
from tests.migrant.samples import make_arrival
from tests.migrant.test_certificates_elsewhere import Elsewhere, grow_old
from tests.migrant.test_certificates_elsewhere import elsewhere as elsewhere
from tests.migrant.test_certificates_routes import CHECKS, check, issue, stored

MINUTES = 60


def reason_of(answer: dict[str, Any]) -> tuple[str, str | None]:
    return answer["outcome"], answer["reason"] and answer["reason"]["code"]


def test_every_reason_is_said_in_both_languages() -> None:
    assert set(WORDS) == set(Reason)
    assert all(each.zh and each.en for each in WORDS.values())


# clocks


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        ({"iat": 9 * MINUTES}, ("genuine", None)),  # the issuer's clock is fast
        ({"iat": 11 * MINUTES}, ("not-yet-valid", "issued-in-the-future")),
        ({"exp": -9 * MINUTES}, ("genuine", None)),  # ours is
        ({"exp": -11 * MINUTES}, ("expired", "expired")),
    ],
)
async def test_clocks_may_differ_by_ten_minutes(
    client: httpx.AsyncClient,
    issuer: Issuer,
    elsewhere: Elsewhere,
    overrides: dict[str, int],
    expected: tuple[str, str | None],
) -> None:
    await elsewhere.trusted_by(client, issuer, elsewhere.status_list())
    now = int(time.time())
    times = {name: now + seconds for name, seconds in overrides.items()}
    credential = elsewhere.certificate(**times)
    assert reason_of(await check(client, credential)) == expected


@pytest.mark.parametrize(
    ("age", "lifetime", "expected"),
    [
        (-9 * MINUTES, 10_000, ("genuine", None)),  # signed by a clock that is fast
        (-11 * MINUTES, 10_000, ("stale-status", "status-list-unreadable")),
        (1000, 1000 - 9 * MINUTES, ("genuine", None)),  # expired by a clock that is
        (1000, 1000 - 11 * MINUTES, ("stale-status", "no-status-list")),
    ],
)
async def test_the_clock_of_a_status_list(
    client: httpx.AsyncClient,
    issuer: Issuer,
    elsewhere: Elsewhere,
    app: FastAPI,
    age: int,
    lifetime: int,
    expected: tuple[str, str | None],
) -> None:
    await elsewhere.trusted_by(client, issuer)

    async def fetch(uri: str) -> str | None:
        return elsewhere.status_list(age=age, lifetime=lifetime)

    known_issuers(app).fetch = fetch
    assert reason_of(await check(client, elsewhere.certificate())) == expected


# status lists


def known_issuers(app: FastAPI) -> KnownIssuers:
    known = app.state.known_issuers
    assert isinstance(known, KnownIssuers)
    return known


async def test_a_list_that_does_not_parse(
    client: httpx.AsyncClient, issuer: Issuer, elsewhere: Elsewhere, app: FastAPI
) -> None:
    async def fetch(uri: str) -> str | None:
        return "<html>maintenance</html>"

    known_issuers(app).fetch = fetch
    await elsewhere.trusted_by(client, issuer)
    answer = await check(client, elsewhere.certificate())
    assert reason_of(answer) == ("stale-status", "status-list-unreadable")
    assert answer["signature_valid"] is True
    await elsewhere.trusted_by(client, issuer, elsewhere.status_list(lifetime=10**7))
    await grow_old(app, "601 seconds")  # the list at hand does for a while
    assert reason_of(await check(client, elsewhere.certificate())) == ("genuine", None)
    await grow_old(app, "4 days")
    answer = await check(client, elsewhere.certificate())
    assert reason_of(answer) == ("stale-status", "status-list-too-old")


async def test_an_old_list_played_again_undoes_no_revocation(
    client: httpx.AsyncClient, issuer: Issuer, elsewhere: Elsewhere, app: FastAPI
) -> None:
    before = elsewhere.status_list(age=300)
    elsewhere.revoked = [7]
    await elsewhere.trusted_by(client, issuer, elsewhere.status_list())
    assert reason_of(await check(client, elsewhere.certificate())) == ("revoked", "revoked")
    await grow_old(app, "601 seconds")

    async def fetch(uri: str) -> str | None:
        return before

    known_issuers(app).fetch = fetch
    assert reason_of(await check(client, elsewhere.certificate())) == ("revoked", "revoked")
    await elsewhere.trusted_by(client, issuer, before)  # nor by the administrator's hand
    assert reason_of(await check(client, elsewhere.certificate())) == ("revoked", "revoked")


async def test_a_list_is_asked_for_with_no_transaction_open(
    client: httpx.AsyncClient,
    issuer: Issuer,
    elsewhere: Elsewhere,
    app: FastAPI,
    cluster: Cluster,
) -> None:
    watcher = await asyncpg.connect(cluster.owner("migrant"))
    open_ones: list[int] = []

    async def fetch(uri: str) -> str | None:
        for _ in range(100):  # others of the service come and go; one of ours would stay
            open_ones.append(
                await watcher.fetchval(
                    "SELECT count(*) FROM pg_stat_activity WHERE usename = 'yipan_migrant'"
                    " AND datname = current_database() AND xact_start IS NOT NULL"
                )
            )
            if open_ones[-1] == 0:
                break
            await asyncio.sleep(0.05)
        return elsewhere.status_list()

    known_issuers(app).fetch = fetch
    try:
        await elsewhere.trusted_by(client, issuer)
        assert reason_of(await check(client, elsewhere.certificate())) == ("genuine", None)
    finally:
        await watcher.close()
    assert open_ones[-1] == 0


async def test_a_queue_of_checks_asks_once(
    client: httpx.AsyncClient, issuer: Issuer, elsewhere: Elsewhere, app: FastAPI
) -> None:
    async def slowly(uri: str) -> str | None:
        elsewhere.fetched += 1
        await asyncio.sleep(0.1)
        return elsewhere.status_list()

    known_issuers(app).fetch = slowly
    await elsewhere.trusted_by(client, issuer)
    answers = await asyncio.gather(*(check(client, elsewhere.certificate()) for _ in range(6)))
    assert {each["outcome"] for each in answers} == {"genuine"}
    assert elsewhere.fetched == 1


async def test_a_list_entered_elsewhere_is_seen_at_the_next_check(
    client: httpx.AsyncClient, issuer: Issuer, elsewhere: Elsewhere
) -> None:
    """What is kept in memory is not believed when the database holds something newer."""
    await elsewhere.trusted_by(client, issuer, elsewhere.status_list(age=60))
    assert reason_of(await check(client, elsewhere.certificate())) == ("genuine", None)
    elsewhere.revoked = [7]
    await elsewhere.trusted_by(client, issuer, elsewhere.status_list())
    assert reason_of(await check(client, elsewhere.certificate())) == ("revoked", "revoked")


async def test_an_issuers_new_key_and_one_we_do_not_know(
    client: httpx.AsyncClient, issuer: Issuer, elsewhere: Elsewhere
) -> None:
    old = elsewhere.certificate()
    await elsewhere.trusted_by(client, issuer, elsewhere.status_list())
    assert reason_of(await check(client, old)) == ("genuine", None)
    elsewhere.key = ECKey.generate_key("P-256", {"kid": "b-2", "alg": "ES256", "use": "sig"})
    new = elsewhere.certificate()
    assert reason_of(await check(client, new)) == ("unknown-issuer", "unknown-key")
    await elsewhere.trusted_by(client, issuer, elsewhere.status_list())
    assert reason_of(await check(client, new)) == ("genuine", None)
    assert reason_of(await check(client, old)) == ("unknown-issuer", "unknown-key")


# what is shown


async def test_what_was_read_in_part_says_so(client: httpx.AsyncClient) -> None:
    credential = (await issue(client))["credential"]
    cut = await check(client, credential[: len(credential) // 2])
    assert reason_of(cut) == ("malformed", "truncated")
    assert "scan it again" in cut["reason"]["words"]
    almost = await check(client, credential[:-5])
    assert reason_of(almost) == ("malformed", "truncated")
    assert reason_of(await check(client, "刘小梅")) == ("malformed", "unreadable")


async def test_a_proof_is_taken_once(client: httpx.AsyncClient) -> None:
    holder = ECKey.generate_key("P-256")
    jwk = holder.as_dict(private=False)
    issued = await issue(client, holder_key={name: jwk[name] for name in ("kty", "crv", "x", "y")})
    text = issued["credential"]
    claims = {
        "iat": int(time.time()),
        "aud": "desk-1",
        "nonce": "nonce-123",
        "sd_hash": sdjwt.digest(text),
    }
    header = {"alg": "ES256", "typ": "kb+jwt"}
    shown = text + jws.serialize_compact(header, json.dumps(claims), holder, ["ES256"])
    asked = {"nonce": "nonce-123", "audience": "desk-1"}
    assert (await check(client, shown, **asked))["holder_proven"] is True
    again = await check(client, shown, **asked)
    assert reason_of(again) == ("wrongly-bound", "replayed")
    assert (again["disclosed"], again["holder_proven"]) == ({}, False)
    other = await check(client, shown, nonce="nonce-456", audience="desk-1")
    assert reason_of(other) == ("wrongly-bound", "replayed")
    for_another = await check(client, shown, nonce="nonce-123", audience="desk-2")
    assert reason_of(for_another) == ("wrongly-bound", "proof-for-another-checker")
    missing = await check(client, text, **asked)
    assert reason_of(missing) == ("wrongly-bound", "proof-missing")


async def test_who_shows_nothing_is_registered_and_helped_to_apply(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    """The check ends in help, never in a refusal, and nothing she came for waits for it."""
    nothing = await client.post(CHECKS, json={}, headers={"Purpose": "verification"})
    assert nothing.status_code == 200, nothing.text
    answer = nothing.json()
    assert (answer["outcome"], answer["disclosed"]) == ("nothing-shown", {})
    assert "help her ask her home county" in answer["help"]
    for unreadable in ("x", "~", "没有证明"):
        assert "other papers" in (await check(client, unreadable))["help"]
    arrival = await client.post("/migrant/v1/arrivals", json=make_arrival())
    assert arrival.status_code == 201, arrival.text
    person = UUID(arrival.json()["person_id"])
    asked = await request_certificate(client, person, herself(issuer, person))
    assert asked["status"] == "asked"


async def test_a_check_keeps_no_claim(
    client: httpx.AsyncClient, issuer: Issuer, elsewhere: Elsewhere, app: FastAPI
) -> None:
    """Nor what was shown, whole or in part, of another county's certificate."""
    await elsewhere.trusted_by(client, issuer, elsewhere.status_list())
    credential = elsewhere.certificate()
    answer = await check(client, credential)
    assert answer["disclosed"] == {"name": "刘小梅"}
    text = await stored(app)
    assert answer["certificate_id"] in text
    for part in ("刘小梅", "刘小梅".encode().hex(), *credential.split("~")[:-1]):
        assert part not in text


# rotation of our own key


async def test_the_next_key_is_published_before_it_signs(
    client: httpx.AsyncClient, issuer: Issuer, app: FastAPI
) -> None:
    old = await issue(client)
    admin = bearer(issuer, scope="migrant:admin")
    answer = await client.post(
        "/migrant/v1/issuer-keys", json={"starts_after_days": 14}, headers=admin
    )
    assert answer.status_code == 201, answer.text
    kids = {key["kid"] for key in answer.json()["keys"]}
    assert len(kids) == 2
    during = await issue(client)
    assert kid_of(during) == kid_of(old)
    async with parts_of(app).database.acquire() as connection:
        await connection.execute(
            "UPDATE issuer_keys SET starts_at = starts_at - interval '15 days',"
            " retired_at = retired_at - interval '15 days'"
        )
    after = await issue(client)
    assert {kid_of(after), kid_of(old)} == kids
    for each in (old, during, after):
        assert (await check(client, each["credential"]))["outcome"] == "genuine"
    too_long = {"starts_after_days": 91}
    refused = await client.post("/migrant/v1/issuer-keys", json=too_long, headers=admin)
    assert refused.status_code == 422
    assert (await client.post("/migrant/v1/issuer-keys")).status_code == 403


def kid_of(issued: dict[str, Any]) -> str:
    return str(sdjwt.parse(issued["credential"]).header["kid"])
