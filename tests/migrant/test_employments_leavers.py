"""Leavers, corrections and withdrawals: by the employer itself, for its own filings alone."""

from typing import Any

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from shared.events.migrant import MigrantArrived
from shared.ids import new_id
from shared.testing import Issuer, event_message
from tests.conftest import parts_of
from tests.migrant.conftest import bearer
from tests.migrant.samples import HOME, OTHER_VILLAGE, VILLAGE, fresh_id_number, make_arrival
from tests.migrant.test_employments_routes import EMPLOYER, EMPLOYMENTS, OTHER, make_filing

LEAVERS = "/migrant/v1/leavers"


@pytest.fixture
def employer(issuer: Issuer) -> dict[str, str]:
    token = bearer(issuer, scope="migrant:employ", org=EMPLOYER, sub="employer-1")
    return token | {"Purpose": "employment"}


@pytest.fixture
def rival(issuer: Issuer) -> dict[str, str]:
    token = bearer(issuer, scope="migrant:employ", org=OTHER, sub="employer-2")
    return token | {"Purpose": "employment"}


@pytest.fixture
def worker() -> dict[str, str]:
    return {"name": "刘小梅", "id_number": fresh_id_number()}


def make_leaver(worker: dict[str, str], **overrides: Any) -> dict[str, Any]:
    leaver = {"employer_code": EMPLOYER, "worker": worker, "ended_on": "2026-05-31"}
    return leaver | overrides


async def arrive(client: httpx.AsyncClient, worker: dict[str, str]) -> str:
    answer = await client.post("/migrant/v1/arrivals", json=make_arrival(**worker))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["person_id"])


async def hire(
    client: httpx.AsyncClient, headers: dict[str, str], worker: dict[str, str], **overrides: Any
) -> dict[str, Any]:
    body = make_filing(worker=worker, **overrides)
    answer = await client.post(EMPLOYMENTS, json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def said(app: FastAPI) -> list[asyncpg.Record]:
    """What was told of jobs: kind, whose, and the days."""
    async with parts_of(app).database.acquire() as connection:
        return await connection.fetch(
            "SELECT substr(payload::jsonb ->> 'type', 15) AS kind,"
            " payload::jsonb #>> '{data,person_id}' AS person,"
            " payload::jsonb #>> '{data,started_on}' AS started,"
            " payload::jsonb #>> '{data,ended_on}' AS ended FROM outbox"
            " WHERE payload::jsonb ->> 'type' LIKE 'yipan.migrant.employment-%' ORDER BY id"
        )


def problem(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].rpartition("/")[2]


async def test_a_leaver_ends_the_job_and_the_registry_hears(
    client: httpx.AsyncClient, app: FastAPI, employer: dict[str, str], worker: dict[str, str]
) -> None:
    person = await arrive(client, worker)
    filed = await hire(client, employer, worker)
    left = await client.post(LEAVERS, json=make_leaver(worker), headers=employer)
    assert left.status_code == 200, left.text
    assert left.json() == filed | {
        "status": "ended", "ended_on": "2026-05-31", "version": filed["version"] + 1,
    }  # fmt: skip
    assert person not in left.text
    assert [tuple(each) for each in await said(app)] == [
        ("employment-filed.v1", person, "2026-03-10", None),
        ("employment-ended.v1", person, None, "2026-05-31"),
    ]
    again = await client.post(LEAVERS, json=make_leaver(worker), headers=employer)
    assert problem(again) == (409, "already-left")
    by_receipt = f"{EMPLOYMENTS}/{filed['id']}/end"
    otherwise = await client.post(by_receipt, json={"ended_on": "2026-06-01"}, headers=employer)
    assert problem(otherwise) == (409, "ended-on-another-day")


async def test_the_county_not_knowing_her_changes_no_answer(
    client: httpx.AsyncClient, app: FastAPI, employer: dict[str, str], worker: dict[str, str]
) -> None:
    known = {"name": "陈桂花", "id_number": fresh_id_number()}
    await arrive(client, known)
    answers = []
    for each in (known, worker):
        filed = await hire(client, employer, each)
        changed = await client.patch(
            f"{EMPLOYMENTS}/{filed['id']}",
            json={"started_on": "2026-03-11"},
            headers=employer | {"If-Match": '"1"'},
        )
        left = await client.post(LEAVERS, json=make_leaver(each), headers=employer)
        gone = await client.post(f"{EMPLOYMENTS}/{filed['id']}/withdrawal", headers=employer)
        answers.append([changed.json(), left.json(), gone.json()])
    unlike = {
        key for one, other in zip(*answers, strict=True) for key in one if one[key] != other[key]
    }
    assert unlike == {"id", "filed_at"}
    assert len(await said(app)) == 4  # of the one whom the county knows


async def test_a_leaving_waits_for_the_arrival_as_the_hire_does(
    client: httpx.AsyncClient, app: FastAPI, employer: dict[str, str], worker: dict[str, str]
) -> None:
    await hire(client, employer, worker)
    withdrawn = await hire(client, employer, worker, started_on="2026-02-01")
    await client.post(f"{EMPLOYMENTS}/{withdrawn['id']}/withdrawal", headers=employer)
    await client.post(LEAVERS, json=make_leaver(worker), headers=employer)
    assert await said(app) == []
    event = MigrantArrived(
        arrival_id=new_id(),
        person_id=new_id(),
        region=VILLAGE,
        origin_region=HOME,
        arrived_on="2026-06-12",
        stay_purpose="work",
        **worker,
    )
    message = event_message(event)
    for received in (message, message, event_message(event)):
        assert await parts_of(app).loop.deliver(received)
    person = str(event.person_id)
    assert [tuple(each) for each in await said(app)] == [
        ("employment-filed.v1", person, "2026-03-10", None),
        ("employment-ended.v1", person, None, "2026-05-31"),
    ]


@pytest.mark.parametrize(
    ("change", "status", "type"),
    [
        ({"ended_on": "2026-03-09"}, 409, "end-before-start"),
        ({"started_on": "2026-03-11"}, 404, "not-found"),
        ({"employer_code": OTHER}, 403, "not-your-filing"),
        ({"ended_on": "2099-01-01"}, 422, "malformed-body"),
        ({"ended_on": "1949-12-31"}, 422, "malformed-body"),
        ({"ended_on": "20260531"}, 422, "malformed-body"),
        ({"employer_code": EMPLOYER[:-1] + "I"}, 422, "malformed-body"),
        ({"wage": 5000}, 422, "malformed-body"),
    ],
)
async def test_leavers_that_are_refused(
    client: httpx.AsyncClient,
    employer: dict[str, str],
    worker: dict[str, str],
    change: dict[str, Any],
    status: int,
    type: str,
) -> None:
    await hire(client, employer, worker)
    answer = await client.post(LEAVERS, json=make_leaver(worker, **change), headers=employer)
    assert problem(answer) == (status, type)


async def test_nobody_finds_out_whom_another_employs(
    client: httpx.AsyncClient,
    employer: dict[str, str],
    rival: dict[str, str],
    worker: dict[str, str],
) -> None:
    """The worker another employer filed, one the county knows and one nobody knows: one answer."""
    filed = await hire(client, employer, worker)
    known = {"name": "陈桂花", "id_number": fresh_id_number()}
    await arrive(client, known)
    bodies = set()
    for each in (worker, known, {"name": "张三", "id_number": fresh_id_number()}):
        body = make_leaver(each, employer_code=OTHER)
        answer = await client.post(LEAVERS, json=body, headers=rival)
        assert answer.status_code == 404
        bodies.add(answer.text)
    assert len(bodies) == 1
    path = f"{EMPLOYMENTS}/{filed['id']}"
    for refused in (
        await client.get(path, headers=rival),
        await client.post(f"{path}/end", json={"ended_on": "2026-05-31"}, headers=rival),
        await client.post(f"{path}/withdrawal", headers=rival),
        await client.patch(path, json={"job": "x"}, headers=rival | {"If-Match": '"1"'}),
    ):
        assert refused.status_code == 404
    assert (await client.get(path, headers=employer)).json() == filed


async def test_a_wrong_name_on_the_number_ends_nothing(
    client: httpx.AsyncClient, employer: dict[str, str], worker: dict[str, str]
) -> None:
    await hire(client, employer, worker)
    body = make_leaver(worker | {"name": "李四"})
    assert (await client.post(LEAVERS, json=body, headers=employer)).status_code == 404


async def test_a_correction_says_what_holds_now(
    client: httpx.AsyncClient, app: FastAPI, employer: dict[str, str], worker: dict[str, str]
) -> None:
    person = await arrive(client, worker)
    filed = await hire(client, employer, worker)
    path = f"{EMPLOYMENTS}/{filed['id']}"
    change = {"started_on": "2026-03-12", "ended_on": "2026-04-01", "region": OTHER_VILLAGE}
    tagged = employer | {"If-Match": '"1"'}
    changed = await client.patch(path, json=change, headers=tagged)
    assert changed.status_code == 200, changed.text
    assert (changed.json()["status"], changed.headers["ETag"]) == ("ended", '"2"')
    assert problem(await client.patch(path, json=change, headers=tagged)) == (412, "stale-version")
    goes_on = employer | {"If-Match": '"2"'}
    reopened = await client.patch(path, json={"ended_on": None}, headers=goes_on)
    assert (reopened.json()["status"], reopened.json()["ended_on"]) == ("filed", None)
    assert [tuple(each) for each in (await said(app))[1:]] == [
        ("employment-corrected.v1", person, "2026-03-12", "2026-04-01"),
        ("employment-corrected.v1", person, "2026-03-12", None),
    ]
    last = employer | {"If-Match": '"3"'}
    for wrong, refused in (
        ({"ended_on": "2026-03-11"}, (409, "end-before-start")),
        ({"region": "420381100"}, (403, "outside-jurisdiction")),
        ({"worker": worker}, (422, "malformed-body")),
    ):
        assert problem(await client.patch(path, json=wrong, headers=last)) == refused
    assert (await client.patch(path, json={}, headers=employer)).status_code == 428


async def test_two_filings_never_come_to_say_the_same(
    client: httpx.AsyncClient, employer: dict[str, str], worker: dict[str, str]
) -> None:
    await hire(client, employer, worker)
    other = await hire(client, employer, worker, started_on="2026-04-01")
    answer = await client.patch(
        f"{EMPLOYMENTS}/{other['id']}",
        json={"started_on": "2026-03-10"},
        headers=employer | {"If-Match": '"1"'},
    )
    assert problem(answer) == (409, "already-filed")


async def test_a_withdrawn_filing_is_over_and_can_be_made_anew(
    client: httpx.AsyncClient, app: FastAPI, employer: dict[str, str], worker: dict[str, str]
) -> None:
    person = await arrive(client, worker)
    filed = await hire(client, employer, worker)
    path = f"{EMPLOYMENTS}/{filed['id']}"
    gone = await client.post(f"{path}/withdrawal", headers=employer)
    assert (gone.status_code, gone.json()["status"]) == (200, "withdrawn")
    for answer in (
        await client.post(f"{path}/withdrawal", headers=employer),
        await client.post(f"{path}/end", json={"ended_on": "2026-05-31"}, headers=employer),
        await client.patch(path, json={"job": "x"}, headers=employer | {"If-Match": '"2"'}),
    ):
        assert problem(answer) == (409, "filing-withdrawn")
    left = await client.post(LEAVERS, json=make_leaver(worker), headers=employer)
    assert left.status_code == 404
    await hire(client, employer, worker)
    kinds = [(each["kind"], each["person"]) for each in await said(app)]
    assert kinds == [(f"employment-{kind}.v1", person) for kind in ("filed", "withdrawn", "filed")]


async def test_her_own_copy_has_it_and_what_was_withdrawn_can_be_erased(
    client: httpx.AsyncClient, employer: dict[str, str], worker: dict[str, str]
) -> None:
    person = await arrive(client, worker)
    await hire(client, employer, worker)
    wrong = await hire(client, employer, worker, started_on="2026-02-01")
    await client.post(f"{EMPLOYMENTS}/{wrong['id']}/withdrawal", headers=employer)
    await client.post(LEAVERS, json=make_leaver(worker), headers=employer)
    export = f"/migrant/v1/people/{person}/export"
    access = {"Purpose": "subject-access"}
    jobs = (await client.get(export, headers=access)).json()["employments"]
    assert [(each["ended_on"], each["withdrawn_at"] is None) for each in jobs] == [
        ("2026-05-31", True),
        (None, False),
    ]
    erased = (await client.post(f"/migrant/v1/people/{person}/erasure", headers=access)).json()
    counts = {each["kind"]: (each["erased"], each["held"]) for each in erased["kinds"]}
    assert (counts["employments"], counts["employments-withdrawn"]) == ((0, 1), (1, 0))
    jobs = (await client.get(export, headers=access)).json()["employments"]
    assert [each["ended_on"] for each in jobs] == ["2026-05-31"]


async def test_the_list_is_of_ones_own_receipts(
    client: httpx.AsyncClient, employer: dict[str, str], rival: dict[str, str], issuer: Issuer
) -> None:
    ids = [
        (await hire(client, employer, {"name": "张三", "id_number": fresh_id_number()}))["id"]
        for _ in range(3)
    ]
    body = make_filing(employer_code=OTHER, worker={"name": "张三", "id_number": fresh_id_number()})
    theirs = (await client.post(EMPLOYMENTS, json=body, headers=rival)).json()["id"]

    async def listed(headers: dict[str, str], **query: Any) -> list[str]:
        found: list[str] = []
        query["limit"] = 2
        while True:
            answer = await client.get(EMPLOYMENTS, params=query, headers=headers)
            page = answer.json()
            assert answer.status_code == 200 and len(page["items"]) <= 2
            assert not {"worker", "person_id", "id_number"} & set(page["items"][0])
            found += [each["id"] for each in page["items"]]
            if page["next"] is None:
                return found
            query["cursor"] = page["next"]

    assert await listed(employer) == ids[::-1]
    assert await listed(rival) == [theirs]
    assert await listed(rival, employer_code=EMPLOYER) == [theirs]
    office = dict(client.headers)
    assert await listed(office) == [theirs, *ids[::-1]]
    assert await listed(office, employer_code=EMPLOYER) == ids[::-1]
    elsewhere = bearer(issuer, scope="migrant:write", region="420381")
    assert (await client.get(EMPLOYMENTS, headers=elsewhere)).json()["items"] == []
    self_token = bearer(issuer, scope="self")
    assert (await client.get(EMPLOYMENTS, headers=self_token)).status_code == 403


async def test_an_office_files_for_the_employer_at_its_desk(
    client: httpx.AsyncClient, employer: dict[str, str], worker: dict[str, str], issuer: Issuer
) -> None:
    filed = await hire(client, {}, worker)
    left = await client.post(LEAVERS, json=make_leaver(worker))
    assert left.json()["status"] == "ended"
    shown = await client.get(f"{EMPLOYMENTS}/{filed['id']}", headers=employer)
    assert shown.json()["status"] == "ended"
    elsewhere = bearer(issuer, scope="migrant:write", region="420381")
    assert (await client.get(f"{EMPLOYMENTS}/{filed['id']}", headers=elsewhere)).status_code == 404


async def test_who_has_no_scope_or_no_purpose(
    client: httpx.AsyncClient, employer: dict[str, str], worker: dict[str, str], issuer: Issuer
) -> None:
    filed = await hire(client, employer, worker)
    path = f"{EMPLOYMENTS}/{filed['id']}"
    reader = bearer(issuer, scope="migrant:read")
    del employer["Purpose"], client.headers["Purpose"]
    for method, address, body in (
        ("POST", LEAVERS, make_leaver(worker)),
        ("POST", f"{path}/end", {"ended_on": "2026-05-31"}),
        ("POST", f"{path}/withdrawal", None),
        ("PATCH", path, {"job": "x"}),
    ):
        tag = {"If-Match": '"1"'}
        refused = await client.request(method, address, json=body, headers=reader | tag)
        assert refused.status_code == 403
        mute = await client.request(method, address, json=body, headers=employer | tag)
        assert problem(mute) == (400, "purpose-required")
