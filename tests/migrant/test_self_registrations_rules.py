"""What the desk registers of a form filled in by phone; codes on the wall."""

from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from services.migrant.self_registrations.confirming import arrivals_of
from services.migrant.self_registrations.errors import AlreadyDecided, NobodyLeft, NoSuchNumber
from services.migrant.self_registrations.poster import form_address, qr_svg
from services.migrant.self_registrations.rules import Status, require_undecided
from services.migrant.self_registrations.schemas import ConfirmSelfRegistration, SelfRegister
from services.migrant.settings import Settings
from shared.ids import new_id
from shared.testing import Issuer, service_settings
from tests.migrant.samples import HOME, VILLAGE, id_number, make_arrival

SON = id_number("50010120150101121")
MOTHER = id_number("50010119600101122")


def make_form(**overrides: Any) -> dict[str, Any]:
    companions = [
        {"name": "刘小宝", "id_number": SON},
        {"name": "周桂英", "id_number": MOTHER, "origin_region": "510101"},
    ]
    return make_arrival(employer="第一机械厂") | {"companions": companions} | overrides


def arrivals(**command: Any) -> dict[int, dict[str, Any]]:
    form = SelfRegister.model_validate(make_form())
    made = arrivals_of(form, ConfirmSelfRegistration.model_validate(command))
    return {number: arrival.model_dump() for number, arrival in made}


def test_companions_share_place_and_day_and_nothing_of_her_own() -> None:
    hers, son, mother = arrivals().values()
    for shared in ("region", "arrived_on", "room_id"):
        assert hers[shared] == son[shared] == mother[shared]
    assert (son["origin_region"], mother["origin_region"]) == (HOME, "510101")
    assert (son["stay_purpose"], son["employer"], son["phone"]) == ("family", None, None)
    assert (hers["stay_purpose"], hers["employer"]) == ("work", "第一机械厂")


def test_what_the_card_says_otherwise() -> None:
    room = new_id()
    hers, son, _ = arrivals(
        corrections=[
            {"number": 0, "employer": None, "name": None, "room_id": str(room)},
            {"number": 1, "name": "刘晓宝", "name_changed": True},
        ]
    ).values()
    assert (hers["name"], hers["employer"], hers["room_id"]) == ("刘小梅", None, room)
    assert (son["name"], son["name_changed"], son["id_number"]) == ("刘晓宝", True, SON)


def test_who_did_not_come_is_not_registered() -> None:
    assert set(arrivals(absent=[1])) == {0, 2}
    with pytest.raises(NobodyLeft):
        arrivals(absent=[0])
    for command in ({"absent": [3]}, {"absent": [-1]}, {"corrections": [{"number": 3}]}):
        with pytest.raises(NoSuchNumber):
            arrivals(**command)


def test_one_number_twice() -> None:
    twice = [{"name": "刘小宝", "id_number": id_number()}]
    with pytest.raises(ValidationError, match="twice"):
        SelfRegister.model_validate(make_form(companions=twice))


@pytest.mark.parametrize("status", [Status.CONFIRMED, Status.WITHDRAWN])
def test_a_decision_is_one(status: Status) -> None:
    with pytest.raises(AlreadyDecided):
        require_undecided(status)
    require_undecided(Status.RETURNED)


def test_the_code_names_a_place_and_nobody(issuer: Issuer) -> None:
    def settings(**more: Any) -> Settings:
        return Settings(**service_settings("migrant", "postgresql://x", issuer, **more))

    room = UUID("01980000-0000-7000-8000-000000000001")
    plain = form_address(settings(public_url="https://b.test"), VILLAGE, None)
    assert plain == f"https://b.test/migrant/v1/self-registration?region={VILLAGE}"
    page = settings(self_registration_url="https://app.test/go?page=arrive")
    address = form_address(page, VILLAGE, room)
    assert address == f"https://app.test/go?page=arrive&region={VILLAGE}&room_id={room}"
    assert qr_svg(address).startswith("<svg")
