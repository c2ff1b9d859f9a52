"""Forged messages: none is accepted, each refusal is on record, and honest mail goes on beside."""

import random
from collections import Counter
from hashlib import sha256
from typing import Any

from services.exchange.evidence.verify import verify_export
from services.exchange.messages.delivery import PATH
from services.exchange.participants.node import our_node
from services.exchange.refusals.handlers import log_refusals
from shared.bodyguard import check_json
from shared.problems import Problem
from shared.signing import JsonObject, SigningKey
from shared.testing import client_of
from tests.exchange.federation import COUNTY, OTHER, Federation, Node, settled
from tests.exchange.forgeries import SORTS, Forger, encoded
from tests.exchange.samples import id_number, make_notice

EACH = 20
JSON = {"Content-Type": "application/json"}
_STATE = (
    "SELECT (SELECT count(*) FROM notices), (SELECT count(*) FROM messages_in),"
    " (SELECT count(*) FROM inquiries), (SELECT count(*) FROM outbox WHERE payload LIKE"
    " '%notice-received%')"
)
# What each sort may be refused for: a flipped bit or a cut spoils whatever it hits.
REASONS = {
    "other-content": {"AlteredMessage"},
    "out-of-time": {"StaleMessage", "KeyNotInForce"},
    "unknown-kind": {"BadMessage", "NotAllowedToPeer"},
    "extra-field": {"BadMessage"},
    "strange-key": {"KeyUnknown"},
    "somebody-else": {"UnknownSender"},
    "for-another": {"WrongReceiver"},
}


async def key_of(node: Node) -> SigningKey:
    """The node's own signing key, as if it had gone wrong."""
    async with node.parts.database.transaction(node.parts.actor) as tx:
        return (await our_node(tx)).key


def arrival() -> JsonObject:
    content: dict[str, Any] = make_notice() | {"id_number": id_number()}
    del content["to_region"]
    return {"to_region": "420381", "content": content}


def is_text(body: bytes) -> bool:
    """As the body guard reads it."""
    try:
        check_json(body)
    except Problem:
        return False
    return True


async def forger(friends: Federation) -> Forger:
    here = friends[COUNTY]
    await here.call("POST", "/notices", make_notice(), expect=201)
    await settled(friends)
    said = friends.network.sent[-1][1]
    return Forger(
        sender=COUNTY,
        receiver=OTHER,
        key=await key_of(here),
        kind="yipan.notice.arrival.v1",
        record=arrival(),
        said=said,
        chance=random.Random(7),
    )


async def test_the_forger_could_have_told_the_truth(friends: Federation) -> None:
    forging, there = await forger(friends), friends[OTHER]
    async with client_of(there.app) as client:
        answer = await client.post(PATH, content=encoded(forging.signed()), headers=JSON)
    assert answer.status_code == 200, answer.text
    assert len(await there.fetch("SELECT 1 FROM notices")) == 2


async def test_no_forgery_is_accepted_and_every_refusal_is_on_record(friends: Federation) -> None:
    forging, there = await forger(friends), friends[OTHER]
    before = tuple((await there.fetch(_STATE))[0])
    bodies = list(forging.bodies(EACH * len(SORTS)))
    statuses = Counter[tuple[str, int]]()
    async with client_of(there.app) as client:
        for name, body in bodies:
            answer = await client.post(PATH, content=body, headers=JSON)
            statuses[name, answer.status_code] += 1
            assert 400 <= answer.status_code < 500, (name, body, answer.text)
            assert id_number() not in answer.text
    assert tuple((await there.fetch(_STATE))[0]) == before
    rows = await there.fetch("SELECT body_sha256, reason FROM refusals")
    kept = {row["body_sha256"]: row["reason"] for row in rows}
    for name, body in bodies:
        reason = kept.get(sha256(body).digest())
        if reason is None:  # bytes that are no text name nobody: refused before the peer door
            assert name in ("bit-flip", "cut") and not is_text(body), name
        else:
            assert reason in REASONS.get(name, {reason}), name
    assert len(kept) >= len(bodies) * 0.9
    await _all_logged(there)
    jwks = await there.public("/exchange/.well-known/jwks.json")
    report = verify_export(await there.export(), jwks)
    assert report.ok


async def _all_logged(node: Node) -> None:
    async with node.parts.database.transaction(node.parts.actor) as tx:
        while await log_refusals(tx):
            pass
    assert not await node.fetch("SELECT 1 FROM refusals WHERE leaf_index IS NULL")


async def test_honest_mail_arrives_between_the_forgeries(friends: Federation) -> None:
    forging, here, there = await forger(friends), friends[COUNTY], friends[OTHER]
    async with client_of(there.app) as client:
        for number, (_, body) in enumerate(forging.bodies(5 * len(SORTS))):
            await client.post(PATH, content=body, headers=JSON)
            if number % len(SORTS) == 0:
                await here.call("POST", "/notices", make_notice(), expect=201)
    await settled(friends)
    assert len(await there.fetch("SELECT 1 FROM notices")) == 6
    assert not await here.fetch("SELECT 1 FROM messages_out WHERE state <> 'delivered'")
