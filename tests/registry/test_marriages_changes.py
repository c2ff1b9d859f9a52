"""Marriages: abroad, by a spouse herself, contradicted, corrected, annulled; marital status."""

from typing import Any

import pytest

from tests.registry.places import COUNTY_AWAY, NEXT, number
from tests.registry.vital_samples import (
    FATHER,
    HOSPITAL,
    MOTHER,
    Desk,
    make_death,
    make_marriage,
)

REASON = "结婚证为准"
OTHER = {"name": "赵强", "id_number": number("19850101", 131)}
OWN = {"Purpose": "subject-access"}


async def married(desk: Desk, **overrides: Any) -> dict[str, Any]:
    report = await desk.done("marriage-reports", make_marriage(**overrides))
    return await desk.done(f"marriage-reports/{report['id']}/registration")


async def couple(desk: Desk) -> tuple[dict[str, Any], dict[str, Any]]:
    return await desk.person(MOTHER), await desk.person(FATHER)


async def status_of(desk: Desk, person_id: str) -> tuple[str, str | None]:
    seen = (await desk.get(f"persons/{person_id}/marital-status", Purpose="certificate")).json()
    return seen["status"], seen["since"]


async def test_marital_status_follows_from_what_is_registered(desk: Desk) -> None:
    wife, husband = await couple(desk)
    assert await status_of(desk, wife["id"]) == ("90", None)
    marriage = await married(desk)
    assert await status_of(desk, wife["id"]) == ("20", "2025-05-20")
    divorce = await married(desk, reference="M-2", kind="divorce", happened_on="2025-09-01")
    assert await status_of(desk, husband["id"]) == ("40", "2025-09-01")
    await desk.done(f"marriage-reports/{divorce['report_id']}/annulment", {"reason": "误登"})
    assert await status_of(desk, husband["id"]) == ("20", "2025-05-20")
    dead = await desk.done("death-reports", make_death(person=FATHER))
    await desk.done(f"death-reports/{dead['id']}/registration")
    assert await status_of(desk, wife["id"]) == ("30", "2025-06-01")
    await desk.done(f"death-reports/{dead['id']}/annulment", {"reason": "同名误报"})
    assert await status_of(desk, wife["id"]) == ("20", "2025-05-20")
    void = {"reason": "法院宣告", "ground": "void"}
    await desk.done(f"marriage-reports/{marriage['report_id']}/annulment", void)
    assert await status_of(desk, wife["id"]) == ("90", None)


async def test_marital_status_is_for_those_who_need_it(desk: Desk) -> None:
    wife, husband = await couple(desk)
    await married(desk)
    path = f"persons/{wife['id']}/marital-status"
    for purpose in ("data-quality", "employment", "service", "oversight"):
        answer = await desk.get(path, Purpose=purpose)
        assert (answer.status_code, answer.json()["type"][-13:]) == (403, "wrong-purpose")
    her = desk.herself(wife["id"]) | OWN
    assert (await desk.get(path, **her)).json()["en"] == "married"
    assert (await desk.get(path, **desk.herself(husband["id"]) | OWN)).status_code == 404
    assert (await desk.get(path, **desk.as_actor(**HOSPITAL))).status_code == 403
    elsewhere = desk.as_actor(scope="registry:read", region=COUNTY_AWAY)
    assert (await desk.get(path, **elsewhere)).status_code == 404
    seen = (await desk.get(f"persons/{wife['id']}")).text
    assert "marital" not in seen
    looks = await desk.rows("SELECT 1 FROM usage_entries WHERE kind = 'marital-status'")
    assert len(looks) == 1


async def test_her_extract_reads_like_a_certificate(desk: Desk) -> None:
    wife, husband = await couple(desk)
    await married(desk)
    path = f"persons/{wife['id']}/vital-events"
    (seen,) = (await desk.get(path, **desk.herself(wife["id"]) | OWN)).json()
    assert (seen["kind"], seen["happened_on"], seen["office"]) == (
        "marriage",
        "2025-05-20",
        "office-1",
    )
    assert [each["name"] for each in seen["parties"]] == ["王芳", "陈刚"]
    assert (await desk.get(path, **desk.herself(husband["id"]) | OWN)).status_code == 404
    assert (await desk.get(path, Purpose="employment")).status_code == 403
    assert (await desk.get(path, Purpose="certificate")).json() == [seen]


async def test_a_spouse_reports_her_marriage_abroad(desk: Desk) -> None:
    wife, husband = await couple(desk)
    her = desk.herself(wife["id"])
    own = {"name": "王芳", "person_id": wife["id"]}
    abroad = {"name": "Anna Müller", "foreigner": True, "birth_date": "1990-05-05"}
    body = make_marriage(spouses=[own, abroad], abroad=True)
    report = await desk.done("marriage-reports", body, **her)
    assert (report["status"], report["reporter_kind"], report["warnings"]) == (
        "reported",
        "person",
        [],
    )
    path = f"marriage-reports/{report['id']}"
    assert (await desk.refused(f"{path}/registration", **her))[0] == 403
    for wrong in (
        make_marriage(reference="M-2", spouses=[own, abroad]),  # civil affairs here report that
        make_marriage(reference="M-3", spouses=[FATHER, abroad], abroad=True),
        make_marriage(
            reference="M-4",
            spouses=[{"name": "陈刚", "person_id": husband["id"]}, own],
            abroad=True,
        ),
    ):
        assert (await desk.refused("marriage-reports", wrong, **her))[1] == "not-yours-to-report"
    marriage = await desk.done(f"{path}/registration")
    assert (marriage["abroad"], marriage["spouse_ids"], marriage["late"]) == (
        True,
        [wife["id"]],
        False,
    )
    seen = (await desk.get(path, **her)).json()
    assert (seen["status"], seen["event_id"]) == ("registered", None)
    his = desk.herself(husband["id"])
    assert (await desk.get(path, **his)).status_code == 404
    assert await desk.listed("marriage-reports", **his) == []


async def test_who_is_married_already_becomes_a_task_and_a_doubt(desk: Desk) -> None:
    await couple(desk)
    await desk.person(OTHER)
    await married(desk)
    again = make_marriage(reference="M-2", spouses=[MOTHER, OTHER], happened_on="2025-08-01")
    report = await desk.done("marriage-reports", again)
    assert report["warnings"] == ["married-already"]
    (task,) = (await desk.get("mismatches")).json()["items"]
    assert (task["kind"], task["source"], task["source_id"]) == (
        "vital-doubt",
        "marriage-report",
        report["id"],
    )
    assert task["person_id"] is None  # who is married to whom stays sealed
    path = f"marriage-reports/{report['id']}/registration"
    answer = await desk.post(path)
    assert (answer.json()["reason"], answer.json()["confirmable"]) == ("married-already", True)
    marriage = await desk.done(path, {"confirmed": ["married-already"]})
    assert marriage["confirmed"] == ["married-already"]
    hospital = desk.as_actor(**HOSPITAL)
    third = await desk.done("marriage-reports", again | {"reference": "M-3"}, **hospital)
    assert third["warnings"] == []  # a reporter is not told whom anybody is married to


async def test_after_a_divorce_or_a_death_nothing_is_doubted(desk: Desk) -> None:
    await couple(desk)
    await desk.person(OTHER)
    await married(desk)
    await married(desk, reference="M-2", kind="divorce", happened_on="2025-07-01")
    await married(desk, reference="M-3", spouses=[MOTHER, OTHER], happened_on="2025-08-01")
    dead = await desk.done("death-reports", make_death(person=OTHER, died_on="2025-09-01"))
    await desk.done(f"death-reports/{dead['id']}/registration")
    await married(desk, reference="M-4", happened_on="2025-10-01")
    assert (await desk.get("mismatches")).json()["items"] == []
    assert len(await desk.rows("SELECT 1 FROM marriages")) == 4


@pytest.mark.parametrize(("happened_on", "status"), [("2025-06-01", 201), ("2025-06-02", 409)])
async def test_a_marriage_of_a_dead_person(desk: Desk, happened_on: str, status: int) -> None:
    await couple(desk)
    dead = await desk.done("death-reports", make_death())
    await desk.done(f"death-reports/{dead['id']}/registration")
    report = await desk.done("marriage-reports", make_marriage(happened_on=happened_on))
    answer = await desk.post(f"marriage-reports/{report['id']}/registration")
    assert answer.status_code == status
    if status == 409:
        assert answer.json()["reason"] == "after-death"
        assert answer.json()["confirmable"] is False


async def test_a_spouse_under_age_is_a_hint_and_no_refusal(desk: Desk) -> None:
    young = {"name": "林小雨", "id_number": number("20060101", 122)}
    await desk.person(young, residence=None)
    await desk.person(FATHER)
    report = await desk.done("marriage-reports", make_marriage(spouses=[young, FATHER]))
    assert report["warnings"] == ["under-age-of-marriage"]
    await desk.done(f"marriage-reports/{report['id']}/registration")
    divorce = make_marriage(
        reference="M-2", kind="divorce", spouses=[young, FATHER], happened_on="2025-08-01"
    )
    assert (await desk.done("marriage-reports", divorce))["warnings"] == []


async def test_one_person_is_no_couple(desk: Desk) -> None:
    wife = await desk.person(MOTHER)
    twice = [MOTHER, {"name": "王芳", "person_id": wife["id"]}]
    report = await desk.done("marriage-reports", make_marriage(spouses=twice))
    refused = await desk.refused(f"marriage-reports/{report['id']}/registration")
    assert refused == (409, "implausible", "one-person-twice")


async def test_day_and_spouses_are_corrected(desk: Desk) -> None:
    wife, husband = await couple(desk)
    other = await desk.person(OTHER)
    marriage = await married(desk)
    path = f"marriage-reports/{marriage['report_id']}/registration"
    answer = await desk.patch(
        path, {"reason": REASON, "happened_on": "2025-05-21", "region": NEXT}, 1
    )
    assert (answer.json()["happened_on"], answer.headers["etag"]) == ("2025-05-21", '"2"')
    assert await status_of(desk, wife["id"]) == ("20", "2025-05-21")
    answer = await desk.patch(path, {"reason": REASON, "spouses": [MOTHER, OTHER]}, 2)
    assert answer.json()["spouse_ids"] == [wife["id"], other["id"]]
    assert await status_of(desk, husband["id"]) == ("90", None)
    assert await status_of(desk, other["id"]) == ("20", "2025-05-21")
    said = await desk.said("marriage-corrected")
    assert [each["fields"] for each in said] == [["happened_on", "region"], ["spouses"]]
    versions = (await desk.get(f"marriage-reports/{marriage['report_id']}/versions")).json()
    assert [each["reason"] for each in versions] == [REASON, REASON]
    (row,) = await desk.rows("SELECT string_agg(t::text, '') AS text FROM vital_versions AS t")
    for secret in (husband["id"], "陈刚", REASON):
        assert secret not in row["text"]
        assert secret.encode().hex() not in row["text"]
    before_birth = await desk.patch(path, {"reason": REASON, "happened_on": "1985-01-01"}, 3)
    assert before_birth.json()["reason"] == "before-birth"
    stale = await desk.patch(path, {"reason": REASON, "happened_on": "2025-05-22"}, 2)
    assert stale.status_code == 412
    unknown = {"name": "周周", "id_number": number("19930303", 133)}
    answer = await desk.patch(path, {"reason": REASON, "spouses": [MOTHER, unknown]}, 3)
    assert answer.json()["type"].endswith("/not-matched")


async def test_a_correction_is_checked_against_her_other_marriages(desk: Desk) -> None:
    await couple(desk)
    await desk.person(OTHER)
    await married(desk)
    stranger = {"name": "周周", "id_number": number("19930303", 133)}
    await desk.person(stranger)
    second = await married(desk, reference="M-2", spouses=[stranger, OTHER])
    path = f"marriage-reports/{second['report_id']}/registration"
    answer = await desk.patch(path, {"reason": REASON, "spouses": [MOTHER, OTHER]}, 1)
    assert answer.json()["reason"] == "married-already"
    confirmed = {"reason": REASON, "spouses": [MOTHER, OTHER], "confirmed": ["married-already"]}
    assert (await desk.patch(path, confirmed, 1)).status_code == 200


async def test_an_annulment_and_its_undoing(desk: Desk) -> None:
    wife, husband = await couple(desk)
    marriage = await married(desk)
    path = f"marriage-reports/{marriage['report_id']}"
    annulled = await desk.done(f"{path}/annulment", {"reason": "法院撤销", "ground": "revoked"})
    assert annulled["annulled_at"] is not None
    (said,) = await desk.said("marriage-annulled")
    assert (said["spouse_ids"], said["kind"]) == ([wife["id"], husband["id"]], "marriage")
    (row,) = await desk.rows("SELECT annulment FROM marriages")
    assert row["annulment"] == "revoked"
    assert (await desk.refused(f"{path}/annulment", {"reason": "再撤"}))[1] == "report-closed"
    stands = await desk.done(f"{path}/reinstatement", {"reason": "撤销有误"})
    assert stands["annulled_at"] is None
    assert len(await desk.said("marriage-reinstated")) == 1
    assert await status_of(desk, wife["id"]) == ("20", "2025-05-20")
    changes = [e["change"] for e in (await desk.get(f"{path}/versions")).json()]
    assert changes == ["annulled", "reinstated"]
    for wrong in ({"reason": "x"}, {"reason": "法院", "ground": "cousins"}):
        assert (await desk.refused(f"{path}/annulment", wrong))[0] == 422
    hospital = desk.as_actor(**HOSPITAL)
    assert (await desk.refused(f"{path}/annulment", {"reason": "误登"}, **hospital))[0] == 403
    elsewhere = desk.as_actor(scope="registry:write", region=COUNTY_AWAY)
    assert (await desk.refused(f"{path}/annulment", {"reason": "误登"}, **elsewhere))[0] == 404


async def test_a_spouse_is_matched_by_a_clerk(desk: Desk) -> None:
    wife, husband = await couple(desk)
    first = await desk.done("marriage-reports", make_marriage(), **desk.as_actor(**HOSPITAL))
    weak = {"name": "陈刚", "birth_date": "1989-01-01"}
    report = await desk.done(
        "marriage-reports", make_marriage(reference="M-2", spouses=[weak, MOTHER])
    )
    assert report["status"] == "reported"
    path = f"marriage-reports/{report['id']}"
    (found,) = (await desk.get(f"{path}/candidates?role=first")).json()
    assert (found["person_id"], found["evidence"]) == (husband["id"], ["name", "birth-date"])
    matched = await desk.done(f"{path}/match", {"role": "first", "person_id": husband["id"]})
    assert (matched["status"], matched["folded_into"]) == ("folded", first["id"])
    apart = await desk.done(f"{path}/unfolding")
    assert apart["status"] == "reported"
    assert wife["id"] != husband["id"]


async def test_a_marriage_follows_a_merged_record(desk: Desk) -> None:
    wife, _ = await couple(desk)
    await married(desk)
    kept = await desk.person({"name": "王芳", "id_number": number("19900101", 114)})
    await desk.rows(
        "UPDATE persons SET status = 'merged', merged_into = $1 WHERE id = $2 RETURNING id",
        kept["id"],
        wife["id"],
    )
    assert await status_of(desk, kept["id"]) == ("20", "2025-05-20")
