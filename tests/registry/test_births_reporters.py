"""Who reports a birth: a hospital, an office, a community worker's phone, or a parent herself."""

from typing import Any

import pytest

from shared.ids import new_id
from tests.registry.places import HOME, number
from tests.registry.vital_samples import (
    FATHER,
    HOSPITAL,
    MOTHER,
    WORKER,
    Desk,
    make_birth,
    make_registration,
)


def her_report(mother: dict[str, Any], **overrides: Any) -> dict[str, Any]:
    """A birth as the mother reports it: of herself she knows her id here."""
    named = {"name": MOTHER["name"], "person_id": mother["id"]}
    return make_birth(mother=named, child_name="陈小宝", **overrides)


async def test_each_reporter_is_known_as_what_it_is(desk: Desk) -> None:
    mother = await desk.person(MOTHER)
    kinds = {}
    for n, (actor, said) in enumerate(
        (
            (desk.as_actor(**HOSPITAL), {}),
            (desk.as_actor(**WORKER), {"reporter": "community"}),
            ({}, {}),
            ({}, {"reporter": "person"}),  # told at the desk
        )
    ):
        report = await desk.done("birth-reports", make_birth(reference=f"B-{n}", **said), **actor)
        kinds[n] = (report["reporter_kind"], report["status"])
    own = await desk.done("birth-reports", her_report(mother), **desk.herself(mother["id"]))
    assert kinds == {
        0: ("hospital", "reported"),
        1: ("community", "folded"),
        2: ("office", "folded"),
        3: ("person", "folded"),
    }
    assert own["reporter_kind"] == "person"
    assert len(await desk.rows("SELECT 1 FROM birth_reports WHERE folded_into IS NOT NULL")) == 4


async def test_a_mothers_report_waits_for_the_office_and_shows_her_its_state(desk: Desk) -> None:
    mother = await desk.person(MOTHER)
    await desk.person(FATHER)
    her = desk.herself(mother["id"])
    report = await desk.done("birth-reports", her_report(mother), **her)
    path = f"birth-reports/{report['id']}"
    assert report["status"] == "reported"
    assert report["father"]["person_id"] is None  # whom the register knows is not told
    status, kind, _ = await desk.refused(f"{path}/registration", make_registration(), **her)
    assert (status, kind) == (403, "forbidden")
    await desk.done(f"{path}/return", {"reason": "请补父亲证件号码"})
    seen = (await desk.get(path, **her)).json()
    assert (seen["status"], seen["return_reason"]) == ("returned", "请补父亲证件号码")
    again = await desk.done("birth-reports", her_report(mother), **her)
    assert again["id"] == report["id"]
    birth = await desk.done(f"{path}/registration", make_registration(child_name=None))
    child = (await desk.get(f"persons/{birth['child_id']}")).json()
    assert child["name"] == "陈小宝"  # as she reported it
    seen = (await desk.get(path, **her)).json()
    assert (seen["status"], seen["event_id"]) == ("registered", None)
    (reported,) = {each["reporter_org"] for each in await desk.said("birth-reported")}
    assert reported == "person"


async def test_she_is_not_told_that_somebody_else_reported(desk: Desk) -> None:
    mother = await desk.person(MOTHER)
    first = await desk.done("birth-reports", make_birth(), **desk.as_actor(**HOSPITAL))
    her = desk.herself(mother["id"])
    own = await desk.done("birth-reports", her_report(mother), **her)
    assert (own["status"], own["folded_into"]) == ("reported", None)
    (row,) = await desk.rows(
        "SELECT status, folded_into FROM birth_reports WHERE id <> $1", first["id"]
    )
    assert (row["status"], str(row["folded_into"])) == ("folded", first["id"])
    assert [each["id"] for each in await desk.listed("birth-reports?status=reported", **her)] == [
        own["id"]
    ]
    assert await desk.listed("birth-reports?status=folded", **her) == []
    await desk.done(f"birth-reports/{first['id']}/registration", make_registration())
    (seen,) = await desk.listed("birth-reports?status=registered", **her)
    assert (seen["id"], seen["status"], seen["folded_into"]) == (own["id"], "registered", None)
    assert (await desk.get(f"birth-reports/{first['id']}", **her)).status_code == 404


async def test_a_person_reports_her_own_child_and_nobody_elses(desk: Desk) -> None:
    mother = await desk.person(MOTHER)
    father = await desk.person(FATHER)
    other = await desk.person({"name": "李梅", "id_number": number("19920202", 122)})
    hers = desk.herself(other["id"])
    for body in (
        make_birth(),
        her_report(mother),  # by an id that is not hers
        make_birth(mother={"name": "李梅", "birth_date": "1992-02-02"}),  # not surely herself
    ):
        assert (await desk.refused("birth-reports", body, **hers))[:2] == (
            403,
            "not-yours-to-report",
        )
    assert await desk.rows("SELECT 1 FROM birth_reports") == []
    own = await desk.done("birth-reports", make_birth(), **desk.herself(father["id"]))
    assert own["status"] == "reported"
    claims = make_birth(reporter="hospital")
    assert (await desk.refused("birth-reports", claims, **desk.herself(father["id"])))[0] == 403
    stranger = desk.herself(new_id())
    assert (await desk.refused("birth-reports", make_birth(), **stranger))[0] == 404
    assert (await desk.get("birth-reports", **stranger)).status_code == 404
    assert (await desk.get(f"birth-reports/{own['id']}", **hers)).status_code == 404


async def test_two_persons_may_use_the_same_reference(desk: Desk) -> None:
    mother, father = await desk.person(MOTHER), await desk.person(FATHER)
    await desk.done("birth-reports", her_report(mother), **desk.herself(mother["id"]))
    await desk.done("birth-reports", make_birth(), **desk.herself(father["id"]))
    status, kind, _ = await desk.refused(
        "birth-reports", her_report(mother), **desk.herself(mother["id"])
    )
    assert (status, kind) == (409, "already-reported")


async def test_a_phone_without_network_says_when_it_took_the_report_down(desk: Desk) -> None:
    worker = desk.as_actor(**WORKER)
    body = make_birth(reporter="community", captured_at="2025-06-03T09:30:00+08:00")
    report = await desk.done("birth-reports", body, **worker)
    assert report["captured_at"] == "2025-06-03T01:30:00Z"
    for n, wrong in enumerate(
        (
            "2025-05-31T09:30:00+08:00",  # before the birth
            "2090-01-01T00:00:00Z",
            "1999-01-01T00:00:00Z",
            "2025-06-03T09:30:00",  # of no time zone
            "9999-12-31T23:59:59-12:00",
        )
    ):
        late = make_birth(reference=f"B-{n}", captured_at=wrong)
        assert (await desk.refused("birth-reports", late, **worker))[0] == 422, wrong


@pytest.mark.parametrize(
    "told", [{"stillbirth": True}, {"live_birth": False}, {"outcome": "死产"}, {"死产": 1}]
)
async def test_a_stillbirth_is_refused_with_where_it_belongs(
    desk: Desk, told: dict[str, Any]
) -> None:
    answer = await desk.post("birth-reports", make_birth() | told, **desk.as_actor(**HOSPITAL))
    problem = answer.json()
    assert answer.status_code == 422
    assert problem["type"].endswith("/not-held-here")
    assert "health authority" in problem["detail"]
    chinese = await desk.post("birth-reports", make_birth() | told, **{"Accept-Language": "zh"})
    assert "卫生健康部门" in chinese.json()["detail"]
    assert await desk.rows("SELECT 1 FROM birth_reports") == []
    assert await desk.said("birth-reported") == []


async def test_what_helps_to_find_somebody_is_sealed(desk: Desk) -> None:
    named = {"name": "王芳", "birth_date": "1990-01-01", "phone": "13900000009"}
    body = make_birth(mother=named, late_reason="孩子随父母在外地")
    report = await desk.done("birth-reports", body)
    assert report["late_reason"] == "孩子随父母在外地"
    assert report["mother"]["birth_date"] == "1990-01-01"
    (row,) = await desk.rows("SELECT t::text AS text FROM birth_reports AS t")
    for secret in ("1990-01-01", "13900000009", "孩子随父母在外地"):
        assert secret not in row["text"]
        assert secret.encode().hex() not in row["text"]
    seen = (await desk.get(f"birth-reports/{report['id']}", Purpose="oversight")).json()
    assert seen["mother"]["phone"] == "139******09"


@pytest.mark.parametrize(
    "change",
    [
        {"born_on": "1879-12-31"},
        {"mother": MOTHER | {"id_number": MOTHER["id_number"][:17] + "0"}},
        {"father": {"name": "陈刚", "id_number": "123"}},
        {"mother": {"name": "王芳", "phone": "12345"}},
        {"multiple": True, "multiple_index": 10},
        {"reporter": "police"},
        {"late_reason": ""},
    ],
)
async def test_bad_values_are_refused(desk: Desk, change: dict[str, Any]) -> None:
    assert (await desk.refused("birth-reports", make_birth() | change))[0] == 422


async def test_a_region_abolished_before_the_birth_is_none(desk: Desk) -> None:
    await desk.rows(
        "INSERT INTO regions (code, name, level, parent, source, valid_to)"
        " VALUES ('420325100099', '旧街社区', 'village', '420325100', 'test', '2020-01-01')"
        " RETURNING code"
    )
    status, kind, _ = await desk.refused("birth-reports", make_birth(region="420325100099"))
    assert (status, kind) == (422, "unknown-region")
    assert (await desk.post("birth-reports", make_birth(region=HOME))).status_code == 201
