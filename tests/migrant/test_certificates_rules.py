"""SD-JWT, status lists and the choice of claims, without a database.

The digest vectors are those printed in RFC 9901, section 4.2.3.
"""

import json
import zlib
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import ECKey, KeySet

from services.migrant.certificates import sdjwt, statuslist
from services.migrant.certificates.faults import (
    Fault,
    Forged,
    Malformed,
    Reason,
    UnknownKey,
    WronglyBound,
)
from services.migrant.certificates.rules import HELP, Claim, Outcome, claims_of
from services.migrant.errors import FactsDoNotFit

KEY = ECKey.generate_key("P-256", {"kid": "k1"})
OTHER = ECKey.generate_key("P-256", {"kid": "k1"})
HOLDER = ECKey.generate_key("P-256")
KEYS = KeySet([KEY])
NOW = 1_800_000_000
OPEN: dict[str, sdjwt.Json] = {"iss": "county-420325", "iat": NOW}
CLAIMS: dict[str, sdjwt.Json] = {"name": "刘小梅", "over_18": True, "children": 2}


def shown(text: str) -> dict[str, sdjwt.Json]:
    presentation = sdjwt.parse(text)
    sdjwt.verify_signature(presentation, KEYS)
    return sdjwt.disclosed(presentation)


def without(text: str, place: int) -> str:
    parts = text.split("~")
    return "~".join(parts[:place] + parts[place + 1 :])


@pytest.mark.parametrize(
    ("disclosure", "expected"),
    [
        (
            "WyIyR0xDNDJzS1F2ZUNmR2ZyeU5STjl3IiwgImdpdmVuX25hbWUiLCAiSm9obiJd",
            "jsu9yVulwQQlhFlM_3JlzMaSFzglhQG0DpfayQwLUK4",
        ),
        (
            "WyJlbHVWNU9nM2dTTklJOEVZbnN4QV9BIiwgImZhbWlseV9uYW1lIiwgIkRvZSJd",
            "TGf4oLbgwd5JQaHyKVQZU9UdGE0w5rtDsrZzfUaomLo",
        ),
    ],
)
def test_digests_are_those_of_the_standard(disclosure: str, expected: str) -> None:
    assert sdjwt.digest(disclosure) == expected


def test_all_or_a_part_is_shown() -> None:
    text = sdjwt.issue(OPEN, CLAIMS, KEY, digests=8)
    assert shown(text) == CLAIMS
    assert shown(without(text, 1)) == {"over_18": True, "children": 2}
    assert shown(text.split("~")[0] + "~") == {}
    payload = sdjwt.parse(text).payload
    assert "刘" not in json.dumps(payload, ensure_ascii=False)
    assert isinstance(payload["_sd"], list) and len(payload["_sd"]) == 8


@settings(max_examples=60)
@given(place=st.integers(min_value=0), character=st.sampled_from("AZaz09-_"))
def test_no_altered_character_passes(place: int, character: str) -> None:
    text = FIXED
    place %= len(text)
    if text[place] == character or text[place] == "~":
        return
    altered = text[:place] + character + text[place + 1 :]
    with pytest.raises(Fault):
        assert shown(altered) == shown(text)  # a base64 tail may differ and mean the same bytes
        raise Forged(Reason.SIGNATURE)


FIXED = sdjwt.issue(OPEN, CLAIMS, KEY)


def test_forgeries() -> None:
    text = sdjwt.issue(OPEN, CLAIMS, KEY)
    stranger = sdjwt.issue(OPEN, CLAIMS, OTHER)
    with pytest.raises(Forged):
        shown(stranger)
    swapped = sdjwt.encode(json.dumps(["c2FsdA", "children", 0]).encode())
    with pytest.raises(Forged):
        shown(f"{without(text, 3)}{swapped}~")
    with pytest.raises(Forged):
        shown(f"{text}{text.split('~')[1]}~")
    header, payload, _ = text.split("~")[0].split(".")
    unsigned = sdjwt.encode(json.dumps({"alg": "none", "typ": sdjwt.TYPE}).encode())
    with pytest.raises(Forged):
        shown(f"{unsigned}.{payload}.~")
    hmac_key = sdjwt.encode(json.dumps({"alg": "HS256", "typ": sdjwt.TYPE}).encode())
    with pytest.raises(Forged):
        shown(f"{hmac_key}.{payload}.{'A' * 43}~")
    assert header


@pytest.mark.parametrize(
    "text",
    ["", "~", "a.b.c", "a.b.c~", "x" * 100, "e30.e30.AAAA~", "e30.W10.AAAA~", "e30.e30.AA~é~"],
)
def test_what_is_not_readable(text: str) -> None:
    with pytest.raises(Malformed):
        shown(text)


ODD_HEADERS: list[dict[str, Any]] = [
    {"alg": "ES256", "crit": 5},
    {"alg": "ES256", "crit": ["x"]},
    {"alg": []},
    {"alg": None},
    {"alg": "ES256", "kid": {}},
    {"alg": "ES256", "b64": False},
    {"alg": "ES384"},
    {},
]


@pytest.mark.parametrize("header", ODD_HEADERS)
@pytest.mark.parametrize("typ", [sdjwt.TYPE, [sdjwt.TYPE], {}])
def test_odd_headers_are_answered(header: dict[str, Any], typ: Any) -> None:
    text = f"{sdjwt.encode(json.dumps(header | {'typ': typ}).encode())}.e30.AAAA~"
    with pytest.raises(Fault):
        shown(text)
    with pytest.raises(statuslist.BadStatusList):
        statuslist.read(text[:-1], KEYS, URI)


@pytest.mark.parametrize("jwk", [{}, {"kty": []}, {"kty": "EC"}, {"kty": "oct", "k": "A" * 43}])
def test_odd_holder_keys_are_answered(jwk: dict[str, Any]) -> None:
    text = sdjwt.issue(OPEN | {"cnf": {"jwk": jwk}}, {}, KEY)
    for proof in (bound().rpartition("~")[2], "a.b.c", "e30.e30.AAAA"):
        with pytest.raises(WronglyBound):
            binding(text + proof)


@given(st.text(max_size=300))
def test_any_text_is_answered(text: str) -> None:
    try:
        shown(text)
    except Fault:
        return
    raise AssertionError("no such text is a certificate")


@pytest.mark.parametrize("kept", [0.2, 0.5, 0.9, 0.99])
def test_a_text_read_in_part_is_told_apart_from_nonsense(kept: float) -> None:
    cut = FIXED[: int(len(FIXED) * kept)]
    if cut.endswith("~"):
        cut = cut[:-1]
    with pytest.raises(Malformed) as caught:
        shown(cut)
    assert caught.value.reason is Reason.TRUNCATED
    with pytest.raises(Malformed) as caught:
        shown("not a certificate")
    assert caught.value.reason is Reason.UNREADABLE


def test_line_breaks_of_a_printer_are_no_part_of_it() -> None:
    assert shown("\n ".join(FIXED[i : i + 76] for i in range(0, len(FIXED), 76))) == CLAIMS


def test_deep_json_is_malformed_not_a_crash() -> None:
    deep = sdjwt.encode(b"[" * 6000)
    with pytest.raises(Malformed):
        sdjwt.parse(f"{deep}.{deep}.AAAA~")


def test_an_ordinary_token_of_the_issuer_is_no_certificate() -> None:
    token = jws.serialize_compact(
        {"alg": "ES256", "typ": "JWT", "kid": "k1"}, b"{}", KEY, ["ES256"]
    )
    with pytest.raises(Malformed):
        shown(token + "~")


def test_an_unknown_key_is_told_apart_from_a_forgery() -> None:
    with pytest.raises(UnknownKey):
        sdjwt.verify_signature(sdjwt.parse(FIXED), KeySet([ECKey.generate_key("P-256")]))


# key binding


def bound(**overrides: Any) -> str:
    jwk: dict[str, sdjwt.Json] = {
        name: str(value) for name, value in HOLDER.as_dict(private=False).items()
    }
    text = sdjwt.issue(OPEN | {"cnf": {"jwk": jwk}}, {"over_18": True}, KEY)
    claims = {"iat": NOW, "aud": "desk-1", "nonce": "12345678", "sd_hash": sdjwt.digest(text)}
    header = {"alg": "ES256", "typ": overrides.pop("typ", "kb+jwt")}
    key = overrides.pop("key", HOLDER)
    return text + jws.serialize_compact(header, json.dumps(claims | overrides), key, ["ES256"])


def binding(text: str, nonce: str | None = "12345678", audience: str | None = "desk-1") -> bool:
    return sdjwt.verify_key_binding(sdjwt.parse(text), now=NOW, nonce=nonce, audience=audience)


def test_the_holder_proves_it() -> None:
    assert binding(bound()) is True
    assert binding(bound(), None, None) is True
    assert binding(FIXED, None, None) is False


@pytest.mark.parametrize(
    "overrides",
    [
        {"nonce": "87654321"},
        {"aud": "desk-2"},
        {"iat": NOW - 601},
        {"iat": NOW + 601},
        {"iat": "now"},
        {"sd_hash": sdjwt.digest("something else")},
        {"sd_hash": "é王\ud800"},
        {"sd_hash": ["x"]},
        {"typ": "JWT"},
        {"key": OTHER},
    ],
)
def test_a_wrong_proof(overrides: dict[str, Any]) -> None:
    with pytest.raises(WronglyBound):
        binding(bound(**overrides))


def test_a_missing_proof_or_key() -> None:
    with pytest.raises(WronglyBound):
        binding(FIXED)
    proof = bound().rpartition("~")[2]
    with pytest.raises(WronglyBound):
        binding(FIXED + proof, None, None)


# status lists


URI = "https://b.test/migrant/v1/status-lists/1"


def test_bits_are_packed_as_the_draft_shows() -> None:
    """draft-ietf-oauth-status-list, section 4.1: one bit, 16 entries, bytes b9 a3."""
    statuses = [1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1]
    revoked = [index for index, status in enumerate(statuses) if status]
    packed = zlib.decompress(sdjwt.decode(statuslist.pack(revoked, 16)))
    assert packed == b"\xb9\xa3"
    token = statuslist.StatusListToken(0, None, None, 1, packed)
    assert [token.at(index) for index in range(16)] == statuses
    for outside in (16, -1):
        with pytest.raises(statuslist.BadStatusList):
            token.at(outside)


def test_a_list_of_two_bits_is_read() -> None:
    """The same section: two bits, 12 entries, bytes c9 44 f9."""
    token = statuslist.StatusListToken(0, None, None, 2, b"\xc9\x44\xf9")
    assert [token.at(index) for index in range(12)] == [1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3]


def signed(**overrides: Any) -> str:
    values: dict[str, Any] = {"now": NOW, "ttl": 60, "lifetime": 600} | overrides
    key = values.pop("key", KEY)
    return statuslist.sign(values.pop("uri", URI), [3], 1024, key, **values)


def test_a_list_is_read_back() -> None:
    token = statuslist.read(signed(), KEYS, URI)
    assert (token.at(3), token.at(4)) == (1, 0)
    assert (token.issued_at, token.expires_at, token.ttl) == (NOW, NOW + 600, 60)


@pytest.mark.parametrize("bad", [{"key": OTHER}, {"uri": URI + "0"}])
def test_a_list_of_someone_else_is_refused(bad: dict[str, Any]) -> None:
    with pytest.raises(statuslist.BadStatusList):
        statuslist.read(signed(**bad), KEYS, URI)


def test_a_bomb_is_refused() -> None:
    claims = {
        "sub": URI,
        "iat": NOW,
        "status_list": {"bits": 1, "lst": sdjwt.encode(zlib.compress(b"\0" * 5_000_000, 9))},
    }
    header = {"alg": "ES256", "typ": statuslist.TYPE, "kid": "k1"}
    token = jws.serialize_compact(header, json.dumps(claims), KEY, ["ES256"])
    with pytest.raises(statuslist.BadStatusList):
        statuslist.read(token, KEYS, URI)


# the choice of claims

FACTS: dict[str, sdjwt.Json] = {"home_region": "420325", "birth_date": "2008-11-22"}


@pytest.mark.parametrize(
    ("today", "expected"), [(date(2026, 11, 21), False), (date(2026, 11, 22), True)]
)
def test_over_18_turns_on_the_birthday(today: date, expected: bool) -> None:
    assert claims_of([Claim.OVER_18], FACTS, today) == {"over_18": expected}


def test_nothing_more_than_chosen_is_handed_over() -> None:
    with pytest.raises(FactsDoNotFit):
        claims_of([Claim.HOME_REGION], FACTS, date(2026, 1, 1))
    with pytest.raises(FactsDoNotFit):
        claims_of([Claim.NAME, Claim.BIRTH_DATE], FACTS, date(2026, 1, 1))


def test_the_list_of_claims_is_closed() -> None:
    assert {each.value for each in Claim} == {
        "name", "sex", "birth_date", "over_18", "id_number", "home_region", "marital_status",
        "children",
    }  # fmt: skip


def test_no_outcome_refuses_anybody() -> None:
    assert set(HELP) == set(Outcome)
    for outcome, text in HELP.items():
        assert "refuse" not in outcome and "deny" not in outcome
        for word in ("拒绝", "不予", "不得办理", "refuse", "deny", "reject"):
            assert word not in text.zh and word not in text.en.lower()


@pytest.mark.parametrize("odd", [{"ttl": 10**18}, {"ttl": 0}, {"now": 10**15}, {"now": -1}])
def test_a_list_of_impossible_times_is_refused(odd: dict[str, int]) -> None:
    key = ECKey.generate_key("P-256", {"kid": "k"})
    times = {"now": NOW, "ttl": 3600, "lifetime": 60} | odd
    token = statuslist.sign("https://x.test/1", [3], 1024, key, **times)
    with pytest.raises(statuslist.BadStatusList):
        statuslist.read(token, KeySet([key]), "https://x.test/1")
