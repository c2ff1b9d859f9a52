"""Files to attach, made up; and what two nodes do with them."""

import random
from typing import Any
from uuid import UUID

from services.exchange.attachments.handlers import attach, expect, share
from services.exchange.attachments.schemas import Reference
from shared.ids import new_id
from shared.testing import client_of, make_actor
from tests.exchange.federation import Node

PNG = bytes.fromhex("89504e470d0a1a0a") + b"\x00" * 40 + bytes.fromhex("49454e44ae426082")
JPEG = bytes.fromhex("ffd8ffe0") + b"\x00" * 40 + bytes.fromhex("ffd9")
TIFF = bytes.fromhex("49492a00") + b"\x00" * 40


def make_pdf(size: int = 300, inside: bytes = b"") -> bytes:
    """A PDF by its beginning and end, `size` bytes long and not compressible."""
    begin, end = b"%PDF-1.7\n" + inside, b"\n%%EOF\n"
    filling = random.Random(size).randbytes(size - len(begin) - len(end))
    return begin + filling.replace(b"#", b" ") + end


async def upload(
    node: Node,
    content: bytes,
    *,
    name: str = "户口簿.pdf",
    expect_status: int = 201,
    headers: dict[str, str] | None = None,
    **claims: Any,
) -> Any:
    """A clerk uploads a file."""
    token = node.issuer.token(
        **{"scope": "exchange:read exchange:write", "region": node.region} | claims
    )
    sent = {"Purpose": "inquiry"} if headers is None else headers
    async with client_of(node.app, token, sent) as client:
        answer = await client.post("/exchange/v1/attachments", files={"file": (name, content)})
    assert answer.status_code == expect_status, answer.text
    return answer.json()


async def told(here: Node, there: Node, content: bytes, inquiry_id: UUID | None = None) -> UUID:
    """`here` attached a file and told `there` of it, which now awaits it; returns its id."""
    inquiry_id = inquiry_id or new_id()
    upload_id = (await upload(here, content))["id"]
    references = await attached(here, [upload_id], inquiry_id, there.id)
    async with there.parts.database.transaction(there.parts.actor) as tx:
        await expect(references, inquiry_id, there.region, here.id, tx)
    return references[0].id


async def attached(
    node: Node, upload_ids: list[str], inquiry_id: UUID, peer: str
) -> list[Reference]:
    """The clerk's uploads, made part of an inquiry and shared with a peer."""
    actor = make_actor(region=node.region, scopes=frozenset({"exchange:write"}))
    async with node.parts.database.transaction(actor) as tx:
        ids = [UUID(each) for each in upload_ids]
        references = await attach(ids, inquiry_id, node.region, tx)
        await share(references, peer, tx)
        return references


async def content_at(node: Node, attachment_id: UUID) -> bytes:
    """What a clerk downloads."""
    token = node.issuer.token(scope="exchange:read", region=node.region)
    async with client_of(node.app, token, {"Purpose": "inquiry"}) as client:
        answer = await client.get(f"/exchange/v1/attachments/{attachment_id}/content")
    assert answer.status_code == 200, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    return answer.content
