"""The three cards: who they fit, what they say, and that printing one is seen."""

from typing import Any

import pytest

from services.registry.cards.queries import get_card
from services.registry.cards.rules import CardKind, fitting_cards
from services.registry.dwellings.estates import register_estate
from services.registry.dwellings.handlers import register_dwelling
from services.registry.dwellings.schemas import RegisterDwelling, RegisterEstate
from services.registry.errors import CardDoesNotFit
from services.registry.persons.handlers import register_person
from services.registry.persons.schemas import RegisterPerson
from shared.testing import Issuer
from shared.usage import Purpose
from tests.conftest import ServiceFactory, TxFactory
from tests.registry.places import AWAY, COUNTY_AWAY, HOME, NEXT, number
from tests.registry.samples import make_person
from tests.registry.test_dwellings import DWELLING
from tests.registry.test_dwellings_corrections import ESTATE
from tests.registry.vital_samples import Desk, make_death, open_desk

WHO = {"name": "王芳", "id_number": number("19900101", 112)}


@pytest.fixture
async def desk(start_service: ServiceFactory, issuer: Issuer) -> Any:
    async with open_desk(start_service, issuer) as desk:
        yield desk


@pytest.mark.parametrize(
    ("hukou", "lives", "kind", "cards"),
    [
        (HOME, HOME, "usual", [CardKind.RESIDENT]),
        (HOME, NEXT, "usual", [CardKind.RESIDENT, CardKind.SEPARATED]),
        (AWAY, HOME, "migrant", [CardKind.MIGRANT, CardKind.SEPARATED]),
        (HOME, None, None, []),
    ],
)
def test_who_a_card_fits(
    hukou: str, lives: str | None, kind: str | None, cards: list[CardKind]
) -> None:
    assert fitting_cards(hukou, lives, kind) == cards


async def test_a_card_says_registration_facts_and_whom_to_turn_to(open_tx: TxFactory) -> None:
    async with open_tx("registry", purpose=Purpose.REGISTRATION) as tx:
        estate = await register_estate(RegisterEstate.model_validate(ESTATE), tx)
        body = DWELLING | {"estate": None, "estate_id": estate.id, "plate_number": None}
        dwelling = await register_dwelling(RegisterDwelling.model_validate(body), tx)
        lives = {
            "region": "420325100001",
            "kind": "usual",
            "since": "2020-05-01",
            "room_id": dwelling.rooms[0].id,
        }
        person = await register_person(
            RegisterPerson.model_validate(make_person(residence=lives)), tx
        )
        looks = len(tx.usages)
        card = await get_card(person.id, CardKind.RESIDENT, tx)
        assert [(each.subject_id, each.kind) for each in tx.usages[looks:]] == [(person.id, "card")]
        facts = {en: value for _, en, value in card["facts"]}  # type: ignore[attr-defined]
        assert facts["Lives in"] == "湖北省十堰市房县城关镇东街社区居委会 兴电小区 12-101"
        assert facts["Id number"] == make_person()["id_number"]
        assert facts["Household register"].startswith("湖北省十堰市房县")
        assert set(facts) == {
            "Sex",
            "Nationality",
            "Born",
            "Id number",
            "Household register",
            "Household",
            "Lives in",
            "Since",
        }
        contacts = {en: value for _, en, value in card["contacts"]}  # type: ignore[attr-defined]
        assert contacts == {
            "Community": "东街社区居委会",
            "Property manager": "兴电物业 13900000055",
        }
        with pytest.raises(CardDoesNotFit):
            await get_card(person.id, CardKind.MIGRANT, tx)


async def test_the_purpose_masks_what_a_card_shows(open_tx: TxFactory) -> None:
    async with open_tx("registry", purpose=Purpose.SERVICE) as tx:
        person = await register_person(RegisterPerson.model_validate(make_person()), tx)
        card = await get_card(person.id, CardKind.RESIDENT, tx)
        facts = {en: value for _, en, value in card["facts"]}  # type: ignore[attr-defined]
        assert facts["Id number"] == "420325" + "*" * 10 + make_person()["id_number"][-2:]


@pytest.mark.parametrize(
    ("hukou", "lives", "kind", "card"),
    [
        (HOME, HOME, "usual", "resident"),
        (AWAY, HOME, "migrant", "migrant"),
        (HOME, NEXT, "usual", "separated"),
    ],
)
async def test_each_card_is_printed(
    desk: Desk, hukou: str, lives: str, kind: str, card: str
) -> None:
    residence = {"region": lives, "kind": kind, "since": "2020-05-01"}
    person = await desk.person(WHO, hukou_region=hukou, residence=residence)
    path = f"persons/{person['id']}/cards/{card}"
    printed = await desk.get(path)
    assert printed.headers["content-type"] == "application/pdf"
    assert printed.content.startswith(b"%PDF")
    picture = await desk.get(f"{path}?format=png")
    assert picture.headers["content-type"] == "image/png"
    assert picture.content.startswith(b"\x89PNG")
    looks = await desk.rows("SELECT count(*) AS n FROM usage_entries WHERE kind = 'card'")
    assert looks[0]["n"] == 2


async def test_who_may_print_a_card(desk: Desk) -> None:
    person = (await desk.person(WHO))["id"]
    path = f"persons/{person}/cards/resident"
    own = desk.as_actor(scope="self", sub=person) | {"Purpose": "subject-access"}
    assert (await desk.get(path, **own)).status_code == 200
    other = desk.as_actor(scope="self", sub="019a0000-0000-7000-8000-000000000000")
    assert (await desk.get(path, **other)).status_code == 404
    assert (await desk.get(path, **desk.as_actor(scope="registry:lease"))).status_code == 403
    foreign = desk.as_actor(scope="registry:read", region=COUNTY_AWAY)
    assert (await desk.get(path, **foreign)).status_code == 404
    misfit = await desk.get(f"persons/{person}/cards/migrant")
    assert (misfit.status_code, misfit.json()["fits"]) == (409, ["resident"])
    assert (await desk.get(f"persons/{person}/cards/identity")).status_code == 400
    report = await desk.done("death-reports", make_death(person=WHO))
    await desk.done(f"death-reports/{report['id']}/registration")
    assert (await desk.get(path)).status_code == 409
    del desk.office.headers["Purpose"]
    assert (await desk.get(path)).status_code == 400
