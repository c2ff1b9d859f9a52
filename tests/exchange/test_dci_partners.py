"""Partners over HTTP and in the shell: entered, looked at, given a new secret, revoked."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from shared.signing import SigningKey, key_set
from shared.testing import Issuer, client_of
from tests.conftest import Cluster
from tests.exchange.dci_samples import NOBODY, County, by_id, county, item, rsa_key
from tests.registry.conftest import fresh_regions as fresh_regions
from tests.shells import shell_of

PARTNERS = "/exchange/v1/partners"


@pytest.fixture
async def here(cluster: Cluster, issuer: Issuer) -> AsyncIterator[County]:
    async with county(cluster, issuer) as made:
        yield made


def make_partner(**overrides: Any) -> dict[str, Any]:
    return {
        "sender_id": "spmis.example.org",
        "name": "邻省社保中心",
        "address": "https://spmis.example.org/dci",
        "jwks": key_set(SigningKey.generate().public_jwk()),
        "profiles": ["civil"],
        "purposes": ["civil-registration"],
    } | overrides


async def test_a_partner_is_entered_and_its_secret_shown_once(here: County) -> None:
    made = await here.call("POST", PARTNERS, make_partner(), expect=201)
    assert len(made["client_secret"]) >= 43
    (listed,) = (await here.call("GET", PARTNERS))["items"]
    one = await here.call("GET", f"{PARTNERS}/spmis.example.org")
    assert one == listed
    assert one["name"] == "邻省社保中心"
    assert made["client_secret"] not in str(one)
    (row,) = await here.rows(here.exchange, "SELECT secret_hash FROM dci_partners")
    assert made["client_secret"].encode() not in row["secret_hash"]
    await here.call("POST", PARTNERS, make_partner(), expect=409)
    await here.call("GET", f"{PARTNERS}/nobody", expect=404)


async def test_a_new_secret_ends_the_old_one(here: County) -> None:
    partner = await here.enter()
    old = partner.secret
    renewed = await here.call("POST", f"{PARTNERS}/{partner.sender_id}/secret")
    partner.secret = renewed["client_secret"]
    assert await partner.bearer()
    form = {"grant_type": "client_credentials", "client_id": partner.sender_id}
    async with client_of(here.exchange) as client:
        denied = await client.post(
            "/exchange/dci/oauth2/client/token", data=form | {"client_secret": old}
        )
    assert denied.status_code == 401


def rsa(**overrides: Any) -> dict[str, Any]:
    return {"keys": [json.loads(json.dumps(rsa_key().as_dict(private=False))) | overrides]}


@pytest.mark.parametrize(
    "change",
    [
        {"sender_id": "a b"},
        {"sender_id": "../x"},
        {"name": ""},
        {"address": "ftp://x"},
        {"address": "https://user@x/"},
        {"address": "https://x/?q=1"},
        {"jwks": None},
        {"jwks": {"keys": []}},
        {"jwks": rsa()},  # not a key for a detached signature
        {"signature": "attached"},  # and the other way round
        {"signature": "attached", "jwks": rsa(kid=None)},
        {"signature": "attached", "jwks": {"keys": [{"kty": "oct", "k": "AAAA"}]}},
        {"signature": "hmac"},
        {"profiles": []},
        {"profiles": ["land"]},
        {"purposes": ["anything"]},
        {"surprise": 1},
    ],
)
async def test_what_makes_no_partner_is_refused(here: County, change: dict[str, Any]) -> None:
    await here.call("POST", PARTNERS, make_partner(**change), expect=422)
    assert (await here.call("GET", PARTNERS))["items"] == []


async def test_only_an_administrator_of_this_county_keeps_partners(here: County) -> None:
    await here.enter()
    one = f"{PARTNERS}/{here.partner.sender_id}"
    for claims in (
        {"scope": "exchange:read exchange:write"},
        {"scope": "exchange:admin", "region": "310101"},
    ):
        for method, path, body in (
            ("GET", PARTNERS, None),
            ("POST", PARTNERS, make_partner(sender_id="other.example.org")),
            ("GET", one, None),
            ("GET", f"{one}/transactions", None),
            ("POST", f"{one}/secret", None),
            ("POST", f"{one}/revocation", None),
        ):
            await here.call(method, path, body, expect=403, **claims)


async def test_partners_ask_what_they_were_entered_for(here: County) -> None:
    await here.enter(profiles=["social"], purposes=["benefit-enrolment"])
    (answer,) = await here.partner.search(item(by_id(NOBODY)))
    assert answer["status_reason_code"] == "rjct.search_criteria.invalid"


async def test_the_shell_keeps_partners(here: County, issuer: Issuer, tmp_path: Path) -> None:
    keys = tmp_path / "jwks.json"
    keys.write_text(json.dumps(key_set(SigningKey.generate().public_jwk())))
    token = issuer.token(scope="exchange:admin")
    options = "--name 甲 --address https://a.example.org --profile civil --profile social"
    given = ["--purpose", "civil-registration", "--jwks", str(keys)]
    async with shell_of(
        here.exchange, lambda given, where: ["exchange", *where, "partners", *given], token
    ) as shell:
        made = await shell("add", "a.example.org", *options.split(), *given)
        assert made.exit_code == 0, made.output
        listed = (await shell("list")).output
        assert "a.example.org\t甲\tdetached\tcivil,social\tcivil-registration" in listed
        renewed = (await shell("renew", "a.example.org")).output.strip().splitlines()[-1]
        here.partner.sender_id, here.partner.secret = "a.example.org", renewed
        assert await here.partner.bearer()
        assert "revoked" in (await shell("revoke", "a.example.org")).output
        assert "revoked 已停用" in (await shell("list")).output
        assert (await shell("transactions", "a.example.org")).exit_code == 0
        assert (await shell("revoke", "nobody")).exit_code == 1
