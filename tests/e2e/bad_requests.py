"""Makes bad requests for any operation of an OpenAPI document: a body that should do, synthesised
from the schema, and then every way to spoil it, its parameters and its headers."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from urllib.parse import quote, unquote_to_bytes

from fastapi import FastAPI

from shared.clock import today
from shared.ids import new_id
from tests.e2e.odd_values import (
    HUGE,
    LONGEST,
    ODD,
    ODD_BODIES,
    ODD_CODES,
    ODD_CURSORS,
    ODD_DATES,
    ODD_HEADERS,
    ODD_TEXTS,
    ODD_TIMES,
    ODD_TYPES,
    SAMPLES,
    Json,
)

JSON_TYPE = (b"content-type", b"application/json")


@dataclass(frozen=True)
class Bad:
    """A request, and what is odd about it."""

    why: str
    method: str
    path: str
    query: bytes = b""
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[bytes, bytes]
    body: bytes
    error: str = ""


@dataclass(frozen=True)
class Operation:
    """One operation of a document, with what its parameters and body should be."""

    document: dict[str, Any]
    method: str
    path: str
    spec: dict[str, Any]
    known: dict[str, str]
    given: Callable[[dict[str, str]], Json] | None = None

    @property
    def id(self) -> str:
        return f"{self.method} {self.path}"

    def resolve(self, schema: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in schema:
            schema = self.document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        return schema

    @property
    def body_schema(self) -> dict[str, Any] | None:
        content = self.spec.get("requestBody", {}).get("content", {})
        schema: dict[str, Any] | None = content.get("application/json", {}).get("schema")
        return schema

    def example(self, schema: dict[str, Any], name: str = "") -> Json:
        """A value of the schema; required members and those with a sample, of an object."""
        schema = self.resolve(schema)
        options = schema.get("anyOf") or schema.get("oneOf")
        if name in self.known:
            return self.known[name]
        sample = SAMPLES.get(name)
        if "const" in schema or "enum" in schema:
            allowed = schema.get("enum", [schema.get("const")])
            return sample if sample in allowed else allowed[0]
        if options:
            return self.example(next(s for s in options if s.get("type") != "null"), name)
        kind = schema.get("type")
        if kind == "object" and "properties" in schema:
            wanted = schema.get("required", [])
            return {
                key: self.example(part, key)
                for key, part in schema["properties"].items()
                if key in wanted
            }
        if sample is not None and (kind != "array" or isinstance(sample, list)):
            return sample
        if kind == "array":
            few = max(1, schema.get("minItems", 1))
            return [self.example(schema.get("items", {}), name) for _ in range(few)]
        if schema.get("format") == "uuid":
            return str(new_id())
        if schema.get("format") == "date":
            return "2026-06-01"
        return {
            "integer": schema.get("minimum", 1),
            "number": 1,
            "boolean": False,
            "object": {},
        }.get(str(kind), "sample")

    def body(self) -> Json:
        if self.body_schema is None:
            return None
        made = self.example(self.body_schema)
        return made | self.given(self.known) if self.given else made

    def parameters(self, place: str) -> list[dict[str, Any]]:
        return [each for each in self.spec.get("parameters", []) if each["in"] == place]

    def request(self, why: str, body: Json = None, **spoiled: str) -> Bad:
        """The request as it should be, but for the parameters in `spoiled` (percent-encoded)."""
        path = self.path
        for each in self.parameters("path"):
            name = each["name"]
            made = self.known.get(path.partition("{" + name + "}")[0])
            value = spoiled.get(name, quote(made or str(self.example(each["schema"], name))))
            path = path.replace("{" + name + "}", value)
        pairs = []
        for each in self.parameters("query"):
            name = each["name"]
            if each["required"] or name in spoiled:
                text = spoiled.get(name, quote(str(self.example(each["schema"], name))))
                pairs.append(f"{name}={text}")
        sent = b"" if body is None else dump(body)
        headers = [(b"if-match", b'"1"')] + ([JSON_TYPE] if sent else [])
        return Bad(why, self.method, path, "&".join(pairs).encode("latin-1"), headers, sent)

    def good(self) -> Bad:
        return self.request("as it should be", self.body())

    def bad(self) -> Iterator[Bad]:
        yield from self._bad_parameters()
        good = self.good()
        for headers in ODD_HEADERS:
            kept = [each for each in good.headers if each[0] != headers[0][0]]
            yield replace(good, why=f"header {headers[0]!r}"[:60], headers=kept + headers)
        if self.method == "GET":
            return
        for content_type in ODD_TYPES:
            headers = [(b"content-type", content_type)]
            yield replace(
                good, why=f"type {content_type!r}", headers=headers, body=good.body or b"x"
            )
        if self.body_schema is None:
            return
        for body in ODD_BODIES:
            yield replace(good, why=f"body {body[:40]!r}", body=body)
        whole = self.body()
        yield self.request("unknown field", whole | {"surprise": 1})
        for path, schema in self._places(self.body_schema, whole):
            for value in self._spoiling(schema, path[-1]):
                why = f"{path} = {str(value)[:30]!r}"
                yield self.request(why, _with(whole, path, value))

    def _bad_parameters(self) -> Iterator[Bad]:
        for place in ("path", "query"):
            for each in self.parameters(place):
                name = each["name"]
                odd = ODD_TEXTS + (ODD_CURSORS if name in ("cursor", "since") else [])
                for text in odd:
                    why = f"{name} = {text[:30]!r}"
                    yield self.request(why, self.body(), **{name: quote(text, safe="%'=")})
                if place == "query":
                    yield self.request(f"{name} twice", self.body(), **{name: f"1&{name}=2"})

    def _places(
        self, schema: dict[str, Any], value: Json, at: tuple[Any, ...] = ()
    ) -> Iterator[Any]:
        """Every place in a body with its schema: also members the sample leaves out."""
        schema = self.resolve(schema)
        for option in schema.get("anyOf", []) + schema.get("oneOf", []):
            if self.resolve(option).get("type") in ("object", "array"):
                yield from self._places(option, value, at)
        for key, part in schema.get("properties", {}).items():
            yield (*at, key), part
            inner = value.get(key) if isinstance(value, dict) else None
            yield from self._places(
                part, self.example(part, key) if inner is None else inner, (*at, key)
            )
        if schema.get("type") == "array" and isinstance(value, list) and value:
            yield (*at, 0), schema.get("items", {})
            yield from self._places(schema.get("items", {}), value[0], (*at, 0))

    def _spoiling(self, schema: dict[str, Any], name: str) -> Iterator[Json]:
        """Values for a place: the odd ones that differ in kind from what belongs there."""
        schema = self.resolve(schema)
        options = [self.resolve(each) for each in schema.get("anyOf", [schema])]
        yield from ODD
        if any(each.get("format") == "date" for each in options):
            yield from ODD_DATES
            yield str(today() + timedelta(days=1))
        if any(each.get("format") in ("date-time", "time") for each in options):
            yield from ODD_DATES + ODD_TIMES
        if any(each.get("format") == "uuid" for each in options):
            yield str(new_id())
        if any(each.get("type") == "string" and "enum" not in each for each in options):
            yield from ODD_CODES
        for each in options:
            if each.get("type") == "array":
                yield [self.example(each.get("items", {}), str(name))] * 3000
            if each.get("type") == "object":
                yield {str(n): n for n in range(3000)}
                yield {"\ud800": 1}


def _with(body: Json, path: tuple[Any, ...], value: Json) -> Json:
    if not path:
        return value
    if isinstance(path[0], int):
        return [_with(body[0], path[1:], value), *body[1:]]
    inner = body.get(path[0]) if isinstance(body, dict) else None
    if inner is None and len(path) > 1:
        inner = [{}] if isinstance(path[1], int) else {}
    return (body if isinstance(body, dict) else {}) | {path[0]: _with(inner, path[1:], value)}


def dump(body: Json) -> bytes:
    """JSON text, with the numbers no encoder writes."""
    text = json.dumps(body)
    return text.replace(f'"{HUGE}"', "1e400").replace(f'"{LONGEST}"', "9" * 5000).encode()


SETUP = ("PUT /exchange/v1/participants/{node_id}",)


def operations(
    document: dict[str, Any], known: dict[str, str], given: dict[str, Any]
) -> list[Operation]:
    """All operations; what makes records comes before what needs them."""
    found = [
        Operation(
            document, method.upper(), path, spec, known, given.get(f"{method.upper()} {path}")
        )
        for path, methods in document["paths"].items()
        for method, spec in methods.items()
    ]
    return sorted(
        found, key=lambda each: (each.id not in SETUP, each.path.count("{"), each.method != "POST")
    )


async def call(app: FastAPI, request: Bad, headers: list[tuple[bytes, bytes]]) -> Answer:
    """Straight into the application, past every check a client or a server would make."""
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "scheme": "http",
        "method": request.method,
        "path": _unquoted(request.path),
        "raw_path": request.path.encode(),
        "query_string": request.query,
        "root_path": "",
        "client": ("127.0.0.1", 1),
        "server": ("yipan.test", 80),
        "headers": headers
        + request.headers
        + [(b"host", b"yipan.test"), (b"content-length", b"%d" % len(request.body))],
    }
    sent: list[dict[str, Any]] = []
    told = False

    async def receive() -> dict[str, Any]:
        nonlocal told
        if told:
            return {"type": "http.disconnect"}
        told = True
        return {"type": "http.request", "body": request.body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    error = ""
    try:
        await app(scope, receive, send)
    except Exception as raised:  # the server's own handler re-raises what it answered 500
        error = repr(raised)
    if not sent:
        return Answer(500, {}, b"", error)
    body = b"".join(each.get("body", b"") for each in sent[1:])
    return Answer(sent[0]["status"], dict(sent[0]["headers"]), body, error)


def _unquoted(path: str) -> str:
    return unquote_to_bytes(path).decode("utf-8", "replace")
