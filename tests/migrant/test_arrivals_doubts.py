"""What the registry doubts about a stay, and whom it has recorded dead. Every event comes twice."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid5

import httpx
import pytest
from fastapi import FastAPI

from services.migrant.arrivals.rules import Doubt
from shared.events.registry import ArrivalDoubted, PersonsMerged
from shared.events.registry_vital import DeathAnnulled, DeathCorrected, DeathRegistered
from shared.ids import new_id
from tests.migrant.desk import again, arrive, done, read, rows
from tests.migrant.samples import OTHER_VILLAGE, VILLAGE, fresh_id_number
from tests.migrant.test_consumer import deliver_twice

NOW = datetime(2026, 8, 1, tzinfo=UTC)


async def doubt(app: FastAPI, stay: dict[str, Any], what: str) -> None:
    room = UUID(stay["room_id"]) if stay["room_id"] else None
    await deliver_twice(
        app,
        ArrivalDoubted(
            arrival_id=UUID(stay["id"]),
            person_id=UUID(stay["person_id"]),
            region=stay["region"],
            doubt=what,
            room_id=room,
        ),
    )


def death_of(person_id: str) -> UUID:
    """The death of a person goes by one id, whatever is said of it."""
    return uuid5(UUID(person_id), "death")


async def die(app: FastAPI, person_id: str, on: str, **change: Any) -> None:
    values = {
        "death_id": death_of(person_id),
        "person_id": UUID(person_id),
        "region": VILLAGE,
        "died_on": date.fromisoformat(on),
    }
    event = (
        DeathCorrected(**values, fields=["died_on"])
        if change
        else DeathRegistered(**values, registered_at=NOW, days=1)
    )
    await deliver_twice(app, event)


async def live(app: FastAPI, person_id: str) -> None:
    await deliver_twice(
        app,
        DeathAnnulled(
            death_id=death_of(person_id),
            person_id=UUID(person_id),
            region=VILLAGE,
            annulled_at=NOW,
        ),
    )


async def doubted(client: httpx.AsyncClient) -> dict[str, list[str]]:
    found = await read(client, "arrivals", state="doubted")
    return {each["id"]: each["doubts"] for each in found["items"]}


async def test_an_unknown_room_is_shown_until_it_is_corrected(
    client: httpx.AsyncClient, app: FastAPI
) -> None:
    stay = await arrive(client, room_id=str(new_id()))
    await arrive(client)
    await doubt(app, stay, "unknown-room")
    await doubt(app, stay, "id-number-conflict")
    assert await doubted(client) == {stay["id"]: ["unknown-room", "id-number-conflict"]}
    body = {"reason": "房号写错", "room_id": str(new_id())}
    right = await done(client, f"arrivals/{stay['id']}/correction", body)
    assert right["doubts"] == ["id-number-conflict"]
    # late news of the room that was corrected meanwhile
    await doubt(app, stay, "closed-room")
    assert await doubted(client) == {stay["id"]: ["id-number-conflict"]}
    await doubt(app, right, "closed-room")
    assert await doubted(client) == {stay["id"]: ["id-number-conflict", "closed-room"]}


async def test_the_clerk_asked_and_the_doubt_is_answered(
    client: httpx.AsyncClient, app: FastAPI
) -> None:
    stay = await arrive(client)
    await doubt(app, stay, "id-number-conflict")
    body = {"reason": "核对了身份证原件", "answered": ["id-number-conflict"]}
    path = f"arrivals/{stay['id']}"
    assert (await done(client, f"{path}/correction", body))["doubts"] == []
    (change,) = await read(client, f"{path}/changes")
    assert change["before"] == {"doubts": "id-number-conflict"}
    told = await rows(app, "SELECT payload FROM outbox WHERE payload LIKE '%stay-corrected%'")
    assert told == []  # what the register knows has not changed


async def test_another_region_answers_where_the_room_is(
    client: httpx.AsyncClient, app: FastAPI
) -> None:
    stay = await arrive(client, room_id=str(new_id()))
    await doubt(app, stay, "other-region")
    body = {"reason": "地区写错", "region": OTHER_VILLAGE, "room_id": stay["room_id"]}
    right = await done(client, f"arrivals/{stay['id']}/correction", body)
    assert (right["doubts"], right["room_id"]) == ([], stay["room_id"])


async def test_what_is_not_known_here_is_passed_over(
    client: httpx.AsyncClient, app: FastAPI
) -> None:
    stay = await arrive(client)
    await doubt(app, stay, "something-new")
    await doubt(app, stay | {"id": str(new_id())}, "unknown-room")
    await done(client, f"arrivals/{stay['id']}/annulment", {"reason": "误登"})
    await doubt(app, stay, "recorded-dead")
    assert await doubted(client) == {}


async def test_a_death_ends_the_stay_and_a_correction_moves_its_end(
    client: httpx.AsyncClient, app: FastAPI
) -> None:
    stay = await arrive(client)
    await die(app, stay["person_id"], "2026-05-10")
    ended = await read(client, f"arrivals/{stay['id']}")
    assert (ended["until"], ended["ended_by"], ended["doubts"]) == ("2026-05-10", "death", [])
    await die(app, stay["person_id"], "2026-05-12", corrected=True)
    assert (await read(client, f"arrivals/{stay['id']}"))["until"] == "2026-05-12"
    await live(app, stay["person_id"])
    goes_on = await read(client, f"arrivals/{stay['id']}")
    assert (goes_on["until"], goes_on["ended_by"]) == (None, None)
    assert (await read(client, f"people/{stay['person_id']}"))["died_on"] is None
    told = await rows(app, "SELECT payload FROM outbox WHERE payload LIKE '%departed%'")
    assert told == []  # she did not leave; the registry knows of the death itself


async def test_somebody_recorded_dead_is_registered_and_in_doubt_at_once(
    client: httpx.AsyncClient, app: FastAPI
) -> None:
    number = fresh_id_number()
    first = await arrive(client, id_number=number)
    await die(app, first["person_id"], "2026-05-10")
    second = await again(client, number, region=OTHER_VILLAGE, arrived_on="2026-06-01")
    assert second["person_id"] == first["person_id"]
    assert (second["doubts"], second["until"]) == (["recorded-dead"], None)
    assert second["in_county_since"] == "2026-06-01"
    await doubt(app, second, "recorded-dead")  # the registry says so too
    assert await doubted(client) == {second["id"]: ["recorded-dead"]}
    # the record was wrong: she had moved
    await live(app, first["person_id"])
    assert await doubted(client) == {}
    before = await read(client, f"arrivals/{first['id']}")
    assert (before["until"], before["ended_by"], before["to_region"]) == (
        "2026-06-01",
        "move",
        OTHER_VILLAGE,
    )
    after = await read(client, f"arrivals/{second['id']}")
    assert (after["moved_from_id"], after["in_county_since"]) == (first["id"], "2026-03-02")


async def test_a_death_before_she_arrived_is_a_doubt(
    client: httpx.AsyncClient, app: FastAPI
) -> None:
    stay = await arrive(client)
    await die(app, stay["person_id"], "2025-12-01")
    assert await doubted(client) == {stay["id"]: ["recorded-dead"]}
    assert (await read(client, f"arrivals/{stay['id']}"))["until"] is None
    await die(app, stay["person_id"], "2026-09-01", corrected=True)
    ended = await read(client, f"arrivals/{stay['id']}")
    assert (ended["until"], ended["ended_by"], ended["doubts"]) == ("2026-09-01", "death", [])


async def test_a_doubt_about_a_stranger_goes_with_the_annulment(
    client: httpx.AsyncClient, app: FastAPI
) -> None:
    """The desk had not met her when she was recorded dead: it has the registry's word alone."""
    stay = await arrive(client)
    await doubt(app, stay, "recorded-dead")
    kept = new_id()
    await deliver_twice(app, PersonsMerged(kept_id=kept, merged_id=UUID(stay["person_id"])))
    await live(app, str(kept))
    assert await doubted(client) == {}


async def test_a_death_told_before_the_desk_met_her_is_known_when_it_has(
    client: httpx.AsyncClient, app: FastAPI
) -> None:
    """There is one record of deaths, whether she was met or not."""
    kept, number = new_id(), fresh_id_number()
    await die(app, str(kept), "2026-02-10")
    stay = await arrive(client, id_number=number)
    await deliver_twice(app, PersonsMerged(kept_id=kept, merged_id=UUID(stay["person_id"])))
    assert (await read(client, f"people/{kept}"))["died_on"] == "2026-02-10"
    again_here = await again(client, number, region=OTHER_VILLAGE, arrived_on="2026-06-01")
    assert again_here["doubts"] == ["recorded-dead"]
    await live(app, str(kept))
    assert (await read(client, f"people/{kept}"))["died_on"] is None
    assert await doubted(client) == {}


async def test_a_death_of_somebody_unknown_here_changes_nothing(
    client: httpx.AsyncClient, app: FastAPI
) -> None:
    stay = await arrive(client)
    await die(app, str(new_id()), "2026-05-10")
    await live(app, str(new_id()))
    assert await read(client, f"arrivals/{stay['id']}") == stay


@pytest.mark.parametrize("what", Doubt)
async def test_a_doubt_holds_nothing_back(
    client: httpx.AsyncClient, app: FastAPI, what: Doubt
) -> None:
    """She leaves, moves and is read as anybody else. What is asked of her home goes with her."""
    stay = await arrive(client)
    await doubt(app, stay, what)
    move = {"person_id": stay["person_id"], "region": OTHER_VILLAGE, "moved_on": "2026-05-01"}
    left = [what] if what is Doubt.UNKNOWN_HOME else []
    assert (await done(client, "moves", move))["doubts"] == left
    leave = {"person_id": stay["person_id"], "departed_on": "2026-06-01"}
    assert (await done(client, "departures", leave))["departed_on"] == "2026-06-01"
