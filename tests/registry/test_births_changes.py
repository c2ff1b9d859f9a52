"""Registered births: corrected, named, annulled, reinstated; late ones."""

from datetime import timedelta
from typing import Any

from shared.clock import today
from tests.registry.places import COUNTY_AWAY, HOME, NEXT, number
from tests.registry.vital_samples import (
    FATHER,
    HOSPITAL,
    MOTHER,
    Desk,
    make_birth,
    make_marriage,
    make_registration,
)

REASON = "出生医学证明为准"


async def born(desk: Desk, **overrides: Any) -> dict[str, Any]:
    """A registered birth of the mother, who is entered with the first; its view."""
    if not await desk.rows("SELECT 1 FROM persons"):
        await desk.person(MOTHER)
        await desk.person(FATHER)
    report = await desk.done("birth-reports", make_birth(**overrides))
    return await desk.done(f"birth-reports/{report['id']}/registration", make_registration())


async def corrected(desk: Desk, birth: dict[str, Any], **changes: Any) -> dict[str, Any]:
    path = f"birth-reports/{birth['report_id']}/registration"
    answer = await desk.patch(path, {"reason": REASON} | changes, birth["version"])
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def child_of(desk: Desk, birth: dict[str, Any]) -> dict[str, Any]:
    return dict((await desk.get(f"persons/{birth['child_id']}")).json())


async def test_day_and_sex_are_corrected_and_the_childs_record_follows(desk: Desk) -> None:
    birth = await born(desk)
    for day in ("2025-06-09", "2025-05-28"):  # later, and earlier again
        birth = await corrected(desk, birth, born_on=day)
        child = await child_of(desk, birth)
        assert (child["birth_date"], child["residence"]["since"]) == (day, day)
        (stay,) = await desk.rows(
            "SELECT since::text FROM residences WHERE person_id = $1", birth["child_id"]
        )
        assert stay["since"] == day
    birth = await corrected(desk, birth, sex="2", region=NEXT)
    child = await child_of(desk, birth)
    assert (child["sex"], child["birth_date"]) == ("2", "2025-05-28")
    assert (birth["region"], birth["born_on"], birth["version"]) == (NEXT, "2025-05-28", 4)
    said = await desk.said("birth-corrected")
    assert [each["fields"] for each in said] == [["born_on"], ["born_on"], ["region", "sex"]]
    assert said[0]["born_on"] == "2025-06-09"
    again = await desk.get(f"birth-reports/{birth['report_id']}/registration")
    assert (again.headers["etag"], again.json()["days"]) == ('"4"', birth["days"])


async def test_a_stay_of_no_days_at_birth_is_in_no_ones_way(desk: Desk) -> None:
    """Two notices of the first home on one day leave a stay that took no time (居住零天)."""
    birth = await born(desk)
    await desk.rows(
        "INSERT INTO residences (id, person_id, region, kind, since, until, recorded_at,"
        " recorded_by) SELECT gen_random_uuid(), person_id, region, kind, since, since, now(), 'x'"
        " FROM residences WHERE person_id = $1 RETURNING 1",
        birth["child_id"],
    )
    await corrected(desk, birth, born_on="2025-05-28")
    assert (await child_of(desk, birth))["residence"]["since"] == "2025-05-28"


async def test_a_birth_is_not_moved_over_another_stay(desk: Desk) -> None:
    """A record that was merged into the child's may bring a stay from before it."""
    birth = await born(desk)
    await desk.rows(
        "INSERT INTO residences (id, person_id, region, kind, since, until, recorded_at,"
        " recorded_by) SELECT gen_random_uuid(), person_id, region, kind, '2025-05-01',"
        " '2025-05-30', now(), 'x' FROM residences WHERE person_id = $1 RETURNING 1",
        birth["child_id"],
    )
    path = f"birth-reports/{birth['report_id']}/registration"
    refused = await desk.patch(path, {"reason": REASON, "born_on": "2025-05-28"}, birth["version"])
    problem = refused.json()
    assert (refused.status_code, problem["type"].rpartition("/")[2]) == (409, "overlapping-stays")
    assert (problem["since"], problem["until"]) == ("2025-05-01", "2025-05-30")


async def test_every_version_is_kept_sealed_with_its_reason(desk: Desk) -> None:
    birth = await born(desk)
    await corrected(desk, birth, born_on="2025-06-02")
    versions = (await desk.get(f"birth-reports/{birth['report_id']}/versions")).json()
    assert [(each["version"], each["change"], each["reason"]) for each in versions] == [
        (1, "corrected", REASON)
    ]
    (row,) = await desk.rows("SELECT t::text AS text FROM vital_versions AS t")
    assert REASON not in row["text"]
    assert REASON.encode().hex() not in row["text"]
    assert birth["child_id"] not in row["text"]


async def test_a_stale_correction_and_one_of_nothing(desk: Desk) -> None:
    birth = await born(desk)
    path = f"birth-reports/{birth['report_id']}/registration"
    assert (await desk.patch(path, {"reason": REASON}, 1)).json()["version"] == 1
    assert (await desk.patch(path, {"reason": REASON, "sex": "2"}, 7)).status_code == 412
    bare = await desk.office.patch(f"/registry/v1/{path}", json={"reason": REASON, "sex": "2"})
    assert bare.status_code == 428
    hospital = desk.as_actor(**HOSPITAL)
    assert (await desk.patch(path, {"reason": REASON}, 1, **hospital)).status_code == 403
    elsewhere = desk.as_actor(scope="registry:write", region=COUNTY_AWAY)
    assert (await desk.patch(path, {"reason": REASON}, 1, **elsewhere)).status_code == 404
    away = await desk.patch(path, {"reason": REASON, "region": COUNTY_AWAY}, 1)
    assert (away.status_code, away.json()["type"][-20:]) == (403, "outside-jurisdiction")
    assert (await desk.patch(path, {"reason": "x", "sex": "2"}, 1)).status_code == 422
    assert await desk.said("birth-corrected") == []


async def test_nothing_is_registered_from_an_open_report(desk: Desk) -> None:
    report = await desk.done("birth-reports", make_birth())
    path = f"birth-reports/{report['id']}"
    assert (await desk.get(f"{path}/registration")).json()["type"].endswith("/not-registered")
    assert (await desk.get(f"{path}/versions")).status_code == 409
    assert (await desk.patch(f"{path}/registration", {"reason": REASON}, 1)).status_code == 409
    assert (await desk.refused(f"{path}/annulment", {"reason": REASON}))[1] == "report-closed"


async def test_a_child_without_a_name_is_named_later(desk: Desk) -> None:
    await desk.person(MOTHER)
    report = await desk.done("birth-reports", make_birth())
    path = f"birth-reports/{report['id']}/registration"
    birth = await desk.done(path, make_registration(child_name=None))
    assert birth["named"] is False
    assert (await child_of(desk, birth))["name"] == "王芳之子"
    named = await corrected(desk, birth, child_name="陈小宝")
    assert named["named"] is True
    assert (await child_of(desk, birth))["name"] == "陈小宝"
    (said,) = await desk.said("birth-corrected")
    assert said["fields"] == ["child_name"]
    assert "陈小宝" not in str(said)


async def test_parents_are_corrected(desk: Desk) -> None:
    birth = await born(desk)
    mother = await desk.person({"name": "李梅", "id_number": number("19920202", 122)})
    changed = await corrected(desk, birth, mother_id=mother["id"], without_father=True)
    assert (changed["mother_id"], changed["father_id"]) == (mother["id"], None)
    path = f"birth-reports/{birth['report_id']}/registration"
    man = await desk.person({"name": "赵强", "id_number": number("19850101", 131)})
    answer = await desk.patch(path, {"reason": REASON, "mother_id": man["id"]}, 2)
    assert (answer.status_code, answer.json()["reason"]) == (409, "mother-recorded-as-man")
    older = await desk.patch(path, {"reason": REASON, "born_on": "1991-01-01"}, 2)
    assert older.json()["reason"] == "child-not-younger-than-mother"


async def test_a_number_that_says_another_day_stops_the_correction(desk: Desk) -> None:
    birth = await born(desk)
    numbered = await corrected(desk, birth, child_id_number=number("20250601", 11))
    path = f"birth-reports/{birth['report_id']}/registration"
    wrong = await desk.patch(path, {"reason": REASON, "born_on": "2025-06-02"}, 2)
    assert wrong.json()["type"].endswith("/contradicts-id-number")
    both = await corrected(
        desk, numbered, born_on="2025-06-02", child_id_number=number("20250602", 13)
    )
    assert both["born_on"] == "2025-06-02"


async def test_a_birth_that_never_was_closes_the_record_and_opens_it_again(desk: Desk) -> None:
    birth = await born(desk)
    path = f"birth-reports/{birth['report_id']}"
    before = await child_of(desk, birth)
    annulled = await desk.done(f"{path}/annulment", {"reason": "误登, 查无此出生"})
    assert annulled["annulled_at"] is not None
    closed = await child_of(desk, birth)
    assert (closed["status"], closed["residence"]) == ("annulled", None)
    assert (await desk.get(path)).json()["status"] == "annulled"
    (said,) = await desk.said("birth-annulled")
    assert said["child_id"] == birth["child_id"]
    wrong = await desk.patch(f"{path}/registration", {"reason": REASON, "sex": "2"}, 2)
    assert wrong.json()["type"].endswith("/report-closed")
    assert (await desk.refused(f"{path}/annulment", {"reason": "再撤"}))[1] == "report-closed"
    stands = await desk.done(f"{path}/reinstatement", {"reason": "撤销有误"})
    assert stands["annulled_at"] is None
    after = await child_of(desk, birth)
    for field in ("name", "status", "residence", "household_id", "hukou_region"):
        if field == "residence":
            assert {k: after[field][k] for k in ("region", "kind", "since", "until")} == {
                k: before[field][k] for k in ("region", "kind", "since", "until")
            }
        else:
            assert after[field] == before[field]
    assert len(await desk.said("birth-reinstated")) == 1
    assert (await desk.refused(f"{path}/reinstatement", {"reason": "再恢复"}))[1] == "report-closed"
    changes = [e["change"] for e in (await desk.get(f"{path}/versions")).json()]
    assert changes == ["annulled", "reinstated"]


async def test_after_an_annulment_the_birth_can_be_reported_anew(desk: Desk) -> None:
    birth = await born(desk)
    path = f"birth-reports/{birth['report_id']}"
    await desk.done(f"{path}/annulment", {"reason": "登记到别人名下"})
    second = await born(desk, reference="B-2")
    assert second["child_id"] != birth["child_id"]
    status, kind, why = await desk.refused(f"{path}/reinstatement", {"reason": "恢复"})
    assert (status, kind, why) == (409, "cannot-annul", "registered-anew")


async def test_a_child_registered_twice_becomes_one(desk: Desk) -> None:
    kept = await born(desk)
    twice = await born(desk, reference="B-2", born_on="2026-03-01")  # a slip in the year
    path = f"birth-reports/{twice['report_id']}"
    done = await desk.done(f"{path}/annulment", {"reason": "重复登记", "same_as": kept["child_id"]})
    assert done["annulled_at"] is not None
    assert (await child_of(desk, twice))["id"] == kept["child_id"]  # leads to the kept one
    assert len(await desk.said("persons-merged")) == 1
    standing = await desk.rows("SELECT child_id FROM births WHERE annulled_at IS NULL")
    assert [str(row["child_id"]) for row in standing] == [kept["child_id"]]
    status, kind, why = await desk.refused(f"{path}/reinstatement", {"reason": "恢复"})
    assert (status, kind, why) == (409, "cannot-annul", "undo-the-merge-first")


async def test_the_only_birth_of_a_child_is_not_annulled_by_a_merge(desk: Desk) -> None:
    birth = await born(desk)
    other = await desk.person(
        {"name": "陈小宝", "id_number": number("20250601", 11)}, residence=None
    )
    body = {"reason": "重复登记", "same_as": other["id"]}
    refused = await desk.refused(f"birth-reports/{birth['report_id']}/annulment", body)
    assert refused == (409, "cannot-annul", "merge-instead")


async def test_a_record_with_a_life_of_its_own_is_not_closed(desk: Desk) -> None:
    birth = await born(desk, born_on="2004-06-01")
    child = {"name": "陈小宝", "person_id": birth["child_id"]}
    abroad = {"name": "安娜", "foreigner": True}
    wedding = make_marriage(spouses=[child, abroad], happened_on="2024-05-20", abroad=True)
    report = await desk.done("marriage-reports", wedding)
    await desk.done(f"marriage-reports/{report['id']}/registration")
    refused = await desk.refused(
        f"birth-reports/{birth['report_id']}/annulment", {"reason": "误登"}
    )
    assert refused == (409, "cannot-annul", "has-events-of-its-own")


async def test_a_late_registration_is_as_good_as_any(desk: Desk) -> None:
    late = await born(desk)  # of 2025-06-01
    assert (late["late"], late["late_reason"]) == (True, None)  # asked, and nothing depends on it
    explained = await corrected(desk, late, late_reason="随父母在外地务工")
    assert explained["late_reason"] == "随父母在外地务工"
    recent = str(today() - timedelta(days=3))
    report = await desk.done(
        "birth-reports", make_birth(reference="B-2", born_on=recent, late_reason="网络故障")
    )
    body = make_registration(confirmed=["another-birth-too-close"])
    soon = await desk.done(f"birth-reports/{report['id']}/registration", body)
    assert (soon["late"], soon["days"], soon["late_reason"]) == (False, 3, "网络故障")
    rows = await desk.rows("SELECT t::text AS text FROM births AS t")
    assert not [row for row in rows if "务工" in row["text"] or "网络" in row["text"]]


async def test_a_county_sets_its_own_limits_with_their_source(desk: Desk) -> None:
    limits = {each["code"]: each for each in (await desk.get("service-limits")).json()}
    assert (limits["birth-months"]["value"], limits["birth-months"]["source"]) == (
        1,
        "户口登记条例第七条",
    )
    path = "/registry/v1/service-limits/mother-youngest"
    own = {"region": HOME[:6], "value": 40, "source": "本县数据质量办法"}
    away = desk.as_actor(scope="registry:write", region=COUNTY_AWAY)
    assert (await desk.office.put(path, json=own, headers=away)).status_code == 403
    assert (await desk.office.put(path, json=own | {"value": 55})).status_code == 409
    assert (await desk.office.put(path, json=own)).json()["source"] == "本县数据质量办法"
    await desk.person(MOTHER)
    report = await desk.done("birth-reports", make_birth())
    registration = f"birth-reports/{report['id']}/registration"
    assert (await desk.refused(registration, make_registration()))[2] == "mother-implausibly-young"
    assert (await desk.office.put(path, json=own | {"value": 12})).status_code == 200
    await desk.done(registration, make_registration())
