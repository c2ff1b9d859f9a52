"""Events that turn out otherwise: whoever was told, and follows still, is told so."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from shared.events.migrant import ArrivalAnnulled, ConsentWithdrawn, StayCorrected
from shared.events.registry_vital import (
    BirthAnnulled,
    BirthReinstated,
    DeathAnnulled,
    DeathCorrected,
    DeathRegistered,
    MarriageAnnulled,
    MarriageCorrected,
    MarriageRegistered,
    MarriageReinstated,
)
from shared.ids import new_id
from tests.exchange.dci_samples import (
    CHEN,
    SOCIAL,
    WANG,
    County,
    by_id,
    check_request,
    wish,
)
from tests.exchange.test_dci_subscriptions import (
    BIRTH,
    DEATH,
    agreed,
    arrival_of,
    birth_of,
    code_of,
    death_of,
    follow,
    hear_twice,
    nothing_more,
    told,
    unfollow,
)
from tests.exchange.test_dci_subscriptions import here as here
from tests.migrant.samples import VILLAGE
from tests.registry.conftest import fresh_regions as fresh_regions

MARRIAGE = "spdci-common:RegistryEventType:Marriage"


async def records(here: County, count: int, profile: str = "crvs") -> list[dict[str, Any]]:
    """What the notices so far say, each valid by the standard's contract."""
    said = await told(here, "notify", count)
    for body in said:
        check_request(profile, "/registry/notify", body)
    return [body["message"]["notify_event"][0]["data"]["reg_records"] for body in said]


def words(said: list[dict[str, Any]]) -> list[tuple[str, str | None]]:
    return [(each["event_status"], each.get("event_date")) for each in said]


def corrected(death: DeathRegistered, day: date) -> DeathCorrected:
    return DeathCorrected(
        death_id=death.death_id,
        person_id=death.person_id,
        region=VILLAGE,
        died_on=day,
        fields=["died_on"],
    )


def annulled(death: DeathRegistered) -> DeathAnnulled:
    return DeathAnnulled(
        death_id=death.death_id,
        person_id=death.person_id,
        region=VILLAGE,
        annulled_at=datetime.now(UTC),
    )


async def test_a_death_corrected_and_taken_back_is_told_each_time(here: County) -> None:
    death = death_of((await here.person(WANG))["id"])
    await follow(here, wish(DEATH, by_id(WANG["id_number"]), "social-insurance"))
    await hear_twice(here, death)
    await records(here, 1)
    await hear_twice(here, corrected(death, date(2026, 4, 30)))
    await records(here, 2)
    await hear_twice(here, annulled(death))
    said = await records(here, 3)
    assert words(said) == [
        ("registered", "2026-05-01"),
        ("corrected", "2026-04-30"),
        ("annulled", None),
    ]
    assert {each["event_id"] for each in said} == {str(death.death_id)}
    assert all("marital_status" not in each for each in said)  # as the purpose tells, no more
    await hear_twice(here, annulled(death))  # said already
    await nothing_more(here, "notify", 3)
    looks = await here.rows(here.exchange, "SELECT 1 FROM usage_entries WHERE kind = 'dci-notice'")
    assert len(looks) == 3


async def test_whoever_was_not_told_hears_nothing_of_a_correction(here: County) -> None:
    death = death_of((await here.person(WANG))["id"])
    await hear_twice(here, death)
    await follow(here, wish(DEATH, by_id(WANG["id_number"])))
    await hear_twice(here, corrected(death, date(2026, 4, 30)))
    await hear_twice(here, annulled(death))
    await nothing_more(here, "notify", 0)


async def test_whoever_follows_no_more_hears_nothing_of_a_correction(here: County) -> None:
    death = death_of((await here.person(WANG))["id"])
    (answer,) = await follow(here, wish(DEATH, by_id(WANG["id_number"])))
    await hear_twice(here, death)
    await records(here, 1)
    await unfollow(here, code_of(answer))
    await hear_twice(here, annulled(death))
    await nothing_more(here, "notify", 1)


async def test_what_has_not_left_leaves_as_it_reads_now_or_not_at_all(here: County) -> None:
    death = death_of((await here.person(WANG))["id"])
    await follow(here, wish(DEATH, by_id(WANG["id_number"])))
    here.away.add("registry")  # nothing can be drawn up meanwhile
    await hear_twice(here, death)
    await hear_twice(here, corrected(death, date(2026, 4, 30)))
    here.away.clear()
    assert words(await records(here, 1)) == [("registered", "2026-04-30")]
    here.away.add("registry")
    again = death_of(str(death.person_id))
    await hear_twice(here, again)
    await hear_twice(here, annulled(again))
    here.away.clear()
    await nothing_more(here, "notify", 1)


async def test_a_marriage_of_others_is_annulled_for_the_one_and_told_of_the_other(
    here: County,
) -> None:
    wang, chen = [UUID((await here.person(each))["id"]) for each in (WANG, CHEN)]
    await follow(
        here,
        wish(MARRIAGE, by_id(WANG["id_number"])),
        wish(MARRIAGE, by_id(CHEN["id_number"])),
    )
    union = {"marriage_id": new_id(), "region": VILLAGE}
    on, now = date(2026, 1, 1), datetime.now(UTC)
    await hear_twice(
        here, MarriageRegistered(spouse_ids=[wang], married_on=on, registered_at=now, **union)
    )
    await records(here, 1)
    kind = {"kind": "marriage", "happened_on": on}
    await hear_twice(
        here, MarriageCorrected(spouse_ids=[chen], fields=["spouses"], **kind, **union)
    )
    said = {
        each["identifier"][0]["identifier_value"]: each for each in (await records(here, 3))[1:]
    }
    assert said[WANG["id_number"]]["event_status"] == "annulled"
    assert said[CHEN["id_number"]]["event_status"] == "registered"
    taken_back = {"spouse_ids": [chen], "kind": "marriage", "annulled_at": now}
    await hear_twice(here, MarriageAnnulled(**taken_back, **union))
    await records(here, 4)
    await hear_twice(here, MarriageReinstated(spouse_ids=[chen], **kind, **union))
    later = words((await records(here, 5))[3:])
    assert later == [("annulled", None), ("reinstated", "2026-01-01")]


async def test_a_birth_annulled_and_reinstated(here: County) -> None:
    person = await here.person(WANG)
    await follow(here, wish(BIRTH, by_id(WANG["id_number"])))
    birth = birth_of(person["id"])
    await hear_twice(here, birth)
    await records(here, 1)
    both = birth.model_dump(include={"birth_id", "child_id", "mother_id", "region"})
    await hear_twice(here, BirthAnnulled(annulled_at=datetime.now(UTC), **both))
    await records(here, 2)
    await hear_twice(here, BirthReinstated(born_on=birth.born_on, **both))
    assert [each for each, _ in words(await records(here, 3))] == [
        "registered",
        "annulled",
        "reinstated",
    ]


async def test_of_whom_the_register_does_not_know_it_is_told_that_it_is_not_so(
    here: County,
) -> None:
    person = await here.person(WANG)
    await follow(here, wish(DEATH, by_id(WANG["id_number"])))
    death = death_of(person["id"])
    await hear_twice(here, death)
    await records(here, 1)
    await here.rows(here.registry, "UPDATE persons SET status = 'annulled' RETURNING 1")
    await hear_twice(here, annulled(death))
    last = (await records(here, 2))[-1]
    assert last["event_status"] == "annulled"
    assert "name" not in last


async def test_an_arrival_put_right_is_told_while_she_agrees(here: County) -> None:
    person = await agreed(here)
    await follow(here, wish("REGISTER", by_id(WANG["id_number"]), SOCIAL))
    arrival = arrival_of(person)
    await hear_twice(here, arrival)
    await records(here, 1, "social")
    fixed = StayCorrected(
        was_region=VILLAGE,
        was_arrived_on=arrival.arrived_on,
        arrived_on=date(2026, 3, 1),
        until=None,
        room_id=None,
        fields=["arrived_on"],
        **arrival.model_dump(include={"arrival_id", "person_id", "region", "origin_region"}),
    )
    await hear_twice(here, fixed)
    assert words(await records(here, 2, "social"))[1] == ("corrected", "2026-03-01")
    gone = ConsentWithdrawn(consent_id=new_id(), person_id=UUID(person), purpose="benefit-sharing")
    await hear_twice(here, gone)
    taken_back = ArrivalAnnulled(
        arrival_id=arrival.arrival_id,
        person_id=arrival.person_id,
        region=VILLAGE,
        arrived_on=arrival.arrived_on,
        annulled_at=datetime.now(UTC),
        resumed_id=None,
    )
    await hear_twice(here, taken_back)
    await nothing_more(here, "notify", 2)
