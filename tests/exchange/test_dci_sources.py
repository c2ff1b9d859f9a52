"""How the services are asked: with which token, and what their answers become."""

import json
import time
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

import httpx
import pytest
from pydantic import SecretStr

from services.exchange.dci.errors import SourcesAway
from services.exchange.dci.profiles import PROFILES
from services.exchange.dci.rules import Identity
from services.exchange.dci.service_tokens import (
    GrantedTokens,
    NoTokens,
    OwnTokens,
    TokenAway,
    service_tokens,
)
from services.exchange.dci.sources import Found, Sources, Why
from services.exchange.settings import Settings
from shared.ids import new_id
from shared.testing import Issuer, service_settings
from tests.conftest import Cluster
from tests.exchange.dci_samples import CIVIL, NOBODY, SOCIAL, by_id, county, item
from tests.registry.conftest import fresh_regions as fresh_regions

PROVIDER = "https://login.example.org/token"
WHY = Why("registration", "dci:a:1")
PERSON = Found(new_id(), {"id": "x", "name": "王芳", "birth_date": "1990-01-01"})


class Provider:
    """A token endpoint; `answer` is what it says next."""

    def __init__(self) -> None:
        self.asked: list[dict[str, list[str]]] = []
        self.answer = httpx.Response(200, json={"access_token": "t", "expires_in": 600})

    def client(self) -> httpx.AsyncClient:
        def respond(request: httpx.Request) -> httpx.Response:
            self.asked.append(parse_qs(request.content.decode()))
            return httpx.Response(self.answer.status_code, content=self.answer.content)

        return httpx.AsyncClient(transport=httpx.MockTransport(respond))

    def tokens(self) -> GrantedTokens:
        return GrantedTokens(self.client, PROVIDER, "exchange", SecretStr("s"), "registry:read")


async def test_a_token_is_kept_until_shortly_before_its_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    provider = Provider()
    tokens = provider.tokens()
    assert [await tokens.token() for _ in range(3)] == ["t", "t", "t"]
    (form,) = provider.asked
    assert form["grant_type"] == ["client_credentials"]
    assert (form["client_id"], form["scope"]) == (["exchange"], ["registry:read"])
    later = time.monotonic() + 545
    monkeypatch.setattr(time, "monotonic", lambda: later)
    await tokens.token()
    assert len(provider.asked) == 2


@pytest.mark.parametrize("said", [httpx.Response(500), httpx.Response(200, json={"x": 1})])
async def test_without_a_provider_there_is_no_token(said: httpx.Response) -> None:
    provider = Provider()
    provider.answer = said
    with pytest.raises(TokenAway):
        await provider.tokens().token()


def test_the_settings_say_where_tokens_come_from(issuer: Issuer) -> None:
    values = service_settings("exchange", "postgres://x", issuer)
    assert isinstance(service_tokens(Settings(**values)), NoTokens)
    account: dict[str, Any] = {"service_token_url": PROVIDER, "service_client_secret": "s"}
    assert isinstance(service_tokens(Settings(**values, **account)), GrantedTokens)
    key = json.dumps(issuer.key.as_dict(private=True))
    assert isinstance(service_tokens(Settings(**values, service_signing_key=key)), OwnTokens)


def sources(*answers: tuple[str, Any]) -> tuple[Sources, list[httpx.Request]]:
    """Over services that answer by the end of the path; anything else is not found."""
    asked: list[httpx.Request] = []

    def respond(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        for end, said in answers:
            if request.url.path.endswith(end):
                return (
                    httpx.Response(said)
                    if isinstance(said, int)
                    else httpx.Response(200, json=said)
                )
        return httpx.Response(404)

    transport = httpx.MockTransport(respond)
    made = Sources(
        lambda: httpx.AsyncClient(transport=transport, base_url="http://x"), Provider().tokens()
    )
    return made, asked


async def test_every_question_says_why_and_for_whom() -> None:
    asking, asked = sources(("person-searches", [{"id": str(new_id()), "status": "active"}]))
    (found,) = await asking.find(Identity(id_number=NOBODY), WHY)
    assert isinstance(found.person_id, UUID)
    (request,) = asked
    assert json.loads(request.content) == {"id_number": NOBODY}
    told = {name: request.headers[name] for name in ("purpose", "case", "authorization")}
    assert told == {"purpose": "registration", "case": "dci:a:1", "authorization": "Bearer t"}


async def test_a_registration_that_was_taken_back_is_nobody() -> None:
    asking, _ = sources(("person-searches", [{"id": str(new_id()), "status": "annulled"}]))
    assert await asking.find(Identity(id_number=NOBODY), WHY) == []


async def test_only_what_the_purpose_needs_is_asked() -> None:
    profile = PROFILES["civil"]
    asking, asked = sources()
    said = await asking.say(PERSON, profile, profile.purposes["social-insurance"], WHY)
    assert asked == [] and set(said) == {"person"}
    await asking.say(PERSON, profile, profile.purposes[CIVIL], WHY)
    assert {each.url.path.rpartition("/")[2] for each in asked} == {
        "vital-events",
        "marital-status",
    }


def event(kind: str, day: str, **more: Any) -> dict[str, Any]:
    parties = [{"role": "child", "name": "王芳"}] if kind == "birth" else []
    return {
        "kind": kind,
        "happened_on": day,
        "place": "城关镇",
        "annulled_at": None,
        "parties": parties,
    } | more


async def test_of_an_extract_only_her_own_events_that_stand_are_told() -> None:
    profile = PROFILES["civil"]
    events = [
        event("birth", "1990-01-01"),
        event("marriage", "2010-01-01"),
        event("divorce", "2012-01-01"),
        event("birth", "2013-01-01", parties=[{"role": "mother", "name": "王芳"}]),
        event("marriage", "2014-01-01"),
        event("marriage", "2015-01-01", annulled_at="2015-02-01T00:00:00Z"),
    ]
    asking, _ = sources(("vital-events", events))
    said = await asking.say(PERSON, profile, profile.purposes[CIVIL], WHY)
    assert said["vital"] == {
        "birth_place": "城关镇",
        "marriage_date": "2014-01-01",
        "divorce_date": "2012-01-01",
    }


async def test_enrolments_are_what_was_paid_by_programme() -> None:
    profile = PROFILES["social"]
    paid = {"programme": "aid", "title_zh": "救助", "status": "paid", "amount_fen": 1}
    lines = [paid | {"period": period} for period in ("2026-03", "2026-02", "2026-01")]
    lines.append(paid | {"programme": "other", "period": "2026-01", "status": "returned"})
    asking, _ = sources(("benefits", lines))
    said = await asking.say(PERSON, profile, profile.purposes[SOCIAL], WHY)
    assert said["benefits"] == {
        "enrolments": [
            {
                "programme": "aid",
                "programme_name": "救助",
                "first_period": "2026-01",
                "last_period": "2026-03",
            }
        ]
    }


async def test_no_answer_about_a_consent_is_no_consent() -> None:
    for said, stands in (({"stands": True}, True), ({"stands": False}, False), ({}, False)):
        asking, _ = sources(("standing", said))
        assert await asking.consents(PERSON.person_id, "benefit-sharing", WHY) is stands
    asking, _ = sources()
    assert not await asking.consents(PERSON.person_id, "benefit-sharing", WHY)


@pytest.mark.parametrize("status", [401, 403, 429, 500])
async def test_a_service_that_refuses_us_is_away(status: int) -> None:
    asking, _ = sources(("person-searches", status))
    with pytest.raises(SourcesAway):
        await asking.find(Identity(id_number=NOBODY), WHY)


async def test_without_a_token_partners_are_told_that_the_register_is_away(
    cluster: Cluster, issuer: Issuer
) -> None:
    async with county(cluster, issuer, service_signing_key=None) as here:
        await here.enter()
        message = {"transaction_id": "t", "search_request": [item(by_id(NOBODY))]}
        answer = await here.partner.post("/sync/search", here.partner.envelope("search", message))
    assert answer.status_code == 503
    assert answer.json()["errors"][0]["code"] == "err.service.unavailable"
