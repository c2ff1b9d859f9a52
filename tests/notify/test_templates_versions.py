"""Versions of templates: withdrawn, used again, refused, told apart by provider."""

from typing import Any

import pytest

from services.notify.messages.rules import Lane
from services.notify.providers.cloud.filling import Matched, match
from services.notify.templates.handlers import load_defaults
from shared.testing import client_of
from tests.conftest import parts_of
from tests.notify.conftest import HEADERS, SCOPES, Notify, NotifyFactory
from tests.notify.samples import ALWAYS, FakeProvider, make_message, make_template

VALUES = {"service": "体检", "at": "2026-12-01T09:30:00+08:00"}


async def version(notify: Notify, **overrides: Any) -> str:
    """A version that a second person has approved."""
    written = await notify.post("/templates", make_template(**overrides))
    assert written.status_code == 201, written.text
    token = notify.issuer.token(scope=SCOPES, sub="clerk-2")
    async with client_of(notify.app, token, HEADERS) as other:
        path = f"/notify/v1/templates/{written.json()['id']}/approval"
        assert (await other.post(path)).status_code == 200
    return str(written.json()["id"])


async def withdraw(notify: Notify, template: str) -> Any:
    return await notify.post(f"/templates/{template}/withdrawal", {"reason": "地址有误"})


def message(person: Any, **overrides: Any) -> dict[str, Any]:
    return make_message(person, template="appointment", variables=VALUES, **overrides)


async def sent_text(notify: Notify, provider: FakeProvider, **sending: Any) -> str:
    assert await notify.worker(provider, **sending).send_due(Lane.BULK) == 1
    return "".join(provider.submitted[-1].parts)


async def test_an_approval_leaves_the_number_of_the_version(notify: Notify) -> None:
    await notify.post("/templates", make_template())
    second = await version(notify, text="{service}在{at}")
    history = (await notify.get("/templates?code=appointment"))["items"]
    assert [each["version"] for each in history] == [1, 2]
    assert [each["approved_by"] for each in history] == [None, "clerk-2"]
    assert history[1]["id"] == second


async def test_a_withdrawn_version_gives_way_to_the_one_before(notify: Notify) -> None:
    first = await version(notify)
    second = await version(notify, text="新{service}:{at}")
    person = await notify.person()
    waiting = await notify.send(person, template="appointment", variables=VALUES)
    done = await withdraw(notify, second)
    assert (done.status_code, done.json()["withdrawal_reason"]) == (200, "地址有误")
    assert done.json()["withdrawn_by"]
    assert await notify.worker(FakeProvider()).send_due(Lane.BULK) == 0
    view = await notify.get(f"/messages/{waiting['id']}")
    assert (view["status"], view["reason"]) == ("failed", "template-withdrawn")
    await notify.post("/messages", message(person))
    assert "新" not in await sent_text(notify, FakeProvider())
    await withdraw(notify, first)
    refused = await notify.post("/messages", message(person))
    assert refused.json()["type"].endswith("/no-approved-template")
    again = await withdraw(notify, second)
    assert again.json()["type"].endswith("/template-withdrawn")


async def test_a_withdrawn_version_is_not_approved(notify: Notify) -> None:
    written = (await notify.post("/templates", make_template())).json()
    await withdraw(notify, written["id"])
    token = notify.issuer.token(scope=SCOPES, sub="clerk-2")
    async with client_of(notify.app, token, HEADERS) as other:
        answer = await other.post(f"/notify/v1/templates/{written['id']}/approval")
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (
        409,
        "template-withdrawn",
    )
    unexplained = await notify.post(f"/templates/{written['id']}/withdrawal", {})
    assert unexplained.status_code == 422


async def test_a_default_that_was_withdrawn_does_not_come_back(start_notify: NotifyFactory) -> None:
    async with start_notify() as notify:
        found = (await notify.get("/templates?code=arrival-welcome"))["items"]
        for each in found:
            await withdraw(notify, each["id"])
        async with notify.database.transaction(parts_of(notify.app).actor) as tx:
            await load_defaults(tx)
        again = (await notify.get("/templates?code=arrival-welcome"))["items"]
    assert [each["id"] for each in again] == [each["id"] for each in found]
    assert all(each["withdrawn_at"] for each in again)


async def test_each_provider_signs_and_lets_refuse_in_its_way(notify: Notify) -> None:
    template = await version(notify, kind="promotion")
    path = f"/notify/v1/templates/{template}/providers/simulator"
    put = await notify.client.put(path, json={"code": "SMS_42", "signature": "【房县卫健】"})
    (known,) = put.json()["providers"]
    assert (known["provider"], known["code"], known["signature"]) == (
        "simulator",
        "SMS_42",
        "房县卫健",
    )
    view = await notify.get(f"/templates/{template}")
    assert view["providers"] == put.json()["providers"]
    terms = {"terms": {"simulator": {"opt_out": {"zh": ",退订回QX"}}}}
    rules = notify.app.state.settings.sending.model_validate(ALWAYS | terms)
    person = await notify.person()
    await notify.post("/messages", message(person))
    provider = FakeProvider()
    text = await sent_text(notify, provider, terms=rules.terms)
    approved = ("SMS_42", "您预约的{service}时间为{at}。,退订回QX")
    assert provider.submitted[0].template == approved
    assert match(text.removeprefix("【房县卫健】"), dict([approved])) == Matched(
        "SMS_42", {"service": "体检", "at": "2026年12月1日09:30"}
    )
    assert text == "【房县卫健】您预约的体检时间为2026年12月1日09:30。,退订回QX"
    await notify.post("/messages", message(person))
    provider = FakeProvider(name="other")
    other = await sent_text(notify, provider, terms=rules.terms)
    assert provider.submitted[0].template is None
    assert other == "【测试县便民中心】您预约的体检时间为2026年12月1日09:30。,拒收请回复R"
    nothing = await notify.client.put(path, json={})
    assert nothing.status_code == 422


async def test_the_longest_signature_counts(start_notify: NotifyFactory) -> None:
    async with start_notify(sending=ALWAYS | {"max_parts": 1}) as notify:
        template = await version(
            notify, text="{service}" + "字" * 54, variables={"service": "text"}
        )
        body = make_message(
            await notify.person(), template="appointment", variables={"service": "体检"}
        )
        assert (await notify.post("/messages", body)).status_code == 202
        path = f"/notify/v1/templates/{template}/providers/long"
        await notify.client.put(path, json={"signature": "测试县卫生健康局便民服务中心"})
        body["reference"] += "-2"
        refused = await notify.post("/messages", body)
    assert refused.json()["type"].endswith("/text-too-long")


@pytest.mark.parametrize(
    "change",
    [
        {"text": "看 http://a.b/{service}{at}"},
        {"text": "看 www.example.org {service}{at}"},
        {"text": "看 https://www.gov.cn.example.org/ {service}{at}"},
        {"text": "看 www．gov．cn {service}{at}"},
        {"text": "看 https://www.gov.cn.\u0430pp {service}{at}"},
        {"text": "看 https://www.gov。cn/ {service}{at}"},
        {"text": "p\u0430y {service}{at}"},
        {"text": "打139 0000 0001 {service}{at}"},
        {"text": "{service}{at}\u202e"},
        {"text": "{service}\u200b{at}"},
        {"text": "{service}{at}\x00"},
        {"text": "{service}{at}" + "长" * 10_000},
        {"signature": "p\u0430ypal"},
        {"signature": "甲\u200b乙"},
        {"variables": {"service": "choice", "at": "datetime"}},
        {
            "variables": {"service": "choice", "at": "datetime"},
            "choices": {"service": {"one": "甲"}},
        },
        {
            "variables": {"service": "choice", "at": "datetime"},
            "choices": {"service": {"one": "甲", "two": "打13900000001"}},
        },
        {"choices": {"service": {"one": "甲", "two": "乙"}}},
        {"variables": {"service": "choice", "at": "number"}, "purpose": "official"},
        {"variables": {"service": "link", "at": "number"}, "purpose": "official"},
    ],
)
async def test_a_template_that_must_not_be(notify: Notify, change: dict[str, Any]) -> None:
    answer = await notify.post("/templates", make_template(**change))
    assert answer.status_code == 422, answer.text
    assert answer.json()["type"].endswith("/malformed-body")


async def test_a_template_with_a_choice_and_an_allowed_link(notify: Notify) -> None:
    await version(
        notify,
        text="请{when}来,详见 https://www.gov.cn/。或 https://www.gov.cn/b，又见 {more}",
        variables={"when": "choice", "more": "link"},
        choices={"when": {"morning": "上午", "afternoon": "下午"}},
    )
    values = {"when": "morning", "more": "https://www.gov.cn/a"}
    body = make_message(await notify.person(), template="appointment", variables=values)
    assert (await notify.post("/messages", body)).status_code == 202
    text = await sent_text(notify, FakeProvider())
    assert text.endswith(
        "详见 https://www.gov.cn/。或 https://www.gov.cn/b，又见 https://www.gov.cn/a"
    )


async def test_reasons_in_both_languages_and_half_characters(notify: Notify) -> None:
    body = make_message(await notify.person())
    body["variables"] = body["variables"] | {"place": "大厅\u202e"}
    english = await notify.post("/messages", body)
    chinese = await notify.post("/messages", body, **{"Accept-Language": "zh-CN"})
    assert english.json()["reasons"] == {"place": "direction-character"}
    assert english.json()["detail"] == "place holds a character that turns the text around"
    assert chinese.json()["detail"] == "place 有改变文字方向的字符"
    raw = b'{"template": "arrival-welcome", "variables": {"a": "\\ud83d"}}'
    half = await notify.client.post(
        "/notify/v1/templates/preview", content=raw, headers={"Content-Type": "application/json"}
    )
    assert half.status_code == 422


@pytest.mark.parametrize(
    "phone", ["+85291234567", "+14155550100", "0719-3221234", "12345", "1380000000", "1380000000x"]
)
async def test_numbers_that_are_not_mobile_or_foreign(notify: Notify, phone: str) -> None:
    digest = {
        "reference": "d-1",
        "template": "weekly-digest",
        "variables": {"week_start": "2026-11-16", "open": 1, "overdue": 0, "settled": 2},
        "to": {"phone": phone},
        "purpose": "official",
    }
    answer = await notify.post("/messages", digest)
    assert answer.status_code == 422
    assert phone not in answer.text
