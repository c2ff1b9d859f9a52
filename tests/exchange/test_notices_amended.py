"""What happens after an arrival was told: departure, death, service, and corrections of each."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.exchange.messages.handlers import queue_message
from shared.clock import today
from shared.events.migrant import (
    ArrivalAnnulled,
    ConsentGiven,
    ConsentWithdrawn,
    MigrantDeparted,
    ServiceDelivered,
    ServiceRecordAnnulled,
    StayCorrected,
)
from shared.events.registry import PersonsMerged
from shared.events.registry_vital import (
    BirthAnnulled,
    BirthCorrected,
    BirthRegistered,
    BirthReinstated,
    DeathAnnulled,
    DeathCorrected,
    DeathRegistered,
)
from shared.ids import new_id
from tests.exchange.federation import CITY, COUNTY, OTHER, Federation, Node, eventually, settled
from tests.exchange.samples import id_number
from tests.exchange.test_notices import PERSON, deliver_twice, make_arrival

DAY = today()
EARLIER = DAY - timedelta(days=9)


def departed(on: date = DAY, person: UUID = PERSON) -> MigrantDeparted:
    return MigrantDeparted(
        departure_id=new_id(), person_id=person, region="420325100", to_region=None, departed_on=on
    )


def corrected(arrival_id: UUID, fields: list[str], **overrides: Any) -> StayCorrected:
    return StayCorrected(
        **{
            "arrival_id": arrival_id,
            "person_id": PERSON,
            "was_region": "420325100",
            "was_arrived_on": EARLIER,
            "region": "420325100",
            "origin_region": "420381001",
            "arrived_on": EARLIER,
            "until": None,
            "room_id": None,
            "fields": fields,
        }
        | overrides
    )


async def told(node: Node, kind: str) -> list[dict[str, Any]]:
    items = (await node.call("GET", f"/notices?direction=in&kind={kind}"))["items"]
    return [await node.call("GET", f"/notices/{each['id']}") for each in items]


async def test_home_learns_that_she_left_and_not_where_to(friends: Federation) -> None:
    here, home = friends[COUNTY], friends[OTHER]
    await deliver_twice(here, make_arrival(arrived_on=EARLIER))
    await deliver_twice(here, departed())
    await settled(friends)
    (notice,) = await told(home, "departure")
    assert notice["content"] == {
        "region": "420325100",
        "happened_on": DAY.isoformat(),
        "kind": "departure",
        "name": "王芳",
        "id_number": id_number(),
        "moved_to": None,
    }
    assert notice["feedback_asked"]


async def test_of_whom_no_arrival_was_told_nothing_is_told(friends: Federation) -> None:
    here = friends[COUNTY]
    await deliver_twice(here, departed(person=new_id()))
    await deliver_twice(here, make_arrival())
    await deliver_twice(here, departed(on=EARLIER))  # of an earlier stay that was not told
    rows = await here.fetch("SELECT kind FROM notices")
    assert [row["kind"] for row in rows] == ["arrival"]


async def test_a_merged_id_still_finds_whose_arrival_was_told(friends: Federation) -> None:
    here, kept = friends[COUNTY], new_id()
    await deliver_twice(here, make_arrival(arrived_on=EARLIER))
    await deliver_twice(here, PersonsMerged(kept_id=kept, merged_id=PERSON))
    await deliver_twice(here, departed())
    rows = await here.fetch("SELECT person_id FROM notices WHERE kind = 'departure'")
    assert [row["person_id"] for row in rows] == [kept]


async def test_a_death_here_is_told_home_corrected_and_taken_back(friends: Federation) -> None:
    here, home = friends[COUNTY], friends[OTHER]
    await deliver_twice(here, make_arrival(arrived_on=EARLIER))
    death = DeathRegistered(
        death_id=new_id(),
        person_id=PERSON,
        region="420325100",
        died_on=DAY,
        registered_at=datetime.now(UTC),
        days=0,
    )
    await deliver_twice(here, death)
    fixed = DeathCorrected(
        death_id=death.death_id,
        person_id=PERSON,
        region="420325100",
        died_on=DAY - timedelta(days=1),
        fields=["died_on"],
    )
    await deliver_twice(here, fixed)
    undone = DeathAnnulled(
        death_id=death.death_id,
        person_id=PERSON,
        region="420325100",
        annulled_at=datetime.now(UTC),
    )
    await deliver_twice(here, undone)
    await settled(friends)
    (notice,) = await told(home, "death-registered")
    assert notice["void"] and "cause" not in notice["content"]
    assert [each["void"] for each in notice["amendments"]] == [False, True]
    first, second = await home.bus.hears("notice-amended", 2)
    assert (first["was_happened_on"], first["happened_on"]) == (
        DAY.isoformat(),
        (DAY - timedelta(days=1)).isoformat(),
    )
    assert second["void"] and second["kind"] == "death-registered"
    assert id_number() not in str(first)  # sealed on the way


async def test_a_corrected_stay_amends_the_arrival_and_the_departure(friends: Federation) -> None:
    here, home = friends[COUNTY], friends[OTHER]
    arrival = make_arrival(arrived_on=EARLIER)
    await deliver_twice(here, arrival)
    await deliver_twice(here, departed())
    last, first = DAY - timedelta(days=1), EARLIER - timedelta(days=2)
    event = corrected(
        arrival.arrival_id,
        ["arrived_on", "region", "until"],
        region="420325101",
        arrived_on=first,
        until=last,
    )
    await deliver_twice(here, event)
    await settled(friends)
    (came,), (left,) = await told(home, "arrival"), await told(home, "departure")
    assert (came["region"], came["happened_on"]) == ("420325101", first.isoformat())
    assert came["content"]["region"] == "420325101"
    assert (left["region"], left["happened_on"]) == ("420325101", last.isoformat())
    assert len(came["amendments"]) == len(left["amendments"]) == 1
    ours = await here.call("GET", f"/notices/{came['id']}")
    assert ours["amendments"][0]["was_happened_on"] == EARLIER.isoformat()


async def test_a_correction_of_what_was_not_told_is_nobody_elses_business(
    friends: Federation,
) -> None:
    here = friends[COUNTY]
    arrival = make_arrival(arrived_on=EARLIER)
    await deliver_twice(here, arrival)
    await deliver_twice(here, corrected(arrival.arrival_id, ["room_id"], room_id=new_id()))
    await deliver_twice(here, corrected(new_id(), ["arrived_on"], arrived_on=DAY))
    assert not await here.fetch("SELECT 1 FROM notice_amendments")


async def test_another_home_is_told_and_the_first_takes_it_back(friends: Federation) -> None:
    here, first, second = friends[COUNTY], friends[OTHER], friends[CITY]
    arrival = make_arrival(arrived_on=EARLIER)
    await deliver_twice(here, arrival)
    event = corrected(arrival.arrival_id, ["origin_region"], origin_region="420302001")
    await deliver_twice(here, event)  # a county that the city answers for
    await settled(friends)
    assert [each["void"] for each in await told(first, "arrival")] == [True]
    (notice,) = await told(second, "arrival")
    assert not notice["void"] and notice["to_region"] == "420302001"
    await deliver_twice(here, departed())
    await settled(friends)
    assert len(await told(second, "departure")) == 1 and not await told(first, "departure")


async def test_an_annulled_arrival_takes_back_the_departure_too(friends: Federation) -> None:
    here, home = friends[COUNTY], friends[OTHER]
    arrival = make_arrival(arrived_on=EARLIER)
    await deliver_twice(here, arrival)
    await deliver_twice(here, departed())
    event = ArrivalAnnulled(
        arrival_id=arrival.arrival_id,
        person_id=PERSON,
        region="420325100",
        arrived_on=EARLIER,
        annulled_at=datetime.now(UTC),
        resumed_id=None,
    )
    await deliver_twice(here, event)
    await settled(friends)
    notices = await told(home, "arrival") + await told(home, "departure")
    assert [each["void"] for each in notices] == [True, True]


async def test_one_taken_back_before_anybody_covers_the_region_never_goes(
    strangers: Federation,
) -> None:
    here, home = strangers[COUNTY], strangers[OTHER]
    kept, dropped = make_arrival(), make_arrival(person_id=new_id())
    for event in (kept, dropped):
        await deliver_twice(here, event)
    annulled = ArrivalAnnulled(
        arrival_id=dropped.arrival_id,
        person_id=dropped.person_id,
        region="420325100",
        arrived_on=DAY,
        annulled_at=datetime.now(UTC),
        resumed_id=None,
    )
    await deliver_twice(here, annulled)
    await strangers.admit_all()

    async def one_came() -> bool:
        return bool(await home.fetch("SELECT 1 FROM notices"))

    await eventually(one_came)
    await settled(strangers)
    rows = await here.fetch("SELECT void, peer FROM notices ORDER BY void")
    assert [tuple(row) for row in rows] == [(False, OTHER), (True, None)]
    assert len(await told(home, "arrival")) == 1


@pytest.mark.parametrize("mother", [PERSON, new_id()])
async def test_a_birth_is_corrected_annulled_and_stands_again(
    friends: Federation, mother: UUID
) -> None:
    here, home = friends[COUNTY], friends[OTHER]
    birth = BirthRegistered(
        birth_id=new_id(),
        child_id=new_id(),
        mother_id=PERSON,
        region="420325100",
        born_on=EARLIER,
        registered_at=datetime.now(UTC),
        days=0,
        mother_home_region="420381",
        mother_id_number=id_number(),
    )
    await deliver_twice(here, birth)
    ids = {"birth_id": birth.birth_id, "child_id": birth.child_id, "mother_id": mother}
    place: dict[str, Any] = {"region": "420325100"} | ids
    await deliver_twice(here, BirthCorrected(**place, born_on=DAY, fields=["born_on"]))
    await deliver_twice(here, BirthAnnulled(**place, annulled_at=datetime.now(UTC)))
    await deliver_twice(here, BirthReinstated(**place, born_on=DAY))
    await settled(friends)
    (notice,) = await told(home, "birth-registered")
    assert notice["happened_on"] == DAY.isoformat()
    assert notice["void"] is (mother != PERSON)  # of another mother: not this county's household


def served(service: str = "legal-aid") -> ServiceDelivered:
    return ServiceDelivered(
        record_id=new_id(),
        person_id=PERSON,
        region="420325100",
        office="desk",
        service=service,
        delivered_on=DAY,
        resident_kind="migrant",
    )


def agreed(purpose: str = "tell-home") -> ConsentGiven:
    return ConsentGiven(
        consent_id=new_id(), person_id=PERSON, region="420325100", purpose=purpose, language="zh"
    )


async def test_services_are_told_only_while_she_agrees(friends: Federation) -> None:
    here, home = friends[COUNTY], friends[OTHER]
    await deliver_twice(here, make_arrival(arrived_on=EARLIER))
    await deliver_twice(here, agreed("follow-up"))
    await deliver_twice(here, served())
    consent = agreed()
    await deliver_twice(here, consent)
    heard = served("housing")
    await deliver_twice(here, heard)
    await deliver_twice(here, served("health-check"))  # of her health nothing is told
    await settled(friends)
    (notice,) = await told(home, "service-delivered")
    assert set(notice["content"]) == {"region", "happened_on", "kind", "id_number", "service"}
    assert notice["content"]["service"] == "housing" and not notice["feedback_asked"]
    undone = ServiceRecordAnnulled(
        record_id=heard.record_id,
        region="420325100",
        office="desk",
        service="housing",
        delivered_on=DAY,
        resident_kind="migrant",
        reason="mistake",
    )
    await deliver_twice(here, undone)
    gone = ConsentWithdrawn(consent_id=consent.consent_id, person_id=PERSON, purpose="tell-home")
    await deliver_twice(here, gone)
    await deliver_twice(here, consent)  # comes late: the withdrawal stands
    await deliver_twice(here, served())
    await settled(friends)
    assert [each["void"] for each in await told(home, "service-delivered")] == [True]


async def test_a_withdrawal_stops_what_has_not_left_yet(friends: Federation) -> None:
    here, home = friends[COUNTY], friends[OTHER]
    await deliver_twice(here, make_arrival(arrived_on=EARLIER))
    await settled(friends)
    await here.call("POST", f"/queue/peers/{OTHER}/pause", {"reason": "演练 exercise"})
    consent = agreed()
    await deliver_twice(here, consent)
    await deliver_twice(here, served())
    gone = ConsentWithdrawn(consent_id=consent.consent_id, person_id=PERSON, purpose="tell-home")
    await deliver_twice(here, gone)
    (row,) = await here.fetch(
        "SELECT state, last_error FROM messages_out WHERE kind LIKE '%service-delivered%'"
    )
    assert tuple(row) == ("given-up", "consent-withdrawn")
    rows = await here.fetch("SELECT void FROM notices WHERE kind = 'service-delivered'")
    assert [row["void"] for row in rows] == [True]
    assert not await told(home, "service-delivered")


async def test_only_the_sender_amends_its_notice_and_only_a_known_one(friends: Federation) -> None:
    here, other, city = friends[COUNTY], friends[OTHER], friends[CITY]
    await deliver_twice(here, make_arrival(arrived_on=EARLIER))
    await settled(friends)
    (notice,) = await told(other, "arrival")
    record: dict[str, Any] = {
        "id": str(new_id()),
        "void": True,
        "region": "420325100",
        "happened_on": DAY.isoformat(),
    }
    kind = "yipan.notice.amendment.v1"
    for sender, subject in ((city, UUID(notice["id"])), (here, new_id())):
        async with sender.parts.database.transaction(sender.parts.actor) as tx:
            await queue_message(OTHER, kind, subject, record, tx)
    async with here.parts.database.transaction(here.parts.actor) as tx:  # a field it has not
        await queue_message(OTHER, kind, UUID(notice["id"]), record | {"name": "王芳"}, tx)
    await settled(friends)
    states = [
        (row["state"], row["last_error"])
        for node in (city, here)
        for row in await node.fetch(
            "SELECT state, last_error FROM messages_out WHERE kind = $1 ORDER BY sequence", kind
        )
    ]
    assert states == [
        ("failed", "403 err.request.forbidden"),
        ("failed", "404 err.request.not_found"),
        ("failed", "400 err.request.bad"),
    ]
    assert not (await told(other, "arrival"))[0]["void"]
