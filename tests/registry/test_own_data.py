"""A person's own record: she exports it, asks for corrections, and gets reasons for what stays."""

from typing import Any
from uuid import UUID

import httpx
import pytest

from services.registry.persons.merging import merge_persons
from shared.ids import new_id
from tests.conftest import parts_of
from tests.registry.places import AWAY, HOME, number
from tests.registry.vital_samples import (
    FATHER,
    HOSPITAL,
    MOTHER,
    Desk,
    make_birth,
    make_marriage,
    make_registration,
)

OWN = {"Purpose": "subject-access"}
REASON = "户口簿上写的是另一个字"


def herself(desk: Desk, person_id: Any, **claims: Any) -> dict[str, str]:
    return desk.as_actor(**({"scope": "self", "sub": str(person_id)} | claims)) | OWN


def make_correction(person_id: str, **overrides: Any) -> dict[str, Any]:
    return {
        "person_id": person_id,
        "field": "name",
        "should_be": "王芬",
        "reason": REASON,
    } | overrides


async def family(desk: Desk) -> tuple[dict[str, Any], dict[str, Any]]:
    """A married couple with a household and a child, all registered; mother and father."""
    mother, father = await desk.person(MOTHER), await desk.person(FATHER)
    members = [{"person_id": father["id"], "relation": "1"}]
    await desk.done("households", {"region": HOME, "head": mother["id"], "members": members})
    for kind, body, registration in (
        ("marriage", make_marriage(), None),
        ("birth", make_birth(), make_registration()),
    ):
        report = await desk.done(f"{kind}-reports", body, **desk.as_actor(**HOSPITAL))
        await desk.done(f"{kind}-reports/{report['id']}/registration", registration)
    return mother, father


async def export(desk: Desk, person_id: Any, headers: dict[str, str]) -> httpx.Response:
    return await desk.get(f"persons/{person_id}/export", **headers)


async def test_her_export_holds_everything(desk: Desk) -> None:
    mother, father = await family(desk)
    asked = await desk.done("correction-requests", make_correction(mother["id"]))
    await desk.done("erasure-requests", {"person_id": mother["id"]})
    answer = await export(desk, mother["id"], herself(desk, mother["id"]))
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    record = answer.json()
    assert record["person"]["id_number"] == MOTHER["id_number"]  # whole: it is hers
    assert record["covers"] == "420325"
    assert record["household"]["relation"] == "0"
    assert [stay["region"] for stay in record["residences"]] == [HOME]
    assert record["versions"][0]["fields"] == ["household_id", "household_relation"]
    assert {(each["kind"], each["role"]) for each in record["vital_events"]} == {
        ("birth", "mother"),
        ("marriage", "spouse"),
    }
    assert {each["reporter_org"] for each in record["reports"]} == {"hospital-1"}
    assert {each["kind"] for each in record["reports"]} == {"birth", "marriage"}
    assert [each["id"] for each in record["correction_requests"]] == [asked["id"]]
    assert record["erasure_requests"][0]["reason"]["en"]
    assert record["usages"] > 3
    # nobody else's identity goes along
    assert FATHER["name"] not in answer.text
    assert FATHER["id_number"] not in answer.text
    assert father["id"] not in answer.text


async def test_only_she_or_a_clerk_for_her_gets_the_export(desk: Desk) -> None:
    mother, father = await desk.person(MOTHER), await desk.person(FATHER)
    path = mother["id"]
    assert (await export(desk, path, herself(desk, father["id"]))).status_code == 404
    assert (await export(desk, new_id(), herself(desk, father["id"]))).status_code == 404
    assert (await export(desk, path, herself(desk, path, region="420381"))).status_code in (
        403,
        404,
    )
    assert (await export(desk, path, OWN)).status_code == 200  # a clerk, at her request
    other_reason = await export(desk, path, {"Purpose": "service"})
    assert other_reason.status_code == 403
    assert other_reason.json()["type"].endswith("/wrong-purpose")
    reader = desk.as_actor(scope="registry:read") | OWN
    assert (await export(desk, path, reader)).status_code == 403
    foreign = desk.as_actor(scope="registry:write", region="420381") | OWN
    assert (await export(desk, path, foreign)).status_code in (403, 404)
    named_alike = herself(desk, path, scope="migrant:employ")
    assert (await export(desk, path, named_alike)).status_code == 403
    del desk.office.headers["Purpose"]
    assert (await export(desk, path, {})).status_code == 400


async def test_the_login_of_a_merged_id_is_hers_still(desk: Desk) -> None:
    kept = await desk.person(MOTHER)
    merged = await desk.person({"name": "王芳", "id_number": number("19900101", 114)})
    asked = await desk.done("correction-requests", make_correction(merged["id"]))
    parts = parts_of(desk.app)
    async with parts.database.transaction(parts.actor) as tx:
        await merge_persons(UUID(kept["id"]), UUID(merged["id"]), tx)
    for path, login in ((kept["id"], merged["id"]), (merged["id"], kept["id"])):
        answer = await export(desk, path, herself(desk, login))
        assert answer.status_code == 200, answer.text
        record = answer.json()
        assert (record["person"]["id"], record["other_ids"]) == (kept["id"], [merged["id"]])
        assert [each["id"] for each in record["correction_requests"]] == [asked["id"]]
    looks = await desk.office.get(
        "/registry/datatracker/v2/findUsage",
        params={"userCode": kept["id"]},
        headers=herself(desk, merged["id"]) | {"X-Road-UserId": "x"},
    )
    assert looks.status_code == 200
    assert looks.json()["totalUsages"] > 3


async def test_a_granted_correction_changes_the_record(desk: Desk) -> None:
    person = await desk.person(MOTHER)
    own = herself(desk, person["id"])
    asked = await desk.done("correction-requests", make_correction(person["id"]), **own)
    assert (asked["status"], asked["decision_reason"]) == ("open", None)
    status, kind, _ = await desk.refused("correction-requests", make_correction(person["id"]))
    assert (status, kind) == (409, "already-asked")
    decision = f"correction-requests/{asked['id']}/decision"
    body = {"granted": True, "reason": "与户口簿核对一致"}
    assert (await desk.post(decision, body, **own)).status_code == 403
    decided = await desk.done(decision, body)
    assert (decided["status"], decided["decision_reason"]) == ("granted", body["reason"])
    record = (await desk.get(f"persons/{person['id']}")).json()
    assert (record["name"], record["version"]) == ("王芬", 2)
    (version,) = (await desk.get(f"persons/{person['id']}/history")).json()["versions"]
    assert asked["id"] in version["reason"]
    assert (await desk.said("person-corrected"))[-1]["fields"] == ["name"]
    assert await desk.refused(decision, body) == (409, "already-decided", "")
    assert (await desk.get(f"persons/{person['id']}")).json()["version"] == 2
    # decided: she may ask again
    await desk.done("correction-requests", make_correction(person["id"], should_be="王芳"), **own)


async def test_a_refusal_keeps_its_reason_and_she_reads_it(desk: Desk) -> None:
    person, other = await desk.person(MOTHER), await desk.person(FATHER)
    own = herself(desk, person["id"])
    asked = await desk.done("correction-requests", make_correction(person["id"]), **own)
    decision = f"correction-requests/{asked['id']}/decision"
    for reason in (None, "", "不行", "    x    "):
        answer = await desk.post(decision, {"granted": False, "reason": reason})
        assert answer.status_code == 422
    assert (await desk.post(decision, {"granted": False})).status_code == 422
    why = "派出所档案中的姓名与现登记一致"
    await desk.done(decision, {"granted": False, "reason": why})
    path = f"correction-requests/{asked['id']}"
    read = await desk.get(path, **own)
    assert (read.json()["status"], read.json()["decision_reason"]) == ("refused", why)
    assert (await desk.get(path, **herself(desk, other["id"]))).status_code == 404
    assert (await desk.get(f"persons/{person['id']}")).json()["name"] == MOTHER["name"]
    (row,) = await desk.rows("SELECT * FROM correction_requests")
    kept = b"".join(value for value in row.values() if isinstance(value, bytes))
    for text in (why, "王芬", REASON):  # sealed
        assert text.encode() not in kept
        assert text not in str(row)


async def test_the_database_takes_no_decision_without_a_reason(desk: Desk) -> None:
    person = await desk.person(MOTHER)
    await desk.done("correction-requests", make_correction(person["id"]))
    with pytest.raises(Exception, match="correction_requests_reasoned"):
        await desk.rows("UPDATE correction_requests SET status = 'refused' RETURNING id")


async def test_who_lists_what(desk: Desk) -> None:
    person, other = await desk.person(MOTHER), await desk.person(FATHER)
    away = await desk.migrant({"name": "赵敏", "id_number": number("19910101", 116)})
    for each in (person, other, away):
        await desk.done("correction-requests", make_correction(each["id"]))
    first = (await desk.get("correction-requests?limit=2&status=open")).json()
    rest = (await desk.get(f"correction-requests?limit=2&cursor={first['next']}")).json()
    found = [each["person_id"] for each in first["items"] + rest["items"]]
    assert found == [person["id"], other["id"], away["id"]]
    assert (await desk.get("correction-requests?status=granted")).json()["items"] == []
    assert len((await desk.get(f"correction-requests?region={HOME}")).json()["items"]) == 3
    assert (await desk.get("correction-requests?region=420325200")).json()["items"] == []
    assert (await desk.get("correction-requests?region=420381")).status_code == 403
    own = await desk.get("correction-requests", **herself(desk, other["id"]))
    assert [each["person_id"] for each in own.json()["items"]] == [other["id"]]
    nobody = await desk.get("correction-requests", **herself(desk, new_id()))
    assert nobody.status_code == 404
    not_a_person = await desk.get("correction-requests", **herself(desk, "clerk-1"))
    assert not_a_person.status_code == 404
    foreign = desk.as_actor(scope="registry:write", region="420381")
    assert (await desk.get("correction-requests", **foreign)).json()["items"] == []
    employer = desk.as_actor(scope="migrant:employ")
    assert (await desk.get("correction-requests", **employer)).status_code == 403


@pytest.mark.parametrize(
    ("change", "secret"),
    [
        ({"field": "id_number", "should_be": "420325199001011235"}, "420325199001011235"),
        ({"field": "birth_date", "should_be": "1990-13-77"}, "1990-13-77"),
        ({"field": "sex", "should_be": "woman"}, "woman"),
        ({"field": "phone", "should_be": "13900"}, "13900"),
        ({"reason": "短"}, "短"),
        ({"field": "household_id", "should_be": "x"}, "never"),
    ],
)
async def test_bad_requests_do_not_repeat_what_was_sent(
    desk: Desk, change: dict[str, Any], secret: str
) -> None:
    person = await desk.person(MOTHER)
    answer = await desk.post("correction-requests", make_correction(person["id"], **change))
    assert answer.status_code == 422
    assert secret not in answer.text


async def test_what_cannot_be_right_is_not_granted_and_stays_open(desk: Desk) -> None:
    person = await desk.person(MOTHER)
    wrong = make_correction(person["id"], field="birth_date", should_be="1991-02-03")
    asked = await desk.done("correction-requests", wrong)
    decision = f"correction-requests/{asked['id']}/decision"
    refused = await desk.refused(decision, {"granted": True, "reason": "请求属实,同意"})
    assert refused[:2] == (422, "contradicts-id-number")
    read = (await desk.get(f"correction-requests/{asked['id']}")).json()
    assert (read["status"], read["decision_reason"]) == ("open", None)


async def test_nobody_asks_for_another(desk: Desk) -> None:
    person, other = await desk.person(MOTHER), await desk.person(FATHER)
    stranger = herself(desk, other["id"])
    for path, body in (
        ("correction-requests", make_correction(person["id"])),
        ("erasure-requests", {"person_id": person["id"]}),
    ):
        assert (await desk.post(path, body, **stranger)).status_code == 404
        reader = desk.as_actor(scope="registry:read")
        assert (await desk.post(path, body, **reader)).status_code == 403
        foreign = desk.as_actor(scope="registry:write", region="420381")
        assert (await desk.post(path, body, **foreign)).status_code in (403, 404)
        nobody, somebody = herself(desk, new_id()), {"person_id": str(new_id())}
        assert (await desk.post(path, body | somebody, **nobody)).status_code == 404
    assert await desk.rows("SELECT 1 FROM correction_requests") == []


@pytest.mark.parametrize("scope", ["record", "residences", "vital-events"])
async def test_erasure_is_answered_with_the_law_and_nothing_goes(desk: Desk, scope: str) -> None:
    person = await desk.person(MOTHER, hukou_region=HOME)
    own = herself(desk, person["id"])
    body = {"person_id": person["id"], "scope": scope}
    decision = await desk.done("erasure-requests", body, **own)
    assert decision["granted"] is False
    assert "户口登记条例" in decision["duty"]
    assert "登记" in decision["reason"]["zh"]
    assert "Registration" in decision["reason"]["en"]
    again = await desk.done("erasure-requests", body, **own)
    assert again == decision
    read = await desk.get(f"erasure-requests/{decision['id']}", **own)
    assert read.json() == decision
    stranger = herself(desk, new_id())
    assert (await desk.get(f"erasure-requests/{decision['id']}", **stranger)).status_code == 404
    assert (await desk.get(f"persons/{person['id']}")).json()["name"] == MOTHER["name"]
    bad = await desk.post("erasure-requests", body | {"scope": "everything"}, **own)
    assert bad.status_code == 422


async def test_somebody_registered_elsewhere_but_living_here_asks_here(desk: Desk) -> None:
    migrant = await desk.migrant(MOTHER)
    answer = await export(desk, migrant["id"], herself(desk, migrant["id"]))
    assert answer.status_code == 200
    assert answer.json()["person"]["residence"]["region"] == HOME
    assert AWAY not in answer.text
