"""A county whose three services run in one process, a partner that asks it, and the standard's own
contracts; all people are made up."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import yaml
from fastapi import FastAPI
from joserfc import jws
from joserfc.jwk import RSAKey
from openapi_schema_validator import OAS30Validator, oas30_format_checker
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from deploy.box.gateway import Gateway
from services.exchange.app import create as create_exchange
from services.exchange.settings import Settings as ExchangeSettings
from services.migrant.app import create as create_migrant
from services.migrant.settings import Settings as MigrantSettings
from services.registry.app import create as create_registry
from services.registry.settings import Settings as RegistrySettings
from shared.ids import new_id
from shared.signing import SigningKey, key_set, sign_detached, verify_detached
from shared.testing import Issuer, client_of, running, service_settings
from tests.conftest import Cluster, parts_of
from tests.exchange.federation import FakeBus
from tests.registry.places import HOME, load_places, number

BASE = "/exchange/dci/registry"
SPECS = Path(__file__).parent / "specs"
ADDRESS = "https://spmis.example.org/dci/v1.0.0"
WANG = {"name": "王芳", "id_number": number("19900101", 112)}
CHEN = {"name": "陈刚", "id_number": number("19890101", 111)}
NOBODY = number("19770707", 77)
CIVIL, SOCIAL = "civil-registration", "benefit-enrolment"


# the standard's contracts


@cache
def contract(name: str) -> dict[str, Any]:
    """One of the published documents, e.g. "crvs"."""
    document: dict[str, Any] = yaml.safe_load((SPECS / f"dci_{name}_api_v1.0.0.yaml").read_text())
    return document


def check(name: str, pointer: str, value: Any) -> None:
    """Fails unless the value is valid by the schema at a JSON pointer of a contract. The validator
    is python-openapi's own."""
    schema = {**contract(name), "$ref": f"#/{pointer}"}
    errors = sorted(
        OAS30Validator(schema, format_checker=oas30_format_checker).iter_errors(value), key=str
    )
    assert not errors, "\n".join(f"{each.json_path}: {each.message}" for each in errors[:5])


def check_request(name: str, path: str, value: Any) -> None:
    pointer = f"paths/{path.replace('/', '~1')}/post/requestBody/content/application~1json/schema"
    check(name, pointer, value)


def check_answer(name: str, path: str, answer: httpx.Response) -> None:
    """By the response of that status, or the default one."""
    responses = contract(name)["paths"][path]["post"]["responses"]
    status = str(answer.status_code) if str(answer.status_code) in responses else "default"
    where = f"paths/{path.replace('/', '~1')}/post/responses/{status}"
    if "$ref" in responses[status]:
        where = str(responses[status]["$ref"]).removeprefix("#/")
    check(name, f"{where}/content/application~1json/schema", answer.json())


# the partner


@cache
def rsa_key() -> RSAKey:
    return RSAKey.generate_key(2048, {"use": "sig"}, auto_kid=True)


@dataclass
class Partner:
    """A foreign system: what it signs with, and what it was told at its own address."""

    app: FastAPI
    sender_id: str = "spmis.example.org"
    signature: str = "detached"
    address: str = ADDRESS
    secret: str = ""
    key: SigningKey = field(default_factory=SigningKey.generate)
    rsa: RSAKey = field(default_factory=rsa_key)
    told: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    bearers: list[str] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)
    answer_with: list[Response] = field(default_factory=list)
    token: str | None = None

    @property
    def jwks(self) -> dict[str, Any] | None:
        if self.signature == "detached":
            return key_set(self.key.public_jwk())
        rsa = json.loads(json.dumps(self.rsa.as_dict(private=False)))
        return {"keys": [rsa]} if self.signature == "attached" else None

    async def receive(self, request: Request) -> Response:
        self.bearers.append(request.headers.get("authorization", ""))
        if request.url.path.endswith("/token"):
            self.logins.append((await request.body()).decode())
            return JSONResponse({"access_token": f"t{len(self.logins)}", "expires_in": "600"})
        self.told.append((request.url.path, await request.json()))
        if self.answer_with:
            return self.answer_with.pop(0)
        return JSONResponse({"message": {"ack_status": "ACK"}})

    def client(self, _: Any) -> httpx.AsyncClient:
        """How the exchange reaches it."""
        app = Starlette(routes=[Route("/{path:path}", self.receive, methods=["POST"])])
        return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=self.address)

    def signed(self, body: dict[str, Any]) -> dict[str, Any]:
        if self.signature == "detached":
            return {"signature": sign_detached(body, self.key), **body}
        if self.signature == "attached":
            protected = {"alg": "RS256", "kid": self.rsa.kid}
            return {
                "signature": jws.serialize_compact(protected, json.dumps(body), self.rsa),
                **body,
            }
        return body

    def envelope(self, action: str, message: dict[str, Any], /, **header: Any) -> dict[str, Any]:
        items = message.get(f"{action}_request") or message.get("subscription_codes") or [1]
        made = {
            "version": "1.0.0",
            "message_id": str(new_id()),
            "message_ts": datetime.now(UTC).isoformat(),
            "action": action,
            "sender_id": self.sender_id,
            "sender_uri": f"{self.address}/callback/{action}",
            "receiver_id": "county-420325",
            "total_count": len(items) if isinstance(items, list) else 1,
            "is_msg_encrypted": False,
        }
        made = {name: value for name, value in (made | header).items() if value is not None}
        return self.signed({"header": made, "message": message})

    async def post(self, path: str, envelope: Any, token: str | None = None) -> httpx.Response:
        """Send an envelope with a token (the partner's own, fetched once)."""
        bearer = token if token is not None else await self.bearer()
        async with client_of(self.app, bearer) as client:
            return await client.post(BASE + path, json=envelope)

    async def bearer(self) -> str:
        if self.token is None:
            form = {
                "grant_type": "client_credentials",
                "client_id": self.sender_id,
                "client_secret": self.secret,
            }
            async with client_of(self.app) as client:
                answer = await client.post("/exchange/dci/oauth2/client/token", data=form)
            assert answer.status_code == 200, answer.text
            self.token = answer.json()["access_token"]
        return str(self.token)

    async def search(self, *items: dict[str, Any]) -> list[dict[str, Any]]:
        """The items of the answer of a sync search, validated on the way."""
        message = {"transaction_id": str(new_id()), "search_request": list(items)}
        answer = await self.post("/sync/search", self.envelope("search", message))
        assert answer.status_code == 200, answer.text
        return list(answer.json()["message"]["search_response"])


def moment(**shift: float) -> str:
    return (datetime.now(UTC) + timedelta(**shift)).isoformat()


def by_id(id_number: str) -> dict[str, Any]:
    return {"query_type": "idtype-value", "query": {"type": "UIN", "value": id_number}}


def expression(**tests: Any) -> dict[str, Any]:
    """e.g. expression(UIN={"$eq": …}, birth_date={"$ge": …})."""
    conditions = [{name: test} for name, test in tests.items()]
    value = {"expression": {"collection": "Person", "query": {"$and": conditions}}}
    return {
        "query_type": "expression",
        "query": {"type": "ns:org:QueryType:expression", "value": value},
    }


def predicate(*tests: tuple[str, str, Any], condition: str = "and") -> dict[str, Any]:
    named = [
        {"attribute_name": name, "operator": operator, "attribute_value": value}
        for name, operator, value in tests
    ]
    parts = []
    for n in range(0, len(named), 2):
        part: dict[str, Any] = {"seq_num": n + 1, "expression1": named[n]}
        if n + 1 < len(named):
            part |= {"condition": condition, "expression2": named[n + 1]}
        parts.append(part)
    return {"query_type": "predicate", "query": parts}


def purpose(code: str) -> dict[str, Any]:
    return {"@type": "Authorize", "ts": moment(), "purpose": {"code": code, "text": "…"}}


def item(query: dict[str, Any], code: str = CIVIL, **criteria: Any) -> dict[str, Any]:
    """One search request."""
    civil = code != SOCIAL
    asked = {
        "version": "1.0.0",
        "reg_type": f"ns:org:RegistryType:{'Civil' if civil else 'Social'}",
        "reg_record_type": "spdci-extensions-dci:Person" if civil else "SRPerson",
        "authorize": purpose(code),
    }
    whole = {k: v for k, v in (asked | query | criteria).items() if v is not None}
    return {
        "reference_id": str(new_id()),
        "timestamp": moment(),
        "search_criteria": whole,
        "locale": "zho",
    }


def wish(event: str, query: dict[str, Any], code: str = CIVIL, **criteria: Any) -> dict[str, Any]:
    """One subscribe request."""
    asked = {
        "reg_type": f"ns:org:RegistryType:{'Social' if code == SOCIAL else 'Civil'}",
        "reg_event_type": event,
        "filter_type": query["query_type"],
        "filter": query["query"],
        "notify_record_type": "SRPerson" if code == SOCIAL else "spdci-extensions-dci:Person",
        "authorize": purpose(code),
    }
    whole = {k: v for k, v in (asked | criteria).items() if v is not None}
    return {"reference_id": str(new_id()), "timestamp": moment(), "subscribe_criteria": whole}


def verified(partner: Partner, envelope: Mapping[str, Any], jwks: dict[str, Any]) -> None:
    """Fails unless we signed what came, in the partner's form."""
    body = {"header": envelope["header"], "message": envelope["message"]}
    if partner.signature == "detached":
        verify_detached(envelope["signature"], body, jwks)
    elif partner.signature == "attached":
        keys = [RSAKey.import_key(each) for each in jwks["keys"] if each["kty"] == "RSA"]
        read = jws.deserialize_compact(envelope["signature"], keys[0], algorithms=["RS256"])
        assert json.loads(read.payload or b"") == body
    else:
        assert "signature" not in envelope


# the county


@dataclass
class County:
    """Three running services and the clerks in front of them."""

    exchange: FastAPI
    registry: FastAPI
    migrant: FastAPI
    issuer: Issuer
    partner: Partner
    away: set[str]

    async def call(
        self, method: str, path: str, body: Any = None, *, expect: int = 200, **claims: Any
    ) -> Any:
        """A clerk's call of any of the three, with every scope it needs."""
        service = path.split("/")[1]
        app = {"exchange": self.exchange, "registry": self.registry, "migrant": self.migrant}
        scope = f"{service}:read {service}:write {service}:admin"
        token = self.issuer.token(**({"scope": scope} | claims))
        headers = {"Purpose": "registration", "Accept-Language": "en"}
        async with client_of(app[service], token, headers) as client:
            answer = await client.request(method, path, json=body)
        assert answer.status_code == expect, answer.text
        return answer.json() if answer.content else None

    async def person(self, named: dict[str, str], **overrides: Any) -> dict[str, Any]:
        """Somebody in the register."""
        digits = named["id_number"]
        body = {
            **named,
            "sex": "1" if int(digits[16]) % 2 else "2",
            "birth_date": f"{digits[6:10]}-{digits[10:12]}-{digits[12:14]}",
            "hukou_region": HOME,
            "residence": {"region": HOME, "kind": "usual", "since": "2015-01-01"},
        }
        made = await self.call("POST", "/registry/v1/persons", body | overrides, expect=201)
        return dict(made)

    async def enter(self, **overrides: Any) -> Partner:
        """Enter the partner; it has its secret then."""
        partner = self.partner
        body = {
            "sender_id": partner.sender_id,
            "name": "邻省社保中心",
            "address": partner.address,
            "signature": partner.signature,
            "jwks": partner.jwks,
            "profiles": ["civil", "social"],
            "purposes": [CIVIL, SOCIAL, "social-insurance"],
        }
        made = await self.call("POST", "/exchange/v1/partners", body | overrides, expect=201)
        partner.secret, partner.token = made["client_secret"], None
        return partner

    async def rows(self, app: FastAPI, sql: str, *args: Any) -> list[dict[str, Any]]:
        parts = parts_of(app)
        async with parts.database.transaction(parts.actor) as tx:
            return [dict(row) for row in await tx.fetch(sql, *args)]

    async def jwks(self) -> dict[str, Any]:
        async with client_of(self.exchange) as client:
            return dict((await client.get("/exchange/.well-known/jwks.json")).json())


@asynccontextmanager
async def county(cluster: Cluster, issuer: Issuer, **overrides: Any) -> AsyncIterator[County]:
    """The three services over emptied databases; the exchange asks the other two over HTTP."""
    async with AsyncExitStack() as stack:
        apps: dict[str, FastAPI] = {}
        away: set[str] = set()
        settings = {}
        for service in ("registry", "migrant", "exchange"):
            dsn = await cluster.database(service)
            await cluster.empty(service)
            settings[service] = service_settings(service, dsn, issuer)
        apps["registry"] = create_registry(RegistrySettings(**settings["registry"]), FakeBus())
        apps["migrant"] = create_migrant(MigrantSettings(**settings["migrant"]), FakeBus())
        key = json.dumps(issuer.key.as_dict(private=True))
        own = settings["exchange"] | {"service_signing_key": key} | overrides
        gateway = Gateway(apps)

        async def services(scope: Any, receive: Any, send: Any) -> None:
            if scope["path"].split("/")[1] in away:
                await JSONResponse({}, status_code=503)(scope, receive, send)
            else:
                await gateway(scope, receive, send)

        partner: list[Partner] = []
        exchange = create_exchange(
            ExchangeSettings(**own),
            FakeBus(),
            open_partner=lambda each: partner[0].client(each),
            open_sources=lambda: httpx.AsyncClient(
                transport=httpx.ASGITransport(services), base_url="http://yipan.test"
            ),
        )
        partner.append(Partner(exchange))
        for app in (*apps.values(), exchange):
            await stack.enter_async_context(running(app))
        async with parts_of(apps["registry"]).database.acquire() as connection:
            await load_places(connection)
        yield County(exchange, apps["registry"], apps["migrant"], issuer, partner[0], away)
