"""Participants: nobody is believed without a city's signature."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from services.exchange.errors import RecordNotTrusted
from services.exchange.participants.handlers import put_participant
from services.exchange.participants.node import our_node, settle
from services.exchange.participants.queries import find_city_of, find_for_region, find_issuer
from services.exchange.participants.rules import Anchor, check_record
from services.exchange.participants.schemas import SignedRecord
from services.exchange.settings import Settings
from shared.events.exchange import ParticipantListed
from shared.signing import JsonObject, SigningKey, key_set, sign_detached
from shared.testing import Issuer, client_of, service_settings
from tests.conftest import TxFactory
from tests.exchange.federation import CITY, COUNTY, OTHER, Federation

CITY_KEY = SigningKey.generate()
COUNTY_KEY = SigningKey.generate()


def make_record(**overrides: Any) -> JsonObject:
    return {
        "id": OTHER,
        "name": "丹江口市",
        "level": "county",
        "region_prefixes": ["420381"],
        "address": "https://county.test",
        "jwks": key_set(COUNTY_KEY.public_jwk()),
        "certificate_pem": None,
        "roles": [],
        "version": 1,
        "admitted_by": CITY,
        "admitted_at": "2026-11-01T00:00:00Z",
        "revoked_at": None,
    } | overrides


def signed(record: JsonObject, key: SigningKey = CITY_KEY) -> JsonObject:
    return {"record": record, "signature": sign_detached(record, key)}


def city_record(**overrides: Any) -> JsonObject:
    fields: JsonObject = {
        "id": CITY,
        "name": "十堰市",
        "level": "city",
        "region_prefixes": ["4203"],
        "jwks": key_set(CITY_KEY.public_jwk()),
    }
    return make_record(**(fields | overrides))


def test_an_anchor_speaks_for_its_own_regions() -> None:
    city = Anchor(key_set(CITY_KEY.public_jwk()), ["4203"])
    record, now = make_record(), datetime.now(UTC)
    check_record(record, sign_detached(record, CITY_KEY), [city], now)
    elsewhere = make_record(region_prefixes=["420381", "110101"])
    for bad, key, anchors in (
        (elsewhere, CITY_KEY, [city]),
        (record, COUNTY_KEY, [city]),
        (record, CITY_KEY, []),
        (record, COUNTY_KEY, []),
    ):
        with pytest.raises(RecordNotTrusted):
            check_record(bad, sign_detached(bad, key), anchors, now)
    moved = record | {"address": "https://x"}
    with pytest.raises(RecordNotTrusted):
        check_record(moved, sign_detached(record, CITY_KEY), [city], now)
    check_record(elsewhere, sign_detached(elsewhere, CITY_KEY), [Anchor(city.jwks)], now)


def test_the_moment_of_admission_may_be_written_in_other_ways() -> None:
    city = Anchor(key_set(CITY_KEY.public_jwk()), ["4203"])
    for written in ("2026-11-01 08:00:00+08:00", 1767225600):
        record = make_record(admitted_at=written)
        check_record(record, sign_detached(record, CITY_KEY), [city], datetime.now(UTC))


def test_the_first_city_record_becomes_the_anchor_only_if_it_signs_itself() -> None:
    record, now = city_record(), datetime.now(UTC)
    check_record(record, sign_detached(record, CITY_KEY), [], now)
    with pytest.raises(RecordNotTrusted):
        check_record(record, sign_detached(record, COUNTY_KEY), [], now)


async def test_records_are_entered_by_version(strangers: Federation) -> None:
    node = strangers[COUNTY]
    await node.call("PUT", f"/participants/{OTHER}", signed(make_record()), expect=403)
    await node.call("PUT", f"/participants/{CITY}", signed(city_record()))
    await node.call("PUT", f"/participants/{OTHER}", signed(make_record()))
    await node.call("PUT", f"/participants/{OTHER}", signed(make_record()))
    other = make_record(address="https://elsewhere.test")
    await node.call("PUT", f"/participants/{OTHER}", signed(other), expect=409)
    moved = make_record(address="https://elsewhere.test", version=2)
    view = await node.call("PUT", f"/participants/{OTHER}", signed(moved))
    assert (view["address"], view["version"]) == ("https://elsewhere.test", 2)
    await node.call("PUT", f"/participants/{OTHER}", signed(make_record()), expect=409)
    listed = await node.call("GET", "/participants?limit=1")
    assert listed["items"][0]["id"] == CITY
    rest = await node.call("GET", f"/participants?limit=1&cursor={listed['next']}")
    assert [each["id"] for each in rest["items"]] == [OTHER] and rest["next"] is None
    assert (await node.call("GET", f"/participants/{OTHER}"))["version"] == 2
    await node.call("GET", "/participants/nobody", expect=404)


async def test_each_new_record_is_said_once(open_tx: TxFactory, tmp_path: Path) -> None:
    """Whoever follows the directory hears of an address, and that a node left."""
    left = make_record(version=2, revoked_at="2026-11-20T00:00:00Z")
    own = service_settings("exchange", "", Issuer(tmp_path))
    async with open_tx("exchange") as tx:
        await settle(Settings(**own), tx)
        city = city_record()
        for record in (city, make_record(), make_record(), left):
            command = SignedRecord.model_validate(signed(record))
            await put_participant(command, str(record["id"]), tx)
        said = [
            event
            for event in tx.emitted
            if isinstance(event, ParticipantListed) and event.node_id == OTHER
        ]
    assert [(each.version, each.revoked) for each in said] == [(1, False), (2, True)]
    assert said[0].address == "https://county.test"


async def test_a_second_city_cannot_make_itself_an_anchor(strangers: Federation) -> None:
    node = strangers[COUNTY]
    await node.call("PUT", f"/participants/{CITY}", signed(city_record()))
    rogue = SigningKey.generate()
    record = city_record(id="city-9999", jwks=key_set(rogue.public_jwk()))
    await node.call("PUT", "/participants/city-9999", signed(record, rogue), expect=403)
    await node.call("PUT", "/participants/city-9999", signed(record))


@pytest.mark.parametrize(
    "change",
    [
        {"jwks": {"keys": []}},
        {"jwks": key_set(COUNTY_KEY.public_jwk() | {"d": "x"})},
        {"region_prefixes": []},
        {"region_prefixes": ["42038"]},
        {"address": "ftp://x"},
        {"address": "https://user@x"},
        {"level": "province"},
        {"certificate_pem": "x"},
        {"jwks": key_set(COUNTY_KEY.public_jwk() | {"exp": "tomorrow"})},
        {"admitted_by": None},
        {"admitted_at": "2026-11-01T00:00:00"},
        {"secret": 1},
    ],
)
def test_a_record_has_its_form(change: JsonObject) -> None:
    SignedRecord.model_validate(signed(make_record()))
    with pytest.raises(ValueError):
        SignedRecord.model_validate(signed(make_record(**change)))


async def test_who_may_do_what(strangers: Federation) -> None:
    node = strangers[COUNTY]
    body = signed(city_record())
    path = f"/participants/{CITY}"
    await node.call("PUT", path, body, expect=403, scope="exchange:write")
    await node.call("PUT", "/participants/other", body, expect=422)
    await node.call("GET", "/participants", expect=403, scope="registry:read")
    record = await node.public("/exchange/.well-known/participant.json")
    await node.call("POST", "/participants", record, expect=403)
    foreign = record | {"id": "county-110101", "region_prefixes": ["110101"]}
    await strangers[CITY].call("POST", "/participants", foreign, expect=403)
    async with client_of(node.app) as client:
        assert (await client.get("/exchange/v1/participants")).status_code == 401


async def test_our_key_is_made_once_and_only_its_public_part_is_shown(
    open_tx: TxFactory, issuer: Issuer
) -> None:
    given = service_settings("exchange", "postgresql://x", issuer)
    anchor = json.dumps(key_set(CITY_KEY.public_jwk()))
    settings = Settings(**given, city_jwks=anchor)
    async with open_tx("exchange") as tx:
        await settle(settings, tx)
        first = await our_node(tx)
        await settle(settings, tx)
        assert (await our_node(tx)).key.kid == first.key.kid
        assert first.id == COUNTY
        stored = await tx.fetch_row("SELECT * FROM node_keys")
        assert first.key.to_text().encode() not in stored["private_sealed"]
        assert "d" not in stored["public"]
        assert await tx.fetch_value("SELECT anchor IS NOT NULL FROM own_node")


async def test_the_longest_prefix_answers_for_a_region(friends: Federation) -> None:
    node = friends[COUNTY]
    async with node.parts.database.transaction(node.parts.actor) as tx:
        for region, expected in (("420381001", OTHER), ("420302", CITY), ("110101", None)):
            found = await find_for_region(region, tx)
            assert (found.id if found else None) == expected
        city = await find_city_of("420381", tx)
        assert city is not None and city.id == CITY
        for issuer in (OTHER, f"http://{OTHER}.test", f"http://{OTHER}.test/migrant"):
            named = await find_issuer(issuer, tx)
            assert named is not None and named.id == OTHER
        assert await find_issuer(f"http://{OTHER}.test.evil", tx) is None
