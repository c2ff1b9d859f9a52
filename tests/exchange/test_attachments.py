"""Attachments between two nodes: sealed, told by reference and hash, fetched piece by piece."""

from datetime import timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import httpx
import pytest

from services.exchange.attachments.fetching import HEADER, Fetcher
from services.exchange.attachments.handlers import (
    attach,
    discard_loose,
    erase_of_inquiry,
    expect,
    share,
)
from services.exchange.attachments.models import Attachment
from services.exchange.attachments.rules import CHUNK
from services.exchange.attachments.serving import Caller, fetch_request, serve_piece
from services.exchange.errors import CertificateRefused, KeyUnknown
from services.exchange.participants.node import our_node
from services.exchange.peers import Peers
from shared.ids import new_id
from shared.testing import client_of
from tests.exchange.attachment_samples import (
    PNG,
    attached,
    content_at,
    make_pdf,
    told,
    upload,
)
from tests.exchange.federation import CITY, COUNTY, OTHER, Federation, Node, eventually

DOOR = "/exchange/dci/registry/attachments"
BIG = make_pdf(2 * CHUNK + 345_678)


async def state_of(node: Node, attachment_id: UUID) -> str:
    (row,) = await node.fetch("SELECT state FROM attachments WHERE id = $1", attachment_id)
    return str(row["state"])


async def arrives(node: Node, attachment_id: UUID) -> None:
    async def there() -> bool:
        return await state_of(node, attachment_id) == "stored"

    await eventually(there)


async def ask(
    asking: Node,
    asked: Node,
    attachment_id: UUID,
    *,
    headers: dict[str, str] | None = None,
    to: str | None = None,
    token: str | None = None,
) -> httpx.Response:
    """A peer's signed request at the door."""
    if token is None:
        async with asking.parts.database.transaction(asking.parts.actor) as tx:
            wanted = Attachment(
                id=attachment_id, region="", state="", sha256=b"", size=1, media_type="",
                name_sealed=None, created_at=tx.now,
            )  # fmt: skip
            token = fetch_request(await our_node(tx), to or asked.id, wanted, tx.now)
    async with client_of(asked.app) as client:
        sent = {HEADER: token} | (headers or {})
        return await client.get(f"{DOOR}/{attachment_id}", headers=sent)


# at the desk


async def test_an_upload_is_sealed_and_hashed(friends: Federation) -> None:
    here = friends[COUNTY]
    content = make_pdf(CHUNK + 10)
    view = await upload(here, content)
    assert view["sha256"] == sha256(content).hexdigest()
    assert (view["size"], view["media_type"]) == (len(content), "application/pdf")
    assert (view["state"], view["name"], view["inquiry_id"]) == ("stored", "户口簿.pdf", None)
    rows = await here.fetch("SELECT body_sealed FROM attachment_chunks ORDER BY number")
    assert len(rows) == 2
    assert not any(content[1000:1032] in row["body_sealed"] for row in rows)
    (row,) = await here.fetch("SELECT name_sealed FROM attachments")
    assert "户口簿".encode() not in row["name_sealed"]
    assert await content_at(here, UUID(view["id"])) == content


@pytest.mark.parametrize(
    ("content", "name", "status"),
    [
        (b"MZ" + bytes(500), "照片.png", 422),
        (PNG[:-3], "照片.png", 422),
        (b"", "空.pdf", 422),
        (PNG, "../etc/x.png", 422),
        (PNG, ".png", 422),
        (PNG + bytes(21 * CHUNK), "大.png", 413),
    ],
)
async def test_what_may_not_be_attached_leaves_nothing(
    friends: Federation, content: bytes, name: str, status: int
) -> None:
    here = friends[COUNTY]
    answer = await upload(here, content, name=name, expect_status=status)
    assert answer["type"].rpartition("/")[2] in {
        "file-refused",
        "file-name-refused",
        "file-too-large",
        "malformed-body",
    }
    for table in ("attachments", "attachment_chunks"):
        assert not await here.fetch(f"SELECT 1 FROM {table}")


async def test_who_may_upload_and_read(friends: Federation) -> None:
    here = friends[COUNTY]
    await upload(here, PNG, expect_status=403, scope="exchange:read")
    await upload(here, PNG, expect_status=403, region="110101")
    await upload(here, PNG, expect_status=400, headers={})
    loose = (await upload(here, PNG))["id"]
    for path in (f"/attachments/{loose}", f"/attachments/{loose}/content"):
        await here.call("GET", path, expect=404, sub="clerk-2")  # a loose one is its uploader's
        await here.call("GET", path, expect=404, region="110101")
        await here.call("GET", path, expect=403, scope="self")
    assert await content_at(here, UUID(loose)) == PNG
    await attached(here, [loose], inquiry := new_id(), OTHER)
    await here.call("GET", f"/attachments/{loose}", sub="clerk-2")
    await here.call("GET", f"/attachments/{loose}", expect=404, region="110101")
    listed = f"/attachments?inquiry_id={inquiry}"
    assert [each["id"] for each in await here.call("GET", listed, sub="clerk-2")] == [loose]
    assert await here.call("GET", listed, region="110101") == []
    await here.call("GET", "/attachments?inquiry_id=x", expect=400)
    types = await here.call("GET", "/attachment-types")
    assert types["most_bytes"] == 20 * 1024 * 1024


async def test_the_second_wall_stands_before_files(friends: Federation) -> None:
    here = friends[COUNTY]
    attachment_id = await told(here, friends[OTHER], PNG)
    async with here.parts.database.transaction(here.parts.actor) as tx:
        await tx.execute("SET LOCAL yipan.region = '110101'")
        for table in ("attachments", "attachment_chunks", "attachment_shares"):
            assert not await tx.fetch(f"SELECT 1 FROM {table}"), table
    assert await here.fetch("SELECT 1 FROM attachments WHERE id = $1", attachment_id)


async def test_the_same_file_is_kept_once_in_an_inquiry(friends: Federation) -> None:
    here, inquiry = friends[COUNTY], new_id()
    first, second, third = [(await upload(here, each))["id"] for each in (PNG, PNG, make_pdf())]
    (one,) = await attached(here, [first], inquiry, OTHER)
    again = await attached(here, [second, third, third], inquiry, OTHER)
    assert sorted(str(each.id) for each in again) == sorted([first, third])
    assert one in again
    assert len(await here.fetch("SELECT 1 FROM attachments")) == 2
    elsewhere = (await upload(here, PNG))["id"]
    (other,) = await attached(here, [elsewhere], new_id(), OTHER)
    assert str(other.id) == elsewhere != first


async def test_only_the_uploader_attaches_and_not_too_many(friends: Federation) -> None:
    here = friends[COUNTY]
    theirs = (await upload(here, PNG, sub="clerk-2"))["id"]
    with pytest.raises(Exception, match="not-found"):
        await attached(here, [theirs], new_id(), OTHER)
    inquiry = new_id()
    many = [(await upload(here, make_pdf(200 + size)))["id"] for size in range(21)]
    with pytest.raises(Exception, match="too-many-attachments"):
        await attached(here, many, inquiry, OTHER)
    await attached(here, many[:20], inquiry, OTHER)
    with pytest.raises(Exception, match="attachment-not-here"):
        await attached(here, many[:1], new_id(), OTHER)  # it belongs to the other inquiry


async def test_an_upload_that_no_act_takes_goes_after_a_day(friends: Federation) -> None:
    here = friends[COUNTY]
    kept = (await upload(here, PNG))["id"]
    await attached(here, [kept], new_id(), OTHER)
    await upload(here, make_pdf())
    async with here.parts.database.transaction(here.parts.actor) as tx:
        assert await discard_loose(tx) == 0
        await tx.execute("UPDATE attachments SET created_at = created_at - interval '25 hours'")
        assert await discard_loose(tx) == 1
    rows = await here.fetch("SELECT id FROM attachments")
    assert [str(row["id"]) for row in rows] == [kept]
    assert len(await here.fetch("SELECT 1 FROM attachment_chunks")) == 1


# between nodes


async def test_a_peer_that_was_told_fetches_the_whole_file(friends: Federation) -> None:
    here, there = friends[COUNTY], friends[OTHER]
    attachment_id = await told(here, there, BIG)
    await arrives(there, attachment_id)
    assert await content_at(there, attachment_id) == BIG
    view = await there.call("GET", f"/attachments/{attachment_id}")
    assert (view["from_node"], view["name"], view["last_error"]) == (COUNTY, "户口簿.pdf", None)
    (fetched,) = await here.fetch("SELECT peer, fetched_at FROM attachment_shares")
    assert fetched["peer"] == OTHER and fetched["fetched_at"] is not None
    looks = await here.fetch("SELECT actor_org FROM usage_entries WHERE actor_org = $1", OTHER)
    assert len(looks) == 1  # whoever it is about sees which node got it


async def test_only_who_was_told_may_fetch(friends: Federation) -> None:
    here, there, city = friends[COUNTY], friends[OTHER], friends[CITY]
    friends.network.cut.add(COUNTY)  # the fetcher itself does not get it
    attachment_id = await told(here, there, PNG)
    answer = await ask(there, here, attachment_id)
    assert (answer.status_code, answer.content) == (206, PNG)
    assert answer.headers["Content-Range"] == f"bytes 0-{len(PNG) - 1}/{len(PNG)}"
    cases = [
        (await ask(city, here, attachment_id), 404, "err.request.not_found"),
        (await ask(there, here, new_id()), 404, "err.request.not_found"),
        (await ask(there, here, attachment_id, token=""), 401, "err.signature.missing"),
        (await ask(there, here, attachment_id, token="a.b"), 400, "err.request.bad"),
        (await ask(there, here, attachment_id, to=CITY), 400, "err.receiver_id.invalid"),
    ]
    for answer, status, code in cases:
        assert answer.status_code == status, answer.text
        assert answer.json()["message"]["error"]["code"] == code
    assert len(await here.fetch("SELECT 1 FROM refusals")) == len(cases)


async def test_a_request_is_for_one_file_now_and_of_a_known_key(friends: Federation) -> None:
    here, there = friends[COUNTY], friends[OTHER]
    friends.network.cut.add(COUNTY)
    one = await told(here, there, PNG)
    other = await told(here, there, make_pdf())
    async with there.parts.database.transaction(there.parts.actor) as tx:
        (file,) = await tx.find(Attachment, "SELECT * FROM attachments WHERE id = $1", one)
        node = await our_node(tx)
        good = fetch_request(node, COUNTY, file, tx.now)
        off = fetch_request(node, COUNTY, file, tx.now + timedelta(minutes=16))
    assert (await ask(there, here, one, token=good)).status_code == 206
    assert (await ask(there, here, other, token=good)).status_code == 403
    assert (await ask(there, here, one, token=off)).status_code == 408
    assert (await ask(there, here, one, token=good[:-4] + "AAAA")).status_code == 401
    await here.fetch("UPDATE participants SET revoked_at = now() WHERE id = $1", OTHER)
    assert (await ask(there, here, one, token=good)).status_code == 403


async def test_a_revoked_key_or_another_ones_certificate_gets_nothing(friends: Federation) -> None:
    here, there = friends[COUNTY], friends[OTHER]
    friends.network.cut.add(COUNTY)
    one = await told(here, there, PNG)
    async with there.parts.database.transaction(there.parts.actor) as tx:
        (file,) = await tx.find(Attachment, "SELECT * FROM attachments WHERE id = $1", one)
        token = fetch_request(await our_node(tx), COUNTY, file, tx.now)
    async with here.parts.database.transaction(here.parts.actor) as tx:
        assert (await serve_piece(one, Caller(token, None), None, tx)).content == PNG
        with pytest.raises(CertificateRefused):
            await serve_piece(one, Caller(token, bytes(32)), None, tx)
        await tx.execute(
            "UPDATE participants SET key_history = jsonb_set(key_history, '{keys,0,revoked}',"
            " '{\"revoked_at\": 1}') WHERE id = $1",
            OTHER,
        )
        with pytest.raises(KeyUnknown):
            await serve_piece(one, Caller(token, None), None, tx)


async def test_ranges_are_given_and_never_more_than_a_piece(friends: Federation) -> None:
    here, there = friends[COUNTY], friends[OTHER]
    friends.network.cut.add(COUNTY)
    attachment_id = await told(here, there, BIG)
    for header, start, end in (
        ("bytes=0-", 0, CHUNK),
        (f"bytes={CHUNK - 5}-{CHUNK + 4}", CHUNK - 5, CHUNK + 5),
        (f"bytes={len(BIG) - 3}-", len(BIG) - 3, len(BIG)),
        (f"bytes=1-{len(BIG)}", 1, CHUNK + 1),
    ):
        answer = await ask(there, here, attachment_id, headers={"Range": header})
        assert answer.content == BIG[start:end]
        assert answer.headers["Content-Range"] == f"bytes {start}-{end - 1}/{len(BIG)}"
    beyond = await ask(there, here, attachment_id, headers={"Range": f"bytes={len(BIG)}-"})
    assert beyond.status_code == 416


async def test_a_broken_transfer_goes_on_where_it_broke(friends: Federation) -> None:
    here, there = friends[COUNTY], friends[OTHER]
    asked: list[Any] = []
    wanted = {"pieces": 1}

    def break_off(request: httpx.Request) -> httpx.Response:
        asked.append(request.headers["Range"])
        if len(asked) > wanted["pieces"]:
            raise httpx.ReadError("broken")
        start = int(request.headers["Range"].removeprefix("bytes=").partition("-")[0])
        return httpx.Response(206, content=BIG[start : start + CHUNK])

    friends.network.cut.add(COUNTY)
    attachment_id = await told(here, there, BIG)
    transport = httpx.MockTransport(break_off)
    peers = Peers(lambda peer: httpx.AsyncClient(transport=transport, base_url="http://peer.test"))
    fetcher = Fetcher(there.parts, peers)
    await there.fetch("UPDATE attachments SET next_attempt_at = now() - interval '1 hour'")
    await fetcher.fetch_due(COUNTY)
    (row,) = await there.fetch("SELECT state, chunks, last_error FROM attachments")
    assert (row["state"], row["chunks"], row["last_error"]) == ("awaited", 1, "ReadError")
    wanted["pieces"] = 100
    await there.fetch("UPDATE attachments SET next_attempt_at = now() - interval '1 hour'")
    await fetcher.fetch_due(COUNTY)
    assert await state_of(there, attachment_id) == "stored"
    firsts = [each.partition("-")[0] for each in asked]
    assert firsts == [f"bytes={n * CHUNK}" for n in (0, 1, 1, 2)]
    assert await content_at(there, attachment_id) == BIG
    await fetcher.close()


@pytest.mark.parametrize(
    ("sent", "error"),
    [
        (make_pdf(300)[:-30] + b"x" * 23 + b"\n%%EOF\n", "hash-differs"),
        (make_pdf(300, b"<</S/JavaScript>>"), "type-refused"),
    ],
)
async def test_what_is_not_what_was_told_is_never_shown(
    friends: Federation, sent: bytes, error: str
) -> None:
    here, there = friends[COUNTY], friends[OTHER]
    friends.network.cut.add(COUNTY)
    attachment_id = await told(here, there, make_pdf(300))
    if error == "type-refused":  # the peer's own limit lets it pass, ours does not
        await there.fetch("UPDATE attachments SET sha256 = $1", sha256(sent).digest())
    transport = httpx.MockTransport(lambda request: httpx.Response(206, content=sent))
    peers = Peers(lambda peer: httpx.AsyncClient(transport=transport, base_url="http://peer.test"))
    fetcher = Fetcher(there.parts, peers)
    await there.fetch("UPDATE attachments SET next_attempt_at = now() - interval '1 hour'")
    await fetcher.fetch_due(COUNTY)
    await fetcher.close()
    (row,) = await there.fetch("SELECT state, chunks, last_error FROM attachments")
    assert (row["state"], row["chunks"], row["last_error"]) == ("failed", 0, error)
    assert not await there.fetch("SELECT 1 FROM attachment_chunks")
    await there.call("GET", f"/attachments/{attachment_id}/content", expect=409)
    # an office may ask for it anew, which then gets the true one
    friends.network.cut.clear()
    if error == "hash-differs":
        await there.call("POST", f"/attachments/{attachment_id}/fetching")
        await arrives(there, attachment_id)
        await there.call("POST", f"/attachments/{attachment_id}/fetching", expect=409)


@pytest.mark.parametrize("answer", [b"", b"x" * 299, b"x" * 301])
async def test_a_piece_of_another_length_is_not_kept(friends: Federation, answer: bytes) -> None:
    here, there = friends[COUNTY], friends[OTHER]
    friends.network.cut.add(COUNTY)
    await told(here, there, make_pdf(300))
    transport = httpx.MockTransport(lambda request: httpx.Response(206, content=answer))
    peers = Peers(lambda peer: httpx.AsyncClient(transport=transport, base_url="http://peer.test"))
    fetcher = Fetcher(there.parts, peers)
    await there.fetch("UPDATE attachments SET next_attempt_at = now() - interval '1 hour'")
    await fetcher.fetch_due(COUNTY)
    await fetcher.close()
    (row,) = await there.fetch(
        "SELECT state, chunks, next_attempt_at > now() AS later FROM attachments"
    )
    assert tuple(row) == ("awaited", 0, True)


async def test_a_peer_that_is_away_is_asked_again_later(friends: Federation) -> None:
    here, there = friends[COUNTY], friends[OTHER]
    friends.network.cut.add(COUNTY)
    attachment_id = await told(here, there, PNG)

    async def tried() -> bool:
        rows = await there.fetch("SELECT last_error FROM attachments")
        return str(rows[0]["last_error"]) == "ConnectError"

    await eventually(tried)
    await there.call("GET", f"/attachments/{attachment_id}/content", expect=409)
    friends.network.cut.clear()
    await arrives(there, attachment_id)


@pytest.mark.parametrize(
    ("status", "body", "state"),
    [
        (404, {"message": {"error": {"code": "err.request.not_found"}}}, "failed"),
        (410, {"message": {"error": {"code": "err.request.not_found"}}}, "failed"),
        (404, {"status": 404}, "awaited"),  # something before the peer
        (403, {"message": {"error": {"code": "err.sender_id.invalid"}}}, "awaited"),
        (503, None, "awaited"),
    ],
)
async def test_only_the_peers_own_no_is_final(
    friends: Federation, status: int, body: Any, state: str
) -> None:
    there = friends[OTHER]
    friends.network.cut.add(COUNTY)
    await told(friends[COUNTY], there, PNG)
    transport = httpx.MockTransport(lambda request: httpx.Response(status, json=body))
    peers = Peers(lambda peer: httpx.AsyncClient(transport=transport, base_url="http://peer.test"))
    fetcher = Fetcher(there.parts, peers)
    await there.fetch("UPDATE attachments SET next_attempt_at = now() - interval '1 hour'")
    await fetcher.fetch_due(COUNTY)
    await fetcher.close()
    (row,) = await there.fetch("SELECT state, attempts > 0 AS tried FROM attachments")
    assert tuple(row) == (state, True)


async def test_what_was_erased_is_given_to_nobody_and_its_hash_stays(friends: Federation) -> None:
    here, there, inquiry = friends[COUNTY], friends[OTHER], new_id()
    friends.network.cut.add(COUNTY)
    attachment_id = await told(here, there, PNG, inquiry)
    async with here.parts.database.transaction(here.parts.actor) as tx:
        assert await erase_of_inquiry(inquiry, tx) == 1
        assert await erase_of_inquiry(inquiry, tx) == 0
    (row,) = await here.fetch("SELECT state, sha256, name_sealed FROM attachments")
    assert tuple(row) == ("erased", sha256(PNG).digest(), None)
    assert not await here.fetch("SELECT 1 FROM attachment_chunks")
    assert (await ask(there, here, attachment_id)).status_code == 410
    await here.call("GET", f"/attachments/{attachment_id}/content", expect=409)
    with pytest.raises(Exception, match="attachment-not-here"):
        async with here.parts.database.transaction(here.parts.actor) as tx:
            await share(await attach([attachment_id], inquiry, here.region, tx), CITY, tx)


async def test_an_id_stands_for_one_file(friends: Federation) -> None:
    here, there, inquiry = friends[COUNTY], friends[OTHER], new_id()
    attachment_id = await told(here, there, PNG, inquiry)
    with pytest.raises(Exception, match="message-refused"):
        async with here.parts.database.transaction(here.parts.actor) as tx:
            (reference,) = await attach([attachment_id], inquiry, here.region, tx)
        async with there.parts.database.transaction(there.parts.actor) as tx:
            other = reference.model_copy(update={"sha256": "0" * 64})
            await expect([other], inquiry, there.region, COUNTY, tx)
