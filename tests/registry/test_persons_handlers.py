"""Registering, correcting and moving persons, each in one transaction."""

from collections.abc import AsyncIterator
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from services.registry.dwellings.handlers import register_dwelling
from services.registry.dwellings.schemas import RegisterDwelling
from services.registry.errors import (
    AlreadyRegistered,
    ContradictsIdNumber,
    PersonNotFound,
    RecordClosed,
    RoomNotFound,
    UnknownRegion,
)
from services.registry.persons.handlers import correct_person, leave, move, register_person
from services.registry.persons.merging import merge_persons
from services.registry.persons.models import Person, PersonStatus, ResidenceKind
from services.registry.persons.past import get_history
from services.registry.persons.queries import find_persons, get_person
from services.registry.persons.schemas import (
    CorrectPerson,
    PersonView,
    RegisterPerson,
    ResidenceInput,
    SearchPersons,
)
from shared.db import Tx
from shared.events.registry import (
    PersonCorrected,
    PersonRegistered,
    ResidenceChanged,
    ResidenceEnded,
)
from shared.ids import new_id
from shared.problems import OutsideJurisdiction, StaleVersion
from shared.testing import emitted, make_actor
from shared.usage import Purpose
from tests.conftest import TxFactory
from tests.registry.places import AWAY, COUNTY_AWAY, HOME, NEXT, load_places, number

NUMBER = number("19900101", 112)


@pytest.fixture
async def tx(open_tx: TxFactory) -> AsyncIterator[Tx]:
    async with open_tx("registry", purpose=Purpose.REGISTRATION) as tx:
        await load_places(await tx.begin())
        yield tx


def wang(**overrides: Any) -> RegisterPerson:
    values: dict[str, Any] = {
        "name": "王芳",
        "sex": "2",
        "birth_date": "1990-01-01",
        "id_number": NUMBER,
        "phone": "13900000001",
        "hukou_region": HOME,
        "residence": {"region": HOME, "kind": "usual", "since": "2020-05-01"},
    }
    return RegisterPerson(**(values | overrides))


async def row_of(view: PersonView, tx: Tx) -> Person:
    return await tx.require(Person, view.id, lock=True)


async def act_for(tx: Tx, region: str) -> None:
    """The same transaction in the hands of an office of another region."""
    tx.actor = make_actor(region=region)
    await tx.execute(f"SET LOCAL yipan.region = '{region}'")


async def room_in(region: str, tx: Tx) -> UUID:
    command = RegisterDwelling.model_validate(
        {"region": region, "building": "8", "use": "owner", "rooms": [{"number": "101"}]}
    )
    return (await register_dwelling(command, tx)).rooms[0].id


async def test_registration_says_so_and_notes_the_look(tx: Tx) -> None:
    view = await register_person(wang(), tx)
    (event,) = emitted(tx, PersonRegistered)
    assert isinstance(event, PersonRegistered)
    assert (event.person_id, event.residence_region) == (view.id, HOME)
    assert [(usage.subject_id, usage.kind) for usage in tx.usages] == [(view.id, "person")]
    row = await row_of(view, tx)
    assert row.id_number_sealed is not None
    assert NUMBER.encode() not in row.id_number_sealed
    assert row.id_number_index != row.phone_index


async def test_a_newborn_has_no_number_yet_and_two_may_be_alike(tx: Tx) -> None:
    first = await register_person(wang(id_number=None, residence=None), tx)
    second = await register_person(wang(id_number=None, residence=None), tx)
    assert first.id != second.id
    assert first.id_number is None


async def test_a_number_is_registered_once(tx: Tx) -> None:
    await register_person(wang(), tx)
    with pytest.raises(AlreadyRegistered):
        await register_person(wang(name="李娜"), tx)


async def test_a_person_of_another_county_is_not_ours_to_register(tx: Tx) -> None:
    away = {"region": AWAY, "kind": "usual", "since": "2020-05-01"}
    with pytest.raises(OutsideJurisdiction):
        await register_person(wang(hukou_region=COUNTY_AWAY, residence=away), tx)


async def test_regions_have_to_exist(tx: Tx) -> None:
    with pytest.raises(UnknownRegion):
        await register_person(wang(hukou_region="420325999"), tx)


async def test_a_correction_keeps_what_was_said_before(tx: Tx) -> None:
    view = await register_person(wang(), tx)
    command = CorrectPerson(name="王小芳", phone="13900000002", reason="户口簿为准")
    corrected = await correct_person(command, view.id, 1, tx)
    assert (corrected.name, corrected.version) == ("王小芳", 2)
    (event,) = emitted(tx, PersonCorrected)
    assert isinstance(event, PersonCorrected)
    assert event.fields == ["name", "phone"]
    history = await get_history(view.id, tx)
    (version,) = history.versions
    assert (version.version, version.reason) == (1, "户口簿为准")
    sealed = await tx.fetch_value("SELECT before_sealed FROM person_versions")
    assert '"王芳"' in tx.vault.open(sealed, f"person_versions:{view.id}:1")


async def test_a_correction_that_changes_nothing_is_none(tx: Tx) -> None:
    view = await register_person(wang(), tx)
    same = await correct_person(CorrectPerson(name="王芳", reason="核对"), view.id, 1, tx)
    assert same.version == 1
    assert not emitted(tx, PersonCorrected)


@pytest.mark.parametrize(
    ("command", "version", "error"),
    [
        (CorrectPerson(name="王小芳", reason="更正"), 7, StaleVersion),
        (CorrectPerson(sex="1", reason="更正"), 1, ContradictsIdNumber),
        (CorrectPerson(birth_date=date(1991, 1, 1), reason="更正"), 1, ContradictsIdNumber),
        (CorrectPerson(hukou_region="420325999", reason="更正"), 1, UnknownRegion),
    ],
)
async def test_corrections_that_cannot_be(
    tx: Tx, command: CorrectPerson, version: int, error: type[Exception]
) -> None:
    view = await register_person(wang(), tx)
    with pytest.raises(error):
        await correct_person(command, view.id, version, tx)


async def test_a_closed_record_is_not_corrected(tx: Tx) -> None:
    view = await register_person(wang(), tx)
    row = await row_of(view, tx)
    row.status = PersonStatus.DECEASED
    await tx.save(row)
    with pytest.raises(RecordClosed):
        await correct_person(CorrectPerson(name="王小芳", reason="更正"), view.id, 2, tx)


async def test_moving_closes_one_stay_and_opens_the_next(tx: Tx) -> None:
    view = await register_person(wang(), tx)
    row = await row_of(view, tx)
    stay = ResidenceInput(region=AWAY, kind=ResidenceKind.MIGRANT, since=date(2024, 2, 1))
    await move(row, stay, tx)
    await tx.save(row)
    history = await get_history(view.id, tx)
    assert [(each.region, each.until) for each in history.residences] == [
        (HOME, date(2024, 2, 1)),
        (AWAY, None),
    ]
    (event,) = emitted(tx, ResidenceChanged)
    assert isinstance(event, ResidenceChanged)
    assert (event.from_region, event.to_region, event.kind) == (HOME, AWAY, "migrant")
    moved = await get_person(view.id, tx)
    assert moved.separated
    assert (await row_of(view, tx)).left_region is None  # her household register is here


async def test_a_corrected_residence_is_a_move_from_where_she_lived(tx: Tx) -> None:
    view = await register_person(wang(), tx)
    stay = ResidenceInput(region=NEXT, kind=ResidenceKind.USUAL, since=date(2024, 2, 1))
    await correct_person(CorrectPerson(residence=stay, reason="搬家"), view.id, 1, tx)
    await correct_person(CorrectPerson(residence=stay, reason="搬家"), view.id, 2, tx)
    (event,) = emitted(tx, ResidenceChanged)
    assert isinstance(event, ResidenceChanged)
    assert (event.from_region, event.to_region) == (HOME, NEXT)
    other_room = stay.model_copy(update={"room_id": await room_in(NEXT, tx)})
    command = CorrectPerson(residence=other_room, reason="同址换房")
    moved = await correct_person(command, view.id, 2, tx)
    assert moved.residence is not None
    assert moved.residence.room_id == other_room.room_id
    assert len((await get_history(view.id, tx)).residences) == 3


async def test_a_room_has_to_exist(tx: Tx) -> None:
    nowhere = {"region": HOME, "kind": "usual", "since": "2020-05-01", "room_id": new_id()}
    with pytest.raises(RoomNotFound):
        await register_person(wang(residence=nowhere), tx)
    view = await register_person(wang(), tx)
    later = nowhere | {"since": "2024-01-01"}
    with pytest.raises(RoomNotFound):
        await correct_person(
            CorrectPerson.model_validate({"residence": later, "reason": "搬家"}), view.id, 1, tx
        )


async def test_a_household_register_may_move_away(tx: Tx) -> None:
    """户口迁出: the office that wrote it keeps the record it wrote."""
    view = await register_person(wang(residence=None), tx)
    command = CorrectPerson(hukou_region=COUNTY_AWAY, reason="户口迁出")
    corrected = await correct_person(command, view.id, 1, tx)
    assert corrected.hukou_region == COUNTY_AWAY
    assert (await row_of(view, tx)).left_region == HOME


async def test_who_leaves_for_nowhere_known_stays_on_the_offices_record(tx: Tx) -> None:
    migrant = {"region": HOME, "kind": "migrant", "since": "2023-01-01"}
    view = await register_person(wang(hukou_region=COUNTY_AWAY, residence=migrant), tx)
    row = await row_of(view, tx)
    await leave(row, date(2024, 2, 1), tx)
    await tx.save(row)
    (event,) = emitted(tx, ResidenceEnded)
    assert isinstance(event, ResidenceEnded)
    assert (event.region, event.ended_on) == (HOME, date(2024, 2, 1))
    assert (await get_person(view.id, tx)).residence is None
    await leave(row, date(2024, 3, 1), tx)
    assert len(emitted(tx, ResidenceEnded)) == 1
    await act_for(tx, NEXT[:9])
    with pytest.raises(PersonNotFound):
        await get_person(view.id, tx)


async def test_a_township_may_see_a_migrant_off_to_another(tx: Tx) -> None:
    migrant = {"region": HOME, "kind": "migrant", "since": "2023-01-01"}
    view = await register_person(wang(hukou_region=COUNTY_AWAY, residence=migrant), tx)
    await act_for(tx, HOME[:9])
    row = await row_of(view, tx)
    stay = ResidenceInput(region=NEXT, kind=ResidenceKind.MIGRANT, since=date(2024, 2, 1))
    await move(row, stay, tx)
    await tx.save(row)
    await act_for(tx, NEXT[:9])
    assert (await get_person(view.id, tx)).residence is not None


async def test_another_county_neither_sees_nor_writes(tx: Tx) -> None:
    view = await register_person(wang(), tx)
    row = await row_of(view, tx)
    await act_for(tx, "130102")
    with pytest.raises(PersonNotFound):
        await get_person(view.id, tx)
    with pytest.raises(PersonNotFound):
        await correct_person(CorrectPerson(name="王小芳", reason="更正"), view.id, 1, tx)
    assert await find_persons(SearchPersons(id_number=NUMBER), tx) == []
    with pytest.raises(StaleVersion):  # the update finds no row
        await tx.save(row)
    foreign = row.model_copy(update={"id": new_id()})
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with (await tx.begin()).transaction():
            await tx.add(foreign)


async def test_searches_find_by_each_identifier_and_note_every_match(tx: Tx) -> None:
    view = await register_person(wang(), tx)
    await register_person(wang(name="李娜", id_number=None, phone=None), tx)
    for search in (
        SearchPersons(id_number=NUMBER),
        SearchPersons(phone="+86 139 0000 0001"),
        SearchPersons(name="王芳", birth_date=date(1990, 1, 1)),
    ):
        looks = len(tx.usages)
        assert [each.id for each in await find_persons(search, tx)] == [view.id]
        assert len(tx.usages) == looks + 1


async def test_a_merged_record_leads_to_the_kept_one(tx: Tx) -> None:
    kept = await register_person(wang(residence=None), tx)
    merged = await register_person(wang(id_number=None), tx)
    await merge_persons(kept.id, merged.id, tx)
    assert (await get_person(merged.id, tx)).id == kept.id
    again = await correct_person(CorrectPerson(name="王小芳", reason="更正"), merged.id, 2, tx)
    assert again.id == kept.id
    found = await find_persons(SearchPersons(phone="13900000001"), tx)
    assert [each.id for each in found] == [kept.id]
    # a third record of hers: what was merged before leads on as well
    third = await register_person(wang(id_number=None, residence=None), tx)
    await merge_persons(third.id, kept.id, tx)
    assert (await get_person(merged.id, tx)).id == third.id
