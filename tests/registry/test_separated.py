"""Separated persons: seen by both places, each with its duties."""

from typing import Any

from services.registry.persons.schemas import SeparatedPerson
from services.registry.persons.separated import duties
from shared.pages import Page
from tests.registry.places import HOME, NEXT, number
from tests.registry.vital_samples import MOTHER, Desk


async def listed(desk: Desk, query: str = "", **headers: str) -> list[dict[str, Any]]:
    answer = await desk.get(f"separated-persons{query}", **headers)
    assert answer.status_code == 200, answer.text
    declared = Page[SeparatedPerson].model_validate_json(answer.content)
    assert answer.json() == declared.model_dump(mode="json"), "it is written without the model"
    return list(answer.json()["items"])


async def three(desk: Desk) -> tuple[dict[str, Any], dict[str, Any]]:
    """Somebody at home, somebody in the next township, and a migrant; the latter two."""
    await desk.person({"name": "赵敏", "id_number": number("19910101", 116)})
    next_door = {"region": NEXT, "kind": "usual", "since": "2020-01-01"}
    separated = await desk.person(MOTHER, residence=next_door)
    return separated, await desk.migrant({"name": "李娜", "id_number": number("19910101", 118)})


async def test_both_places_see_her_and_each_knows_its_part(desk: Desk) -> None:
    separated, migrant = await three(desk)
    found = await listed(desk)
    assert [each["person_id"] for each in found] == [separated["id"], migrant["id"]]
    assert [each["here"] for each in found] == [["residence", "hukou"], ["residence"]]
    for place, here in ((HOME[:9], ["hukou"]), (NEXT[:9], ["residence"])):
        for headers, query in (
            ({}, f"?region={place}"),
            (desk.as_actor(scope="registry:read", region=place), ""),
        ):
            seen = await listed(desk, query, **headers)
            her = next(each for each in seen if each["person_id"] == separated["id"])
            assert her["here"] == here
    in_city = await listed(desk, "?within_city=true")
    assert [each["person_id"] for each in in_city] == [separated["id"]]


async def test_the_duties_of_both_places_have_words(desk: Desk) -> None:
    separated, _ = await three(desk)
    known = (await desk.get("separation-duties")).json()
    assert (len(known["residence"]), len(known["hukou"])) == (7, 5)
    her = (await listed(desk))[0]
    assert her["person_id"] == separated["id"]
    assert her["here"] and known.keys() >= set(her["here"]), "whose duties they are"
    for place in ("residence", "hukou"):
        assert all(each["zh"] and each["en"] and each["basis"] for each in known[place])


def test_no_duty_is_a_fee_or_a_check_of_her() -> None:
    for each in [*duties().residence, *duties().hukou]:
        assert not any(word in each.zh for word in ("费", "查验", "处罚", "检查", "落实"))


async def test_pages_and_looks(desk: Desk) -> None:
    separated, migrant = await three(desk)
    first = (await desk.get("separated-persons?limit=1")).json()
    second = (await desk.get(f"separated-persons?limit=1&cursor={first['next']}")).json()
    assert [page["items"][0]["person_id"] for page in (first, second)] == [
        separated["id"],
        migrant["id"],
    ]
    assert second["next"] is None
    looks = await desk.rows(
        "SELECT subject_id::text AS id FROM usage_entries WHERE kind = 'residence'"
    )
    assert {look["id"] for look in looks} == {separated["id"], migrant["id"]}


async def test_who_sees_the_list(desk: Desk) -> None:
    await three(desk)
    assert (await desk.get("separated-persons?region=420381")).status_code == 403
    assert (await desk.get("separated-persons?region=4203251000")).status_code == 400
    assert (await desk.get("separated-persons?cursor=x")).status_code == 400
    foreign = desk.as_actor(scope="registry:read", region="420381")
    assert await listed(desk, **foreign) == []
    other = desk.as_actor(scope="registry:report")
    assert (await desk.get("separated-persons", **other)).status_code == 403
    del desk.office.headers["Purpose"]
    assert (await desk.get("separated-persons")).status_code == 400


async def test_the_index_serves_the_list(desk: Desk) -> None:
    """Those who are separated are few: no page reads everybody."""
    plan = await desk.rows(
        "EXPLAIN SELECT id FROM persons WHERE status = 'active'"
        " AND NOT starts_with(left(hukou_region, 9), left(residence_region, 9))"
        " AND NOT starts_with(left(residence_region, 9), left(hukou_region, 9))"
        " ORDER BY id LIMIT 25"
    )
    assert "persons_separated" in str(plan)
