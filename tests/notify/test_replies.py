"""Texts that are no stop: who asks for help or answers us is heard, everybody else is not."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notify.messages.rules import Lane
from services.notify.receipts.meaning import (
    Action,
    Sent,
    language_of_text,
    meaning_of,
    words,
)
from services.notify.receipts.rules import readable
from shared.events.migrant import HelpRatingAsked
from shared.ids import new_id
from tests.notify.conftest import Notify
from tests.notify.samples import FakeProvider

PHONE = "13900000001"


def action(text: str, *templates: str) -> Action:
    """What a text does after ours of these templates, newest first."""
    sent = [Sent(new_id(), template) for template in templates]
    found, answered = meaning_of(text, sent, words())
    assert (answered is not None) == bool(sent)
    return found


@pytest.mark.parametrize(
    "text",
    [
        "求助",
        "求助 工资没发",
        "「求助」孩子上学",
        "HELP",
        "help me",
        "ｈｅｌｐ",
        "SOS!",
        "救命啊",
        "help我",
    ],
)
def test_words_that_ask_for_help(text: str) -> None:
    assert action(text) is Action.HELP


@pytest.mark.parametrize("text", ["helpful", "不要求助", "明天来", "5", "确认", "取消"])
def test_without_a_text_of_ours_a_member_of_staff_reads_it(text: str) -> None:
    assert action(text) is Action.INBOX


@pytest.mark.parametrize("text", ["谢谢", "好的。", "ＯＫ", "Thank you!", "收到", "👍", "", " 。"])
def test_thanks_ask_for_nothing(text: str) -> None:
    assert action(text, "help-rating") is Action.COURTESY


@pytest.mark.parametrize("text", ["明天来不了", "5", "找不到地方"])
def test_an_answer_to_a_question_goes_to_who_asked(text: str) -> None:
    assert action(text, "help-rating") is Action.ANSWER
    assert action(text, "arrival-welcome") is Action.INBOX


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("确认", Action.CONFIRM),
        ("「会来」。", Action.CONFIRM),
        ("ＣＯＮＦＩＲＭ", Action.CONFIRM),
        ("取消", Action.CANCEL),
        ("不来了!", Action.CANCEL),
        ("Cancel", Action.CANCEL),
        ("不能取消", Action.INBOX),
        ("取消吗?可以改到下周吗", Action.INBOX),
    ],
)
def test_words_about_an_appointment(text: str, expected: Action) -> None:
    assert action(text, "visit-reminder") is expected


def test_a_word_is_for_the_newest_text_that_it_answers() -> None:
    reminder, rating = Sent(new_id(), "visit-reminder"), Sent(new_id(), "help-rating")
    news = Sent(new_id(), "arrival-welcome")
    sent = [news, rating, reminder]
    assert meaning_of("取消", sent, words()) == (Action.CANCEL, reminder.id)
    assert meaning_of("4", sent, words()) == (Action.ANSWER, rating.id)
    assert meaning_of("明天来", sent, words()) == (Action.INBOX, news.id)
    assert meaning_of("明天来", [rating, news], words()) == (Action.ANSWER, rating.id)


@pytest.mark.parametrize(
    ("text", "language"),
    [("TD", "zh-CN"), ("5", "zh-CN"), ("", "zh-CN"), ("OK", "zh-CN"), ("not coming", "en")],
)
def test_a_code_is_no_language(text: str, language: str) -> None:
    assert language_of_text(text) == language


@given(st.text(max_size=200))
def test_any_text_becomes_readable(text: str) -> None:
    told = readable(text)
    assert not any(ord(each) < 32 or each in "\u202e\u200b" for each in told)
    assert action(told, "help-rating") in Action


async def texted(notify: Notify, number: int, text: str, phone: str = PHONE) -> None:
    """The provider tells of a text, twice."""
    body = {"message_id": f"in-{number}", "phone": phone, "text": text}
    for _ in range(2):
        assert (await notify.signed("inbound", body)).status_code == 200


async def heard(notify: Notify) -> list[dict[str, Any]]:
    rows = await notify.rows(
        "SELECT payload FROM outbox WHERE payload LIKE '%notify.reply-received.v1%' ORDER BY id"
    )
    return [dict(json.loads(row["payload"])["data"]) for row in rows]


async def test_a_call_for_help_is_told_once_and_sealed(notify: Notify) -> None:
    person = await notify.person()
    await texted(notify, 1, "求助\u202e 三个月工资没发")
    (told,) = await heard(notify)
    assert (told["person_id"], told["kind"]) == (str(person), "help")
    assert told["region"] == "420325100001"
    rows = await notify.rows("SELECT payload FROM outbox")
    assert not [row for row in rows if "工资" in row["payload"] or PHONE in row["payload"]]
    (seen,) = await notify.rows("SELECT * FROM usage_entries WHERE subject_id = $1", person)
    assert seen["kind"] == "reply"


async def test_a_number_of_nobody_or_of_two_is_nobodys(notify: Notify) -> None:
    await texted(notify, 1, "HELP", phone="13900000099")
    await notify.person()
    await notify.person()
    await texted(notify, 2, "HELP")
    told = await heard(notify)
    assert [each["person_id"] for each in told] == [None, None]
    assert {each["region"] for each in told} == {"420325"}


async def test_an_answer_counts_after_a_question_of_ours_and_no_other(notify: Notify) -> None:
    person = await notify.person()
    await texted(notify, 1, "4")
    await notify.hear(HelpRatingAsked(request_id=new_id(), person_id=person, region="420325100001"))
    await notify.worker(FakeProvider()).send_due(Lane.BULK)
    await texted(notify, 2, "4")
    await texted(notify, 3, "谢谢")
    (told,) = await heard(notify)
    assert (told["kind"], told["person_id"]) == ("answer", str(person))
    rows = await notify.rows("SELECT action, message_id FROM inbound_texts ORDER BY id")
    assert [row["action"] for row in rows] == ["inbox", "answer", "courtesy"]
    assert rows[0]["message_id"] is None and rows[1]["message_id"] is not None


async def test_a_stop_stays_a_stop(notify: Notify) -> None:
    person = await notify.person()
    await notify.send(person)
    await notify.worker(FakeProvider()).send_due(Lane.BULK)
    await texted(notify, 1, "退订")
    assert await heard(notify) == []
    assert len(await notify.rows("SELECT FROM opt_outs")) == 1


async def test_she_is_asked_once_whether_it_helped(notify: Notify) -> None:
    person, request = await notify.person(), new_id()
    await notify.hear(HelpRatingAsked(request_id=request, person_id=person, region="420325100001"))
    (message,) = await notify.rows("SELECT * FROM messages")
    assert (message["template"], message["person_id"]) == ("help-rating", person)
    body = notify.database.vault.open(message["body_sealed"], f"messages.body:{message['id']}")
    assert request.hex[-8:].upper() in body
    silent = HelpRatingAsked(request_id=new_id(), person_id=new_id(), region="420325100001")
    await notify.hear(silent)
    assert len(await notify.rows("SELECT FROM messages")) == 1
