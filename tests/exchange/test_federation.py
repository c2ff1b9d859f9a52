"""Records that change: what a city signs by itself, and how everybody else hears of it."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from services.exchange.participants.directory import RECORDS, RENEWALS, Directory
from services.exchange.participants.models import Participant
from services.exchange.participants.node import own_row, proving_key
from services.exchange.participants.queries import get_own_record
from services.exchange.peers import Peers
from shared.signing import JsonObject, SigningKey, key_set, sign_detached
from shared.testing import client_of
from tests.exchange.federation import CITY, COUNTY, OTHER, Federation, Node, settled
from tests.exchange.samples import make_inquiry, make_notice
from tests.exchange.test_keys import spread
from tests.exchange.test_participants import city_record, make_record, signed


async def moved(node: Node, address: str) -> None:
    """As if the settings named another address at the next start."""
    async with node.parts.database.transaction(node.parts.actor) as tx:
        own = await own_row(tx)
        await tx.execute("DELETE FROM own_node")
        own.address = address
        await tx.add(own)


async def renewal_of(node: Node, key: SigningKey | None = None, **changes: Any) -> JsonObject:
    """What a node would send its city."""
    async with node.parts.database.transaction(node.parts.actor) as tx:
        record = (await get_own_record(tx)).model_dump(mode="json") | changes
        key = key or await proving_key(tx)
    assert key is not None
    return {"record": record, "signature": sign_detached(record, key)}


async def asked(city: Node, body: Any) -> tuple[int, Any]:
    async with client_of(city.app) as client:
        answer = await client.post(RENEWALS, json=body)
    return answer.status_code, answer.json()


async def test_a_new_address_reaches_everybody_by_itself(friends: Federation) -> None:
    here, home = friends[COUNTY], friends[OTHER]
    await spread(friends)
    await moved(here, "http://moved.test")
    await spread(friends, COUNTY)
    for node in (here, home, friends[CITY]):
        view = await node.call("GET", f"/participants/{COUNTY}")
        assert (view["address"], view["version"]) == ("http://moved.test", 2)
    listed = await home.bus.hears("participant-listed", 4)
    assert listed[-1]["address"] == "http://moved.test"
    await spread(friends, COUNTY)
    assert (await home.call("GET", f"/participants/{COUNTY}"))["version"] == 2


async def test_a_city_away_only_delays(friends: Federation) -> None:
    here = friends[COUNTY]
    await spread(friends)
    await moved(here, "http://moved.test")
    friends.network.cut.add(CITY)
    follower = Directory(here.parts, Peers(friends.network.open_client), 60)
    assert await follower.renew() is False
    await follower.look()
    friends.network.cut.clear()
    assert await follower.renew() is True
    assert (await here.call("GET", f"/participants/{COUNTY}"))["version"] == 2


async def test_the_same_renewal_again_gets_the_same_answer(friends: Federation) -> None:
    await spread(friends)
    await moved(friends[COUNTY], "http://moved.test")
    body = await renewal_of(friends[COUNTY])
    first, again = [await asked(friends[CITY], body) for _ in range(2)]
    assert first == again and first[0] == 200
    kept = await friends[CITY].fetch("SELECT 1 FROM participant_records WHERE node_id = $1", COUNTY)
    assert len(kept) == 2


STRANGER = SigningKey.generate()


@pytest.mark.parametrize(
    ("changes", "key", "status", "kind"),
    [
        ({"region_prefixes": ["420325", "420382"]}, None, 403, "admission-needed"),
        ({"roles": ["education"]}, None, 403, "admission-needed"),
        ({"level": "city"}, None, 403, "admission-needed"),
        ({"address": "http://x.test"}, STRANGER, 401, "message-refused"),
        ({"address": "http://x.test", "version": 1}, None, 409, "stale-record"),
        ({"id": "county-420399"}, None, 403, "admission-needed"),
        ({"address": "ftp://x"}, None, 422, "malformed-body"),
        ({"jwks": {"keys": []}}, None, 422, "malformed-body"),
    ],
)
async def test_what_a_city_does_not_sign_by_itself(
    friends: Federation, changes: JsonObject, key: SigningKey | None, status: int, kind: str
) -> None:
    await spread(friends)
    body = await renewal_of(friends[COUNTY], key, **({"version": 2} | changes))
    answer, said = await asked(friends[CITY], body)
    assert (answer, said["type"].rpartition("/")[2].rpartition(":")[2]) == (status, kind), said
    view = await friends[CITY].call("GET", f"/participants/{COUNTY}")
    assert (view["version"], view["roles"]) == (1, [])


async def test_only_a_city_renews(friends: Federation) -> None:
    await spread(friends)
    answer, _ = await asked(friends[OTHER], await renewal_of(friends[COUNTY], version=2))
    assert answer == 403


async def test_the_directory_is_read_on_from_where_one_was(friends: Federation) -> None:
    city = friends[CITY]
    async with client_of(city.app) as client:

        async def page(query: str) -> Any:
            answer = await client.get(f"{RECORDS}?{query}")
            assert answer.status_code == 200
            return answer.json()

        first = await page("limit=2")
        rest = await page(f"limit=2&since={first['next']}")
        assert (len(first["items"]), first["more"]) == (2, True)
        assert (len(rest["items"]), rest["more"]) == (1, False)
        assert (await page(f"since={rest['next']}"))["items"] == []
        await spread(friends)
        await moved(friends[COUNTY], "http://moved.test")
        await spread(friends, COUNTY)
        news = await page(f"since={rest['next']}")
        assert [each["record"]["version"] for each in news["items"]] == [2]
        for bad in ("since=x", "since=WyJhIl0", "since=Wy0xXQ", "limit=0"):
            assert (await client.get(f"{RECORDS}?{bad}")).status_code == 400, bad


class _Liar:
    """A city whose directory holds what somebody put there."""

    def __init__(self, *items: JsonObject) -> None:
        self.items = items

    def open(self, peer: Participant) -> httpx.AsyncClient:
        page = {"items": list(self.items), "next": "WzFd", "more": False}
        transport = httpx.MockTransport(lambda _: httpx.Response(200, json=page))
        return httpx.AsyncClient(transport=transport, base_url="http://liar.test")


ROGUE = SigningKey.generate()


@pytest.mark.parametrize(
    "make",
    [
        lambda: signed(make_record(id="county-420399", region_prefixes=["420399"]), ROGUE),
        lambda: signed(make_record(version=7, address="https://rogue.test"), ROGUE),
        lambda: signed(city_record(id="city-9999", region_prefixes=["99"]), ROGUE),
        lambda: {"record": {"id": "x"}, "signature": "x"},
    ],
)
async def test_a_directory_proves_nothing_without_the_citys_signature(
    friends: Federation, make: Callable[[], JsonObject]
) -> None:
    here = friends[COUNTY]
    before = await here.fetch("SELECT id, record_version FROM participants ORDER BY id")
    follower = Directory(here.parts, Peers(_Liar(make()).open), 60)
    await follower.look()
    assert await here.fetch("SELECT id, record_version FROM participants ORDER BY id") == before


async def test_a_record_signed_by_the_wrong_city_is_refused(friends: Federation) -> None:
    """A city that we know speaks for its own regions alone; another city is for a person."""
    here, city = friends[COUNTY], friends[CITY]
    other_key = SigningKey.generate()
    neighbour = city_record(
        id="city-4206",
        region_prefixes=["4206"],
        jwks=key_set(other_key.public_jwk()),
        address="https://city-4206.test",
    ) | {"admitted_by": None, "admitted_at": None}
    entered = await city.call("POST", "/participants", neighbour, expect=201)
    follower = Directory(here.parts, Peers(friends.network.open_client), 60)
    await follower.look()
    await here.call("GET", "/participants/city-4206", expect=404)
    await here.call("PUT", "/participants/city-4206", entered)
    taken = make_record(version=5, address="https://rogue.test", admitted_by="city-4206")
    await here.call("PUT", f"/participants/{OTHER}", signed(taken, other_key), expect=403)
    usurped = city_record(version=9, admitted_by="city-4206", jwks=neighbour["jwks"])
    for body in (signed(usurped, other_key), signed(taken, other_key)):
        await Directory(here.parts, Peers(_Liar(body).open), 60).look()
    assert (await here.call("GET", f"/participants/{CITY}"))["version"] == 1
    own = make_record(id="county-420602", region_prefixes=["420602"], admitted_by="city-4206")
    await here.call("PUT", "/participants/county-420602", signed(own, other_key))
    assert (await here.call("GET", f"/participants/{OTHER}"))["version"] == 1


async def test_departments_and_employers_have_narrower_rights_at_both_ends(
    friends: Federation,
) -> None:
    """Our own desk does not send it; and what such a node sends all the same is refused."""
    here, home, city = friends[COUNTY], friends[OTHER], friends[CITY]
    record = await home.public("/exchange/.well-known/participant.json")
    record |= {"level": "department", "roles": ["education"], "version": 2}
    body = await city.call("POST", "/participants", record, expect=201)
    await here.call("PUT", f"/participants/{OTHER}", body)
    back = make_notice(to_region="420325", region="420381")
    ask = make_inquiry(to_node=OTHER)
    ask.pop("to_region")
    told = await here.call(
        "POST", "/notices", make_notice(to_region=None, to_node=OTHER), expect=403
    )
    assert told["type"].endswith("not-permitted")
    await here.call("POST", "/inquiries", ask, expect=403)
    # its own settings still say that it is a county
    sent = await home.call("POST", "/notices", back, expect=201)
    await settled(friends)
    assert (await home.call("GET", f"/notices/{sent['id']}"))["delivery"] == "failed"
    (refused,) = (await here.call("GET", "/refusals"))["items"]
    assert (refused["code"], refused["reason"]) == ("err.request.forbidden", "NotAllowedToPeer")
    assert not await here.fetch("SELECT 1 FROM notices WHERE direction = 'in'")
