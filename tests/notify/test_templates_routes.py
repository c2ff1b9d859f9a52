"""Templates over HTTP: write, approve by a second person, list."""

from shared.testing import client_of
from tests.notify.conftest import HEADERS, SCOPES, Notify
from tests.notify.samples import make_message, make_template


async def test_a_second_person_approves(notify: Notify) -> None:
    written = await notify.post("/templates", make_template())
    assert written.status_code == 201, written.text
    template = written.json()
    assert template["version"] == 1
    assert template["approved_at"] is None
    assert template["sample"] == "【测试县便民中心】您预约的{service}时间为{at}。"
    path = f"/templates/{template['id']}/approval"
    own = await notify.post(path, {})
    assert own.status_code == 409
    assert own.json()["type"].endswith("/second-person-required")
    token = notify.issuer.token(scope=SCOPES, sub="clerk-2")
    async with client_of(notify.app, token, HEADERS) as other:
        done = await other.post(f"/notify/v1{path}")
        assert done.status_code == 200, done.text
        assert done.json()["approved_by"] == "clerk-2"
        again = await other.post(f"/notify/v1{path}")
        assert again.json()["type"].endswith("/already-approved")


async def test_versions_count_up(notify: Notify) -> None:
    await notify.post("/templates", make_template())
    second = await notify.post("/templates", make_template(text="{service}:{at}"))
    assert second.json()["version"] == 2


async def test_what_nobody_approved_is_not_sent(notify: Notify) -> None:
    await notify.post("/templates", make_template())
    person = await notify.person()
    answer = await notify.post("/messages", make_message(person, template="appointment"))
    assert answer.status_code == 409
    assert answer.json()["type"].endswith("/no-approved-template")


async def test_defaults_are_there_and_pages_are_whole(notify: Notify) -> None:
    first = await notify.get("/templates?limit=4")
    rest = await notify.get(f"/templates?limit=200&cursor={first['next']}")
    codes = [(each["code"], each["language"]) for each in first["items"] + rest["items"]]
    assert ("birth-registered", "zh-CN") in codes
    assert len(codes) == len(set(codes)) > 4
    assert rest["next"] is None
    assert {each["approved_by"] for each in first["items"]} == {"system"}
    wrong = await notify.client.get("/notify/v1/templates?cursor=WzFd")
    assert wrong.status_code == 400


async def test_scopes_and_bad_input(notify: Notify) -> None:
    token = notify.issuer.token(scope="notify:read")
    async with client_of(notify.app, token, HEADERS) as reader:
        refused = await reader.post("/notify/v1/templates", json=make_template())
        assert refused.status_code == 403
        assert (await reader.get("/notify/v1/templates")).status_code == 200
    bad = await notify.post("/templates", make_template(text="{other}"))
    assert bad.status_code == 422
    missing = await notify.post("/templates/0197aaaa-0000-7000-8000-000000000000/approval", {})
    assert missing.status_code == 404
