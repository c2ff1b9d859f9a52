"""Duplicates over HTTP: searched, listed, decided, and a merge taken back."""

from typing import Any

from tests.registry.duplicate_samples import checked
from tests.registry.places import HOME, NEXT, number
from tests.registry.vital_samples import (
    FATHER,
    HOSPITAL,
    MOTHER,
    Desk,
    make_birth,
    make_death,
    make_registration,
)

UNNUMBERED = {"name": "王芳", "sex": "2", "birth_date": "1990-01-01", "hukou_region": HOME}
MOVED = {"region": NEXT, "kind": "usual", "since": "2024-05-01"}


async def found_pair(desk: Desk) -> dict[str, Any]:
    await checked(desk.app)
    (pair,) = (await desk.get("duplicates")).json()["items"]
    return dict(pair)


async def decide(desk: Desk, pair: dict[str, Any], keep: str) -> dict[str, Any]:
    return await desk.done(f"duplicates/{pair['id']}/decision", {"decision": "same", "keep": keep})


async def test_pairs_are_listed_once_masked_and_strongest_first(desk: Desk) -> None:
    first = await desk.person(MOTHER)
    second = await desk.done("persons", UNNUMBERED | {"hukou_region": NEXT})
    slip = await desk.person({"name": "王方", "id_number": number("19900101", 122)})
    await desk.person(FATHER)
    assert await checked(desk.app) == 2
    answer = await desk.get("duplicates")
    assert MOTHER["id_number"] not in answer.text
    pairs = answer.json()["items"]
    both = {frozenset((each["first"]["person_id"], each["second"]["person_id"])) for each in pairs}
    assert both == {frozenset((first["id"], other["id"])) for other in (second, slip)}
    assert all(each["first"]["id_number"].startswith("420325*") for each in pairs)
    assert pairs[0]["weight"] > pairs[1]["weight"]
    assert [each["band"] for each in pairs] == ["strong", "possible"]
    one = (await desk.get("duplicates?limit=1")).json()
    two = (await desk.get(f"duplicates?limit=1&cursor={one['next']}")).json()
    assert [one["items"][0], two["items"][0]] == pairs
    assert two["next"] is None


async def test_evidence_is_said_in_words_with_its_weight(desk: Desk) -> None:
    await desk.person(MOTHER)
    await desk.person({"name": "王芳", "id_number": number("19900102", 112)})
    pair = await found_pair(desk)
    assert pair["evidence"] == [
        *("same-name", "birth-date-one-slip-apart", "id-numbers-one-slip-apart", "same-sex"),
        *("phone-missing", "household-unknown", "same-village"),
    ]
    strongest = pair["details"][0]
    assert strongest == {
        "code": "same-name",
        "compared": "Name",
        "outcome": "same name",
        "weight": strongest["weight"],
    }
    assert sum(each["weight"] for each in pair["details"]) > 20
    in_chinese = (await desk.get("duplicates", **{"Accept-Language": "zh"})).json()["items"][0]
    assert in_chinese["details"][0]["outcome"] == "同名"
    assert 0.5 < pair["probability"] <= 1


async def test_the_queue_is_filtered(desk: Desk) -> None:
    await desk.person(MOTHER)
    await desk.done("persons", UNNUMBERED)
    pair = await found_pair(desk)

    async def listed(query: str) -> int:
        return len((await desk.get(f"duplicates?{query}")).json()["items"])

    assert await listed("evidence=id-number-missing") == 1
    assert await listed("evidence=same-phone") == 0
    assert (await listed("band=strong"), await listed("band=possible")) == (1, 0)
    assert await listed(f"search_id={pair['id']}") == 0
    await desk.done(
        f"duplicates/{pair['id']}/decision", {"decision": "undecided", "reason": "等户口簿"}
    )
    assert (await listed("status=open"), await listed("status=undecided")) == (0, 1)
    for query in ("evidence=nothing", "cursor=bm8"):
        assert (await desk.get(f"duplicates?{query}")).status_code == 400
    assert (await desk.get("duplicates?band=certain")).status_code == 400


async def test_thresholds_over_http(desk: Desk) -> None:
    shown = (await desk.get("duplicates/thresholds")).json()
    assert (shown["proposed"], shown["since"]) == (None, None)
    path, body = "duplicates/thresholds", {"review": 1.5, "strong": 9, "reason": "试行"}
    reader = desk.as_actor(scope="registry:read")
    assert (await desk.refused(path, body, **reader))[0] == 403
    assert (await desk.refused(path, body | {"region": "130102"}))[0] == 403
    for wrong in ({"strong": 1}, {"review": "NaN"}, {"strong": 1e9}, {"reason": ""}):
        assert (await desk.refused(path, body | wrong))[0] == 422
    put = await desk.done(path, body)
    assert put["in_force"]["review"] == 1.5
    asked = await desk.post("duplicate-searches", {})
    assert (asked.status_code, asked.json()["least_weight"]) == (202, 1.5)


async def test_searches_over_http(desk: Desk) -> None:
    path = "duplicate-searches"
    reader = desk.as_actor(scope="registry:read")
    assert (await desk.refused(path, {}, **reader))[0] == 403
    assert (await desk.refused(path, {"region": "130102"}))[0] == 403
    assert (await desk.refused(path, {"region": "42032x"}))[0] == 422
    assert (await desk.refused(path, {"after": "x"}))[0] == 422
    answer = await desk.post(path, {"region": NEXT})
    view = (await desk.get(f"{path}/{answer.json()['id']}")).json()
    assert answer.headers["Location"].endswith(view["id"])
    assert view["region"] == NEXT
    assert [each["id"] for each in (await desk.get(path)).json()["items"]] == [view["id"]]
    other = desk.as_actor(scope="registry:write", region="130102")
    assert (await desk.get(f"{path}/{view['id']}", **other)).status_code == 404
    assert (await desk.refused(f"{path}/{view['id']}/cancellation", **other))[0] == 404
    assert (await desk.get(path, **other)).json()["items"] == []
    cancelled = await desk.post(f"{path}/{view['id']}/cancellation")
    # unless it was quicker
    assert cancelled.status_code in (200, 409)
    assert (await desk.refused(f"{path}/{view['id']}/cancellation"))[0] == 409


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
    assert await checked(desk.app) == 1
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
    assert (await desk.refused(path, {"decision": "different"}, **reader))[0] == 403
    for wrong in ({"decision": "undecided"}, {"decision": "lapsed"}, {"decision": "same"}):
        assert (await desk.refused(path, wrong))[0] == 422
    del desk.office.headers["Purpose"]
    assert (await desk.get("duplicates")).status_code == 400
    assert (await desk.refused("duplicate-searches", {}))[0] == 400


async def test_who_was_compared_can_see_it(desk: Desk) -> None:
    first = await desk.person(MOTHER)
    await desk.done("persons", UNNUMBERED)
    await checked(desk.app)
    looks = await desk.rows(
        "SELECT purpose, kind FROM usage_entries WHERE subject_id = $1 AND kind <> 'person'",
        first["id"],
    )
    assert {(each["purpose"], each["kind"]) for each in looks} == {
        ("data-quality", "duplicate-search")
    }
