"""Deaths: reported by relatives, corrected, taken back with all they ended, told to whom it may."""

import asyncio
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.registry.persons.merging import merge_persons
from services.registry.vital.deaths import register_death
from shared.clock import today
from shared.ids import new_id
from shared.problems import Problem
from shared.testing import make_actor
from shared.usage import Purpose
from tests.conftest import parts_of
from tests.registry.places import COUNTY_AWAY, HOME, NEXT, number
from tests.registry.vital_samples import (
    FATHER,
    HOSPITAL,
    MOTHER,
    WORKER,
    Desk,
    make_birth,
    make_death,
    make_marriage,
    make_registration,
)

REASON = "死亡证明为准"


async def household(desk: Desk) -> tuple[dict[str, Any], dict[str, Any]]:
    """Mother and father of one household, which she heads."""
    mother, father = await desk.person(MOTHER), await desk.person(FATHER)
    members = [{"person_id": father["id"], "relation": "1"}]
    await desk.done("households", {"region": HOME, "head": mother["id"], "members": members})
    return mother, father


async def work(desk: Desk, person_id: str, since: str, until: str | None) -> Any:
    (row,) = await desk.rows(
        "INSERT INTO workplaces (id, person_id, region, since, until, source, recorded_at,"
        " recorded_by) VALUES ($1, $2, $3, $4::text::date, $5::text::date, 'desk', now(), 'x')"
        " RETURNING id",
        new_id(),
        person_id,
        NEXT,
        since,
        until,
    )
    return row["id"]


async def facts(desk: Desk) -> list[dict[str, Any]]:
    """Stays and workplaces as they are, without when they were recorded."""
    return await desk.rows(
        "SELECT id, since::text, until::text FROM residences"
        " UNION ALL SELECT id, since::text, until::text FROM workplaces ORDER BY id"
    )


async def died(desk: Desk, **overrides: Any) -> dict[str, Any]:
    report = await desk.done("death-reports", make_death(**overrides))
    return await desk.done(f"death-reports/{report['id']}/registration")


async def test_stay_and_workplaces_end_and_an_annulment_restores_exactly_those(desk: Desk) -> None:
    person = await desk.person(MOTHER)
    await work(desk, person["id"], "2019-01-01", "2020-01-01")  # ended before
    await work(desk, person["id"], "2021-01-01", None)
    before = await facts(desk)
    record = (await desk.get(f"persons/{person['id']}")).json()
    death = await died(desk)
    ended = await facts(desk)
    assert sorted(each["until"] for each in ended) == ["2020-01-01", "2025-06-01", "2025-06-01"]
    await desk.done(f"death-reports/{death['report_id']}/annulment", {"reason": "同名误报"})
    assert await facts(desk) == before
    again = (await desk.get(f"persons/{person['id']}")).json()
    unlike = {name for name in record if record[name] != again[name]} - {"version", "updated_at"}
    assert unlike == set()


async def test_a_corrected_day_moves_what_the_death_ended(desk: Desk) -> None:
    person = await desk.person(MOTHER)
    await work(desk, person["id"], "2021-01-01", None)
    before = await facts(desk)
    death = await died(desk)
    path = f"death-reports/{death['report_id']}"
    answer = await desk.patch(
        f"{path}/registration", {"reason": REASON, "died_on": "2025-05-30", "region": NEXT}, 1
    )
    corrected = answer.json()
    assert (corrected["died_on"], corrected["region"], corrected["version"]) == (
        "2025-05-30",
        NEXT,
        2,
    )
    assert {each["until"] for each in await facts(desk)} == {"2025-05-30"}
    (said,) = await desk.said("death-corrected")
    assert (said["fields"], said["died_on"]) == (["died_on", "region"], "2025-05-30")
    early = await desk.patch(f"{path}/registration", {"reason": REASON, "died_on": "1989-01-01"}, 2)
    assert (early.status_code, early.json()["reason"]) == (409, "before-birth")
    assert (await desk.patch(f"{path}/registration", {"reason": REASON}, 1)).status_code == 412
    versions = (await desk.get(f"{path}/versions")).json()
    assert [(each["change"], each["fields"]) for each in versions] == [
        ("corrected", ["died_on", "region"])
    ]
    await desk.done(f"{path}/annulment", {"reason": "同名误报"})
    assert await facts(desk) == before
    gone = await desk.patch(f"{path}/registration", {"reason": REASON, "died_on": "2025-05-29"}, 3)
    assert gone.json()["type"].endswith("/report-closed")


async def test_late_and_timely_deaths(desk: Desk) -> None:
    await desk.person(MOTHER)
    late = await died(desk, late_reason="家属在外地")
    assert (late["late"], late["late_reason"]) == (True, "家属在外地")
    await desk.person(FATHER)
    recent = str(today() - timedelta(days=2))
    soon = await died(desk, reference="D-2", person=FATHER, died_on=recent)
    assert (soon["late"], soon["days"]) == (False, 2)


async def test_a_relative_reports_a_death_in_the_household(desk: Desk) -> None:
    mother, father = await household(desk)
    her = desk.herself(father["id"])
    report = await desk.done("death-reports", make_death(), **her)
    assert (report["status"], report["reporter_kind"]) == ("reported", "person")
    assert report["person"]["person_id"] is None
    path = f"death-reports/{report['id']}"
    assert (await desk.refused(f"{path}/registration", **her))[0] == 403
    await desk.done(f"{path}/return", {"reason": "请带死亡证明到窗口"})
    assert (await desk.get(path, **her)).json()["return_reason"] == "请带死亡证明到窗口"
    await desk.done("death-reports", make_death(), **her)
    death = await desk.done(f"{path}/registration")
    assert death["person_id"] == mother["id"]
    assert [each["status"] for each in await desk.listed("death-reports", **her)] == ["registered"]


async def test_who_is_not_family_is_answered_as_if_nobody_were_there(desk: Desk) -> None:
    mother = await desk.person(MOTHER)
    stranger = await desk.person({"name": "李梅", "id_number": number("19920202", 122)})
    hers = desk.herself(stranger["id"])
    unknown = {"name": "王芳", "id_number": number("19900101", 998)}
    answers = []
    for named in (MOTHER, unknown, {"name": "王芳", "person_id": mother["id"]}):
        answer = await desk.post("death-reports", make_death(person=named), **hers)
        answers.append((answer.status_code, answer.text))
    assert {status for status, _ in answers} == {403}
    assert len(set(answers)) == 1
    assert await desk.rows("SELECT 1 FROM death_reports") == []


async def test_a_mother_and_her_grown_child_are_family_without_a_household(desk: Desk) -> None:
    mother = await desk.person(MOTHER)
    report = await desk.done("birth-reports", make_birth())
    birth = await desk.done(f"birth-reports/{report['id']}/registration", make_registration())
    child = desk.herself(birth["child_id"])
    assert (await desk.done("death-reports", make_death(), **child))["status"] == "reported"
    assert mother["household_id"] is None


async def test_hospital_relative_and_phone_report_one_death(desk: Desk) -> None:
    _, father = await household(desk)
    first = await desk.done("death-reports", make_death(), **desk.as_actor(**HOSPITAL))
    own = await desk.done("death-reports", make_death(), **desk.herself(father["id"]))
    assert (own["status"], own["folded_into"]) == ("reported", None)  # as he is told
    phone = make_death(person={"name": "王芳", "birth_date": "1990-01-01"}, reporter="community")
    third = await desk.done("death-reports", phone, **desk.as_actor(**WORKER))
    assert third["status"] == "reported"
    path = f"death-reports/{third['id']}"
    (found,) = (await desk.get(f"{path}/candidates")).json()
    matched = await desk.done(f"{path}/match", {"person_id": found["person_id"]})
    assert (matched["status"], matched["folded_into"]) == ("folded", first["id"])
    death = await desk.done(f"death-reports/{first['id']}/registration")
    events = await desk.rows("SELECT event_id FROM death_reports")
    assert {str(row["event_id"]) for row in events} == {death["id"]}
    apart = await desk.done(f"{path}/unfolding")
    assert (apart["status"], apart["event_id"]) == ("reported", None)
    assert (await desk.refused(f"{path}/registration"))[1] == "record-closed"  # she died once
    into = {"into": first["id"]}
    assert (await desk.done(f"{path}/folding", into))["event_id"] == death["id"]


async def test_two_offices_register_one_death_at_once(desk: Desk) -> None:
    await desk.person(MOTHER)
    first = await desk.done("death-reports", make_death())
    second = await desk.done("death-reports", make_death(reference="D-2"))
    await desk.done(f"death-reports/{second['id']}/unfolding")

    async def register(report: dict[str, Any]) -> str:
        database = parts_of(desk.app).database
        async with database.transaction(make_actor(), purpose=Purpose.REGISTRATION) as tx:
            return str((await register_death(report["id"], tx)).id)

    done = await asyncio.gather(*map(register, (first, second)), return_exceptions=True)
    assert sorted(isinstance(each, Problem) for each in done) == [False, True]
    assert len(await desk.rows("SELECT 1 FROM deaths")) == 1


@pytest.mark.parametrize("told", ["cause", "cause_of_death", "diagnosis", "icd10", "死因"])
async def test_a_cause_is_refused_with_where_it_belongs(desk: Desk, told: str) -> None:
    answer = await desk.post("death-reports", make_death() | {told: "x"})
    assert answer.status_code == 422
    assert answer.json()["type"].endswith("/not-held-here")
    assert "disease control" in answer.json()["detail"]


async def test_a_relative_sees_the_death_and_nothing_else(desk: Desk) -> None:
    mother, father = await household(desk)
    wedding = await desk.done("marriage-reports", make_marriage())
    await desk.done(f"marriage-reports/{wedding['id']}/registration")
    path = f"persons/{mother['id']}/vital-events"
    own = {"Purpose": "subject-access"}
    his = desk.herself(father["id"]) | own
    assert (await desk.get(path, **his)).status_code == 404  # she lives
    await died(desk)
    (seen,) = (await desk.get(path, **his)).json()
    assert (seen["kind"], seen["happened_on"], seen["place"]) == (
        "death",
        "2025-06-01",
        "东街社区居委会",
    )
    assert seen["parties"] == [{"role": "deceased", "name": "王芳"}]
    assert (await desk.get(path, **his | {"Purpose": "data-quality"})).status_code == 404
    stranger = await desk.person({"name": "李梅", "id_number": number("19920202", 122)})
    assert (await desk.get(path, **desk.herself(stranger["id"]) | own)).status_code == 404
    looks = await desk.rows(
        "SELECT 1 FROM usage_entries WHERE kind = 'extract' AND subject_id = $1", mother["id"]
    )
    assert looks


async def test_jurisdiction_of_corrections(desk: Desk) -> None:
    await desk.person(MOTHER)
    death = await died(desk)
    path = f"death-reports/{death['report_id']}"
    elsewhere = desk.as_actor(scope="registry:write", region=COUNTY_AWAY)
    assert (await desk.get(f"{path}/registration", **elsewhere)).status_code == 404
    assert (await desk.get(f"{path}/versions", **elsewhere)).status_code == 404
    change = {"reason": REASON, "died_on": "2025-05-30"}
    assert (await desk.patch(f"{path}/registration", change, 1, **elsewhere)).status_code == 404
    for verb in ("folding", "unfolding", "match"):
        body = {"into": death["report_id"], "person_id": death["person_id"]}
        body.pop("person_id" if verb == "folding" else "into")
        answer = await desk.post(
            f"{path}/{verb}", None if verb == "unfolding" else body, **elsewhere
        )
        assert answer.status_code == 404, verb
    assert date.fromisoformat(death["died_on"]) == date(2025, 6, 1)


async def test_what_she_reported_is_in_her_export_and_follows_a_merge(desk: Desk) -> None:
    _, father = await household(desk)
    report = await desk.done("death-reports", make_death(), **desk.herself(father["id"]))
    own = desk.herself(father["id"]) | {"Purpose": "subject-access"}
    exported = (await desk.get(f"persons/{father['id']}/export", **own)).json()["reports"]
    assert [(each["id"], each["role"]) for each in exported] == [(report["id"], "reporter")]
    kept = await desk.person({"name": "陈刚", "id_number": number("19890101", 113)})
    parts = parts_of(desk.app)
    async with parts.database.transaction(parts.actor) as tx:
        await merge_persons(UUID(kept["id"]), UUID(father["id"]), tx)
    for person_id in (kept["id"], father["id"]):  # a token of either id is hers
        seen = await desk.get(f"death-reports/{report['id']}", **desk.herself(person_id))
        assert seen.status_code == 200
