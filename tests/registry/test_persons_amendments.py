"""Notices of other counties that are amended or taken back. Everything is delivered twice."""

from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import pytest
from fastapi import FastAPI

from shared.events.exchange import NoticeAmended, NoticeReceived
from shared.ids import new_id
from tests.conftest import ServiceFactory, parts_of
from tests.registry.places import AWAY, HOME, load_places, number
from tests.registry.test_persons_consumer import hear, notice, register_local, rows

UNKNOWN = number("19660606", 18)


@pytest.fixture
async def app(start_service: ServiceFactory) -> AsyncIterator[FastAPI]:
    async with start_service("registry") as app:
        async with parts_of(app).database.acquire() as connection:
            await load_places(connection)
        yield app


def amended(of: NoticeReceived, **overrides: Any) -> NoticeAmended:
    values: dict[str, Any] = {
        "amendment_id": new_id(),
        "notice_id": of.notice_id,
        "kind": of.kind,
        "from_node": of.from_node,
        "void": False,
        "was_region": of.region,
        "was_happened_on": of.happened_on,
        "region": of.region,
        "happened_on": of.happened_on,
        "id_number": of.id_number,
    }
    return NoticeAmended(**(values | overrides))


async def stays(app: FastAPI) -> list[tuple[Any, ...]]:
    found = await rows(
        app,
        "SELECT region, since, until FROM residences"
        " WHERE until IS NULL OR until > since ORDER BY since",
    )
    return [tuple(each.values()) for each in found]


async def tasks(app: FastAPI) -> list[tuple[Any, ...]]:
    found = await rows(app, "SELECT kind, outcome, happened_on FROM tasks ORDER BY id")
    return [tuple(each.values()) for each in found]


async def test_an_arrival_that_never_was_gives_her_home_back(app: FastAPI) -> None:
    person_id = await register_local(app)
    told = notice()
    await hear(app, told)
    await hear(app, amended(told, void=True))
    (person,) = await rows(app, "SELECT * FROM persons WHERE id = $1", person_id)
    assert person["residence_region"] == HOME
    assert await stays(app) == [
        (HOME, date(2020, 1, 1), date(2025, 5, 1)),
        (HOME, date(2025, 5, 1), None),
    ]
    assert not await tasks(app)


async def test_an_arrival_on_another_day_moves_the_stay(app: FastAPI) -> None:
    await register_local(app)
    told = notice()
    await hear(app, told)
    await hear(app, amended(told, happened_on=date(2025, 4, 20)))
    assert await stays(app) == [
        (HOME, date(2020, 1, 1), date(2025, 4, 20)),
        (AWAY, date(2025, 4, 20), None),
    ]


async def test_a_later_move_is_not_undone_on_a_peers_word(app: FastAPI) -> None:
    await register_local(app)
    told = notice()
    await hear(app, told)
    await hear(app, notice(kind="departure", happened_on=date(2025, 9, 1)))
    before = await stays(app)
    await hear(app, amended(told, void=True))
    assert await stays(app) == before
    ((kind, outcome, _),) = await tasks(app)
    assert (kind, outcome) == ("residence-conflict", None)
    (task,) = await rows(app, "SELECT source, region, other_region FROM tasks")
    assert tuple(task.values()) == ("notice", HOME, AWAY)


async def test_she_did_not_leave_after_all(app: FastAPI) -> None:
    person_id = await register_local(app)
    await hear(app, notice())
    left = notice(kind="departure", happened_on=date(2025, 9, 1))
    await hear(app, left)
    await hear(app, amended(left, void=True))
    (person,) = await rows(app, "SELECT * FROM persons WHERE id = $1", person_id)
    assert person["residence_region"] == AWAY
    assert (await stays(app))[-1] == (AWAY, date(2025, 9, 1), None)


async def test_she_left_on_another_day(app: FastAPI) -> None:
    await register_local(app)
    await hear(app, notice())
    left = notice(kind="departure", happened_on=date(2025, 9, 1))
    await hear(app, left)
    await hear(app, amended(left, happened_on=date(2025, 8, 20)))
    assert (await stays(app))[-1] == (AWAY, date(2025, 5, 1), date(2025, 8, 20))
    impossible = amended(left, was_happened_on=date(2025, 8, 20), happened_on=date(2025, 4, 1))
    await hear(app, impossible)  # before she came
    assert [kind for kind, _, _ in await tasks(app)] == ["residence-conflict"]


async def test_she_came_back_meanwhile_so_a_clerk_looks(app: FastAPI) -> None:
    await register_local(app)
    await hear(app, notice())
    left = notice(kind="departure", happened_on=date(2025, 9, 1))
    await hear(app, left)
    await hear(app, notice(happened_on=date(2025, 10, 1)))
    before = await stays(app)
    await hear(app, amended(left, void=True))
    assert await stays(app) == before
    assert [kind for kind, _, _ in await tasks(app)] == ["residence-conflict"]


@pytest.mark.parametrize("kind", ["death-registered", "birth-registered"])
async def test_an_open_task_follows_the_notice_closes_with_it_and_opens_again(
    app: FastAPI, kind: str
) -> None:
    await register_local(app)
    told = notice(kind=kind)
    await hear(app, told)
    ((name, _, _),) = await tasks(app)
    day = date(2025, 5, 3)
    await hear(app, amended(told, happened_on=day))
    assert await tasks(app) == [(name, None, day)]
    await hear(app, amended(told, happened_on=day, void=True))
    assert await tasks(app) == [(name, "right-as-it-was", day)]
    await hear(app, amended(told, happened_on=day))
    assert await tasks(app) == [(name, None, day)]


async def test_what_a_clerk_has_done_is_for_a_clerk_to_undo(app: FastAPI) -> None:
    await register_local(app)
    told = notice(kind="birth-registered")
    await hear(app, told)
    await rows(
        app,
        "UPDATE tasks SET settled_at = now(), settled_by = 'clerk', outcome = 'updated'"
        " RETURNING id",
    )
    change = amended(told, void=True)
    await hear(app, change)
    assert [(kind, outcome) for kind, outcome, _ in await tasks(app)] == [
        ("household-changed", "updated"),
        ("vital-doubt", None),
    ]
    (doubt,) = await rows(app, "SELECT source_id FROM tasks WHERE kind = 'vital-doubt'")
    assert doubt["source_id"] == change.amendment_id


async def test_of_nobody_known_only_the_task_changes(app: FastAPI) -> None:
    told = notice(id_number=UNKNOWN)
    await hear(app, told)
    await hear(app, amended(told, void=True))
    assert [(kind, outcome) for kind, outcome, _ in await tasks(app)] == [
        ("unknown-person", "right-as-it-was")
    ]
    await hear(app, amended(notice(kind="service-delivered", id_number=None), void=True))
    assert len(await tasks(app)) == 1
