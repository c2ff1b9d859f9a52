"""Whatever the order in which the answer and the receipts of a text come, how often, on which bind,
and where we crash in between: the end is the same."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.notify.housekeeping import tidy
from services.notify.messages import sending as steps
from services.notify.messages.rules import Lane
from services.notify.providers.ids import IdForm, answered_id, receipted_id
from services.notify.providers.schemas import Outcome, SubmitResult
from services.notify.providers.smpp.pdu import ShortMessage, Tag
from services.notify.providers.smpp.reading import receipt_of
from services.notify.receipts.handlers import take_receipts
from services.notify.receipts.schemas import Receipt, Receipts
from services.notify.settings import Sending
from shared.db import Database, Tx
from shared.ids import new_id
from tests.conftest import parts_of
from tests.notify.conftest import Notify
from tests.notify.samples import OPEN

LEASE = timedelta(seconds=1)
BINDS = ("simulator", "simulator-b")
SHARED = OPEN.model_copy(update={"bind_groups": {"simulator-b": "simulator"}})


class Crash(Exception):
    """We die before the commit."""


@dataclass(frozen=True)
class Play:
    """Something a provider says: its answer (`part` 0), or a receipt of a part on a bind. `dies`:
    we crash on it the first time, and it is said again. `named`: the receipt has our reference."""

    part: int
    state: str = "delivered"
    bind: str = BINDS[0]
    named: bool = False
    dies: bool = False


@st.composite
def plays(draw: st.DrawFn) -> tuple[int, list[Play]]:
    """How many parts, and all that is said: the answer at least once, any receipts in any order."""
    parts = draw(st.integers(1, 3))
    receipts = st.builds(
        Play,
        part=st.integers(1, parts),
        state=st.sampled_from(["pending", "failed", "delivered"]),
        bind=st.sampled_from(BINDS),
        named=st.booleans(),
        dies=st.booleans(),
    )
    said = draw(st.lists(receipts, max_size=6))
    answers = draw(
        st.lists(st.builds(Play, part=st.just(0), dies=st.booleans()), min_size=1, max_size=2)
    )
    return parts, draw(st.permutations([*said, *answers]))


def right_state(parts: int, said: list[Play]) -> str:
    """The one right result: all parts delivered; else failed if any failed and did not arrive."""
    told = {
        part: {each.state for each in said if each.part == part} for part in range(1, parts + 1)
    }
    if all("delivered" in states for states in told.values()):
        return "delivered"
    lost = any("failed" in states and "delivered" not in states for states in told.values())
    return "failed" if lost else "submitted"


async def in_a_transaction(database: Database, actor: Any, play: Play, step: Any) -> None:
    if play.dies:
        with pytest.raises(Crash):
            async with database.transaction(actor) as tx:
                await step(tx)
                raise Crash
    async with database.transaction(actor) as tx:
        await step(tx)


async def claimed(notify: Notify, sending: Sending = SHARED) -> UUID:
    """A text whose call to the provider is under way."""
    sent = await notify.send(await notify.person(phone=f"139{new_id().int % 10**8:08}"))
    async with notify.database.transaction(parts_of(notify.app).actor) as tx:
        (request,) = await steps.claim(Lane.BULK, BINDS[0], 10, tx, sending)
    assert str(request.reference) == sent["id"]
    return request.reference


def receipt(message_id: UUID, play: Play) -> Receipts:
    said = Receipt(
        message_id=f"{message_id}-{play.part}",
        state=play.state,
        reference=message_id if play.named else None,
    )
    return Receipts(receipts=[said])


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(played=plays())
async def test_any_order_ends_right(notify: Notify, played: tuple[int, list[Play]]) -> None:
    parts, said = played
    message_id = await claimed(notify)
    ids = tuple(f"{message_id}-{number}" for number in range(1, parts + 1))
    for play in said:

        async def step(tx: Tx, play: Play = play) -> None:
            if play.part == 0:
                answer = SubmitResult(message_id, Outcome.ACCEPTED, ids)
                await steps.record([answer], tx, SHARED)
            else:
                await take_receipts(receipt(message_id, play), play.bind, tx, SHARED)

        await in_a_transaction(notify.database, parts_of(notify.app).actor, play, step)
    view = await notify.get(f"/messages/{message_id}")
    assert view["status"] == right_state(parts, said), said
    assert [each["number"] for each in view["receipts"]] == list(range(1, parts + 1))
    assert [each["state"] for each in view["attempts"]] == ["accepted"]
    assert view["parts"] == parts
    async with notify.database.transaction(parts_of(notify.app).actor) as tx:
        assert await steps.claim(Lane.BULK, BINDS[0], 10, tx, SHARED) == []
        assert await steps.due_queries(10, LEASE, tx) == []


async def take(notify: Notify, said: Receipts, provider: str, sending: Sending = SHARED) -> None:
    async with notify.database.transaction(parts_of(notify.app).actor) as tx:
        await take_receipts(said, provider, tx, sending)


async def record(notify: Notify, *results: SubmitResult, sending: Sending = SHARED) -> None:
    async with notify.database.transaction(parts_of(notify.app).actor) as tx:
        await steps.record(results, tx, sending)


async def status(notify: Notify, message_id: UUID) -> tuple[str, str | None]:
    view = await notify.get(f"/messages/{message_id}")
    return view["status"], view["reason"]


async def test_binds_of_different_centres_do_not_share_ids(notify: Notify) -> None:
    first, second = await claimed(notify, OPEN), await claimed(notify, OPEN)
    await notify.rows(
        "UPDATE messages SET provider = $2 WHERE id = $1 RETURNING id", second, BINDS[1]
    )
    await record(notify, SubmitResult(first, Outcome.ACCEPTED, ("7",)), sending=OPEN)
    await record(notify, SubmitResult(second, Outcome.ACCEPTED, ("7",)), sending=OPEN)
    await take(
        notify, Receipts(receipts=[Receipt(message_id="7", state="delivered")]), BINDS[1], OPEN
    )
    assert (await status(notify, first))[0] == "submitted"
    assert (await status(notify, second))[0] == "delivered"


async def test_a_reference_counts_only_where_the_text_went(notify: Notify) -> None:
    message_id = await claimed(notify)
    await take(notify, receipt(message_id, Play(1, named=True)), "somebody-else")
    assert (await status(notify, message_id))[0] == "submitting"
    await take(notify, receipt(message_id, Play(1, named=True)), BINDS[1])
    assert (await status(notify, message_id))[0] == "delivered"


async def test_a_text_the_provider_had_after_all_does_not_go_again(notify: Notify) -> None:
    """The query said not-found, so it waits to go again; then its receipt comes."""
    message_id = await claimed(notify)
    await record(notify, SubmitResult(message_id, Outcome.NOT_FOUND))
    assert (await status(notify, message_id))[0] == "queued"
    await take(notify, receipt(message_id, Play(1, "failed", named=True)), BINDS[0])
    assert (await status(notify, message_id))[0] == "queued"  # of a refused text: no proof
    await take(notify, receipt(message_id, Play(1, named=True)), BINDS[0])
    assert await status(notify, message_id) == ("delivered", None)
    async with notify.database.transaction(parts_of(notify.app).actor) as tx:
        assert await steps.claim(Lane.BULK, BINDS[0], 10, tx, SHARED) == []


async def keep(notify: Notify) -> None:
    async with notify.database.transaction(parts_of(notify.app).actor) as tx:
        await tidy(tx, Sending())


async def age(notify: Notify, message_id: UUID, hours: int) -> None:
    passed = f"- interval '{hours} hours'"
    await notify.rows(
        f"UPDATE messages SET submitted_at = submitted_at {passed}, due_at = due_at {passed},"
        f" expires_at = expires_at {passed} WHERE id = $1 RETURNING id",
        message_id,
    )
    await notify.rows(f"UPDATE attempts SET started_at = started_at {passed} RETURNING number")


async def test_without_any_word_it_is_unknown_for_good_with_its_reason(notify: Notify) -> None:
    silent, accepted = await claimed(notify), await claimed(notify)
    await record(notify, SubmitResult(accepted, Outcome.ACCEPTED, ("9",)))
    for message_id in (silent, accepted):
        await age(notify, message_id, 200)
    await keep(notify)
    assert await status(notify, silent) == ("unconfirmed", "no-answer")
    assert await status(notify, accepted) == ("unconfirmed", "no-receipt")
    (attempt,) = (await notify.get(f"/messages/{silent}"))["attempts"]
    assert (attempt["state"], attempt["code"]) == ("unknown", "no-answer")
    assert attempt["resolved_at"] is not None
    async with notify.database.transaction(parts_of(notify.app).actor) as tx:
        assert await steps.due_queries(10, LEASE, tx) == []
        assert await steps.claim(Lane.BULK, BINDS[0], 10, tx, SHARED) == []
    await take(notify, receipt(silent, Play(1, named=True)), BINDS[0])
    assert await status(notify, silent) == ("delivered", None)


async def test_receipts_of_no_text_are_counted_and_told_to_the_operator(notify: Notify) -> None:
    message_id = await claimed(notify)
    await record(notify, SubmitResult(message_id, Outcome.ACCEPTED, ("a",)))
    await notify.rows("DELETE FROM attempts RETURNING number")
    await notify.rows("DELETE FROM messages RETURNING id")
    await notify.rows("DELETE FROM message_parts RETURNING provider_id")
    late = Receipts(
        receipts=[
            Receipt(message_id="a", state="delivered", reference=message_id),
            Receipt(message_id="never ours", state="failed"),
        ]
    )
    for _ in range(2):
        await take(notify, late, BINDS[0])
    assert await notify.get("/unmatched-receipts") == []  # the answer may still be under way
    await notify.rows(
        "UPDATE message_parts SET received_at = received_at - interval '1 hour' RETURNING number"
    )
    (told,) = await notify.get("/unmatched-receipts")
    assert (told["provider"], told["receipts"]) == (BINDS[0], 2)
    assert datetime.fromisoformat(told["first_at"]) == datetime.fromisoformat(told["last_at"])
    await keep(notify)
    assert len(await notify.get("/unmatched-receipts")) == 1
    await notify.rows(
        "UPDATE message_parts SET received_at = received_at - interval '8 days' RETURNING number"
    )
    await keep(notify)
    assert await notify.get("/unmatched-receipts") == []


@pytest.mark.parametrize(
    ("answered", "receipted", "form"),
    [
        ("1f2a", "7978", IdForm.HEX_THEN_DECIMAL),
        ("7978", "1F2A", IdForm.DECIMAL_THEN_HEX),
        ("00001f2a", "1F2A", IdForm.HEX),
        ("0042", "42", IdForm.SAME),
        ("xyz-1", "xyz-1", IdForm.HEX),
        ("not hex", "not hex", IdForm.HEX_THEN_DECIMAL),
        ("0", "000", IdForm.SAME),
    ],
)
def test_an_id_is_one_however_it_is_written(answered: str, receipted: str, form: IdForm) -> None:
    assert answered_id(answered, form) == receipted_id(receipted, form)


@given(st.integers(0, 2**64), st.sampled_from(IdForm))
def test_numbers_agree_in_every_form(number: int, form: IdForm) -> None:
    hexadecimal = {
        IdForm.SAME: (False, False),
        IdForm.HEX: (True, True),
        IdForm.HEX_THEN_DECIMAL: (True, False),
        IdForm.DECIMAL_THEN_HEX: (False, True),
    }[form]
    answered, receipted = (f"{number:08x}" if each else f"{number:012}" for each in hexadecimal)
    assert answered_id(answered, form) == receipted_id(receipted.upper(), form)


@pytest.mark.parametrize(
    ("parameter", "written", "form"),
    [
        ("1F2A", "7978", IdForm.HEX_THEN_DECIMAL),  # as answered, and as receipts write it
        ("1f2a", None, IdForm.HEX_THEN_DECIMAL),
        ("7978", "7978", IdForm.HEX_THEN_DECIMAL),  # both as receipts write it
        (None, "0000007978", IdForm.HEX_THEN_DECIMAL),
        ("7978", "1F2A", IdForm.DECIMAL_THEN_HEX),
        (None, "1f2a", IdForm.DECIMAL_THEN_HEX),
        ("7978", "8000", IdForm.SAME),  # they disagree: the parameter is right
    ],
)
def test_the_parameter_against_the_text(
    parameter: str | None, written: str | None, form: IdForm
) -> None:
    text = f"id:{written} stat:DELIVRD err:000" if written else ""
    tlvs: dict[int, bytes] = {Tag.MESSAGE_STATE: bytes([2])}
    if parameter is not None:
        tlvs[Tag.RECEIPTED_MESSAGE_ID] = parameter.encode() + b"\0"
    message = ShortMessage("1", "2", text.encode(), 0, esm_class=4, tlvs=tlvs)
    read = receipt_of(message, form)
    assert read is not None and read.message_id == "7978"
