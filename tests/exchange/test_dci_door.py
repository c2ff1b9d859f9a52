"""Who may speak at the DCI doors: tokens, the three forms of signature, and what is refused."""

import base64
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import pytest

from services.exchange.dci import tokens
from shared.signing import JsonObject, SigningKey, sign_compact
from shared.testing import Issuer, client_of
from tests.conftest import Cluster
from tests.exchange.dci_samples import (
    NOBODY,
    WANG,
    County,
    by_id,
    check,
    check_answer,
    check_request,
    county,
    item,
    moment,
    verified,
)
from tests.registry.conftest import fresh_regions as fresh_regions

TOKEN = "/exchange/dci/oauth2/client/token"


@pytest.fixture
async def bare(cluster: Cluster, issuer: Issuer) -> AsyncIterator[County]:
    """Without a partner."""
    async with county(cluster, issuer) as made:
        yield made


@pytest.fixture
async def here(bare: County) -> County:
    await bare.enter()
    return bare


def asking(here: County, **header: Any) -> dict[str, Any]:
    message = {"transaction_id": "t", "search_request": [item(by_id(NOBODY))]}
    return here.partner.envelope("search", message, **header)


async def test_a_token_is_given_for_the_secret_in_the_form_or_by_basic(here: County) -> None:
    partner = here.partner
    form = {"grant_type": "client_credentials"}
    own = {"client_id": partner.sender_id, "client_secret": partner.secret}
    basic = base64.b64encode(f"{partner.sender_id}:{partner.secret}".encode()).decode()
    async with client_of(here.exchange) as client:
        by_form = await client.post(TOKEN, data=form | own)
        by_basic = await client.post(TOKEN, data=form, headers={"Authorization": f"Basic {basic}"})
    for answer in (by_form, by_basic):
        assert answer.status_code == 200
        check("authz_core", "components/schemas/OAuth2ClientTokenResponse", answer.json())
        sent = await here.partner.post(
            "/sync/search", asking(here), token=answer.json()["access_token"]
        )
        assert sent.status_code == 200


@pytest.mark.parametrize(
    ("change", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "somebody-else"}, 401, "invalid_client"),
        ({"client_id": ""}, 401, "invalid_client"),
        # an assertion in place of the secret (RFC 7523), which the contract does not have
        ({"client_secret": "", "client_assertion": "e30.e30.e30"}, 401, "invalid_client"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": ""}, 400, "invalid_request"),
    ],
)
async def test_a_token_is_denied_as_the_standards_say(
    here: County, change: dict[str, str], status: int, error: str
) -> None:
    form = {
        "grant_type": "client_credentials",
        "client_id": here.partner.sender_id,
        "client_secret": here.partner.secret,
    }
    async with client_of(here.exchange) as client:
        answer = await client.post(TOKEN, data=form | change)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    denied = "components/responses/HttpErrorResponse/content/application~1json/schema"
    check("authz_core", denied, answer.json())


async def test_what_is_no_token_of_ours_opens_nothing(
    here: County, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    claims: JsonObject = {"iss": "county-420325", "sub": here.partner.sender_id, "exp": 2**33}
    forged = sign_compact(claims, SigningKey.generate(), "dci+jwt")
    clerks = issuer.token(scope="exchange:read exchange:write exchange:admin")
    for token in ("x", forged, clerks):
        answer = await here.partner.post("/search", asking(here), token=token)
        assert answer.status_code == 401
        assert answer.json()["message"]["error"]["code"] == "err.request.unauthorized"
        check_answer("crvs", "/registry/search", answer)
    monkeypatch.setattr(tokens, "LIFETIME", timedelta(seconds=-60))
    old = await here.partner.post("/search", asking(here))
    assert old.status_code == 401
    logged = await here.rows(here.exchange, "SELECT code FROM refusals")
    assert {row["code"] for row in logged} == {"err.request.unauthorized"}


@pytest.mark.parametrize("form", ["detached", "attached"])
async def test_both_forms_of_signature_are_taken_and_given(bare: County, form: str) -> None:
    bare.partner.signature = form
    await bare.enter()
    await bare.person(WANG)
    message = {"transaction_id": "t", "search_request": [item(by_id(WANG["id_number"]))]}
    envelope = bare.partner.envelope("search", message)
    check_request("crvs", "/registry/sync/search", envelope)
    answer = await bare.partner.post("/sync/search", envelope)
    check_answer("crvs", "/registry/sync/search", answer)
    keys = await bare.jwks()
    check("jwks_core", "components/schemas/JWKSResponse", keys)
    for key in keys["keys"]:
        check("jwks_core", "components/schemas/JWKSResponse/components/schemas/JWK", key)
    verified(bare.partner, answer.json(), keys)


@pytest.mark.parametrize("form", ["detached", "attached"])
async def test_what_was_altered_after_signing_is_refused(bare: County, form: str) -> None:
    bare.partner.signature = form
    await bare.enter()
    signed, other = asking(bare), asking(bare)
    spoiled: list[dict[str, Any]] = [
        signed | {"message": signed["message"] | {"transaction_id": "another"}},
        signed | {"header": signed["header"] | {"total_count": True}},
        signed | {"signature": other["signature"]},
        signed | {"signature": "a..b"},
    ]
    for each in spoiled:
        answer = await bare.partner.post("/sync/search", each)
        assert (answer.status_code, answer.json()["errors"][0]["code"]) in (
            (401, "err.signature.invalid"),
            (400, "err.request.bad"),  # a count that is no number
        )
    unsigned = await bare.partner.post("/sync/search", signed | {"signature": None})
    assert unsigned.json()["errors"][0]["code"] == "err.signature.missing"
    assert await bare.rows(bare.exchange, "SELECT 1 FROM dci_transactions") == []


async def test_another_partners_key_is_not_believed(here: County) -> None:
    here.partner.key = SigningKey.generate()
    answer = await here.partner.post("/sync/search", asking(here))
    assert answer.json()["errors"][0]["code"] == "err.signature.invalid"


@pytest.mark.parametrize(
    ("header", "status", "code"),
    [
        ({"sender_id": "another.example.org"}, 403, "err.sender_id.invalid"),
        ({"receiver_id": "county-1"}, 400, "err.receiver_id.invalid"),
        ({"version": "9.0.0"}, 400, "err.version.not_supported"),
        ({"is_msg_encrypted": True}, 400, "err.encryption.invalid"),
        ({"message_ts": moment(hours=-1)}, 408, "err.request.timeout"),
        ({"message_ts": moment(hours=1)}, 408, "err.request.timeout"),
        ({"message_ts": "yesterday"}, 400, "err.request.bad"),
        ({"message_id": None}, 400, "err.request.bad"),
        ({"message_id": "a\tb"}, 400, "err.request.bad"),
        ({"action": "subscribe"}, 400, "err.request.bad"),
        ({"sender_uri": "https://elsewhere.example.org/"}, 400, "err.sender_uri.invalid"),
        (
            {"sender_uri": "https://spmis.example.org/dci/v1.0.0/../../x"},
            400,
            "err.sender_uri.invalid",
        ),
        ({"sender_uri": "https://spmis.example.org:99/dci/v1.0.0/x"}, 400, "err.sender_uri"),
    ],
)
async def test_a_header_that_does_not_fit_is_refused_by_the_standards_code(
    here: County, header: dict[str, Any], status: int, code: str
) -> None:
    answer = await here.partner.post("/search", asking(here, **header))
    assert answer.status_code == status
    assert answer.json()["message"]["error"]["code"].startswith(code)
    check_answer("crvs", "/registry/search", answer)
    (logged,) = await here.rows(here.exchange, "SELECT code, sender_id FROM refusals")
    assert logged["code"].startswith(code)
    assert await here.rows(here.exchange, "SELECT 1 FROM dci_transactions") == []


@pytest.mark.parametrize(
    "spoil",
    [
        lambda envelope: envelope | {"message": {}},
        lambda envelope: envelope | {"message": None},
        lambda envelope: {"header": envelope["header"]},
        lambda envelope: [],
        lambda envelope: {},
    ],
)
async def test_a_body_without_form_is_refused_in_the_standards_form(
    here: County, spoil: Callable[[Any], Any]
) -> None:
    for path in ("/search", "/sync/search", "/subscribe", "/unsubscribe", "/txn/status"):
        answer = await here.partner.post(path, spoil(asking(here)))
        assert answer.status_code == 400
        assert answer.json()["message"]["error"]["code"] == "err.request.bad"
        check_answer("crvs", "/registry/search", answer)


async def test_one_id_stands_for_one_content(here: County) -> None:
    first = asking(here, message_id="m-1")
    assert (await here.partner.post("/search", first)).status_code == 200
    again = await here.partner.post("/search", first)
    kept = await here.rows(here.exchange, "SELECT id FROM dci_transactions")
    assert [str(row["id"]) for row in kept] == [again.json()["message"]["correlation_id"]]
    later = first["header"] | {"message_ts": moment(seconds=5)}  # another attempt
    retried = here.partner.signed({"header": later, "message": first["message"]})
    retry = await here.partner.post("/search", retried)
    assert retry.json()["message"]["correlation_id"] == str(kept[0]["id"])
    old = first["header"] | {"message_ts": moment(hours=-1)}
    replayed = here.partner.signed({"header": old, "message": first["message"]})
    assert (await here.partner.post("/search", replayed)).status_code == 408
    altered = await here.partner.post("/search", asking(here, message_id="m-1"))
    assert altered.status_code == 409
    elsewhere = await here.partner.post("/sync/search", first)
    assert elsewhere.status_code == 409


async def test_a_revoked_partner_is_a_stranger(here: County) -> None:
    await here.partner.bearer()
    await here.call("POST", f"/exchange/v1/partners/{here.partner.sender_id}/revocation")
    assert (await here.partner.post("/search", asking(here))).status_code == 401
    async with client_of(here.exchange) as client:
        form = {"client_id": here.partner.sender_id, "client_secret": here.partner.secret}
        denied = await client.post(TOKEN, data=form)
    assert denied.json()["error"] == "invalid_client"


async def test_unsigned_messages_are_for_trials_on_one_machine(
    cluster: Cluster, issuer: Issuer
) -> None:
    async with county(cluster, issuer, allow_unsigned_partners=True) as box:
        box.partner.signature = "none"
        body = {"sender_id": "a", "name": "甲", "address": "https://a.example.org"}
        rest = {"signature": "none", "profiles": ["civil"], "purposes": ["civil-registration"]}
        await box.call("POST", "/exchange/v1/partners", body | rest, expect=403)
        box.partner.address = "http://127.0.0.1:9999/dci"
        await box.enter()
        answer = await box.partner.post("/sync/search", asking(box))
        assert answer.status_code == 200
        verified(box.partner, answer.json(), {})
    async with county(cluster, issuer) as office:
        office.partner.signature = "none"
        office.partner.address = "http://127.0.0.1:9999/dci"
        with pytest.raises(AssertionError, match="unsigned-refused"):
            await office.enter()
