"""Certificates over HTTP: issued, shown in part, checked, revoked; here and from elsewhere."""

import json
import time
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from joserfc import jws
from joserfc.jwk import ECKey, KeySet

from services.migrant.certificates import sdjwt, statuslist
from shared.events.registry import PersonsMerged
from shared.ids import new_id
from shared.testing import Issuer, event_message
from tests.conftest import parts_of
from tests.migrant.conftest import bearer
from tests.migrant.samples import id_number

CERTIFICATES = "/migrant/v1/certificates"
CHECKS = "/migrant/v1/certificate-checks"
PERSON = new_id()
SECRETS = ("王小芳", id_number("42032519900101122"), "1990-01-01")


def make_request(**overrides: Any) -> dict[str, Any]:
    """The body of POST /migrant/v1/certificates."""
    return {
        "person_id": str(PERSON),
        "requested_by_holder": True,
        "claims": ["name", "birth_date", "over_18", "id_number", "home_region"],
        "facts": {
            "name": SECRETS[0],
            "id_number": SECRETS[1],
            "birth_date": SECRETS[2],
            "home_region": "420325100001",
        },
        "valid_days": 180,
    } | overrides


async def issue(client: httpx.AsyncClient, **overrides: Any) -> dict[str, Any]:
    answer = await client.post(CERTIFICATES, json=make_request(**overrides))
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def check(client: httpx.AsyncClient, presentation: str, **more: str) -> dict[str, Any]:
    answer = await client.post(
        CHECKS,
        json={"presentation": presentation} | more,
        headers={"Purpose": "verification"},
    )
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def only(credential: str, *names: str) -> str:
    """What a holder shows who leaves everything else out."""
    jwt, *disclosures, _ = credential.split("~")
    kept = [each for each in disclosures if json.loads(sdjwt.decode(each))[1] in names]
    return "~".join([jwt, *kept, ""])


async def stored(app: FastAPI) -> str:
    """Everything in the database, as text."""
    async with parts_of(app).database.acquire() as connection:
        await connection.execute("BEGIN; SET LOCAL yipan.region = '420325'")
        tables = await connection.fetch(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        )
        text = ""
        for table in tables:
            if table["tablename"] != "alembic_version":
                rows = await connection.fetch(
                    f"SELECT t::text AS row FROM {table['tablename']} AS t"
                )
                text += "".join(row["row"] for row in rows)
        await connection.execute("ROLLBACK")
    return text


async def test_shown_in_part_and_found_genuine(client: httpx.AsyncClient) -> None:
    issued = await issue(client)
    answer = await check(client, only(issued["credential"], "over_18"))
    assert answer["outcome"] == "genuine"
    assert answer["disclosed"] == {"over_18": True}
    assert answer["certificate_id"] == issued["certificate_id"]
    assert answer["issuer"] == "county-420325"
    assert answer["help"].startswith("Genuine and current")
    whole = await check(client, issued["credential"])
    assert whole["disclosed"]["name"] == SECRETS[0]


async def test_what_is_open_says_nothing_of_the_person(client: httpx.AsyncClient) -> None:
    issued = await issue(client)
    payload = sdjwt.parse(issued["credential"]).payload
    assert set(payload) == {"iss", "vct", "jti", "iat", "exp", "status", "_sd", "_sd_alg"}
    assert str(PERSON) not in json.dumps(payload)
    assert isinstance(payload["_sd"], list) and len(payload["_sd"]) == 8


async def test_no_claim_is_kept_anywhere(client: httpx.AsyncClient, app: FastAPI) -> None:
    key = {"Idempotency-Key": "c-1"}
    answer = await client.post(CERTIFICATES, json=make_request(), headers=key)
    await check(client, answer.json()["credential"])
    text = await stored(app)
    assert answer.json()["certificate_id"] in text
    for secret in SECRETS:
        assert secret not in text
        assert secret.encode().hex() not in text
    async with parts_of(app).database.acquire() as connection:
        assert await connection.fetchval("SELECT count(*) FROM idempotency_keys") == 0


async def test_the_same_request_gives_the_same_certificate(client: httpx.AsyncClient) -> None:
    key = {"Idempotency-Key": "c-2"}
    first = await client.post(CERTIFICATES, json=make_request(), headers=key)
    again = await client.post(CERTIFICATES, json=make_request(), headers=key)
    assert again.status_code == 201
    assert again.json()["certificate_id"] == first.json()["certificate_id"]
    assert (await check(client, again.json()["credential"]))["outcome"] == "genuine"
    other = await client.post(CERTIFICATES, json=make_request(valid_days=9), headers=key)
    assert other.json()["type"].endswith("/idempotency-conflict")


async def test_revoked_by_its_holder(client: httpx.AsyncClient, issuer: Issuer) -> None:
    issued = await issue(client)
    path = f"{CERTIFICATES}/{issued['certificate_id']}"
    stranger = bearer(issuer, scope="self", sub=str(new_id()))
    reason = {"reason": "lost"}
    refused = await client.post(f"{path}/revocation", json=reason, headers=stranger)
    assert refused.status_code == 404
    own = bearer(issuer, scope="self", sub=str(PERSON)) | {"Purpose": "subject-access"}
    done = await client.post(f"{path}/revocation", json=reason, headers=own)
    assert done.status_code == 200, done.text
    assert (await check(client, issued["credential"]))["outcome"] == "revoked"
    again = await client.post(f"{path}/revocation", json=reason, headers=own)
    assert again.json()["type"].endswith("/already-revoked")
    view = (await client.get(path, headers=own)).json()
    assert view["revocation_reason"] == "lost"
    assert set(view["claim_names"]) == set(make_request()["claims"])


async def test_the_published_list_and_keys_need_no_token(
    client: httpx.AsyncClient, app: FastAPI
) -> None:
    issued = await issue(client)
    await client.post(
        f"{CERTIFICATES}/{issued['certificate_id']}/revocation", json={"reason": "facts-changed"}
    )
    status = sdjwt.parse(issued["credential"]).payload["status"]
    assert isinstance(status, dict) and isinstance(status["status_list"], dict)
    uri, index = str(status["status_list"]["uri"]), status["status_list"]["idx"]
    del client.headers["Authorization"], client.headers["Purpose"]
    published = await client.get(uri.removeprefix("http://127.0.0.1:8000"))
    assert published.headers["content-type"] == "application/statuslist+jwt"
    keys = (await client.get("/migrant/v1/issuer-keys")).json()
    assert not any("d" in key for key in keys["keys"])
    token = statuslist.read(published.text, KeySet.import_key_set({"keys": keys["keys"]}), uri)
    assert isinstance(index, int) and token.at(index) == 1
    assert sum(bin(byte).count("1") for byte in token.packed) == 1
    assert (await client.get("/migrant/v1/status-lists/99")).status_code == 404


async def test_altered_or_unreadable(client: httpx.AsyncClient) -> None:
    credential = (await issue(client))["credential"]
    jwt, *disclosures, _ = credential.split("~")
    changed = sdjwt.encode(json.dumps(["c2FsdA", "over_18", True]).encode())
    forged = await check(client, "~".join([jwt, *disclosures, changed, ""]))
    assert (forged["outcome"], forged["disclosed"]) == ("forged", {})
    assert (await check(client, "nonsense"))["outcome"] == "malformed"
    header, payload, signature = jwt.split(".")
    other = sdjwt.parse(credential).payload | {"exp": 4_000_000_000}
    longer = f"{header}.{sdjwt.encode(json.dumps(other).encode())}.{signature}~"
    outcome = await check(client, longer)
    assert (outcome["outcome"], outcome["signature_valid"]) == ("forged", False)
    assert outcome["certificate_id"] is None
    assert payload


async def test_a_rotated_key_leaves_older_certificates_good(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    old = await issue(client)
    admin = bearer(issuer, scope="migrant:admin")
    rotated = await client.post("/migrant/v1/issuer-keys", headers=admin)
    assert rotated.status_code == 201
    assert len(rotated.json()["keys"]) == 2
    new = await issue(client)
    kids = {str(sdjwt.parse(each["credential"]).header["kid"]) for each in (old, new)}
    assert len(kids) == 2
    for each in (old, new):
        assert (await check(client, each["credential"]))["outcome"] == "genuine"


# the holder's key


async def test_bound_to_the_holder(client: httpx.AsyncClient) -> None:
    holder = ECKey.generate_key("P-256")
    jwk = holder.as_dict(private=False)
    issued = await issue(client, holder_key={name: jwk[name] for name in ("kty", "crv", "x", "y")})
    text = only(issued["credential"], "name")

    def proof(nonce: str) -> str:
        claims = {
            "iat": int(time.time()),
            "aud": "desk-1",
            "nonce": nonce,
            "sd_hash": sdjwt.digest(text),
        }
        return text + jws.serialize_compact(
            {"alg": "ES256", "typ": "kb+jwt"}, json.dumps(claims), holder, ["ES256"]
        )

    asked = {"nonce": "nonce-123", "audience": "desk-1"}
    good = await check(client, proof("nonce-123"), **asked)
    assert (good["outcome"], good["holder_proven"]) == ("genuine", True)
    for wrong in (proof("nonce-456"), text):
        bad = await check(client, wrong, **asked)
        assert (bad["outcome"], bad["disclosed"]) == ("wrongly-bound", {})
    paper = await check(client, text)
    assert (paper["outcome"], paper["holder_proven"]) == ("genuine", False)


async def test_a_private_key_is_refused(client: httpx.AsyncClient) -> None:
    jwk = ECKey.generate_key("P-256").as_dict(private=True)
    key = {name: jwk[name] for name in ("kty", "crv", "x", "y", "d")}
    answer = await client.post(CERTIFICATES, json=make_request(holder_key=key))
    assert answer.status_code == 422


async def test_the_whole_certificate_fits_a_qr_code(client: httpx.AsyncClient) -> None:
    jwk = ECKey.generate_key("P-256").as_dict(private=False)
    request = make_request(
        with_qr=True, holder_key={name: jwk[name] for name in ("kty", "crv", "x", "y")}
    )
    request["claims"] += ["sex", "marital_status", "children"]
    request["facts"] |= {"sex": "2", "marital_status": "20", "children": 1}
    answer = await client.post(CERTIFICATES, json=request)
    assert answer.status_code == 201, answer.text
    assert "<svg" in answer.json()["qr_svg"]


# who may


@pytest.mark.parametrize(
    "change",
    [
        {"requested_by_holder": False},
        {"claims": []},
        {"claims": ["name", "contraception"]},
        {"claims": ["name", "name"]},
        {"claims": ["name", "sex"]},
        {"claims": ["name"]},
        {"valid_days": 366},
        {"facts": make_request()["facts"] | {"birth_date": "1991-01-01"}},
    ],
)
async def test_what_cannot_be_issued(client: httpx.AsyncClient, change: dict[str, Any]) -> None:
    answer = await client.post(CERTIFICATES, json=make_request(**change))
    assert answer.status_code == 422
    for secret in SECRETS:
        assert secret not in answer.text


async def test_only_the_home_county_issues(client: httpx.AsyncClient, issuer: Issuer) -> None:
    elsewhere = bearer(issuer, scope="migrant:write", region="420381")
    answer = await client.post(CERTIFICATES, json=make_request(), headers=elsewhere)
    assert answer.json()["type"].endswith("/outside-jurisdiction")
    reader = bearer(issuer, scope="migrant:read")
    assert (await client.post(CERTIFICATES, json=make_request(), headers=reader)).status_code == 403
    issued = await issue(client)
    path = f"{CERTIFICATES}/{issued['certificate_id']}"
    assert (await client.get(path, headers=elsewhere)).status_code == 404
    trust = await client.put("/migrant/v1/trusted-issuers/county-500101", json={}, headers=reader)
    assert trust.status_code == 403
    del client.headers["Purpose"]
    for answer in (
        await client.post(CERTIFICATES, json=make_request()),
        await client.post(CHECKS, json={"presentation": "x"}),
        await client.get(path),
    ):
        assert answer.json()["type"].endswith("/purpose-required")


async def test_every_check_is_seen_by_the_holder(
    client: httpx.AsyncClient, issuer: Issuer, app: FastAPI
) -> None:
    issued = await issue(client)
    township = bearer(issuer, scope="migrant:read", region="420325999", org="desk-9")
    answer = await client.post(
        CHECKS, json={"presentation": issued["credential"]}, headers=township
    )
    assert answer.json()["outcome"] == "genuine"
    usages = await client.get(
        "/migrant/datatracker/v2/findUsage",
        params={"userCode": str(PERSON)},
        headers=bearer(issuer, scope="self", sub=str(PERSON)) | {"X-Road-UserId": "self"},
    )
    assert [use["receiverCode"] for use in usages.json()["usages"]] == ["desk-9", "org-test"]
    async with parts_of(app).database.acquire() as connection:
        kinds = await connection.fetch(
            "SELECT payload::jsonb ->> 'type' AS type FROM outbox ORDER BY id"
        )
    assert [kind["type"] for kind in kinds] == [
        "yipan.migrant.certificate-issued.v1",
        "yipan.migrant.certificate-checked.v1",
    ]


async def test_certificates_follow_a_merge(client: httpx.AsyncClient, app: FastAPI) -> None:
    person, kept = new_id(), new_id()
    issued = await issue(client, person_id=str(person))
    for _ in range(2):
        event = PersonsMerged(kept_id=kept, merged_id=person)
        assert await parts_of(app).loop.deliver(event_message(event))
    view = (await client.get(f"{CERTIFICATES}/{issued['certificate_id']}")).json()
    assert UUID(view["person_id"]) == kept
