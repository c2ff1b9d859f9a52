"""Corrections of stays, contested fields, and appeals against refusals."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from services.registry.persons.merging import merge_persons
from services.registry.rights.rules import due_on, why_not_reviewer
from shared.clock import today
from shared.ids import new_id
from shared.testing import make_actor
from tests.conftest import parts_of
from tests.registry.places import HOME, NEXT, number
from tests.registry.vital_samples import FATHER, MOTHER, Desk

REASON = "户口簿上写的是另一个字"
WHY_NOT = "派出所档案与现登记一致"
GROUNDS = "派出所已更正档案,见所附证明"
OWN = {"Purpose": "subject-access"}


def herself(desk: Desk, person_id: str) -> dict[str, str]:
    return desk.as_actor(scope="self", sub=person_id) | OWN


def reviewer(desk: Desk, **claims: Any) -> dict[str, str]:
    return desk.as_actor(**({"scope": "registry:write", "sub": "chief-1"} | claims))


async def asked(desk: Desk, person_id: str, **overrides: Any) -> dict[str, Any]:
    body = {"person_id": person_id, "field": "name", "should_be": "王芬", "reason": REASON}
    return await desk.done("correction-requests", body | overrides, **herself(desk, person_id))


async def decided(desk: Desk, request_id: str, granted: bool = False) -> None:
    body = {"granted": granted, "reason": WHY_NOT}
    await desk.done(f"correction-requests/{request_id}/decision", body)


async def contested(desk: Desk, person_id: str) -> list[str]:
    return list((await desk.get(f"persons/{person_id}")).json()["contested"])


async def appealed(desk: Desk) -> tuple[dict[str, Any], dict[str, Any], str]:
    """A person whose request was refused and who appeals: person, appeal, the decision's path."""
    person = await desk.person(MOTHER)
    request = await asked(desk, person["id"])
    await decided(desk, request["id"])
    appeal = await desk.done(
        f"correction-requests/{request['id']}/appeal",
        {"reason": GROUNDS},
        **herself(desk, person["id"]),
    )
    return person, appeal, f"correction-appeals/{appeal['id']}/decision"


def test_an_appeal_is_decided_within_thirty_days_by_another_of_the_county() -> None:
    assert due_on(date(2026, 1, 31)) == date(2026, 3, 2)
    county, township = make_actor(), make_actor(region=HOME[:9])
    assert why_not_reviewer(county, "clerk-1") == "decided-it-first"
    assert why_not_reviewer(county, "clerk-2") is None
    assert why_not_reviewer(township, "clerk-2") == "not-of-the-county"
    assert why_not_reviewer(make_actor(region="42"), "clerk-2") is None


async def test_what_she_contests_is_marked_until_it_is_decided_for_good(desk: Desk) -> None:
    person = await desk.person(MOTHER)
    version = (await desk.get(f"persons/{person['id']}")).headers["etag"]
    request = await asked(desk, person["id"])
    await asked(desk, person["id"], field="phone", should_be="13900000009")
    assert await contested(desk, person["id"]) == ["name", "phone"]
    assert (await desk.get(f"persons/{person['id']}")).headers["etag"] == version
    (found,) = (
        await desk.office.post(
            "/registry/v1/person-searches", json={"id_number": MOTHER["id_number"]}
        )
    ).json()
    assert found["contested"] == ["name", "phone"]
    await decided(desk, request["id"])
    assert await contested(desk, person["id"]) == ["phone"]
    appeal = await desk.done(f"correction-requests/{request['id']}/appeal", {"reason": GROUNDS})
    assert await contested(desk, person["id"]) == ["name", "phone"]
    decision = {"granted": False, "reason": WHY_NOT}
    await desk.done(f"correction-appeals/{appeal['id']}/decision", decision, **reviewer(desk))
    assert await contested(desk, person["id"]) == ["phone"]


async def test_a_contested_field_holds_nothing_up(desk: Desk) -> None:
    person = await desk.person(MOTHER)
    await asked(desk, person["id"])
    answer = await desk.office.patch(
        f"/registry/v1/persons/{person['id']}",
        json={"phone": "13900000007", "reason": "本人来窗口"},
        headers={"If-Match": '"1"'},
    )
    assert answer.status_code == 200
    assert answer.json()["contested"] == ["name"]
    await desk.done("households", {"region": HOME, "head": person["id"]})


async def test_a_granted_appeal_corrects_the_record(desk: Desk) -> None:
    person, appeal, decision = await appealed(desk)
    assert (appeal["status"], appeal["field"]) == ("open", "name")
    assert appeal["due_on"] == (today() + timedelta(days=30)).isoformat()
    done = await desk.done(decision, {"granted": True, "reason": GROUNDS}, **reviewer(desk))
    assert (done["status"], done["decision_reason"]) == ("granted", GROUNDS)
    record = (await desk.get(f"persons/{person['id']}")).json()
    assert (record["name"], record["contested"]) == ("王芬", [])
    request = (await desk.get(f"correction-requests/{appeal['request_id']}")).json()
    assert request["status"] == "refused"  # what was decided first stays on record
    assert (await desk.refused(decision, {"granted": True, "reason": GROUNDS}))[1] == (
        "already-decided"
    )


async def test_whoever_refused_does_not_review_and_no_township_does(desk: Desk) -> None:
    person, appeal, decision = await appealed(desk)
    body = {"granted": False, "reason": WHY_NOT}
    assert await desk.refused(decision, body) == (403, "wrong-reviewer", "decided-it-first")
    township = reviewer(desk, region=HOME[:9])
    assert await desk.refused(decision, body, **township) == (
        403,
        "wrong-reviewer",
        "not-of-the-county",
    )
    own = herself(desk, person["id"])
    assert (await desk.post(decision, body, **own)).status_code == 403
    foreign = reviewer(desk, region="420381")
    assert (await desk.post(decision, body, **foreign)).status_code == 404
    for reason in (None, "短", "    x    "):
        assert (
            await desk.post(decision, {"granted": False, "reason": reason}, **reviewer(desk))
        ).status_code == 422
    upheld = await desk.done(decision, body, **reviewer(desk))
    assert upheld["status"] == "upheld"
    read = await desk.get(f"correction-appeals/{appeal['id']}", **own)
    assert (read.json()["status"], read.json()["decision_reason"]) == ("upheld", WHY_NOT)
    (row,) = await desk.rows("SELECT * FROM correction_appeals")
    for text in (GROUNDS, WHY_NOT):  # sealed
        assert text not in str(row)
        assert text.encode() not in b"".join(
            value for value in row.values() if isinstance(value, bytes)
        )


async def test_what_can_be_appealed_and_by_whom(desk: Desk) -> None:
    person, other = await desk.person(MOTHER), await desk.person(FATHER)
    request = await asked(desk, person["id"])
    path, body = f"correction-requests/{request['id']}/appeal", {"reason": GROUNDS}
    assert (await desk.refused(path, body))[:2] == (409, "not-refused")
    await decided(desk, request["id"])
    stranger = herself(desk, other["id"])
    assert (await desk.post(path, body, **stranger)).status_code == 404
    reader = desk.as_actor(scope="registry:read")
    assert (await desk.post(path, body, **reader)).status_code == 403
    foreign = reviewer(desk, region="420381")
    assert (await desk.post(path, body, **foreign)).status_code == 404
    missing = f"correction-requests/{new_id()}/appeal"
    assert (await desk.post(missing, body)).status_code == 404
    appeal = await desk.done(path, body, **herself(desk, person["id"]))
    assert (await desk.refused(path, body))[:2] == (409, "already-asked")
    again = {"person_id": person["id"], "field": "name", "should_be": "王芸", "reason": REASON}
    assert (await desk.refused("correction-requests", again))[:2] == (409, "already-asked")
    decision = f"correction-appeals/{appeal['id']}/decision"
    await desk.done(decision, {"granted": False, "reason": WHY_NOT}, **reviewer(desk))
    assert (await desk.refused(path, body))[:2] == (409, "already-decided")
    await asked(desk, person["id"], should_be="王芸")  # she may ask anew


async def test_who_lists_appeals(desk: Desk) -> None:
    person, appeal, _ = await appealed(desk)
    other = await desk.person(FATHER)
    request = await asked(desk, other["id"], should_be="陈钢")
    await decided(desk, request["id"])
    late = await desk.done(f"correction-requests/{request['id']}/appeal", {"reason": GROUNDS})
    await desk.rows(
        "UPDATE correction_appeals SET due_on = $2 WHERE id = $1 RETURNING id",
        late["id"],
        today() - timedelta(days=1),
    )
    first = (await desk.get("correction-appeals?limit=1&status=open")).json()
    rest = (await desk.get(f"correction-appeals?limit=1&cursor={first['next']}")).json()
    assert [each["id"] for each in first["items"] + rest["items"]] == [appeal["id"], late["id"]]
    overdue = (await desk.get("correction-appeals?overdue=true")).json()["items"]
    assert [each["id"] for each in overdue] == [late["id"]]
    own = await desk.get("correction-appeals", **herself(desk, person["id"]))
    assert [each["id"] for each in own.json()["items"]] == [appeal["id"]]
    hers = herself(desk, other["id"])
    assert (await desk.get(f"correction-appeals/{appeal['id']}", **hers)).status_code == 404
    foreign = desk.as_actor(scope="registry:read", region="420381")
    assert (await desk.get("correction-appeals", **foreign)).json()["items"] == []
    assert (await desk.get("correction-appeals?region=420381")).status_code == 403


async def test_a_stay_is_corrected_at_her_request(desk: Desk) -> None:
    person, other = await desk.person(MOTHER), await desk.person(FATHER)
    history = (await desk.get(f"persons/{person['id']}/history")).json()
    (stay,) = history["residences"]
    body = {"field": "residence_since", "should_be": "2016-03-01", "residence_id": stay["id"]}
    request = await asked(desk, person["id"], **body)
    assert request["residence_id"] == stay["id"]
    assert await contested(desk, person["id"]) == ["residence_since"]
    await decided(desk, request["id"], granted=True)
    view = (await desk.get(f"persons/{person['id']}")).json()
    assert (view["residence"]["since"], view["contested"]) == ("2016-03-01", [])
    assert (await desk.get(f"persons/{person['id']}?on=2016-02-29")).json()["residence"] is None
    strange = {"person_id": other["id"], "reason": REASON} | body
    assert (await desk.post("correction-requests", strange)).status_code == 404
    for bad in (
        {"residence_id": None},
        {"should_be": "2999-01-01"},
        {"field": "residence_region", "should_be": "42"},
        {"field": "name", "should_be": "王芬"},
    ):
        wrong = {"person_id": person["id"], "reason": REASON} | body | bad
        assert (await desk.post("correction-requests", wrong)).status_code == 422


async def test_the_export_holds_appeals_workplaces_moves_and_what_was_said_before(
    desk: Desk,
) -> None:
    person, appeal, _ = await appealed(desk)
    path = f"/registry/v1/persons/{person['id']}"
    moved = await desk.office.patch(
        path,
        json={
            "hukou_region": NEXT,
            "changed_on": "2024-01-01",
            "residence": {"region": NEXT, "kind": "usual", "since": "2024-01-01"},
            "reason": "迁户并搬家",
        },
        headers={"If-Match": '"1"'},
    )
    assert moved.status_code == 200, moved.text
    workplace = {"region": HOME, "since": "2024-03-01"}
    await desk.done(f"persons/{person['id']}/workplaces", workplace)
    record = (
        await desk.get(f"persons/{person['id']}/export", **herself(desk, person["id"]))
    ).json()
    assert [each["id"] for each in record["correction_appeals"]] == [appeal["id"]]
    assert [each["to_region"] for each in record["hukou_moves"]] == [NEXT]
    assert [each["region"] for each in record["workplaces"]] == [HOME]
    (earlier,) = record["earlier_facts"]
    assert (earlier["kind"], earlier["fact"]["until"]) == ("residences", None)


async def test_a_merge_brings_contested_fields_and_appeals_along(desk: Desk) -> None:
    merged, appeal, _ = await appealed(desk)
    kept = await desk.person({"name": MOTHER["name"], "id_number": number("19900101", 114)})
    parts = parts_of(desk.app)
    async with parts.database.transaction(parts.actor) as tx:
        await merge_persons(UUID(kept["id"]), UUID(merged["id"]), tx)
    assert await contested(desk, kept["id"]) == ["name"]
    read = (await desk.get(f"correction-appeals/{appeal['id']}")).json()
    assert read["person_id"] == kept["id"]
