"""The peer door: what is believed, what is refused, and what is kept of a refusal."""

import asyncio
import json
from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import yaml
from jsonschema import Draft202012Validator, FormatChecker, ValidationError

from services.exchange.messages.handlers import queue_message
from services.exchange.messages.rules import notify_content, stamped
from shared.clock import today
from shared.ids import new_id
from shared.signing import (
    JsonObject,
    SigningKey,
    key_set,
    sign_detached,
    verify_compact,
)
from shared.testing import client_of
from tests.exchange.federation import CITY, COUNTY, OTHER, Federation, Node, settled
from tests.exchange.samples import make_inquiry, make_notice

STRANGER = "county-420382"
SPEC = yaml.safe_load(
    (Path(__file__).parent / "specs" / "dci_registry_core_api_v1.0.0.yaml").read_text()
)


def _resolved(node: Any) -> Any:
    """A schema of the specification with its references replaced."""
    if isinstance(node, list):
        return [_resolved(each) for each in node]
    if not isinstance(node, dict):
        return node
    if isinstance(node.get("$ref"), str):
        target = SPEC
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        return _resolved(target)
    return {
        key: _resolved(value) for key, value in node.items() if key not in ("example", "examples")
    }


_NOTIFY = SPEC["paths"]["/registry/notify"]["post"]
REQUEST_SCHEMA = _resolved(_NOTIFY["requestBody"]["content"]["application/json"]["schema"])
ANSWER_SCHEMA = _resolved(SPEC["components"]["responses"]["Response"]["content"])[
    "application/json"
]["schema"]


def fits(schema: Any, value: Any) -> None:
    """Raises ValidationError unless the standard allows the value."""
    Draft202012Validator(schema, format_checker=FormatChecker()).validate(value)


class Peer:
    """A foreign system with a key of its own, admitted by the city."""

    def __init__(self, node: Node) -> None:
        self.key = SigningKey.generate()
        self.node = node

    def record(self, **overrides: Any) -> dict[str, Any]:
        return {
            "id": STRANGER,
            "name": "外地",
            "level": "county",
            "region_prefixes": ["420382"],
            "address": "https://stranger.test",
            "jwks": key_set(self.key.public_jwk()),
            "version": 1,
        } | overrides

    def content(self, **overrides: Any) -> Any:
        fact = {
            "to_region": "420381",
            "content": {
                "kind": "departure",
                "region": "420382",
                "happened_on": today().isoformat(),
                "name": "王芳",
                "id_number": "110105194912310" + "02X",
            },
        }
        kind = overrides.pop("kind", "yipan.notice.departure.v1")
        now = datetime.now(UTC)
        content = notify_content(
            str(new_id()), STRANGER, OTHER, kind, new_id(), fact | overrides, now
        )
        return stamped(content, now)

    def signed(self, body: Any) -> Any:
        return {"signature": sign_detached(body, self.key)} | body

    async def send(self, envelope: Any) -> tuple[int, Any]:
        async with client_of(self.node.app) as client:
            answer = await client.post(
                "/exchange/dci/registry/notify",
                content=json.dumps(envelope),
                headers={"Content-Type": "application/json"},
            )
        return answer.status_code, answer.json()


@pytest.fixture
async def peer(friends: Federation) -> Peer:
    peer = Peer(friends[OTHER])
    signed = await friends[CITY].call("POST", "/participants", peer.record(), expect=201)
    await friends[OTHER].call("PUT", f"/participants/{STRANGER}", signed)
    return peer


async def counts(node: Node) -> tuple[int, int, int]:
    """Messages taken, leaves, refusals."""
    row = await node.fetch(
        "SELECT (SELECT count(*) FROM messages_in), (SELECT count(*) FROM evidence_leaves),"
        " (SELECT count(*) FROM refusals)"
    )
    return (row[0][0], row[0][1], row[0][2])


async def test_a_signed_fact_is_taken_and_receipted(peer: Peer) -> None:
    envelope = peer.signed(peer.content())
    status, said = await peer.send(envelope)
    assert (status, said["message"]["ack_status"]) == (200, "ACK")
    fits(ANSWER_SCHEMA, said)
    assert said["message"]["correlation_id"] == envelope["header"]["message_id"]
    jwks = await peer.node.public("/exchange/.well-known/jwks.json")
    receipt = verify_compact(said["message"]["receipt"], jwks, "yipan-receipt")
    assert receipt["message_id"] == envelope["header"]["message_id"]
    assert (receipt["leaf_index"], receipt["tree_size"]) == (0, 1)
    assert await counts(peer.node) == (1, 1, 0)


async def test_the_same_message_again_gets_the_same_receipt(peer: Peer) -> None:
    body = peer.content()
    _, first = await peer.send(peer.signed(body))
    again = deepcopy(body)
    again["header"]["message_ts"] = (datetime.now(UTC) + timedelta(hours=3)).isoformat()
    for envelope in (peer.signed(body), peer.signed(again)):
        status, said = await peer.send(envelope)
        assert (status, said["message"]["receipt"]) == (200, first["message"]["receipt"])
    assert await counts(peer.node) == (1, 1, 0)
    assert len(await peer.node.bus.hears("notice-received")) == 1


async def test_the_same_message_many_times_at_once_is_applied_once(peer: Peer) -> None:
    envelope = peer.signed(peer.content())
    answers = await asyncio.gather(*(peer.send(envelope) for _ in range(8)))
    assert {status for status, _ in answers} == {200}
    assert len({said["message"]["receipt"] for _, said in answers}) == 1
    assert await counts(peer.node) == (1, 1, 0)


def _set(*path: str, to: Any) -> Callable[[Any], None]:
    def change(envelope: Any) -> None:
        for name in path[:-1]:
            envelope = envelope[int(name) if isinstance(envelope, list) else name]
        envelope[path[-1]] = to

    return change


def _drop(name: str) -> Callable[[Any], None]:
    return lambda envelope: envelope.pop(name)


RECORDS = ("message", "notify_event", "0", "data", "reg_records")


Case = tuple[Callable[[Any], None], int, str]

CHANGED_AFTER_SIGNING: list[Case] = [
    (_set(*RECORDS, "content", "name", to="李娜"), 401, "err.signature.invalid"),
    (_set("header", "message_ts", to="2026-01-01T00:00:00Z"), 401, "err.signature.invalid"),
    (_set("header", "extra", to="x"), 401, "err.signature.invalid"),
    (_set("signature", to="e30..e30"), 401, "err.signature.invalid"),
    (_set("header", "extra", to=1.5), 401, "err.signature.invalid"),
    (_drop("signature"), 401, "err.signature.missing"),
    (_set("header", "sender_id", to="county-999999"), 403, "err.sender_id.invalid"),
    (_set("header", "version", to="9.0.0"), 400, "err.version.not_supported"),
    (_set("header", "is_msg_encrypted", to=True), 400, "err.encryption.invalid"),
    (_set("header", "message_id", to=7), 400, "err.request.bad"),
    (_set("header", to=[]), 400, "err.request.bad"),
    (_set("message", to=None), 400, "err.request.bad"),
    (_set("comment", to="x"), 400, "err.request.bad"),
]


async def test_what_was_changed_after_signing_is_refused(peer: Peer) -> None:
    for number, (change, status, code) in enumerate(CHANGED_AFTER_SIGNING, start=1):
        envelope = peer.signed(peer.content())
        change(envelope)
        answer, said = await peer.send(envelope)
        assert (answer, said["message"]["ack_status"]) == (status, "ERR"), (number, said)
        assert said["message"]["error"]["code"] == said["errors"][0]["code"] == code, number
        fits(ANSWER_SCHEMA, said)
        assert await counts(peer.node) == (0, 0, number)


NOT_RIGHT: list[Case] = [
    (_set("header", "receiver_id", to="county-420325"), 400, "err.receiver_id.invalid"),
    (_set("header", "message_ts", to="2026-01-01T00:00:00Z"), 408, "err.request.timeout"),
    (_set("header", "message_ts", to="2999-01-01T00:00:00Z"), 408, "err.request.timeout"),
    (_set("header", "action", to="search"), 400, "err.request.bad"),
    (_set("header", "total_count", to=2), 400, "err.request.bad"),
    (_set("message", "transaction_id", to="not a uuid"), 400, "err.request.bad"),
    (_set(*RECORDS, "content", "religion", to="x"), 400, "err.request.bad"),
    (_set(*RECORDS, "content", "kind", to="pregnancy"), 400, "err.request.bad"),
    (_set(*RECORDS, "to_region", to="110101"), 400, "err.request.bad"),
    (
        _set("message", "notify_event", "0", "data", "reg_record_type", to="yipan.x.y.v1"),
        400,
        "err.request.bad",
    ),
    (
        _set(
            "message",
            "notify_event",
            "0",
            "data",
            "reg_record_type",
            to="yipan.notice.arrival.v1",
        ),
        400,
        "err.request.bad",
    ),
]


async def test_what_is_well_signed_but_not_right_is_refused(peer: Peer) -> None:
    for number, (change, status, code) in enumerate(NOT_RIGHT, start=1):
        body = peer.content()
        change(body)
        answer, said = await peer.send(peer.signed(body))
        assert (answer, said["message"]["error"]["code"]) == (status, code), (number, said)
        assert await counts(peer.node) == (0, 0, number)
    assert not await peer.node.fetch("SELECT 1 FROM notices")


async def test_another_body_under_a_known_id_is_refused(peer: Peer) -> None:
    body = peer.content()
    await peer.send(peer.signed(body))
    body["message"]["notify_event"][0]["data"]["reg_records"]["content"]["name"] = "李娜"
    status, said = await peer.send(peer.signed(body))
    assert (status, said["message"]["error"]["code"]) == (409, "err.request.bad")
    assert await counts(peer.node) == (1, 1, 1)


async def test_a_revoked_sender_is_refused(peer: Peer, friends: Federation) -> None:
    revoked = peer.record(version=2, revoked_at="2026-01-01T00:00:00Z")
    signed = await friends[CITY].call("POST", "/participants", revoked, expect=201)
    await friends[OTHER].call("PUT", f"/participants/{STRANGER}", signed)
    status, said = await peer.send(peer.signed(peer.content()))
    assert (status, said["message"]["error"]["code"]) == (403, "err.sender_id.invalid")


async def test_acting_for_another_is_refused(peer: Peer, friends: Federation) -> None:
    """Who is no party to an inquiry or a notice cannot move it; who is one, not for the other."""
    inquiry = (await friends[COUNTY].call("POST", "/inquiries", make_inquiry(), expect=201))["id"]
    told = make_notice(to_region="420325", region="420381")
    notice = (await friends[OTHER].call("POST", "/notices", told, expect=201))["id"]
    await settled(friends)
    for subject, kind, record, code in (
        (str(new_id()), "yipan.inquiry.withdrawn.v1", {}, "err.request.not_found"),
        (str(new_id()), "yipan.notice.feedback.v1", {"agrees": True}, "err.request.not_found"),
        (inquiry, "yipan.inquiry.withdrawn.v1", {}, "err.request.forbidden"),
        (inquiry, "yipan.inquiry.accepted.v1", {}, "err.request.forbidden"),
        (
            inquiry,
            "yipan.inquiry.decided.v1",
            {"upholds": "asked", "note": "x"},
            "err.request.forbidden",
        ),
        (notice, "yipan.notice.feedback.v1", {"agrees": True}, "err.request.forbidden"),
    ):
        content = peer.content(kind=kind)
        content["message"]["transaction_id"] = subject
        content["message"]["notify_event"][0]["data"]["reg_records"] = record
        _, said = await peer.send(peer.signed(content))
        assert said["message"]["error"]["code"] == code, (kind, said)
    assert (await friends[OTHER].call("GET", f"/inquiries/{inquiry}"))["state"] == "opened"
    assert (await friends[OTHER].call("GET", f"/notices/{notice}"))["agrees"] is None


async def test_a_party_cannot_act_for_the_other_side(friends: Federation) -> None:
    """The asking county's own signature does not answer its own question."""
    here, home = friends[COUNTY], friends[OTHER]
    inquiry = (await here.call("POST", "/inquiries", make_inquiry(), expect=201))["id"]
    await settled(friends)
    async with here.parts.database.transaction(here.parts.actor) as tx:
        answer: JsonObject = {"answer": {"lives_there": True}, "complete": True}
        await queue_message(OTHER, "yipan.inquiry.answered.v1", UUID(inquiry), answer, tx)
    await settled(friends)
    (last,) = await here.fetch(
        "SELECT state, last_error FROM messages_out ORDER BY sequence DESC LIMIT 1"
    )
    assert (last["state"], last["last_error"]) == ("failed", "400 err.request.bad")
    assert (await home.call("GET", f"/inquiries/{inquiry}"))["state"] == "opened"


async def test_a_refusal_keeps_no_content(peer: Peer) -> None:
    envelope = peer.signed(peer.content())
    envelope["message"]["notify_event"][0]["data"]["reg_records"]["content"]["name"] = "李娜"
    await peer.send(envelope)
    (kept,) = await peer.node.fetch("SELECT * FROM refusals")
    assert kept["sender_id"] == STRANGER
    assert kept["message_id"] == envelope["header"]["message_id"]
    assert (kept["code"], kept["reason"]) == ("err.signature.invalid", "SignatureRefused")
    assert "李娜" not in str(dict(kept))


async def test_what_is_no_object_gets_a_client_error(peer: Peer) -> None:
    async with client_of(peer.node.app) as client:
        for body in (b"[]", b"nothing", b'"x"', b"{", b"\xff", b"[" * 100):
            answer = await client.post(
                "/exchange/dci/registry/notify",
                content=body,
                headers={"Content-Type": "application/json"},
            )
            assert 400 <= answer.status_code < 500, body


async def test_bodies_are_sealed_at_rest(peer: Peer) -> None:
    await peer.send(peer.signed(peer.content()))
    (row,) = await peer.node.fetch(
        "SELECT messages_in.envelope_sealed, notices.content_sealed"
        " FROM messages_in JOIN notices ON notices.id = messages_in.subject_id"
    )
    assert not any("王芳".encode() in each or b"110105194912" in each for each in row)


async def test_what_we_send_is_what_the_standard_describes(friends: Federation) -> None:
    await friends[COUNTY].call("POST", "/notices", make_notice(), expect=201)
    await friends[COUNTY].call("POST", "/inquiries", make_inquiry(), expect=201)
    await settled(friends)
    assert len(friends.network.sent) == 2
    for _, envelope in friends.network.sent:
        fits(REQUEST_SCHEMA, envelope)
        del envelope["header"]["status"]
        with pytest.raises(ValidationError):
            fits(REQUEST_SCHEMA, envelope)
