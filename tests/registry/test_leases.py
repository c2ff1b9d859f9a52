"""Leases filed: by a landlord, an agent or the desk; receipts for who files, and nothing more."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from services.registry.leases.rules import INFORMATION_SHEET, may_see, runs
from services.registry.leases.schemas import LeaseView
from services.registry.persons.merging import merge_persons
from shared.clock import today
from shared.filings.rules import filer_of
from shared.testing import Issuer, make_actor
from tests.conftest import ServiceFactory, parts_of
from tests.registry.places import COUNTY_AWAY, HOME, number
from tests.registry.vital_samples import Desk, open_desk

WIFE = {"name": "王芳", "id_number": number("19900101", 112)}
HUSBAND = {"name": "陈刚", "id_number": number("19890101", 111)}
AGENCY, OTHER_AGENCY = "91350100M000100Y43", "91110000600037341L"
AGENT = {"scope": "registry:lease", "org": AGENCY, "sub": "agent-1"}
PLACE = {"region": HOME, "building": "12", "room": "201"}
LANDLORD = {"name": "陈刚", "id_number": HUSBAND["id_number"]}


@pytest.fixture
async def desk(start_service: ServiceFactory, issuer: Issuer) -> Any:
    async with open_desk(start_service, issuer) as desk:
        yield desk


@pytest.fixture
async def room(desk: Desk) -> str:
    made = await desk.done(
        "dwellings",
        {
            "region": HOME,
            "building": "12",
            "use": "rental",
            "rooms": [{"number": "201"}, {"number": "202"}],
        },
    )
    return str(made["rooms"][0]["id"])


WRONG_DIGIT = LANDLORD["id_number"][:-1] + ("1" if LANDLORD["id_number"][-1] == "0" else "0")


def make_lease(**overrides: Any) -> dict[str, Any]:
    return {
        "reference": "L-1",
        "place": PLACE,
        "landlord": LANDLORD,
        "since": "2024-01-01",
        "until": "2025-01-01",
    } | overrides


# rules


def test_a_lease_runs_until_the_day_it_does_no_more() -> None:
    first, last = today().replace(year=2020), today().replace(year=2021)
    assert runs(first, last, first)
    assert not runs(first, last, last)
    assert runs(first, None, last)


def test_a_person_is_told_apart_from_the_others_of_her_org() -> None:
    agent = make_actor(scopes=frozenset({"registry:lease"}), org="a", sub="x")
    person = make_actor(scopes=frozenset({"registry:lease", "self"}), org="a", sub="y")
    assert (filer_of(agent), filer_of(person)) == ("a", "y")
    assert may_see(agent, "a") and not may_see(agent, "y") and not may_see(person, "a")
    assert may_see(make_actor(), "a")


def test_the_information_sheet_asks_for_no_duty_and_no_rent() -> None:
    said = " ".join(point.zh for point in INFORMATION_SHEET)
    assert "您不为承租人的行为负责" in said
    assert "租金不登记" in said
    assert not {"rent", "price", "deposit", "duty"} & set(LeaseView.model_fields)


# filing


async def test_an_agent_files_and_gets_a_receipt_that_tells_of_nobody(
    desk: Desk, room: str
) -> None:
    known = (await desk.person(HUSBAND))["id"]
    agent = desk.as_actor(**AGENT)
    receipts = []
    for body in (
        make_lease(),
        make_lease(
            reference="L-2",
            landlord={"name": "赵六", "id_number": number("19700101", 113)},
        ),
    ):
        answer = await desk.post("leases", body, **agent)
        assert answer.status_code == 201, answer.text
        assert answer.headers["location"].endswith(answer.json()["id"])
        receipts.append(answer.json())
    differ = {key for key, value in receipts[0].items() if value != receipts[1][key]}
    assert differ == {"id", "reference", "filed_at"}
    assert (receipts[0]["landlord"], receipts[0]["tenants"]) == (None, None)
    assert receipts[0]["room_id"] == room
    seen = (await desk.get(f"leases/{receipts[0]['id']}")).json()["landlord"]
    assert seen == {"person_id": known, "org": None} | LANDLORD
    masked = await desk.get(f"leases/{receipts[0]['id']}", Purpose="oversight")
    assert (
        masked.json()["landlord"]["id_number"]
        == "420325**********11"[:6] + "*" * 10 + (LANDLORD["id_number"][-2:])
    )
    events = await desk.said("lease-filed")
    assert [each["room_id"] for each in events] == [room, room]
    assert not {"landlord", "tenants", "filer"} & events[0].keys()


async def test_who_files_sees_its_own_filings_only(desk: Desk, room: str) -> None:
    agent = desk.as_actor(**AGENT)
    other = desk.as_actor(**(AGENT | {"org": OTHER_AGENCY}))
    mine = await desk.done("leases", make_lease(), **agent)
    theirs = await desk.done("leases", make_lease(), **other)  # references are the filer's own
    assert mine["id"] != theirs["id"]
    path = f"leases/{mine['id']}"
    assert (await desk.get(path, **other)).status_code == 404
    assert (await desk.post(f"{path}/end", {"on": "2024-06-01"}, **other)).status_code == 404
    for who, own in ((agent, mine), (other, theirs)):
        listed = (await desk.get("leases", **who)).json()["items"]
        assert [each["id"] for each in listed] == [own["id"]]
    everybody = (await desk.get("leases?limit=1")).json()
    rest = (await desk.get(f"leases?limit=1&cursor={everybody['next']}")).json()
    assert [each["id"] for each in everybody["items"] + rest["items"]] == [mine["id"], theirs["id"]]
    again = await desk.post("leases", make_lease(), **agent)
    assert again.json()["type"].endswith("/lease-exists")
    assert again.json()["lease_id"] == mine["id"]


async def test_the_same_filing_sent_twice_is_one(desk: Desk, room: str) -> None:
    agent = desk.as_actor(**AGENT) | {"Idempotency-Key": "k-1"}
    first = await desk.post("leases", make_lease(), **agent)
    second = await desk.post("leases", make_lease(), **agent)
    assert first.json() == second.json()
    assert len((await desk.get("leases")).json()["items"]) == 1


async def test_a_landlord_with_a_login_of_her_own_files_what_she_lets(
    desk: Desk, room: str
) -> None:
    me = (await desk.person(WIFE))["id"]
    other = (await desk.person(HUSBAND))["id"]
    own = desk.as_actor(scope="registry:lease self", sub=me, org="residents")
    body = make_lease(landlord={"person_id": me})
    filed = await desk.done("leases", body, **own)
    assert (await desk.get(f"leases/{filed['id']}", **own)).status_code == 200
    hers = make_lease(reference="L-2", landlord={"person_id": other})
    assert (await desk.refused("leases", hers, **own))[:2] == (403, "not-your-room")
    neighbour = desk.as_actor(scope="registry:lease self", sub=other, org="residents")
    assert (await desk.get(f"leases/{filed['id']}", **neighbour)).status_code == 404
    exported = await desk.get(f"persons/{me}/export", **own, Purpose="subject-access")
    assert [each["role"] for each in exported.json()["leases"]] == ["landlord"]


async def test_only_an_office_names_people_by_the_registers_ids(desk: Desk, room: str) -> None:
    tenant = (await desk.person(WIFE))["id"]
    agent = desk.as_actor(**AGENT)
    named = make_lease(tenants=[tenant])
    assert (await desk.refused("leases", named, **agent))[0] == 403
    assert (await desk.refused("leases", make_lease(tenants=[str(uuid4())]), **agent))[0] == 403
    by_id = make_lease(landlord={"person_id": tenant})
    assert (await desk.refused("leases", by_id, **agent))[0] == 403
    filed = await desk.done("leases", named)
    assert filed["tenants"] == [tenant]
    unknown = make_lease(reference="L-2", tenants=[str(uuid4())])
    assert (await desk.refused("leases", unknown))[0] == 404
    exported = await desk.get(f"persons/{tenant}/export", Purpose="subject-access")
    assert [each["role"] for each in exported.json()["leases"]] == ["tenant"]


@pytest.mark.parametrize(
    "change",
    [
        {"until": "2023-12-31"},
        {"since": "1879-12-31"},
        {"since": "2200-01-01", "until": None},
        {"since": 20240101},
        {"landlord": {}},
        {"landlord": {"name": "陈刚"}},
        {"landlord": {"org": AGENCY, "name": "陈刚", "id_number": LANDLORD["id_number"]}},
        {"landlord": {"org": "91350100M000100Y4Z"}},
        {"landlord": {"name": "陈刚", "id_number": WRONG_DIGIT}},
        {"place": None},
        {"room_id": str(uuid4())},
        {"reference": ""},
        {"rent": 1500},
        {"tenants": [str(uuid4())] * 2},
    ],
)
async def test_bad_filings(desk: Desk, room: str, change: dict[str, Any]) -> None:
    answer = await desk.post("leases", make_lease(**change))
    assert answer.status_code == 422, answer.text


async def test_a_lease_is_of_a_room_that_is_there(desk: Desk, room: str) -> None:
    for place in (PLACE | {"room": "999"}, PLACE | {"building": "99"}):
        assert (await desk.refused("leases", make_lease(place=place)))[0] == 404
    by_id = make_lease(place=None, room_id=str(uuid4()))
    assert (await desk.refused("leases", by_id))[0] == 404
    await desk.done(f"rooms/{room}/closure", {"on": "2023-01-01"})
    assert (await desk.refused("leases", make_lease()))[1] == "home-closed"
    foreign = desk.as_actor(scope="registry:write", region=COUNTY_AWAY)
    assert (await desk.refused("leases", make_lease(), **foreign))[0] == 404


# what becomes of it


async def test_a_lease_is_renewed_where_it_ends(desk: Desk, room: str) -> None:
    tenant = (await desk.person(WIFE))["id"]
    filed = await desk.done("leases", make_lease(tenants=[tenant]))
    assert filed["state"] == "over"
    path = f"leases/{filed['id']}"
    early = {"reference": "L-2", "until": "2024-06-01"}
    assert (await desk.refused(f"{path}/renewal", early))[1] == "dates-out-of-order"
    renewed = await desk.done(f"{path}/renewal", {"reference": "L-2"})
    assert (renewed["since"], renewed["until"], renewed["state"]) == ("2025-01-01", None, "running")
    assert (renewed["renews"], renewed["tenants"]) == (filed["id"], [tenant])
    assert renewed["landlord"]["id_number"] == LANDLORD["id_number"]
    assert (await desk.get(path)).json()["renewed_by"] == renewed["id"]
    assert (await desk.refused(f"{path}/renewal", {"reference": "L-3"}))[1] == "lease-over"
    assert (await desk.refused(f"{path}/end", {"on": "2024-06-01"}))[1] == "lease-over"
    endless = await desk.refused(f"leases/{renewed['id']}/renewal", {"reference": "L-3"})
    assert endless[1] == "lease-without-end"


async def test_a_lease_ends_early_and_is_let_no_more(desk: Desk, room: str) -> None:
    filed = await desk.done("leases", make_lease(until=None))
    path = f"leases/{filed['id']}"
    assert (await desk.refused(f"{path}/end", {"on": "2023-06-01"}))[1] == "dates-out-of-order"
    ended = await desk.done(f"{path}/end", {"on": "2024-06-01"})
    assert (ended["until"], ended["state"], ended["version"]) == ("2024-06-01", "over", 2)
    assert (await desk.refused(f"{path}/end", {"on": "2024-06-01"}))[1] == "lease-over"
    assert [each["ended_on"] for each in await desk.said("lease-ended")] == ["2024-06-01"]
    for day, count in (("2024-05-31", 1), ("2024-06-01", 0)):
        assert len((await desk.get(f"leases?on={day}&room_id={room}")).json()["items"]) == count
    before = await desk.rows(
        "SELECT fact -> 'until' AS until FROM earlier_facts WHERE kind = 'leases'"
    )
    assert [each["until"] for each in before] == [None]


async def test_a_filing_is_corrected(desk: Desk, room: str) -> None:
    tenant = (await desk.person(WIFE))["id"]
    agent = desk.as_actor(**AGENT)
    filed = await desk.done("leases", make_lease(), **agent)
    path = f"/registry/v1/leases/{filed['id']}"
    agents = agent | {"If-Match": '"1"'}
    assert (await desk.office.patch(path, json={}, headers=agent)).status_code == 428
    done = await desk.office.patch(
        path, json={"since": "2024-02-01", "landlord": {"org": AGENCY}}, headers=agents
    )
    assert (done.status_code, done.json()["since"]) == (200, "2024-02-01")
    stale = await desk.office.patch(path, json={"until": None}, headers=agents)
    assert stale.status_code == 412
    headers = {"If-Match": '"2"'}
    wrong = await desk.office.patch(path, json={"until": "2023-01-01"}, headers=headers)
    assert wrong.status_code == 409
    office = await desk.office.patch(
        path, json={"tenants": [tenant], "until": None}, headers=headers
    )
    assert office.json()["tenants"] == [tenant]
    assert office.json()["until"] is None
    nobody = await desk.office.patch(path, json={"tenants": []}, headers={"If-Match": '"3"'})
    assert nobody.json()["tenants"] == []
    assert office.json()["landlord"] == {
        "person_id": None,
        "org": AGENCY,
        "name": None,
        "id_number": None,
    }


async def test_a_lease_follows_a_merge(desk: Desk, room: str) -> None:
    kept, merged = (await desk.person(WIFE))["id"], (await desk.person(HUSBAND))["id"]
    filed = await desk.done("leases", make_lease(tenants=[merged, kept]))
    parts = parts_of(desk.app)
    async with parts.database.transaction(parts.actor) as tx:
        await merge_persons(UUID(kept), UUID(merged), tx)
    now = (await desk.get(f"leases/{filed['id']}")).json()
    assert (now["landlord"]["person_id"], now["tenants"]) == (kept, [kept])


async def test_who_may_file_and_who_may_look(desk: Desk, room: str) -> None:
    filed = await desk.done("leases", make_lease())
    path = f"leases/{filed['id']}"
    for scope in ("registry:read", "registry:report", "self", "migrant:employ"):
        actor = desk.as_actor(scope=scope)
        assert (await desk.refused("leases", make_lease(reference="x"), **actor))[0] == 403
    for scope in ("registry:report", "self"):
        assert (await desk.get(path, **desk.as_actor(scope=scope))).status_code == 403
    foreign = desk.as_actor(scope="registry:read", region=COUNTY_AWAY)
    assert (await desk.get(path, **foreign)).status_code == 404
    assert (await desk.get("leases", **foreign)).json()["items"] == []
    assert (await desk.get(f"leases?region={HOME}", **foreign)).status_code == 403
    del desk.office.headers["Purpose"]
    assert (await desk.get(path)).status_code == 400
    assert (await desk.post("leases", make_lease(reference="x"))).status_code == 400


async def test_a_landlord_reads_what_to_know(desk: Desk) -> None:
    agent = desk.as_actor(**AGENT)
    zh = await desk.get("landlord-information-sheet", **agent, **{"Accept-Language": "zh"})
    en = await desk.get("landlord-information-sheet", **agent)
    assert zh.json()["title"] == "房屋出租告知书"
    assert len(zh.json()["points"]) == len(en.json()["points"]) == len(INFORMATION_SHEET)
