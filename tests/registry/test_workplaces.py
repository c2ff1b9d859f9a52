"""Where people work: noted at the desk, filed by employers, several at once."""

from typing import Any

import httpx
import pytest

from shared.ids import new_id
from tests.registry.places import AWAY, HOME, NEXT
from tests.registry.vital_samples import FATHER, HOSPITAL, MOTHER, Desk, make_death

EMPLOYER = "91350100M000100Y43"


def make_workplace(**overrides: Any) -> dict[str, Any]:
    return {"region": NEXT, "employer_code": EMPLOYER, "since": "2024-03-01"} | overrides


async def places_of(desk: Desk, person_id: str, query: str = "") -> list[dict[str, Any]]:
    answer = await desk.get(f"persons/{person_id}{query}")
    assert answer.status_code == 200, answer.text
    return list(answer.json()["workplaces"])


async def test_register_home_and_workplaces_are_facts_of_their_own(desk: Desk) -> None:
    person = await desk.person(MOTHER)
    path = f"persons/{person['id']}/workplaces"
    first = await desk.done(path, make_workplace())
    again = await desk.done(path, make_workplace(since="2024-05-01"))  # known already
    assert again == first
    second = await desk.done(path, make_workplace(region=HOME, employer_code=None))
    view = (await desk.get(f"persons/{person['id']}")).json()
    assert (view["hukou_region"], view["residence"]["region"]) == (HOME, HOME)
    assert {each["id"] for each in view["workplaces"]} == {first["id"], second["id"]}
    assert first["source"] == "desk"
    assert view["hukou_since"] is None
    history = (await desk.get(f"persons/{person['id']}/history")).json()
    assert len(history["workplaces"]) == 2


async def test_an_ended_workplace_is_one_of_the_past(desk: Desk) -> None:
    person, other = await desk.person(MOTHER), await desk.person(FATHER)
    place = await desk.done(f"persons/{person['id']}/workplaces", make_workplace())
    ending = f"persons/{person['id']}/workplaces/{place['id']}/ending"
    assert await desk.refused(ending, {"until": "2024-02-29"}) == (
        409,
        "impossible-day",
        "before-it-began",
    )
    strange = f"persons/{other['id']}/workplaces/{place['id']}/ending"
    assert (await desk.refused(strange, {"until": "2025-01-01"}))[0] == 404
    ended = await desk.done(ending, {"until": "2025-01-01"})
    assert ended["until"] == "2025-01-01"
    assert (await desk.refused(ending, {"until": "2025-02-01"}))[:2] == (409, "record-closed")
    assert await places_of(desk, person["id"]) == []
    (then,) = await places_of(desk, person["id"], "?on=2024-12-31")
    assert then["id"] == place["id"]
    assert await places_of(desk, person["id"], "?on=2025-01-01") == []
    # it may begin again
    again = await desk.done(f"persons/{person['id']}/workplaces", make_workplace())
    assert again["id"] != place["id"]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"since": "2999-01-01"}, 422),
        ({"since": "1879-12-31"}, 422),
        ({"since": "1989-12-31"}, 409),  # before her birth
        ({"employer_code": "91350100M000100Y4Z"}, 422),
        ({"region": "420325999"}, 422),
        ({"region": "42"}, 422),
        ({"region": AWAY}, 403),
        ({"wage": 5000}, 422),
    ],
)
async def test_bad_workplaces(desk: Desk, change: dict[str, Any], status: int) -> None:
    person = await desk.person(MOTHER)
    path = f"persons/{person['id']}/workplaces"
    assert (await desk.post(path, make_workplace(**change))).status_code == status
    assert await places_of(desk, person["id"]) == []


async def test_who_may_note_a_workplace(desk: Desk) -> None:
    person = await desk.person(MOTHER)
    path = f"persons/{person['id']}/workplaces"
    reader = desk.as_actor(scope="registry:read")
    assert (await desk.post(path, make_workplace(), **reader)).status_code == 403
    employer = desk.as_actor(scope="migrant:employ", org=EMPLOYER)
    assert (await desk.post(path, make_workplace(), **employer)).status_code == 403
    foreign = desk.as_actor(scope="registry:write", region="420381")
    assert (await desk.post(path, make_workplace(), **foreign)).status_code == 404
    missing = f"persons/{new_id()}/workplaces"
    assert (await desk.post(missing, make_workplace())).status_code == 404
    del desk.office.headers["Purpose"]
    unsaid: httpx.Response = await desk.post(path, make_workplace())
    assert unsaid.json()["type"].endswith("/purpose-required")


async def test_a_death_ends_work_and_an_error_takes_that_back(desk: Desk) -> None:
    person = await desk.person(MOTHER)
    await desk.done(f"persons/{person['id']}/workplaces", make_workplace())
    report = await desk.done("death-reports", make_death(), **desk.as_actor(**HOSPITAL))
    await desk.done(f"death-reports/{report['id']}/registration")
    assert await places_of(desk, person["id"]) == []
    refused = await desk.refused(f"persons/{person['id']}/workplaces", make_workplace())
    assert refused[:2] == (409, "record-closed")
    living = (await desk.get(f"persons/{person['id']}?on=2025-05-31")).json()
    dead = (await desk.get(f"persons/{person['id']}?on=2025-06-01")).json()
    assert (living["status"], len(living["workplaces"])) == ("active", 1)
    assert living["residence"]["region"] == HOME
    assert (dead["status"], dead["workplaces"], dead["residence"]) == ("deceased", [], None)
    annulment = f"death-reports/{report['id']}/annulment"
    await desk.done(annulment, {"reason": "登记错误,本人健在"})
    assert len(await places_of(desk, person["id"])) == 1
    alive = (await desk.get(f"persons/{person['id']}?on=2025-06-02")).json()
    assert (alive["status"], alive["residence"]["region"]) == ("active", HOME)


async def test_a_death_as_it_was_believed_while_it_was_registered_wrong(desk: Desk) -> None:
    """Registered for June, corrected to August, annulled: each was believed in its time."""
    person = await desk.person(MOTHER)
    report = await desk.done("death-reports", make_death(), **desk.as_actor(**HOSPITAL))
    path = f"death-reports/{report['id']}"
    moments = [await moment(desk)]
    await desk.done(f"{path}/registration")
    moments.append(await moment(desk))
    corrected = await desk.office.patch(
        f"/registry/v1/{path}/registration",
        json={"died_on": "2025-08-01", "reason": "医院更正死亡日期"},
        headers={"If-Match": '"1"'},
    )
    assert corrected.status_code == 200, corrected.text
    moments.append(await moment(desk))
    await desk.done(f"{path}/annulment", {"reason": "登记错误,本人健在"})

    async def status(on: str, known_at: str | None = None) -> str:
        asked = {"on": on} | ({"known_at": known_at} if known_at else {})
        answer = await desk.office.get(f"/registry/v1/persons/{person['id']}", params=asked)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["status"])

    before, june, august = moments
    assert await status("2025-07-01", before) == "active"
    assert await status("2025-05-31", june) == "active"
    assert await status("2025-07-01", june) == "deceased"
    assert await status("2025-07-01", august) == "active"
    assert await status("2025-08-01", august) == "deceased"
    assert await status("2025-08-01") == "active"


async def moment(desk: Desk) -> str:
    """A moment between what was recorded and what will be."""
    (row,) = await desk.rows("SELECT clock_timestamp() AS at")
    return str(row["at"].isoformat())
