"""What is found out about a message before its transaction is right, and is not believed for it."""

import json
from collections.abc import Mapping
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

import pytest

from services.exchange.errors import BadMessage, SignatureMissing, UnsupportedVersion
from services.exchange.messages.reading import Arrival
from services.exchange.messages.rules import notify_content, payload_hash, stamped
from shared.ids import new_id
from shared.signing import NotCanonical, SigningKey, key_set, sign_detached, verify_detached
from tests.exchange.federation import CITY, OTHER, Federation
from tests.exchange.test_messages_door import STRANGER, Peer, counts
from tests.exchange.test_messages_door import peer as peer

KEY = SigningKey.generate()


def signed() -> Any:
    now = datetime.now(UTC)
    content = notify_content(str(new_id()), STRANGER, OTHER, "a.kind", new_id(), {"名": "王"}, now)
    body = stamped(content, now)
    return body | {"signature": sign_detached(body, KEY)}


def x_of(key: SigningKey) -> str:
    return str(key.public_jwk()["x"])


def test_its_hash_and_text_are_those_of_the_envelope() -> None:
    envelope = signed()
    arrival = Arrival(deepcopy(envelope), None)
    assert arrival.hashed == payload_hash(envelope)
    assert json.loads(arrival.text) == envelope


def test_it_fits_the_key_that_signed_and_no_other() -> None:
    arrival = Arrival(signed(), None)
    other = SigningKey.generate()
    assert arrival.fits(x_of(KEY)) and not arrival.fits(x_of(other))
    assert arrival.proved == {KEY.kid: x_of(KEY)}


def test_whoever_changes_a_word_of_it_loses_the_proof() -> None:
    envelope = signed()
    envelope["message"]["notify_event"][0]["data"]["reg_records"]["名"] = "李"
    arrival = Arrival(envelope, None)
    assert not arrival.fits(x_of(KEY)) and not arrival.proved


def test_reading_ahead_says_nothing_about_what_is_wrong() -> None:
    keys = {KEY.kid: x_of(KEY)}
    unsigned = {k: v for k, v in signed().items() if k != "signature"}
    version = signed()
    version["header"]["version"] = "9.9.9"
    floating = signed()
    floating["message"]["notify_event"][0]["data"]["reg_records"]["n"] = 1.5
    wrong: list[Any] = [{}, {"header": 1}, unsigned, version, floating]
    for envelope in wrong:
        Arrival(envelope, None).read_ahead(keys)
    with pytest.raises(BadMessage):
        _ = Arrival({"header": 1}, None).said
    with pytest.raises(UnsupportedVersion):
        _ = Arrival(version, None).said
    with pytest.raises(SignatureMissing):
        _ = Arrival(unsigned, None).signature
    with pytest.raises(NotCanonical):
        _ = Arrival(floating, None).hashed


def test_the_proof_is_worked_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def verify(signature: str, content: bytes, x: str) -> None:
        asked.append(x)
        verify_detached(signature, json.loads(content), {"keys": [KEY.public_jwk()]})

    monkeypatch.setattr("services.exchange.messages.reading.verify_bytes", verify)
    arrival = Arrival(signed(), None)
    arrival.read_ahead({KEY.kid: x_of(KEY)})
    assert arrival.fits(x_of(KEY)) and asked == [x_of(KEY)]


async def test_a_key_that_proved_a_message_and_was_given_up_is_not_believed(
    peer: Peer, friends: Federation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The door knows the key from the message before, so the next is proved while it waits; its
    record says meanwhile that the key is revoked."""
    assert (await peer.send(peer.signed(peer.content())))[0] == 200
    proved: list[dict[str, str]] = []
    read_ahead = Arrival.read_ahead

    def watch(arrival: Arrival, keys: Mapping[str, str]) -> None:
        read_ahead(arrival, keys)
        proved.append(arrival.proved)

    monkeypatch.setattr(Arrival, "read_ahead", watch)
    revoked = peer.key.public_jwk() | {"revoked": {"revoked_at": 1, "reason": "compromised"}}
    keys = key_set(revoked, SigningKey.generate().public_jwk())
    record = peer.record(version=2, jwks=keys)
    admitted = await friends[CITY].call("POST", "/participants", record, expect=201)
    await peer.node.call("PUT", f"/participants/{STRANGER}", admitted)
    status, said = await peer.send(peer.signed(peer.content()))
    assert proved == [{peer.key.kid: x_of(peer.key)}]
    assert (status, said["errors"][0]["code"]) == (401, "err.signature.invalid")
    (kept,) = await peer.node.fetch("SELECT reason FROM refusals")
    assert kept["reason"] == "KeyRevoked"
    assert await counts(peer.node) == (1, 1, 1)
