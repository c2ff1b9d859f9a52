"""What partners and we say to one another is in the evidence log, once, and stays provable."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from services.exchange.evidence.handlers import sign_head
from services.exchange.evidence.queries import export_log
from services.exchange.evidence.verify import verify_export
from services.exchange.messages.rules import payload_hash
from shared.ids import new_id
from shared.testing import Issuer
from tests.conftest import Cluster, parts_of
from tests.exchange.dci_samples import (
    CIVIL,
    NOBODY,
    WANG,
    County,
    by_id,
    county,
    item,
    wish,
)
from tests.exchange.test_dci_asking import answer_to, ask, asked
from tests.exchange.test_dci_subscriptions import DEATH, death_of, follow, hear_twice, told
from tests.registry.conftest import fresh_regions as fresh_regions


@pytest.fixture
async def here(cluster: Cluster, issuer: Issuer) -> AsyncIterator[County]:
    async with county(cluster, issuer) as made:
        await made.enter()
        yield made


async def leaves(here: County) -> list[tuple[str, str, bytes]]:
    """Direction, message id and hash of each leaf, in order."""
    sql = "SELECT * FROM evidence_leaves ORDER BY leaf_index"
    rows = await here.rows(here.exchange, sql)
    assert {row["peer"] for row in rows} <= {here.partner.sender_id}
    return [(row["direction"], row["message_id"], row["payload_hash"]) for row in rows]


def leaf_of(direction: str, envelope: dict[str, Any]) -> tuple[str, str, bytes]:
    return direction, envelope["header"]["message_id"], payload_hash(envelope)


async def test_a_request_and_its_answer_are_leaves_once(here: County) -> None:
    message = {"transaction_id": str(new_id()), "search_request": [item(by_id(NOBODY), CIVIL)]}
    envelope = here.partner.envelope("search", message)
    answers = [(await here.partner.post("/sync/search", envelope)).json() for _ in range(2)]
    assert await leaves(here) == [leaf_of("received", envelope), leaf_of("sent", answers[0])]
    assert payload_hash(answers[0]) == payload_hash(answers[1])
    (page,) = (
        await here.call("GET", f"/exchange/v1/partners/{here.partner.sender_id}/transactions")
    )["items"]
    assert (page["received_leaf"], page["sent_leaf"]) == (0, 1)
    proof = await here.call("GET", "/exchange/v1/evidence/proofs/1")
    assert proof["leaf"]["payload_sha256"] == payload_hash(answers[0]).hex()


async def test_a_subscription_and_what_it_is_owed_are_leaves(here: County) -> None:
    person = await here.person(WANG)
    await follow(here, wish(DEATH, by_id(WANG["id_number"])))
    await hear_twice(here, death_of(person["id"]))
    (notice,) = await told(here, "notify")
    (answer,) = await told(here, "on-subscribe")
    known = await leaves(here)
    assert [each[0] for each in known] == ["received", "sent", "sent"]
    assert known[1:] == [leaf_of("sent", answer), leaf_of("sent", notice)]


async def test_a_question_of_ours_and_its_answer_are_leaves(here: County) -> None:
    await ask(here)
    sent = await asked(here)
    envelope = answer_to(here, sent)
    for _ in range(2):
        assert (await here.partner.post("/on-search", envelope)).status_code == 200
    assert await leaves(here) == [leaf_of("sent", sent), leaf_of("received", envelope)]


async def test_what_was_refused_is_no_message_of_theirs(here: County) -> None:
    message = {"transaction_id": "t", "search_request": [item(by_id(NOBODY))]}
    envelope = here.partner.envelope("search", message)
    stranger = envelope | {"signature": "e30..AAAA"}
    assert (await here.partner.post("/sync/search", stranger)).status_code == 401
    other = here.partner.envelope("search", message, receiver_id="county-1")
    assert (await here.partner.post("/sync/search", other)).status_code >= 400
    assert await leaves(here) == []


async def test_the_same_id_by_another_door_is_another_message(here: County) -> None:
    message = {"transaction_id": "t", "search_request": [item(by_id(NOBODY))]}
    envelope = here.partner.envelope("search", message)
    assert (await here.partner.post("/sync/search", envelope)).status_code == 200
    assert (await here.partner.post("/search", envelope)).status_code == 409


async def test_the_export_verifies_after_the_bodies_are_forgotten(here: County) -> None:
    message = {"transaction_id": "t", "search_request": [item(by_id(NOBODY))]}
    envelope = here.partner.envelope("search", message)
    await here.partner.post("/sync/search", envelope)
    await here.rows(
        here.exchange,
        "UPDATE dci_transactions SET body_sealed = NULL, answer_sealed = NULL RETURNING 1",
    )
    parts = parts_of(here.exchange)
    async with parts.database.transaction(parts.actor) as tx:
        await sign_head(tx)
    lines = await exported(here)
    report = verify_export(lines, await here.jwks())
    assert (report.ok, report.verified_size) == (True, 2)
    hashes = [each["leaf"]["payload_sha256"] for each in map(json.loads, lines) if "leaf" in each]
    assert payload_hash(envelope).hex() in hashes


async def exported(here: County) -> list[str]:
    parts = parts_of(here.exchange)
    return [line async for line in export_log(parts.database, parts.actor)]
