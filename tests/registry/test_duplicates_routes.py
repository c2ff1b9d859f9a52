"""Duplicates over HTTP: searched, listed, decided, and a merge taken back."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from services.registry.duplicates import handlers
from shared.testing import Issuer
from tests.conftest import ServiceFactory
from tests.registry.places import HOME, NEXT, number
from tests.registry.vital_samples import (
    FATHER,
    HOSPITAL,
    MOTHER,
    Desk,
    make_birth,
    make_death,
    make_registration,
    open_desk,
)

UNNUMBERED = {"name": "王芳", "sex": "2", "birth_date": "1990-01-01", "hukou_region": HOME}
MOVED = {"region": NEXT, "kind": "usual", "since": "2024-05-01"}


@pytest.fixture
async def desk(start_service: ServiceFactory, issuer: Issuer) -> AsyncIterator[Desk]:
    async with open_desk(start_service, issuer) as desk:
        yield desk


async def search(desk: Desk, **command: Any) -> list[dict[str, Any]]:
    """All batches of a search."""
    batches = [await desk.done("duplicate-searches", command)]
    while batches[-1]["next"]:
        batches.append(
            await desk.done("duplicate-searches", command | {"after": batches[-1]["next"]})
        )
    return batches


async def found_pair(desk: Desk) -> dict[str, Any]:
    await search(desk)
    (pair,) = (await desk.get("duplicates")).json()["items"]
    return dict(pair)


async def decide(desk: Desk, pair: dict[str, Any], keep: str) -> dict[str, Any]:
    return await desk.done(f"duplicates/{pair['id']}/decision", {"decision": "same", "keep": keep})


async def test_a_search_finds_pairs_once_and_masks_them(desk: Desk) -> None:
    first = await desk.person(MOTHER)
    second = await desk.done("persons", UNNUMBERED)
    slip = await desk.person({"name": "王方", "id_number": number("19900101", 122)})
    await desk.person(FATHER)
    assert sum(batch["found"] for batch in await search(desk)) == 2
    assert sum(batch["found"] for batch in await search(desk, blocks=1)) == 0
    answer = await desk.get("duplicates")
    assert MOTHER["id_number"] not in answer.text
    pairs = answer.json()["items"]
    both = {frozenset((each["first"]["person_id"], each["second"]["person_id"])) for each in pairs}
    assert both == {frozenset((first["id"], other["id"])) for other in (second, slip)}
    assert all(each["first"]["id_number"].startswith("420325*") for each in pairs)


async def test_a_slip_in_the_birth_date_is_found_by_name(desk: Desk) -> None:
    await desk.person(MOTHER)
    await desk.person({"name": "王芳", "id_number": number("19900102", 112)})
    pair = await found_pair(desk)
    assert pair["evidence"] == ["same-name", "id-numbers-one-slip-apart"]


async def test_too_large_a_group_is_said_to_be_skipped(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    for order in (112, 224, 336):
        await desk.person({"name": "王芳", "id_number": number("19900101", order)})
    monkeypatch.setattr(handlers, "LARGEST_BLOCK", 2)
    batches = await search(desk)
    assert [batch["skipped"] for batch in batches] == [1, 1]
    assert sum(batch["compared"] for batch in batches) == 0


async def test_one_person_keeps_one_record(desk: Desk) -> None:
    kept = await desk.done("persons", UNNUMBERED | {"residence": MOVED})
    merged = await desk.person(MOTHER)
    report = await desk.done("birth-reports", make_birth())
    birth = await desk.done(f"birth-reports/{report['id']}/registration", make_registration())
    assert birth["mother_id"] == merged["id"]
    decided = await decide(desk, await found_pair(desk), kept["id"])
    assert decided["status"] == "same"
    # the merged id leads to the kept record, which took the number and the later stay
    seen = (await desk.get(f"persons/{merged['id']}")).json()
    assert seen["id"] == kept["id"]
    assert seen["id_number"] == MOTHER["id_number"]
    assert seen["residence"]["region"] == NEXT
    history = (await desk.get(f"persons/{merged['id']}/history")).json()
    assert [(stay["region"], stay["until"]) for stay in history["residences"]] == [
        (HOME, "2024-05-01"),
        (NEXT, None),
    ]
    (row,) = await desk.rows("SELECT mother_id FROM births")
    assert str(row["mother_id"]) == kept["id"]
    assert (await desk.get(f"birth-reports/{report['id']}")).json()["mother"]["person_id"] == (
        kept["id"]
    )
    (said,) = await desk.said("persons-merged")
    assert said == {"kept_id": kept["id"], "merged_id": merged["id"]}
    found = await desk.post("person-searches", {"id_number": MOTHER["id_number"]})
    assert [each["id"] for each in found.json()] == [kept["id"]]
    looked = await desk.get(
        f"persons/{merged['id']}", **desk.as_actor(scope="registry:read", region="420325")
    )
    assert looked.status_code == 200
    of_kept = await desk.rows(
        "SELECT subject_id FROM subject_aliases WHERE alias_id = $1", merged["id"]
    )
    assert [str(each["subject_id"]) for each in of_kept] == [kept["id"]]


async def test_a_merge_taken_back_leaves_everything_as_it_was(desk: Desk) -> None:
    kept = await desk.done("persons", UNNUMBERED | {"residence": MOVED})
    merged = await desk.person(MOTHER, phone="13900000002")
    report = await desk.done("birth-reports", make_birth())
    await desk.done(f"birth-reports/{report['id']}/registration", make_registration())
    tables = {
        "persons": "id, status, merged_into, name, id_number_index, phone_index, hukou_region,"
        " residence_region, residence_kind, residence_since, left_region, household_id",
        "residences": "id, person_id, region, since, until",
        "births": "id, child_id, mother_id, father_id",
        "birth_reports": "id, mother_id, father_id",
    }

    async def state() -> list[list[dict[str, Any]]]:
        return [
            await desk.rows(f"SELECT {columns} FROM {table} ORDER BY id")
            for table, columns in tables.items()
        ]

    before = await state()
    pair = await found_pair(desk)
    await decide(desk, pair, kept["id"])
    assert await state() != before
    undone = await desk.done(f"duplicates/{pair['id']}/unmerge")
    assert undone["status"] == "different"
    assert await state() == before
    seen = (await desk.get(f"persons/{merged['id']}")).json()
    assert (seen["id"], seen["id_number"]) == (merged["id"], MOTHER["id_number"])
    assert seen["phone"] == "13900000002"
    (said,) = await desk.said("persons-separated")
    assert said == {"kept_id": kept["id"], "merged_id": merged["id"]}
    aliases = await desk.rows("SELECT * FROM subject_aliases WHERE alias_id <> subject_id")
    assert aliases == []
    # decided to be two, and not proposed again
    await search(desk)
    assert (await desk.get("duplicates")).json()["items"] == []
    status, kind, _ = await desk.refused(f"duplicates/{pair['id']}/unmerge")
    assert (status, kind) == (409, "not-merged")


async def test_a_decision_is_made_once_and_about_the_pair(desk: Desk) -> None:
    first = await desk.person(MOTHER)
    await desk.done("persons", UNNUMBERED)
    stranger = await desk.person(FATHER)
    pair = await found_pair(desk)
    path = f"duplicates/{pair['id']}/decision"
    assert await desk.refused(path, {"decision": "same", "keep": stranger["id"]}) == (
        409,
        "cannot-merge",
        "not-of-this-pair",
    )
    for body in ({"decision": "same"}, {"decision": "different", "keep": first["id"]}):
        assert (await desk.refused(path, body))[0] == 422
    assert (await desk.refused(path, {"decision": "open"}))[0] == 422
    decided = await desk.done(path, {"decision": "different"})
    assert decided["status"] == "different"
    again = await desk.refused(path, {"decision": "same", "keep": first["id"]})
    assert again[:2] == (409, "record-closed")
    assert (await desk.refused(f"duplicates/{pair['id']}/unmerge"))[1] == "not-merged"
    assert not await desk.said("persons-merged")


async def test_a_registered_death_does_not_get_lost(desk: Desk) -> None:
    alive = await desk.done("persons", UNNUMBERED | {"residence": MOVED})
    dead = await desk.person(MOTHER)
    report = await desk.done("death-reports", make_death())
    await desk.done(f"death-reports/{report['id']}/registration")
    pair = await found_pair(desk)
    path = f"duplicates/{pair['id']}/decision"
    assert await desk.refused(path, {"decision": "same", "keep": alive["id"]}) == (
        409,
        "cannot-merge",
        "keep-the-record-with-the-death",
    )
    await decide(desk, pair, dead["id"])
    seen = (await desk.get(f"persons/{alive['id']}")).json()
    assert (seen["id"], seen["status"], seen["residence"]) == (dead["id"], "deceased", None)
    open_stays = await desk.rows("SELECT 1 FROM residences WHERE until IS NULL")
    assert open_stays == []
    await desk.done(f"duplicates/{pair['id']}/unmerge")
    seen = (await desk.get(f"persons/{alive['id']}")).json()
    assert (seen["status"], seen["residence"]["region"]) == ("active", NEXT)


async def test_scopes_and_jurisdiction(desk: Desk) -> None:
    await desk.person(MOTHER)
    await desk.done("persons", UNNUMBERED | {"hukou_region": NEXT})
    pair = await found_pair(desk)
    path = f"duplicates/{pair['id']}/decision"
    town = desk.as_actor(scope="registry:write", region=NEXT[:9])
    assert (await desk.get("duplicates", **town)).json()["items"] == []
    assert (await desk.refused(path, {"decision": "different"}, **town))[0] == 404
    other = desk.as_actor(scope="registry:write", region="130102")
    assert (await desk.refused(path, {"decision": "different"}, **other))[0] == 404
    assert (await desk.get(f"duplicates?region={NEXT}")).json()["items"] != []
    assert (await desk.get("duplicates?region=130102")).status_code == 403
    hospital = desk.as_actor(**HOSPITAL)
    assert (await desk.get("duplicates", **hospital)).status_code == 403
    reader = desk.as_actor(scope="registry:read")
    assert (await desk.refused("duplicate-searches", {}, **reader))[0] == 403
    assert (await desk.refused("duplicate-searches", {"after": "bm8"}))[0] == 400
    assert (await desk.refused("duplicate-searches", {"blocks": 0}))[0] == 422


async def test_who_was_compared_can_see_it(desk: Desk) -> None:
    first = await desk.person(MOTHER)
    await desk.done("persons", UNNUMBERED)
    await desk.done("duplicate-searches", {}, Purpose="data-quality")
    looks = await desk.rows(
        "SELECT purpose, kind FROM usage_entries WHERE subject_id = $1 AND kind <> 'person'",
        first["id"],
    )
    assert looks == [{"purpose": "data-quality", "kind": "duplicate-search"}]
