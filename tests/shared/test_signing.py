"""Signed JSON, checked with joserfc as the other party."""

import warnings
from enum import StrEnum

import pytest
import rfc8785
from joserfc import jws
from joserfc.errors import SecurityWarning
from joserfc.jwk import KeySet, OKPKey
from pydantic import JsonValue

from shared.signing import (
    JsonObject,
    NotCanonical,
    SignatureInvalid,
    SigningKey,
    canonical,
    check_jwks,
    key_set,
    sign_compact,
    sign_detached,
    verify_compact,
    verify_detached,
)

KEY = SigningKey.generate()
JWKS = key_set(KEY.public_jwk())
BODY: JsonObject = {"b": [1, True, None], "a": "流动人口", "é": {"z": "1.5"}}


def test_the_canonical_form_is_sorted_and_keeps_chinese() -> None:
    assert canonical({"b": 1, "a": "一盘"}) == '{"a":"一盘","b":1}'.encode()


ODD_NAMES: JsonObject = {"\ue000": 1, "\U00010000": 2, "é": 3, "": 4, "\x7f": 5}


@pytest.mark.parametrize(
    "value",
    [
        BODY,
        ODD_NAMES,
        {"deep": [ODD_NAMES, [[], {}], '\x00\x1f"\\/\b\t\u2028 人']},
        [2**53 - 1, -(2**53) + 1, 0, -1],
        "",
        None,
        {"b": {"b": True, "a": False}, "a": [{}]},
    ],
)
def test_the_quick_way_writes_the_same_bytes(value: JsonValue) -> None:
    """As the library that implements RFC 8785, also where names sort otherwise in UTF-16."""
    assert canonical(value) == rfc8785.dumps(value)


def test_a_member_of_an_enumeration_is_written_as_its_value() -> None:
    class Word(StrEnum):
        YES = "yes"

    assert canonical({"a": Word.YES}) == b'{"a":"yes"}'


@pytest.mark.parametrize("value", [1.5, 1.0, {"a": [0.0]}, 2**53, "\ud800", {"\ud800": 1}])
def test_what_two_systems_may_write_differently_is_refused(value: JsonValue) -> None:
    with pytest.raises(NotCanonical):
        canonical(value)


def test_a_detached_signature_fits_its_body_only() -> None:
    signature = sign_detached(BODY, KEY)
    assert verify_detached(signature, dict(reversed(BODY.items())), JWKS) == KEY.kid
    with pytest.raises(SignatureInvalid):
        verify_detached(signature, BODY | {"a": "人口"}, JWKS)
    with pytest.raises(SignatureInvalid):
        verify_detached(signature, BODY, key_set(SigningKey.generate().public_jwk()))


def test_a_key_survives_being_written_down() -> None:
    again = SigningKey.from_text(KEY.to_text())
    assert again.kid == KEY.kid
    assert verify_detached(sign_detached(BODY, again), BODY, JWKS) == KEY.kid


def test_another_library_verifies_ours_and_agrees_on_the_kid() -> None:
    foreign = OKPKey.import_key({k: str(v) for k, v in KEY.public_jwk().items()})
    assert foreign.thumbprint() == KEY.kid
    token = sign_compact({"n": 1}, KEY, "yipan-test")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SecurityWarning)  # RFC 9864 renames EdDSA
        said = jws.deserialize_compact(token, KeySet([foreign]), algorithms=["EdDSA"])
    assert said.payload == b'{"n":1}'


@pytest.mark.parametrize("alg", ["EdDSA", "Ed25519"])
def test_we_verify_what_another_library_signed(alg: str) -> None:
    made = OKPKey.generate_key("Ed25519")
    members: dict[str, str | list[str]] = {
        name: str(value) for name, value in made.as_dict(private=True).items()
    }
    foreign = OKPKey.import_key(members | {"kid": made.thumbprint()})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SecurityWarning)
        token = jws.serialize_compact(
            {"alg": alg, "kid": foreign.kid}, canonical(BODY), foreign, algorithms=[alg]
        )
    header, _, signature = token.split(".")
    public: JsonObject = {k: str(v) for k, v in foreign.as_dict(private=False).items()}
    assert verify_detached(f"{header}..{signature}", BODY, key_set(public)) == foreign.kid


def test_tokens_of_another_meaning_or_form_are_refused() -> None:
    token = sign_compact({"n": 1}, KEY, "yipan-receipt")
    assert verify_compact(token, JWKS, "yipan-receipt") == {"n": 1}
    header, payload, signature = token.split(".")
    for bad in (
        f"{header}..{signature}",
        f"{header}.{payload}.{signature[:-2]}",
        f"{header}.{payload}.{signature}=",
        "e30.e30.",
        "a.b",
        "eyJhbGciOiJub25lIn0.e30.",
    ):
        with pytest.raises(SignatureInvalid):
            verify_compact(bad, JWKS, "yipan-receipt")
    with pytest.raises(SignatureInvalid):
        verify_compact(token, JWKS, "yipan-head")
    with pytest.raises(SignatureInvalid):
        verify_detached(token, {"n": 1}, JWKS)


def test_a_key_set_holds_public_keys_named_by_their_thumbprint() -> None:
    check_jwks(JWKS)
    jwk = KEY.public_jwk()
    refused: list[JsonObject] = [
        {"keys": []},
        {"keys": [jwk | {"d": "x"}]},
        {"keys": [jwk | {"kid": "mine"}]},
        {"keys": [jwk | {"crv": "P-256"}]},
        {},
    ]
    for bad in refused:
        with pytest.raises(ValueError, match="/"):
            check_jwks(bad)
