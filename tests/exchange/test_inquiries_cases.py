"""One matter, three parties: each sees its own question, and the asking side sees the answers side
by side."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from services.exchange.app import create
from services.exchange.settings import Settings
from shared.ids import new_id
from shared.testing import Issuer, client_of, running, service_settings
from tests.conftest import Cluster
from tests.exchange.federation import (
    COUNTY,
    OTHER,
    FakeBus,
    Federation,
    Node,
    database_of,
    settled,
)
from tests.exchange.samples import id_number, make_case

EMPLOYER = "employer-91350100"


@dataclass
class Town:
    """Two counties, their city, and an employer of the other county, everybody admitted."""

    friends: Federation
    here: Node
    home: Node
    employer: Node


@asynccontextmanager
async def employer_of(friends: Federation, cluster: Cluster, issuer: Issuer) -> AsyncIterator[Node]:
    """One more node, which the city admits as an employer."""
    bus = FakeBus()
    dsn = await database_of(cluster, EMPLOYER)
    told = {"node_id": EMPLOYER, "region": "420381", "node_level": "employer"}
    named = {"node_name": "第一机械厂", "public_url": f"http://{EMPLOYER}.test"}
    settings = Settings(**service_settings("exchange", dsn, issuer, **told, **named))
    app = create(settings, bus, open_peer=friends.network.open_client)
    friends.network.apps[EMPLOYER] = app
    async with running(app):
        node = Node(EMPLOYER, "420381", app, issuer, bus)
        friends.nodes[EMPLOYER] = node
        await friends.admit_all()
        yield node


@pytest.fixture
async def town(strangers: Federation, cluster: Cluster, issuer: Issuer) -> AsyncIterator[Town]:
    async with employer_of(strangers, cluster, issuer) as employer:
        yield Town(strangers, strangers[COUNTY], strangers[OTHER], employer)


def with_employer(**overrides: Any) -> dict[str, Any]:
    """Residence 420325 asks the home county and the employer."""
    home = {
        "party": "home",
        "kind": "address-confirmation",
        "to_region": "420381",
        "question": {"address_region": "420381001", "address": "人民路1号"},
    }
    employer = {
        "party": "employer",
        "kind": "employment-confirmation",
        "to_node": EMPLOYER,
        "question": {"on": "2026-05-01"},
    }
    return make_case(parts=[home, employer]) | overrides


async def test_the_employer_sees_its_own_question_and_nothing_else(town: Town) -> None:
    case = await town.here.call("POST", "/inquiry-cases", with_employer(), expect=201)
    assert (case["parts"], case["answered"], case["over"]) == (2, 0, 0)
    await settled(town.friends)
    (asked,) = (await town.employer.call("GET", "/inquiries"))["items"]
    view = await town.employer.call("GET", f"/inquiries/{asked['id']}")
    assert view["subject"] == {"name": "王芳", "id_tail": id_number()[-4:]}
    assert view["question"] == {"on": "2026-05-01"}
    assert (view["case_id"], view["party"]) == (None, None)
    got = [str(body) for to, body in town.friends.network.sent if to == EMPLOYER]
    for secret in (id_number(), "人民路", case["id"], case["inquiries"][0]["id"]):
        assert not [body for body in got if secret in body]
    body = {"answer": {"works_here": True, "since": "2024-03-01"}}
    await town.employer.call("POST", f"/inquiries/{asked['id']}/answer", body)
    home = case["inquiries"][0]["id"]
    answer = {"answer": {"lives_there": False}}
    await town.home.call("POST", f"/inquiries/{home}/answer", answer)
    await settled(town.friends)
    joined = await town.here.call("GET", f"/inquiry-cases/{case['id']}")
    answers = {each["party"]: each["answer"] for each in joined["inquiries"]}
    assert answers == {
        "home": {"lives_there": False},
        "employer": {"works_here": True, "since": "2024-03-01"},
    }
    for each in joined["inquiries"]:
        await town.here.call("POST", f"/inquiries/{each['id']}/close", {"correct": True})
    (listed,) = (await town.here.call("GET", "/inquiry-cases"))["items"]
    assert (listed["answered"], listed["over"]) == (2, 2)
    assert "王芳" not in str(listed)
    # what comes from the employer about another's part is refused
    await town.home.call("GET", f"/inquiry-cases/{case['id']}", expect=404)
    await town.employer.call("GET", f"/inquiry-cases/{case['id']}", expect=404)
    await town.employer.call("GET", f"/inquiries/{home}", expect=404)


async def test_an_employer_asks_nobody_and_is_asked_nothing_else(town: Town) -> None:
    case = with_employer()
    wrong = [
        {"party": "employer", "kind": "address-confirmation", "to_node": EMPLOYER},
        {"party": "residence", "kind": "employment-confirmation", "to_region": "420381"},
    ]
    for part in wrong:
        parts = [case["parts"][0], part | {"question": {"on": "2026-05-01"}}]
        await town.here.call("POST", "/inquiry-cases", with_employer(parts=parts), expect=422)
    whole = {
        "kind": "address-confirmation",
        "to_node": EMPLOYER,
        "subject": {"name": "王芳", "id_number": id_number()},
        "question": {"address_region": "420381001"},
    }
    refused = await town.here.call("POST", "/inquiries", whole, expect=409)
    assert refused["type"].endswith("not-for-them")
    county = {
        "kind": "employment-confirmation",
        "to_region": "420381",
        "subject": {"name": "王芳", "id_tail": "1224"},
        "question": {"on": "2026-05-01"},
    }
    await town.here.call("POST", "/inquiries", county, expect=409)
    asks = county | {"to_region": "420325"}
    await town.employer.call("POST", "/inquiries", asks, expect=409)
    await town.employer.call("POST", "/inquiries", whole | {"to_node": COUNTY}, expect=403)
    assert (await town.here.call("GET", "/inquiries"))["items"] == []


async def test_all_parts_are_opened_or_none(town: Town) -> None:
    case = with_employer()
    home, employer = case["parts"]
    bad = [
        with_employer(parts=[home]),
        with_employer(parts=[home, home]),
        with_employer(parts=[home, employer | {"question": {"salary": 1}}]),
        with_employer(parts=[home, employer | {"secret": 1}]),
        with_employer(id_number="42"),
    ]
    for body in bad:
        await town.here.call("POST", "/inquiry-cases", body, expect=422)
    gone = employer | {"to_node": "employer-unknown"}
    await town.here.call("POST", "/inquiry-cases", with_employer(parts=[home, gone]), expect=409)
    await town.here.call("POST", "/inquiry-cases", case, expect=403, scope="exchange:read")
    await town.here.call("POST", "/inquiry-cases", case, expect=403, region="420381")
    token = town.here.issuer.token(scope="exchange:write", region=town.here.region)
    async with client_of(town.here.app, token) as client:
        assert (await client.post("/exchange/v1/inquiry-cases", json=case)).status_code == 400
    for table in ("inquiries", "inquiry_cases", "messages_out"):
        assert await town.here.fetch(f"SELECT 1 FROM {table}") == []
    first = await town.here.call("POST", "/inquiry-cases", case, expect=201)
    again = await town.here.call("POST", "/inquiry-cases", case, expect=409)
    assert again["type"].endswith("reference-used")
    await town.here.call("GET", f"/inquiry-cases/{first['id']}", expect=404, region="420381")
    await town.here.call("GET", f"/inquiry-cases/{new_id()}", expect=404)


async def test_she_sees_the_looks_at_all_of_it(town: Town) -> None:
    person = new_id()
    body = with_employer(person_id=str(person))
    case = await town.here.call("POST", "/inquiry-cases", body, expect=201)
    await town.here.call("GET", f"/inquiry-cases/{case['id']}")
    found = await town.here.fetch(
        "SELECT count(*) AS n FROM usage_entries AS u JOIN subject_aliases AS a"
        " ON a.alias_id = u.subject_id WHERE a.subject_id = $1",
        person,
    )
    token = town.here.issuer.token(scope="self", sub=str(person))
    async with client_of(town.here.app, token, {"X-Road-UserId": "portal"}) as client:
        url = f"/exchange/datatracker/v2/findUsage?userCode={person}"
        assert (await client.get(url)).json()["totalUsages"] == found[0]["n"] > 3
