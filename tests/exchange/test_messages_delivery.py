"""Delivery: nothing is lost, nothing is doubled, and nobody waits for a dead peer."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from services.exchange.evidence.rules import RECEIPT_TYPE, text_of
from services.exchange.messages.delivery import _CLAIM, _IN_ORDER, _MARK
from services.exchange.messages.judging import Attempt, Outcome, judge
from services.exchange.messages.models import Delivery, MessageOut
from services.exchange.messages.rules import (
    GIVE_UP_AFTER,
    MOST_AT_ONCE,
    may_pass_later,
    pause_after,
)
from services.exchange.participants.models import Participant
from services.exchange.peers import PlainHttpRefused, open_client
from shared.ids import new_id
from shared.signing import JsonObject, SigningKey, key_set, sign_compact
from tests.exchange.federation import CITY, COUNTY, OTHER, Federation, eventually, settled
from tests.exchange.samples import make_inquiry, make_notice

_WAITING = """
INSERT INTO messages_out (message_id, to_node, kind, subject_id, region, content_sealed,
  payload_hash, leaf_index, state, attempts, next_attempt_at, created_at)
SELECT 'm-' || n, $1, 'a.kind', gen_random_uuid(), $2, 'x', 'x', n, 'queued', 0, now(), now()
FROM generate_series(1, 3000) AS n
"""


async def test_a_dead_peer_holds_nobody_up_and_gets_its_mail_later(friends: Federation) -> None:
    here, network = friends[COUNTY], friends.network
    network.cut.add(OTHER)
    late = [await here.call("POST", "/notices", make_notice(), expect=201) for _ in range(6)]
    prompt = await here.call(
        "POST", "/notices", make_notice(to_region="420302"), expect=201
    )  # the city covers it

    async def arrived() -> bool:
        view = await here.call("GET", f"/notices/{prompt['id']}")
        return bool(view["delivery"] == "delivered")

    await eventually(arrived)
    waiting = await here.fetch("SELECT state, attempts, last_error FROM messages_out"
                               " WHERE to_node = $1 AND attempts > 0", OTHER)  # fmt: skip
    assert {row["last_error"] for row in waiting} <= {"ConnectError", None}
    network.cut.clear()
    await here.fetch("UPDATE messages_out SET next_attempt_at = now()")
    await settled(friends)
    listed = await friends[OTHER].call("GET", "/notices?direction=in")
    assert {each["id"] for each in listed["items"]} == {each["id"] for each in late}


async def test_steps_of_one_inquiry_arrive_in_order_after_an_outage(friends: Federation) -> None:
    here, home = friends[COUNTY], friends[OTHER]
    friends.network.cut.add(OTHER)
    inquiry = (await here.call("POST", "/inquiries", make_inquiry(), expect=201))["id"]
    await here.call("POST", f"/inquiries/{inquiry}/remind", {})
    await here.call("POST", f"/inquiries/{inquiry}/withdraw", {"note": "已自行查明"})
    friends.network.cut.clear()
    await settled(friends)
    view = await home.call("GET", f"/inquiries/{inquiry}")
    assert [step["verb"] for step in view["steps"]] == ["remind", "withdraw"]
    assert not await home.fetch("SELECT 1 FROM refusals")


async def test_an_answer_that_was_lost_is_asked_for_again(friends: Federation) -> None:
    """The peer took the message, then the line broke: sent again, it is applied once."""
    here, home, network = friends[COUNTY], friends[OTHER], friends.network

    def break_once(peer: str) -> None:
        network.before_answer = lambda _: None
        raise httpx.ReadError("lost")

    network.before_answer = break_once
    await here.call("POST", "/notices", make_notice(), expect=201)
    await settled(friends)
    assert len([peer for peer, _ in network.sent if peer == OTHER]) == 2
    (message,) = await here.fetch("SELECT state, attempts FROM messages_out")
    assert tuple(message) == ("delivered", 2)
    assert len(await home.fetch("SELECT 1 FROM notices")) == 1
    assert len(await home.fetch("SELECT 1 FROM evidence_leaves")) == 1


async def test_a_process_killed_while_sending_leaves_nothing_behind(friends: Federation) -> None:
    """The attempt was marked and its result never recorded: once the lease is over it is sent
    again, and the peer answers with the receipt of the first time."""
    here, home = friends[COUNTY], friends[OTHER]
    await here.call("POST", "/notices", make_notice(), expect=201)
    await settled(friends)
    (first,) = await here.fetch("SELECT receipt FROM messages_out")
    await here.fetch(
        "UPDATE messages_out SET state = 'sending', receipt = NULL, delivered_at = NULL,"
        " next_attempt_at = now() - interval '1 second'"
    )
    await settled(friends)
    (again,) = await here.fetch("SELECT receipt FROM messages_out")
    assert again["receipt"] == first["receipt"]
    assert len(await home.fetch("SELECT 1 FROM messages_in")) == 1


async def test_a_refused_message_is_not_sent_for_ever(friends: Federation) -> None:
    here = friends[COUNTY]
    await friends[OTHER].fetch("DELETE FROM own_node")
    async with friends[OTHER].parts.database.transaction(friends[OTHER].parts.actor) as tx:
        await tx.execute(
            "INSERT INTO own_node (slot, id, name, level, region, address)"
            " VALUES (1, 'county-420399', 'x', 'county', '420399', 'http://x')"
        )
    notice = await here.call("POST", "/notices", make_notice(), expect=201)
    await settled(friends)
    assert (await here.call("GET", f"/notices/{notice['id']}"))["delivery"] == "failed"
    (message,) = await here.fetch("SELECT last_error FROM messages_out")
    assert message["last_error"] == "400 err.receiver_id.invalid"


async def test_after_days_without_a_receipt_it_is_given_up(friends: Federation) -> None:
    here = friends[COUNTY]
    friends.network.cut.add(OTHER)
    await here.call("POST", "/notices", make_notice(), expect=201)
    await here.fetch("UPDATE messages_out SET created_at = now() - $1::interval", GIVE_UP_AFTER)

    async def given_up() -> bool:
        await here.fetch("UPDATE messages_out SET next_attempt_at = now() WHERE state = 'queued'")
        rows = await here.fetch("SELECT state FROM messages_out")
        return bool(rows[0]["state"] == "given-up")

    await eventually(given_up)


def test_only_a_receipt_that_fits_counts_as_delivered() -> None:
    key, stranger = SigningKey.generate(), SigningKey.generate()
    message = a_message()
    peer = a_participant("https://x", None)
    peer.id, peer.key_history = OTHER, key_set(key.public_jwk())
    claims: JsonObject = {
        "node": OTHER,
        "message_id": "m-1",
        "payload_hash": ("01" * 32),
        "received_at": "2026-11-01T00:00:00.000000+00:00",
        "tree_size": 1,
        "root": text_of(b"\x02" * 32),
    }

    def judged(receipt: object) -> Outcome:
        return judge(200, {"message": {"receipt": receipt}}, Attempt(message, peer, b""))

    assert judged(sign_compact(claims, key, RECEIPT_TYPE)).state is Delivery.DELIVERED
    for receipt in (
        None,
        "ok",
        sign_compact(claims, stranger, RECEIPT_TYPE),
        sign_compact(claims, key, "yipan-tree-head"),
        sign_compact(claims | {"message_id": "m-2"}, key, RECEIPT_TYPE),
        sign_compact(claims | {"payload_hash": "02" * 32}, key, RECEIPT_TYPE),
        sign_compact(claims | {"node": CITY}, key, RECEIPT_TYPE),
        sign_compact(claims | {"tree_size": "1"}, key, RECEIPT_TYPE),
        sign_compact(claims | {"root": "x"}, key, RECEIPT_TYPE),
        sign_compact(claims | {"received_at": None}, key, RECEIPT_TYPE),
    ):
        outcome = judged(receipt)
        assert outcome.state is Delivery.QUEUED and outcome.receipt is None, receipt
    nothing: list[object] = [None, [], {}, {"message": 1}]
    for said in nothing:
        assert judge(200, said, Attempt(message, peer, b"")).state is Delivery.QUEUED


def test_what_may_pass_later_is_tried_again() -> None:
    assert may_pass_later(503, None) and may_pass_later(404, None)
    assert may_pass_later(403, "err.sender_id.invalid")
    assert not may_pass_later(404, "err.request.not_found")
    assert not may_pass_later(400, "err.request.bad")
    for attempts in (1, 5, 50):
        assert timedelta(seconds=0.5) <= pause_after(attempts) <= timedelta(seconds=450)


def _certificate(folder: Path) -> Path:
    """A key and a certificate of its own for 127.0.0.1, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "peer")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), False
        )
        .sign(key, hashes.SHA256())
    )
    file = folder / "peer.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return file


@asynccontextmanager
async def tls_server(file: Path) -> AsyncIterator[str]:
    """Answers every request with 204 over TLS; gives its address."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(file)
    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    async with server:
        yield f"https://127.0.0.1:{port}"


def a_participant(address: str, pem: str | None) -> Participant:
    now = datetime.now(UTC)
    return Participant(
        id="peer",
        name="peer",
        level="county",
        region_prefixes=["420381"],
        address=address,
        jwks={"keys": []},
        key_history={"keys": []},
        certificate_pem=pem,
        roles=[],
        record_version=1,
        record={},
        signature="",
        admitted_by=CITY,
        admitted_at=now,
        stored_at=now,
    )


def a_message() -> MessageOut:
    now = datetime.now(UTC)
    return MessageOut(
        message_id="m-1",
        to_node=OTHER,
        kind="yipan.notice.arrival.v1",
        subject_id=new_id(),
        region="420325",
        content_sealed=b"",
        payload_hash=b"\x01" * 32,
        leaf_index=0,
        next_attempt_at=now,
        created_at=now,
    )


async def test_only_the_pinned_certificate_is_believed(tmp_path: Path) -> None:
    file = _certificate(tmp_path)
    (tmp_path / "other").mkdir()
    other = _certificate(tmp_path / "other")
    open_ = open_client(allow_plain_http=False)
    async with tls_server(file) as address:
        pinned = "-----BEGIN CERT" + file.read_text().partition("-----BEGIN CERT")[2]
        wrong = "-----BEGIN CERT" + other.read_text().partition("-----BEGIN CERT")[2]
        async with open_(a_participant(address, pinned)) as client:
            assert (await client.get("/")).status_code == 204
        for pem in (wrong, None):
            async with open_(a_participant(address, pem)) as client:
                with pytest.raises(httpx.ConnectError):
                    await client.get("/")


async def test_plain_http_is_for_trials_only() -> None:
    peer = a_participant("http://127.0.0.1:1", None)
    with pytest.raises(PlainHttpRefused):
        open_client(allow_plain_http=False)(peer)
    async with open_client(allow_plain_http=True)(peer) as client:
        assert client.base_url.scheme == "http"


@pytest.mark.parametrize("told", [False, True])
async def test_a_backlog_costs_the_same_however_long_it_is(friends: Federation, told: bool) -> None:
    """Its first portion is found by looking at a few pages a message, whether the planner was told
    of it or thinks that nothing waits."""
    here = friends[COUNTY]
    await here.call("POST", f"/queue/peers/{OTHER}/pause", {"reason": "维护"})
    await here.fetch(_WAITING, OTHER, here.region)
    if told:
        await here.fetch("ANALYZE messages_out")
    async with here.parts.database.transaction(here.parts.actor) as tx:
        await tx.execute(f"DELETE FROM peer_pauses; {_IN_ORDER}")
        for _ in range(2):  # also after the first of them were marked
            explain = f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {_CLAIM}"
            plan = await tx.fetch_value(explain, OTHER, tx.now, MOST_AT_ONCE)
            top = plan[0]["Plan"]
            assert top["Actual Rows"] == MOST_AT_ONCE
            assert top["Shared Hit Blocks"] + top["Shared Read Blocks"] < 40 * MOST_AT_ONCE
            assert not {"Seq Scan", "Sort"} & set(_steps(top))
            first = await tx.find(MessageOut, _CLAIM, OTHER, tx.now, MOST_AT_ONCE)
            later = tx.now + timedelta(hours=1)
            await tx.execute(_MARK, [each.message_id for each in first], later)
        await tx.execute("UPDATE messages_out SET state = 'given-up'")


def _steps(plan: dict[str, Any]) -> Iterator[str]:
    yield plan["Node Type"]
    for part in plan.get("Plans", ()):
        yield from _steps(part)
