"""Notices at the desk and from events."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.exchange.notices.schemas import CONTENT
from shared.clock import today
from shared.consumer import ConsumerLoop
from shared.events.base import Event
from shared.events.migrant import CertificateChecked, MigrantArrived
from shared.events.registry import PersonsMerged
from shared.events.registry_vital import BirthRegistered
from shared.ids import new_id
from shared.testing import client_of, event_message
from tests.exchange.federation import COUNTY, OTHER, Federation, Node, settled
from tests.exchange.samples import id_number, make_notice

PERSON = new_id()


def make_arrival(**overrides: Any) -> MigrantArrived:
    return MigrantArrived(
        **{
            "arrival_id": new_id(),
            "person_id": PERSON,
            "region": "420325100",
            "origin_region": "420381001",
            "arrived_on": today(),
            "stay_purpose": "work",
            "name": "王芳",
            "id_number": id_number(),
        }
        | overrides
    )


async def deliver_twice(node: Node, event: Event) -> None:
    loop = node.parts.loop
    assert isinstance(loop, ConsumerLoop)
    message = event_message(event)
    for _ in range(2):
        assert await loop.deliver(message)


async def test_an_arrival_from_elsewhere_is_told_once(friends: Federation) -> None:
    here, home = friends[COUNTY], friends[OTHER]
    await deliver_twice(here, make_arrival())
    await settled(friends)
    (item,) = (await home.call("GET", "/notices"))["items"]
    view = await home.call("GET", f"/notices/{item['id']}")
    assert view["content"] == {
        "region": "420325100",
        "happened_on": today().isoformat(),
        "kind": "arrival",
        "name": "王芳",
        "id_number": id_number(),
        "stay_purpose": None,
    }
    looks = await here.fetch("SELECT * FROM notices WHERE person_id = $1", PERSON)
    assert len(looks) == 1


async def test_an_arrival_inside_the_county_is_nobody_elses_business(friends: Federation) -> None:
    here = friends[COUNTY]
    await deliver_twice(here, make_arrival(origin_region="420325101"))
    assert not await here.fetch("SELECT 1 FROM notices")


async def test_where_nobody_takes_part_the_notice_is_kept_and_shown(
    strangers: Federation,
) -> None:
    here = strangers[COUNTY]
    await deliver_twice(here, make_arrival(origin_region="110101"))
    (item,) = (await here.call("GET", "/notices?direction=out&kind=arrival"))["items"]
    assert (item["deliverable"], item["delivery"], item["peer"]) == (False, None, None)
    sent = await here.call("POST", "/notices", make_notice(), expect=201)
    assert sent["deliverable"] is False
    assert not here.bus.said("notice-sent")


async def test_an_issuer_learns_of_a_check_and_not_of_whom(friends: Federation) -> None:
    here, home = friends[COUNTY], friends[OTHER]
    check = CertificateChecked(
        check_id=new_id(),
        certificate_id="urn:uuid:1",
        issuer=f"http://{OTHER}.test",
        region="420325100",
        office="welcome-desk",
        outcome="valid",
    )
    await deliver_twice(here, check)
    own = check.model_copy(update={"issuer": COUNTY, "check_id": new_id()})
    unknown = check.model_copy(update={"issuer": "https://x", "check_id": new_id()})
    for event in (own, unknown):
        await deliver_twice(here, event)
    await settled(friends)
    (item,) = (await home.call("GET", "/notices"))["items"]
    view = await home.call("GET", f"/notices/{item['id']}")
    assert set(view["content"]) == {"region", "happened_on", "kind", "certificate_id", "outcome"}
    assert view["feedback_asked"] is False
    await home.call("POST", f"/notices/{item['id']}/feedback", {"agrees": True}, expect=409)
    (received,) = await home.bus.hears("notice-received")
    assert received["certificate_id"] == "urn:uuid:1" and received["name"] is None


async def test_the_mothers_home_learns_of_a_birth(friends: Federation) -> None:
    here, home = friends[COUNTY], friends[OTHER]
    birth = BirthRegistered(
        birth_id=new_id(),
        child_id=new_id(),
        mother_id=PERSON,
        region="420325100",
        born_on=today(),
        registered_at=datetime.now(UTC),
        days=0,
        mother_home_region="420381",
        mother_id_number=id_number(),
    )
    await deliver_twice(here, birth)
    local = birth.model_copy(update={"birth_id": new_id(), "mother_home_region": None})
    await deliver_twice(here, local)
    await settled(friends)
    (item,) = (await home.call("GET", "/notices"))["items"]
    assert item["kind"] == "birth-registered" and item["feedback_asked"]


async def test_merged_persons_keep_their_notices(friends: Federation) -> None:
    here, kept = friends[COUNTY], new_id()
    await deliver_twice(here, make_arrival())
    await deliver_twice(here, PersonsMerged(kept_id=kept, merged_id=PERSON))
    rows = await here.fetch("SELECT person_id FROM notices")
    assert [row["person_id"] for row in rows] == [kept]


async def test_a_look_leaves_a_trace_and_the_purpose_masks(friends: Federation) -> None:
    here = friends[COUNTY]
    await deliver_twice(here, make_arrival())
    (item,) = (await here.call("GET", "/notices"))["items"]
    token = here.issuer.token(scope="exchange:read", region=here.region)
    path = f"/exchange/v1/notices/{item['id']}"
    async with client_of(here.app, token) as client:
        assert (await client.get(path)).status_code == 400
        view = (await client.get(path, headers={"Purpose": "oversight"})).json()
    assert view["content"]["id_number"] == "420381**********" + id_number()[-2:]
    looks = await here.fetch(
        "SELECT kind, purpose FROM usage_entries WHERE subject_id = $1", PERSON
    )
    assert [tuple(row) for row in looks] == [("notice", "oversight")]


async def test_jurisdiction_scope_and_form(friends: Federation) -> None:
    here = friends[COUNTY]
    sent = await here.call("POST", "/notices", make_notice(), expect=201)
    path = f"/notices/{sent['id']}"
    await here.call("GET", path, expect=404, region="420381")
    await here.call("GET", path, expect=404, region="420325101")
    await here.call("GET", path, region="420325100")
    assert (await here.call("GET", "/notices", region="420381"))["items"] == []
    await here.call("POST", "/notices", make_notice(region="420381"), expect=403)
    await here.call("POST", "/notices", make_notice(), expect=403, scope="exchange:read")
    await here.call("POST", "/notices", make_notice(to_region="420325"), expect=409)
    nobody = make_notice(to_node="county-000000") | {"to_region": None}
    await here.call("POST", "/notices", nobody, expect=409)
    await here.call("POST", f"{path}/feedback", {"agrees": True}, expect=409)
    for bad in (
        make_notice(kind="pregnancy"),
        make_notice(kind="death-registered"),
        make_notice(contraception="x"),
        make_notice(to_node=OTHER),
        make_notice(id_number="420381199001011225"),
        make_notice(happened_on=(today() + timedelta(days=2)).isoformat()),
    ):
        await here.call("POST", "/notices", bad, expect=422)
    await here.call("GET", "/notices?cursor=x", expect=400)


async def test_pages_are_newest_first(friends: Federation) -> None:
    here = friends[COUNTY]
    ids = [(await here.call("POST", "/notices", make_notice(), expect=201))["id"] for _ in range(3)]
    first = await here.call("GET", "/notices?limit=2")
    rest = await here.call("GET", f"/notices?limit=2&cursor={first['next']}")
    assert [each["id"] for each in first["items"] + rest["items"]] == ids[::-1]
    assert rest["next"] is None


@pytest.mark.parametrize(
    "word", ["contracept", "pregnan", "surgery", "penalty", "fine", "compliance", "cause"]
)
def test_no_kind_has_a_field_that_must_not_exist(word: str) -> None:
    assert word not in str(CONTENT.json_schema()["$defs"].keys()).lower()
    for kind in CONTENT.json_schema()["$defs"].values():
        assert not [name for name in kind.get("properties", {}) if word in name]


@pytest.mark.parametrize("home", ["71", "81", "82"])
async def test_nothing_is_told_to_taiwan_hong_kong_or_macao(friends: Federation, home: str) -> None:
    here = friends[COUNTY]
    await deliver_twice(here, make_arrival(origin_region=home))
    assert not await here.fetch("SELECT 1 FROM notices")
