"""Campaigns: counted without telling small groups apart, approved, run, held, stopped."""

from typing import Any

from services.notify.campaigns.advancing import advance_campaign
from services.notify.messages.rules import Lane
from shared.ids import new_id
from tests.conftest import parts_of
from tests.notify.campaign_samples import (
    PLAN,
    approved,
    audience,
    planned,
    run,
    somebody,
    started,
)
from tests.notify.conftest import Notify
from tests.notify.samples import OPEN, FakeProvider, make_template


async def reword(notify: Notify, code: str = "arrival-welcome") -> None:
    """A new approved wording of a template."""
    body = make_template(code=code, text="欢迎！", variables={}, purpose="monthly-greeting")
    written = await notify.post("/templates", body)
    assert written.status_code == 201, written.text
    async with somebody(notify) as second:
        path = f"/notify/v1/templates/{written.json()['id']}/approval"
        assert (await second.post(path)).status_code == 200


async def test_everyone_who_agreed_in_the_region_gets_one_text(notify: Notify) -> None:
    await audience(notify, 11)
    await notify.person(purpose="sms-reminders", phone="13600000001")
    await notify.person(purpose="monthly-greeting", phone="13600000002", region="420325200001")
    campaign = await approved(notify, region="420325100")
    assert (campaign["audience"], campaign["status"]) == (10, "approved")  # to the five
    await run(notify)
    assert await notify.rows("SELECT 1 FROM messages") == []
    begun = await notify.post(f"/campaigns/{campaign['id']}/start", {})
    assert begun.status_code == 200, begun.text
    await run(notify)
    await run(notify)
    view = await notify.get(f"/campaigns/{campaign['id']}")
    assert (view["status"], view["accepted"]) == ("done", 10)
    assert view["refused"] == "fewer than 10"
    assert view["texts"] == {"queued": 10}
    assert len(await notify.rows("SELECT 1 FROM messages")) == 11
    seen = await notify.rows("SELECT DISTINCT subject_id FROM usage_entries")
    assert len(seen) == 11


async def test_small_audiences_are_not_counted(notify: Notify) -> None:
    await audience(notify, 9)
    campaign = await planned(notify)
    assert campaign["audience"] == "fewer than 10"
    preview = await notify.get(f"/campaigns/{campaign['id']}/preview")
    assert (preview["parts"], preview["cost_fen"]) == (None, None)


async def test_nothing_starts_without_a_second_person(notify: Notify) -> None:
    campaign = await planned(notify)
    path = f"/campaigns/{campaign['id']}"
    assert (await notify.post(f"{path}/start", {})).status_code == 409
    own = await notify.post(f"{path}/approval", {})
    assert (own.status_code, own.json()["type"].rpartition("/")[2]) == (
        409,
        "second-person-required",
    )
    async with somebody(notify) as second:
        assert (await second.post(f"/notify/v1{path}/approval")).status_code == 200
        assert (await second.post(f"/notify/v1{path}/approval")).status_code == 409
        # who changes a plan has planned it too
        changed = await second.put(f"/notify/v1{path}", json=PLAN | {"rest_days": 3})
        assert changed.status_code == 200
        assert (changed.json()["status"], changed.json()["approved_by"]) == ("draft", None)
        assert (await second.post(f"/notify/v1{path}/approval")).status_code == 409
    assert (await notify.post(f"{path}/approval", {})).status_code == 409
    assert (await notify.post(f"{path}/start", {})).status_code == 409
    async with somebody(notify, "clerk-3") as third:
        assert (await third.post(f"/notify/v1{path}/approval")).status_code == 200
    assert (await notify.post(f"{path}/start", {})).status_code == 200
    assert (await notify.client.put(f"/notify/v1{path}", json=PLAN)).status_code == 409


async def test_an_approval_falls_with_the_text_it_was_of(notify: Notify) -> None:
    await audience(notify, 3)
    campaign = await approved(notify)
    path = f"/campaigns/{campaign['id']}"
    await reword(notify)
    refused = await notify.post(f"{path}/start", {})
    assert refused.json()["type"].rpartition("/")[2] == "approval-fallen"
    async with somebody(notify) as second:
        assert (await second.post(f"/notify/v1{path}/approval")).status_code == 200
    await notify.rows("UPDATE campaigns SET start_at = now() + interval '1 hour' RETURNING id")
    assert (await notify.post(f"{path}/start", {})).status_code == 200
    await reword(notify)  # also of one that runs: it is held
    await notify.rows("UPDATE campaigns SET start_at = now() RETURNING id")
    await run(notify)
    assert (await notify.get(path))["status"] == "paused"
    steps = [
        (each["step"], each["reason"]) for each in (await notify.get(f"{path}/history"))["items"]
    ]
    assert steps[-1] == ("paused", "approval-fallen")
    assert await notify.rows("SELECT 1 FROM messages") == []


async def test_a_pause_holds_and_a_stop_cancels(notify: Notify) -> None:
    await audience(notify, 3)
    path = f"/campaigns/{(await approved(notify))['id']}"
    assert (await notify.post(f"{path}/pause", {})).status_code == 409
    await notify.post(f"{path}/start", {})
    async with notify.database.transaction(parts_of(notify.app).actor) as tx:
        await advance_campaign(2, tx, OPEN)
    paused = await notify.post(f"{path}/pause", {})
    if paused.status_code == 409:  # the service's own runner was faster: it is done
        assert (await notify.get(path))["status"] == "done"
    provider = FakeProvider()
    if paused.status_code == 200:
        assert await notify.worker(provider).send_due(Lane.BULK) == 0
        await notify.post(f"{path}/start", {})
        await run(notify)
    stopped = await notify.post(f"{path}/stop", {})
    assert stopped.status_code == 200
    assert await notify.worker(provider).send_due(Lane.BULK) == 0
    rows = await notify.rows("SELECT DISTINCT status, body_sealed FROM messages")
    assert [(each["status"], each["body_sealed"]) for each in rows] == [("cancelled", None)]
    assert (await notify.post(f"{path}/start", {})).status_code == 409


async def test_facts_narrow_the_audience(notify: Notify) -> None:
    await audience(notify, 10)
    await audience(notify, 15, first=10, language="en")
    both = await planned(notify)
    english = await planned(notify, facts={"languages": ["en"]})
    later = await planned(notify, facts={"agreed_from": "2036-01-01"})
    earlier = await planned(notify, facts={"agreed_to": "9999-12-31"})
    counts = [each["audience"] for each in (both, english, later, earlier)]
    assert counts == [25, 15, "fewer than 10", 25]
    wrong = {"agreed_from": "2026-02-01", "agreed_to": "2026-01-01"}
    assert (await notify.post("/campaigns", PLAN | {"facts": wrong})).status_code == 422
    assert (await notify.post("/campaigns", PLAN | {"facts": {"sex": "2"}})).status_code == 422


async def test_the_preview_says_what_it_says_and_costs(notify: Notify) -> None:
    await audience(notify, 10)
    await audience(notify, 10, first=10, language="en")
    settings = notify.app.state.settings
    terms = {"terms": {"simulator": {"fen_per_part": "4.5"}}}
    sending = type(settings.sending).model_validate(settings.sending.model_dump() | terms)
    notify.app.state.settings = settings.model_copy(update={"sending": sending})
    campaign = await planned(notify)
    preview = await notify.get(f"/campaigns/{campaign['id']}/preview")
    samples = {each["language"]: each for each in preview["samples"]}
    parts = {tag: len(each["providers"][0]["parts"]) for tag, each in samples.items()}
    assert preview["audience"] == 20
    assert {tag: each["people"] for tag, each in samples.items()} == {"zh-CN": 10, "en": 10}
    assert preview["parts"] == sum(10 * each for each in parts.values())
    assert float(preview["cost_fen"]) == 4.5 * preview["parts"]
    assert samples["zh-CN"]["providers"][0]["text"].startswith("【一盘民生服务】欢迎您")
    assert await notify.rows("SELECT 1 FROM messages") == []


async def test_people_who_were_just_texted_are_left_alone(notify: Notify) -> None:
    await audience(notify, 10)
    await started(notify)
    await run(notify)
    again = await planned(notify, rest_days=7)
    anyway = await planned(notify)
    assert (again["audience"], anyway["audience"]) == ("fewer than 10", 10)
    await notify.rows("UPDATE messages SET created_at = now() - interval '8 days' RETURNING id")
    assert (await notify.get(f"/campaigns/{again['id']}"))["audience"] == 10


async def test_a_trial_goes_to_officials_who_agreed_and_to_nobody_else(notify: Notify) -> None:
    await audience(notify, 10)
    path = f"/campaigns/{(await planned(notify))['id']}"
    unknown = await notify.post(f"{path}/trial", {"phones": ["13900008888"]})
    assert unknown.json()["type"].endswith("not-an-official")
    official = {"phone": "13900008888", "region": "420325", "agreed": True}
    assert (await notify.post("/digest-recipients", official)).status_code == 201
    tried = await notify.post(f"{path}/trial", {"phones": ["13900008888"]})
    assert (tried.status_code, tried.json()) == (202, {"texts": 2})  # zh-CN and en
    provider = FakeProvider()
    assert await notify.worker(provider).send_due(Lane.BULK) == 2
    assert {each.phone for each in provider.submitted} == {"13900008888"}
    assert (await notify.get(path))["texts"] == {}
    for phones in ([], ["12345"], ["13900008888"] * 4):
        assert (await notify.post(f"{path}/trial", {"phones": phones})).status_code == 422
    await notify.post("/opt-outs", {"phone": "13900008888"})
    assert (await notify.post(f"{path}/trial", {"phones": ["13900008888"]})).status_code == 409
    async with somebody(notify, region="420381") as foreign:
        refused = await foreign.post(f"/notify/v1{path}/trial", json={"phones": ["13900008888"]})
        assert refused.status_code in (403, 404)


async def test_those_who_say_stop_after_it_are_counted_once(notify: Notify) -> None:
    await audience(notify, 20)
    path = await started(notify)
    await run(notify)
    assert await notify.worker(FakeProvider()).send_due(Lane.BULK) == 20
    for number in [*range(12), 3]:
        await notify.post("/opt-outs", {"phone": f"1370000{number:04}"})
    await notify.post("/opt-outs", {"phone": "13700000015", "purpose": "sms-reminders"})
    view = await notify.get(path)
    assert (view["unsubscribed"], view["unsubscribe_rate"]) == (10, 0.5)
    await notify.rows("UPDATE messages SET submitted_at = now() - interval '8 days' RETURNING id")
    await notify.post("/opt-outs", {"phone": "13700000016"})
    marked = await notify.rows("SELECT 1 FROM messages WHERE opted_out_at IS NOT NULL")
    assert len(marked) == 12


async def test_what_became_of_it_is_told_by_reason(notify: Notify) -> None:
    await audience(notify, 12)
    path = await started(notify)
    await run(notify)
    await notify.rows(
        "UPDATE messages SET status = 'failed', reason = 'number-not-in-use' RETURNING id"
    )
    view = await notify.get(path)
    assert view["texts"] == {"failed": 10}
    assert view["failures"] == {"number-not-in-use": 10}
    picture = await notify.client.get(f"/notify/v1{path}/progress.svg")
    assert picture.headers["content-type"].startswith("image/svg+xml")
    assert ">failed  10<" in picture.text


async def test_lists_are_pages_and_history_is_kept(notify: Notify) -> None:
    made = [(await planned(notify))["id"] for _ in range(5)]
    seen: list[str] = []
    page: dict[str, Any] = {"next": None}
    while page["next"] or not seen:
        cursor = f"&cursor={page['next']}" if page["next"] else ""
        page = await notify.get(f"/campaigns?status=draft&limit=2{cursor}")
        seen += [each["id"] for each in page["items"] if each["occasion"] is None]
    assert seen == made[::-1]
    path = f"/campaigns/{made[0]}"
    await notify.client.put(f"/notify/v1{path}", json=PLAN)
    await notify.post(f"{path}/stop", {})
    history = await notify.get(f"{path}/history?limit=2")
    rest = await notify.get(f"{path}/history?limit=2&cursor={history['next']}")
    steps = [each["step"] for each in history["items"] + rest["items"]]
    assert steps == ["planned", "changed", "stopped"]
    assert rest["next"] is None
    assert (await notify.client.get("/notify/v1/campaigns?cursor=x")).status_code == 400
    assert (await notify.client.get(f"/notify/v1/campaigns/{new_id()}/history")).status_code == 404


async def test_what_is_stale_is_over(notify: Notify) -> None:
    await audience(notify, 3)
    late = {"start_at": "2026-01-01T00:00:00Z", "expires": "2026-01-02T00:00:00Z"}
    campaign = await approved(notify, schedule=late)
    answer = await notify.post(f"/campaigns/{campaign['id']}/start", {})
    assert answer.json()["type"].rpartition("/")[2] == "already-expired"
    path = await started(notify, schedule={"start_at": "2036-01-01T00:00:00Z"})
    await notify.rows(
        "UPDATE campaigns SET start_at = now() - interval '1 hour', expires_at = now()"
        " WHERE status = 'running' RETURNING id"
    )
    await run(notify)
    assert (await notify.get(path))["status"] == "done"
    assert await notify.rows("SELECT 1 FROM messages") == []


async def test_who_may_and_what_is_refused(notify: Notify) -> None:
    campaign = await planned(notify)
    path = f"/notify/v1/campaigns/{campaign['id']}"
    async with somebody(notify, scope="notify:read") as reader:
        assert (await reader.post("/notify/v1/campaigns", json=PLAN)).status_code == 403
        assert (await reader.put(path, json=PLAN)).status_code == 403
        assert (await reader.post(f"{path}/approval")).status_code == 403
        assert (await reader.get(f"{path}/preview")).status_code == 200
    async with somebody(notify, region="420381") as foreign:
        assert (await foreign.post("/notify/v1/campaigns", json=PLAN)).status_code == 403
        for read in ("", "/preview", "/history", "/progress.svg"):
            assert (await foreign.get(path + read)).status_code == 404
        for act in ("start", "pause", "stop", "approval"):
            assert (await foreign.post(f"{path}/{act}")).status_code == 404
        assert (await foreign.get("/notify/v1/campaigns")).json()["items"] == []
    mismatch = await notify.post("/campaigns", PLAN | {"purpose": "follow-up"})
    assert mismatch.status_code == 409
    official = await notify.post("/campaigns", PLAN | {"purpose": "official"})
    assert official.status_code == 422
    extra = await notify.post("/campaigns", PLAN | {"variables": {"x": "y"}})
    assert extra.status_code == 422
    unknown = await notify.post("/campaigns", PLAN | {"template": "no-such-thing"})
    assert unknown.status_code == 409
