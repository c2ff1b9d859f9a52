"""The TLS door between nodes: who shows which certificate, and what it opens."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from deploy.box.tls import certificate
from services.exchange.errors import CertificateRefused
from services.exchange.messages.rules import notify_content, stamped
from services.exchange.participants.certificates import check_shown, fingerprints
from services.exchange.participants.node import our_node
from services.exchange.participants.schemas import Record
from services.exchange.peers import DoorContext
from shared.clock import today
from shared.ids import new_id
from shared.signing import JsonObject, sign_detached
from shared.testing import Issuer, client_of
from tests.conftest import Cluster
from tests.exchange.federation import CITY, COUNTY, OTHER, eventually
from tests.exchange.samples import id_number, make_notice
from tests.exchange.test_messages_delivery import a_participant
from tests.exchange.test_participants import make_record
from tests.exchange.tls_nodes import TlsNode, free_port, join, pem_of, tls_nodes

NOTIFY = "/exchange/dci/registry/notify"
Nodes = dict[str, TlsNode]


@pytest.fixture
async def nodes(cluster: Cluster, issuer: Issuer, tmp_path: Path) -> AsyncIterator[Nodes]:
    """Two counties and their city over mutual TLS, everybody admitted."""
    levels = {CITY: "city", COUNTY: "county", OTHER: "county"}
    async with tls_nodes(cluster, issuer, tmp_path, levels) as nodes:
        await join(nodes[CITY], nodes[COUNTY], nodes[OTHER])
        for other in (CITY, COUNTY):

            async def believed(files: tuple[str, str] = nodes[other].files()) -> bool:
                return await gets_through(nodes[OTHER], files)

            await eventually(believed)
        yield nodes


async def envelope(sender: TlsNode, receiver: TlsNode) -> JsonObject:
    """A good notice of `sender`'s, signed by it."""
    content: JsonObject = {
        "kind": "departure",
        "region": sender.region,
        "happened_on": today().isoformat(),
        "name": "王芳",
        "id_number": id_number(),
    }
    record: JsonObject = {"to_region": receiver.region, "content": content}
    now = datetime.now(UTC)
    kind = "yipan.notice.departure.v1"
    body = stamped(
        notify_content(str(new_id()), sender.id, receiver.id, kind, new_id(), record, now), now
    )
    async with sender.node.parts.database.transaction(sender.node.parts.actor) as tx:
        return body | {"signature": sign_detached(body, (await our_node(tx)).key)}


async def refused_by(node: TlsNode) -> list[str]:
    rows = await node.node.fetch("SELECT reason FROM refusals ORDER BY id")
    return [row["reason"] for row in rows]


async def delivered(sender: TlsNode, notice: str) -> None:
    async def arrived() -> bool:
        await sender.node.fetch(
            "UPDATE messages_out SET next_attempt_at = now() WHERE state = 'queued'"
        )
        view = await sender.node.call("GET", f"/notices/{notice}")
        return bool(view["delivery"] == "delivered")

    await eventually(arrived, 60)


async def gets_through(node: TlsNode, files: tuple[str, str]) -> bool:
    """Whether the node's door takes a certificate at the handshake."""
    async with node.stranger(files) as caller:
        try:
            await caller.get("/exchange/.well-known/jwks.json")
        except httpx.TransportError:
            return False
    return True


async def shut_out(node: TlsNode, files: tuple[str, str]) -> None:
    async def refused() -> bool:
        return not await gets_through(node, files)

    await eventually(refused)


async def test_nodes_reach_each_other_and_strangers_only_what_is_public(nodes: Nodes) -> None:
    here, home = nodes[COUNTY], nodes[OTHER]
    sent = await here.node.call("POST", "/notices", make_notice(), expect=201)
    await delivered(here, sent["id"])
    good = await envelope(here, home)
    async with home.stranger(None) as anyone:
        for path in (
            "/exchange/.well-known/jwks.json",
            "/exchange/.well-known/participants",
            "/exchange/v1/evidence/head",
        ):
            assert (await anyone.get(path)).status_code == 200, path
        for path in ("/exchange/v1/participants", "/exchange/v1/keys", "/registry/docs", "/"):
            assert (await anyone.get(path)).status_code == 404, path
        answer = await anyone.post(NOTIFY, json=good)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (
        401,
        "err.request.unauthorized",
    )
    async with home.stranger(here.files()) as itself:
        assert (await itself.post(NOTIFY, json=good)).status_code == 200
    assert await refused_by(home) == ["CertificateMissing"]


async def test_a_certificate_speaks_for_its_own_node_alone(nodes: Nodes) -> None:
    """The key is the county's, the certificate another participant's: refused, and on record."""
    here, home = nodes[COUNTY], nodes[OTHER]
    good = await envelope(here, home)
    async with home.stranger(nodes[CITY].files()) as other:
        answer = await other.post(NOTIFY, json=good)
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (
            403,
            "err.sender_id.invalid",
        )
        token = {"peer": COUNTY, "token": "x"}
        answer = await other.post("/exchange/v1/evidence/cosignatures", json=token)
        assert answer.status_code == 403
    assert await refused_by(home) == ["CertificateRefused", "CertificateRefused"]
    assert not await home.node.fetch("SELECT 1 FROM notices")


async def test_an_unknown_certificate_does_not_get_through_the_handshake(nodes: Nodes) -> None:
    here, home = nodes[COUNTY], nodes[OTHER]
    good = await envelope(here, home)
    async with home.stranger(here.files("made-up")) as stranger:
        with pytest.raises(httpx.TransportError):
            await stranger.post(NOTIFY, json=good)
    assert await refused_by(home) == []
    assert not await home.node.fetch("SELECT 1 FROM notices")


async def test_who_was_revoked_is_believed_no_longer(nodes: Nodes) -> None:
    """Its certificate, and the connection it already had."""
    here, home, city = nodes[COUNTY], nodes[OTHER], nodes[CITY]
    async with home.stranger(here.files()) as before:
        assert (await before.post(NOTIFY, json=await envelope(here, home))).status_code == 200
        gone = await here.record() | {"version": 2, "revoked_at": "2026-11-01T00:00:00Z"}
        await city.node.call("POST", "/participants", gone, expect=201)

        async def known() -> bool:
            view = await home.node.call("GET", f"/participants/{COUNTY}")
            return bool(view["revoked_at"])

        await eventually(known)
        answer = await before.post(NOTIFY, json=await envelope(here, home))
        assert answer.status_code == 403

    await shut_out(home, here.files())


async def test_a_certificate_is_changed_without_a_gap(nodes: Nodes) -> None:
    """First the record names both, then the door shows the next one, then the record it alone."""
    here, home = nodes[COUNTY], nodes[OTHER]
    (old, _), (new, new_key) = here.files(), here.files("next")
    both = pem_of(old) + pem_of(new)
    await here.stop()
    await here.start(certificate_pem=both)

    async def follows(pem: str) -> None:
        async def known() -> bool:
            view = await home.node.call("GET", f"/participants/{COUNTY}")
            return bool(view["certificate_pem"] == pem.strip())

        await eventually(known)

    await follows(both)
    await here.stop()
    await here.start((new, new_key), certificate_pem=both)
    back = make_notice(to_region="420325", region="420381")
    for sender, notice in ((here, make_notice()), (home, back)):
        sent = await sender.node.call("POST", "/notices", notice, expect=201)
        await delivered(sender, sent["id"])
    await here.stop()
    await here.start((new, new_key))
    await follows(pem_of(new))
    await shut_out(home, here.files())
    assert "CertificateRefused" not in await refused_by(home)


async def test_an_address_is_followed(nodes: Nodes) -> None:
    here, home = nodes[COUNTY], nodes[OTHER]
    await home.stop()
    sent = await here.node.call("POST", "/notices", make_notice(), expect=201)
    home.port = free_port()
    await home.start()
    await delivered(here, sent["id"])
    view = await here.node.call("GET", f"/participants/{OTHER}")
    assert (view["address"], view["version"]) == (home.address, 2)


def test_both_certificates_of_a_record_are_the_senders(tmp_path: Path) -> None:
    pems = [certificate(tmp_path / name, name)[0].read_text() for name in ("a", "b", "c")]
    (first,), (second,), (third,) = (fingerprints(pem) for pem in pems)
    sender = a_participant("https://x", pems[0] + pems[1])
    for shown in (None, first, second):
        check_shown(shown, sender)
    for peer in (sender, a_participant("https://x", None)):
        with pytest.raises(CertificateRefused):
            check_shown(third, peer)
    Record.model_validate(make_record(certificate_pem=pems[0] + pems[1]))
    with pytest.raises(ValueError):  # OpenSSL takes it in ASCII alone
        Record.model_validate(make_record(certificate_pem="说明\n" + pems[0]))


async def test_a_certificate_that_cannot_be_used_shuts_out_no_other(tmp_path: Path) -> None:
    cert, key = certificate(tmp_path, "node")
    door = DoorContext((str(cert), str(key)))
    door.take(["-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", cert.read_text()])

    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        shown = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        writer.write(b"known" if shown else b"nobody")
        writer.close()

    async def seen(certificate: Path | None) -> bytes:
        context = ssl.create_default_context(cafile=cert)
        if certificate is not None:
            context.load_cert_chain(certificate, key)
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
        try:
            return await reader.read()
        finally:
            writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0, ssl=door.context) as server:
        port = server.sockets[0].getsockname()[1]
        assert (await seen(cert), await seen(None)) == (b"known", b"nobody")


async def test_a_gateway_passes_the_certificate_in_the_header_it_was_told(nodes: Nodes) -> None:
    here, home = nodes[COUNTY], nodes[OTHER]
    await home.stop()
    await home.start(peer_certificate_header="X-Client-Certificate")
    pems = {name: pem_of(nodes[name].files()[0]) for name in (COUNTY, CITY)}

    async def posted(headers: dict[str, str]) -> Any:
        async with client_of(home.node.app, headers=headers) as client:
            body = json.dumps(await envelope(here, home))
            headers = {"Content-Type": "application/json"}
            return (await client.post(NOTIFY, content=body, headers=headers)).status_code

    assert await posted({"X-Client-Certificate": quote(pems[COUNTY])}) == 200
    assert await posted({"X-Client-Certificate": quote(pems[CITY])}) == 403
    for bad in ({}, {"X-Client-Certificate": "x"}, {"X-Other": quote(pems[COUNTY])}):
        assert await posted(bad) == 401
