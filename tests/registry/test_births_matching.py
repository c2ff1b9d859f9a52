"""Finding mother and child: evidence, doubts, folding by hand, and two offices at once."""

import asyncio
from typing import Any

import pytest

from services.registry.vital.births import register_birth, report_birth
from services.registry.vital.schemas import BirthView, RegisterBirth, ReportBirth
from shared.db import Database
from shared.testing import make_actor
from shared.usage import Purpose
from tests.conftest import parts_of
from tests.registry.places import COUNTY_AWAY, HOME, load_places, number
from tests.registry.vital_samples import (
    FATHER,
    HOSPITAL,
    MOTHER,
    WORKER,
    Desk,
    make_birth,
    make_registration,
)

WEAK = {"name": "王芳", "birth_date": "1990-01-01"}


async def register(desk: Desk, report: dict[str, Any], **overrides: Any) -> dict[str, Any]:
    return await desk.done(
        f"birth-reports/{report['id']}/registration", make_registration(**overrides)
    )


async def test_weak_evidence_lists_candidates_and_matches_nobody(desk: Desk) -> None:
    mother = await desk.person(MOTHER, phone="13900000009")
    namesake = await desk.person({"name": "王芳", "id_number": number("19900101", 114)})
    await desk.person({"name": "王芳", "id_number": number("19910101", 114)})
    body = make_birth(mother=WEAK | {"phone": "13900000009"})
    report = await desk.done("birth-reports", body, **desk.as_actor(**WORKER))
    path = f"birth-reports/{report['id']}"
    status, kind, who = await desk.refused(f"{path}/registration", make_registration())
    assert (status, kind, who) == (409, "not-matched", "mother")
    found = (await desk.get(f"{path}/candidates")).json()
    by_id = {each["person_id"]: each for each in found}
    assert by_id.keys() == {mother["id"], namesake["id"]}
    assert by_id[mother["id"]]["evidence"] == ["phone", "name", "birth-date"]
    assert by_id[namesake["id"]]["evidence"] == ["name", "birth-date"]
    assert "*" in by_id[mother["id"]]["id_number"]  # masked, also for registration
    looks = await desk.rows("SELECT subject_id FROM usage_entries WHERE kind = 'candidate'")
    assert {str(row["subject_id"]) for row in looks} == by_id.keys()
    matched = await desk.done(f"{path}/match", {"role": "mother", "person_id": mother["id"]})
    assert matched["mother"]["person_id"] == mother["id"]
    assert (await register(desk, report))["mother_id"] == mother["id"]


async def test_candidates_are_for_the_office_alone(desk: Desk) -> None:
    worker = desk.as_actor(**WORKER)
    report = await desk.done("birth-reports", make_birth(mother=WEAK), **worker)
    path = f"birth-reports/{report['id']}"
    assert (await desk.get(f"{path}/candidates", **worker)).status_code == 403
    match = {"role": "mother", "person_id": report["id"]}
    assert (await desk.refused(f"{path}/match", match, **worker))[0] == 403
    assert (await desk.refused(f"{path}/match", match))[0] == 404
    elsewhere = desk.as_actor(scope="registry:write", region=COUNTY_AWAY)
    assert (await desk.get(f"{path}/candidates", **elsewhere)).status_code == 404


async def test_a_matched_mother_shows_that_the_birth_was_reported_before(desk: Desk) -> None:
    mother = await desk.person(MOTHER)
    first = await desk.done("birth-reports", make_birth(), **desk.as_actor(**HOSPITAL))
    phone = await desk.done("birth-reports", make_birth(mother=WEAK), **desk.as_actor(**WORKER))
    assert phone["status"] == "reported"
    path = f"birth-reports/{phone['id']}/match"
    matched = await desk.done(path, {"role": "mother", "person_id": mother["id"]})
    assert (matched["status"], matched["folded_into"]) == ("folded", first["id"])
    status, kind, _ = await desk.refused(path, {"role": "mother", "person_id": mother["id"]})
    assert (status, kind) == (409, "report-closed")


async def test_a_father_is_matched_too(desk: Desk) -> None:
    await desk.person(MOTHER)
    father = await desk.person(FATHER)
    named = {"name": "陈刚", "birth_date": "1989-01-01"}
    report = await desk.done("birth-reports", make_birth(father=named))
    path = f"birth-reports/{report['id']}"
    (found,) = (await desk.get(f"{path}/candidates?role=father")).json()
    assert found["person_id"] == father["id"]
    await desk.done(f"{path}/match", {"role": "father", "person_id": father["id"]})
    assert (await register(desk, report))["father_id"] == father["id"]


async def test_a_mother_in_no_register_is_entered_with_the_birth(desk: Desk) -> None:
    report = await desk.done("birth-reports", make_birth())
    path = f"birth-reports/{report['id']}/registration"
    new = {
        **MOTHER,
        "sex": "2",
        "birth_date": "1990-01-01",
        "hukou_region": COUNTY_AWAY,
        "residence": {"region": HOME, "kind": "migrant", "since": "2024-03-01"},
    }
    other_name = make_registration(new_mother=new | {"name": "王梅"})
    assert await desk.refused(path, other_name) == (409, "implausible", "name-differs")
    other = new | {"id_number": number("19900101", 114)}
    other_number = make_registration(new_mother=other)
    assert await desk.refused(path, other_number) == (409, "implausible", "id-number-differs")
    assert await desk.rows("SELECT 1 FROM persons") == []  # a refusal leaves nothing
    birth = await register(desk, report, new_mother=new)
    entered = (await desk.get(f"persons/{birth['mother_id']}")).json()
    assert (entered["name"], entered["hukou_region"]) == ("王芳", COUNTY_AWAY)
    (said,) = await desk.said("birth-registered")
    assert said["mother_home_region"] == COUNTY_AWAY


async def test_what_is_only_unlikely_is_confirmed(desk: Desk) -> None:
    await desk.person(MOTHER)
    first = await desk.done("birth-reports", make_birth())
    await register(desk, first)
    close = await desk.done("birth-reports", make_birth(reference="B-2", born_on="2025-11-01"))
    path = f"birth-reports/{close['id']}/registration"
    answer = await desk.post(path, make_registration())
    assert answer.json()["reason"] == "another-birth-too-close"
    assert answer.json()["confirmable"] is True
    wrong = make_registration(confirmed=["mother-implausibly-old"])
    assert (await desk.refused(path, wrong))[2] == "another-birth-too-close"
    birth = await register(desk, close, confirmed=["another-birth-too-close"])
    assert birth["confirmed"] == ["another-birth-too-close"]
    assert len(await desk.rows("SELECT 1 FROM births")) == 2


@pytest.mark.parametrize(
    ("mother", "reason"),
    [
        ({"sex": "1", "id_number": number("19900101", 111)}, "mother-recorded-as-man"),
        ({"id_number": number("19600101", 112)}, "mother-implausibly-old"),
        ({"id_number": number("20150101", 112)}, "mother-implausibly-young"),
        ({"id_number": number("20250601", 112)}, "child-not-younger-than-mother"),
    ],
)
async def test_mothers_who_may_be_somebody_else(
    desk: Desk, mother: dict[str, str], reason: str
) -> None:
    named = {"name": "王芳", "id_number": mother["id_number"]}
    await desk.person(named, residence=None)
    report = await desk.done("birth-reports", make_birth(mother=named))
    path = f"birth-reports/{report['id']}/registration"
    assert await desk.refused(path, make_registration()) == (409, "implausible", reason)
    answer = await desk.post(path, make_registration(confirmed=[reason]))
    assert (answer.status_code == 201) is (
        reason in ("mother-implausibly-old", "mother-implausibly-young")
    )


async def test_a_father_younger_than_his_child_is_refused(desk: Desk) -> None:
    await desk.person(MOTHER)
    young = {"name": "陈刚", "id_number": number("20250601", 111)}
    await desk.person(young, residence=None)
    report = await desk.done("birth-reports", make_birth(father=young))
    path = f"birth-reports/{report['id']}/registration"
    assert (await desk.refused(path, make_registration()))[2] == "child-not-younger-than-father"


async def test_a_mother_who_died_before_is_refused(desk: Desk) -> None:
    await desk.person(MOTHER)
    dead = await desk.done(
        "death-reports",
        {"reference": "D-1", "region": HOME, "died_on": "2025-05-31", "person": MOTHER},
    )
    await desk.done(f"death-reports/{dead['id']}/registration")
    report = await desk.done("birth-reports", make_birth())
    path = f"birth-reports/{report['id']}/registration"
    assert (await desk.refused(path, make_registration()))[2] == "mother-died-before"


async def test_triplets_are_three_children(desk: Desk) -> None:
    await desk.person(MOTHER)
    children = set()
    for index in (1, 2, 3):
        body = make_birth(reference=f"B-{index}", multiple=True, multiple_index=index)
        report = await desk.done("birth-reports", body)
        children.add(
            (await register(desk, report, child_name=f"陈{'一二三'[index - 1]}"))["child_id"]
        )
    assert len(children) == 3


async def test_folding_by_hand_and_apart_again(desk: Desk) -> None:
    await desk.person(MOTHER)
    first = await desk.done("birth-reports", make_birth(), **desk.as_actor(**HOSPITAL))
    slip = make_birth(reference="B-2", born_on="2025-06-04")  # a slip in the day
    second = await desk.done("birth-reports", slip)
    third = await desk.done("birth-reports", slip | {"reference": "B-3"})
    assert third["folded_into"] == second["id"]
    folding = f"birth-reports/{second['id']}/folding"
    for into in (second["id"], third["id"], "00000000-0000-7000-8000-000000000000"):
        assert await desk.refused(folding, {"into": into}) == (
            409,
            "cannot-fold",
            "no-other-report",
        )
    folded = await desk.done(folding, {"into": first["id"]})
    assert (folded["status"], folded["folded_into"]) == ("folded", first["id"])
    moved = (await desk.get(f"birth-reports/{third['id']}")).json()
    assert moved["folded_into"] == first["id"]
    apart = await desk.done(f"birth-reports/{second['id']}/unfolding")
    assert (apart["status"], apart["folded_into"], apart["event_id"]) == ("reported", None, None)
    status, kind, why = await desk.refused(f"birth-reports/{second['id']}/unfolding")
    assert (status, kind, why) == (409, "cannot-fold", "not-folded")


async def test_what_was_wrongly_folded_is_registered_as_another_birth(desk: Desk) -> None:
    await desk.person(MOTHER)
    first = await desk.done("birth-reports", make_birth(), **desk.as_actor(**HOSPITAL))
    birth = await register(desk, first)
    second = await desk.done("birth-reports", make_birth(reference="B-2"))
    assert second["event_id"] == birth["id"]
    await desk.done(f"birth-reports/{second['id']}/unfolding")
    other = await register(desk, second, child_name="陈二宝")
    assert (other["folded"], other["id"] == birth["id"]) == (False, False)
    assert len(await desk.rows("SELECT 1 FROM births")) == 2


async def test_a_report_is_not_folded_into_a_returned_one(desk: Desk) -> None:
    first = await desk.done("birth-reports", make_birth())
    second = await desk.done("birth-reports", make_birth(reference="B-2", mother=WEAK))
    await desk.done(f"birth-reports/{first['id']}/return", {"reason": "重报"})
    path = f"birth-reports/{second['id']}/folding"
    assert (await desk.refused(path, {"into": first["id"]}))[2] == "other-report-returned"


async def test_two_offices_registering_at_once_register_one_birth(desk: Desk) -> None:
    """Two reports that could not be folded when they came: the mother was unknown to both."""
    by_number = await desk.done("birth-reports", make_birth())
    by_phone = await desk.done("birth-reports", make_birth(reference="B-2", mother=WEAK))
    mother = await desk.person(MOTHER)
    await desk.rows(
        "UPDATE birth_reports SET mother_id = $1 WHERE id = $2 RETURNING id",
        mother["id"],
        by_phone["id"],
    )

    async def register_once(report: dict[str, Any]) -> BirthView:
        database = parts_of(desk.app).database
        async with database.transaction(make_actor(), purpose=Purpose.REGISTRATION) as tx:
            return await register_birth(RegisterBirth(**make_registration()), report["id"], tx)

    views = await asyncio.gather(*map(register_once, (by_number, by_phone)))
    assert sorted(view.folded for view in views) == [False, True]
    assert len(await desk.rows("SELECT 1 FROM births")) == 1
    assert len(await desk.said("birth-registered")) == 1


async def test_the_same_reference_twice_at_once_is_one_report(database: Database) -> None:
    async with database.acquire() as connection:
        await load_places(connection)

    async def report() -> str:
        async with database.transaction(make_actor(), purpose=Purpose.REGISTRATION) as tx:
            return (await report_birth(ReportBirth(**make_birth()), tx)).status

    done = await asyncio.gather(*(report() for _ in range(4)), return_exceptions=True)
    assert [each for each in done if isinstance(each, str)] == ["reported"]
    async with database.transaction(make_actor()) as tx:
        assert await tx.fetch_value("SELECT count(*) FROM birth_reports") == 1
