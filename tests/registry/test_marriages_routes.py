"""Marriages and divorces over HTTP: reported, matched, sealed."""

from typing import Any

import pytest

from tests.registry.places import COUNTY_AWAY
from tests.registry.vital_samples import (
    FATHER,
    HOSPITAL,
    MOTHER,
    Desk,
    make_marriage,
)


async def test_a_marriage_of_two_registered_persons(desk: Desk) -> None:
    wife, husband = await desk.person(MOTHER), await desk.person(FATHER)
    report = await desk.done("marriage-reports", make_marriage(), **desk.as_actor(**HOSPITAL))
    marriage = await desk.done(f"marriage-reports/{report['id']}/registration")
    assert marriage["spouse_ids"] == [wife["id"], husband["id"]]
    (said,) = await desk.said("marriage-registered")
    assert said["spouse_ids"] == marriage["spouse_ids"]
    assert said["married_on"] == "2025-05-20"
    seen = (await desk.get(f"marriage-reports/{report['id']}")).json()
    assert [each["name"] for each in seen["spouses"]] == ["王芳", "陈刚"]
    looked = await desk.rows("SELECT DISTINCT subject_id FROM usage_entries WHERE kind='marriage'")
    assert {str(row["subject_id"]) for row in looked} == {wife["id"], husband["id"]}


async def test_who_is_married_to_whom_is_sealed_at_rest(desk: Desk) -> None:
    wife, husband = await desk.person(MOTHER), await desk.person(FATHER)
    report = await desk.done("marriage-reports", make_marriage())
    await desk.done(f"marriage-reports/{report['id']}/registration")
    (marriage,) = await desk.rows("SELECT t::text AS text FROM marriages AS t")
    (reported,) = await desk.rows("SELECT t::text AS text FROM marriage_reports AS t")
    for text in (marriage["text"], reported["text"]):
        for secret in (wife["id"], husband["id"], *MOTHER.values(), *FATHER.values()):
            assert secret not in text
            assert secret.encode().hex() not in text


async def test_a_divorce_is_said_as_one(desk: Desk) -> None:
    await desk.person(MOTHER)
    await desk.person(FATHER)
    report = await desk.done("marriage-reports", make_marriage(kind="divorce"))
    await desk.done(f"marriage-reports/{report['id']}/registration")
    (said,) = await desk.said("divorce-registered")
    assert said["divorced_on"] == "2025-05-20"
    assert not await desk.said("marriage-registered")


async def test_a_spouse_from_elsewhere_is_named_with_her_home(desk: Desk) -> None:
    husband = await desk.person(FATHER)
    report = await desk.done("marriage-reports", make_marriage())
    path = f"marriage-reports/{report['id']}"
    assert await desk.refused(f"{path}/registration") == (409, "not-matched", "spouse")
    await desk.done(f"{path}/return", {"reason": "请注明女方户籍地"})
    from_away = [MOTHER | {"home_region": COUNTY_AWAY}, FATHER]
    again = await desk.done("marriage-reports", make_marriage(spouses=from_away))
    assert again["id"] == report["id"]
    marriage = await desk.done(f"{path}/registration")
    assert marriage["spouse_ids"] == [husband["id"]]


async def test_the_same_marriage_reported_twice_is_registered_once(desk: Desk) -> None:
    wife = await desk.person(MOTHER)
    await desk.person(FATHER)
    first = await desk.done("marriage-reports", make_marriage())
    by_id = {"name": "王芳", "person_id": wife["id"]}
    second = await desk.done(
        "marriage-reports", make_marriage(reference="M-2", spouses=[FATHER, by_id])
    )
    assert (second["status"], second["folded_into"]) == ("folded", first["id"])
    divorce = await desk.done(
        "marriage-reports", make_marriage(reference="M-3", kind="divorce", happened_on="2025-09-01")
    )
    assert divorce["status"] == "reported"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"happened_on": "1989-06-01"}, (409, "implausible", "before-birth")),
        ({"spouses": [MOTHER | {"name": "王方"}, FATHER]}, (409, "implausible", "name-differs")),
    ],
)
async def test_what_cannot_be_true_is_not_registered(
    desk: Desk, change: dict[str, Any], expected: tuple[int, str, str]
) -> None:
    await desk.person(MOTHER)
    await desk.person(FATHER)
    report = await desk.done("marriage-reports", make_marriage() | change)
    assert await desk.refused(f"marriage-reports/{report['id']}/registration") == expected


async def test_neither_spouse_here_is_nothing_to_register(desk: Desk) -> None:
    away = [each | {"home_region": COUNTY_AWAY} for each in (MOTHER, FATHER)]
    report = await desk.done("marriage-reports", make_marriage(spouses=away))
    assert await desk.refused(f"marriage-reports/{report['id']}/registration") == (
        409,
        "not-matched",
        "spouses",
    )


async def test_scopes_and_jurisdiction(desk: Desk) -> None:
    report = await desk.done("marriage-reports", make_marriage())
    path = f"marriage-reports/{report['id']}"
    hospital = desk.as_actor(**HOSPITAL)
    assert (await desk.get(path, **hospital)).status_code == 404
    assert (await desk.refused(f"{path}/registration", **hospital))[0] == 403
    both = desk.as_actor(**HOSPITAL | {"scope": "registry:report registry:read"})
    assert (await desk.get(path, **both)).status_code == 404
    reader = desk.as_actor(scope="registry:read")
    assert (await desk.get(path, **reader)).status_code == 403
    elsewhere = desk.as_actor(scope="registry:write", region="130102")
    assert (await desk.get(path, **elsewhere)).status_code == 404
    assert (await desk.get("marriage-reports", **elsewhere)).json()["items"] == []
    one = make_marriage(spouses=[MOTHER])
    assert (await desk.refused("marriage-reports", one))[0] == 422
    away = make_marriage(region=COUNTY_AWAY)
    assert (await desk.refused("marriage-reports", away))[1] == "outside-jurisdiction"
