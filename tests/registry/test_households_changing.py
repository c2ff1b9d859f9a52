"""Splitting, joining, entering, leaving, and who heads a household."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from services.registry.households.rules import has_one_head, restated
from shared.codes import FamilyRelation as R
from shared.codes import Sex
from shared.testing import Issuer
from tests.conftest import ServiceFactory, parts_of
from tests.registry.places import HOME, NEXT, number
from tests.registry.vital_samples import Desk, open_desk

WIFE = {"name": "王芳", "id_number": number("19900101", 112)}
HUSBAND = {"name": "陈刚", "id_number": number("19890101", 111)}
SON = {"name": "陈小宝", "id_number": number("20120301", 113)}
MOTHER_IN_LAW = {"name": "李秀英", "id_number": number("19600202", 114)}
STRANGER = {"name": "赵敏", "id_number": number("19950505", 116)}
FORMED, LATER, LAST = "2020-03-01", "2022-06-01", "2024-06-01"


@pytest.fixture
async def desk(start_service: ServiceFactory, issuer: Issuer) -> Any:
    async with open_desk(start_service, issuer) as desk:
        yield desk


class Family:
    """A couple, their son and his mother, one household; all of it by ids."""

    def __init__(self, desk: Desk, people: list[str], household: str) -> None:
        self.desk, self.id = desk, household
        self.husband, self.wife, self.son, self.mother = people

    async def read(self, on: str = "", household: str = "") -> dict[str, str]:
        """Person → relation."""
        query = f"?on={on}" if on else ""
        answer = await self.desk.get(f"households/{household or self.id}{query}")
        assert answer.status_code == 200, answer.text
        return {each["person_id"]: each["relation"] for each in answer.json()["members"]}


@pytest.fixture
async def family(desk: Desk) -> Family:
    people = [(await desk.person(who))["id"] for who in (HUSBAND, WIFE, SON, MOTHER_IN_LAW)]
    formed = await desk.done(
        "households",
        {
            "region": HOME,
            "number": "户-1",
            "head": people[0],
            "members": members(dict(zip(people[1:], "125", strict=True))),
            "on": FORMED,
        },
    )
    return Family(desk, people, formed["id"])


def members(relations: dict[str, str]) -> list[dict[str, str]]:
    return [{"person_id": id_, "relation": relation} for id_, relation in relations.items()]


# rules


@pytest.mark.parametrize(
    ("head_was", "member_was", "sex", "now"),
    [
        (R.SPOUSE, R.HEAD, Sex.MALE, R.SPOUSE),
        (R.SPOUSE, R.SON, Sex.MALE, R.SON),
        (R.SON, R.HEAD, Sex.MALE, R.PARENT),
        (R.SON, R.SPOUSE, Sex.FEMALE, R.PARENT),
        (R.SON, R.PARENT, Sex.FEMALE, R.GRANDPARENT),
        (R.DAUGHTER, R.SON, Sex.MALE, R.SIBLING),
        (R.PARENT, R.HEAD, Sex.FEMALE, R.DAUGHTER),
        (R.PARENT, R.HEAD, Sex.UNSTATED, None),
        (R.GRANDCHILD, R.HEAD, Sex.MALE, R.GRANDPARENT),
        (R.SIBLING, R.HEAD, Sex.MALE, R.SIBLING),
        (R.SON, R.GRANDCHILD, Sex.MALE, None),  # his own child, or his sister's
        (R.OTHER, R.HEAD, Sex.MALE, None),
        (None, R.SON, Sex.MALE, None),
    ],
)
def test_relations_to_a_new_head(
    head_was: R | None, member_was: R, sex: Sex, now: R | None
) -> None:
    assert restated(head_was, member_was, sex) is now


def test_one_head_and_no_other() -> None:
    assert has_one_head([R.HEAD, R.SON])
    assert not has_one_head([R.HEAD, R.HEAD])
    assert not has_one_head([R.SON, None])
    assert not has_one_head([])


# splitting and joining


async def test_a_split_founds_a_household_and_a_join_undoes_it(family: Family) -> None:
    desk = family.desk
    split = await desk.done(
        f"households/{family.id}/split",
        {
            "head": family.wife,
            "members": members({family.son: "2"}),
            "number": "户-2",
            "on": LATER,
            "reason": "own-home",
        },
    )
    founded = split["founded"]["id"]
    assert await family.read() == {family.husband: "0", family.mother: "5"}
    assert await family.read(household=founded) == {family.wife: "0", family.son: "2"}
    said = await desk.said("households-split")
    assert [(each["household_id"], each["new_household_id"]) for each in said] == [
        (family.id, founded)
    ]
    everybody = {family.husband: "0", family.wife: "1", family.son: "2", family.mother: "5"}
    back = await desk.done(
        f"households/{family.id}/join",
        {
            "household_id": founded,
            "members": members({family.wife: "1", family.son: "2"}),
            "on": LAST,
        },
    )
    assert {each["person_id"]: each["relation"] for each in back["members"]} == everybody
    assert (await desk.said("households-joined"))[0]["joined_household_id"] == founded
    closed = await desk.refused(f"households/{founded}/head", {"head": family.wife, "on": LAST})
    assert closed[:2] == (409, "household-closed")


async def test_who_was_in_a_household_on_an_earlier_day(family: Family) -> None:
    split = await family.desk.done(
        f"households/{family.id}/split",
        {
            "head": family.wife,
            "members": members({family.son: "2"}),
            "on": LATER,
            "reason": "family-agreement",
        },
    )
    founded = split["founded"]["id"]
    everybody = {family.husband: "0", family.wife: "1", family.son: "2", family.mother: "5"}
    assert await family.read("2020-02-29") == {}
    assert await family.read(FORMED) == everybody
    assert await family.read("2022-05-31") == everybody
    assert await family.read(LATER) == {family.husband: "0", family.mother: "5"}
    assert await family.read("2022-05-31", founded) == {}
    assert await family.read(LATER, founded) == {family.wife: "0", family.son: "2"}
    moves = (await family.desk.get(f"households/{founded}/moves")).json()["items"]
    assert {(each["cause"], each["reason"]) for each in moves} == {("split", "family-agreement")}
    assert {each["person_id"] for each in moves} == {family.wife, family.son}
    assert len({each["change_id"] for each in moves}) == 1
    first = (await family.desk.get(f"households/{family.id}/moves?limit=4")).json()
    rest = await family.desk.get(f"households/{family.id}/moves?limit=4&cursor={first['next']}")
    assert len(first["items"] + rest.json()["items"]) == 6
    tomorrow = await family.desk.get(f"households/{family.id}?on=2999-01-01")
    assert tomorrow.status_code == 400


async def test_a_head_who_founds_another_household_leaves_a_successor(family: Family) -> None:
    path = f"households/{family.id}/split"
    body = {"head": family.husband, "members": [], "on": LATER, "reason": "marriage"}
    assert (await family.desk.refused(path, body))[:2] == (409, "household-without-head")
    await family.desk.done(path, body | {"successor": family.wife})
    # his mother counts as her parent in GB/T 4761
    assert await family.read() == {family.wife: "0", family.son: "2", family.mother: "5"}


async def test_relations_that_do_not_follow_are_asked_for(family: Family) -> None:
    path, body = f"households/{family.id}/head", {"head": family.mother, "on": LATER}
    answer = await family.desk.post(path, body)
    assert answer.json()["type"].endswith("/relations-needed")
    assert answer.json()["person_ids"] == [family.wife]
    await family.desk.done(path, body | {"members": members({family.wife: "3"})})
    assert await family.read() == {
        family.mother: "0",
        family.husband: "2",
        family.wife: "3",
        family.son: "4",
    }
    assert (await family.read("2022-05-31"))[family.husband] == "0"


async def test_entering_and_leaving(family: Family) -> None:
    desk = family.desk
    stranger = (await desk.person(STRANGER))["id"]
    body = {"person_id": stranger, "relation": "8", "on": LATER}
    await desk.done(f"households/{family.id}/members", body)
    assert (await family.read())[stranger] == "8"
    again = await desk.refused(f"households/{family.id}/members", body)
    assert again[1] == "in-another-household"
    await desk.done(f"households/{family.id}/departures", {"person_id": stranger, "on": LAST})
    assert stranger not in await family.read()
    assert stranger in await family.read("2024-05-31")
    earlier = await desk.refused(f"households/{family.id}/members", body | {"on": FORMED})
    assert earlier[1] == "later-change-known"
    leave = {"person_id": family.husband, "on": LAST}
    path = f"households/{family.id}/departures"
    assert (await desk.refused(path, leave))[1] == "household-without-head"
    await desk.done(path, leave | {"successor": family.wife})
    for who in (family.son, family.mother, family.wife):
        await desk.done(path, {"person_id": who, "on": LAST})
    assert await family.read() == {}
    assert (await desk.refused(path, leave))[1] == "household-closed"


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("split", {"head": "son", "members": [("wife", "0")]}, 422),
        ("split", {"head": "son", "members": [("son", "2")]}, 422),
        ("split", {"head": "son", "staying": [("wife", "1")]}, 422),
        ("split", {"head": "son", "successor": "son"}, 422),
        ("split", {"head": "son", "reason": "dislike"}, 422),
        ("split", {"head": "son", "on": "2999-01-01"}, 422),
        ("split", {"head": "son", "on": "1879-12-31"}, 422),
        ("split", {"head": "son", "region": "420325100009"}, 422),
        ("split", {"head": "son", "region": "130102001001"}, 403),
        ("split", {"head": "nobody"}, 409),
        (
            "split",
            {"head": "husband", "members": [("wife", "1"), ("son", "2"), ("mother", "5")]},
            409,
        ),
        ("head", {"head": "nobody"}, 409),
        ("head", {"head": "wife", "members": [("nobody", "1")]}, 409),
        ("members", {"person_id": "nobody", "relation": "0"}, 422),
        ("members", {"person_id": "nobody", "relation": "9"}, 422),
        ("members", {"person_id": "nobody", "relation": "1"}, 404),
        ("departures", {"person_id": "nobody"}, 409),
        ("departures", {"person_id": "son", "staying": [("wife", "1")]}, 422),
        ("closure", {}, 409),
        ("join", {"household_id": "nobody", "members": [("son", "2")]}, 404),
    ],
)
async def test_bad_changes(family: Family, path: str, body: dict[str, Any], status: int) -> None:
    named = {"nobody": str(uuid4())} | {
        name: getattr(family, name) for name in ("husband", "wife", "son", "mother")
    }
    sent: dict[str, Any] = {} if path == "closure" else {"on": LATER}
    if path == "split":
        sent |= {"reason": "other"}
    for key, value in body.items():
        if isinstance(value, list):
            sent[key] = members({named[who]: relation for who, relation in value})
        else:
            sent[key] = named.get(value, value)
    answer = await family.desk.post(f"households/{family.id}/{path}", sent or None)
    assert answer.status_code == status, answer.text
    assert len(await family.read()) == 4


async def test_a_household_joins_no_half_and_not_itself(family: Family) -> None:
    desk = family.desk
    stranger = (await desk.person(STRANGER))["id"]
    other = await desk.done("households", {"region": NEXT, "head": stranger, "on": FORMED})
    path = f"households/{other['id']}/join"
    body = {"household_id": family.id, "members": members({family.son: "2"}), "on": LATER}
    half = await desk.post(path, body)
    assert half.json()["type"].endswith("/relations-needed")
    assert set(half.json()["person_ids"]) == {family.husband, family.wife, family.mother}
    itself = body | {"household_id": other["id"], "members": members({stranger: "8"})}
    assert (await desk.refused(path, itself))[1] == "not-in-household"


async def test_nobody_is_registered_into_a_household_as_its_second_head(family: Family) -> None:
    digits = STRANGER["id_number"]
    body = {
        **STRANGER,
        "sex": "2",
        "birth_date": f"{digits[6:10]}-{digits[10:12]}-{digits[12:14]}",
        "hukou_region": HOME,
        "household_id": family.id,
        "household_relation": "0",
    }
    assert (await family.desk.refused("persons", body))[:2] == (409, "second-head")
    await family.desk.done("persons", body | {"household_relation": "8"})


async def test_who_may_change_a_household(family: Family) -> None:
    desk = family.desk
    body = {"head": family.wife, "on": LATER}
    reader = desk.as_actor(scope="registry:read")
    assert (await desk.post(f"households/{family.id}/head", body, **reader)).status_code == 403
    foreign = desk.as_actor(scope="registry:read registry:write", region="130102")
    for path in ("head", "split", "departures"):
        sent = {"head": body, "split": body | {"reason": "other"}}.get(
            path, {"person_id": family.son, "on": LATER}
        )
        answer = await desk.post(f"households/{family.id}/{path}", sent, **foreign)
        assert answer.status_code in (403, 404)
    assert (await desk.get(f"households/{family.id}/moves", **foreign)).status_code == 404
    del desk.office.headers["Purpose"]
    assert (await desk.post(f"households/{family.id}/head", body)).status_code == 400
    assert (await desk.get(f"households/{family.id}/moves")).status_code == 400


async def test_what_a_household_was_is_believed_as_of_then(family: Family) -> None:
    """A move that was recorded wrongly and corrected leaves what it said before."""
    moved = await family.desk.rows("SELECT id FROM household_moves LIMIT 1")
    parts = parts_of(family.desk.app)
    async with parts.database.transaction(parts.actor) as tx:
        await tx.execute(
            "UPDATE household_moves SET moved_on = moved_on + 1 WHERE id = $1", moved[0]["id"]
        )
    kept = await family.desk.rows(
        "SELECT fact ->> 'moved_on' AS day FROM earlier_facts WHERE kind = 'household_moves'"
    )
    assert kept == [{"day": FORMED}]


async def test_a_look_at_a_past_household_is_seen(family: Family) -> None:
    before = await family.desk.rows(
        "SELECT count(*) AS n FROM usage_entries WHERE subject_id = $1", UUID(family.son)
    )
    await family.read(FORMED)
    after = await family.desk.rows(
        "SELECT count(*) AS n FROM usage_entries WHERE subject_id = $1", UUID(family.son)
    )
    assert after[0]["n"] == before[0]["n"] + 1


async def test_no_change_ends_with_two_heads_or_none(family: Family) -> None:
    """Whatever got a second head into the register: no change of the household goes past it."""
    parts = parts_of(family.desk.app)
    for relation, problem in (("0", "second-head"), ("8", "household-without-head")):
        async with parts.database.transaction(parts.actor) as tx:
            await tx.execute(
                "UPDATE persons SET household_relation = $2 WHERE household_id = $1",
                UUID(family.id),
                relation,
            )
        body = {"person_id": family.son, "on": LATER}
        refused = await family.desk.refused(f"households/{family.id}/departures", body)
        assert refused[:2] == (409, problem)
