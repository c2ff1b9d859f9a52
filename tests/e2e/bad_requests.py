"""Makes bad requests for any operation of an OpenAPI document: a body that should do, synthesised
from the schema, and then every way to spoil it, its parameters and its headers."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI

from shared.clock import today
from shared.ids import new_id
from shared.pages import encode_cursor
from shared.testing import REGION
from tests.registry.places import number

Json = Any
HUGE = "a number JSON cannot hold"
LONGEST = "too many digits"
JSON_TYPE = (b"content-type", b"application/json")

ODD: list[Json] = [
    None, "", 0, -1, 2**63, HUGE, LONGEST, [], {}, [None], {"a": []}, True, 1.5,
    "王" * 5000, "a\u0007b", "王\u202e芳", "\ud800", "a\u0000b", " ", "０", "²", "1e400",
]  # fmt: skip
ODD_DATES = ["2026-02-30", "0000-01-01", "0001-01-01", "9999-12-31", "1879-12-31", "2026-01-01T25"]
ODD_TIMES = ["9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+12:00", "2026-01-01T00:00:00"]
ODD_CODES = ["999999", "42032510000x", "42", "４２０３２５", "420325199001011234", "110101"]
ODD_TEXTS = ["%00", "abc", "-1", "9" * 30, "x" * 3000, "%ff", "%ED%A0%80", "%F0%9F%92%A9", "%D9%A3",
             "'%20OR%201=1--", "NaN", "999999", "42032510000x", "", "%0d%0a", "²", "2026-02-30",
             "9999-12-31", "0001-01-01", "..%2f..", "%25", "null", "9223372036854775808"]  # fmt: skip
ODD_CURSORS = [
    encode_cursor(), encode_cursor(1), encode_cursor("x"), encode_cursor(2**80, "x"),
    encode_cursor("2026-01-01", 1), encode_cursor(str(new_id())), encode_cursor("\u0000"),
    encode_cursor("2026-01-01T00:00:00+00:00", str(new_id())), encode_cursor("420325", "x", 3),
    encode_cursor("9999-12-31T23:59:59-12:00", str(new_id())), encode_cursor(-1, -1, -1),
    "bnVsbA", "e30", "W1tdXQ", "W251bGxd", "WzFlNDAwXQ", "W05hTl0", "WyJcdWQ4MDAiXQ", "x", "=", "é",
]  # fmt: skip
ODD_HEADERS: list[list[tuple[bytes, bytes]]] = [
    [(b"idempotency-key", b"k" * 10_000)],
    [(b"idempotency-key", b"\xb2\xff\x00")],
    [(b"idempotency-key", b"")],
    [(b"purpose", b"nonsense")],
    [(b"purpose", b"registration"), (b"purpose", b"nonsense")],
    [(b"case", b"c" * 101)],
    [(b"case", b"\xff\x00")],
    *([(b"if-match", text)] for text in (b"", b"*", b'"abc"', b"\xb2", b'"' + b"9" * 40 + b'"')),
    [(b"if-match", b'W/"-1"')],
    [(b"if-match", b'"1"'), (b"if-match", b'"2"')],
    [(b"accept-language", b"zh;q=nan,en;q=1e999,\xff;q=-1" + b"," * 2000)],
    [(b"traceparent", b"00-" + b"0" * 999)],
]
ODD_TYPES = [
    b"text/plain", b"application/xml", b"multipart/form-data", b"multipart/form-data; boundary=x",
    b"application/x-www-form-urlencoded", b"application/json; charset=gb18030", b"\xff", b"",
]  # fmt: skip
ODD_BODIES = [
    b"", b"{", b"[]", b"null", b'"x"', b"[" * 5000, b"{" * 5000, b'{"a":' * 40 + b"1" + b"}" * 40,
    '{"name":"王芳"}'.encode("gb18030"), b"\xff\xfe{\x00}\x00", b"\xef\xbb\xbf{}", b"{}" * 2,
    b'{"a":1,"a":2}', b"NaN", b"1" * 5000, b'{"a":"\\ud800"}', b'{"\\ud800":1}', b"{'a':1}",
    b'{"a":"\\u0000"}', b'{"420325199001011234":1}', b'{"a":1}' + b" " * 1_100_000,
]  # fmt: skip

# What a field of a name holds in a body that should do, wherever the schema does not tell.
SAMPLES: dict[str, Json] = {
    "name": "王芳", "child_name": "陈小宝", "id_number": number("19900101", 112), "sex": "2",
    "birth_date": "1990-01-01", "nationality": "01", "phone": "13900000001", "region": "420325100001",
    "hukou_region": "420325100001", "origin_region": "130102001001", "to_region": "420381",
    "home_region": "130102", "area": REGION, "parent": "42", "period": "2026-06", "year": "2026",
    "employer_code": "91350100M000100Y43", "office": "desk-1", "code": "sample-code",
    "template": "appointment-reminder", "purpose": "sms-reminders", "signature": "【测试县便民中心】",
    "language": "zh-CN", "indicator": "inquiry-answered-in-time", "scheme": "sample-code",
    "target": "95", "floor": "50", "weight": 100, "bonus": "0", "valid_from": "2026-01-01",
    "at": "2036-01-01T08:00:00+08:00", "start_at": "2036-01-01T08:00:00+08:00",
    "born_at": "03:40:00", "since": "2015-01-01", "record": {}, "jwks": {"keys": []},
    "address": "https://peer.test", "status_base": "https://peer.test/lists", "region_prefixes": [REGION],
    "variables": {}, "verb": "accept", "issuer": "county-420381", "node_id": "county-420381",
    "id": "county-420381", "provider": "simulator", "list_id": "1", "leaf": "0", "first": "1",
    "second": "1", "version": 1, "day": "2026-10-01", "requested_by_holder": True,
    "kinds": ["inquiry_answer"], "outcomes": [],
}  # fmt: skip


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
        return content.get("application/json", {}).get("schema")

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
            return {key: self.example(part, key) for key, part in schema["properties"].items()
                    if key in wanted}  # fmt: skip
        if sample is not None and (kind != "array" or isinstance(sample, list)):
            return sample
        if kind == "array":
            few = max(1, schema.get("minItems", 1))
            return [self.example(schema.get("items", {}), name) for _ in range(few)]
        if schema.get("format") == "uuid":
            return str(new_id())
        if schema.get("format") == "date":
            return "2026-06-01"
        return {"integer": schema.get("minimum", 1), "number": 1, "boolean": False,
                "object": {}}.get(str(kind), "sample")  # fmt: skip

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
        pairs = [
            f"{each['name']}={spoiled.get(each['name'], quote(str(self.example(each['schema'], each['name']))))}"
            for each in self.parameters("query")
            if each["required"] or each["name"] in spoiled
        ]
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
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "scheme": "http",
        "method": request.method, "path": _unquoted(request.path), "raw_path": request.path.encode(),
        "query_string": request.query, "root_path": "", "client": ("127.0.0.1", 1),
        "server": ("yipan.test", 80),
        "headers": headers + request.headers + [(b"host", b"yipan.test"),
                                                (b"content-length", b"%d" % len(request.body))],
    }  # fmt: skip
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
    from urllib.parse import unquote_to_bytes

    return unquote_to_bytes(path.encode("latin-1", "replace")).decode("utf-8", "replace")
