"""Births over HTTP: reported by several, folded, registered once, returned."""

from datetime import date
from typing import Any

import pytest

from shared.clock import today
from shared.events.registry_vital import BirthRegistered
from shared.testing import EVENT_VAULT
from tests.registry.places import AWAY, COUNTY_AWAY, HOME, NEXT, number
from tests.registry.vital_samples import (
    FATHER,
    HOSPITAL,
    MOTHER,
    Desk,
    make_birth,
    make_registration,
)


async def register(desk: Desk, report: dict[str, Any], **overrides: Any) -> dict[str, Any]:
    return await desk.done(
        f"birth-reports/{report['id']}/registration", make_registration(**overrides)
    )


async def test_a_reported_birth_becomes_a_registered_child(desk: Desk) -> None:
    mother = await desk.person(MOTHER)
    father = await desk.person(FATHER)
    hospital = desk.as_actor(**HOSPITAL)
    report = await desk.done("birth-reports", make_birth(), **hospital)
    assert report["status"] == "reported"
    assert report["mother"]["person_id"] is None  # not the reporter's to know
    birth = await register(desk, report)
    assert (birth["mother_id"], birth["father_id"]) == (mother["id"], father["id"])
    child = (await desk.get(f"persons/{birth['child_id']}")).json()
    assert (child["name"], child["sex"], child["birth_date"]) == ("陈小宝", "1", "2025-06-01")
    assert child["residence"]["region"] == HOME
    seen = (await desk.get(f"birth-reports/{report['id']}")).json()
    assert (seen["status"], seen["event_id"]) == ("registered", birth["id"])
    assert seen["mother"]["person_id"] == mother["id"]
    (reported,) = await desk.said("birth-reported")
    assert reported["reporter_org"] == "hospital-1"
    (registered,) = await desk.said("birth-registered")
    assert registered["child_id"] == birth["child_id"]
    assert registered["days"] == (today() - date(2025, 6, 1)).days == birth["days"]
    assert registered["mother_home_region"] is None
    assert registered["mother_id_number"] is None


async def test_home_county_is_told_of_a_migrant_mother(desk: Desk) -> None:
    await desk.migrant(MOTHER)
    report = await desk.done("birth-reports", make_birth(father=None))
    birth = await register(desk, report, hukou_region=COUNTY_AWAY)
    (registered,) = await desk.said("birth-registered")
    assert registered["mother_home_region"] == COUNTY_AWAY
    assert MOTHER["id_number"] not in str(registered)
    assert BirthRegistered.opened(registered, EVENT_VAULT).mother_id_number == MOTHER["id_number"]
    child = (await desk.get(f"persons/{birth['child_id']}")).json()
    residence = child["residence"]
    assert (residence["region"], residence["kind"]) == (HOME, "migrant")
    assert (residence["since"], residence["until"]) == ("2025-06-01", None)


async def test_a_child_joins_its_mothers_household(desk: Desk) -> None:
    mother = await desk.person(MOTHER)
    household = await desk.done("households", {"region": HOME, "head": mother["id"]})
    report = await desk.done("birth-reports", make_birth())
    path = f"birth-reports/{report['id']}/registration"
    nowhere = make_registration(household_id=report["id"])
    assert await desk.refused(path, nowhere) == (409, "not-matched", "household")
    birth = await register(desk, report, household_id=household["id"])
    members = (await desk.get(f"households/{household['id']}")).json()["members"]
    assert [(each["person_id"], each["relation"]) for each in members] == [
        (mother["id"], "0"),
        (birth["child_id"], "2"),
    ]


async def test_two_offices_report_one_birth(desk: Desk) -> None:
    mother = await desk.person(MOTHER)
    first = await desk.done("birth-reports", make_birth(), **desk.as_actor(**HOSPITAL))
    by_id = {"name": "王芳", "person_id": mother["id"]}
    second = await desk.done("birth-reports", make_birth(mother=by_id, born_on="2025-06-02"))
    assert (second["status"], second["folded_into"]) == ("folded", first["id"])
    status, kind, _ = await desk.refused(
        f"birth-reports/{second['id']}/registration", make_registration()
    )
    assert (status, kind) == (409, "report-closed")
    birth = await register(desk, first)
    again = (await desk.get(f"birth-reports/{second['id']}")).json()
    assert again["event_id"] == birth["id"]
    third = await desk.done("birth-reports", make_birth(reference="B-3"))
    assert (third["status"], third["event_id"]) == ("folded", birth["id"])
    assert len(await desk.rows("SELECT 1 FROM births")) == 1
    assert len(await desk.said("birth-reported")) == 3


async def test_declared_twins_are_two_children(desk: Desk) -> None:
    await desk.person(MOTHER)
    names = {}
    for index in (1, 2):
        twin = make_birth(reference=f"B-{index}", multiple=True, multiple_index=index)
        report = await desk.done("birth-reports", twin)
        assert report["status"] == "reported"
        names[index] = await register(desk, report, child_name=f"陈{'大小'[index - 1]}宝")
    assert names[1]["child_id"] != names[2]["child_id"]
    late = await desk.done(
        "birth-reports", make_birth(reference="B-9", multiple=True, multiple_index=2)
    )
    assert late["event_id"] == names[2]["id"]
    # a report that forgot to say so is for its reporter to make clear
    unclear = await desk.done("birth-reports", make_birth(reference="B-10"))
    assert await desk.refused(
        f"birth-reports/{unclear['id']}/registration", make_registration()
    ) == (409, "implausible", "another-birth-within-a-day")


async def test_a_birth_found_registered_under_another_report_is_folded_late(desk: Desk) -> None:
    """The two reports could not be matched when they came: one had an id of the register only,
    of a record that had no number then."""
    mother = await desk.person(MOTHER)
    first = await desk.done(
        "birth-reports", make_birth(mother={"name": "王芳", "person_id": mother["id"]})
    )
    await desk.rows(
        "UPDATE birth_reports SET mother_id_number_index = NULL, mother_id = $1 RETURNING id",
        mother["id"],
    )
    birth = await register(desk, first)
    await desk.rows(
        "UPDATE birth_reports SET mother_id = NULL, mother_id_number_index = NULL RETURNING id"
    )
    second = await desk.done("birth-reports", make_birth(reference="B-2"))
    assert second["status"] == "reported"
    folded = await register(desk, second)
    assert (folded["id"], folded["folded"]) == (birth["id"], True)
    assert len(await desk.rows("SELECT 1 FROM births")) == 1


async def test_a_mother_who_is_not_registered_is_registered_first(desk: Desk) -> None:
    report = await desk.done("birth-reports", make_birth())
    path = f"birth-reports/{report['id']}/registration"
    assert await desk.refused(path, make_registration()) == (409, "not-matched", "mother")
    mother = await desk.person(MOTHER)
    birth = await register(desk, report)
    assert birth["mother_id"] == mother["id"]
    assert birth["father_id"] is None


@pytest.mark.parametrize(
    ("born_on", "name", "reason"),
    [
        ("1989-12-31", "王芳", "child-not-younger-than-mother"),
        ("1999-12-31", "王芳", "mother-implausibly-young"),
        ("2025-06-01", "王方", "name-differs"),
    ],
)
async def test_what_cannot_be_true_is_refused_with_the_reason(
    desk: Desk, born_on: str, name: str, reason: str
) -> None:
    await desk.person(MOTHER)
    report = await desk.done(
        "birth-reports", make_birth(born_on=born_on, mother=MOTHER | {"name": name})
    )
    path = f"birth-reports/{report['id']}/registration"
    assert await desk.refused(path, make_registration()) == (409, "implausible", reason)
    assert not await desk.rows("SELECT 1 FROM births")


async def test_a_returned_report_comes_back_corrected(desk: Desk) -> None:
    await desk.person(MOTHER)
    hospital = desk.as_actor(**HOSPITAL)
    wrong = make_birth(mother=MOTHER | {"name": "王方"})
    report = await desk.done("birth-reports", wrong, **hospital)
    again = await desk.post("birth-reports", wrong, **hospital)
    assert again.json()["type"].endswith("/already-reported")
    assert again.json()["report_id"] == report["id"]
    returned = await desk.done(f"birth-reports/{report['id']}/return", {"reason": "母亲姓名不符"})
    assert (returned["status"], returned["return_reason"]) == ("returned", "母亲姓名不符")
    status, kind, _ = await desk.refused(
        f"birth-reports/{report['id']}/registration", make_registration()
    )
    assert (status, kind) == (409, "report-closed")
    corrected = await desk.done("birth-reports", make_birth(), **hospital)
    assert (corrected["id"], corrected["status"]) == (report["id"], "reported")
    assert corrected["return_reason"] is None
    assert corrected["mother"]["id_number"] == MOTHER["id_number"]
    assert (await register(desk, corrected))["report_id"] == report["id"]


async def test_a_returned_report_leaves_the_other_offices_report_standing(desk: Desk) -> None:
    await desk.person(MOTHER)
    first = await desk.done("birth-reports", make_birth(), **desk.as_actor(**HOSPITAL))
    second = await desk.done("birth-reports", make_birth(reference="B-2"))
    third = await desk.done("birth-reports", make_birth(reference="B-3"))
    await desk.done(f"birth-reports/{first['id']}/return", {"reason": "日期不清"})
    open_now = (await desk.get("birth-reports?status=reported")).json()["items"]
    assert [each["id"] for each in open_now] == [second["id"]]
    folded = (await desk.get("birth-reports?status=folded")).json()["items"]
    assert [(each["id"], each["folded_into"]) for each in folded] == [(third["id"], second["id"])]
    assert (await register(desk, second))["folded"] is False


async def test_reporters_see_their_own_reports_only(desk: Desk) -> None:
    hospital = desk.as_actor(**HOSPITAL)
    other = desk.as_actor(**HOSPITAL | {"org": "hospital-2"})
    report = await desk.done("birth-reports", make_birth(), **hospital)
    path = f"birth-reports/{report['id']}"
    assert (await desk.get(path, **hospital)).status_code == 200
    assert (await desk.get(path, **other)).status_code == 404
    assert (await desk.get("birth-reports", **other)).json()["items"] == []
    assert len((await desk.get("birth-reports", **hospital)).json()["items"]) == 1
    registration = f"{path}/registration"
    status, kind, _ = await desk.refused(registration, make_registration(), **hospital)
    assert (status, kind) == (403, "forbidden")


async def test_reports_come_in_pages(desk: Desk) -> None:
    made = []
    for n in range(5):
        mother = {"name": "王芳", "id_number": number("19900101", 200 + 2 * n)}
        body = make_birth(reference=f"B-{n}", mother=mother)
        made.append((await desk.done("birth-reports", body))["id"])
    first = (await desk.get("birth-reports?limit=3")).json()
    rest = (await desk.get(f"birth-reports?limit=3&cursor={first['next']}")).json()
    assert [each["id"] for each in first["items"] + rest["items"]] == made
    assert rest["next"] is None
    bad = await desk.get("birth-reports?cursor=bm8")
    assert bad.status_code == 400


async def test_other_jurisdictions_and_missing_purpose(desk: Desk) -> None:
    report = await desk.done("birth-reports", make_birth())
    elsewhere = desk.as_actor(scope="registry:read registry:write", region="130102")
    path = f"birth-reports/{report['id']}"
    assert (await desk.get(path, **elsewhere)).status_code == 404
    status, kind, _ = await desk.refused(f"{path}/registration", make_registration(), **elsewhere)
    assert (status, kind) == (404, "not-found")
    assert (await desk.get("birth-reports?region=130102")).status_code == 403
    status, kind, _ = await desk.refused("birth-reports", make_birth(region=AWAY))
    assert (status, kind) == (403, "outside-jurisdiction")
    next_town = desk.as_actor(scope="registry:write", region=NEXT[:9])
    assert (await desk.get(path, **next_town)).status_code == 404
    reader = desk.as_actor(scope="registry:read")
    assert (await desk.refused("birth-reports", make_birth(), **reader))[0] == 403
    del desk.office.headers["Purpose"]
    assert (await desk.get(path)).json()["type"].endswith("/purpose-required")


async def test_number_of_the_mother_is_sealed_and_masked(desk: Desk) -> None:
    report = await desk.done("birth-reports", make_birth())
    (row,) = await desk.rows("SELECT birth_reports::text AS text FROM birth_reports")
    assert MOTHER["id_number"] not in row["text"]
    seen = await desk.get(f"birth-reports/{report['id']}", Purpose="oversight")
    assert seen.json()["mother"]["id_number"] == "420325**********" + MOTHER["id_number"][-2:]


async def test_mother_and_child_can_see_who_looked(desk: Desk) -> None:
    mother = await desk.person(MOTHER)
    report = await desk.done("birth-reports", make_birth())
    birth = await register(desk, report)
    await desk.get(f"birth-reports/{report['id']}")
    kinds = await desk.rows(
        "SELECT kind, count(*) FROM usage_entries WHERE subject_id = $1 GROUP BY kind",
        mother["id"],
    )
    assert {row["kind"]: row["count"] for row in kinds} == {"person": 1, "birth": 3}
    of_child = await desk.rows(
        "SELECT kind FROM usage_entries WHERE subject_id = $1", birth["child_id"]
    )
    assert {row["kind"] for row in of_child} == {"person", "birth"}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"multiple": True}, "body"),
        ({"multiple_index": 1}, "body"),
        ({"mother": {"name": "王芳"}}, "body.mother"),
        ({"born_on": "2090-01-01"}, "body.born_on"),
        ({"sex": "7"}, "body.sex"),
        ({"reference": ""}, "body.reference"),
        ({"weight": 3200}, "body.weight"),
        ({"born_at": "03:40:00+08:00"}, "body"),
    ],
)
async def test_bad_fields_are_named(desk: Desk, change: dict[str, Any], field: str) -> None:
    answer = await desk.post("birth-reports", make_birth() | change)
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["field"] == field
