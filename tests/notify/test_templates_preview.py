"""What a text would be and cost, by provider, before anything is sent."""

from typing import Any

from services.notify.settings import ProviderSettings, Sending
from services.notify.templates.preview import preview_of
from shared.testing import client_of
from tests.notify.conftest import HEADERS, Notify, NotifyFactory
from tests.notify.samples import ALWAYS, SECRET, make_template

TERMS = {
    "cheap": {"fen_per_part": "3.5", "opt_out": {"zh-CN": ",拒收请回复QX"}},
    "dear": {"fen_per_part": 5},
}
REMINDER = {
    "template": "visit-reminder",
    "variables": {"at": "2026-12-01T09:30:00+08:00", "place": "二楼大厅"},
}


def with_providers(notify: Notify, *names: str) -> None:
    providers = tuple(
        ProviderSettings.model_validate({"name": name, "url": "http://x.test", "secret": SECRET})
        for name in names
    )
    settings = notify.app.state.settings
    notify.app.state.settings = settings.model_copy(update={"providers": providers})


async def previewed(notify: Notify, **body: Any) -> Any:
    answer = await notify.post("/templates/preview", body)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_parts_and_cost_differ_by_provider(start_notify: NotifyFactory) -> None:
    async with start_notify(sending=ALWAYS | {"terms": TERMS}) as notify:
        with_providers(notify, "cheap", "dear", "unpriced")
        written = await notify.post(
            "/templates",
            make_template(text="问" * 53 + "{n}", variables={"n": "number"}, kind="promotion"),
        )
        template = written.json()["id"]
        wording = {"code": "SMS_1", "signature": "房县卫健"}
        put = await notify.client.put(
            f"/notify/v1/templates/{template}/providers/dear", json=wording
        )
        assert put.status_code == 200, put.text
        view = await previewed(notify, template_id=template, variables={"n": 5})
        cheap, dear, unpriced = view["providers"]
    assert cheap["text"] == "【测试县便民中心】" + "问" * 53 + "5,拒收请回复QX"
    assert (cheap["units"], len(cheap["parts"]), cheap["cost_fen"]) == (71, 2, "7.0")
    assert dear["text"] == "【房县卫健】" + "问" * 53 + "5,拒收请回复R"
    assert (dear["units"], len(dear["parts"]), dear["cost_fen"]) == (67, 1, "5")
    assert dear["units_left"] == 3
    assert (unpriced["units"], len(unpriced["parts"]), unpriced["cost_fen"]) == (70, 1, None)
    assert "".join(each["text"] for each in cheap["parts"]) == cheap["text"]
    assert cheap["units_left"] == 67 - cheap["parts"][-1]["units"]
    assert {each["encoding"] for each in view["providers"]} == {"ucs2"}


async def test_the_version_in_use_and_its_language(notify: Notify) -> None:
    with_providers(notify)
    chinese = await previewed(notify, **REMINDER)
    english = await previewed(notify, language="en", **REMINDER)
    assert (chinese["language"], english["language"]) == ("zh-CN", "en")
    (only,) = chinese["providers"]
    assert (only["provider"], len(only["parts"]), only["cost_fen"]) == (None, 2, None)
    fallback = await previewed(notify, language="ug", **REMINDER)
    assert fallback["language"] == "zh-CN"
    assert await notify.rows("SELECT 1 FROM messages") == []


def test_a_text_of_too_many_parts_is_told() -> None:
    sending = Sending(max_parts=2)
    assert not preview_of("人" * 134, None, sending).too_long
    assert preview_of("人" * 135, None, sending).too_long
    plain = preview_of("a" * 160, None, sending)
    assert (plain.encoding, plain.units_left) == ("gsm7", 0)


async def test_what_is_refused(notify: Notify) -> None:
    token = notify.issuer.token(scope="registry:read")
    async with client_of(notify.app, token, HEADERS) as other:
        answer = await other.post("/notify/v1/templates/preview", json=REMINDER)
        assert answer.status_code == 403
    for body, status in (
        ({}, 422),
        ({"template": "no-such-code"}, 409),
        ({"template_id": "0197aaaa-0000-7000-8000-000000000000"}, 404),
        ({"template": "visit-reminder", "variables": {}}, 422),
        ({"template": "visit-reminder", "variables": {"at": "x" * 10_000}}, 422),
    ):
        answer = await notify.post("/templates/preview", body)
        assert answer.status_code == status, answer.text
