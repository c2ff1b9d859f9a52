"""Arrivals in a transaction: one person, one open stay, wherever in the county."""

from services.migrant.arrivals.handlers import register_arrival, register_departure
from services.migrant.arrivals.schemas import RegisterArrival, RegisterDeparture
from services.migrant.people.models import PersonHere
from shared.db import Tx
from shared.events.migrant import MigrantArrived, MigrantDeparted
from shared.testing import emitted
from shared.usage import Purpose
from tests.conftest import TxFactory
from tests.migrant.samples import OTHER_VILLAGE, VILLAGE, clerk, id_number, make_arrival


def command(**overrides: object) -> RegisterArrival:
    return RegisterArrival.model_validate(make_arrival(**overrides))


async def test_an_arrival_is_told_with_sealed_identity(open_tx: TxFactory) -> None:
    async with open_tx("migrant", actor=clerk(), purpose=Purpose.REGISTRATION) as tx:
        stay = await register_arrival(command(), tx)
        (event,) = emitted(tx, MigrantArrived)
        assert isinstance(event, MigrantArrived)
        assert (event.person_id, event.id_number) == (stay.person_id, id_number())
        sealed = event.sealed(tx.event_vault)
        assert id_number() not in str(sealed)
        assert [usage.kind for usage in tx.usages] == ["arrival"]
        person = await tx.require(PersonHere, stay.person_id)
        assert id_number().encode() not in person.id_number_sealed


async def test_a_second_arrival_is_a_move_of_the_same_person(open_tx: TxFactory) -> None:
    async with open_tx("migrant", actor=clerk(), purpose=Purpose.REGISTRATION) as tx:
        first = await register_arrival(command(), tx)
        second = await register_arrival(command(region=OTHER_VILLAGE, arrived_on="2026-05-01"), tx)
        assert second.person_id == first.person_id
        assert str(second.in_county_since) == "2026-03-02"
        assert await open_stays(tx) == 1
        assert emitted(tx, MigrantDeparted) == []
        closed = await tx.fetch_row("SELECT * FROM arrivals WHERE id = $1", first.id)
        assert closed is not None
        assert (closed["ended_by"], closed["to_region"]) == ("move", OTHER_VILLAGE)


async def test_she_leaves_and_comes_back_as_the_same_person(open_tx: TxFactory) -> None:
    async with open_tx("migrant", actor=clerk(), purpose=Purpose.REGISTRATION) as tx:
        first = await register_arrival(command(), tx)
        await register_departure(
            RegisterDeparture.model_validate(
                {"person_id": first.person_id, "departed_on": "2026-04-01", "to_region": "500101"}
            ),
            tx,
        )
        (event,) = emitted(tx, MigrantDeparted)
        assert isinstance(event, MigrantDeparted)
        assert (event.region, event.to_region) == (VILLAGE, "500101")
        assert await open_stays(tx) == 0
        again = await register_arrival(command(arrived_on="2026-06-01"), tx)
        assert again.person_id == first.person_id
        assert str(again.in_county_since) == "2026-06-01"


async def open_stays(tx: Tx) -> int:
    return int(await tx.fetch_value("SELECT count(*) FROM arrivals WHERE until IS NULL"))
