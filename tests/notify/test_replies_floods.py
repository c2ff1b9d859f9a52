"""Texts from people in floods, in pieces and in odd forms."""

import time
from typing import Any

import pytest

from services.notify.providers.inbound import Piece
from services.notify.providers.rules import SIGNATURE_HEADER, TIMESTAMP_HEADER, sign
from services.notify.receipts.inbox import DatabaseInbox
from services.notify.receipts.meaning import words
from tests.conftest import parts_of
from tests.notify.conftest import Notify
from tests.notify.samples import OPEN, SECRET
from tests.notify.test_replies_inbox import OTHER, PHONE, inbox, said_in, texted, texts_of


async def test_a_flood_of_one_number_is_joined_counted_and_blocks_nobody(notify: Notify) -> None:
    person = await notify.person()
    most = words().texts_an_hour
    for n in range(1_000):
        body = {"message_id": f"flood-{n}", "phone": PHONE, "text": f"喂 {n}"}
        assert (await notify.signed("inbound", body)).status_code == 200
        if n == 500:
            await texted(notify, "你好", phone=OTHER)
    flood, other = await inbox(notify)
    assert (flood["texts"], flood["person_id"], other["texts"]) == (1_000, str(person), 1)
    view = await notify.get(f"/replies/{flood['id']}")
    assert [each["text"] for each in view["said"]] == [f"喂 {n}" for n in range(most)]
    await texted(notify, "退订")  # is heard all the same
    assert len(await said_in(notify, "contact-opted-out")) == 1


async def test_a_flood_of_calls_for_help_is_told_up_to_a_number(notify: Notify) -> None:
    most = words().texts_an_hour
    for n in range(most + 10):
        await texted(notify, f"求助 {n}")
    assert len(await said_in(notify, "reply-received")) == most
    assert await texts_of(notify, "reply-help") == 1  # answered at most once an hour
    kept = await notify.rows("SELECT FROM inbound_texts WHERE text_sealed IS NOT NULL")
    assert len(kept) == most
    await notify.rows(
        "UPDATE inbound_texts SET received_at = received_at - interval '61 minutes',"
        " answered_at = answered_at - interval '61 minutes' RETURNING id"
    )
    await notify.rows("DELETE FROM messages RETURNING id")
    await texted(notify, "求助")
    assert len(await said_in(notify, "reply-received")) == most + 1
    assert await texts_of(notify, "reply-help") == 1


async def test_a_text_in_pieces_in_any_order(notify: Notify) -> None:
    place: dict[str, Any] = {"reference": 7, "total": 3}
    await texted(notify, "几点?", number=3, **place)
    await texted(notify, "好😀", number=1, **place)
    await texted(notify, "别的", number=1, reference=8, total=2)  # whose other half never comes
    await texted(notify, "别人", phone=OTHER, number=2, **place)
    assert await inbox(notify) == []
    await texted(notify, "，请问", number=2, **place)
    (line,) = await inbox(notify)
    view = await notify.get(f"/replies/{line['id']}")
    assert [each["text"] for each in view["said"]] == ["好😀，请问几点?"]
    left = await notify.rows("SELECT piece_sealed FROM inbound_pieces WHERE reference = 7")
    assert len([each for each in left if each["piece_sealed"]]) == 1  # the other number's


@pytest.mark.parametrize(
    ("more", "taken"),
    [
        ({"reference": 1, "total": 2}, "whole"),
        ({"reference": 1, "total": 1, "number": 1}, "whole"),
        ({"reference": 1, "total": 2, "number": 3}, "whole"),
    ],
)
async def test_a_place_that_makes_no_sense_is_no_place(
    notify: Notify, more: dict[str, Any], taken: str
) -> None:
    await texted(notify, taken, **more)
    (line,) = await inbox(notify)
    view = await notify.get(f"/replies/{line['id']}")
    assert [each["text"] for each in view["said"]] == [taken]


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("长" * 5_000, "长" * 2_000),
        ("家👨\u200d👩\u200d👧在\x07这\u202e里", "家👨👩👧在这里"),
        ("e\u0301", "é"),
        ("ÀÖ¼û", "ÀÖ¼û"),  # GBK read as Latin: kept as it came
    ],
)
async def test_odd_texts_are_kept(notify: Notify, said: str, read: str) -> None:
    await texted(notify, said)
    (line,) = await inbox(notify)
    view = await notify.get(f"/replies/{line['id']}")
    assert [each["text"] for each in view["said"]] == [read]


async def test_an_empty_text_asks_for_nothing(notify: Notify) -> None:
    for said in ("", "  \n", "\u200b"):
        await texted(notify, said)
    assert await inbox(notify) == []
    rows = await notify.rows("SELECT action FROM inbound_texts")
    assert [each["action"] for each in rows] == ["courtesy"] * 3
    halves = b'{"message_id": "x", "phone": "13900000001", "text": "\\ud800"}'
    stamp = str(int(time.time()))
    headers = {TIMESTAMP_HEADER: stamp, SIGNATURE_HEADER: sign(SECRET, "inbound", stamp, halves)}
    headers["Content-Type"] = "application/json"
    path = "/notify/v1/inbound/simulator"
    assert (await notify.client.post(path, content=halves, headers=headers)).status_code == 422
    for bad in ({"text": None}, {"text": 7}, {"phone": "10086"}, {"total": 300}):
        body = {"message_id": "x", "phone": PHONE, "text": "a"} | bad
        assert (await notify.signed("inbound", body)).status_code == 422


async def test_parts_of_a_text_that_come_to_different_replicas_are_joined(notify: Notify) -> None:
    """Each part on the link of another process, the first brought again."""
    actor = parts_of(notify.app).actor
    one, other = (DatabaseInbox(notify.database, actor, OPEN) for _ in range(2))
    first, middle, last = (
        Piece(PHONE, said, (7, 3, number))
        for number, said in enumerate(("三个月", "工资", "没有发"), start=1)
    )
    await one.text("mobile", first)
    for each in (last, first):
        await other.text("mobile", each)
    assert await inbox(notify) == []
    await other.text("mobile", middle)
    await one.text("mobile", first)
    (line,) = await inbox(notify)
    view = await notify.get(f"/replies/{line['id']}")
    assert [each["text"] for each in view["said"]] == ["三个月工资没有发"]
    assert await notify.rows("SELECT 1 FROM inbound_pieces WHERE piece_sealed IS NOT NULL") == []


async def test_a_part_without_a_place_is_a_text(notify: Notify) -> None:
    link = DatabaseInbox(notify.database, parts_of(notify.app).actor, OPEN)
    await link.text("mobile", Piece(PHONE, "你好", (7, 0, 0)))
    await link.text("mobile", Piece("10086", "您的余额", None))  # no mobile: nobody's text
    assert len(await inbox(notify)) == 1
