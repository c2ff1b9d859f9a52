"""Receipts and inbound texts as a provider posts them."""

import itertools
import time
from typing import Any
from uuid import UUID

import pytest

from services.notify.messages import sending as steps
from services.notify.messages.rules import Lane
from services.notify.providers.schemas import Outcome, SubmitResult
from shared.ids import new_id
from tests.conftest import parts_of
from tests.notify.conftest import Notify
from tests.notify.samples import OPEN, FakeProvider, make_message


async def submitted(notify: Notify) -> str:
    """A text the provider has accepted; its part is `<id>-1` there."""
    sent = await notify.send(await notify.person())
    await notify.worker(FakeProvider()).send_due(Lane.BULK)
    return str(sent["id"])


def receipt(message_id: str, state: str = "delivered", **more: Any) -> dict[str, Any]:
    at = "2026-11-21T09:00:00+08:00"
    return {"message_id": f"{message_id}-1", "state": state, "at": at} | more


async def tell(notify: Notify, *receipts: dict[str, Any]) -> None:
    answer = await notify.signed("receipts", {"receipts": list(receipts)})
    assert answer.status_code == 200, answer.text


async def status(notify: Notify, message_id: str) -> str:
    return str((await notify.get(f"/messages/{message_id}"))["status"])


async def events(notify: Notify, name: str) -> int:
    rows = await notify.rows("SELECT 1 FROM outbox WHERE payload LIKE $1", f"%notify.{name}%")
    return len(rows)


async def test_a_receipt_told_twice_delivers_once(notify: Notify) -> None:
    message_id = await submitted(notify)
    for _ in range(2):
        await tell(notify, receipt(message_id))
    assert await status(notify, message_id) == "delivered"
    assert await events(notify, "message-delivered") == 1


@pytest.mark.parametrize("order", list(itertools.permutations(["pending", "failed", "delivered"])))
async def test_any_order_ends_in_the_same_state(notify: Notify, order: tuple[str, ...]) -> None:
    message_id = await submitted(notify)
    for state in order:
        await tell(notify, receipt(message_id, state))
    assert await status(notify, message_id) == "delivered"
    second = await submitted(notify)
    await tell(notify, *(receipt(second, state) for state in order))
    assert await status(notify, second) == "delivered"


async def test_a_failure_names_its_code(notify: Notify) -> None:
    message_id = await submitted(notify)
    await tell(notify, receipt(message_id, "failed", code="absent"))
    view = await notify.get(f"/messages/{message_id}")
    assert (view["status"], view["reason"]) == ("failed", "absent")
    assert await events(notify, "message-failed") == 1


async def claimed(notify: Notify) -> str:
    """A text whose call to the provider is still under way."""
    sent = await notify.send(await notify.person())
    async with notify.database.transaction(parts_of(notify.app).actor) as tx:
        await steps.claim(Lane.BULK, "simulator", 10, tx, OPEN)
    return str(sent["id"])


@pytest.mark.parametrize("with_reference", [True, False])
async def test_a_receipt_may_overtake_the_answer(notify: Notify, with_reference: bool) -> None:
    message_id = await claimed(notify)
    early = receipt(message_id, reference=message_id) if with_reference else receipt(message_id)
    await tell(notify, early)
    assert await status(notify, message_id) == ("delivered" if with_reference else "submitting")
    answer = SubmitResult(UUID(message_id), Outcome.ACCEPTED, (f"{message_id}-1",))
    async with notify.database.transaction(parts_of(notify.app).actor) as tx:
        await steps.record([answer], tx, OPEN)
    assert await status(notify, message_id) == "delivered"
    assert await events(notify, "message-submitted") == 1
    assert await events(notify, "message-delivered") == 1


async def test_a_receipt_resolves_an_outcome_nobody_knew(notify: Notify) -> None:
    sent = await notify.send(await notify.person())
    provider = FakeProvider(answers=[Outcome.UNKNOWN])
    worker = notify.worker(provider)
    await worker.send_due(Lane.BULK)
    await tell(notify, receipt(sent["id"], reference=sent["id"]))
    assert await status(notify, sent["id"]) == "delivered"
    assert await worker.ask() == 0
    assert await worker.send_due(Lane.BULK) == 0
    assert len(provider.submitted) == 1


async def test_all_parts_must_arrive(notify: Notify) -> None:
    message_id = await submitted(notify)
    await notify.rows("UPDATE messages SET parts = 2 RETURNING id")
    await tell(notify, receipt(message_id))
    assert await status(notify, message_id) == "submitted"
    second = {"message_id": "other", "reference": message_id, "state": "delivered"}
    await tell(notify, second)
    assert await status(notify, message_id) == "delivered"


async def test_receipts_of_texts_we_do_not_know_are_taken_quietly(notify: Notify) -> None:
    await tell(notify, receipt(str(new_id())), receipt(str(new_id()), reference=str(new_id())))
    assert len(await notify.rows("SELECT 1 FROM message_parts WHERE message_id IS NULL")) == 2


async def test_forged_and_old_calls_are_refused(notify: Notify) -> None:
    message_id = await submitted(notify)
    body = {"receipts": [receipt(message_id)]}
    forged = await notify.signed("receipts", body, secret="another secret of somebody")
    old = await notify.signed("receipts", body, at=time.time() - 3600)
    unknown = await notify.client.post(
        "/notify/v1/receipts/nobody",
        json=body,
        headers={"X-Yipan-Timestamp": str(int(time.time())), "X-Yipan-Signature": "00"},
    )
    for answer in (forged, old, unknown):
        assert answer.status_code == 401
        assert answer.json()["type"].endswith("/bad-signature")
    unsigned = await notify.client.post("/notify/v1/receipts/simulator", json=body)
    assert unsigned.status_code == 401
    nothing = await notify.client.post("/notify/v1/inbound/simulator")
    assert nothing.status_code == 401
    assert await status(notify, message_id) == "submitted"
    bad = await notify.signed("receipts", {"receipts": [{"state": "lost"}]})
    assert bad.status_code == 422


async def test_a_stop_from_the_handset(notify: Notify) -> None:
    person = await notify.person()
    text = {"message_id": "in-1", "phone": "13900000001", "text": "ｔｄ "}
    for _ in range(2):
        assert (await notify.signed("inbound", text)).status_code == 200
    assert (await notify.post("/messages", make_message(person))).status_code == 409
    assert await events(notify, "contact-opted-out") == 1
    (row,) = await notify.rows(
        "SELECT action, phone_index, phone_sealed, text_sealed FROM inbound_texts"
    )
    assert tuple(row) == ("opt-out", b"", None, None)


async def test_other_texts_are_kept_sealed(notify: Notify) -> None:
    await notify.person()
    text = {"message_id": "in-2", "phone": "13900000001", "text": "谢谢,明天来"}
    assert (await notify.signed("inbound", text)).status_code == 200
    (row,) = await notify.rows("SELECT * FROM inbound_texts")
    assert row["action"] == "inbox"
    assert "谢谢".encode() not in row["text_sealed"]
    vault = notify.database.vault
    assert vault.open(row["text_sealed"], f"inbound_texts.text:{row['id']}") == "谢谢,明天来"
    assert await notify.rows("SELECT 1 FROM opt_outs") == []
    forged = await notify.signed("inbound", text, secret="another secret of somebody")
    assert forged.status_code == 401
