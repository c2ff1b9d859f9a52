"""DCI search, sync: real answers of the register and the migrant service, as the contracts say."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest

from shared.events.migrant import MigrantArrived
from shared.testing import Issuer, client_of, event_message
from tests.conftest import Cluster, parts_of
from tests.exchange.dci_samples import (
    CHEN,
    NOBODY,
    SOCIAL,
    WANG,
    County,
    by_id,
    check_answer,
    check_request,
    county,
    expression,
    item,
    moment,
    predicate,
    verified,
)
from tests.migrant.samples import VILLAGE, make_arrival
from tests.migrant.test_benefits_routes import make_line, paid
from tests.migrant.test_claims_routes import CARD
from tests.registry.conftest import fresh_regions as fresh_regions
from tests.registry.places import COUNTY_AWAY, number
from tests.registry.vital_samples import make_death, make_marriage


@pytest.fixture
async def here(cluster: Cluster, issuer: Issuer) -> AsyncIterator[County]:
    async with county(cluster, issuer) as made:
        await made.enter()
        yield made


async def test_a_person_is_found_by_her_number_in_all_three_kinds_of_query(here: County) -> None:
    await here.person(WANG)
    uin = WANG["id_number"]
    for query in (
        by_id(uin),
        expression(UIN={"$eq": uin}),
        predicate(("UIN", "eq", uin)),
    ):
        message = {"transaction_id": "txn-1", "search_request": [item(query)]}
        envelope = here.partner.envelope("search", message)
        check_request("crvs", "/registry/sync/search", envelope)
        answer = await here.partner.post("/sync/search", envelope)
        check_answer("crvs", "/registry/sync/search", answer)
        verified(here.partner, answer.json(), await here.jwks())
        (found,) = answer.json()["message"]["search_response"]
        assert found["status"] == "succ"
        (record,) = found["data"]["reg_records"]
        assert record["identifier"][0]["identifier_value"] == uin
        assert record["name"]["given_name"] == "王芳"
        assert (record["sex"], record["birth_date"]) == ("female", "1990-01-01")
        assert record["vital_status"] == "alive"
        assert found["pagination"] == {"page_size": 100, "page_number": 1, "total_count": 1}


async def answers(here: County, *items: dict[str, Any]) -> list[dict[str, Any]]:
    """The items of the answer, both sides checked against the profile's contract."""
    profile = "social" if "Social" in str(items[0]["search_criteria"].get("reg_type")) else "crvs"
    message = {"transaction_id": "txn", "search_request": list(items)}
    envelope = here.partner.envelope("search", message)
    check_request(profile, "/registry/sync/search", envelope)
    answer = await here.partner.post("/sync/search", envelope)
    check_answer(profile, "/registry/sync/search", answer)
    assert answer.status_code == 200
    return list(answer.json()["message"]["search_response"])


async def one(here: County, asked: dict[str, Any]) -> dict[str, Any]:
    (answer,) = await answers(here, asked)
    return answer


def records(answer: dict[str, Any]) -> list[dict[str, Any]]:
    assert answer["status"] == "succ", answer
    return list(answer["data"]["reg_records"])


async def registered(here: County, kind: str, body: dict[str, Any]) -> dict[str, Any]:
    report = await here.call("POST", f"/registry/v1/{kind}-reports", body, expect=201)
    path = f"/registry/v1/{kind}-reports/{report['id']}/registration"
    return dict(await here.call("POST", path, {}, expect=201))


async def test_vital_events_are_the_registers_own(here: County) -> None:
    await here.person(WANG)
    await here.person(CHEN)
    await registered(here, "marriage", make_marriage(spouses=[WANG, CHEN]))
    await registered(here, "death", make_death(person=CHEN))
    (widow,) = records(await one(here, item(by_id(WANG["id_number"]))))
    assert (widow["marital_status"], widow["marriage_date"]) == ("widowed", "2025-05-20")
    assert "death_date" not in widow
    (dead,) = records(await one(here, item(by_id(CHEN["id_number"]))))
    assert (dead["vital_status"], dead["death_date"]) == ("deceased", "2025-06-01")
    assert "陈刚" not in str(widow)  # who her husband was, nobody asked


async def test_the_purpose_decides_what_is_told(here: County) -> None:
    await here.person(WANG)
    (told,) = records(await one(here, item(by_id(WANG["id_number"]), "social-insurance")))
    assert set(told) == {
        *("@context", "@type", "identifier", "name", "sex", "birth_date", "vital_status")
    }


async def test_what_the_purpose_does_not_tell_is_not_found_by(here: County) -> None:
    await here.person(WANG)
    uin = ("UIN", "eq", WANG["id_number"])
    by_marriage = predicate(uin, ("marital_status", "eq", "single"))
    filtered = await one(here, item(by_marriage, "social-insurance"))
    assert filtered["status_reason_code"] == "rjct.filter.invalid"
    sorted_by = [{"attribute_name": "marriage_date", "sort_order": "asc"}]
    ordered = await one(here, item(predicate(uin), "social-insurance", sort=sorted_by))
    assert ordered["status_reason_code"] == "rjct.sort.invalid"


async def test_nobody_known_is_an_empty_answer(here: County) -> None:
    answer = await one(here, item(by_id(NOBODY)))
    assert records(answer) == []
    assert answer["pagination"]["total_count"] == 0


async def test_conditions_sorting_and_pages(here: County) -> None:
    people = [
        {"name": f"王{letter}", "id_number": number(f"19{year}0101", 110 + 2 * n)}
        for n, (letter, year) in enumerate([("一", 90), ("二", 70), ("三", 80)])
    ]
    for each in people:
        await here.person(each)
    listed = {"$in": [each["id_number"] for each in people]}
    by_birth = [{"attribute_name": "birth_date", "sort_order": "desc"}]
    found = await one(
        here,
        item(
            expression(UIN=listed, birth_date={"$ge": "1975-01-01"}),
            sort=by_birth,
            pagination={"page_size": 1, "page_number": 2},
        ),
    )
    assert found["pagination"] == {"page_size": 1, "page_number": 2, "total_count": 2}
    assert [each["birth_date"] for each in records(found)] == ["1980-01-01"]
    several = predicate(("UIN", "in", ",".join(listed["$in"])), ("sex", "eq", "female"))
    assert len(records(await one(here, item(several, sort=by_birth)))) == 3
    beyond = item(predicate(("UIN", "in", people[0]["id_number"])))
    beyond["search_criteria"]["pagination"] = {"page_size": 10, "page_number": 9}
    assert records(await one(here, beyond)) == []


async def test_by_name_and_birth_date_one_person_is_found_and_no_number_told(
    here: County,
) -> None:
    await here.person(WANG)
    named = (("name", "eq", "王芳"), ("birth_date", "eq", "1990-01-01"))
    (found,) = records(await one(here, item(predicate(*named))))
    assert found["name"]["given_name"] == "王芳"
    assert "identifier" not in found
    assert WANG["id_number"] not in str(found)
    await here.person({"name": "王芳", "id_number": number("19900101", 114)})
    two = await one(here, item(predicate(*named)))
    assert two["status_reason_code"] == "rjct.search.too_many_records_found"


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (item(predicate(("sex", "eq", "female"))), "search_criteria.invalid"),
        (item(predicate(("name", "eq", "王芳"))), "search_criteria.invalid"),
        (item(predicate(("UIN", "gt", "1"))), "search_criteria.invalid"),
        (item(by_id("420325199001011234")), "search_criteria.invalid"),
        (item({"query_type": "graphql", "query": {"type": "g", "value": {}}}), "search_criteria"),
        (item(by_id(NOBODY), "anything-else"), "search_criteria.invalid"),
        (item(by_id(NOBODY), reg_type="ns:org:RegistryType:Land"), "search_criteria.invalid"),
        (item(by_id(NOBODY), reg_record_type="Household"), "search_criteria.invalid"),
        (item(by_id(NOBODY), authorize=None), "search_criteria.invalid"),
        (
            item(by_id(NOBODY), consent={"purpose": {"code": "marketing"}}),
            "search_criteria.invalid",
        ),
        (
            item(predicate(("UIN", "eq", NOBODY), ("sex", "eq", "male"), condition="or")),
            "filter.invalid",
        ),
        (item(by_id(NOBODY), pagination={"page_size": 101}), "pagination.invalid"),
        (item(by_id(NOBODY), pagination={"page_size": 1, "page_number": 0}), "pagination"),
        (item(by_id(NOBODY), sort=[{"attribute_name": "poverty_score"}]), "sort.invalid"),
        (item(by_id(NOBODY)) | {"timestamp": moment(days=1)}, "timestamp.invalid"),
    ],
)
async def test_what_may_not_be_asked_is_rejected_by_the_standards_code(
    here: County, asked: dict[str, Any], code: str
) -> None:
    answer = await one(here, asked)
    assert answer["status"] == "rjct"
    assert answer["status_reason_code"].startswith(f"rjct.{code}")
    assert "data" not in answer
    assert await here.rows(here.registry, "SELECT 1 FROM usage_entries") == []


async def test_one_bad_request_stops_no_other(here: County) -> None:
    await here.person(WANG)
    good, bad = item(by_id(WANG["id_number"])), item(by_id("x"))
    states = [each["status"] for each in await answers(here, bad, good)]
    assert states == ["rjct", "succ"]
    again = await answers(here, good, good | {"reference_id": "new", "x": 1})
    assert [each.get("status_reason_code") for each in again] == [
        "rjct.reference_id.duplicate",
        None,
    ]


async def test_every_look_is_seen_at_the_source_and_here(here: County) -> None:
    person = await here.person(WANG)
    await one(here, item(by_id(WANG["id_number"])))
    seen = await here.rows(
        here.registry,
        "SELECT kind, purpose, case_reference, actor_sub FROM usage_entries"
        " WHERE subject_id = $1 AND actor_sub = 'service:exchange' ORDER BY kind",
        UUID(person["id"]),
    )
    assert {each["kind"] for each in seen} >= {"person", "extract", "marital-status"}
    assert {each["purpose"] for each in seen} == {"registration"}
    assert all(each["case_reference"].startswith("dci:spmis.example.org:") for each in seen)
    (ours,) = await here.rows(here.exchange, "SELECT * FROM usage_entries")
    assert (ours["subject_id"], ours["kind"]) == (UUID(person["id"]), "dci-search")
    assert (ours["actor_sub"], ours["actor_org"]) == ("dci:spmis.example.org", "邻省社保中心")
    assert ours["case_reference"] == seen[0]["case_reference"]


async def test_enrolments_are_told_without_sums_and_accounts(here: County) -> None:
    body = make_arrival(**WANG, region=VILLAGE, origin_region=COUNTY_AWAY)
    arrival = await here.call("POST", "/migrant/v1/arrivals", body, expect=201)
    person = str(arrival["person_id"])
    heard = MigrantArrived(
        arrival_id=arrival["id"],
        person_id=arrival["person_id"],
        region=VILLAGE,
        origin_region=body["origin_region"],
        arrived_on=body["arrived_on"],
        stay_purpose="work",
        name=WANG["name"],
        id_number=WANG["id_number"],
    )
    assert await parts_of(here.registry).loop.deliver(event_message(heard))
    given = {"person_id": person, "purpose": "benefit-sharing"}
    await here.call("POST", "/migrant/v1/consents", given, expect=201)
    token = here.issuer.token(scope="migrant:read migrant:write")
    async with client_of(here.migrant, token, {"Purpose": "service"}) as clerk:
        await paid(clerk, here.issuer, make_line(person_id=person, name="王芳", account=CARD))
    (told,) = records(await one(here, item(by_id(WANG["id_number"]), SOCIAL)))
    assert told["registration_date"] == body["arrived_on"]
    assert told["region_code"] == VILLAGE
    (enrolment,) = told["enrolments"]
    assert set(enrolment) == {"programme", "programme_name", "first_period", "last_period"}
    assert (enrolment["programme"], enrolment["first_period"]) == ("hardship-aid", "2026-06")


async def test_the_social_registry_tells_of_her_only_while_she_agrees(here: County) -> None:
    person = str((await here.person(WANG))["id"])
    asked = by_id(WANG["id_number"])
    assert records(await one(here, item(asked, SOCIAL))) == []
    given = {"person_id": person, "purpose": "benefit-sharing", "region": VILLAGE}
    consent = await here.call("POST", "/migrant/v1/consents", given, expect=201)
    (told,) = records(await one(here, item(asked, SOCIAL)))
    assert told["@type"] == "SRPerson"
    assert told["name"]["given_name"] == "王芳"
    assert "vital_status" not in told and "marital_status" not in told
    await here.call("POST", f"/migrant/v1/consents/{consent['id']}/withdrawal")
    assert records(await one(here, item(asked, SOCIAL))) == []


async def test_while_the_register_is_away_the_partner_is_told_so(here: County) -> None:
    await here.person(WANG)
    message = {"transaction_id": "t", "search_request": [item(by_id(WANG["id_number"]))]}
    envelope = here.partner.envelope("search", message)
    here.away.add("registry")
    away = await here.partner.post("/sync/search", envelope)
    assert away.status_code == 503
    assert away.json()["message"]["error"]["code"] == "err.service.unavailable"
    check_answer("crvs", "/registry/search", away)
    here.away.clear()
    answer = await here.partner.post("/sync/search", envelope)  # the same message again
    assert answer.json()["message"]["search_response"][0]["data"]["reg_records"]


async def test_the_same_message_gets_the_same_answer(here: County) -> None:
    await here.person(WANG)
    message = {"transaction_id": "t", "search_request": [item(by_id(WANG["id_number"]))]}
    envelope = here.partner.envelope("search", message)
    first = (await here.partner.post("/sync/search", envelope)).json()
    second = (await here.partner.post("/sync/search", envelope)).json()
    assert first["message"] == second["message"]
    assert first["header"]["message_id"] == second["header"]["message_id"]
    looks = await here.rows(here.exchange, "SELECT 1 FROM usage_entries")
    assert len(looks) == 1


@pytest.mark.parametrize(
    ("count", "items", "code"),
    [(2, 1, "rjct.total_count.invalid"), (51, 51, "rjct.total_count.limit_exceeded")],
)
async def test_a_count_that_is_wrong_or_too_high_rejects_the_whole(
    here: County, count: int, items: int, code: str
) -> None:
    message = {"transaction_id": "t", "search_request": [item(by_id(NOBODY))] * items}
    answer = await here.partner.post(
        "/sync/search", here.partner.envelope("search", message, total_count=count)
    )
    check_answer("crvs", "/registry/sync/search", answer)
    header = answer.json()["header"]
    assert (header["status"], header["status_reason_code"]) == ("rjct", code)
    assert header["completed_count"] == 0
    assert answer.json()["message"]["search_response"] == []
