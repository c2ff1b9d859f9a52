"""DCI subscriptions: named persons, events of the register, once, and no longer than she agrees."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest

from shared.events.base import Event
from shared.events.migrant import ConsentWithdrawn, MigrantArrived
from shared.events.registry import PersonsMerged
from shared.events.registry_vital import (
    BirthRegistered,
    DeathRegistered,
    DivorceRegistered,
    MarriageRegistered,
)
from shared.ids import new_id
from shared.testing import Issuer, client_of, event_message
from tests.conftest import Cluster, parts_of
from tests.exchange.dci_samples import (
    NOBODY,
    SOCIAL,
    WANG,
    County,
    by_id,
    check_answer,
    check_request,
    county,
    item,
    moment,
    predicate,
    verified,
    wish,
)
from tests.exchange.federation import eventually
from tests.migrant.samples import VILLAGE
from tests.registry.conftest import fresh_regions as fresh_regions

DEATH = "spdci-common:RegistryEventType:Death"
BIRTH = "spdci-common:RegistryEventType:LiveBirth"


@pytest.fixture
async def here(cluster: Cluster, issuer: Issuer) -> AsyncIterator[County]:
    async with county(cluster, issuer) as made:
        await made.enter()
        yield made


async def told(here: County, action: str, count: int = 1) -> list[dict[str, Any]]:
    """The messages of one action that the partner got, once there are so many."""

    async def enough() -> bool:
        return len(of()) >= count

    def of() -> list[dict[str, Any]]:
        return [body for _, body in here.partner.told if body["header"]["action"] == action]

    await eventually(enough)
    return of()


async def follow(here: County, *items: dict[str, Any], count: int = 1) -> list[dict[str, Any]]:
    """Subscribe, and the items of the answer that came back."""
    profile = "social" if "Social" in str(items) else "crvs"
    message = {"transaction_id": "sub-1", "subscribe_request": list(items)}
    envelope = here.partner.envelope("subscribe", message)
    check_request(profile, "/registry/subscribe", envelope)
    answer = await here.partner.post("/subscribe", envelope)
    assert answer.status_code == 200, answer.text
    check_answer(profile, "/registry/subscribe", answer)
    body = (await told(here, "on-subscribe", count))[-1]
    check_request(profile, "/registry/on-subscribe", body)
    verified(here.partner, body, await here.jwks())
    return list(body["message"]["subscribe_response"])


def code_of(answer: dict[str, Any]) -> str:
    assert answer["status"] == "succ", answer
    (info,) = answer["subscriptions"]
    assert info["status"] == "subscribe"
    return str(info["code"])


async def hear_twice(here: County, event: Event) -> None:
    message = event_message(event)
    for _ in range(2):
        assert await parts_of(here.exchange).loop.deliver(message)


def death_of(person_id: str) -> DeathRegistered:
    return DeathRegistered(
        death_id=new_id(),
        person_id=UUID(person_id),
        region=VILLAGE,
        died_on=date(2026, 5, 1),
        registered_at=datetime.now(UTC),
        days=3,
    )


def birth_of(mother_id: str) -> BirthRegistered:
    return BirthRegistered(
        birth_id=new_id(),
        child_id=new_id(),
        mother_id=UUID(mother_id),
        region=VILLAGE,
        born_on=date(2026, 6, 1),
        registered_at=datetime.now(UTC),
        days=3,
    )


async def nothing_more(here: County, action: str, count: int) -> None:
    await asyncio.sleep(0.8)
    assert len([1 for _, body in here.partner.told if body["header"]["action"] == action]) == count


async def test_what_happens_to_her_is_told_once(here: County) -> None:
    person = await here.person(WANG)
    (answer,) = await follow(here, wish(DEATH, by_id(WANG["id_number"]), "social-insurance"))
    code = code_of(answer)
    await hear_twice(here, death_of(str(new_id())))  # somebody else
    await hear_twice(here, birth_of(person["id"]))  # not what is followed
    await hear_twice(here, death_of(person["id"]))
    (body,) = await told(here, "notify")
    check_request("crvs", "/registry/notify", body)
    verified(here.partner, body, await here.jwks())
    assert body["message"]["transaction_id"] == "sub-1"
    (event,) = body["message"]["notify_event"]
    assert event["reference_id"] == answer["reference_id"]
    assert event["data"]["reg_event_type"] == DEATH
    record = event["data"]["reg_records"]
    assert record["event_date"] == "2026-05-01"
    assert record["identifier"][0]["identifier_value"] == WANG["id_number"]
    assert "marital_status" not in record
    await nothing_more(here, "notify", 1)
    looks = await here.rows(here.exchange, "SELECT kind, purpose FROM usage_entries ORDER BY at")
    assert [each["kind"] for each in looks] == ["dci-subscription", "dci-notice"]
    assert {each["purpose"] for each in looks} == {"service"}
    (row,) = await here.rows(
        here.exchange, "SELECT criteria_sealed FROM dci_subscriptions WHERE id = $1", UUID(code)
    )
    assert WANG["id_number"].encode() not in row["criteria_sealed"]


@pytest.mark.parametrize("kind", ["Marriage", "Divorce", "LiveBirth"])
async def test_every_vital_event_can_be_followed(here: County, kind: str) -> None:
    person = UUID((await here.person(WANG))["id"])
    await follow(here, wish(f"spdci-common:RegistryEventType:{kind}", by_id(WANG["id_number"])))
    union = {"marriage_id": new_id(), "spouse_ids": [person], "region": VILLAGE}
    now = datetime.now(UTC)
    events: dict[str, Event] = {
        "Marriage": MarriageRegistered(married_on=date(2026, 1, 1), registered_at=now, **union),
        "Divorce": DivorceRegistered(divorced_on=date(2026, 1, 1), registered_at=now, **union),
        "LiveBirth": birth_of(str(person)),
    }
    for event in events.values():
        await hear_twice(here, event)
    (body,) = await told(here, "notify")
    check_request("crvs", "/registry/notify", body)
    assert body["message"]["notify_event"][0]["data"]["reg_event_type"].endswith(kind)


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (wish(DEATH, by_id(NOBODY)), "rjct.person_id.invalid"),
        (wish(DEATH, by_id("x")), "rjct.person_id.invalid"),
        (
            wish(DEATH, predicate(("name", "eq", "王芳"), ("birth_date", "eq", "1990-01-01"))),
            "rjct.person_id.invalid",
        ),
        (
            wish(DEATH, predicate(("UIN", "eq", NOBODY), ("sex", "eq", "male"))),
            "rjct.person_id.invalid",
        ),
        (wish("RegistryEventType:Emigration", by_id(NOBODY)), "rjct.notify_types.invalid"),
        (
            wish("RegistryEventType:Divorce", by_id(NOBODY), "social-insurance"),
            "rjct.notify_types.invalid",
        ),
        (wish(DEATH, by_id(NOBODY), "marketing"), "rjct.notify_details.invalid"),
        (wish(DEATH, by_id(NOBODY), notify_record_type="Parcel"), "rjct.notify_details.invalid"),
        (wish("REGISTER", by_id(NOBODY), SOCIAL), "rjct.person_id.invalid"),
        (wish(DEATH, by_id(NOBODY)) | {"timestamp": moment(days=2)}, "rjct.timestamp.invalid"),
    ],
)
async def test_what_cannot_be_followed_is_rejected_by_the_standards_code(
    here: County, asked: dict[str, Any], code: str
) -> None:
    (answer,) = await follow(here, asked)
    assert (answer["status"], answer["status_reason_code"]) == ("rjct", code)
    assert await here.rows(here.exchange, "SELECT 1 FROM dci_subscriptions") == []


async def test_a_window_that_is_over_or_upside_down_is_rejected(here: County) -> None:
    await here.person(WANG)
    asked = by_id(WANG["id_number"])
    for start, end in ((-9, -1), (5, 2)):
        window = {"start_time": moment(days=start), "end_time": moment(days=end)}
        frequency = window | {"frequency": "0 0 0 * * ? *"}
        (answer,) = await follow(here, wish(DEATH, asked, frequency=frequency))
        assert answer["status_reason_code"] == "rjct.notify_details.invalid"
        here.partner.told.clear()
    window = {"start_time": moment(days=-1), "end_time": moment(days=5000)}
    (answer,) = await follow(here, wish(DEATH, asked, frequency=window | {"frequency": "* * *"}))
    said = answer["subscriptions"][0]["frequency"]
    assert said["frequency"] == "as-it-happens"
    until = datetime.fromisoformat(said["end_time"])
    assert (until - datetime.now(UTC)).days in (365, 366)  # a year at most


async def test_nothing_is_told_before_and_after_the_time(here: County) -> None:
    person = await here.person(WANG)
    window = {"start_time": moment(days=1), "end_time": moment(days=2), "frequency": "*"}
    await follow(here, wish(DEATH, by_id(WANG["id_number"]), frequency=window))
    await hear_twice(here, death_of(person["id"]))
    await here.rows(
        here.exchange,
        "UPDATE dci_subscriptions SET since = now() - interval '2 days',"
        " until = now() - interval '1 day'",
    )
    await hear_twice(here, death_of(person["id"]))
    await nothing_more(here, "notify", 0)


async def test_the_same_is_followed_once(here: County) -> None:
    await here.person(WANG)
    await follow(here, wish(DEATH, by_id(WANG["id_number"])))
    again, other = await follow(
        here,
        wish(DEATH, by_id(WANG["id_number"])),
        wish(BIRTH, by_id(WANG["id_number"])),
        count=2,
    )
    assert again["status_reason_code"] == "rjct.event.already_subscribed"
    assert other["status"] == "succ"


async def unfollow(here: County, *codes: str, count: int = 1) -> dict[str, Any]:
    message = {
        "transaction_id": "unsub-1",
        "timestamp": moment(),
        "subscription_codes": list(codes),
    }
    envelope = here.partner.envelope("unsubscribe", message, total_count=len(codes))
    check_request("crvs", "/registry/unsubscribe", envelope)
    answer = await here.partner.post("/unsubscribe", envelope)
    check_answer("crvs", "/registry/unsubscribe", answer)
    body = (await told(here, "on-unsubscribe", count))[-1]
    check_request("crvs", "/registry/on-unsubscribe", body)
    return dict(body["message"])


async def test_after_unsubscribing_nothing_is_told(here: County) -> None:
    person = await here.person(WANG)
    (answer,) = await follow(here, wish(DEATH, by_id(WANG["id_number"])))
    code = code_of(answer)
    unknown = await unfollow(here, code, str(new_id()))
    assert unknown["status_reason_code"] == "rjct.subscription_code.invalid"
    assert unknown["subscription_status"] == [{"code": code, "status": "subscribe"}]
    done = await unfollow(here, code, count=2)
    assert done["status"] == "succ"
    assert done["subscription_status"] == [{"code": code, "status": "unsubscribe"}]
    again = await unfollow(here, code, count=3)
    assert again["status_reason_code"] == "rjct.event.already_unsubscribed"
    await hear_twice(here, death_of(person["id"]))
    await nothing_more(here, "notify", 0)


async def test_how_subscriptions_stand_is_told(here: County) -> None:
    await here.person(WANG)
    (answer,) = await follow(here, wish(DEATH, by_id(WANG["id_number"])))
    code = code_of(answer)
    for txn_type, kind, value in (
        ("subscribe", "transaction_id", "sub-1"),
        ("subscribe", "reference_id_list", [answer["reference_id"]]),
        ("subscribe", "subscription_code_list", [code]),
    ):
        status = await status_of(here, txn_type, kind, value)
        (item_,) = status["subscribe_response"]
        assert item_["subscriptions"][0]["code"] == code
    await unfollow(here, code)
    for kind, value in (("subscription_code_list", [code]), ("transaction_id", "unsub-1")):
        status = await status_of(here, "unsubscribe", kind, value)
        assert status["subscription_status"] == [{"code": code, "status": "unsubscribe"}]
    none = await status_of(here, "unsubscribe", "transaction_id", "unknown")
    assert none["status"] == "rjct"


async def status_of(here: County, txn_type: str, kind: str, value: Any) -> dict[str, Any]:
    question = {
        "reference_id": str(new_id()),
        "txn_type": txn_type,
        "attribute_type": kind,
        "attribute_value": value,
    }
    envelope = here.partner.envelope(
        "txn-status", {"transaction_id": "t", "txnstatus_request": question}
    )
    check_request("crvs", "/registry/sync/txn/status", envelope)
    answer = await here.partner.post("/sync/txn/status", envelope)
    assert answer.status_code == 200, answer.text
    check_answer("crvs", "/registry/sync/txn/status", answer)
    return dict(answer.json()["message"]["txnstatus_response"]["txn_status"])


async def agreed(here: County) -> str:
    """WANG, who agrees that offices elsewhere are told; her person id."""
    person = str((await here.person(WANG))["id"])
    given = {"person_id": person, "purpose": "benefit-sharing", "region": VILLAGE}
    await here.call("POST", "/migrant/v1/consents", given, expect=201)
    return person


def arrival_of(person_id: str) -> MigrantArrived:
    return MigrantArrived(
        arrival_id=new_id(),
        person_id=UUID(person_id),
        region=VILLAGE,
        origin_region=VILLAGE,
        arrived_on=date(2026, 3, 2),
        stay_purpose="work",
        name="王芳",
        id_number=WANG["id_number"],
    )


async def test_the_social_registry_is_followed_while_she_agrees(here: County) -> None:
    person = await agreed(here)
    (answer,) = await follow(here, wish("REGISTER", by_id(WANG["id_number"]), SOCIAL))
    code_of(answer)
    await hear_twice(here, arrival_of(person))
    (body,) = await told(here, "notify")
    check_request("social", "/registry/notify", body)
    assert body["message"]["notify_event"][0]["data"]["reg_event_type"] == "REGISTER"
    gone = ConsentWithdrawn(consent_id=new_id(), person_id=UUID(person), purpose="benefit-sharing")
    await hear_twice(here, gone)
    (ended,) = await here.rows(here.exchange, "SELECT ended_because FROM dci_subscriptions")
    assert ended["ended_because"] == "consent-withdrawn"
    await hear_twice(here, arrival_of(person))
    await nothing_more(here, "notify", 1)


async def test_a_consent_taken_back_stops_what_is_already_owed(here: County) -> None:
    person = await agreed(here)
    await follow(here, wish("REGISTER", by_id(WANG["id_number"]), SOCIAL))
    here.away.add("migrant")
    await hear_twice(here, arrival_of(person))
    taken_back = {"person_id": person, "purposes": ["benefit-sharing"]}
    await here.call("POST", "/migrant/v1/consent-withdrawals", taken_back)
    here.away.clear()  # the news of it has not come yet: it is looked up

    async def dropped() -> Any:
        return await here.rows(
            here.exchange,
            "SELECT last_error FROM dci_transactions"
            " WHERE action = 'notify' AND delivery IN ('given-up', 'delivered')",
        )

    (row,) = await eventually(dropped)
    assert row["last_error"] == "not-to-be-told"
    await nothing_more(here, "notify", 0)


async def test_a_merge_moves_what_is_followed(here: County) -> None:
    person = await here.person(WANG)
    await follow(here, wish(DEATH, by_id(WANG["id_number"])))
    kept = new_id()
    await hear_twice(here, PersonsMerged(kept_id=kept, merged_id=UUID(person["id"])))
    await hear_twice(here, death_of(str(kept)))
    assert len(await told(here, "notify")) == 1


async def test_she_sees_who_follows_her_and_nobody_else_does(here: County, issuer: Issuer) -> None:
    person = await here.person(WANG)
    await follow(here, wish(DEATH, by_id(WANG["id_number"]), "social-insurance"))
    path = f"/exchange/v1/followers?person_id={person['id']}"
    her = issuer.token(sub=person["id"], scope="self")
    async with client_of(here.exchange, her, {"Purpose": "subject-access"}) as client:
        (mine,) = (await client.get(path)).json()
        looked = (
            await client.get(
                "/exchange/datatracker/v2/findUsage",
                params={"userCode": person["id"]},
                headers={"X-Road-UserId": person["id"]},
            )
        ).json()
    assert (mine["partner"], mine["event"]) == ("邻省社保中心", "death")
    assert "社会保险法第五十七条" in mine["source"]
    assert looked["totalUsages"] >= 1
    other = issuer.token(sub=str(new_id()), scope="self")
    async with client_of(here.exchange, other, {"Purpose": "subject-access"}) as client:
        assert (await client.get(path)).status_code == 404
    clerk = issuer.token(scope="exchange:read exchange:write")
    async with client_of(here.exchange, clerk, {"Purpose": "oversight"}) as client:
        assert (await client.get(path)).status_code == 403


async def test_a_search_may_not_pose_as_a_subscription(here: County) -> None:
    message = {"transaction_id": "t", "search_request": [item(by_id(NOBODY))]}
    answer = await here.partner.post("/subscribe", here.partner.envelope("search", message))
    assert answer.json()["errors"][0]["code"] == "err.request.bad"
