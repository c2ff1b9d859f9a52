"""Papers of a claim, from one county's migrant service to the other county's desk."""

from base64 import b64encode
from hashlib import sha256
from random import Random
from typing import Any
from uuid import UUID

import httpx
import pytest
from pydantic import ValidationError

from services.exchange.notices.schemas import CONTENT
from shared.clock import today
from shared.events.migrant_claims import ClaimPapersReleased, ClaimPaperTold, ClaimPlaced
from shared.ids import new_id
from shared.testing import client_of
from tests.exchange.attachment_samples import content_at, make_pdf
from tests.exchange.federation import COUNTY, OTHER, Federation, Node, settled
from tests.exchange.test_attachments_inquiries import all_here
from tests.exchange.test_claims_federation import CLAIM, make_claim
from tests.exchange.test_notices import PERSON, deliver_twice, make_arrival

PIECE = 512 * 1024
SCAN = make_pdf(2 * PIECE + 300)


def pieces(content: bytes = SCAN, **overrides: Any) -> list[ClaimPaperTold]:
    """What the migrant service says of a paper."""
    starts = range(0, len(content), PIECE)
    whole: dict[str, Any] = {
        "claim_id": CLAIM,
        "paper_id": new_id(),
        "region": "420325100001",
        "payer_region": "420381",
        "kind": "receipt",
        "media_type": "application/pdf",
        "size": len(content),
        "sha256": sha256(content).hexdigest(),
        "pieces": len(starts),
    } | overrides
    return [
        ClaimPaperTold(
            **whole,
            number=number,
            content=b64encode(content[start : start + PIECE]).decode(),
        )
        for number, start in enumerate(starts, start=1)
    ]


async def told(node: Node, said: list[ClaimPaperTold], seed: int = 1) -> UUID:
    """Every piece twice, in any order; returns the paper's id."""
    for each in Random(seed).sample(said, len(said)):
        await deliver_twice(node, each)
    return said[0].paper_id


async def read(node: Node, paper: UUID, **claims: Any) -> httpx.Response:
    """As a clerk of that node."""
    token = node.issuer.token(**{"scope": "exchange:read", "region": node.region} | claims)
    async with client_of(node.app, token, {"Purpose": "service"}) as client:
        return await client.get(f"/exchange/v1/attachments/{paper}/content")


async def test_a_paper_reaches_the_paying_desk_by_reference_and_hash(
    friends: Federation,
) -> None:
    here, home = friends[COUNTY], friends[OTHER]
    await deliver_twice(here, make_claim())
    paper = await told(here, pieces())
    (heard,) = await home.bus.hears("claim-paper-received")
    assert (heard["claim_id"], heard["paper_id"]) == (str(CLAIM), str(paper))
    assert (heard["kind"], heard["size"]) == ("receipt", len(SCAN))
    assert heard["sha256"] == sha256(SCAN).hexdigest()
    assert (heard["from_region"], heard["payer_region"]) == ("420325100001", "420381")
    assert await all_here(home, 1) == [paper]
    assert await content_at(home, paper) == SCAN
    assert not await here.fetch("SELECT 1 FROM claim_paper_pieces")
    assert SCAN[:40].hex() not in str(friends.network.sent)
    (item,) = (await home.call("GET", "/notices?kind=claim-paper"))["items"]
    view = await home.call("GET", f"/notices/{item['id']}")
    assert view["content"]["sha256"] == heard["sha256"]


async def test_pieces_are_sealed(friends: Federation) -> None:
    here = friends[COUNTY]
    first, *_ = pieces()
    await deliver_twice(here, first)
    (row,) = await here.fetch("SELECT body_sealed FROM claim_paper_pieces")
    assert SCAN[:40] not in bytes(row["body_sealed"])
    await deliver_twice(here, ClaimPapersReleased(claim_id=CLAIM))
    assert not await here.fetch("SELECT 1 FROM claim_paper_pieces")


@pytest.mark.parametrize(
    ("content", "change"),
    [
        (make_pdf(400, inside=b"/JavaScript"), {}),
        (b"MZ" + SCAN[:400], {}),
        (make_pdf(400), {"media_type": "image/png"}),
        (make_pdf(400), {"sha256": sha256(b"another").hexdigest()}),
    ],
)
async def test_what_the_exchange_does_not_carry_is_told_and_stays(
    friends: Federation, content: bytes, change: dict[str, Any]
) -> None:
    here = friends[COUNTY]
    paper = await told(here, pieces(content, **change))
    (refused,) = await here.bus.hears("claim-paper-not-sent")
    assert (refused["claim_id"], refused["paper_id"]) == (str(CLAIM), str(paper))
    assert not await here.fetch("SELECT 1 FROM attachments")
    assert not await here.fetch("SELECT 1 FROM claim_paper_pieces")
    assert (await here.call("GET", "/notices"))["items"] == []


async def test_it_is_seen_where_the_claim_lies(friends: Federation) -> None:
    here, home = friends[COUNTY], friends[OTHER]
    await deliver_twice(here, make_claim())
    paper = await told(here, pieces())
    await all_here(home, 1)
    right, other = {"region": "420381100"}, {"region": "420381101"}
    for office in (right, other):
        assert (await read(home, paper, **office)).status_code == 404
    await deliver_twice(home, ClaimPlaced(claim_id=CLAIM, region="420381100", office="health"))
    assert (await read(home, paper, **right)).content == SCAN
    assert (await read(home, paper, **other)).status_code == 404
    assert (await read(home, paper)).status_code == 200


async def test_opening_it_is_a_look_at_her(friends: Federation) -> None:
    here, home = friends[COUNTY], friends[OTHER]
    await deliver_twice(here, make_claim())
    paper = await told(here, pieces())
    await all_here(home, 1)
    await read(home, paper)
    await deliver_twice(home, make_arrival(region="420381100", origin_region="420325"))
    looks = await home.fetch(
        "SELECT kind FROM usage_entries JOIN subject_aliases ON alias_id = usage_entries.subject_id"
        " WHERE subject_aliases.subject_id = $1 AND kind = 'attachment'",
        PERSON,
    )
    assert len(looks) == 1
    token = home.issuer.token(scope="self", sub=str(PERSON), region=home.region)
    async with client_of(home.app, token, {"Purpose": "subject-access"}) as client:
        hers = (await client.get(f"/exchange/v1/people/{PERSON}/export")).json()
        assert [each["id"] for each in hers["claim_papers"]] == [str(paper)]
        erasure = (await client.post(f"/exchange/v1/people/{PERSON}/erasure")).json()
    (kept,) = [each for each in erasure["kinds"] if each["kind"] == "claim-papers"]
    assert (kept["erased"], kept["held"]) == (0, 1)
    assert (await read(home, paper)).status_code == 200


async def test_what_no_duty_holds_goes_and_its_hash_stays(friends: Federation) -> None:
    here, home = friends[COUNTY], friends[OTHER]
    await deliver_twice(here, make_claim())
    paper = await told(here, pieces())
    await all_here(home, 1)
    for node in (here, home):
        await deliver_twice(node, ClaimPapersReleased(claim_id=CLAIM))
        assert not await node.fetch("SELECT 1 FROM attachment_chunks")
        (row,) = await node.fetch("SELECT state, sha256 FROM attachments WHERE id = $1", paper)
        assert (row["state"], row["sha256"]) == ("erased", sha256(SCAN).digest())
        assert (await read(node, paper)).status_code == 409


async def test_where_nobody_covers_the_county_it_waits_and_goes_by_itself(
    strangers: Federation,
) -> None:
    here, home = strangers[COUNTY], strangers[OTHER]
    await deliver_twice(here, make_claim())
    paper = await told(here, pieces())
    gone = await told(here, pieces(make_pdf(400), claim_id=new_id()))
    other = (await here.fetch("SELECT inquiry_id FROM attachments WHERE id = $1", gone))[0]
    await deliver_twice(here, ClaimPapersReleased(claim_id=other["inquiry_id"]))
    await strangers.admit_all()
    assert await all_here(home, 1) == [paper]
    await settled(strangers)
    assert len(home.bus.said("claim-paper-received")) == 1


async def test_inside_a_county_it_does_not_leave(friends: Federation) -> None:
    here = friends[COUNTY]
    paper = await told(here, pieces(payer_region="420325"))
    (heard,) = await here.bus.hears("claim-paper-received")
    assert heard["paper_id"] == str(paper)
    assert (await read(here, paper)).content == SCAN
    assert (await here.call("GET", "/notices"))["items"] == []


def test_the_wire_of_a_paper() -> None:
    whole: dict[str, Any] = {
        "kind": "claim-paper",
        "region": "420325",
        "happened_on": str(today()),
        "claim_id": str(CLAIM),
        "paper": "receipt",
        "attachment_id": str(new_id()),
        "sha256": "0" * 64,
        "size": 20 * 1024 * 1024,
        "media_type": "application/pdf",
    }
    assert CONTENT.validate_python(whole)
    for change in (
        {"size": 20 * 1024 * 1024 + 1},
        {"size": 0},
        {"sha256": "x"},
        {"paper": "certificate"},
        {"name": "王芳"},
        {"id_number": "x"},
        {"media_type": "../x"},
    ):
        with pytest.raises(ValidationError):
            CONTENT.validate_python(whole | change)
