"""Tasks over HTTP: what events left for the clerks."""

from datetime import date
from typing import Any

from services.registry.tasks.handlers import open_task
from services.registry.tasks.models import TaskKind
from services.registry.tasks.schemas import OpenTask
from shared.ids import new_id
from tests.conftest import parts_of
from tests.registry.places import AWAY, HOME, NEXT
from tests.registry.vital_samples import MOTHER, Desk


async def leave_task(desk: Desk, **overrides: Any) -> None:
    values: dict[str, Any] = {
        "kind": TaskKind.HOUSEHOLD_CHANGED,
        "source": "notice",
        "source_id": new_id(),
        "region": HOME,
        "other_region": AWAY,
        "happened_on": date(2025, 6, 1),
    }
    parts = parts_of(desk.app)
    async with parts.database.transaction(parts.actor) as tx:
        await open_task(OpenTask(**(values | overrides)), tx)


async def test_household_updates_and_mismatches_are_two_lists(desk: Desk) -> None:
    person = await desk.person(MOTHER)
    await leave_task(desk, person_id=person["id"])
    await leave_task(desk, kind=TaskKind.UNKNOWN_PERSON)
    (update,) = (await desk.get("household-updates")).json()["items"]
    (mismatch,) = (await desk.get("mismatches")).json()["items"]
    assert (update["kind"], update["person_id"]) == ("household-changed", person["id"])
    assert mismatch["kind"] == "unknown-person"
    looks = await desk.rows("SELECT 1 FROM usage_entries WHERE kind = 'task'")
    assert len(looks) == 1
    # neither can be settled through the other's door
    settled = {"outcome": "updated"}
    assert (await desk.refused(f"mismatches/{update['id']}/settlement", settled))[0] == 404
    assert (await desk.refused(f"household-updates/{mismatch['id']}/settlement", settled))[0] == 404


async def test_a_task_is_settled_once(desk: Desk) -> None:
    await leave_task(desk)
    (update,) = (await desk.get("household-updates")).json()["items"]
    path = f"household-updates/{update['id']}/settlement"
    done = await desk.done(path, {"outcome": "updated"})
    assert done["outcome"] == "updated"
    assert (await desk.refused(path, {"outcome": "not-ours"}))[:2] == (409, "record-closed")
    assert (await desk.get("household-updates")).json()["items"] == []
    (settled,) = (await desk.get("household-updates?settled=true")).json()["items"]
    assert settled["id"] == update["id"]


async def test_one_source_leaves_one_task(desk: Desk) -> None:
    source = new_id()
    for _ in range(2):
        await leave_task(desk, source_id=source)
    assert len((await desk.get("household-updates")).json()["items"]) == 1


async def test_pages_scopes_and_jurisdiction(desk: Desk) -> None:
    for _ in range(3):
        await leave_task(desk, kind=TaskKind.DECEASED_PERSON)
    first = (await desk.get("mismatches?limit=2")).json()
    rest = (await desk.get(f"mismatches?limit=2&cursor={first['next']}")).json()
    assert len({each["id"] for each in first["items"] + rest["items"]}) == 3
    assert rest["next"] is None
    path = f"mismatches/{first['items'][0]['id']}/settlement"
    town = desk.as_actor(scope="registry:write", region=NEXT[:9])
    assert (await desk.get("mismatches", **town)).json()["items"] == []
    assert (await desk.refused(path, {"outcome": "updated"}, **town))[0] == 404
    reader = desk.as_actor(scope="registry:read")
    assert (await desk.refused(path, {"outcome": "updated"}, **reader))[0] == 403
    assert (await desk.refused(path, {"outcome": "punished"}))[0] == 422
    assert (await desk.get("mismatches?region=130102")).status_code == 403
    del desk.office.headers["Purpose"]
    assert (await desk.get("mismatches")).status_code == 400
