"""Feeds through the API: who may, what is refused, what is shown."""

import asyncio
import io
import json
from typing import Any
from uuid import uuid4

import httpx
import pytest
from python_calamine import CalamineWorkbook

from services.registry.feeds.profiles import FOLDER
from shared.testing import Issuer, client_of
from tests.conftest import ServiceFactory
from tests.registry.feed_samples import (
    CHEN,
    DEATHS,
    EAST,
    STRANGER,
    WANG,
    csv_of,
    death,
    post,
    xlsx_of,
)
from tests.registry.samples import make_person

FEEDS = "/registry/v1/feeds"
CONFLICTS = "/registry/v1/feed-conflicts"
CONTENT = csv_of((*DEATHS, "诊断"), [*death(), "x"], [*death(CHEN, name="陈钢"), "x"],
                 [*death(STRANGER, day="2999-01-01"), "x"])  # fmt: skip


@pytest.fixture
async def people(client: httpx.AsyncClient) -> httpx.AsyncClient:
    for named, sex, born in ((WANG, "2", "1990-01-01"), (CHEN, "1", "1989-01-01")):
        body = make_person(**named, sex=sex, birth_date=born, phone=None)
        answer = await client.post("/registry/v1/persons", json=body)
        assert answer.status_code == 201, answer.text
    return client


async def sent(client: httpx.AsyncClient, content: bytes = CONTENT, **form: str) -> str:
    answer = await post(client, "police.deaths", content, **form)
    assert answer.status_code == 202, answer.text
    assert answer.headers["location"] == f"{FEEDS}/{answer.json()['id']}"
    return str(answer.json()["id"])


async def reached(client: httpx.AsyncClient, feed: str, status: str) -> dict[str, Any]:
    for _ in range(600):
        view: dict[str, Any] = (await client.get(f"{FEEDS}/{feed}")).json()
        if view["status"] == status:
            return view
        await asyncio.sleep(0.05)
    raise AssertionError(f"the batch does not get {status}: {view}")


def problem(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].rpartition("/")[2]


async def test_a_batch_from_dry_run_to_withdrawal(people: httpx.AsyncClient) -> None:
    feed = await sent(people)
    view = await reached(people, feed, "compared")
    assert (view["dry_run"], view["percent"], view["dropped"]) == (True, 100, ["诊断"])
    assert [view[each] for each in ("new", "conflicting", "rejected")] == [1, 1, 1]
    assert view["comparison"] == {"in_both": 0, "only_there": 2, "only_here": 0}
    assert (await people.get(CONFLICTS)).json()["items"] == []
    assert (await people.post(f"{FEEDS}/{feed}/application")).status_code == 202
    view = await reached(people, feed, "applied")
    assert problem(await people.post(f"{FEEDS}/{feed}/application")) == (409, "feed-closed")
    (conflict,) = (await people.get(CONFLICTS, params={"feed": feed})).json()["items"]
    assert (conflict["code"], conflict["line"]) == ("name-differs", 3)
    assert (await people.post(f"{FEEDS}/{feed}/withdrawal")).status_code == 202
    view = await reached(people, feed, "withdrawn")
    assert (view["restored"], view["left_over"]) == (1, 0)
    months = await people.get("/registry/v1/feed-comparisons", params={"month": "2025-06"})
    assert months.json() == []  # what was withdrawn counts no more


async def test_the_month_beside_the_register_is_shown_in_counts(people: httpx.AsyncClient) -> None:
    feed = await sent(people, dry_run="false")
    await reached(people, feed, "applied")
    months = await people.get("/registry/v1/feed-comparisons", params={"month": "2025-06"})
    (month,) = months.json()
    assert (month["department"], month["only_there"], month["rejected"]) == ("police", 2, 1)
    assert (await people.get("/registry/v1/feed-comparisons")).json() == months.json()
    listed = await people.get(FEEDS, params={"department": "police", "month": "2025-06"})
    assert [each["id"] for each in listed.json()["items"]] == [feed]
    assert (await people.get(FEEDS, params={"department": "health"})).json()["items"] == []


async def test_lines_are_paged_filtered_and_masked(people: httpx.AsyncClient) -> None:
    feed = await sent(people)
    await reached(people, feed, "compared")
    page = (await people.get(f"{FEEDS}/{feed}/lines", params={"limit": 2})).json()
    rest = await people.get(f"{FEEDS}/{feed}/lines", params={"limit": 2, "cursor": page["next"]})
    assert [each["line"] for each in page["items"] + rest.json()["items"]] == [2, 3, 4]
    answer = await people.get(f"{FEEDS}/{feed}/lines", params={"outcome": "rejected"})
    (line,) = answer.json()["items"]
    assert (line["code"], line["column"]) == ("future", "死亡日期")
    assert line["reason"] == "The date is after today"
    first = page["items"][0]
    assert first["said"]["name"] == "王*"
    assert WANG["id_number"] not in str(page)
    zh = await people.get(
        f"{FEEDS}/{feed}/lines", params={"outcome": "rejected"}, headers={"Accept-Language": "zh"}
    )
    assert zh.json()["items"][0]["reason"] == "日期晚于今天"


async def test_the_report_has_the_reason_beside_each_line(people: httpx.AsyncClient) -> None:
    feed = await sent(people)
    await reached(people, feed, "compared")
    answer = await people.get(f"{FEEDS}/{feed}/report")
    assert "police.deaths-2025-06.xlsx" in answer.headers["content-disposition"]
    book = CalamineWorkbook.from_filelike(io.BytesIO(answer.content))
    summary, lines = (book.get_sheet_by_index(at).to_python() for at in (0, 1))
    assert ["未读取的列", "诊断", "column not read"] in summary
    assert ["冲突", "1", "conflicting"] in summary
    assert lines[0][:6] == ["原行号", "结果", "Outcome", "有误的列", "原因", "Reason"]
    assert [row[0:3] for row in lines[1:]] == [
        ["2", "新增", "new"],
        ["3", "冲突", "conflicting"],
        ["4", "拒收", "rejected"],
    ]
    assert lines[2][4:9] == [
        "姓名与登记不符", "The name differs from the register's", "陈钢", CHEN["id_number"],
        "2025-06-01",
    ]  # fmt: skip
    assert lines[3][3:5] == ["死亡日期", "日期晚于今天"]


async def test_a_conflict_is_seen_from_both_sides_and_decided(people: httpx.AsyncClient) -> None:
    feed = await sent(people, dry_run="false")
    await reached(people, feed, "applied")
    (conflict,) = (await people.get(CONFLICTS)).json()["items"]
    path = f"{CONFLICTS}/{conflict['task_id']}"
    sides = (await people.get(path)).json()
    assert (sides["theirs"]["name"], sides["ours"][0]["name"]) == ("陈钢", "陈刚")
    asked = await people.post(f"{path}/decision", json={"decision": "keep-ours", "reason": "核实"})
    assert asked.status_code == 200
    again = await people.post(f"{path}/decision", json={"decision": "keep-ours", "reason": "核实"})
    assert problem(again) == (409, "record-closed")
    settled = (await people.get(CONFLICTS, params={"settled": True})).json()["items"]
    assert [each["decision"] for each in settled] == ["keep-ours"]


async def test_the_same_file_is_one_batch(people: httpx.AsyncClient) -> None:
    feed = await sent(people)
    again = await post(people, "police.deaths", CONTENT)
    assert problem(again) == (409, "already-received")
    assert again.json()["feed_id"] == feed
    assert (await people.post(f"{FEEDS}/{feed}/cancellation")).status_code == 200
    assert await sent(people) != feed


async def test_a_countys_own_profile_is_used_from_now_on(people: httpx.AsyncClient) -> None:
    own = json.loads((FOLDER / "police.deaths.json").read_text())
    own["columns"][0]["names"] = ["逝世者"]
    path = "/registry/v1/feed-profiles"
    stored = await people.post(path, json=own)
    assert stored.status_code == 201, stored.text
    assert problem(await people.post(path, json=own)) == (409, "profile-exists")
    in_use = {each["profile"]["code"]: each for each in (await people.get(path)).json()}
    assert len(in_use) == 8
    assert in_use["police.deaths"]["own"]
    feed = await sent(people)
    assert (await reached(people, feed, "refused"))["failure"]["columns"] == ["逝世者"]
    feed = await sent(people, csv_of(("逝世者", *DEATHS[1:]), death()))
    assert (await reached(people, feed, "compared"))["new"] == 1


async def test_a_profile_that_names_what_is_never_held_is_refused(
    client: httpx.AsyncClient,
) -> None:
    own = json.loads((FOLDER / "health.births.json").read_text()) | {"version": 2}
    own["columns"][2]["names"] = ["孕周"]
    answer = await client.post("/registry/v1/feed-profiles", json=own)
    assert problem(answer) == (422, "never-held")
    assert "孕周" not in answer.text
    own["columns"][2] = {"field": "weeks", "type": "number", "names": ["周数"]}
    answer = await client.post("/registry/v1/feed-profiles", json=own)
    assert answer.status_code == 422


async def test_a_refused_file_says_why(client: httpx.AsyncClient) -> None:
    feed = await sent(client, csv_of(DEATHS[:2], death()[:2]))
    failure = (await reached(client, feed, "refused"))["failure"]
    assert failure["code"] == "columns"
    assert failure["columns"] == ["死亡日期"]
    feed = await sent(client, xlsx_of(DEATHS, death())[:-50])
    assert (await reached(client, feed, "refused"))["failure"]["code"] == "unreadable"


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"month": "2025-13"}, 422),
        ({"month": "x"}, 422),
        ({"month": "2999-01"}, 422),
        ({"month": "0001-01"}, 422),
        ({"profile": "police.secrets"}, 404),
        ({"profile": "x" * 100}, 422),
        ({"dry_run": "maybe"}, 422),
    ],
)
async def test_bad_forms(client: httpx.AsyncClient, form: dict[str, str], status: int) -> None:
    answer = await post(client, "police.deaths", CONTENT, **form)
    assert answer.status_code == status, answer.text


@pytest.mark.parametrize(
    "path", ["lines?outcome=odd", "lines?cursor=x", "lines?cursor=WyJhIl0", "report?cursor=WyJhIl0"]
)
async def test_bad_queries(people: httpx.AsyncClient, path: str) -> None:
    feed = await sent(people)
    assert (await people.get(f"{FEEDS}/{feed}/{path}")).status_code == 400
    assert (await people.get(FEEDS, params={"month": "2025"})).status_code == 400
    months = await people.get("/registry/v1/feed-comparisons", params={"month": "2025-19"})
    assert months.status_code == 400


async def test_who_may(start_service: ServiceFactory, issuer: Issuer) -> None:
    async with start_service("registry") as app:

        def caller(scope: str, region: str = "420325", purpose: str | None = "registration") -> Any:
            token = issuer.token(scope=scope, region=region, sub=f"{scope}{region}")
            return client_of(app, token, {"Purpose": purpose} if purpose else {})

        write = "registry:read registry:write"
        async with caller(write) as ours:
            feed = await sent(ours, dry_run="false")
            await reached(ours, feed, "applied")
            tasks = (await ours.get(CONFLICTS)).json()["items"]
        async with caller("registry:report") as reporter:
            assert (await post(reporter, "police.deaths", CONTENT)).status_code == 403
        async with caller("registry:read") as reader:
            assert (await post(reader, "police.deaths", CONTENT)).status_code == 403
            for step in ("application", "withdrawal", "cancellation"):
                assert (await reader.post(f"{FEEDS}/{feed}/{step}")).status_code == 403
            assert (await reader.get(f"{FEEDS}/{feed}/report")).status_code == 403
            assert (await reader.get(f"{FEEDS}/{feed}/lines")).status_code == 200
        async with caller(write, purpose=None) as silent:
            for path in (f"{FEEDS}/{feed}/lines", f"{FEEDS}/{feed}/report", CONFLICTS):
                assert problem(await silent.get(path)) == (400, "purpose-required")
            assert (await post(silent, "police.deaths", b"x")).status_code == 400
        async with caller(write, region="420381") as foreign:
            assert (await foreign.get(FEEDS)).json()["items"] == []
            for path in (feed, f"{feed}/lines", f"{feed}/report"):
                assert (await foreign.get(f"{FEEDS}/{path}")).status_code == 404
            for step in ("application", "withdrawal", "cancellation"):
                assert (await foreign.post(f"{FEEDS}/{feed}/{step}")).status_code == 404
            assert (await foreign.get(CONFLICTS)).json()["items"] == []
            body = {"decision": "keep-ours", "reason": "核实"}
            for task in [each["task_id"] for each in tasks] + [str(uuid4())]:
                answer = await foreign.post(f"{CONFLICTS}/{task}/decision", json=body)
                assert answer.status_code == 404


async def test_every_line_looked_at_leaves_a_usage_entry(
    people: httpx.AsyncClient, issuer: Issuer
) -> None:
    feed = await sent(people)
    await reached(people, feed, "compared")
    listed = (await people.get(f"{FEEDS}/{feed}/lines", params={"outcome": "new"})).json()
    person = listed["items"][0]["person_id"]
    export = await people.get(
        f"/registry/v1/persons/{person}/export", headers={"Purpose": "subject-access"}
    )
    assert export.status_code == 200, export.text
    (line,) = export.json()["feed_lines"]
    assert (line["department"], line["outcome"], line["month"]) == ("police", "new", "2025-06-01")
    assert export.json()["usages"] >= 3
    assert export.json()["person"]["hukou_region"] == EAST
