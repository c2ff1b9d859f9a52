"""Several messages together: in one request, and in one transaction of whoever takes them in."""

import asyncio
from collections.abc import Sequence
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

import pytest

from services.exchange.evidence.verify import verify_export
from services.exchange.messages.intake import Answer, Intake
from services.exchange.messages.judging import Attempt, batch_of, judge_all, portions
from services.exchange.messages.models import Delivery
from services.exchange.messages.reading import Arrival
from services.exchange.messages.rules import MOST_AT_ONCE
from shared.db import Tx
from shared.ids import new_id
from shared.line import Line
from shared.problems import Unavailable
from shared.signing import verify_compact
from shared.testing import client_of
from tests.exchange.federation import COUNTY, OTHER, Federation, eventually, settled
from tests.exchange.samples import make_notice
from tests.exchange.test_messages_delivery import a_message, a_participant
from tests.exchange.test_messages_door import Peer, counts
from tests.exchange.test_messages_door import peer as peer

BATCH = "/exchange/dci/registry/notify/batch"


async def send(peer: Peer, body: Any) -> tuple[int, Any]:
    async with client_of(peer.node.app) as client:
        answer = await client.post(BATCH, json=body)
    return answer.status_code, answer.json()


async def send_all(peer: Peer, *envelopes: Any) -> list[tuple[int, Any]]:
    """Status and message of the answer to each."""
    status, said = await send(peer, {"messages": list(envelopes)})
    assert status == 200, said
    return [(each["status"], each["body"]["message"]) for each in said["answers"]]


def receipt_in(said: Any, jwks: Any) -> Any:
    return verify_compact(said["receipt"], jwks, "yipan-receipt")


async def test_each_of_several_is_applied_and_receipted_in_its_order(peer: Peer) -> None:
    envelopes = [peer.signed(peer.content()) for _ in range(5)]
    answers = await send_all(peer, *envelopes)
    jwks = await peer.node.public("/exchange/.well-known/jwks.json")
    receipts = [receipt_in(said, jwks) for _, said in answers]
    assert [status for status, _ in answers] == [200] * 5
    assert [each["message_id"] for each in receipts] == [
        each["header"]["message_id"] for each in envelopes
    ]
    assert [each["leaf_index"] for each in receipts] == [0, 1, 2, 3, 4]
    assert {(each["tree_size"], each["root"]) for each in receipts} == {(5, receipts[0]["root"])}
    assert await counts(peer.node) == (5, 5, 0)
    await peer.node.call("GET", "/evidence/proofs/3")
    report = verify_export(await peer.node.export(), jwks)
    assert report.ok and report.leaves == 5


async def test_what_one_says_belongs_to_no_other(peer: Peer) -> None:
    await send_all(peer, *(peer.signed(peer.content()) for _ in range(3)))
    await peer.node.bus.hears("notice-received", 3)
    said = [each for each in peer.node.bus.events if "notice-received" in each["type"]]
    assert len({each["correlationid"] for each in said}) == 3


async def test_one_that_cannot_be_applied_takes_no_other_with_it(peer: Peer) -> None:
    strange = peer.content(kind="yipan.notice.feedback.v1")
    strange["message"]["notify_event"][0]["data"]["reg_records"] = {"agrees": True}
    first, last = peer.signed(peer.content()), peer.signed(peer.content())
    answers = await send_all(peer, first, peer.signed(strange), last)
    assert [status for status, _ in answers] == [200, 404, 200]
    assert answers[1][1]["error"]["code"] == "err.request.not_found"
    assert await counts(peer.node) == (2, 2, 1)
    (kept,) = await peer.node.fetch("SELECT sender_id, message_id, reason FROM refusals")
    assert kept["message_id"] == strange["header"]["message_id"]
    assert len(await peer.node.bus.hears("notice-received", 2)) == 2


async def test_one_that_cannot_be_applied_is_found_by_halves(
    peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    together, sizes = Intake._together, list[int]()

    async def count(taking: Intake, arrivals: Sequence[Arrival]) -> Sequence[Answer]:
        sizes.append(len(arrivals))
        return await together(taking, arrivals)

    monkeypatch.setattr(Intake, "_together", count)
    again = peer.content()
    await send_all(peer, peer.signed(again))
    again["header"]["message_id"] = str(new_id())
    envelopes = [peer.signed(peer.content()) for _ in range(15)]
    envelopes.insert(6, peer.signed(again))
    answers = await send_all(peer, *envelopes)
    assert [status for status, _ in answers] == [200] * 6 + [400] + [200] * 9
    assert sizes == [1, 16, 8, 4, 4, 2, 2, 1, 1, 8]
    assert await counts(peer.node) == (16, 16, 1)


async def test_forgeries_among_honest_messages_are_refused_one_by_one(peer: Peer) -> None:
    altered, honest = peer.signed(peer.content()), peer.signed(peer.content())
    altered["header"]["extra"] = "x"
    unknown = peer.signed(peer.content())
    unknown["header"]["sender_id"] = "county-999999"
    answers = await send_all(peer, altered, honest, unknown)
    assert [status for status, _ in answers] == [401, 200, 403]
    assert [said["correlation_id"] for _, said in answers] == [
        each["header"]["message_id"] for each in (altered, honest, unknown)
    ]
    assert await counts(peer.node) == (1, 1, 2)


async def test_the_same_message_twice_in_one_request_is_applied_once(peer: Peer) -> None:
    body = peer.content()
    once = deepcopy(peer.signed(body))
    body["message"]["notify_event"][0]["data"]["reg_records"]["content"]["name"] = "李娜"
    answers = await send_all(peer, once, once, peer.signed(body))
    assert [status for status, _ in answers] == [200, 200, 409]
    assert answers[0][1]["receipt"] == answers[1][1]["receipt"]
    assert await counts(peer.node) == (1, 1, 1)


async def test_what_is_no_list_of_messages_is_refused(peer: Peer) -> None:
    one = peer.signed(peer.content())
    bodies: list[Any] = [
        [one],
        {},
        {"messages": []},
        {"messages": one},
        {"messages": [one, "x"]},
        {"messages": [one], "comment": "x"},
        {"messages": [{}] * (MOST_AT_ONCE + 1)},
    ]
    for body in bodies:
        status, said = await send(peer, body)
        assert (status, said["errors"][0]["code"]) == (400, "err.request.bad"), body
    assert (await counts(peer.node))[:2] == (0, 0)


async def test_messages_that_come_at_once_share_a_transaction(peer: Peer) -> None:
    envelopes = [peer.signed(peer.content()) for _ in range(30)]
    answers = await asyncio.gather(*(peer.send(each) for each in envelopes))
    assert {status for status, _ in answers} == {200}
    jwks = await peer.node.public("/exchange/.well-known/jwks.json")
    sizes = {receipt_in(said["message"], jwks)["tree_size"] for _, said in answers}
    assert max(sizes) == 30 and len(sizes) < 30
    assert await counts(peer.node) == (30, 30, 0)


async def test_a_key_given_up_between_two_requests_is_refused_at_once(
    peer: Peer, friends: Federation
) -> None:
    """Nothing that was looked up for one request is believed in the next."""
    assert (await send_all(peer, peer.signed(peer.content())))[0][0] == 200
    revoked = peer.record(version=2)
    revoked["jwks"]["keys"][0] |= {
        "revoked": {"revoked_at": int(datetime.now(UTC).timestamp()) - 1}
    }
    signed = await friends["city-4203"].call("POST", "/participants", revoked, expect=201)
    await peer.node.call("PUT", f"/participants/{signed['record']['id']}", signed)
    (answer,) = await send_all(peer, peer.signed(peer.content()))
    assert (answer[0], answer[1]["error"]["code"]) == (401, "err.signature.invalid")


# what we send


async def _waiting(friends: Federation, count: int) -> None:
    """So many notices that have not left."""
    friends.network.cut.add(OTHER)
    for _ in range(count):
        await friends[COUNTY].call("POST", "/notices", make_notice(), expect=201)


async def _let_go(friends: Federation) -> None:
    await eventually(lambda: _all_queued(friends))
    friends.network.posted.clear()
    friends.network.cut.clear()
    await friends[COUNTY].fetch("UPDATE messages_out SET next_attempt_at = now()")
    await settled(friends)


async def _all_queued(friends: Federation) -> bool:
    rows = await friends[COUNTY].fetch("SELECT DISTINCT state FROM messages_out")
    return [row["state"] for row in rows] == ["queued"]


async def test_what_waited_for_a_peer_goes_together(friends: Federation) -> None:
    await _waiting(friends, 6)
    await _let_go(friends)
    assert len(friends.network.posted) < 6
    assert any(path.endswith("/batch") for path in friends.network.posted)
    sequence = "SELECT subject_id FROM messages_out ORDER BY sequence"
    came = "SELECT subject_id FROM messages_in ORDER BY leaf_index"
    assert await friends[COUNTY].fetch(sequence) == await friends[OTHER].fetch(came)
    rows = await friends[COUNTY].fetch("SELECT 1 FROM evidence_peer_heads")
    assert len(rows) < 6  # one of the peer's heads stands in all receipts of a request


async def test_a_peer_that_takes_one_at_a_time_gets_one_at_a_time(friends: Federation) -> None:
    friends.network.no_batches = True
    await _waiting(friends, 4)
    await _let_go(friends)
    paths = [path.rpartition("/")[2] for path in friends.network.posted]
    assert paths.count("notify") == 4 and paths.count("batch") <= 1
    await _waiting(friends, 3)
    await friends[COUNTY].fetch(
        "UPDATE messages_out SET next_attempt_at = now() WHERE state = 'queued'"
    )
    friends.network.posted.clear()
    friends.network.cut.clear()
    await settled(friends)
    assert not any(path.endswith("/batch") for path in friends.network.posted)


async def test_what_was_promised_is_on_record_though_its_peer_is_paused(
    friends: Federation,
) -> None:
    here = friends[COUNTY]
    await here.call("POST", f"/queue/peers/{OTHER}/pause", {"reason": "检修"})
    for _ in range(3):
        await here.call("POST", "/notices", make_notice(), expect=201)

    async def logged() -> bool:
        return not await here.fetch("SELECT 1 FROM messages_out WHERE leaf_index IS NULL")

    await eventually(logged)
    rows = await here.fetch("SELECT leaf_index, attempts FROM messages_out ORDER BY sequence")
    assert [tuple(row) for row in rows] == [(0, 0), (1, 0), (2, 0)]
    promised = "SELECT message_id, payload_hash FROM messages_out ORDER BY sequence"
    leaves = "SELECT message_id, payload_hash FROM evidence_leaves ORDER BY leaf_index"
    assert await here.fetch(promised) == await here.fetch(leaves)


async def test_nothing_leaves_before_it_is_on_record(friends: Federation) -> None:
    """And no desk waits for the log."""
    here = friends[COUNTY]
    async with here.parts.database.transaction(here.parts.actor) as tx:
        await tx.execute("SELECT hold_log()")
        await here.call("POST", "/notices", make_notice(), expect=201)
        await asyncio.sleep(0.6)
        assert not friends.network.sent
    await settled(friends)
    assert len(friends.network.sent) == 1
    (row,) = await here.fetch("SELECT leaf_index, state FROM messages_out")
    assert tuple(row) == (0, "delivered")


# pure


def _attempt(text: bytes = b"{}") -> Attempt:
    return Attempt(a_message(), a_participant("https://x", None), text)


def test_a_request_holds_no_more_than_a_door_reads() -> None:
    small = [_attempt() for _ in range(MOST_AT_ONCE * 2 + 1)]
    assert [len(each) for each in portions(small)] == [MOST_AT_ONCE, MOST_AT_ONCE, 1]
    large = [_attempt(b"x" * 300_000) for _ in range(3)]
    assert [len(each) for each in portions(large)] == [1, 1, 1]
    assert list(portions([])) == []
    assert batch_of(small[:2]) == b'{"messages":[{},{}]}'


def test_an_answer_that_fits_nothing_delivers_nothing() -> None:
    two = [_attempt(), _attempt()]
    few: list[object] = [None, [], {}, {"answers": 2}, {"answers": [{}]}]
    strange: object = {"answers": [1, {"status": "x"}]}
    for said in [*few, strange]:
        outcomes = judge_all(said, two)
        assert [each.state for each in outcomes] == [Delivery.QUEUED] * 2, said
        assert not any(each.receipt for each in outcomes)
    refused = {"status": 400, "body": {"message": {"error": {"code": "err.request.bad"}}}}
    later = {"status": 503, "body": None}
    outcomes = judge_all({"answers": [refused, later]}, two)
    assert [each.state for each in outcomes] == [Delivery.FAILED, Delivery.QUEUED]


async def test_a_line_serves_together_what_came_meanwhile() -> None:
    portions_: list[list[int]] = []
    go = asyncio.Event()

    async def work(items: Any) -> list[int | Exception]:
        portions_.append(list(items))
        await go.wait()
        return [ValueError() if each == 3 else each * 10 for each in items]

    line: Line[int, int] = Line(work, 4)
    waiting = [line.put(each) for each in range(1)]
    await asyncio.sleep(0)
    waiting += [line.put(each) for each in range(1, 7)]
    go.set()
    answers = await asyncio.gather(*waiting, return_exceptions=True)
    assert portions_ == [[0], [1, 2, 3, 4], [5, 6]]
    assert isinstance(answers.pop(3), ValueError) and answers == [0, 10, 20, 40, 50, 60]
    assert line.idle


async def test_a_line_that_closes_tells_whoever_waits_to_come_again() -> None:
    async def work(items: Any) -> list[int]:
        await asyncio.sleep(60)
        return list(items)

    line: Line[int, int] = Line(work, 1)
    waiting = [line.put(each) for each in range(3)]
    await asyncio.sleep(0)
    await line.close()
    answers = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(each) for each in answers] == [Unavailable] * 3


async def test_work_that_fails_is_the_answer_to_all_of_its_portion_alone() -> None:
    async def work(items: Any) -> list[int]:
        if 0 in items:
            raise OSError
        return list(items)

    line: Line[int, int] = Line(work, 2)
    answers = await asyncio.gather(*(line.put(each) for each in range(4)), return_exceptions=True)
    assert [type(each) for each in answers[:2]] == [OSError, OSError]
    assert answers[2:] == [2, 3]


async def test_what_comes_together_is_applied_by_few_statements(
    peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many they are; notices and what else is said about them in the order they came."""
    said: list[str] = []
    execute, fetch = Tx.execute, Tx.fetch

    async def note_execute(tx: Tx, statement: Any, *args: Any) -> str:
        said.append(statement)
        return await execute(tx, statement, *args)

    async def note_fetch(tx: Tx, statement: Any, *args: Any) -> Any:
        said.append(statement)
        return await fetch(tx, statement, *args)

    monkeypatch.setattr(Tx, "execute", note_execute)
    monkeypatch.setattr(Tx, "fetch", note_fetch)
    envelopes = [peer.signed(peer.content()) for _ in range(20)]
    answers = await send_all(peer, *envelopes)
    assert [status for status, _ in answers] == [200] * 20
    monkeypatch.undo()
    about = [text for text in said if "INTO notices" in text or "INTO subject_aliases" in text]
    assert len(about) == 2
    subjects = [each["message"]["transaction_id"] for each in envelopes]
    kept = await peer.node.fetch("SELECT id FROM notices")
    noted = await peer.node.fetch("SELECT DISTINCT subject_id FROM subject_aliases")
    assert {str(row["id"]) for row in kept} == set(subjects)
    assert len(noted) == 1  # all of one person
    heard = await peer.node.bus.hears("notice-received", 20)
    assert [each["notice_id"] for each in heard] == subjects


async def test_a_known_notice_among_new_ones_is_refused_alone(peer: Peer) -> None:
    first = peer.content()
    await send_all(peer, peer.signed(first))
    again = peer.content()
    again["message"]["transaction_id"] = first["message"]["transaction_id"]
    envelopes = [peer.signed(body) for body in (peer.content(), again, peer.content())]
    answers = await send_all(peer, *envelopes)
    assert [status for status, _ in answers] == [200, 400, 200]
    assert await counts(peer.node) == (3, 3, 1)
    (kept,) = await peer.node.fetch("SELECT message_id FROM refusals")
    assert kept["message_id"] == again["header"]["message_id"]


async def test_two_notices_under_one_id_in_one_request(peer: Peer) -> None:
    """The first is taken, the second refused, as if they had come one after the other."""
    first, second = peer.content(), peer.content()
    second["message"]["transaction_id"] = first["message"]["transaction_id"]
    answers = await send_all(peer, peer.signed(first), peer.signed(second))
    assert [status for status, _ in answers] == [200, 400]
    assert await counts(peer.node) == (1, 1, 1)
