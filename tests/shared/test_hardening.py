"""What a stranger or a careless caller must not achieve: hang a service, fill its memory, or have
it say back what was typed."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pydantic import BaseModel, TypeAdapter, ValidationError
from structlog.testing import capture_logs

from services.exchange.errors import FieldsRefused
from services.exchange.inquiries.catalogue import check_question, kind_of
from services.exchange.notices.schemas import CONTENT
from shared.auth import require_home
from shared.bodyguard import broken_text, depth
from shared.failing import LastResort
from shared.problems import OutsideJurisdiction
from shared.signing import SigningKey
from shared.testing import VAULT, Issuer, client_of, key_text, make_actor
from shared.text import CalendarDay, mobile
from shared.validation import field_errors, place
from tests.conftest import ServiceFactory

TYPED = "420325199001011234"
UPLOAD = {"Content-Type": "multipart/form-data; boundary=x"}


@pytest.fixture
async def app(start_service: ServiceFactory) -> AsyncIterator[FastAPI]:
    async with start_service("registry") as app:
        yield app


@pytest.fixture
async def client(app: FastAPI, issuer: Issuer) -> AsyncIterator[httpx.AsyncClient]:
    token = issuer.token(scope="registry:write")
    async with client_of(app, token, {"Purpose": "registration"}) as client:
        yield client


def test_a_string_without_an_end_is_read_once() -> None:
    """With a search from every quotation mark this would take hours."""
    assert depth(b"[" * 40 + b'"' + b'\\"' * 500_000) == 40


@pytest.mark.parametrize(
    ("text", "broken"),
    [
        (r'"\ud83d\ude00 \\ud800 \n \\u0000 \u4e2d"', False),
        (r'"\ud83d"', True),
        (r'"\ude00"', True),
        (r'"\ud83d\ud83d\ude00"', True),
        (r'"\ud83d \ude00"', True),
        (r'"\ud83d\n"', True),
        (r'"\u0000"', True),
        (r'"\\\u0000"', True),
    ],
)
def test_half_characters_are_seen(text: str, broken: bool) -> None:
    assert broken_text(text.encode()) is broken


async def test_only_an_operation_that_takes_files_is_sent_one(client: httpx.AsyncClient) -> None:
    answer = await client.post("/registry/v1/persons", content=b"--x", headers=UPLOAD)
    assert answer.status_code == 415


async def test_a_file_is_not_read_from_a_stranger(app: FastAPI) -> None:
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while True:
            read += 1
            yield b"x" * 65536

    async with client_of(app) as stranger:
        sending = stranger.build_request(
            "POST", "/registry/v1/imports", content=endless(), headers=UPLOAD
        )
        answer = await stranger.send(sending)
    assert (answer.status_code, read) == (401, 0)


@pytest.mark.parametrize("length", ["9" * 5000, "9" * 30, "²", "-1", "1e9"])
async def test_an_odd_content_length(client: httpx.AsyncClient, length: str) -> None:
    headers = {"Content-Length": length.encode(), "Content-Type": "application/json"}
    answer = await client.post("/registry/v1/persons", content=b"{}", headers=headers)  # type: ignore[arg-type]
    assert answer.status_code in (413, 422)


TOKENS = [
    "x", "a.b.c", "..", "e30.e30.e30", "W10.e30.x", "eyJhbGciOjV9.e30.x", "eyJhbGciOltdfQ.e30.x",
    "eyJhbGciOiJub25lIn0.e30.", "eyJhbGciOiJFUzI1NiIsImtpZCI6e319.e30.x", "a" * 60_000, "\xe9",
    "eyJhbGciOiJFUzI1NiIsImNyaXQiOlsiYjY0Il19.e30.x", "a.b.c.d.e", "%00.%00.%00",
]  # fmt: skip


@pytest.mark.parametrize("token", TOKENS)
async def test_an_odd_token_is_401(app: FastAPI, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}".encode("latin-1")}
    async with client_of(app) as stranger:
        answer = await stranger.get("/registry/v1/regions", headers=headers)  # type: ignore[arg-type]
    assert answer.status_code == 401, answer.text


@pytest.mark.parametrize(
    "claims",
    [{"region": "4"}, {"region": "４２０３"}, {"region": "42'--"}, {"region": None}, {"exp": 1},
     {"aud": "other"}, {"iss": "other"}, {"scope": None}, {"scope": ["registry:read"]}],
)  # fmt: skip
async def test_an_odd_claim_opens_nothing(
    app: FastAPI, issuer: Issuer, claims: dict[str, Any]
) -> None:
    token = issuer.token(**({"scope": "registry:read"} | claims))
    async with client_of(app, token) as stranger:
        assert (await stranger.get("/registry/v1/regions")).status_code in (401, 403)


async def test_invented_methods_make_no_series(app: FastAPI, client: httpx.AsyncClient) -> None:
    for method in ("ZHANGSAN", "X13900000001"):
        assert (await client.request(method, "/registry/v1/regions")).status_code == 405
    text = (await client.get("/registry/metrics")).text
    assert 'method="OTHER"' in text
    assert "13900000001" not in text


async def test_an_unexpected_error_reaches_neither_the_server_nor_the_log() -> None:
    async def broken(*_: Any) -> None:
        raise RuntimeError(f"王芳 {TYPED}")

    app = LastResort(broken)
    transport = httpx.ASGITransport(app)
    with capture_logs() as logs:
        async with httpx.AsyncClient(transport=transport, base_url="http://yipan.test") as client:
            answer = await client.get("/")
    assert answer.status_code == 500
    assert logs[0]["error"] == "RuntimeError"
    assert logs[0]["at"].startswith("test_hardening.py:")
    assert TYPED not in answer.text + str(logs)


class _Form(BaseModel, extra="forbid"):
    born_on: CalendarDay


def _errors(text: str) -> str:
    told = ""
    for adapter in (TypeAdapter(_Form), CONTENT):
        try:
            adapter.validate_json(text)
        except ValidationError as error:
            told += json.dumps([field_errors(error.errors(), each) for each in ("zh", "en")])
    return told


@pytest.mark.parametrize(
    "body",
    [{TYPED: 1}, {"born_on": TYPED}, {"kind": TYPED}, {"王芳": 1}, {"kind": "arrival", TYPED: 1}],
)
def test_what_was_typed_is_not_said_back(body: dict[str, Any]) -> None:
    told = _errors(json.dumps(body))
    assert told
    assert TYPED not in told
    assert "\\u738b" not in told


def test_a_question_does_not_say_back_what_it_was_asked() -> None:
    kind = kind_of("address-confirmation")
    with pytest.raises(FieldsRefused) as refused:
        check_question(kind, {TYPED: "x", "address_region": TYPED})
    assert TYPED not in json.dumps(refused.value.body("zh"))


def test_places_that_are_ours_are_named() -> None:
    assert place(("body", "spouses", 0, "id_number")) == "body.spouses.0.id_number"
    assert place(("header", "X-Road-UserId")) == "header.X-Road-UserId"
    assert place(("body", "13900000001", 99999)) == "body.?.?"


@pytest.mark.parametrize("day", [20250601, "20250601", 0, 1.5, "1748736000", True, ""])
def test_a_day_is_never_a_number(day: object) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(CalendarDay).validate_python(day)


def test_digits_are_ours() -> None:
    assert mobile("１３９００００００01") == "13900000001"
    with pytest.raises(ValueError, match="11"):
        mobile("139٠٠٠٠٠٠٠١")


def test_keys_show_in_no_text() -> None:
    assert str(VAULT.key) not in repr(VAULT)
    assert str(VAULT.index_key) not in repr(VAULT)
    assert key_text("field") not in repr(VAULT)
    key = SigningKey.generate()
    assert key.to_text() not in repr(key)


@pytest.mark.parametrize("region", ["420325", "42", "420325100001"])
def test_who_is_at_home(region: str) -> None:
    require_home(make_actor(region=region), "420325")


@pytest.mark.parametrize("region", ["420381", "310101", "13"])
def test_who_is_not(region: str) -> None:
    with pytest.raises(OutsideJurisdiction):
        require_home(make_actor(region=region), "420325")
