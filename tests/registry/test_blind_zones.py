"""Blind zones: found by a scan or by hand, assigned, handed over duty by duty, taken back."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from services.registry.blind_zones.handlers import scan_zones
from services.registry.blind_zones.rules import (
    Finding,
    Found,
    Point,
    ZoneOutcome,
    ZoneStatus,
    may_settle,
    unclear_boundaries,
    zones_on_map,
)
from services.registry.blind_zones.scanning import scan
from services.registry.regions.handlers import load_regions
from shared.clock import today
from shared.db import Database, Tx
from shared.events.registry import BlindZoneFound
from shared.ids import new_id
from shared.testing import Issuer, emitted, make_actor
from tests.conftest import ServiceFactory, TxFactory, parts_of
from tests.registry.test_regions_changes import EAST, NORTH, WEST, A, B, applied, asked

PATH = "/registry/v1/blind-zones"
DAY = today() - timedelta(days=60)


def test_codes_in_use_that_no_committee_answers_for() -> None:
    areas = {"420325", A, EAST, B}
    used = [EAST, A, f"{B}001", B, f"{A}077", f"{A}099", "420325", "420325999001"]
    assert zones_on_map(used, areas, [*areas, f"{A}099"]) == [
        Found(Finding.ABOVE_VILLAGE, "420325"),
        Found(Finding.ABOVE_VILLAGE, A),
        Found(Finding.NOT_ON_MAP, f"{A}077"),
        Found(Finding.AREA_ENDED, f"{A}099"),
        Found(Finding.TOWNSHIP_WITHOUT_VILLAGES, B),
        Found(Finding.NOT_ON_MAP, "420325999001"),
    ]


def street(village: str, *columns: int) -> list[Point]:
    """Homes in columns 20 m apart and ten rows."""
    return [Point(village, 110.74 + c * 2e-4, 32.06 + r * 2e-4) for c in columns for r in range(10)]


def test_homes_of_two_villages_among_each_other_have_an_unclear_border() -> None:
    straight = street(EAST, 0, 1, 2, 3) + street(WEST, 4, 5, 6, 7)
    assert unclear_boundaries(straight) == []
    checked = [
        Point(EAST if n % 9 else WEST, 110.74 + n % 30 * 2e-4, 32.06 + n // 30 * 2e-4)
        for n in range(300)
    ]
    assert unclear_boundaries(checked) == [Found(Finding.INTERLEAVED, EAST, WEST)]
    assert unclear_boundaries(checked[:5]) == []  # too few to say
    assert unclear_boundaries([]) == []


def test_a_zone_is_handed_over_only_after_every_duty() -> None:
    assert may_settle(ZoneStatus.HANDING_OVER, ZoneOutcome.HANDED_OVER, 0)
    assert not may_settle(ZoneStatus.HANDING_OVER, ZoneOutcome.HANDED_OVER, 1)
    assert not may_settle(ZoneStatus.ASSIGNED, ZoneOutcome.HANDED_OVER, 0)
    assert may_settle(ZoneStatus.FOUND, ZoneOutcome.IN_ORDER, 0)
    assert not may_settle(ZoneStatus.SETTLED, ZoneOutcome.IN_ORDER, 0)


_PERSON = """
INSERT INTO persons (id, version, status, name, sex, birth_date, nationality, hukou_region,
                     residence_region, residence_kind, residence_since, room_id, created_at,
                     updated_at)
VALUES (gen_random_uuid(), 1, 'active', '某', '1', '1990-01-01', '01', $1, $1, 'usual',
        '2020-01-01', $2, now(), now())
"""


async def home(
    tx: Tx, number: str, estate: str | None, point: tuple[float, float] | None, village: str = EAST
) -> UUID:
    """A room of a new dwelling."""
    dwelling, room = new_id(), new_id()
    await tx.execute(
        "INSERT INTO dwellings (id, version, region, number, use, estate, longitude, latitude,"
        " created_at, created_by) VALUES ($1, 1, $2, $3, 'owner', $4, $5, $6, now(), 'test')",
        dwelling,
        village,
        number,
        estate,
        *(point or (None, None)),
    )
    await tx.execute(
        "INSERT INTO rooms (id, dwelling_id, number) VALUES ($1, $2, '1')", room, dwelling
    )
    return room


async def test_a_scan_finds_each_zone_once(open_tx: TxFactory) -> None:
    async with open_tx("registry") as tx:
        await load_regions(await tx.begin(), [("420325102", "新设镇")])
        for code in (EAST, A, "420325102", f"{A}077"):
            await tx.execute(_PERSON, code, None)
        await estates(tx)
        seen = await scan_zones(tx)
        kinds = await tx.fetch("SELECT kind, finding, region, estate FROM blind_zones ORDER BY 2")
        assert [tuple(row) for row in kinds] == [
            ("unclear-owner", "above-village", A, None),
            ("no-committee", "half-empty-estate", EAST, "空城花园"),
            ("unclear-owner", "not-on-map", f"{A}077", None),
            ("no-committee", "township-without-villages", "420325102", None),
        ]
        assert (seen.seen, seen.new) == (4, 4)
        events = emitted(tx, BlindZoneFound)
        assert {each.region for each in events if isinstance(each, BlindZoneFound)} == {
            A,
            EAST,
            f"{A}077",
            "420325102",
        }
        again = await scan_zones(tx)
        assert (again.seen, again.new) == (4, 0)
        assert len(emitted(tx, BlindZoneFound)) == 4


async def estates(tx: Tx) -> None:
    """One estate that people live in, and one that most have not moved into yet."""
    for name, lived_in in (("东街小区", 15), ("空城花园", 5)):
        for n in range(20):
            room = await home(tx, f"{name}{n}", name, None)
            if n < lived_in:
                await tx.execute(_PERSON, EAST, room)


async def test_a_scan_sees_homes_among_each_other(open_tx: TxFactory) -> None:
    async with open_tx("registry") as tx:
        for n in range(120):
            village = EAST if n % 9 else WEST
            place = 110.74 + n % 12 * 2e-4, 32.06 + n // 12 * 2e-4
            await home(tx, str(n), None, place, village)
        assert (await scan_zones(tx)).new == 1
        row = await tx.fetch_row("SELECT kind, region, other_region FROM blind_zones")
        assert tuple(row) == ("unclear-boundary", EAST, WEST)


async def test_people_left_in_an_area_that_ended_are_found(database: Database) -> None:
    lines = [
        {"from_region": EAST, "to_region": f"{A}003", "name": "东一"},
        {"from_region": EAST, "to_region": f"{A}004", "name": "东二"},
    ]
    async with database.transaction(make_actor()) as tx:
        await tx.execute(_PERSON, EAST, None)
    change = await applied(database, asked(kind="split", lines=lines))
    assert change.unplaced == 1
    async with database.transaction(make_actor()) as tx:
        assert (await scan_zones(tx)).new == 1
        found = await tx.fetch_row("SELECT finding, region FROM blind_zones")
        assert tuple(found or ()) == ("area-ended", EAST)


async def test_the_service_scans_by_itself(start_service: ServiceFactory, issuer: Issuer) -> None:
    async with start_service("registry") as app:
        async with app.state.database.transaction(make_actor()) as tx:
            await tx.execute(_PERSON, A, None)
        assert (await scan(parts_of(app))).new == 1
        assert (await scan(parts_of(app))).new == 0


class Desk:
    """A clerk with one blind zone."""

    def __init__(self, client: httpx.AsyncClient, zone: dict[str, Any]) -> None:
        self.client = client
        self.zone = zone

    async def do(self, step: str, body: dict[str, Any], status: int = 200) -> dict[str, Any]:
        answer = await self.client.post(
            f"{PATH}/{self.zone['id']}/{step}",
            json=body,
            headers={"If-Match": f'"{self.zone["version"]}"'},
        )
        assert answer.status_code == status, answer.text
        if status == 200:
            self.zone = answer.json()
        return dict(answer.json())

    async def who(self, on: date | None = None, **asked: str) -> tuple[str, str]:
        params = {"region": NORTH} | asked | ({"on": on.isoformat()} if on else {})
        answer = await self.client.get("/registry/v1/responsible-office", params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()["office"], answer.json()["basis"]


async def desk_of(client: httpx.AsyncClient, **changes: Any) -> Desk:
    body = {"kind": "no-committee", "region": NORTH, "note": "村改居,社区未建"} | changes
    answer = await client.post(PATH, json=body)
    assert answer.status_code == 201, answer.text
    return Desk(client, answer.json())


def on(days: int) -> str:
    return (DAY + timedelta(days=days)).isoformat()


WHY = {"reason": "区里会议决定"}


async def test_a_village_in_transition_is_handed_over_duty_by_duty(
    client: httpx.AsyncClient,
) -> None:
    desk = await desk_of(client)
    assert (desk.zone["status"], desk.zone["note"]) == ("found", "村改居,社区未建")
    assert await desk.who() == (NORTH, "own")
    await desk.do("assignment", {"caretaker": EAST, "effective_on": on(0)} | WHY)
    phases = [{"duty": "人口登记", "due_on": on(20)}, {"duty": "档案", "due_on": on(40)}]
    handover = {"to_region": WEST, "effective_on": on(10), "phases": phases} | WHY
    await desk.do("handover", handover)
    await desk.do("phases/2/completion", {"done_on": on(12)}, 409)  # one after the other
    await desk.do("phases/1/completion", {"done_on": on(9)}, 409)  # before it began
    await desk.do("phases/1/completion", {"done_on": on(20)})
    closing = {"outcome": "handed-over", "effective_on": on(50)} | WHY
    assert (await desk.do("settlement", closing, 409))["phases_open"] == 1
    assert await desk.who() == (EAST, "caretaker")
    await desk.do("phases/2/completion", {"done_on": on(45)})
    await desk.do("settlement", closing | {"effective_on": on(44)}, 409)
    settled = await desk.do("settlement", closing)
    assert (settled["status"], settled["outcome"]) == ("settled", "handed-over")
    assert [each["action"] for each in settled["steps"]] == ["assign", "hand-over", "settle"]
    assert [each["done_on"] for each in settled["phases"]] == [on(20), on(45)]
    for day, answer in (
        (-1, (NORTH, "own")),
        (0, (EAST, "caretaker")),
        (49, (EAST, "caretaker")),
        (50, (WEST, "owner")),
    ):
        assert await desk.who(DAY + timedelta(days=day)) == answer, day
    assert await desk.who(region=EAST) == (EAST, "own")
    await desk.do("settlement", closing, 409)


async def test_each_decision_can_be_taken_back(client: httpx.AsyncClient) -> None:
    desk = await desk_of(client)
    await desk.do("undo", WHY, 409)
    await desk.do("assignment", {"caretaker": EAST, "effective_on": on(0)} | WHY)
    await desk.do("assignment", {"caretaker": WEST, "effective_on": on(5)} | WHY)
    assert await desk.who(DAY + timedelta(days=3)) == (EAST, "caretaker")
    assert await desk.who() == (WEST, "caretaker")
    phases = [{"duty": "全部", "due_on": on(20)}]
    handover = {"to_region": WEST, "effective_on": on(10), "phases": phases} | WHY
    await desk.do("handover", handover)
    await desk.do("phases/1/completion", {"done_on": on(20)})
    await desk.do("settlement", {"outcome": "handed-over", "effective_on": on(21)} | WHY)
    assert await desk.who() == (WEST, "owner")
    undone = await desk.do("undo", WHY)
    assert (undone["status"], undone["outcome"]) == ("handing-over", None)
    assert await desk.who() == (WEST, "caretaker")
    undone = await desk.do("undo", WHY)
    assert (undone["status"], undone["phases"], undone["to_region"]) == ("assigned", [], None)
    undone = await desk.do("undo", WHY)
    assert (undone["status"], undone["caretaker"]) == ("assigned", EAST)
    assert await desk.who() == (EAST, "caretaker")
    undone = await desk.do("undo", WHY)
    assert (undone["status"], undone["caretaker"]) == ("found", None)
    assert await desk.who(DAY + timedelta(days=3)) == (NORTH, "own")
    assert [each["undone"] for each in undone["steps"]] == [True] * 4 + [False] * 4
    assert undone["steps"][-1]["reason"] == WHY["reason"]


async def test_what_was_in_order_is_not_found_again(client: httpx.AsyncClient) -> None:
    desk = await desk_of(client)
    again = await client.post(PATH, json={"kind": "no-committee", "region": NORTH})
    assert again.status_code == 409
    assert again.json()["zone_id"] == desk.zone["id"]
    await desk.do("settlement", {"outcome": "in-order", "effective_on": on(0)} | WHY)
    assert (
        (await client.post(PATH, json={"kind": "no-committee", "region": NORTH}))
        .json()["type"]
        .endswith("/already-found")
    )


async def test_an_estate_has_a_caretaker_of_its_own(client: httpx.AsyncClient) -> None:
    desk = await desk_of(client, estate="滨河花园", kind="unclear-owner")
    await desk.do("assignment", {"caretaker": WEST, "effective_on": on(0)} | WHY)
    assert await desk.who(estate="滨河花园") == (WEST, "caretaker")
    assert await desk.who(estate="东街小区") == (NORTH, "own")
    assert await desk.who() == (NORTH, "own")
    assert await desk.who(region=f"{A}") == (A, "above")


async def test_both_sides_and_the_caretaker_see_it(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    desk = await desk_of(client, kind="unclear-boundary", other_region=f"{B}001")
    await desk.do("assignment", {"caretaker": EAST, "effective_on": on(0)} | WHY)

    async def seen(region: str) -> int:
        token = issuer.token(scope="registry:read registry:write", region=region)
        found = await client.get(PATH, headers={"Authorization": f"Bearer {token}"})
        return len(found.json()["items"])

    assert [await seen(region) for region in (NORTH, B, EAST, WEST, "420381")] == [1, 1, 1, 0, 0]
    for query, count in (("kind=no-committee", 0), ("status=assigned", 1), (f"region={A}", 1)):
        assert len((await client.get(f"{PATH}?{query}")).json()["items"]) == count
    foreign = {"Authorization": f"Bearer {issuer.token(scope='registry:write', region='420381')}"}
    path = f"{PATH}/{desk.zone['id']}"
    assert (await client.get(path, headers=foreign)).status_code == 404
    neighbour = issuer.token(scope="registry:write", region=B)
    headers = {"Authorization": f"Bearer {neighbour}", "If-Match": '"2"'}
    body = {"outcome": "in-order", "effective_on": on(1)} | WHY
    assert (await client.post(f"{path}/settlement", json=body, headers=headers)).status_code == 403
    reader = {"Authorization": f"Bearer {issuer.token(scope='registry:read')}"}
    assert (await client.post(PATH, json={}, headers=reader)).status_code == 403
    assert (await client.post("/registry/v1/blind-zone-scans", headers=reader)).status_code == 403
    assert (await client.post("/registry/v1/blind-zone-scans")).json() == {"seen": 0, "new": 0}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"kind": "unclear-boundary", "region": NORTH}, 422),
        ({"kind": "unclear-owner", "region": NORTH, "other_region": EAST}, 422),
        ({"kind": "unclear-boundary", "region": NORTH, "other_region": NORTH}, 422),
        ({"kind": "unclear-owner", "region": f"{A}099"}, 422),
        ({"kind": "unclear-owner", "region": "420381001001"}, 403),
        ({"kind": "nobody", "region": NORTH}, 422),
    ],
)
async def test_bad_reports(client: httpx.AsyncClient, body: dict[str, Any], status: int) -> None:
    assert (await client.post(PATH, json=body)).status_code == status


async def test_bad_decisions(client: httpx.AsyncClient) -> None:
    desk = await desk_of(client)
    good = {"caretaker": EAST, "effective_on": on(0)} | WHY
    tomorrow = (today() + timedelta(days=1)).isoformat()
    for change, status in (
        ({"caretaker": f"{A}099"}, 422),
        ({"caretaker": "420325"}, 422),
        ({"caretaker": "420381001"}, 403),
        ({"effective_on": tomorrow}, 422),
        ({"reason": ""}, 422),
    ):
        await desk.do("assignment", good | change, status)
    await desk.do("assignment", good)
    await desk.do("assignment", good | {"effective_on": on(-1)}, 409)
    backwards = [{"duty": "甲", "due_on": on(9)}, {"duty": "乙", "due_on": on(8)}]
    handover = {"to_region": WEST, "effective_on": on(1), "phases": backwards} | WHY
    await desk.do("handover", handover, 422)
    await desk.do("handover", handover | {"phases": []}, 422)
    stale = await client.post(
        f"{PATH}/{desk.zone['id']}/assignment", json=good, headers={"If-Match": '"1"'}
    )
    assert stale.status_code == 412
    params = {"region": NORTH, "on": "2999-01-01"}
    answer = await client.get("/registry/v1/responsible-office", params=params)
    assert answer.status_code == 400
    for region, status in (("420381001", 403), (f"{A}099", 200), ("42", 400)):
        path = f"/registry/v1/responsible-office?region={region}"
        assert (await client.get(path)).status_code == status
