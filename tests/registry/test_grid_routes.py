"""Posts, areas, loads, coverage and gaps over HTTP."""

from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from services.registry.grid.coverage import households_per_liaison
from shared.ids import new_id
from shared.testing import Issuer, client_of
from tests.conftest import ServiceFactory, parts_of
from tests.registry.grid_samples import (
    HERE,
    OTHER_TOWNSHIP,
    PATH,
    THERE,
    done,
    make_appointment,
    make_chain,
    make_home,
    make_household,
    make_post,
    read,
)

ON = "2024-02-01"


@pytest.fixture
async def app(start_service: ServiceFactory) -> Any:
    async with start_service("registry") as app:
        yield app


@pytest.fixture
async def client(app: FastAPI, issuer: Issuer) -> Any:
    token = issuer.token(scope="registry:read registry:write")
    headers = {"Purpose": "registration", "Accept-Language": "en"}
    async with client_of(app, token, headers) as client:
        yield client


async def home(app: FastAPI, building: str, rooms: int, **more: Any) -> tuple[UUID, list[UUID]]:
    parts = parts_of(app)
    async with parts.database.transaction(parts.actor) as tx:
        return await make_home(tx, building, rooms, **more)


async def give(client: httpx.AsyncClient, post: dict[str, Any], **items: Any) -> Any:
    body = {"on": ON} | {name: [str(each) for each in listed] for name, listed in items.items()}
    return await done(client, f"grid-posts/{post['id']}/area-changes", body, 200)


async def appoint(client: httpx.AsyncClient, post: dict[str, Any], **more: Any) -> Any:
    return await done(client, f"grid-posts/{post['id']}/staffings", make_appointment(**more))


async def total(client: httpx.AsyncClient) -> dict[str, Any]:
    return dict((await read(client, "grid-coverage"))["total"])


async def test_the_chain_is_set_up_level_by_level(client: httpx.AsyncClient) -> None:
    chain = await make_chain(client)
    assert [post["level"] for post in chain] == [
        "community",
        "coordinator",
        "liaison",
        "building-head",
    ]
    root = await read(client, f"grid-posts/{chain[0]['id']}")
    assert root["beneath"] == [chain[1]["id"]]
    assert (root["held"], root["load"]) == (False, None)


@pytest.mark.parametrize(
    ("level", "above", "region"),
    [
        ("liaison", 0, HERE),  # skips a level
        ("coordinator", None, HERE),
        ("community", 0, THERE),
        ("coordinator", 0, THERE),  # under another community's post
    ],
)
async def test_a_post_in_the_wrong_place(
    client: httpx.AsyncClient, level: str, above: int | None, region: str
) -> None:
    chain = await make_chain(client)
    body = make_post(level, "99", region=region)
    if above is not None:
        body["parent_id"] = chain[above]["id"]
    answer = await client.post(f"{PATH}/grid-posts", json=body)
    assert answer.status_code == 409
    assert answer.json()["type"].endswith("wrong-place-in-chain")


async def test_a_community_has_one_post_and_each_number_once(client: httpx.AsyncClient) -> None:
    chain = await make_chain(client)
    for body in (
        make_post("community", "02"),
        make_post("coordinator", "01-01", parent_id=chain[0]["id"]),
    ):
        answer = await client.post(f"{PATH}/grid-posts", json=body)
        assert answer.json()["type"].endswith("post-number-taken")


async def test_households_are_served_by_building_by_part_and_by_themselves(
    app: FastAPI, client: httpx.AsyncClient
) -> None:
    *_, liaison, head = await make_chain(client)
    building, _ = await home(app, "1", 3)
    _, in_estate = await home(app, "2", 4, estate="桂花苑")
    _, others = await home(app, "3", 5)
    await give(client, head, add_dwellings=[building], add_estates=["桂花苑"])
    await give(client, liaison, add_households=[others[0], in_estate[0]])
    await appoint(client, head)
    await appoint(client, liaison, name="赵兰")
    assert (await read(client, f"grid-posts/{head['id']}"))["households"] == 6
    # the narrower goes before the wider: one of the estate's is the liaison officer's own
    assert (await read(client, f"grid-posts/{liaison['id']}"))["households"] == 2
    seen = await total(client)
    assert (seen["households"], seen["households_served"]) == (12, 8)
    assert (seen["households_without"], seen["households_vacant"]) == (4, 0)
    assert (seen["dwellings"], seen["dwellings_without"]) == (3, 1)


async def test_a_new_building_of_a_served_part_is_served_at_once(
    app: FastAPI, client: httpx.AsyncClient
) -> None:
    head = (await make_chain(client))[-1]
    await give(client, head, add_estates=["桂花苑"])
    await appoint(client, head)
    await home(app, "7", 9, estate="桂花苑")
    seen = await total(client)
    assert (seen["households_served"], seen["dwellings_without"]) == (9, 0)


async def test_loads_outside_eight_to_fifteen_are_found(
    app: FastAPI, client: httpx.AsyncClient
) -> None:
    chain = await make_chain(client)
    heads = [chain[-1]]
    for number in ("2", "3", "4"):
        body = make_post("building-head", f"01-01-01-{number}", parent_id=chain[2]["id"])
        heads.append(await done(client, "grid-posts", body))
    for head, households in zip(heads, (7, 8, 15, 16), strict=True):
        building, _ = await home(app, head["number"], households)
        await give(client, head, add_dwellings=[building])
        await appoint(client, head, name="李梅")
    loads = {
        each["number"]: each["load"]
        for each in (await read(client, "grid-posts?level=building-head"))["items"]
    }
    assert list(loads.values()) == ["under", "within", "within", "over"]
    over = (await read(client, "grid-posts?load=over"))["items"]
    assert [each["households"] for each in over] == [16]
    seen = await total(client)
    assert (seen["underloaded"], seen["overloaded"]) == (1, 1)
    assert (seen["vacant"], seen["households_served"]) == (3, 46)  # the three posts above
    vacant = await read(client, "grid-posts?vacant=true&limit=2")
    rest = await read(client, f"grid-posts?vacant=true&limit=2&cursor={vacant['next']}")
    assert len(vacant["items"] + rest["items"]) == 3


async def test_what_is_over_is_data_a_county_changes(
    app: FastAPI, client: httpx.AsyncClient
) -> None:
    head = (await make_chain(client))[-1]
    building, _ = await home(app, "1", 16)
    await give(client, head, add_dwellings=[building])
    answer = await client.put(
        f"{PATH}/service-limits/liaison-households-most",
        json={"region": "420325", "value": 20, "source": "文件若干"},
    )
    assert answer.status_code == 200
    assert (await read(client, f"grid-posts/{head['id']}"))["load"] == "within"


async def test_gaps_are_listed_by_id(app: FastAPI, client: httpx.AsyncClient) -> None:
    head = (await make_chain(client))[-1]
    building, vacant = await home(app, "1", 2)
    bare, without = await home(app, "2", 3)
    await home(app, "3", 1, region=OTHER_TOWNSHIP)
    await give(client, head, add_dwellings=[building])
    gaps = (await read(client, f"grid-gaps?region={HERE}"))["items"]
    assert {each["household_id"]: each["coverage"] for each in gaps} == dict.fromkeys(
        map(str, vacant), "vacant"
    ) | dict.fromkeys(map(str, without), "none")
    assert set(gaps[0]) == {"household_id", "dwelling_id", "region", "coverage"}
    buildings = (await read(client, f"grid-gaps?of=dwellings&region={HERE}"))["items"]
    assert {(each["dwelling_id"], each["coverage"]) for each in buildings} == {
        (str(building), "vacant"),
        (str(bare), "none"),
    }
    first = await read(client, "grid-gaps?limit=4")
    rest = await read(client, f"grid-gaps?limit=4&cursor={first['next']}")
    assert (len(first["items"]), len(rest["items"]), rest["next"]) == (4, 2, None)
    await appoint(client, head)
    assert len((await read(client, f"grid-gaps?region={HERE}"))["items"]) == 3


async def test_a_household_that_moves_is_served_where_it_lives(
    app: FastAPI, client: httpx.AsyncClient
) -> None:
    here = (await make_chain(client))[-1]
    there = (await make_chain(client, THERE))[-1]
    _, (household, *_) = await home(app, "1", 2)
    building, _ = await home(app, "9", 0, region=THERE)
    await give(client, here, add_households=[household])
    for post, name in ((here, "李梅"), (there, "赵兰")):
        await appoint(client, post, name=name)
    parts = parts_of(app)
    async with parts.database.transaction(parts.actor) as tx:
        room = new_id()
        await tx.execute(
            "INSERT INTO rooms (id, dwelling_id, number) VALUES ($1, $2, '1')", room, building
        )
        await tx.execute(
            "UPDATE persons SET room_id = $1, residence_region = $2 WHERE household_id = $3",
            room,
            THERE,
            household,
        )
    gaps = (await read(client, f"grid-gaps?region={THERE}"))["items"]
    assert [each["household_id"] for each in gaps] == [str(household)]
    await give(client, there, add_households=[household])  # the former post lets go by itself
    assert (await read(client, f"grid-gaps?region={THERE}"))["items"] == []
    assert (await read(client, f"grid-posts/{here['id']}"))["area"] == []


async def test_one_household_has_one_post(app: FastAPI, client: httpx.AsyncClient) -> None:
    *_, liaison, head = await make_chain(client)
    building, households = await home(app, "1", 2)
    await give(client, head, add_households=households, add_dwellings=[building])
    again = await give(client, head, add_households=households)
    assert len(again["area"]) == 3
    for items in ({"add_households": [str(households[0])]}, {"add_dwellings": [str(building)]}):
        answer = await client.post(
            f"{PATH}/grid-posts/{liaison['id']}/area-changes", json={"on": ON} | items
        )
        assert answer.status_code == 409
        assert answer.json()["post_id"] == head["id"]
    await give(client, head, remove_households=households[:1])
    await give(client, liaison, add_households=households[:1])


@pytest.mark.parametrize(
    ("items", "status"),
    [
        ({"add_households": [str(new_id())]}, 404),
        ({"add_dwellings": [str(new_id())]}, 404),
        ({"on": "2023-12-31"}, 409),  # before the post
        ({"on": "2999-01-01"}, 422),
        ({"add_estates": ["\u202e"]}, 422),
        ({"add_estates": [""]}, 422),
        ({"add_persons": []}, 422),
        ({"add_households": [str(new_id())] * 501}, 422),
    ],
)
async def test_bad_areas_are_refused(
    client: httpx.AsyncClient, items: dict[str, Any], status: int
) -> None:
    head = (await make_chain(client))[-1]
    answer = await client.post(
        f"{PATH}/grid-posts/{head['id']}/area-changes", json={"on": ON} | items
    )
    assert answer.status_code == status, answer.text


async def test_a_coordinator_has_no_area_of_her_own(client: httpx.AsyncClient) -> None:
    coordinator = (await make_chain(client))[1]
    answer = await client.post(
        f"{PATH}/grid-posts/{coordinator['id']}/area-changes",
        json={"on": ON, "add_estates": ["桂花苑"]},
    )
    assert answer.status_code == 409


async def test_a_closed_post_leaves_a_gap(app: FastAPI, client: httpx.AsyncClient) -> None:
    *_, liaison, head = await make_chain(client)
    building, _ = await home(app, "1", 9)
    await give(client, head, add_dwellings=[building])
    await appoint(client, head)
    refused = await client.post(f"{PATH}/grid-posts/{liaison['id']}/closure", json={"on": ON})
    assert refused.status_code == 409  # one beneath is open
    closed = await done(client, f"grid-posts/{head['id']}/closure", {"on": "2024-03-01"}, 200)
    assert (closed["until"], closed["area"]) == ("2024-03-01", [])
    (staffing,) = await read(client, f"grid-posts/{head['id']}/staff")
    assert (staffing["until"], staffing["ended_for"]) == ("2024-03-01", "place-closed")
    assert (await total(client))["households_without"] == 9
    again = await client.post(f"{PATH}/grid-posts/{head['id']}/closure", json={"on": ON})
    assert again.status_code == 409
    number = make_post("building-head", head["number"], parent_id=liaison["id"])
    await done(client, "grid-posts", number)  # the number is free again


async def test_coordinators_due_and_households_per_liaison(
    app: FastAPI, client: httpx.AsyncClient
) -> None:
    head = (await make_chain(client))[-1]
    building, _ = await home(app, "1", 12)
    await give(client, head, add_dwellings=[building])
    await appoint(client, head)
    limit = {"region": "420325", "value": 11, "source": "文件若干"}
    path = f"{PATH}/service-limits/coordinator-households"
    assert (await client.put(path, json=limit)).status_code == 200
    seen = await total(client)
    assert (seen["coordinators"], seen["coordinators_due"]) == (1, 2)
    parts = parts_of(app)
    async with parts.database.transaction(parts.actor) as tx:
        figure, *_ = await households_per_liaison(None, tx)
    assert (figure.households, figure.liaisons) == (12, 1)


async def test_open_tasks_of_an_area(app: FastAPI, client: httpx.AsyncClient) -> None:
    chain = await make_chain(client)
    building, (household, _) = await home(app, "1", 2)
    await give(client, chain[-1], add_dwellings=[building])
    parts = parts_of(app)
    async with parts.database.transaction(parts.actor) as tx:
        elsewhere = await make_household(tx, (await make_home(tx, "2", 0))[0], "1")
        for each in (household, elsewhere):
            await tx.execute(
                "INSERT INTO tasks (id, kind, source, source_id, region, household_id,"
                " happened_on, created_at) VALUES ($1, 'household-changed', 'notice', $2, $3, $4,"
                " '2026-01-01', $5)",
                new_id(),
                new_id(),
                HERE,
                each,
                tx.now,
            )
    for post in chain:  # whoever is above sees what is beneath
        tasks = (await read(client, f"grid-posts/{post['id']}/tasks"))["items"]
        assert [each["household_id"] for each in tasks] == [str(household)]


async def test_scope_jurisdiction_and_purpose(
    app: FastAPI, client: httpx.AsyncClient, issuer: Issuer
) -> None:
    head = (await make_chain(client))[-1]
    paths = [f"grid-posts/{head['id']}{way}" for way in ("", "/staff", "/tasks")]
    foreign = issuer.token(scope="registry:read registry:write", region="420381")
    async with client_of(app, foreign, {"Purpose": "service"}) as stranger:
        for path in paths:
            assert (await stranger.get(f"{PATH}/{path}")).status_code == 404
        assert (await stranger.post(f"{PATH}/grid-posts", json=make_post())).status_code == 403
        for path in ("grid-coverage", "grid-map", "grid-chart", "grid-gaps"):
            answer = await stranger.get(f"{PATH}/{path}?region={HERE}")
            assert answer.status_code == 403, path
        assert (await stranger.get(f"{PATH}/grid-coverage")).json()["total"]["households"] == 0
    reading = issuer.token(scope="registry:read")
    async with client_of(app, reading) as reader:
        assert (await reader.post(f"{PATH}/grid-posts", json=make_post())).status_code == 403
        for path in paths[1:]:
            assert (await reader.get(f"{PATH}/{path}")).status_code == 400  # no purpose
        assert (await reader.get(f"{PATH}/grid-coverage")).status_code == 200
    employer = issuer.token(scope="migrant:employ")
    async with client_of(app, employer, {"Purpose": "employment"}) as stranger:
        for path in ("grid-coverage", "grid-map", "liaison-duties", *paths):
            assert (await stranger.get(f"{PATH}/{path}")).status_code == 403, path
