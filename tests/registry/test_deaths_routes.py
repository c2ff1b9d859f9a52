"""Deaths over HTTP: reported, registered, taken back."""

from datetime import date

import pytest

from tests.registry.places import COUNTY_AWAY, HOME
from tests.registry.vital_samples import HOSPITAL, MOTHER, Desk, make_death


async def test_a_registered_death_closes_record_and_residence(desk: Desk) -> None:
    person = await desk.person(MOTHER)
    report = await desk.done("death-reports", make_death(), **desk.as_actor(**HOSPITAL))
    death = await desk.done(f"death-reports/{report['id']}/registration")
    assert death["person_id"] == person["id"]
    seen = (await desk.get(f"persons/{person['id']}")).json()
    assert (seen["status"], seen["residence"]) == ("deceased", None)
    history = (await desk.get(f"persons/{person['id']}/history")).json()
    assert [stay["until"] for stay in history["residences"]] == ["2025-06-01"]
    (said,) = await desk.said("death-registered")
    assert (said["person_id"], said["days"]) == (person["id"], death["days"])
    assert "cause" not in said
    change = {"name": "王小芳", "reason": "户口簿为准"}
    answer = await desk.office.patch(
        f"/registry/v1/persons/{person['id']}", json=change, headers={"If-Match": '"2"'}
    )
    assert answer.json()["type"].endswith("/record-closed")


async def test_a_migrants_death_stays_on_the_record_here(desk: Desk) -> None:
    person = await desk.migrant(MOTHER)
    report = await desk.done("death-reports", make_death())
    await desk.done(f"death-reports/{report['id']}/registration")
    seen = (await desk.get(f"persons/{person['id']}")).json()
    assert (seen["status"], seen["residence"]) == ("deceased", None)
    assert seen["hukou_region"] == COUNTY_AWAY
    found = await desk.post("person-searches", {"id_number": MOTHER["id_number"]})
    assert [each["id"] for each in found.json()] == [person["id"]]


async def test_a_death_registered_in_error_is_taken_back(desk: Desk) -> None:
    person = await desk.migrant(MOTHER)
    report = await desk.done("death-reports", make_death())
    await desk.done(f"death-reports/{report['id']}/registration")
    taken_back = await desk.done(f"death-reports/{report['id']}/annulment", {"reason": "同名误报"})
    assert taken_back["annulled_at"] is not None
    seen = (await desk.get(f"persons/{person['id']}")).json()
    assert seen["status"] == "active"
    assert (seen["residence"]["region"], seen["residence"]["since"]) == (HOME, "2024-01-01")
    (row,) = await desk.rows("SELECT left_region, residence_since FROM persons")
    assert (row["left_region"], row["residence_since"]) == (None, date(2024, 1, 1))
    assert len(await desk.said("death-annulled")) == 1
    status, kind, _ = await desk.refused(
        f"death-reports/{report['id']}/annulment", {"reason": "同名误报"}
    )
    assert (status, kind) == (409, "report-closed")
    # she may die another day
    later = await desk.done("death-reports", make_death(reference="D-2", died_on="2025-09-09"))
    assert later["status"] == "reported"
    await desk.done(f"death-reports/{later['id']}/registration")
    assert len(await desk.rows("SELECT 1 FROM deaths WHERE annulled_at IS NULL")) == 1


async def test_a_second_report_is_folded_and_registered_once(desk: Desk) -> None:
    await desk.person(MOTHER)
    first = await desk.done("death-reports", make_death(), **desk.as_actor(**HOSPITAL))
    second = await desk.done("death-reports", make_death())
    assert (second["status"], second["folded_into"]) == ("folded", first["id"])
    death = await desk.done(f"death-reports/{first['id']}/registration")
    third = await desk.done("death-reports", make_death(reference="D-3"))
    assert third["event_id"] == death["id"]
    status, kind, _ = await desk.refused(f"death-reports/{first['id']}/registration")
    assert (status, kind) == (409, "report-closed")
    assert len(await desk.said("death-registered")) == 1


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"died_on": "1989-12-31"}, (409, "implausible", "before-birth")),
        ({"person": MOTHER | {"name": "王方"}}, (409, "implausible", "name-differs")),
        (
            {"person": {"name": "王芳", "id_number": "11010519491231002X"}},
            (409, "not-matched", "person"),
        ),
    ],
)
async def test_what_does_not_fit_is_not_registered(
    desk: Desk, change: dict[str, object], expected: tuple[int, str, str]
) -> None:
    await desk.person(MOTHER)
    report = await desk.done("death-reports", make_death() | change)
    assert await desk.refused(f"death-reports/{report['id']}/registration") == expected
    returned = await desk.done(f"death-reports/{report['id']}/return", {"reason": "不符"})
    assert returned["status"] == "returned"
    assert not await desk.rows("SELECT 1 FROM deaths")


async def test_id_and_number_of_two_persons_are_refused(desk: Desk) -> None:
    person = await desk.person(MOTHER)
    confused = {"name": "王芳", "id_number": "11010519491231002X", "person_id": person["id"]}
    assert await desk.refused("death-reports", make_death(person=confused)) == (
        409,
        "implausible",
        "id-number-differs",
    )


async def test_scopes_and_jurisdiction(desk: Desk) -> None:
    await desk.person(MOTHER)
    report = await desk.done("death-reports", make_death())
    path = f"death-reports/{report['id']}"
    elsewhere = desk.as_actor(scope="registry:write", region="130102")
    assert (await desk.get(path, **elsewhere)).status_code == 404
    assert (await desk.refused(f"{path}/registration", **elsewhere))[0] == 404
    assert (await desk.refused(f"{path}/annulment", {"reason": "误报"}, **elsewhere))[0] == 404
    hospital = desk.as_actor(**HOSPITAL)
    assert (await desk.refused(f"{path}/registration", **hospital))[0] == 403
    assert (await desk.get(path, **hospital)).status_code == 404
    assert (await desk.refused("death-reports", make_death() | {"cause": "x"}))[0] == 422
    status, kind, _ = await desk.refused("death-reports", make_death(), Purpose="idle")
    assert (status, kind) == (400, "malformed-request")
    listed = (await desk.get("death-reports?status=reported")).json()["items"]
    assert [each["id"] for each in listed] == [report["id"]]
